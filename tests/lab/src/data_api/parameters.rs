//! Named parameters: found in the statement, checked by their type hints, bound to it. And whether it is one statement.
//!
//! Source: "Calling RDS Data API" of the Aurora User Guide, for the spellings that go with each hint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mysql_async::Value as Sent;
use serde_json::Value;

use super::errors::{Result, ServiceError};
use super::requests::Parameter;

/// A statement that can be run.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) sql: String,
    /// For its question marks; empty where there are none.
    pub(super) values: Vec<Sent>,
}

/// What stands for a value in the statement, and the value.
struct Place<'a> {
    name: &'a str,
    text: String,
    value: Sent,
}

/// The values of one execution.
pub(super) struct Parameters<'a> {
    places: Vec<Place<'a>>,
}

impl<'a> Parameters<'a> {
    pub(super) fn of(given: &'a [Parameter]) -> Result<Self> {
        let mut places: Vec<Place<'a>> = Vec::new();
        for parameter in given {
            let name = parameter.name.as_str();
            if name.is_empty() || !name.bytes().all(is_name) {
                return Err(ServiceError::bad_request(format!("Parameter name {name} is invalid")));
            }
            if places.iter().any(|place| place.name == name) {
                return Err(ServiceError::bad_request(format!("Parameter {name} is given twice")));
            }
            let (text, value) = value_of(parameter)?;
            places.push(Place { name, text, value });
        }
        Ok(Self { places })
    }

    /// Puts question marks where the names are, or the values themselves for a database that cannot prepare.
    pub(super) fn bind(&self, sql: &str, prepares: bool) -> Result<Bound> {
        let mut bound = Bound { sql: String::with_capacity(sql.len()), values: Vec::new() };
        let mut copied = 0;
        for piece in code(sql) {
            let Piece::Name(start, end) = piece else { continue };
            let name = &sql[start + 1..end];
            let place = self.places.iter().find(|place| place.name == name);
            let place = place.ok_or_else(|| ServiceError::bad_request(format!("Cannot find parameter: {name}")))?;
            bound.sql.push_str(&sql[copied..start]);
            if prepares {
                bound.sql.push_str(&place.text);
                bound.values.push(place.value.clone());
            } else {
                bound.sql.push_str(&place.text.replacen('?', &literal(&place.value), 1));
            }
            copied = end;
        }
        bound.sql.push_str(&sql[copied..]);
        Ok(bound)
    }
}

/// The text with its question mark, and the value, of one parameter.
fn value_of(parameter: &Parameter) -> Result<(String, Sent)> {
    let wrong = |what: &str| ServiceError::bad_request(format!("Parameter {}: {what}", parameter.name));
    let members = parameter.value.as_object().filter(|members| members.len() == 1);
    let (kind, value) =
        members.and_then(|members| members.iter().next()).ok_or_else(|| wrong("a value is one field"))?;
    let hint = parameter.hint.as_deref();
    if hint.is_some() && !matches!(kind.as_str(), "stringValue" | "isNull") {
        return Err(wrong("a type hint goes with a stringValue"));
    }
    let plain = |value: Sent| Ok(("?".to_owned(), value));
    match (kind.as_str(), value) {
        ("isNull", Value::Bool(true)) => plain(Sent::NULL),
        ("booleanValue", Value::Bool(flag)) => plain(Sent::Int(i64::from(*flag))),
        ("longValue", Value::Number(number)) => {
            plain(Sent::Int(number.as_i64().ok_or_else(|| wrong("a longValue is a whole number"))?))
        }
        ("doubleValue", Value::Number(number)) => plain(Sent::Double(number.as_f64().unwrap_or_default())),
        ("blobValue", Value::String(text)) => {
            let bytes = STANDARD.decode(text).map_err(|_| wrong("a blobValue is base64"))?;
            Ok(("UNHEX(?)".to_owned(), Sent::Bytes(crate::verifier::hex(&bytes).into_bytes())))
        }
        ("stringValue", Value::String(text)) => hinted(text, hint)
            .ok_or_else(|| wrong(&format!("Cannot convert value {text} to {}", hint.unwrap_or("VARCHAR")))),
        _ => Err(wrong("a field of a parameter cannot be this")),
    }
}

/// A text as what its hint says; `None` where it is not.
fn hinted(text: &str, hint: Option<&str>) -> Option<(String, Sent)> {
    let bytes = || Sent::Bytes(text.as_bytes().to_vec());
    let (date, time) = match hint {
        None => return Some(("?".to_owned(), bytes())),
        Some("JSON") => {
            serde_json::from_str::<Value>(text).ok()?;
            return Some(("?".to_owned(), bytes()));
        }
        Some("UUID") => {
            let shape = |(index, byte): (usize, u8)| match index {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            };
            let right = text.len() == 36 && text.bytes().enumerate().all(shape);
            return right.then(|| ("?".to_owned(), bytes()));
        }
        Some("DECIMAL") => {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
            let all = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
            let right = all(whole) && all(fraction) && whole.len() + fraction.len() > 0 && fraction.len() <= 30;
            return right.then(|| (format!("CAST(? AS DECIMAL(65,{}))", fraction.len()), bytes()));
        }
        Some("DATE") => (text, None),
        Some("TIME") => ("", Some(text)),
        Some("TIMESTAMP") => text.split_once(' ').map(|(date, time)| (date, Some(time)))?,
        Some(_) => return None,
    };
    let (year, month, day) = if hint == Some("TIME") { (0, 0, 0) } else { date_of(date)? };
    let (hour, minute, second, micros) = time.map_or(Some((0, 0, 0, 0)), time_of)?;
    let value = match hint {
        Some("TIME") => Sent::Time(false, 0, hour, minute, second, micros),
        _ => Sent::Date(year, month, day, hour, minute, second, micros),
    };
    // A date without a time is a date, not midnight.
    let place = if hint == Some("DATE") { "CAST(? AS DATE)" } else { "?" };
    Some((place.to_owned(), value))
}

fn number(text: &str, length: usize) -> Option<u16> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn date_of(text: &str) -> Option<(u16, u8, u8)> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return None };
    Some((number(year, 4)?, u8::try_from(number(month, 2)?).ok()?, u8::try_from(number(day, 2)?).ok()?))
}

fn time_of(text: &str) -> Option<(u8, u8, u8, u32)> {
    let (text, fraction) = text.split_once('.').map_or((text, None), |(text, fraction)| (text, Some(fraction)));
    let parts: Vec<&str> = text.split(':').collect();
    let [hour, minute, second] = parts[..] else { return None };
    let small = |text: &str| u8::try_from(number(text, 2)?).ok();
    // The guide says three digits; Java's own reader takes nine.
    let micros = match fraction {
        None => 0,
        Some(digits) if (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{digits:0<6}").parse().ok()?
        }
        Some(_) => return None,
    };
    Some((small(hour)?, small(minute)?, small(second)?, micros))
}

/// A value as SQL that the embedded database reads.
fn literal(value: &Sent) -> String {
    match value {
        Sent::Bytes(bytes) => {
            let text = String::from_utf8_lossy(bytes).replace('\\', "\\\\").replace('\'', "''");
            format!("'{text}'")
        }
        other => other.as_sql(false),
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// What matters of a statement's code: outside quotes and comments.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    /// A parameter, with its colon.
    Name(usize, usize),
    /// A semicolon.
    End,
    /// Anything else that is no space.
    Code,
}

fn code(sql: &str) -> Vec<Piece> {
    let bytes = sql.as_bytes();
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &sql[at..];
        let line = |rest: &str| rest.find('\n').unwrap_or(rest.len());
        at += match byte {
            b'\'' | b'"' | b'`' => {
                pieces.push(Piece::Code);
                quoted(rest.as_bytes(), byte)
            }
            b'#' => line(rest),
            b'-' if rest.starts_with("-- ") || rest.starts_with("--\n") || rest == "--" => line(rest),
            // What stands in /*! */ is run.
            b'/' if rest.starts_with("/*") && !rest.starts_with("/*!") => {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            }
            b';' => {
                pieces.push(Piece::End);
                1
            }
            b':' if bytes.get(at + 1).is_some_and(|next| next.is_ascii_alphabetic() || *next == b'_')
                && !at.checked_sub(1).is_some_and(|before| is_name(bytes[before]) || bytes[before] == b':') =>
            {
                let end = rest[1..].bytes().position(|byte| !is_name(byte)).map_or(sql.len(), |length| at + 1 + length);
                pieces.push(Piece::Name(at, end));
                end - at
            }
            byte if byte.is_ascii_whitespace() => 1,
            _ => {
                pieces.push(Piece::Code);
                rest.chars().next().map_or(1, char::len_utf8)
            }
        };
    }
    pieces
}

/// How long a quoted text is, quotes included.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte == b'\\' && quote != b'`' {
            at += 1;
        } else if byte == quote {
            return at;
        }
    }
    bytes.len()
}

/// Refuses several statements in one. A routine's body has semicolons of its own.
pub(super) fn single(sql: &str) -> Result<()> {
    let pieces = code(sql);
    let first = pieces.iter().position(|piece| *piece == Piece::End);
    let several = first.is_some_and(|first| pieces[first..].iter().any(|piece| *piece != Piece::End));
    let words: Vec<String> = sql.split_whitespace().take(8).map(str::to_ascii_uppercase).collect();
    let routine = words.first().is_some_and(|word| word == "CREATE")
        && words.iter().any(|word| ["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"].contains(&word.as_str()));
    if several && !routine {
        return Err(ServiceError::validation("Multistatements aren't supported."));
    }
    Ok(())
}
