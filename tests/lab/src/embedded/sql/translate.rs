//! Rewrites a statement from MySQL's dialect into the SQL engine's. Pure: names of databases and values of variables are
//! asked from a [`Scope`]. Whatever is not known here passes unchanged, so that a mistake becomes the engine's own error.

use std::fmt::Write as _;

use super::fault::Fault;
use super::lexer::{Kind, Token};
use super::types::Type;

/// What the session knows.
pub(super) trait Scope {
    /// The database that names without one belong to.
    fn database(&self) -> Option<&str>;
    /// Whether a database exists.
    fn has_database(&self, name: &str) -> bool;
    /// The value of `@@name` or `@name`; `None` is SQL NULL.
    fn variable(&self, name: &str) -> Result<Option<String>, Fault>;
}

/// Rewrites queries and changes of data.
pub(super) fn translate(tokens: &[Token], scope: &dyn Scope) -> Result<String, Fault> {
    let changes_data = tokens
        .first()
        .is_some_and(|first| ["INSERT", "REPLACE", "UPDATE", "DELETE"].into_iter().any(|verb| first.is(verb)));
    let mut rewriter = Rewriter {
        tokens,
        scope,
        at: 0,
        out: String::new(),
        changes_data,
        in_upsert: false,
        common: common_tables(tokens),
        lists: vec![false],
    };
    while rewriter.at < tokens.len() {
        rewriter.step()?;
    }
    Ok(rewriter.out)
}

/// An identifier as the engine wants it.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text literal; bytes that are no plain text keep their value by a cast.
pub(super) fn literal(text: &[u8]) -> String {
    match std::str::from_utf8(text) {
        Ok(text) if !text.contains('\0') => format!("'{}'", text.replace('\'', "''")),
        _ => format!("cast({} as text)", blob(text)),
    }
}

fn blob(bytes: &[u8]) -> String {
    let mut out = String::from("x'");
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out + "'"
}

/// Names that `WITH` defines: they belong to no database.
fn common_tables(tokens: &[Token]) -> Vec<String> {
    if !tokens.iter().any(|token| token.is("WITH")) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some(name) = token.identifier() else { continue };
        let mut next = at + 1;
        if tokens.get(next).is_some_and(|token| token.is_symbol("(")) {
            next = closing(tokens, next) + 1;
        }
        let defines = tokens.get(next).is_some_and(|token| token.is("AS"))
            && tokens.get(next + 1).is_some_and(|token| token.is_symbol("("));
        if defines {
            found.push(name.to_ascii_lowercase());
        }
    }
    found
}

/// The index of the parenthesis that closes the one at `open`.
pub(super) fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at;
            }
        }
    }
    tokens.len()
}

struct Rewriter<'a> {
    tokens: &'a [Token],
    scope: &'a dyn Scope,
    at: usize,
    out: String,
    changes_data: bool,
    in_upsert: bool,
    common: Vec<String>,
    /// For each open parenthesis, whether a comma is followed by another table.
    lists: Vec<bool>,
}

impl Rewriter<'_> {
    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    fn next_is(&self, ahead: usize, word: &str) -> bool {
        self.token(ahead).is_some_and(|token| token.is(word))
    }

    fn next_is_symbol(&self, ahead: usize, symbol: &str) -> bool {
        self.token(ahead).is_some_and(|token| token.is_symbol(symbol))
    }

    fn put(&mut self, text: &str) {
        if !self.out.is_empty() && !self.out.ends_with(['.', '(']) && text != "." && text != "," && text != ")" {
            self.out.push(' ');
        }
        self.out.push_str(text);
    }

    fn step(&mut self) -> Result<(), Fault> {
        let Some(token) = self.token(0) else { return Ok(()) };
        match token.kind.clone() {
            Kind::Word(word) => return self.word(&word),
            Kind::Name(name) => self.put(&quote(&name)),
            Kind::Text(text) => self.text(text),
            Kind::Bytes(bytes) => self.put(&blob(&bytes)),
            Kind::Integer(digits) if digits.parse::<i64>().is_ok() => self.put(&digits),
            Kind::Integer(digits) => self.put(&literal(digits.as_bytes())),
            // Binary floating point would lose digits that a DECIMAL column keeps.
            Kind::Decimal(digits) if self.changes_data || digits.len() > 16 => self.put(&literal(digits.as_bytes())),
            Kind::Decimal(digits) | Kind::Float(digits) => self.put(&digits),
            Kind::Variable(name) => self.variable(&name)?,
            Kind::Symbol(symbol) => return self.symbol(symbol),
            Kind::Unknown => return Err(Fault::syntax("")),
        }
        self.at += 1;
        Ok(())
    }

    fn text(&mut self, mut text: Vec<u8>) {
        // Neighbouring literals are one.
        while let Some(Kind::Text(more)) = self.token(1).map(|token| token.kind.clone()) {
            text.extend_from_slice(&more);
            self.at += 1;
        }
        self.put(&literal(&text));
    }

    fn variable(&mut self, name: &str) -> Result<(), Fault> {
        match self.scope.variable(name)? {
            Some(value) if value.parse::<i64>().is_ok() => self.put(&value),
            Some(value) => self.put(&literal(value.as_bytes())),
            None => self.put("NULL"),
        }
        Ok(())
    }

    /// A negative number that must stay text keeps its sign inside the quotes: outside, it would be computed.
    fn negative(&mut self) -> bool {
        let unary = self.at == 0
            || self.tokens.get(self.at - 1).is_some_and(|before| match &before.kind {
                Kind::Symbol(symbol) => *symbol != ")",
                Kind::Word(word) => {
                    ["SELECT", "BY", "THEN", "ELSE"].into_iter().any(|it| word.eq_ignore_ascii_case(it))
                }
                _ => false,
            });
        let digits = match self.token(1).map(|token| &token.kind) {
            Some(Kind::Integer(digits)) if digits.parse::<i64>().is_err() => digits,
            Some(Kind::Decimal(digits)) if self.changes_data || digits.len() > 16 => digits,
            _ => return false,
        };
        let text = format!("-{digits}");
        let text = if text.parse::<i64>().is_ok() { text } else { literal(text.as_bytes()) };
        if unary {
            self.replace(&text, 2);
        }
        unary
    }

    fn symbol(&mut self, symbol: &str) -> Result<(), Fault> {
        if symbol == "-" && self.negative() {
            return Ok(());
        }
        self.at += 1;
        match symbol {
            "||" => self.put("OR"),
            "&&" => self.put("AND"),
            "!" => self.put("NOT"),
            "<=>" => self.put("IS"),
            // Places for values belong to prepared statements.
            "?" | ":" => return Err(Fault::syntax(symbol)),
            // Division of whole numbers is exact in MySQL.
            "/" => self.put("* 1.0 /"),
            "(" => {
                self.lists.push(false);
                self.put("(");
            }
            ")" => {
                if self.lists.len() > 1 {
                    self.lists.pop();
                }
                self.put(")");
            }
            "," => {
                self.put(",");
                if self.lists.last() == Some(&true) {
                    return self.table();
                }
            }
            other => self.put(other),
        }
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Fault> {
        let previous_is_dot = self.at > 0 && self.tokens.get(self.at - 1).is_some_and(|token| token.is_symbol("."));
        if previous_is_dot || self.next_is_symbol(1, ".") {
            self.put(&quote(word));
            self.at += 1;
            return Ok(());
        }
        let upper = word.to_ascii_uppercase();
        let is_call = self.next_is_symbol(1, "(");
        match upper.as_str() {
            "SQL_NO_CACHE" | "STRAIGHT_JOIN" | "HIGH_PRIORITY" | "LOW_PRIORITY" | "SQL_BUFFER_RESULT" => self.at += 1,
            "FOR" if self.next_is(1, "UPDATE") || self.next_is(1, "SHARE") => self.at += 2,
            "LOCK" if self.next_is(1, "IN") && self.next_is(2, "SHARE") => self.at += 4,
            "DIV" => self.replace("/", 1),
            "FROM" if self.next_is(1, "DUAL") => self.at += 2,
            "FROM" => {
                self.replace("FROM", 1);
                self.set_list(true);
                return self.table();
            }
            "JOIN" | "INTO" => {
                self.replace(&upper, 1);
                return self.table();
            }
            "UPDATE" if self.at == 0 => {
                self.replace("UPDATE", 1);
                return self.table();
            }
            // VALUES(column) after ON DUPLICATE KEY UPDATE is the row that could not be inserted.
            "VALUES" if is_call && self.in_upsert => {
                let column = self.token(2).and_then(Token::identifier).unwrap_or_default();
                let text = format!("excluded.{}", quote(column));
                self.replace(&text, 4);
            }
            "WHERE" | "SET" | "ORDER" | "GROUP" | "LIMIT" | "HAVING" | "UNION" | "VALUES" | "SELECT" | "ON" => {
                self.set_list(false);
                self.clause(&upper);
            }
            "INSERT" if self.next_is(1, "IGNORE") => self.replace("INSERT OR IGNORE", 2),
            "CAST" | "CONVERT" if is_call => return self.cast(),
            "LEFT" | "RIGHT" if is_call => self.replace(&format!("take_{}", upper.to_ascii_lowercase()), 1),
            "CURRENT_TIMESTAMP" | "LOCALTIME" | "LOCALTIMESTAMP" | "SYSDATE" if is_call => self.replace("now", 1),
            "CURRENT_USER" if !is_call => self.replace("current_user()", 1),
            "LAST_INSERT_ID" if is_call => self.replace("last_insert_rowid", 1),
            _ if word.starts_with('_')
                && matches!(self.token(1).map(|token| &token.kind), Some(Kind::Text(_) | Kind::Bytes(_))) =>
            {
                self.introduced(word);
            }
            // A name in MySQL, and a place for a value in the engine.
            _ if word.starts_with('$') => self.replace(&quote(word), 1),
            _ => self.replace(word, 1),
        }
        Ok(())
    }

    fn replace(&mut self, text: &str, tokens: usize) {
        self.put(text);
        self.at += tokens;
    }

    fn set_list(&mut self, value: bool) {
        if let Some(last) = self.lists.last_mut() {
            *last = value;
        }
    }

    fn clause(&mut self, upper: &str) {
        if upper == "ON" && self.next_is(1, "DUPLICATE") && self.next_is(2, "KEY") && self.next_is(3, "UPDATE") {
            // Without this the engine takes ON for the condition of a join.
            let selects = self.tokens.iter().take(self.at).any(|token| token.is("SELECT"));
            self.replace(if selects { "WHERE true ON CONFLICT DO UPDATE SET" } else { "ON CONFLICT DO UPDATE SET" }, 4);
            self.in_upsert = true;
        } else {
            self.replace(upper, 1);
        }
    }

    /// `_binary 'x'` and `_utf8mb4 X'78'`: what the bytes are is said by the word, not by how they are written.
    fn introduced(&mut self, word: &str) {
        self.at += 1;
        if let Some(Kind::Text(bytes) | Kind::Bytes(bytes)) = self.token(0).map(|token| token.kind.clone()) {
            let text = if word.eq_ignore_ascii_case("_binary") { blob(&bytes) } else { literal(&bytes) };
            self.replace(&text, 1);
        }
    }

    /// `CAST(x AS type)`, `CONVERT(x, type)`, `CONVERT(x USING charset)`.
    fn cast(&mut self) -> Result<(), Fault> {
        let open = self.at + 1;
        let close = closing(self.tokens, open);
        let mut depth = 0_usize;
        let mut split = None;
        for at in open..close {
            let Some(token) = self.tokens.get(at) else { break };
            depth = if token.is_symbol("(") { depth + 1 } else { depth - usize::from(token.is_symbol(")")) };
            if depth == 1 && (token.is("AS") || token.is("USING") || token.is_symbol(",")) {
                split = Some(at);
            }
        }
        let Some(split) = split else { return Err(Fault::syntax("cast")) };
        let inner = self.tokens.get(open + 1..split).unwrap_or_default();
        let inner = translate(inner, self.scope)?;
        let kind = Type::read(self.tokens.get(split + 1..close).unwrap_or_default()).map(|(kind, _)| kind);
        let kind = kind.ok_or_else(|| Fault::syntax("cast"))?;
        let argument = |index: usize, default: &str| kind.arguments.get(index).cloned().unwrap_or(default.to_owned());
        let text = match kind.name.as_str() {
            "SIGNED" | "UNSIGNED" => format!("whole_number({inner})"),
            "DECIMAL" => format!("exact_number({inner}, {})", argument(1, "0")),
            "BINARY" => format!("cast({inner} as blob)"),
            "DOUBLE" | "FLOAT" => format!("cast({inner} as real)"),
            _ => format!("cast({inner} as text)"),
        };
        self.put(&text);
        self.at = close + 1;
        Ok(())
    }

    /// A table's name, after `FROM`, `JOIN`, `INTO`, `UPDATE` or a comma between tables.
    fn table(&mut self) -> Result<(), Fault> {
        while self.next_is(0, "IGNORE") || self.next_is(0, "LATERAL") {
            self.at += 1;
        }
        let Some(name) = self.token(0).and_then(Token::identifier).map(str::to_owned) else { return Ok(()) };
        if self.next_is_symbol(1, ".") {
            return if self.scope.has_database(&name) { Ok(()) } else { Err(Fault::unknown_database(&name)) };
        }
        if self.common.contains(&name.to_ascii_lowercase()) || self.next_is(0, "SELECT") {
            return Ok(());
        }
        if let Some(sequence) = sequence(&name) {
            self.replace(&sequence, 1);
            if !self.next_is(0, "AS") && !matches!(self.token(0).map(|token| &token.kind), Some(Kind::Name(_))) {
                self.put(&quote(&name));
            }
            return Ok(());
        }
        let database = quote(self.scope.database().ok_or_else(Fault::no_database)?);
        self.replace(&format!("{database}.{}", quote(&name)), 1);
        Ok(())
    }
}

/// MariaDB's sequence tables, `seq_1_to_1000000` or `seq_0_to_90_step_10`: rows of any number without storing them, and
/// the same words work on the real lab.
fn sequence(name: &str) -> Option<String> {
    let rest = name.to_ascii_lowercase();
    let (first, rest) = rest.strip_prefix("seq_")?.split_once("_to_")?;
    let (last, step) = rest.split_once("_step_").unwrap_or((rest, "1"));
    let (first, last): (i64, i64) = (first.parse().ok()?, last.parse().ok()?);
    let step: i64 = step.parse().ok().filter(|step| *step > 0)?;
    Some(format!(
        "(WITH RECURSIVE count(seq) AS (SELECT {first} UNION ALL SELECT seq + {step} FROM count \
         WHERE seq + {step} <= {last}) SELECT seq FROM count)"
    ))
}
