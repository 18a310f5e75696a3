//! MySQL's words: splits SQL into tokens and statements. Pure; knows quoting, escapes, comments and literals, but no
//! grammar.

/// One token with the place it was found at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bare word: keyword or identifier.
    Word(String),
    /// An identifier in backticks, without them.
    Name(String),
    /// A string literal, unescaped. Bytes, because a client may send any.
    Text(Vec<u8>),
    /// A hexadecimal or bit literal.
    Bytes(Vec<u8>),
    /// Digits.
    Integer(String),
    /// Digits with a point: exact in MySQL.
    Decimal(String),
    /// Digits with an exponent.
    Float(String),
    /// `@name` or `@@scope.name`, with its signs.
    Variable(String),
    /// An operator or punctuation.
    Symbol(&'static str),
    /// What is nothing in MySQL: an unclosed quote, a stray byte.
    Unknown,
}

impl Token {
    /// Whether this is the bare word, in any case.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(text) if text.eq_ignore_ascii_case(word))
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.kind, Kind::Symbol(text) if text == symbol)
    }

    /// The identifier that this token can be, quoted or bare.
    pub(super) fn identifier(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(text) | Kind::Name(text) => Some(text),
            _ => None,
        }
    }
}

/// Longest first, so that a prefix never wins.
const SYMBOLS: [&str; 32] = [
    "<=>", "->>", "->", "<=", ">=", "<>", "!=", ":=", "||", "&&", "<<", ">>", "(", ")", ",", ";", ".", "+", "-", "*",
    "/", "%", "=", "<", ">", "!", "~", "^", "&", "|", "?", ":",
];

/// Splits into statements at semicolons; empty ones disappear.
pub(super) fn statements(sql: &[u8]) -> Vec<Vec<Token>> {
    let mut all = vec![Vec::new()];
    for token in tokens(sql) {
        if token.is_symbol(";") {
            all.push(Vec::new());
        } else if let Some(last) = all.last_mut() {
            last.push(token);
        }
    }
    all.retain(|statement| !statement.is_empty());
    all
}

fn tokens(sql: &[u8]) -> Vec<Token> {
    let mut lexer = Lexer { sql, at: 0, in_version_comment: false };
    let mut found = Vec::new();
    while let Some(token) = lexer.next_token() {
        found.push(token);
    }
    found
}

struct Lexer<'a> {
    sql: &'a [u8],
    at: usize,
    in_version_comment: bool,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.sql.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn starts_with(&self, text: &str) -> bool {
        self.sql.get(self.at..).is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    fn skip_to(&mut self, text: &str) {
        let rest = self.sql.get(self.at..).unwrap_or_default();
        let found = rest.windows(text.len()).position(|window| window == text.as_bytes());
        self.at += found.map_or(rest.len(), |position| position + text.len());
    }

    fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> String {
        let start = self.at;
        while self.at < self.sql.len() && accept(self.peek(0)) {
            self.at += 1;
        }
        String::from_utf8_lossy(self.sql.get(start..self.at).unwrap_or_default()).into_owned()
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            let before = self.at;
            while self.peek(0).is_ascii_whitespace() {
                self.at += 1;
            }
            if self.peek(0) == b'#' || self.starts_with("--") && (self.peek(2) <= b' ') {
                self.skip_to("\n");
            } else if self.starts_with("/*!") {
                // What mysqldump hides from other databases is SQL for this one.
                self.at += 3;
                self.take_while(|byte| byte.is_ascii_digit());
                self.in_version_comment = true;
            } else if self.in_version_comment && self.starts_with("*/") {
                self.at += 2;
                self.in_version_comment = false;
            } else if self.starts_with("/*") {
                self.at += 2;
                self.skip_to("*/");
            }
            if self.at == before {
                return;
            }
        }
    }

    fn next_token(&mut self) -> Option<Token> {
        self.skip_blanks_and_comments();
        let start = self.at;
        if start >= self.sql.len() {
            return None;
        }
        let kind = match self.peek(0) {
            b'\'' | b'"' => self.quoted(),
            b'`' => self.quoted_name(),
            b'@' => self.variable(),
            b'x' | b'X' | b'b' | b'B' if self.peek(1) == b'\'' => self.quoted_bytes(),
            b'0' if matches!(self.peek(1), b'x' | b'b') && self.peek(2).is_ascii_hexdigit() => self.plain_bytes(),
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_ascii_digit() => self.number(),
            byte if is_word(byte) => Kind::Word(self.take_while(is_word)),
            _ => self.symbol(),
        };
        Some(Token { kind, start, end: self.at })
    }

    fn symbol(&mut self) -> Kind {
        if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| self.starts_with(symbol)) {
            self.at += symbol.len();
            return Kind::Symbol(symbol);
        }
        self.at += 1;
        Kind::Unknown
    }

    fn quoted(&mut self) -> Kind {
        let quote = self.peek(0);
        self.at += 1;
        let mut text = Vec::new();
        while self.at < self.sql.len() {
            let byte = self.peek(0);
            self.at += 1;
            if byte == quote {
                if self.peek(0) != quote {
                    return Kind::Text(text);
                }
                self.at += 1;
                text.push(quote);
            } else if byte == b'\\' && self.at < self.sql.len() {
                let escaped = self.peek(0);
                self.at += 1;
                match escaped {
                    b'0' => text.push(0),
                    b'b' => text.push(8),
                    b'n' => text.push(b'\n'),
                    b'r' => text.push(b'\r'),
                    b't' => text.push(b'\t'),
                    b'Z' => text.push(26),
                    // Kept with the backslash: they belong to LIKE.
                    b'%' | b'_' => text.extend_from_slice(&[b'\\', escaped]),
                    other => text.push(other),
                }
            } else {
                text.push(byte);
            }
        }
        Kind::Unknown
    }

    fn quoted_name(&mut self) -> Kind {
        self.at += 1;
        let mut name = String::new();
        loop {
            name.push_str(&self.take_while(|byte| byte != b'`'));
            if self.at >= self.sql.len() {
                return Kind::Unknown;
            }
            self.at += 1;
            if self.peek(0) != b'`' {
                return Kind::Name(name);
            }
            self.at += 1;
            name.push('`');
        }
    }

    fn variable(&mut self) -> Kind {
        let signs = self.take_while(|byte| byte == b'@');
        Kind::Variable(signs + &self.take_while(|byte| is_word(byte) || byte == b'.'))
    }

    fn quoted_bytes(&mut self) -> Kind {
        let hexadecimal = self.peek(0).eq_ignore_ascii_case(&b'x');
        self.at += 2;
        let digits = self.take_while(|byte| byte.is_ascii_hexdigit());
        if self.peek(0) != b'\'' {
            return Kind::Unknown;
        }
        self.at += 1;
        bytes(&digits, hexadecimal)
    }

    fn plain_bytes(&mut self) -> Kind {
        let hexadecimal = self.peek(1) == b'x';
        self.at += 2;
        let digits = self.take_while(|byte| byte.is_ascii_hexdigit());
        bytes(&digits, hexadecimal)
    }

    fn number(&mut self) -> Kind {
        let mut text = self.take_while(|byte| byte.is_ascii_digit());
        let mut exact = true;
        if self.peek(0) == b'.' {
            self.at += 1;
            text = format!("{text}.{}", self.take_while(|byte| byte.is_ascii_digit()));
            exact = false;
        }
        let signed = usize::from(matches!(self.peek(1), b'+' | b'-'));
        if self.peek(0).eq_ignore_ascii_case(&b'e') && self.peek(1 + signed).is_ascii_digit() {
            let sign = if signed == 1 { char::from(self.peek(1)).to_string() } else { String::new() };
            self.at += 1 + signed;
            return Kind::Float(format!("{text}e{sign}{}", self.take_while(|byte| byte.is_ascii_digit())));
        }
        // A name may begin with digits.
        if exact && is_word(self.peek(0)) {
            return Kind::Word(text + &self.take_while(is_word));
        }
        if exact { Kind::Integer(text) } else { Kind::Decimal(text) }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn bytes(digits: &str, hexadecimal: bool) -> Kind {
    let (radix, width) = if hexadecimal { (16, 2) } else { (2, 8) };
    let padded = "0".repeat((width - digits.len() % width) % width) + digits;
    let mut bytes = Vec::new();
    for chunk in padded.as_bytes().chunks(width) {
        match std::str::from_utf8(chunk).ok().and_then(|text| u8::from_str_radix(text, radix).ok()) {
            Some(byte) => bytes.push(byte),
            None => return Kind::Unknown,
        }
    }
    Kind::Bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(sql: &str) -> Vec<Kind> {
        tokens(sql.as_bytes()).into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn literals_are_read_as_mysql_reads_them() {
        let word = |text: &str| Kind::Word(text.to_owned());
        for (sql, expected) in [
            (r"'a\'b''c\n\%'", vec![Kind::Text(b"a'b'c\n\\%".to_vec())]),
            (r#""x""y""#, vec![Kind::Text(b"x\"y".to_vec())]),
            ("`a``b`", vec![Kind::Name("a`b".to_owned())]),
            (
                "0x4142 x'0f' b'101' 0b1",
                [&b"AB"[..], b"\x0f", b"\x05", b"\x01"].map(|b| Kind::Bytes(b.to_vec())).to_vec(),
            ),
            (
                "12 1.50 .5 1e3 2.5E-4",
                vec![
                    Kind::Integer("12".to_owned()),
                    Kind::Decimal("1.50".to_owned()),
                    Kind::Decimal(".5".to_owned()),
                    Kind::Float("1e3".to_owned()),
                    Kind::Float("2.5e-4".to_owned()),
                ],
            ),
            ("@@session.sql_mode", vec![Kind::Variable("@@session.sql_mode".to_owned())]),
            (
                "a -- b\nc # d\ne /* f */ g--1",
                vec![
                    word("a"),
                    word("c"),
                    word("e"),
                    word("g"),
                    Kind::Symbol("-"),
                    Kind::Symbol("-"),
                    Kind::Integer("1".to_owned()),
                ],
            ),
            ("/*!40101 set */ x", vec![word("set"), word("x")]),
            ("2fa <=> !b", vec![word("2fa"), Kind::Symbol("<=>"), Kind::Symbol("!"), word("b")]),
            ("'open", vec![Kind::Unknown]),
        ] {
            assert_eq!(kinds(sql), expected, "{sql}");
        }
    }

    #[test]
    fn statements_end_at_semicolons_outside_quotes() {
        let found = statements(b"select ';' ; ; select `;` -- ;\n");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].len(), 2);
    }
}
