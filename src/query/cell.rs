//! What the bytes of a cell say, whatever the layout. Pure.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::backend::{Column, ColumnKind};
use crate::query::escape::push_hex;

/// How deep a JSON document may be nested: MySQL's own limit. Readers have limits too.
const MAXIMUM_DEPTH: u8 = 100;

/// Whether cells of this kind are set flush right.
pub(super) fn is_number(kind: ColumnKind) -> bool {
    matches!(kind, ColumnKind::Integer | ColumnKind::Float | ColumnKind::Decimal | ColumnKind::Bit)
}

/// The kinds of the columns, in order.
pub(super) fn kinds(columns: &[Column]) -> Vec<ColumnKind> {
    columns.iter().map(|column| column.kind).collect()
}

/// The cell as people read it, in every layout but JSON: BIT in decimal, and binary in hexadecimal where that is asked
/// for. `scratch` holds what had to be made.
pub(super) fn readable<'a>(kind: ColumnKind, cell: &'a [u8], hexadecimal: bool, scratch: &'a mut Vec<u8>) -> &'a [u8] {
    match kind {
        ColumnKind::Bit => match bit_value(cell) {
            Some(value) => {
                scratch.clear();
                scratch.extend_from_slice(value.to_string().as_bytes());
            }
            None => fill_hexadecimal(scratch, cell),
        },
        ColumnKind::Binary if hexadecimal => fill_hexadecimal(scratch, cell),
        _ => return cell,
    }
    scratch
}

fn fill_hexadecimal(scratch: &mut Vec<u8>, cell: &[u8]) {
    scratch.clear();
    scratch.extend_from_slice(b"0x");
    push_hex(scratch, cell);
}

/// The number in a BIT cell; `None` if it has more than the 64 bits that MySQL allows.
pub(super) fn bit_value(cell: &[u8]) -> Option<u64> {
    (cell.len() <= 8).then(|| cell.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// Whether any byte is a control character, `one` or `other`: eight bytes at a time, because every byte of every result
/// goes through here. A `true` is only a hint to look closer.
pub(super) fn may_need_escape(bytes: &[u8], one: u8, other: u8) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    // Bit 7 of some byte is set in the result exactly if some byte is less than the limit, which must be at most 0x80.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().any(|word| {
        let word = u64::from_le_bytes(*word);
        below(word, 0x20) | below(word ^ (ONES * u64::from(one)), 1) | below(word ^ (ONES * u64::from(other)), 1) != 0
    }) || rest.iter().any(|byte| *byte < 0x20 || *byte == one || *byte == other)
}

/// The cell as a JSON number (RFC 8259, section 6), if it is one and finite. The zeros of ZEROFILL are left out.
pub(super) fn json_number(cell: &[u8]) -> Option<(&'static str, &[u8])> {
    let (sign, digits) = match cell {
        [b'-', digits @ ..] => ("-", digits),
        _ => ("", cell),
    };
    let integer = count_digits(digits);
    let zeros = digits[..integer].iter().take_while(|digit| **digit == b'0').count().min(integer.saturating_sub(1));
    let mut rest = &digits[integer..];
    if integer == 0 {
        return None;
    }
    if let [b'.', fraction @ ..] = rest {
        let count = count_digits(fraction);
        if count == 0 {
            return None;
        }
        rest = &fraction[count..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+")).unwrap_or(exponent);
        let finite = || str::from_utf8(digits).ok()?.parse::<f64>().ok().map(f64::is_finite);
        if exponent.is_empty() || count_digits(exponent) != exponent.len() || finite() != Some(true) {
            return None;
        }
        rest = &[];
    }
    rest.is_empty().then(|| (sign, &digits[zeros..]))
}

fn count_digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Whether the text is one JSON document that any reader takes: not too deep, no broken surrogates, no infinite number.
pub(super) fn is_json_document(text: &str) -> bool {
    let mut reader = serde_json::Deserializer::from_str(text);
    Document { depth: MAXIMUM_DEPTH }.deserialize(&mut reader).and_then(|()| reader.end()).is_ok()
}

/// Reads a JSON value and keeps nothing of it.
#[derive(Clone, Copy)]
struct Document {
    /// How many levels may follow.
    depth: u8,
}

impl Document {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("nested too deep"))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Document {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let deeper = self.deeper()?;
        while values.next_element_seed(deeper)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let deeper = self.deeper()?;
        while entries.next_entry_seed(deeper, deeper)?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_json_numbers_or_nothing() {
        for (cell, expected) in [
            ("0", "0"),
            ("-0", "-0"),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("00042", "42"),
            ("-007", "-7"),
            ("000", "0"),
            ("1.5", "1.5"),
            ("0001.50", "1.50"),
            ("0.001", "0.001"),
            ("1e20", "1e20"),
            ("1.7976931348623157e308", "1.7976931348623157e308"),
            ("2E-7", "2E-7"),
            ("1e+3", "1e+3"),
        ] {
            let (sign, digits) = json_number(cell.as_bytes()).unwrap_or_else(|| panic!("{cell}"));
            assert_eq!(format!("{sign}{}", str::from_utf8(digits).unwrap()), expected);
        }
        for cell in
            ["", "-", "+1", ".5", "1.", "1e", "1e+", "1e999", "inf", "nan", "0x1", "1 ", " 1", "--1", "1,2", "1}"]
        {
            assert_eq!(json_number(cell.as_bytes()), None, "{cell}");
        }
    }

    #[test]
    fn bits_are_big_endian_and_at_most_64() {
        for (cell, expected) in [
            (&b""[..], Some(0)),
            (b"\x01", Some(1)),
            (b"\x01\x00", Some(256)),
            (&[0xff; 8], Some(u64::MAX)),
            (&[0; 9], None),
        ] {
            assert_eq!(bit_value(cell), expected);
        }
    }

    #[test]
    fn only_documents_that_every_reader_takes_are_nested() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        for text in [
            "{}",
            "[1, 2.50, null, true, \"x\"]",
            "123456789012345678901234567890.10",
            "\"\\ud83d\\ude00\"",
            &deep(100),
        ] {
            assert!(is_json_document(text), "{text}");
        }
        for text in [
            "",
            "{",
            "[1,]",
            "{} {}",
            "nul",
            "'x'",
            "\"\\ud800\"",
            "1e999",
            "\"a\nb\"",
            "{1:2}",
            &deep(101),
            &deep(100_000),
        ] {
            assert!(!is_json_document(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_quick_look_misses_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..40), one: u8, other: u8) {
            let exact = bytes.iter().any(|byte| *byte < 0x20 || *byte == one || *byte == other);
            prop_assert_eq!(may_need_escape(&bytes, one, other), exact);
        }

        #[test]
        fn a_json_number_is_one_to_serde_too(text in "-?[0-9]{0,22}(\\.[0-9]{0,5})?([eE][+-]?[0-9]{0,3})?") {
            if let Some((sign, digits)) = json_number(text.as_bytes()) {
                let written = format!("{sign}{}", str::from_utf8(digits).unwrap());
                prop_assert!(serde_json::from_str::<serde_json::Number>(&written).is_ok(), "{written}");
            }
        }
    }
}
