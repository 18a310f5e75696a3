//! Times as MySQL prints them: the fraction has as many digits as the column. Pure.

/// Digits of `2026-10-20 12:30:00`, before a fraction.
const WHOLE_DATETIME: i32 = 19;

/// What drivers give as the precision of a TIME without a fraction: `12:30:00` or `-838:59:59`.
const WHOLE_TIME: [i32; 2] = [8, 10];

/// The most digits of a fraction.
const MOST_DIGITS: i32 = 6;

/// How many digits the fraction of a column has, if the service lets it be known: in its scale, or in the length that it calls
/// precision.
pub(super) fn fraction_digits(type_name: &str, precision: i32, scale: i32) -> Option<usize> {
    let from_precision = match type_name {
        "TIME" => WHOLE_TIME.iter().find_map(|whole| {
            // The point takes a place of its own; 8 + 1 + 1 is also the whole of a TIME with hours of three digits.
            if precision == *whole { Some(0) } else { None }
        }),
        _ if precision == WHOLE_DATETIME => Some(0),
        _ => Some(precision - WHOLE_DATETIME - 1).filter(|digits| (1..=MOST_DIGITS).contains(digits)),
    };
    let digits = if (1..=MOST_DIGITS).contains(&scale) { Some(scale) } else { from_precision };
    digits.and_then(|digits| usize::try_from(digits).ok())
}

/// A DATETIME, TIMESTAMP or TIME with the column's number of digits; nothing but zeros is ever added or taken away.
pub(super) fn with_digits(text: &str, digits: Option<usize>) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    let significant = fraction.trim_end_matches('0');
    let wanted = match digits {
        Some(digits) => digits.max(significant.len()),
        // Java's way of writing no fraction.
        None if fraction == "0" => 0,
        None => fraction.len(),
    };
    if wanted == 0 { whole.to_owned() } else { format!("{whole}.{significant:0<wanted$}") }
}

/// A YEAR, which drivers take for the first day of the year.
pub(super) fn year(text: &str) -> &str {
    match text.strip_suffix("-01-01") {
        Some(year) if year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) => year,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digits_are_told_by_scale_or_length() {
        for (name, precision, scale, expected) in [
            ("DATETIME", 19, 0, Some(0)),
            ("DATETIME", 23, 0, Some(3)),
            ("DATETIME", 26, 0, Some(6)),
            ("DATETIME", 26, 6, Some(6)),
            ("DATETIME", 0, 0, None),
            ("DATETIME", 20, 0, None),
            ("DATETIME", 99, 0, None),
            ("TIMESTAMP", 0, 2, Some(2)),
            ("DATETIME", 19, 31, Some(0)),
            ("TIME", 8, 0, Some(0)),
            ("TIME", 10, 0, Some(0)),
            ("TIME", 0, 3, Some(3)),
            ("TIME", 17, 6, Some(6)),
            ("TIME", 17, 0, None),
        ] {
            assert_eq!(fraction_digits(name, precision, scale), expected, "{name} {precision} {scale}");
        }
    }

    #[test]
    fn a_fraction_is_as_long_as_the_column_says() {
        for (text, digits, expected) in [
            ("2026-10-20 12:30:00", None, "2026-10-20 12:30:00"),
            ("2026-10-20 12:30:00.0", None, "2026-10-20 12:30:00"),
            ("2026-10-20 12:30:00.0", Some(0), "2026-10-20 12:30:00"),
            ("2026-10-20 12:30:00.0", Some(6), "2026-10-20 12:30:00.000000"),
            ("2026-10-20 12:30:00", Some(3), "2026-10-20 12:30:00.000"),
            ("2026-10-20 12:30:00.5", Some(6), "2026-10-20 12:30:00.500000"),
            ("2026-10-20 12:30:00.5", None, "2026-10-20 12:30:00.5"),
            ("2026-10-20 12:30:00.500", None, "2026-10-20 12:30:00.500"),
            ("2026-10-20 12:30:00.123456", Some(3), "2026-10-20 12:30:00.123456"),
            ("2026-10-20 12:30:00.500000", Some(3), "2026-10-20 12:30:00.500"),
            ("-838:59:59", Some(0), "-838:59:59"),
            ("12:00:00.5", Some(1), "12:00:00.5"),
            ("2026-10-20T12:30:00.5Z", Some(6), "2026-10-20T12:30:00.5Z"),
        ] {
            assert_eq!(with_digits(text, digits), expected);
        }
        assert_eq!(
            (year("2026-01-01"), year("2026"), year("0000"), year("2026-02-01")),
            ("2026", "2026", "0000", "2026-02-01")
        );
    }

    proptest! {
        #[test]
        fn only_zeros_come_and_go(fraction in "[0-9]{0,9}", digits in proptest::option::of(0_usize..7)) {
            let text = format!("12:30:00.{fraction}");
            let shown = with_digits(&text, digits);
            let significant = |text: &str| text.split_once('.').map(|(_, f)| f.trim_end_matches('0').to_owned()).unwrap_or_default();
            prop_assert_eq!(significant(&shown), significant(&text));
        }
    }
}
