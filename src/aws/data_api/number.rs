//! Numbers as MySQL prints them in its text protocol. Pure.
//!
//! The service has read the server's text into a double; these are the rules by which the server had written it:
//! `my_gcvt` and `my_fcvt` of `strings/dtoa.c`, called by `String::set_real` with a buffer that always has room.

use std::fmt::Write as _;

/// `NOT_FIXED_DEC`: the server prints as many decimals as a value needs.
const NOT_FIXED: i32 = 31;

/// `MAX_DECPT_FOR_F_FORMAT`: beyond it a number is printed with an exponent.
const MOST_PLAIN_DIGITS: i32 = 15;

/// `FLT_DIG`.
const FLOAT_DIGITS: usize = 6;

/// A DOUBLE. `scale` is the column's number of decimals; 0 is taken for not fixed, because the service says it of both.
pub(super) fn double(value: f64, scale: i32) -> String {
    if (1..NOT_FIXED).contains(&scale) { fixed(value, scale) } else { general(value, None) }
}

/// A FLOAT, whatever its value was widened to on the way.
pub(super) fn float(value: f64, scale: i32) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "it was a float before it was widened")]
    let value = f64::from(value as f32);
    if (1..NOT_FIXED).contains(&scale) { fixed(value, scale) } else { general(value, Some(FLOAT_DIGITS)) }
}

/// The shortest digits that give the value back, at most `limit` of them, and where the point stands: before the first digit
/// for 0, after it for 1.
fn digits(value: f64, limit: Option<usize>) -> (String, i32) {
    let shortest = format!("{:e}", value.abs());
    let text = match limit {
        Some(limit) if shortest.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).count() > limit => {
            format!("{:.*e}", limit - 1, value.abs())
        }
        _ => shortest,
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let trimmed = digits.trim_end_matches('0');
    let digits = if trimmed.is_empty() { "0" } else { trimmed };
    (digits.to_owned(), exponent.parse::<i32>().unwrap_or_default() + 1)
}

/// `my_gcvt`.
fn general(value: f64, limit: Option<usize>) -> String {
    let (digits, point) = digits(value, limit);
    let mut text = String::from(if value.is_sign_negative() { "-" } else { "" });
    if (1 - MOST_PLAIN_DIGITS..=MOST_PLAIN_DIGITS).contains(&point) {
        push_plain(&mut text, &digits, point);
    } else {
        let (first, rest) = digits.split_at(1);
        text.push_str(first);
        if !rest.is_empty() {
            text.push('.');
            text.push_str(rest);
        }
        let _ = write!(text, "e{}", point - 1);
    }
    text
}

/// `my_fcvt`, which pads the shortest digits with zeros and rounds only what is longer.
fn fixed(value: f64, scale: i32) -> String {
    let scale = usize::try_from(scale).unwrap_or_default();
    let (digits, point) = digits(value, None);
    let mut plain = String::from(if value.is_sign_negative() { "-" } else { "" });
    push_plain(&mut plain, &digits, point);
    let decimals = plain.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if decimals > scale {
        return format!("{value:.scale$}");
    }
    if decimals == 0 {
        plain.push('.');
    }
    plain.extend(std::iter::repeat_n('0', scale - decimals));
    plain
}

fn push_plain(text: &mut String, digits: &str, point: i32) {
    match usize::try_from(point) {
        Ok(point) if point >= digits.len() => {
            text.push_str(digits);
            text.extend(std::iter::repeat_n('0', point - digits.len()));
        }
        Ok(point) if point > 0 => {
            text.push_str(&digits[..point]);
            text.push('.');
            text.push_str(&digits[point..]);
        }
        _ => {
            text.push_str("0.");
            text.extend(std::iter::repeat_n('0', usize::try_from(-point).unwrap_or_default()));
            text.push_str(digits);
        }
    }
}

/// A DECIMAL. The service's driver may write very small ones with an exponent, which MySQL never does. `None` for what is no
/// exact number.
pub(super) fn decimal(text: &str, scale: i32) -> Option<String> {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return is_decimal(text).then(|| text.to_owned());
    };
    let exponent: i32 = exponent.parse().ok().filter(|exponent| (-100..=100).contains(exponent))?;
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    if !is_decimal(mantissa) || mantissa.starts_with(['-', '+']) {
        return None;
    }
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{integer}{fraction}");
    let point = i32::try_from(integer.len()).ok()? + exponent;
    let mut plain = String::new();
    push_plain(&mut plain, &digits, point);
    // Zeros in front come from the digits of the mantissa, never from the server.
    let significant = plain.trim_start_matches('0');
    let plain = if significant.is_empty() || significant.starts_with('.') {
        format!("0{significant}")
    } else {
        significant.to_owned()
    };
    let (integer, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let scale = usize::try_from(scale).unwrap_or_default().max(fraction.len());
    Some(if scale == 0 { format!("{sign}{integer}") } else { format!("{sign}{integer}.{fraction:0<scale$}") })
}

fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (integer, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(integer) && is_digits(fraction)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn doubles_are_printed_as_mysql_prints_them() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (100.0, "100"),
            (123_456.789, "123456.789"),
            (999_999_999_999_999.0, "999999999999999"),
            (1e15, "1e15"),
            (1_234_567_890_123_456.0, "1.234567890123456e15"),
            (1e20, "1e20"),
            (-1e20, "-1e20"),
            (1e-14, "0.00000000000001"),
            (1e-15, "0.000000000000001"),
            (1e-16, "1e-16"),
            (1.25e-17, "1.25e-17"),
            (f64::MAX, "1.7976931348623157e308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (5e-324, "5e-324"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1.0 / 3.0, "0.3333333333333333"),
        ] {
            assert_eq!(double(value, 31), expected);
            assert_eq!(double(value, 0), expected);
        }
        for (value, scale, expected) in [
            (1.5, 2, "1.50"),
            (0.0, 2, "0.00"),
            (-2.0, 1, "-2.0"),
            (0.1, 20, "0.10000000000000000000"),
            (1e20, 2, "100000000000000000000.00"),
            (2.345_678, 3, "2.346"),
            (1e-20, 3, "0.000"),
        ] {
            assert_eq!(double(value, scale), expected);
        }
    }

    #[test]
    fn floats_have_six_digits() {
        for (value, expected) in [
            (0.0_f32, "0"),
            (1.5, "1.5"),
            (2.71, "2.71"),
            (16_777_216.0, "16777200"),
            (123_456.79, "123457"),
            (0.1, "0.1"),
            (1e20, "1e20"),
            (f32::MAX, "3.40282e38"),
            (f32::MIN_POSITIVE, "1.17549e-38"),
            (999_999.5, "1000000"),
            (-0.000_001, "-0.000001"),
        ] {
            // As the service may have read it: the server's text, or the float widened.
            assert_eq!(float(f64::from(value), 31), expected);
            assert_eq!(float(format!("{value:e}").parse().unwrap(), 0), expected);
        }
        assert_eq!(float(123_456.789, 4), "123456.7891");
        assert_eq!(float(1.5, 2), "1.50");
    }

    #[test]
    fn decimals_are_kept_digit_for_digit() {
        for (text, scale, expected) in [
            ("0", 0, "0"),
            ("1.10", 2, "1.10"),
            (
                "-99999999999999999999999999999999999.123456789012345678901234567890",
                30,
                "-99999999999999999999999999999999999.123456789012345678901234567890",
            ),
            ("0E-10", 10, "0.0000000000"),
            ("1E-10", 10, "0.0000000001"),
            ("-1.5E-7", 8, "-0.00000015"),
            ("-1.50E-7", 9, "-0.000000150"),
            ("1.2E+3", 0, "1200"),
            ("1E+3", 2, "1000.00"),
        ] {
            assert_eq!(decimal(text, scale).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "-", "1.", ".5", "1e", "e5", "1e999", "NaN", "1,5", "0x1", "--1E-7", "1 "] {
            assert_eq!(decimal(text, 0), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_double_reads_back_as_itself(value in any::<f64>().prop_filter("finite", |value| value.is_finite())) {
            prop_assert_eq!(double(value, 31).parse::<f64>().unwrap().to_bits(), value.to_bits());
        }

        #[test]
        fn a_float_does_not_depend_on_how_it_was_widened(value in any::<f32>().prop_filter("finite", |v| v.is_finite())) {
            let shortest: f64 = format!("{value:e}").parse().unwrap();
            prop_assert_eq!(float(f64::from(value), 31), float(shortest, 31));
            // What the server printed is all that the service may have read.
            let printed: f64 = float(f64::from(value), 31).parse().unwrap();
            prop_assert_eq!(float(printed, 31), float(f64::from(value), 31));
        }

        #[test]
        fn fixed_decimals_are_as_many_as_the_column_has(value in -1e12..1e12, scale in 1..30) {
            let text = double(value, scale);
            prop_assert_eq!(text.split_once('.').unwrap().1.len(), usize::try_from(scale).unwrap());
            prop_assert!((text.parse::<f64>().unwrap() - value).abs() <= 10_f64.powi(-scale));
        }
    }
}
