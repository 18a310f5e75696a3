//! Columns and cells of the service as the plain types of the seam: kinds and bytes as the MySQL text protocol has them.
//!
//! What cannot be told exactly is an error, never a guess.

use aws_sdk_rdsdata::types::{ColumnMetadata, Field};

use super::{DataApiError, number, temporal};
use crate::backend::{Column, ColumnKind, Row};

/// How a column's values become the server's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Description {
    pub(super) column: Column,
    /// The type without its attributes, in upper case.
    pub(super) base: String,
    pub(super) is_unsigned: bool,
    /// As the service names it, for messages.
    pub(super) type_name: String,
    /// Digits to pad to with zeros, for a ZEROFILL that is mentioned.
    zeros: usize,
    scale: i32,
    /// Bytes of a BIT, if known.
    bytes: Option<usize>,
    fraction: Option<usize>,
}

/// Describes a column. `values` are those of its first rows, which count where the service gives a type that is not known.
pub(super) fn describe<'a>(metadata: &ColumnMetadata, mut values: impl Iterator<Item = &'a Field>) -> Description {
    let type_name = metadata.type_name().unwrap_or_default().to_owned();
    let upper = type_name.to_ascii_uppercase();
    // "BIGINT UNSIGNED", "INT(10) UNSIGNED ZEROFILL"
    let words: Vec<&str> = upper.split([' ', '(', ')']).filter(|word| !word.is_empty()).collect();
    let base = words.first().copied().unwrap_or_default().to_owned();
    let is_zerofill = words.contains(&"ZEROFILL");
    let is_unsigned = is_zerofill || words.contains(&"UNSIGNED");
    let (precision, scale) = (metadata.precision(), metadata.scale());
    let kind = match kind(&base) {
        Some(ColumnKind::Integer) if is_zerofill => ColumnKind::Text,
        Some(kind) => kind,
        None => values.find_map(kind_of_value).unwrap_or(ColumnKind::Text),
    };
    // The name of a column is its table's; what the statement calls it is the label.
    let label = metadata.label().filter(|label| !label.is_empty()).or(metadata.name()).unwrap_or_default();
    let length = usize::try_from(precision).ok().filter(|length| *length > 0);
    Description {
        column: Column { name: label.to_owned(), kind },
        fraction: temporal::fraction_digits(&base, precision, scale),
        zeros: if is_zerofill { length.unwrap_or_default().min(65) } else { 0 },
        bytes: length.filter(|bits| *bits <= 64).map(|bits| bits.div_ceil(8)),
        base,
        is_unsigned,
        type_name,
        scale,
    }
}

fn kind(base: &str) -> Option<ColumnKind> {
    Some(match base {
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "INTEGER" | "BIGINT" | "BOOL" | "BOOLEAN" | "INT1" | "INT2"
        | "INT3" | "INT4" | "INT8" => ColumnKind::Integer,
        "FLOAT" | "DOUBLE" | "REAL" => ColumnKind::Float,
        "DECIMAL" | "NUMERIC" | "NEWDECIMAL" | "OLDDECIMAL" => ColumnKind::Decimal,
        "BIT" => ColumnKind::Bit,
        "JSON" => ColumnKind::Json,
        "DATE" | "TIME" | "DATETIME" | "TIMESTAMP" | "YEAR" => ColumnKind::Temporal,
        "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" | "GEOMETRY" | "POINT"
        | "LINESTRING" | "POLYGON" | "MULTIPOINT" | "MULTILINESTRING" | "MULTIPOLYGON" | "GEOMETRYCOLLECTION"
        | "GEOMCOLLECTION" | "VECTOR" => ColumnKind::Binary,
        "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM" | "SET" | "NULL" | "STRING"
        | "VARSTRING" | "VAR_STRING" | "NCHAR" | "NVARCHAR" => ColumnKind::Text,
        _ => return None,
    })
}

fn kind_of_value(value: &Field) -> Option<ColumnKind> {
    match value {
        Field::LongValue(_) | Field::BooleanValue(_) => Some(ColumnKind::Integer),
        Field::DoubleValue(_) => Some(ColumnKind::Float),
        Field::BlobValue(_) => Some(ColumnKind::Binary),
        Field::StringValue(_) => Some(ColumnKind::Text),
        _ => None,
    }
}

impl Description {
    /// The bytes that the server would have sent; `None` is NULL.
    pub(super) fn cell(&self, field: Field) -> Result<Option<Vec<u8>>, DataApiError> {
        if matches!(field, Field::IsNull(_)) {
            return Ok(None);
        }
        let cell = match self.column.kind {
            ColumnKind::Integer => self.integer(field),
            ColumnKind::Float => self.float(field),
            ColumnKind::Decimal => self.decimal(field),
            ColumnKind::Bit => self.bit(field),
            ColumnKind::Temporal => self.temporal(field),
            ColumnKind::Text if self.zeros > 0 => self.integer(field),
            ColumnKind::Text | ColumnKind::Json | ColumnKind::Binary => plain(field),
        };
        cell.map(Some).ok_or_else(|| self.fault())
    }

    /// Whether its values are whole numbers, ZEROFILL or not.
    pub(super) fn is_integer(&self) -> bool {
        kind(&self.base) == Some(ColumnKind::Integer)
    }

    fn fault(&self) -> DataApiError {
        DataApiError::Value { column: self.column.name.clone(), type_name: self.type_name.clone() }
    }

    fn integer(&self, field: Field) -> Option<Vec<u8>> {
        let text = match field {
            Field::LongValue(value) => self.long(value),
            // TINYINT(1): the service has no other number for it.
            Field::BooleanValue(value) => u8::from(value).to_string(),
            Field::StringValue(text) => match text.parse::<i64>() {
                Ok(value) => self.long(value),
                Err(_) => text.parse::<u64>().ok()?.to_string(),
            },
            _ => return None,
        };
        Some(format!("{text:0>width$}", width = self.zeros).into_bytes())
    }

    /// An unsigned number beyond the range of the service's own arrives wrapped around.
    fn long(&self, value: i64) -> String {
        if self.is_unsigned { value.cast_unsigned().to_string() } else { value.to_string() }
    }

    fn float(&self, field: Field) -> Option<Vec<u8>> {
        let value = match field {
            Field::DoubleValue(value) => value,
            Field::StringValue(text) => text.parse().ok()?,
            #[expect(clippy::cast_precision_loss, reason = "it was a double before the service made it a whole number")]
            Field::LongValue(value) => value as f64,
            _ => return None,
        };
        if !value.is_finite() {
            return None;
        }
        let print = if self.base == "FLOAT" { number::float } else { number::double };
        Some(print(value, self.scale).into_bytes())
    }

    fn decimal(&self, field: Field) -> Option<Vec<u8>> {
        match field {
            Field::StringValue(text) => number::decimal(&text, self.scale).map(String::into_bytes),
            Field::LongValue(value) if self.scale <= 0 => Some(value.to_string().into_bytes()),
            // A double may have been rounded, and then nothing tells.
            _ => None,
        }
    }

    fn bit(&self, field: Field) -> Option<Vec<u8>> {
        let value = match field {
            Field::BlobValue(blob) => {
                let mut bytes = blob.into_inner();
                let wanted = self.bytes.unwrap_or_default().max(1);
                let missing = wanted.saturating_sub(bytes.len());
                bytes.splice(0..0, std::iter::repeat_n(0, missing));
                return (bytes.len() <= 8).then_some(bytes);
            }
            Field::BooleanValue(value) => u64::from(value),
            Field::LongValue(value) => value.cast_unsigned(),
            Field::StringValue(text) => text.parse().ok()?,
            _ => return None,
        };
        let needed = value.checked_ilog2().map_or(1, |bits| bits as usize / 8 + 1);
        let length = self.bytes.unwrap_or(needed).max(needed);
        Some(value.to_be_bytes()[8 - length..].to_vec())
    }

    fn temporal(&self, field: Field) -> Option<Vec<u8>> {
        match (self.base.as_str(), field) {
            ("YEAR", Field::LongValue(year)) => Some(format!("{year:04}").into_bytes()),
            ("YEAR", Field::StringValue(text)) => Some(temporal::year(&text).as_bytes().to_vec()),
            ("DATE", Field::StringValue(text)) => Some(text.into_bytes()),
            (_, Field::StringValue(text)) => Some(temporal::with_digits(&text, self.fraction).into_bytes()),
            _ => None,
        }
    }
}

/// Text and bytes are what they are. A number or a boolean in such a column has an exact text as well.
fn plain(field: Field) -> Option<Vec<u8>> {
    match field {
        Field::StringValue(text) => Some(text.into_bytes()),
        Field::BlobValue(blob) => Some(blob.into_inner()),
        Field::LongValue(value) => Some(value.to_string().into_bytes()),
        Field::BooleanValue(value) => Some(u8::from(value).to_string().into_bytes()),
        _ => None,
    }
}

/// One row, its cells made.
pub(super) struct Cells(pub(super) Vec<Option<Vec<u8>>>);

impl Row for Cells {
    fn cell(&self, index: usize) -> Option<&[u8]> {
        self.0.get(index)?.as_deref()
    }
}
