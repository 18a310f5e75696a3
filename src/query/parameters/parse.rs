//! `NAME=VALUE` and `NAME:TYPE=VALUE` to a named value. Pure. A value that is not of its type goes no further.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::backend::{Parameter, ParameterValue};
use crate::query::ParameterError;
use crate::query::tokens::is_name;

/// The digits of the longest DECIMAL, and how many of them may follow the point.
const DECIMAL_DIGITS: usize = 65;
const DECIMAL_FRACTION: usize = 30;

/// Reads a value of one type; `None` if it is not of that type.
type Read = fn(&str) -> Option<ParameterValue>;

/// Each type: its name, what a value of it looks like, how it is read.
const TYPES: [(&str, &str, Read); 13] = [
    ("string", "any text", |value| Some(ParameterValue::Text(value.to_owned()))),
    ("long", INTEGER, |value| Some(ParameterValue::Integer(value.parse().ok()?))),
    ("int", INTEGER, |value| Some(ParameterValue::Integer(value.parse().ok()?))),
    ("double", "a finite number, for example -1.5 or 6e23", |value| Some(ParameterValue::Double(double(value)?))),
    ("boolean", "true or false", |value| Some(ParameterValue::Boolean(boolean(value)?))),
    ("decimal", "digits, with a sign and a point perhaps, at most 65 in all and 30 after the point", |value| {
        Some(ParameterValue::Decimal(decimal(value)?))
    }),
    ("date", "YYYY-MM-DD, a day that exists", |value| Some(ParameterValue::Date(date(value)?))),
    ("time", "a time of day, HH:MM:SS, with up to six digits of a second perhaps", |value| {
        Some(ParameterValue::Time(time(value)?))
    }),
    ("timestamp", "YYYY-MM-DD HH:MM:SS, with up to six digits of a second perhaps, without a time zone", |value| {
        Some(ParameterValue::Timestamp(timestamp(value)?))
    }),
    ("json", "a JSON document", |value| Some(ParameterValue::Json(json(value)?))),
    ("uuid", "like 123e4567-e89b-12d3-a456-426614174000", |value| Some(ParameterValue::Uuid(uuid(value)?))),
    ("blob", "base64", |value| Some(ParameterValue::Binary(STANDARD.decode(value).ok()?))),
    ("null", "nothing: NAME:null", |value| value.is_empty().then_some(ParameterValue::Null)),
];

const INTEGER: &str = "a whole number from -9223372036854775808 to 9223372036854775807 (beyond: decimal)";

/// Reads `NAME=VALUE`, `NAME:TYPE=VALUE` or `NAME:null`.
///
/// An argument that has not this shape is not repeated in the error: `-p` is how other clients take a password.
pub fn parse_parameter(argument: &str) -> Result<Parameter, ParameterError> {
    let (head, value) = match argument.split_once('=') {
        Some((head, value)) => (head, Some(value)),
        None => (argument, None),
    };
    let (name, kind) = match head.split_once(':') {
        Some((name, kind)) => (name, kind),
        None => (head, "string"),
    };
    let value = match value {
        Some(value) => value,
        None if kind.eq_ignore_ascii_case("null") => "",
        None => return Err(ParameterError::Shape),
    };
    if !is_name(name.as_bytes()) {
        return Err(ParameterError::Name { name: name.to_owned() });
    }
    let Some((kind, expected, read)) = TYPES.into_iter().find(|(known, ..)| known.eq_ignore_ascii_case(kind)) else {
        let known = TYPES.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ");
        return Err(ParameterError::Type { name: name.to_owned(), kind: kind.to_owned(), known });
    };
    match read(value) {
        Some(value) => Ok(Parameter { name: name.to_owned(), value }),
        None => Err(ParameterError::Value { name: name.to_owned(), value: value.to_owned(), kind, expected }),
    }
}

fn boolean(value: &str) -> Option<bool> {
    let is = |word| value.eq_ignore_ascii_case(word);
    if is("true") || is("1") { Some(true) } else { (is("false") || is("0")).then_some(false) }
}

/// Sign, digits before the point, digits after it. One of them is enough.
fn digits(value: &str) -> Option<(bool, &str, &str)> {
    let negative = value.starts_with('-');
    let value = value.strip_prefix(['+', '-']).unwrap_or(value);
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let some = are_digits(whole) && are_digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    some.then_some((negative, whole, fraction))
}

/// The notation of SQL, not all of Rust's: no `inf`, no `nan`.
fn double(value: &str) -> Option<String> {
    let (mantissa, exponent) = value.split_once(['e', 'E']).unwrap_or((value, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_notation =
        digits(mantissa).is_some() && !exponent.is_empty() && exponent.bytes().all(|byte| byte.is_ascii_digit());
    let is_finite = value.parse::<f64>().is_ok_and(f64::is_finite);
    (is_notation && is_finite).then(|| value.to_owned())
}

/// With a digit on each side of the point, if there is one, and no `+`: readers differ about these.
fn decimal(value: &str) -> Option<String> {
    let (negative, whole, fraction) = digits(value)?;
    let whole = whole.trim_start_matches('0');
    if whole.len() + fraction.len() > DECIMAL_DIGITS || fraction.len() > DECIMAL_FRACTION {
        return None;
    }
    let sign = if negative { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// A number of exactly this many digits.
fn number(text: &str, length: usize) -> Option<u32> {
    let is_number = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// A day of the Gregorian calendar, from year 1 to 9999.
fn date(value: &str) -> Option<String> {
    let mut parts = value.split('-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2)?;
    let day = number(parts.next()?, 2)?;
    let is_leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    (parts.next().is_none() && year > 0 && (1..=days).contains(&day)).then(|| value.to_owned())
}

fn time(value: &str) -> Option<String> {
    let (clock, fraction) = match value.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (value, None),
    };
    let mut parts = clock.split(':');
    for limit in [24, 60, 60] {
        number(parts.next()?, 2).filter(|part| *part < limit)?;
    }
    if let Some(fraction) = fraction
        && ((fraction.is_empty() || fraction.len() > 6) || number(fraction, fraction.len()).is_none())
    {
        return None;
    }
    parts.next().is_none().then(|| value.to_owned())
}

/// `T` between the two is taken, too, as in many logs.
fn timestamp(value: &str) -> Option<String> {
    let (day, clock) = value.split_once([' ', 'T'])?;
    Some(format!("{} {}", date(day)?, time(clock)?))
}

fn json(value: &str) -> Option<String> {
    serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok().then(|| value.to_owned())
}

fn uuid(value: &str) -> Option<String> {
    let lengths = [8, 4, 4, 4, 12];
    let is_group =
        |(text, length): (&str, usize)| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let fits = value.split('-').count() == lengths.len() && value.split('-').zip(lengths).all(is_group);
    fits.then(|| value.to_owned())
}
