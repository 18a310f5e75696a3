//! Values as the service sends them: each an object with one member that says what it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mysql_async::Value as Sent;
use serde_json::{Map, Number, Value, json};

use super::columns::{Column, Kind};
use super::errors::{Result, ServiceError};
use super::options::{DataApiOptions, Rendering, Temporal};
use super::requests::Request;

/// The rows of an answer, as far as they fit into one.
pub(super) struct Fields<'a> {
    columns: &'a [Column],
    options: &'a DataApiOptions,
    request: &'a Request,
    records: Vec<Value>,
    size: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn new(columns: &'a [Column], options: &'a DataApiOptions, request: &'a Request) -> Self {
        Self { columns, options, request, records: Vec::new(), size: 0 }
    }

    /// Adds a row.
    pub(super) fn add(&mut self, row: Vec<Option<Sent>>) -> Result<()> {
        let (limits, rendering) = (&self.options.limits, self.options.rendering);
        let mut size = 0;
        let mut record = Vec::with_capacity(row.len());
        for (value, column) in row.into_iter().zip(self.columns) {
            let text = value.and_then(|value| text(value, column.kind));
            size += text.as_ref().map_or(0, Vec::len);
            record.push(
                text.map_or_else(|| json!({"isNull": true}), |text| field(&text, column.kind, rendering, self.request)),
            );
        }
        if size > limits.row {
            let message = "The result set contains a row that exceeds the allowed row size limit of 64 KB";
            return Err(ServiceError::too_large(rendering.size_is_bad_request, message));
        }
        self.size += size;
        if self.size > limits.response {
            let message = "Database returned more than the allowed response size limit";
            return Err(ServiceError::too_large(rendering.size_is_bad_request, message));
        }
        self.records.push(Value::Array(record));
        Ok(())
    }

    /// Puts the rows where they belong in an answer.
    pub(super) fn put_into(self, answer: &mut Value) {
        if !self.request.formatted {
            answer["records"] = Value::Array(self.records);
            return;
        }
        let labels: Vec<&str> =
            self.columns.iter().map(|column| column.metadata["label"].as_str().unwrap_or_default()).collect();
        let object = |record: &Value| -> Value {
            let fields = record.as_array().into_iter().flatten();
            labels
                .iter()
                .zip(fields)
                .map(|(label, field)| ((*label).to_owned(), bare(field)))
                .collect::<Map<_, _>>()
                .into()
        };
        let records: Vec<Value> = self.records.iter().map(object).collect();
        answer["formattedRecords"] = Value::String(Value::Array(records).to_string());
    }
}

/// A field without the word that says what it is.
fn bare(field: &Value) -> Value {
    let (name, value) = field.as_object().and_then(|members| members.iter().next()).expect("a field has one member");
    if name == "isNull" { Value::Null } else { value.clone() }
}

/// A value as the text protocol sends it, whichever protocol sent it; `None` is NULL.
fn text(value: Sent, kind: Kind) -> Option<Vec<u8>> {
    let fraction = |scale: u8, micros: u32| match scale {
        0 if micros == 0 => String::new(),
        0 => format!(".{micros:06}"),
        _ => format!(".{micros:06}").chars().take(usize::from(scale) + 1).collect(),
    };
    let scale = match kind {
        Kind::Moment { scale } | Kind::Time { scale } => scale,
        _ => 0,
    };
    let text = match value {
        Sent::NULL => return None,
        Sent::Bytes(bytes) => return Some(bytes),
        Sent::Int(number) if kind == Kind::Year => format!("{number:04}"),
        Sent::UInt(number) if kind == Kind::Year => format!("{number:04}"),
        Sent::Int(number) => number.to_string(),
        Sent::UInt(number) => number.to_string(),
        Sent::Float(number) => number.to_string(),
        Sent::Double(number) => number.to_string(),
        Sent::Date(year, month, day, ..) if kind == Kind::Date => format!("{year:04}-{month:02}-{day:02}"),
        Sent::Date(year, month, day, hour, minute, second, micros) => {
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{}", fraction(scale, micros))
        }
        Sent::Time(negative, days, hours, minutes, seconds, micros) => format!(
            "{}{:02}:{minutes:02}:{seconds:02}{}",
            if negative { "-" } else { "" },
            days * 24 + u32::from(hours),
            fraction(scale, micros)
        ),
    };
    Some(text.into_bytes())
}

fn field(bytes: &[u8], kind: Kind, rendering: Rendering, request: &Request) -> Value {
    let text = String::from_utf8_lossy(bytes);
    match kind {
        Kind::Boolean => json!({"booleanValue": text != "0"}),
        Kind::Bits { one: true } => json!({"booleanValue": bytes.iter().any(|byte| *byte != 0)}),
        Kind::Blob | Kind::Bits { one: false } => json!({"blobValue": STANDARD.encode(bytes)}),
        Kind::Long => match text.parse::<i64>() {
            Ok(number) if !request.long_as_text => json!({"longValue": number}),
            // Asked for, or a BigInteger in Java.
            _ => json!({"stringValue": text}),
        },
        Kind::Float if rendering.widen_floats => double(text.parse::<f32>().map(f64::from), &text),
        Kind::Float | Kind::Double => double(text.parse(), &text),
        Kind::Decimal { scale: 0 } if request.decimal_as_number && text.parse::<i64>().is_ok() => {
            json!({"longValue": text.parse::<i64>().unwrap_or_default()})
        }
        Kind::Decimal { .. } if request.decimal_as_number => double(text.parse(), &text),
        Kind::Decimal { .. } if rendering.decimal_exponents => json!({"stringValue": with_exponent(&text)}),
        Kind::Moment { .. } if rendering.temporal == Temporal::Jdbc => json!({"stringValue": as_java(&text)}),
        Kind::Year if rendering.year_as_date => json!({"stringValue": format!("{text}-01-01")}),
        Kind::Year if !request.long_as_text => {
            text.parse::<i64>().map_or_else(|_| json!({"stringValue": text}), |year| json!({"longValue": year}))
        }
        Kind::Year
        | Kind::Decimal { .. }
        | Kind::Text
        | Kind::Moment { .. }
        | Kind::Time { .. }
        | Kind::Date
        | Kind::Null => {
            json!({"stringValue": text})
        }
    }
}

fn double(number: std::result::Result<f64, std::num::ParseFloatError>, text: &str) -> Value {
    let number = number.ok().and_then(Number::from_f64);
    number.map_or_else(|| json!({"stringValue": text}), |number| json!({"doubleValue": number}))
}

/// `Timestamp.toString`: a fraction always, and without zeros at its end.
fn as_java(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    format!("{whole}.{}", if fraction.is_empty() { "0" } else { fraction })
}

/// `BigDecimal.toString`: with an exponent where the first digit is further than six places behind the point.
fn with_exponent(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let Some((whole, fraction)) = digits.split_once('.') else { return text.to_owned() };
    let first = fraction.find(|digit| digit != '0').unwrap_or(fraction.len() - 1);
    if !whole.trim_start_matches('0').is_empty() || first < 6 {
        return text.to_owned();
    }
    let significant = &fraction[first..];
    let (head, tail) = significant.split_at(1);
    let point = if tail.is_empty() { "" } else { "." };
    // Zero has no sign.
    let sign = if significant.trim_matches('0').is_empty() { "" } else { sign };
    format!("{sign}{head}{point}{tail}E-{}", first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_spelled_as_java_does() {
        for (plain, java) in [
            ("0.1000000000", "0.1000000000"),
            ("-0.0000000001", "-1E-10"),
            ("0.0000000000", "0E-10"),
            ("0.00000120", "0.00000120"),
            ("0.0000001200", "1.200E-7"),
            ("12345678901234567890.0123456789", "12345678901234567890.0123456789"),
            ("42", "42"),
        ] {
            assert_eq!(with_exponent(plain), java);
        }
        for (plain, java) in [
            ("2026-01-02 03:04:05", "2026-01-02 03:04:05.0"),
            ("2026-01-02 03:04:05.500000", "2026-01-02 03:04:05.5"),
            ("2026-01-02 03:04:05.000001", "2026-01-02 03:04:05.000001"),
        ] {
            assert_eq!(as_java(plain), java);
        }
    }

    #[test]
    fn both_protocols_give_the_same_text() {
        let of = |value, kind| String::from_utf8(text(value, kind).unwrap()).unwrap();
        assert_eq!(
            of(Sent::Date(2024, 2, 9, 3, 4, 5, 500_000), Kind::Moment { scale: 6 }),
            "2024-02-09 03:04:05.500000"
        );
        assert_eq!(of(Sent::Date(2024, 2, 9, 0, 0, 0, 0), Kind::Moment { scale: 0 }), "2024-02-09 00:00:00");
        assert_eq!(of(Sent::Date(2024, 2, 9, 0, 0, 0, 0), Kind::Date), "2024-02-09");
        assert_eq!(of(Sent::Time(true, 34, 22, 59, 58, 999_000), Kind::Time { scale: 3 }), "-838:59:58.999");
        assert_eq!(of(Sent::UInt(2155), Kind::Year), "2155");
        assert_eq!(text(Sent::NULL, Kind::Text), None);
    }
}
