//! What a query's first line tells about its columns: MySQL names an expression by its own text and knows the type of a
//! literal or a cast; the SQL engine says neither. Pure.

use super::definition::split;
use super::lexer::{Kind, Token};
use super::translate::closing;
use super::types::Type;

/// What is known of one column before the query runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The name, unless the engine's is right.
    pub(super) name: Option<String>,
    pub(super) kind: Option<Type>,
}

const ENDS: [&str; 9] = ["FROM", "INTO", "WHERE", "LIMIT", "ORDER", "GROUP", "HAVING", "UNION", "FOR"];
const BEFORE_OPERAND: [&str; 15] = [
    "AND", "OR", "NOT", "LIKE", "IS", "IN", "BETWEEN", "DIV", "MOD", "REGEXP", "COLLATE", "WHEN", "THEN", "ELSE",
    "CASE",
];

/// One entry a column; empty where a `*` makes counting impossible.
pub(super) fn read(tokens: &[Token], sql: &[u8]) -> Vec<Known> {
    if !tokens.first().is_some_and(|token| token.is("SELECT")) {
        return Vec::new();
    }
    let mut tokens = tokens.get(1..).unwrap_or_default();
    while tokens.first().is_some_and(|token| token.is("DISTINCT") || token.is("ALL") || token.is("SQL_NO_CACHE")) {
        tokens = tokens.get(1..).unwrap_or_default();
    }
    let mut depth = 0_usize;
    let end = tokens.iter().position(|token| {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
        }
        depth == 0 && ENDS.into_iter().any(|word| token.is(word))
    });
    let items = split(tokens.get(..end.unwrap_or(tokens.len())).unwrap_or_default());
    let star = |item: &&[Token]| item.last().is_some_and(|token| token.is_symbol("*"));
    if items.iter().any(star) { Vec::new() } else { items.into_iter().map(|item| known(item, sql)).collect() }
}

fn known(item: &[Token], sql: &[u8]) -> Known {
    let (expression, named) = without_alias(item);
    let column = expression.len() % 2 == 1
        && expression
            .iter()
            .enumerate()
            .all(|(at, token)| if at % 2 == 0 { token.identifier().is_some() } else { token.is_symbol(".") })
        && !["NULL", "TRUE", "FALSE"].into_iter().any(|word| expression.iter().any(|token| token.is(word)));
    let name = match expression {
        _ if named || column => None,
        [Token { kind: Kind::Word(word), .. }] => Some(word.to_ascii_uppercase()),
        [Token { kind: Kind::Text(_), .. }, ..] if expression.iter().all(is_text) => {
            Some(expression.iter().map(text).collect())
        }
        [first, ..] => {
            let end = expression.last().map_or(first.end, |last| last.end);
            Some(String::from_utf8_lossy(sql.get(first.start..end).unwrap_or_default()).into_owned())
        }
        [] => None,
    };
    Known { name, kind: kind_of(expression) }
}

fn is_text(token: &Token) -> bool {
    matches!(token.kind, Kind::Text(_))
}

fn text(token: &Token) -> String {
    if let Kind::Text(bytes) = &token.kind { String::from_utf8_lossy(bytes).into_owned() } else { String::new() }
}

fn without_alias(item: &[Token]) -> (&[Token], bool) {
    let [rest @ .., before, last] = item else { return (item, false) };
    let can_be_alias = last.identifier().is_some() || matches!(last.kind, Kind::Text(_));
    if can_be_alias && before.is("AS") {
        return (rest, true);
    }
    let ends_expression = match &before.kind {
        Kind::Word(word) => {
            !BEFORE_OPERAND.into_iter().any(|operator| word.eq_ignore_ascii_case(operator)) && !word.starts_with('_')
        }
        Kind::Symbol(symbol) => *symbol == ")",
        Kind::Text(_) => last.identifier().is_some(),
        _ => true,
    };
    if can_be_alias && ends_expression && !last.is("END") && !last.is("NULL") {
        return (item.get(..item.len() - 1).unwrap_or_default(), true);
    }
    (item, false)
}

fn kind_of(expression: &[Token]) -> Option<Type> {
    match expression {
        [Token { kind: Kind::Decimal(text), .. }] => Some(Type::decimal(text)),
        [Token { kind: Kind::Bytes(_), .. }] => Some(Type::plain("VARBINARY")),
        [token] if token.is("NULL") => Some(Type::plain("NULL")),
        [first, open, .., _] if open.is_symbol("(") && closing(expression, 1) + 1 == expression.len() => {
            call(first, expression.get(2..expression.len() - 1).unwrap_or_default())
        }
        [first, open, _] if open.is_symbol("(") => call(first, &[]),
        _ => None,
    }
}

fn call(function: &Token, inner: &[Token]) -> Option<Type> {
    let Kind::Word(name) = &function.kind else { return None };
    match name.to_ascii_uppercase().as_str() {
        "NOW" | "CURRENT_TIMESTAMP" | "SYSDATE" | "UTC_TIMESTAMP" => {
            let mut kind = Type::plain("DATETIME");
            kind.arguments = inner
                .iter()
                .filter_map(|token| if let Kind::Integer(text) = &token.kind { Some(text.clone()) } else { None })
                .collect();
            Some(kind)
        }
        "CURDATE" | "CURRENT_DATE" => Some(Type::plain("DATE")),
        "CAST" | "CONVERT" => {
            let split = inner.iter().rposition(|token| token.is("AS") || token.is("USING") || token.is_symbol(","));
            // The comma of DECIMAL(10,2) is inside parentheses.
            let split = inner.iter().rposition(|token| token.is("AS") || token.is("USING")).or(split)?;
            let (mut kind, _) = Type::read(inner.get(split + 1..)?)?;
            kind.name = match kind.name.as_str() {
                "SIGNED" => "BIGINT".to_owned(),
                "UNSIGNED" => {
                    kind.unsigned = true;
                    "BIGINT".to_owned()
                }
                "BINARY" => "VARBINARY".to_owned(),
                "CHAR" | "UTF8MB4" => "VARCHAR".to_owned(),
                other => other.to_owned(),
            };
            Some(kind)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::sql::lexer;

    #[test]
    fn expressions_are_named_by_their_text() {
        for (sql, expected) in [
            (
                "select 1 + 1, 'x', a, t.a, a b, a as b, f(1) c, count(*) from t",
                vec![Some("1 + 1"), Some("x"), None, None, None, None, None, Some("count(*)")],
            ),
            ("select @@version limit 1", vec![Some("@@version")]),
            ("select case when 1 then 2 end", vec![Some("case when 1 then 2 end")]),
            ("select a is null, null, 'a' 'b'", vec![Some("a is null"), Some("NULL"), Some("ab")]),
            ("select *, 1 from t", vec![]),
        ] {
            let known = read(&lexer::statements(sql.as_bytes())[0], sql.as_bytes());
            let names: Vec<Option<&str>> = known.iter().map(|known| known.name.as_deref()).collect();
            assert_eq!(names, expected, "{sql}");
        }
    }

    #[test]
    fn literals_and_casts_have_types() {
        for (sql, expected) in [
            ("select 1.50", Some("decimal(3,2)")),
            ("select cast(x as decimal(20,4)) from t", Some("decimal(20,4)")),
            ("select cast(-1 as unsigned)", Some("bigint unsigned")),
            ("select now(6) x", Some("datetime(6)")),
            ("select x'00'", Some("varbinary")),
            ("select null", Some("null")),
            ("select convert('x' using utf8mb4)", Some("varchar")),
            ("select cast('{}' as json)", Some("json")),
            ("select 1", None),
        ] {
            let known = read(&lexer::statements(sql.as_bytes())[0], sql.as_bytes());
            assert_eq!(known[0].kind.as_ref().map(Type::describe).as_deref(), expected, "{sql}");
        }
    }
}
