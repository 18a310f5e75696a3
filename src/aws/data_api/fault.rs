//! Reads the database's error number and SQLSTATE out of the texts in which the service wraps them. Pure.
//!
//! No document says what they look like. Seen in the wild:
//!
//! - `Duplicate entry '1' for key 'PRIMARY'; Error code: 1062; SQLState: 23000` (the present service);
//! - `Database error code: 1062. Message: Duplicate entry '1' for key 'PRIMARY'` (Serverless v1);
//! - `(conn=42) Duplicate entry '1' for key 'PRIMARY'` (its driver, without a number);
//! - `ERROR 1062 (23000): Duplicate entry '1' for key 'PRIMARY'`.
//!
//! A text of another shape is kept whole, without a number.

use super::StatementFault;

/// Takes a text apart.
pub(super) fn parse(text: &str) -> StatementFault {
    let text = text.trim();
    trailing(text).or_else(|| leading(text)).or_else(|| classic(text)).unwrap_or_else(|| StatementFault {
        code: None,
        state: None,
        message: without_connection(text).to_owned(),
    })
}

/// `MESSAGE; Error code: CODE; SQLState: STATE`, of which either may be missing.
fn trailing(text: &str) -> Option<StatementFault> {
    let mut fault = StatementFault { code: None, state: None, message: String::new() };
    let mut message = text;
    // The message may hold anything, semicolons too, so it is read from its end.
    while let Some((before, last)) = message.rsplit_once(';') {
        let (name, value) = last.split_once(':').unwrap_or((last, ""));
        let value = value.trim().trim_end_matches('.');
        match name.trim().to_ascii_lowercase().as_str() {
            "error code" if fault.code.is_none() => fault.code = Some(value.parse().ok()?),
            "sqlstate" if fault.state.is_none() && is_state(value) => fault.state = Some(value.to_owned()),
            _ => break,
        }
        message = before.trim_end();
    }
    if fault.code.is_none() && fault.state.is_none() {
        return None;
    }
    without_connection(message).clone_into(&mut fault.message);
    Some(fault)
}

/// `Database error code: CODE. Message: MESSAGE`.
fn leading(text: &str) -> Option<StatementFault> {
    let rest = text.strip_prefix("Database error code: ")?;
    let (code, message) = rest.split_once(". Message: ")?;
    let message = without_connection(message).to_owned();
    Some(StatementFault { code: Some(code.trim().parse().ok()?), state: None, message })
}

/// `ERROR CODE (STATE): MESSAGE`.
fn classic(text: &str) -> Option<StatementFault> {
    let rest = text.strip_prefix("ERROR ")?;
    let (code, rest) = rest.split_once(" (")?;
    let (state, message) = rest.split_once("): ")?;
    let state = Some(state.to_owned()).filter(|state| is_state(state))?;
    Some(StatementFault { code: Some(code.parse().ok()?), state: Some(state), message: message.to_owned() })
}

/// Drops the driver's `(conn=42) `, which means nothing to anybody.
fn without_connection(text: &str) -> &str {
    let inner = text.strip_prefix("(conn=").or_else(|| text.strip_prefix("(conn:"));
    match inner.and_then(|inner| inner.split_once(") ")) {
        Some((number, message)) if number.bytes().all(|byte| byte.is_ascii_digit()) => message,
        _ => text,
    }
}

fn is_state(text: &str) -> bool {
    text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_known_shape_gives_number_state_and_message() {
        let duplicate = "Duplicate entry '1; x' for key 'PRIMARY'";
        for (text, code, state, message) in [
            (format!("{duplicate}; Error code: 1062; SQLState: 23000"), Some(1062), Some("23000"), duplicate),
            (format!("{duplicate}; SQLState: 23000; Error code: 1062"), Some(1062), Some("23000"), duplicate),
            (format!("{duplicate}; Error code: 1062"), Some(1062), None, duplicate),
            (format!("{duplicate}; SQLState: 42S02"), None, Some("42S02"), duplicate),
            (format!("(conn=42) {duplicate}; Error code: 1062; SQLState: 23000"), Some(1062), Some("23000"), duplicate),
            (format!("Database error code: 1062. Message: {duplicate}"), Some(1062), None, duplicate),
            (format!("Database error code: 1062. Message: (conn=7) {duplicate}"), Some(1062), None, duplicate),
            (format!("ERROR 1062 (23000): {duplicate}"), Some(1062), Some("23000"), duplicate),
            (format!("(conn:7) {duplicate}"), None, None, duplicate),
            (duplicate.to_owned(), None, None, duplicate),
            (String::new(), None, None, ""),
            ("ERROR: relation \"x\"; Position: 4".to_owned(), None, None, "ERROR: relation \"x\"; Position: 4"),
            ("near 'x; Error code: y'".to_owned(), None, None, "near 'x; Error code: y'"),
            ("x; Error code: 1; Error code: 2".to_owned(), Some(2), None, "x; Error code: 1"),
        ] {
            let expected = StatementFault { code, state: state.map(str::to_owned), message: message.to_owned() };
            assert_eq!(parse(&text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_message_it_is_kept(message in "[a-z;:'() =]{0,30}[a-z]", code: u16) {
            let fault = parse(&format!("{message}; Error code: {code}; SQLState: HY000"));
            prop_assert_eq!(fault.code, Some(code));
            prop_assert_eq!(fault.message, without_connection(message.trim()));
        }

        #[test]
        fn no_text_is_too_strange(text in "\\PC*") {
            parse(&text);
        }
    }
}
