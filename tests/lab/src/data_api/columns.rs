//! Columns as the service describes them: JDBC's numbers and names for what the database declared.
//!
//! Source: `java.sql.Types`, and what MySQL's JDBC driver reports for each of MySQL's types.

use mysql_async::Column as Declared;
use mysql_async::consts::{ColumnFlags, ColumnType};
use serde_json::{Value, json};

use super::options::{Rendering, Temporal};

/// The collation of bytes.
const BINARY: u16 = 63;

/// How a column's values are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Long,
    Float,
    Double,
    Decimal {
        scale: u8,
    },
    Text,
    Blob,
    /// One bit is a boolean, several are bytes.
    Bits {
        one: bool,
    },
    Moment {
        scale: u8,
    },
    Time {
        scale: u8,
    },
    Date,
    Year,
    Null,
}

/// One column of a result.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) kind: Kind,
    /// A `ColumnMetadata`.
    pub(super) metadata: Value,
}

/// What the metadata say about a type.
struct Type {
    kind: Kind,
    /// A number of `java.sql.Types`.
    number: i32,
    name: String,
    precision: u32,
    scale: u8,
}

pub(super) fn describe(declared: &Declared, rendering: Rendering) -> Column {
    let found = type_of(declared, rendering);
    let flags = declared.flags();
    let numeric = matches!(found.kind, Kind::Long | Kind::Float | Kind::Double | Kind::Decimal { .. });
    let origin = declared.org_name_str();
    let metadata = json!({
        "arrayBaseColumnType": 0,
        "isAutoIncrement": flags.contains(ColumnFlags::AUTO_INCREMENT_FLAG),
        "isCaseSensitive": !numeric && declared.character_set() == BINARY && found.kind == Kind::Blob,
        "isCurrency": false,
        "isSigned": numeric && !flags.contains(ColumnFlags::UNSIGNED_FLAG),
        "label": declared.name_str(),
        "name": if origin.is_empty() { declared.name_str() } else { origin },
        "nullable": i32::from(!flags.contains(ColumnFlags::NOT_NULL_FLAG)),
        // An Integer in the service's model; the drivers cut LONGTEXT's 4 GiB off there.
        "precision": i32::try_from(found.precision).unwrap_or(i32::MAX),
        "scale": found.scale,
        "schemaName": "",
        "tableName": declared.table_str(),
        "type": found.number,
        "typeName": found.name,
    });
    Column { kind: found.kind, metadata }
}

fn type_of(declared: &Declared, rendering: Rendering) -> Type {
    let flags = declared.flags();
    let unsigned = flags.contains(ColumnFlags::UNSIGNED_FLAG);
    let bytes = declared.character_set() == BINARY;
    let length = declared.column_length();
    // 31 stands for "as many as there are".
    let scale = if declared.decimals() > 30 { 0 } else { declared.decimals() };
    let jdbc = rendering.temporal == Temporal::Jdbc;
    let shown_scale = if jdbc { 0 } else { scale };
    let plain = |kind: Kind, number: i32, name: &str, precision: u32| Type {
        kind,
        number,
        name: name.to_owned(),
        precision,
        scale: 0,
    };
    let integer = |number: i32, name: &str, precision: u32| {
        let name = if unsigned { format!("{name} UNSIGNED") } else { name.to_owned() };
        Type { kind: Kind::Long, number, name, precision, scale: 0 }
    };
    match declared.column_type() {
        ColumnType::MYSQL_TYPE_TINY if length == 1 && !unsigned && rendering.tiny_as_boolean => {
            plain(Kind::Boolean, -7, "BIT", 1)
        }
        ColumnType::MYSQL_TYPE_TINY => integer(-6, "TINYINT", if length == 1 { 1 } else { 3 }),
        ColumnType::MYSQL_TYPE_SHORT => integer(5, "SMALLINT", 5),
        ColumnType::MYSQL_TYPE_INT24 => integer(4, "MEDIUMINT", if unsigned { 8 } else { 7 }),
        ColumnType::MYSQL_TYPE_LONG => integer(4, "INT", 10),
        ColumnType::MYSQL_TYPE_LONGLONG => integer(-5, "BIGINT", if unsigned { 20 } else { 19 }),
        ColumnType::MYSQL_TYPE_FLOAT => plain(Kind::Float, 7, signed("FLOAT", unsigned).as_str(), 12),
        ColumnType::MYSQL_TYPE_DOUBLE => plain(Kind::Double, 8, signed("DOUBLE", unsigned).as_str(), 22),
        ColumnType::MYSQL_TYPE_DECIMAL | ColumnType::MYSQL_TYPE_NEWDECIMAL => {
            let precision = length.saturating_sub(u32::from(scale > 0)).saturating_sub(u32::from(!unsigned));
            Type { kind: Kind::Decimal { scale }, number: 3, name: signed("DECIMAL", unsigned), precision, scale }
        }
        ColumnType::MYSQL_TYPE_BIT => plain(Kind::Bits { one: length == 1 }, -7, "BIT", length),
        ColumnType::MYSQL_TYPE_DATE | ColumnType::MYSQL_TYPE_NEWDATE => plain(Kind::Date, 91, "DATE", 10),
        ColumnType::MYSQL_TYPE_TIME | ColumnType::MYSQL_TYPE_TIME2 => {
            Type { scale: shown_scale, ..plain(Kind::Time { scale }, 92, "TIME", length) }
        }
        ColumnType::MYSQL_TYPE_DATETIME | ColumnType::MYSQL_TYPE_DATETIME2 => {
            Type { scale: shown_scale, ..plain(Kind::Moment { scale }, 93, "DATETIME", length) }
        }
        ColumnType::MYSQL_TYPE_TIMESTAMP | ColumnType::MYSQL_TYPE_TIMESTAMP2 => {
            Type { scale: shown_scale, ..plain(Kind::Moment { scale }, 93, "TIMESTAMP", length) }
        }
        ColumnType::MYSQL_TYPE_YEAR => plain(Kind::Year, 91, "YEAR", 4),
        ColumnType::MYSQL_TYPE_NULL => plain(Kind::Null, 0, "NULL", 0),
        ColumnType::MYSQL_TYPE_JSON => plain(Kind::Text, -1, "JSON", length),
        ColumnType::MYSQL_TYPE_GEOMETRY => plain(Kind::Blob, -2, "GEOMETRY", length),
        ColumnType::MYSQL_TYPE_TINY_BLOB
        | ColumnType::MYSQL_TYPE_MEDIUM_BLOB
        | ColumnType::MYSQL_TYPE_LONG_BLOB
        | ColumnType::MYSQL_TYPE_BLOB => large(length, bytes),
        ColumnType::MYSQL_TYPE_STRING if bytes && !flags.intersects(ColumnFlags::ENUM_FLAG | ColumnFlags::SET_FLAG) => {
            plain(Kind::Blob, -2, "BINARY", length)
        }
        ColumnType::MYSQL_TYPE_STRING | ColumnType::MYSQL_TYPE_ENUM | ColumnType::MYSQL_TYPE_SET => {
            plain(Kind::Text, 1, "CHAR", letters(length, bytes))
        }
        _ if bytes => plain(Kind::Blob, -3, "VARBINARY", length),
        _ => plain(Kind::Text, 12, "VARCHAR", letters(length, bytes)),
    }
}

fn signed(name: &str, unsigned: bool) -> String {
    if unsigned { format!("{name} UNSIGNED") } else { name.to_owned() }
}

/// The server counts the bytes that utf8mb4 may need.
fn letters(length: u32, bytes: bool) -> u32 {
    if bytes { length } else { length / 4 }
}

/// The four sizes of TEXT and BLOB look alike but for their length.
fn large(length: u32, bytes: bool) -> Type {
    let letters = letters(length, bytes);
    let size = match letters {
        0..=255 => "TINY",
        256..=65_535 => "",
        65_536..=16_777_215 => "MEDIUM",
        _ => "LONG",
    };
    let (kind, number, noun) = if bytes { (Kind::Blob, -4, "BLOB") } else { (Kind::Text, -1, "TEXT") };
    Type { kind, number, name: format!("{size}{noun}"), precision: length, scale: 0 }
}
