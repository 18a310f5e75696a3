//! MySQL's column types: read from a definition, described in a result's metadata, and applied to what the SQL engine
//! stored. The engine itself knows only integers, doubles, text and bytes.

use rusqlite::types::ValueRef;

use super::lexer::{Kind, Token};
use crate::packets::Column;

const BINARY: u16 = 63;
const UTF8MB4: u16 = 255;

/// A type as it was declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Type {
    /// Upper-case name without arguments: `DECIMAL`.
    pub(super) name: String,
    /// What stood in parentheses.
    pub(super) arguments: Vec<String>,
    pub(super) unsigned: bool,
}

/// A column of a table, with what `SHOW COLUMNS` tells of it.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "attributes that a definition combines freely")]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) kind: Type,
    pub(super) not_null: bool,
    pub(super) primary: bool,
    pub(super) unique: bool,
    pub(super) generated: bool,
    pub(super) default: Option<String>,
}

impl Type {
    pub(super) fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), arguments: Vec::new(), unsigned: false }
    }

    /// Reads a type at the start of `tokens`; also says how many of them it took.
    pub(super) fn read(tokens: &[Token]) -> Option<(Self, usize)> {
        let Kind::Word(word) = &tokens.first()?.kind else { return None };
        let name = match word.to_ascii_uppercase().as_str() {
            "INTEGER" => "INT".to_owned(),
            "NUMERIC" | "DEC" | "FIXED" => "DECIMAL".to_owned(),
            "BOOL" | "BOOLEAN" => "TINYINT".to_owned(),
            "REAL" => "DOUBLE".to_owned(),
            other => other.to_owned(),
        };
        let mut read = Self { name, arguments: Vec::new(), unsigned: false };
        let mut at = 1;
        if read.name == "DOUBLE" && tokens.get(at).is_some_and(|token| token.is("PRECISION")) {
            at += 1;
        }
        if tokens.get(at).is_some_and(|token| token.is_symbol("(")) {
            at += 1;
            while let Some(token) = tokens.get(at).filter(|token| !token.is_symbol(")")) {
                match &token.kind {
                    Kind::Integer(text) => read.arguments.push(text.clone()),
                    Kind::Text(text) => read.arguments.push(String::from_utf8_lossy(text).into_owned()),
                    _ => {}
                }
                at += 1;
            }
            at += 1;
        }
        while let Some(token) = tokens.get(at) {
            if token.is("UNSIGNED") {
                read.unsigned = true;
            } else if token.is("CHARACTER") && tokens.get(at + 1).is_some_and(|next| next.is("SET")) {
                at += 2;
            } else if token.is("CHARSET") || token.is("COLLATE") {
                at += 1;
            } else if !(token.is("ZEROFILL") || token.is("SIGNED")) {
                break;
            }
            at += 1;
        }
        Some((read, at))
    }

    /// `DECIMAL(p,s)` for a literal.
    pub(super) fn decimal(text: &str) -> Self {
        let scale = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let arguments = vec![(text.len() - 1).to_string(), scale.to_string()];
        Self { arguments, ..Self::plain("DECIMAL") }
    }

    fn argument(&self, index: usize, default: u32) -> u32 {
        self.arguments.get(index).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    /// Digits after the point, of the value or of its seconds.
    fn fraction(&self) -> usize {
        match self.name.as_str() {
            "DECIMAL" => self.argument(1, 0) as usize,
            "TIME" | "DATETIME" | "TIMESTAMP" => self.argument(0, 0) as usize,
            _ => 0,
        }
    }

    /// The storage that keeps every value of the type exactly. Wide numbers are text, compared by value.
    pub(super) fn storage(&self) -> &'static str {
        match self.name.as_str() {
            "DECIMAL" => "TEXT COLLATE by_value",
            "BIGINT" if self.unsigned => "TEXT COLLATE by_value",
            "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" | "YEAR" => "INTEGER",
            "FLOAT" | "DOUBLE" => "REAL",
            "BIT" | "POINT" | "GEOMETRY" | "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
                "BLOB"
            }
            _ => "TEXT COLLATE NOCASE",
        }
    }

    /// As `SHOW COLUMNS` writes it.
    pub(super) fn describe(&self) -> String {
        let mut text = self.name.to_ascii_lowercase();
        if !self.arguments.is_empty() {
            let quote = if matches!(self.name.as_str(), "ENUM" | "SET") { "'" } else { "" };
            let quoted: Vec<String> = self.arguments.iter().map(|value| format!("{quote}{value}{quote}")).collect();
            text = format!("{text}({})", quoted.join(","));
        }
        if self.unsigned { text + " unsigned" } else { text }
    }

    /// Fills in type, collation, length, flags and decimals.
    pub(super) fn apply_to(&self, column: &mut Column) {
        let number = |kind, length| (kind, BINARY, length, 0x8000_u16);
        let text = |kind, characters: u32, flags| (kind, UTF8MB4, characters.saturating_mul(4), flags);
        let (kind, collation, length, flags) = match self.name.as_str() {
            // TINYINT(1) is the one width that clients look at.
            "TINYINT" => number(1, self.argument(0, 4)),
            "SMALLINT" => number(2, 6),
            "INT" => number(3, 11),
            "MEDIUMINT" => number(9, 9),
            "BIGINT" => number(8, 20),
            "FLOAT" => number(4, 12),
            "DOUBLE" => number(5, 22),
            "DECIMAL" => number(246, self.argument(0, 10) + 2),
            "YEAR" => (13, BINARY, 4, 0x8000 | 32 | 64),
            "BIT" => (16, BINARY, self.argument(0, 1), 32),
            "DATE" => (10, BINARY, 10, 128),
            "TIME" => (11, BINARY, 10 + self.behind_the_point(), 128),
            "DATETIME" => (12, BINARY, 19 + self.behind_the_point(), 128),
            "TIMESTAMP" => (7, BINARY, 19 + self.behind_the_point(), 128),
            "CHAR" => text(254, self.argument(0, 1), 0),
            "ENUM" => text(254, self.longest(), 256),
            "SET" => text(254, self.longest(), 2048),
            "BINARY" => (254, BINARY, self.argument(0, 1), 128),
            "VARBINARY" => (253, BINARY, self.argument(0, 255), 128),
            "TINYTEXT" => (252, UTF8MB4, 0xff, 16),
            "TEXT" => (252, UTF8MB4, 0xffff, 16),
            "MEDIUMTEXT" => (252, UTF8MB4, 0xff_ffff, 16),
            "LONGTEXT" => (252, UTF8MB4, u32::MAX, 16),
            "TINYBLOB" => (252, BINARY, 0xff, 16 | 128),
            "BLOB" => (252, BINARY, 0xffff, 16 | 128),
            "MEDIUMBLOB" => (252, BINARY, 0xff_ffff, 16 | 128),
            "LONGBLOB" => (252, BINARY, u32::MAX, 16 | 128),
            "JSON" => (245, BINARY, u32::MAX, 16 | 128),
            "POINT" | "GEOMETRY" => (255, BINARY, u32::MAX, 16 | 128),
            "NULL" => (6, BINARY, 0, 128),
            _ => text(253, self.argument(0, 255), 0),
        };
        column.kind = kind;
        column.collation = collation;
        column.length = length;
        column.flags = flags | if self.unsigned { 32 } else { 0 };
        column.decimals = match self.name.as_str() {
            "FLOAT" | "DOUBLE" => 31,
            _ => u8::try_from(self.fraction()).unwrap_or(31),
        };
    }

    /// The fraction of a second, with its point.
    fn behind_the_point(&self) -> u32 {
        match self.argument(0, 0) {
            0 => 0,
            digits => digits + 1,
        }
    }

    fn longest(&self) -> u32 {
        u32::try_from(self.arguments.iter().map(|value| value.chars().count()).max().unwrap_or(1)).unwrap_or(255)
    }

    /// The value as the text protocol sends it.
    pub(super) fn encode(&self, value: ValueRef<'_>) -> Option<Vec<u8>> {
        Some(match (self.name.as_str(), value) {
            (_, ValueRef::Null) => return None,
            ("BIT", ValueRef::Integer(number)) => self.bits(&number.to_be_bytes()),
            ("BIT", ValueRef::Blob(bytes) | ValueRef::Text(bytes)) => self.bits(bytes),
            ("BINARY", ValueRef::Blob(bytes) | ValueRef::Text(bytes)) => {
                let mut padded = bytes.to_vec();
                padded.resize(padded.len().max(self.argument(0, 1) as usize), 0);
                padded
            }
            ("FLOAT", ValueRef::Real(number)) => real(six_digits(number)).into_bytes(),
            (_, ValueRef::Integer(number)) => self.pad(number.to_string()).into_bytes(),
            (_, ValueRef::Real(number)) => self.pad(real(number)).into_bytes(),
            ("DECIMAL" | "DATETIME" | "TIMESTAMP" | "TIME", ValueRef::Text(bytes)) => {
                self.pad(String::from_utf8_lossy(bytes).into_owned()).into_bytes()
            }
            (_, ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => bytes.to_vec(),
        })
    }

    fn bits(&self, bytes: &[u8]) -> Vec<u8> {
        let width = self.argument(0, 1).div_ceil(8) as usize;
        let mut out = vec![0; width.saturating_sub(bytes.len())];
        out.extend_from_slice(bytes.get(bytes.len().saturating_sub(width)..).unwrap_or_default());
        out
    }

    /// `5` in a `DECIMAL(10,2)` is `5.00`; `12:00:00` in a `TIME(3)` is `12:00:00.000`.
    fn pad(&self, mut text: String) -> String {
        let wanted = self.fraction();
        if wanted > 0 && !text.is_empty() {
            if !text.contains('.') {
                text.push('.');
            }
            let present = text.rsplit('.').next().map_or(0, str::len);
            text.push_str(&"0".repeat(wanted.saturating_sub(present)));
        }
        text
    }
}

/// The type of an expression, from the first value it gave.
pub(super) fn type_of(value: ValueRef<'_>) -> Type {
    Type::plain(match value {
        ValueRef::Integer(_) => "BIGINT",
        ValueRef::Real(_) => "DOUBLE",
        ValueRef::Blob(_) => "VARBINARY",
        ValueRef::Text(_) | ValueRef::Null => "VARCHAR",
    })
}

/// The shortest digits, with an exponent where MySQL writes one.
fn real(number: f64) -> String {
    let size = number.abs();
    if size >= 1e15 || size != 0.0 && size < 1e-14 { format!("{number:e}") } else { number.to_string() }
}

/// A float shows six digits.
fn six_digits(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

/// Compares wide numbers by value: sign, then length of the whole part, then digits.
pub(super) fn by_value(left: &str, right: &str) -> std::cmp::Ordering {
    let parts = |text: &str| {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = whole.trim_start_matches('0').to_owned();
        (negative, (whole.len(), whole, fraction.trim_end_matches('0').to_owned()))
    };
    let (left_negative, left) = parts(left);
    let (right_negative, right) = parts(right);
    match (left_negative, right_negative) {
        (false, false) => left.cmp(&right),
        (true, true) => right.cmp(&left),
        (true, false) => std::cmp::Ordering::Less,
        (false, true) => std::cmp::Ordering::Greater,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::sql::lexer;

    fn read(sql: &str) -> Type {
        Type::read(&lexer::statements(sql.as_bytes())[0]).unwrap().0
    }

    #[test]
    fn types_are_read_and_described() {
        for (sql, described) in [
            ("decimal(30, 10)", "decimal(30,10)"),
            ("BIGINT UNSIGNED", "bigint unsigned"),
            ("numeric(5)", "decimal(5)"),
            ("enum('a','b')", "enum('a','b')"),
            ("varchar(20) character set utf8mb4 collate utf8mb4_bin", "varchar(20)"),
            ("double precision", "double"),
            ("bool", "tinyint"),
        ] {
            assert_eq!(read(sql).describe(), described, "{sql}");
        }
    }

    #[test]
    fn values_come_out_as_declared() {
        for (kind, value, expected) in [
            ("decimal(10,2)", ValueRef::Text(b"5"), &b"5.00"[..]),
            ("decimal(10,2)", ValueRef::Integer(5), b"5.00"),
            ("datetime(6)", ValueRef::Text(b"2024-01-02 03:04:05.5"), b"2024-01-02 03:04:05.500000"),
            ("datetime", ValueRef::Text(b"0000-00-00 00:00:00"), b"0000-00-00 00:00:00"),
            ("bit(10)", ValueRef::Integer(0x301), b"\x03\x01"),
            ("bit(10)", ValueRef::Blob(b"\x01"), b"\x00\x01"),
            ("binary(4)", ValueRef::Blob(b"ab"), b"ab\0\0"),
            ("bigint unsigned", ValueRef::Text(b"18446744073709551615"), b"18446744073709551615"),
            ("float", ValueRef::Real(0.1), b"0.1"),
            ("float", ValueRef::Real(3.402_823_5e38), b"3.40282e38"),
            ("double", ValueRef::Real(1e15), b"1e15"),
            ("double", ValueRef::Real(-0.25), b"-0.25"),
        ] {
            assert_eq!(read(kind).encode(value).as_deref(), Some(expected), "{kind}");
        }
        assert_eq!(read("int").encode(ValueRef::Null), None);
    }

    #[test]
    fn wide_numbers_are_ordered_by_value() {
        let mut numbers =
            ["10.00", "9.5", "-3", "18446744073709551615", "9223372036854775808", "-20.1", "0.05", "00.5"];
        numbers.sort_by(|left, right| by_value(left, right));
        let ordered = ["-20.1", "-3", "0.05", "00.5", "9.5", "10.00", "9223372036854775808", "18446744073709551615"];
        assert_eq!(numbers, ordered);
        assert_eq!(by_value("1.50", "1.5"), std::cmp::Ordering::Equal);
    }
}
