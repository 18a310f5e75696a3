//! The spellings of a token: percent-escapes, hexadecimal digests and timestamps. Pure; nothing here knows what they mean.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use super::Refusal;

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

pub(super) fn percent_encode(value: &str) -> String {
    value.bytes().fold(String::with_capacity(value.len()), |mut text, byte| {
        if is_unreserved(byte) {
            text.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

/// Undoes percent-encoding. Only unreserved characters may stand raw and only upper-case digits may follow a `%`, so that
/// no two spellings of one value are both accepted.
pub(super) fn percent_decode(value: &str) -> Result<String, Refusal> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if is_unreserved(first) {
            bytes.push(first);
            rest = after;
        } else if first == b'%' && after.len() >= 2 {
            let (digits, after) = after.split_at(2);
            let digit = |byte: u8| match byte {
                b'0'..=b'9' => Ok(byte - b'0'),
                b'A'..=b'F' => Ok(byte - b'A' + 10),
                _ => Err(Refusal::Malformed("a percent-escape")),
            };
            bytes.push(digit(digits[0])? << 4 | digit(digits[1])?);
            rest = after;
        } else {
            return Err(Refusal::Malformed("a character that must be escaped"));
        }
    }
    String::from_utf8(bytes).map_err(|_| Refusal::Malformed("a value that is not UTF-8"))
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn month_lengths(year: u64) -> [u64; 12] {
    [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

/// The inverse of [`parse_timestamp`], for an instant not before 1970.
pub(crate) fn format_timestamp(instant: SystemTime) -> String {
    let seconds = instant.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (mut days, time) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    while days >= month_lengths(year).iter().sum::<u64>() {
        days -= month_lengths(year).iter().sum::<u64>();
        year += 1;
    }
    let mut month = 1;
    for length in month_lengths(year) {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year:04}{month:02}{:02}T{:02}{:02}{:02}Z", days + 1, time / 3_600, time / 60 % 60, time % 60)
}

/// `YYYYMMDDTHHMMSSZ` as an instant; nothing else is accepted, a 30th of February included.
pub(crate) fn parse_timestamp(text: &str) -> Option<SystemTime> {
    let bytes = text.as_bytes();
    if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<u64> {
        let digits = &text.get(from..to)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
    let lengths = month_lengths(year);
    let month_index = usize::try_from(month.checked_sub(1)?).ok()?;
    if year < 1970 || day == 0 || day > *lengths.get(month_index)? || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = (1970..year).map(|year| month_lengths(year).iter().sum::<u64>()).sum::<u64>()
        + lengths[..month_index].iter().sum::<u64>()
        + (day - 1);
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400 + hour * 3_600 + minute * 60 + second))
}
