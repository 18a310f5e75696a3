//! Named values as the service takes them.

use aws_sdk_rdsdata::primitives::Blob;
use aws_sdk_rdsdata::types::{Field, SqlParameter, TypeHint};

use crate::backend::{Parameter, ParameterValue};

/// A parameter for the service.
pub(super) fn parameter(parameter: &Parameter) -> SqlParameter {
    let (value, hint) = value(&parameter.value);
    SqlParameter::builder().name(&parameter.name).value(value).set_type_hint(hint).build()
}

fn value(value: &ParameterValue) -> (Field, Option<TypeHint>) {
    let text = |text: &str| Field::StringValue(text.to_owned());
    match value {
        ParameterValue::Null => (Field::IsNull(true), None),
        // MySQL has no type for a UUID: it is text, there and here.
        ParameterValue::Text(value) | ParameterValue::Uuid(value) => (text(value), None),
        ParameterValue::Integer(value) => (Field::LongValue(*value), None),
        ParameterValue::Double(value) => match value.parse::<f64>() {
            Ok(number) if number.is_finite() => (Field::DoubleValue(number), None),
            // Whoever makes parameters checks this; the server says what it thinks of it.
            _ => (text(value), None),
        },
        ParameterValue::Boolean(value) => (Field::BooleanValue(*value), None),
        ParameterValue::Decimal(value) => (text(value), Some(TypeHint::Decimal)),
        ParameterValue::Date(value) => (text(value), Some(TypeHint::Date)),
        ParameterValue::Time(value) => (text(value), temporal(value, TypeHint::Time)),
        ParameterValue::Timestamp(value) => (text(value), temporal(value, TypeHint::Timestamp)),
        ParameterValue::Json(value) => (text(value), Some(TypeHint::Json)),
        ParameterValue::Binary(value) => (Field::BlobValue(Blob::new(value.clone())), None),
    }
}

/// The hint's format has milliseconds at most. What is finer goes as text, which the server reads to the last digit.
fn temporal(value: &str, hint: TypeHint) -> Option<TypeHint> {
    let digits = value.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    (digits <= 3).then_some(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_field_and_hint() {
        let text = |text: &str| Field::StringValue(text.to_owned());
        for (given, field, hint) in [
            (ParameterValue::Null, Field::IsNull(true), None),
            (ParameterValue::Text("ü'\\".into()), text("ü'\\"), None),
            (ParameterValue::Integer(i64::MIN), Field::LongValue(i64::MIN), None),
            (ParameterValue::Double("1e20".into()), Field::DoubleValue(1e20), None),
            (ParameterValue::Double("1e999".into()), text("1e999"), None),
            (ParameterValue::Boolean(true), Field::BooleanValue(true), None),
            (ParameterValue::Decimal("1.10".into()), text("1.10"), Some(TypeHint::Decimal)),
            (ParameterValue::Date("2026-10-20".into()), text("2026-10-20"), Some(TypeHint::Date)),
            (ParameterValue::Time("12:30:00".into()), text("12:30:00"), Some(TypeHint::Time)),
            (
                ParameterValue::Timestamp("2026-10-20 12:30:00.5".into()),
                text("2026-10-20 12:30:00.5"),
                Some(TypeHint::Timestamp),
            ),
            (ParameterValue::Timestamp("2026-10-20 12:30:00.123456".into()), text("2026-10-20 12:30:00.123456"), None),
            (ParameterValue::Time("12:30:00.1234".into()), text("12:30:00.1234"), None),
            (ParameterValue::Json("{}".into()), text("{}"), Some(TypeHint::Json)),
            (ParameterValue::Uuid("123e4567".into()), text("123e4567"), None),
            (ParameterValue::Binary(vec![0, 255]), Field::BlobValue(Blob::new([0, 255])), None),
        ] {
            let made = parameter(&Parameter { name: "x".into(), value: given });
            assert_eq!((made.name(), made.value(), made.type_hint()), (Some("x"), Some(&field), hint.as_ref()));
        }
    }
}
