//! Columns and rows of the text protocol as the plain types of the seam.
//!
//! Nothing is converted here: the server's own text goes through untouched, so no DECIMAL is rounded and no date normalised.

use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::{Column as DriverColumn, Row as DriverRow, Value};

use crate::backend::{Column, ColumnKind, Row};

/// The collation number of `binary`: bytes, not text.
const BINARY: u16 = 63;

/// One row as the driver holds it.
pub(super) struct TextRow(pub(super) DriverRow);

impl Row for TextRow {
    fn cell(&self, index: usize) -> Option<&[u8]> {
        match self.0.as_ref(index) {
            Some(Value::Bytes(bytes)) => Some(bytes),
            // The text protocol has no other values.
            _ => None,
        }
    }
}

pub(super) fn describe(column: &DriverColumn) -> Column {
    Column { name: column.name_str().into_owned(), kind: kind(column) }
}

fn kind(column: &DriverColumn) -> ColumnKind {
    use ColumnType as T;
    match column.column_type() {
        T::MYSQL_TYPE_TINY
        | T::MYSQL_TYPE_SHORT
        | T::MYSQL_TYPE_LONG
        | T::MYSQL_TYPE_LONGLONG
        | T::MYSQL_TYPE_INT24 => {
            // ZEROFILL pads with zeros, which is no JSON number and would lose its shape as one.
            if column.flags().contains(ColumnFlags::ZEROFILL_FLAG) { ColumnKind::Text } else { ColumnKind::Integer }
        }
        T::MYSQL_TYPE_FLOAT | T::MYSQL_TYPE_DOUBLE => ColumnKind::Float,
        T::MYSQL_TYPE_DECIMAL | T::MYSQL_TYPE_NEWDECIMAL => ColumnKind::Decimal,
        T::MYSQL_TYPE_BIT => ColumnKind::Bit,
        T::MYSQL_TYPE_JSON => ColumnKind::Json,
        T::MYSQL_TYPE_GEOMETRY | T::MYSQL_TYPE_VECTOR => ColumnKind::Binary,
        T::MYSQL_TYPE_TIMESTAMP
        | T::MYSQL_TYPE_DATE
        | T::MYSQL_TYPE_TIME
        | T::MYSQL_TYPE_DATETIME
        | T::MYSQL_TYPE_YEAR
        | T::MYSQL_TYPE_NEWDATE
        | T::MYSQL_TYPE_TIMESTAMP2
        | T::MYSQL_TYPE_DATETIME2
        | T::MYSQL_TYPE_TIME2 => ColumnKind::Temporal,
        T::MYSQL_TYPE_TINY_BLOB
        | T::MYSQL_TYPE_MEDIUM_BLOB
        | T::MYSQL_TYPE_LONG_BLOB
        | T::MYSQL_TYPE_BLOB
        | T::MYSQL_TYPE_VARCHAR
        | T::MYSQL_TYPE_VAR_STRING
        | T::MYSQL_TYPE_STRING => {
            if column.character_set() == BINARY {
                ColumnKind::Binary
            } else {
                ColumnKind::Text
            }
        }
        _ => ColumnKind::Text,
    }
}
