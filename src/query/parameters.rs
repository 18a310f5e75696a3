//! Named values for statements: `:name` in the SQL, `-p name=value` on the command line. Pure.
//!
//! The Data API takes the values beside the SQL ([`Parameters::used`]). On the other routes they are put into it as literals
//! ([`Parameters::inline`]) that mean the same under every `sql_mode` and character set, and that no value can break out of.

use std::borrow::Cow;

use super::tokens::{Tokens, reads_the_same_everywhere};
use crate::backend::{Parameter, ParameterValue};
use crate::query::ParameterError;

mod parse;
#[cfg(test)]
mod tests;

pub use parse::parse_parameter;

/// The named values of one run, and which of them its statements have asked for so far.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    all: Vec<Parameter>,
    used: Vec<bool>,
}

impl Parameters {
    /// Takes the values. A name that is given twice is an error.
    pub fn new(all: Vec<Parameter>) -> Result<Self, ParameterError> {
        for (index, parameter) in all.iter().enumerate() {
            if all[..index].iter().any(|earlier| earlier.name == parameter.name) {
                return Err(ParameterError::Repeated { name: parameter.name.clone() });
            }
        }
        let used = vec![false; all.len()];
        Ok(Self { all, used })
    }

    /// Whether there are none; then a `:name` in a statement is left for the server to judge.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The names that no statement has asked for.
    pub fn unused(&self) -> impl Iterator<Item = &str> {
        let unused = self.all.iter().zip(&self.used).filter(|(_, used)| !**used);
        unused.map(|(parameter, _)| parameter.name.as_str())
    }

    /// The statement with a literal for each `:name`, for servers that are spoken to in MySQL's protocol.
    pub fn inline<'a>(&mut self, sql: &'a [u8]) -> Result<Cow<'a, [u8]>, ParameterError> {
        let places = self.places(sql)?;
        if places.is_empty() {
            return Ok(Cow::Borrowed(sql));
        }
        let plain = reads_the_same_everywhere(sql);
        let mut text = Vec::with_capacity(sql.len() + 64 * places.len());
        let mut done = 0;
        for (start, end, index) in places {
            text.extend_from_slice(&sql[done..start]);
            // Spaces, lest the literal grow together with its neighbours: `5` and `.5`, `@` and `5`, `-` and `-5`.
            text.push(b' ');
            write_literal(&mut text, &self.all[index].value, plain);
            text.push(b' ');
            done = end;
        }
        text.extend_from_slice(&sql[done..]);
        Ok(Cow::Owned(text))
    }

    /// The values that the statement asks for, each once, in the order in which they were given.
    pub fn used(&mut self, sql: &[u8]) -> Result<Vec<Parameter>, ParameterError> {
        let places = self.places(sql)?;
        let asked = |index: &usize| places.iter().any(|(_, _, place)| place == index);
        Ok((0..self.all.len()).filter(asked).map(|index| self.all[index].clone()).collect())
    }

    /// Where the statement asks for values: from, to, and which.
    fn places(&mut self, sql: &[u8]) -> Result<Vec<(usize, usize, usize)>, ParameterError> {
        let mut places = Vec::new();
        if self.is_empty() {
            return Ok(places);
        }
        for token in Tokens::new(sql) {
            let Some(name) = token.parameter() else { continue };
            let Some(index) = self.all.iter().position(|parameter| parameter.name == name) else {
                let known = self.all.iter().map(|parameter| parameter.name.clone()).collect();
                return Err(ParameterError::Unknown { name: name.to_owned(), known });
            };
            places.push((token.start, token.end(), index));
        }
        for (_, _, index) in &places {
            self.used[*index] = true;
        }
        Ok(places)
    }
}

/// `plain` says that every server finds the same strings and comments in the statement.
fn write_literal(text: &mut Vec<u8>, value: &ParameterValue, plain: bool) {
    match value {
        ParameterValue::Null => text.extend_from_slice(b"NULL"),
        ParameterValue::Boolean(true) => text.extend_from_slice(b"TRUE"),
        ParameterValue::Boolean(false) => text.extend_from_slice(b"FALSE"),
        ParameterValue::Integer(number) => write_number(text, &number.to_string()),
        // With an exponent, else it would be a DECIMAL; and the shortest digits that name this very number.
        ParameterValue::Double(number) => match number.parse::<f64>() {
            Ok(number) => write_number(text, &format!("{number:e}")),
            Err(_) => write_text(text, number, plain),
        },
        // With a point, else it would be a BIGINT.
        ParameterValue::Decimal(number) if number.contains('.') => write_number(text, number),
        ParameterValue::Decimal(number) => write_number(text, &format!("{number}.")),
        ParameterValue::Date(date) => write_temporal(text, "DATE", date),
        ParameterValue::Time(time) => write_temporal(text, "TIME", time),
        ParameterValue::Timestamp(timestamp) => write_temporal(text, "TIMESTAMP", timestamp),
        ParameterValue::Text(value) | ParameterValue::Json(value) | ParameterValue::Uuid(value) => {
            write_text(text, value, plain);
        }
        ParameterValue::Binary(bytes) => write_hexadecimal(text, "_binary", bytes),
    }
}

fn write_number(text: &mut Vec<u8>, number: &str) {
    let (open, close) = if number.starts_with('-') { ("(", ")") } else { ("", "") };
    for part in [open, number, close] {
        text.extend_from_slice(part.as_bytes());
    }
}

/// A typed literal: a constant of its type, with the digits of a second that were given.
fn write_temporal(text: &mut Vec<u8>, kind: &str, value: &str) {
    // Only what every reader takes for the inside of a string.
    let value = value.bytes().filter(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'.' | b' '));
    text.extend_from_slice(kind.as_bytes());
    text.push(b'\'');
    text.extend(value);
    text.push(b'\'');
}

/// Where that is safe, a string in quotes, which takes part in comparisons as if the user had written it there. A literal that
/// names its character set has that one's collation, and an Aurora MySQL 3 refuses to compare it with a string of the
/// session's (error 1267, `LIKE CONCAT(:prefix, '%')` for example).
///
/// It is safe where every server reads the statement in one way, and the value is ASCII without a backslash: a doubled quote means
/// the same in every `sql_mode` and character set. All else goes in hexadecimal.
fn write_text(text: &mut Vec<u8>, value: &str, plain: bool) {
    let safe = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r') && byte != b'\\';
    if !plain || !value.bytes().all(safe) {
        return write_hexadecimal(text, "_utf8mb4", value.as_bytes());
    }
    text.push(b'\'');
    text.extend_from_slice(value.replace('\'', "''").as_bytes());
    text.push(b'\'');
}

fn write_hexadecimal(text: &mut Vec<u8>, character_set: &str, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.extend_from_slice(character_set.as_bytes());
    text.extend_from_slice(b" X'");
    for byte in bytes {
        text.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    text.push(b'\'');
}
