//! The parts of one statement: strings, comments, words, named values. Pure, and lossless: the parts put together are the
//! statement.
//!
//! Strings and comments begin and end where the splitter has them; see [`super::statements`] for the rules. Both read a
//! backslash as an escape, as servers do unless `sql_mode` says otherwise; whoever builds SQL from these parts must bear that
//! in mind: see [`reads_the_same_everywhere`].

use memchr::{memchr, memchr2, memmem};

use super::statements::is_space;

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Spaces, tabs, ends of lines.
    Space,
    /// A comment, hints included.
    Comment,
    /// `/*!40101`, `/*M!` or the `*/` that belongs to it: what stands between counts as code.
    CodeMark,
    /// A string or a quoted name, with its quotes.
    Quoted,
    /// A string, a quoted name or a comment that does not end.
    Open,
    /// A keyword, a name, a number.
    Word,
    /// A colon and a name.
    Parameter,
    /// Anything else; mostly one byte.
    Symbol,
}

/// One part of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) part: Part,
    pub(super) text: &'a [u8],
    /// Where it begins in the statement.
    pub(super) start: usize,
}

impl<'a> Token<'a> {
    /// Whether it is this keyword; never a quoted name.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.part == Part::Word && self.text.eq_ignore_ascii_case(keyword.as_bytes())
    }

    /// Whether it is this one byte of punctuation.
    pub(super) fn is_symbol(&self, symbol: u8) -> bool {
        self.part == Part::Symbol && self.text == [symbol]
    }

    /// Whether it means something to the server.
    pub(super) fn is_code(&self) -> bool {
        !matches!(self.part, Part::Space | Part::Comment | Part::CodeMark)
    }

    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// The name of a parameter.
    pub(super) fn parameter(&self) -> Option<&'a str> {
        if self.part == Part::Parameter { std::str::from_utf8(&self.text[1..]).ok() } else { None }
    }
}

/// Whether every server finds the same strings and comments in it. It may not where a backslash is no escape
/// (`NO_BACKSLASH_ESCAPES`), where a byte is taken for half a character, and where the code after a `/*!` is passed over
/// because it is for newer servers: then the first `*/` ends it, be it in a string.
pub(super) fn reads_the_same_everywhere(sql: &[u8]) -> bool {
    let has = |text: &str| memmem::find(sql, text.as_bytes()).is_some();
    !has("\\") && !has("/*!") && !has("/*M!") && std::str::from_utf8(sql).is_ok()
}

/// The parts of one statement, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'a> {
    sql: &'a [u8],
    at: usize,
    /// Whether the next `*/` belongs to a `/*!`. They do not nest.
    marked: bool,
    /// Whether a name, a number or a string ends where the next part begins.
    after_operand: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(sql: &'a [u8]) -> Self {
        Self { sql, at: 0, marked: false, after_operand: false }
    }

    /// The parts that mean something to the server.
    pub(super) fn code(self) -> impl Iterator<Item = Token<'a>> {
        self.filter(Token::is_code)
    }

    fn read(&mut self, rest: &[u8]) -> (Part, usize) {
        match rest {
            [first, ..] if is_space(*first) => (Part::Space, count(rest, is_space)),
            [b'#', ..] | [b'-', b'-'] => (Part::Comment, line(rest)),
            [b'-', b'-', space, ..] if is_space(*space) => (Part::Comment, line(rest)),
            [b'/', b'*', b'!', ..] => self.open_mark(rest, 3),
            [b'/', b'*', b'M', b'!', ..] => self.open_mark(rest, 4),
            [b'/', b'*', inner @ ..] => match memmem::find(inner, b"*/") {
                Some(end) => (Part::Comment, end + 4),
                None => (Part::Open, rest.len()),
            },
            [b'*', b'/', ..] if self.marked => {
                self.marked = false;
                (Part::CodeMark, 2)
            }
            [quote @ (b'\'' | b'"' | b'`'), inner @ ..] => match quoted(*quote, inner) {
                Some(end) => (Part::Quoted, end + 1),
                None => (Part::Open, rest.len()),
            },
            [b':', ..] => self.colon(rest),
            [b'\\', _, ..] => (Part::Symbol, 2),
            [first, ..] if is_word(*first) => (Part::Word, count(rest, is_word)),
            _ => (Part::Symbol, 1),
        }
    }

    /// The version is part of the mark.
    fn open_mark(&mut self, rest: &[u8], length: usize) -> (Part, usize) {
        self.marked = true;
        (Part::CodeMark, length + count(&rest[length..], |byte| byte.is_ascii_digit()))
    }

    /// `:=` assigns, `::` belongs to other languages, and in `label:LOOP` the colon belongs to the label.
    fn colon(&self, rest: &[u8]) -> (Part, usize) {
        let colons = count(rest, |byte| byte == b':');
        if colons > 1 || rest.get(1) == Some(&b'=') {
            return (Part::Symbol, colons.max(2));
        }
        let name = &rest[1..][..count(&rest[1..], is_word)];
        if is_name(name) && !self.after_operand { (Part::Parameter, 1 + name.len()) } else { (Part::Symbol, 1) }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let start = self.at;
        let rest = &self.sql[start..];
        if rest.is_empty() {
            return None;
        }
        let (part, length) = self.read(rest);
        self.at += length;
        self.after_operand = matches!(part, Part::Word | Part::Quoted);
        Some(Token { part, text: &rest[..length], start })
    }
}

/// Whether it can name a parameter: `[A-Za-z_][A-Za-z0-9_]*`.
pub(super) fn is_name(name: &[u8]) -> bool {
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    name.first().is_some_and(|first| inner(first) && !first.is_ascii_digit()) && name.iter().all(inner)
}

/// The bytes of names that need no quotes.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

fn count(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| is(**byte)).count()
}

/// The length of the line with its end.
fn line(text: &[u8]) -> usize {
    memchr(b'\n', text).map_or(text.len(), |end| end + 1)
}

/// The length of what stands before the closing quote, and the quote. A doubled quote ends one part and begins another.
fn quoted(quote: u8, text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        let found = if quote == b'`' { memchr(quote, rest)? } else { memchr2(quote, b'\\', rest)? };
        if rest[found] == quote {
            return Some(at + found + 1);
        }
        at += found + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The parts with a letter for each.
    fn parts(sql: &str) -> String {
        let show = |token: Token<'_>| {
            let text = String::from_utf8_lossy(token.text).into_owned();
            match token.part {
                Part::Space => String::new(),
                Part::Comment => format!("c<{text}>"),
                Part::CodeMark => format!("m<{text}>"),
                Part::Quoted => format!("q<{text}>"),
                Part::Open => format!("o<{text}>"),
                Part::Word => format!("w<{text}>"),
                Part::Parameter => format!("p<{text}>"),
                Part::Symbol => text,
            }
        };
        Tokens::new(sql.as_bytes()).map(show).collect()
    }

    #[test]
    fn a_statement_has_these_parts() {
        for (sql, expected) in [
            ("select 1", "w<select>w<1>"),
            ("a.b=:c", "w<a>.w<b>=p<:c>"),
            ("'a' \"b\" `c`", "q<'a'>q<\"b\">q<`c`>"),
            (r"'it\'s :x' :y", r"q<'it\'s :x'>p<:y>"),
            ("'it''s :x' :y", "q<'it'>q<'s :x'>p<:y>"),
            (r"`a\` :y", r"q<`a\`>p<:y>"),
            ("'open :x", "o<'open :x>"),
            (r"'open\", r"o<'open\>"),
            ("/* :x */ :y", "c</* :x */>p<:y>"),
            ("/*+ :x */ :y", "c</*+ :x */>p<:y>"),
            ("/* open :x", "o</* open :x>"),
            ("/*/ :x", "o</*/ :x>"),
            ("/*!40101 :x */ 1", "m</*!40101>p<:x>m<*/>w<1>"),
            ("/*M!100 :x*/*2", "m</*M!100>p<:x>m<*/>*w<2>"),
            ("2 */* c */ 3", "w<2>*c</* c */>w<3>"),
            ("-- :x\n:y --", "c<-- :x\n>p<:y>c<-->"),
            ("1--:x", "w<1>--p<:x>"),
            ("# :x\n:y# z", "c<# :x\n>p<:y>c<# z>"),
            ("@a:=:b", "@w<a>:=p<:b>"),
            ("a::b :::c", "w<a>::w<b>:::w<c>"),
            ("(:a,:b)", "(p<:a>,p<:b>)"),
            (":_a1.b", "p<:_a1>.w<b>"),
            (":1 : a :é :a$ :", ":w<1>:w<a>:w<é>:w<a$>:"),
            ("label:LOOP `label`:LOOP", "w<label>:w<LOOP>q<`label`>:w<LOOP>"),
            (r"\N \:a", r"\N\:w<a>"),
        ] {
            assert_eq!(parts(sql), expected, "{sql}");
        }
    }

    proptest! {
        #[test]
        fn the_parts_are_the_statement(sql in proptest::collection::vec(
            proptest::sample::select(b"ab:'\"`\\/*!M1#- \n=()\xc3".to_vec()), 0..40)) {
            let tokens: Vec<_> = Tokens::new(&sql).collect();
            prop_assert_eq!(tokens.iter().flat_map(|token| token.text).copied().collect::<Vec<_>>(), sql.clone());
            prop_assert!(tokens.iter().all(|token| !token.text.is_empty()));
        }
    }
}
