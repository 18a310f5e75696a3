//! `CREATE TABLE` in MySQL's words: what is declared is kept for results and `SHOW COLUMNS`, what is stored is the engine's.
//! Indexes are dropped, since they change no answer; keys that refuse rows are kept.

use super::fault::Fault;
use super::lexer::{Kind, Token};
use super::translate::{Scope, closing, literal, quote, translate};
use super::types::{Declared, Type};

/// A table to be.
pub(super) struct Definition {
    pub(super) if_not_exists: bool,
    pub(super) database: String,
    pub(super) table: String,
    pub(super) columns: Vec<Declared>,
    pub(super) sql: String,
}

/// Reads `CREATE [TEMPORARY] TABLE [IF NOT EXISTS] name (...)`.
pub(super) fn read(tokens: &[Token], scope: &dyn Scope) -> Result<Definition, Fault> {
    let mut at = tokens.iter().position(|token| token.is("TABLE")).map_or(tokens.len(), |at| at + 1);
    let if_not_exists = tokens.get(at).is_some_and(|token| token.is("IF"));
    if if_not_exists {
        at += 3;
    }
    let (database, table, used) = name(tokens.get(at..).unwrap_or_default(), scope)?;
    at += used;
    let mut definition = Definition { if_not_exists, database, table, columns: Vec::new(), sql: String::new() };
    let target = format!("{}.{}", quote(&definition.database), quote(&definition.table));
    let rest = tokens.get(at..).unwrap_or_default();
    if !rest.first().is_some_and(|token| token.is_symbol("(")) {
        let query = rest.iter().position(|token| token.is("SELECT")).ok_or_else(|| Fault::syntax("create table"))?;
        let query = translate(rest.get(query..).unwrap_or_default(), scope)?;
        definition.sql = format!("CREATE TABLE {target} AS {query}");
        return Ok(definition);
    }
    let body = rest.get(1..closing(rest, 0)).unwrap_or_default();
    let mut parts = Vec::new();
    for entry in split(body) {
        if let Some(part) = definition.item(entry, scope)? {
            parts.push(part);
        }
    }
    // A column that numbers itself is the engine's own row number, which only this exact wording makes.
    let numbered = definition.columns.iter().any(|column| column.generated);
    parts.retain(|part| !(numbered && part.starts_with("PRIMARY KEY")));
    definition.sql = format!("CREATE TABLE {target} ({})", parts.join(", "));
    Ok(definition)
}

/// `name` or `database.name` at the start of `tokens`, and how many tokens that was.
pub(super) fn name(tokens: &[Token], scope: &dyn Scope) -> Result<(String, String, usize), Fault> {
    let at = |index: usize| tokens.get(index).and_then(Token::identifier).map(str::to_owned);
    let first = at(0).ok_or_else(|| Fault::syntax(""))?;
    if tokens.get(1).is_some_and(|token| token.is_symbol(".")) {
        if !scope.has_database(&first) {
            return Err(Fault::unknown_database(&first));
        }
        return Ok((first, at(2).ok_or_else(|| Fault::syntax(""))?, 3));
    }
    let database = scope.database().ok_or_else(Fault::no_database)?.to_owned();
    Ok((database, first, 1))
}

/// At commas outside parentheses.
pub(super) fn split(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_usize;
    tokens
        .split(|token| {
            if token.is_symbol("(") {
                depth += 1;
            } else if token.is_symbol(")") {
                depth = depth.saturating_sub(1);
            }
            depth == 0 && token.is_symbol(",")
        })
        .collect()
}

impl Definition {
    fn item(&mut self, item: &[Token], scope: &dyn Scope) -> Result<Option<String>, Fault> {
        let Some(first) = item.first() else { return Err(Fault::syntax("")) };
        let is = |word: &str| first.is(word);
        if is("KEY") || is("INDEX") || is("FULLTEXT") || is("SPATIAL") {
            return Ok(None);
        }
        if is("PRIMARY") || is("UNIQUE") {
            let open = item.iter().position(|token| token.is_symbol("(")).ok_or_else(|| Fault::syntax(""))?;
            let names = item.get(open + 1..closing(item, open)).unwrap_or_default();
            let names: Vec<&str> = names.iter().filter_map(Token::identifier).collect();
            for column in &mut self.columns {
                let is_in_key = names.iter().any(|name| name.eq_ignore_ascii_case(&column.name));
                column.primary |= is_in_key && is("PRIMARY");
                column.unique |= is_in_key && is("UNIQUE") && names.len() == 1;
            }
            let names: Vec<String> = names.into_iter().map(quote).collect();
            let kind = if is("PRIMARY") { "PRIMARY KEY" } else { "UNIQUE" };
            return Ok(Some(format!("{kind} ({})", names.join(", "))));
        }
        if is("CONSTRAINT") || is("FOREIGN") || is("CHECK") {
            // The engine cannot refer to a table by its database; the others it knows.
            let foreign = item.iter().any(|token| token.is("FOREIGN"));
            return if foreign { Ok(None) } else { translate(item, scope).map(Some) };
        }
        self.column(item, scope).map(Some)
    }

    fn column(&mut self, item: &[Token], scope: &dyn Scope) -> Result<String, Fault> {
        let name = item.first().and_then(Token::identifier).ok_or_else(|| Fault::syntax(""))?;
        let rest = item.get(1..).unwrap_or_default();
        let (kind, used) = Type::read(rest).ok_or_else(|| Fault::syntax(name))?;
        let attributes = rest.get(used..).unwrap_or_default();
        let mut column = Declared {
            name: name.to_owned(),
            kind,
            not_null: false,
            primary: false,
            unique: false,
            generated: false,
            default: None,
        };
        let mut default = String::new();
        let mut at = 0;
        while let Some(token) = attributes.get(at) {
            if token.is("NOT") {
                column.not_null = true;
                at += 1;
            } else if token.is("PRIMARY") {
                column.primary = true;
                at += 1;
            } else if token.is("UNIQUE") {
                column.unique = true;
            } else if token.is("AUTO_INCREMENT") {
                column.generated = true;
            } else if token.is("COMMENT") {
                at += 1;
            } else if token.is("ON") {
                at += 2;
            } else if token.is("DEFAULT") {
                let (text, shown, used) = read_default(attributes.get(at + 1..).unwrap_or_default(), scope)?;
                column.default = shown;
                default = format!(" DEFAULT {text}");
                at += used;
            }
            at += 1;
        }
        let sql = if column.generated {
            format!("{} INTEGER PRIMARY KEY", quote(name))
        } else {
            let constraint = |set: bool, text: &'static str| if set { text } else { "" };
            format!(
                "{} {}{}{}{}{default}",
                quote(name),
                column.kind.storage(),
                constraint(column.primary, " PRIMARY KEY"),
                constraint(column.not_null || column.primary, " NOT NULL"),
                constraint(column.unique, " UNIQUE"),
            )
        };
        self.columns.push(column);
        Ok(sql)
    }
}

/// The engine's words, what `SHOW COLUMNS` says, and how many tokens were read.
fn read_default(tokens: &[Token], scope: &dyn Scope) -> Result<(String, Option<String>, usize), Fault> {
    let Some(first) = tokens.first() else { return Err(Fault::syntax("")) };
    let call = usize::from(tokens.get(1).is_some_and(|token| token.is_symbol("(")));
    Ok(match &first.kind {
        Kind::Text(text) => (literal(text), Some(String::from_utf8_lossy(text).into_owned()), 1),
        Kind::Symbol("(") => {
            let close = closing(tokens, 0);
            let inner = tokens.get(..=close).ok_or_else(|| Fault::syntax(""))?;
            (translate(inner, scope)?, None, close + 1)
        }
        Kind::Symbol("-") => {
            let text = translate(tokens.get(..2).unwrap_or_default(), scope)?.replace(' ', "");
            (text.clone(), Some(text), 2)
        }
        Kind::Word(word) if word.eq_ignore_ascii_case("NULL") => ("NULL".to_owned(), None, 1),
        Kind::Word(_) if call == 1 || first.is("CURRENT_TIMESTAMP") => {
            let used = if call == 1 { closing(tokens, 1) + 1 } else { 1 };
            ("CURRENT_TIMESTAMP".to_owned(), Some("CURRENT_TIMESTAMP".to_owned()), used)
        }
        _ => {
            let text = translate(tokens.get(..1).unwrap_or_default(), scope)?;
            (text.clone(), Some(text), 1)
        }
    })
}
