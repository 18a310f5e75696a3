//! Every type with the values that the service may give for it, against the bytes of the MySQL text protocol.

use aws_sdk_rdsdata::primitives::Blob;
use aws_sdk_rdsdata::types::{ColumnMetadata, Field};
use proptest::prelude::*;
use serde_json::json;

use super::super::DataApiError;
use super::super::values::describe;
use super::stub::{Memory, Reply, Stub};
use crate::backend::{ColumnKind as Kind, Statements as _};

fn column(type_name: &str, precision: i32, scale: i32) -> ColumnMetadata {
    ColumnMetadata::builder().name("base").label("shown").type_name(type_name).precision(precision).scale(scale).build()
}

fn text(text: &str) -> Field {
    Field::StringValue(text.to_owned())
}

fn blob(bytes: &[u8]) -> Field {
    Field::BlobValue(Blob::new(bytes))
}

#[test]
fn cells_are_the_bytes_of_the_text_protocol() {
    type Case = (&'static str, i32, i32, Field, Kind, &'static [u8]);
    let cases: Vec<Case> = vec![
        ("TINYINT", 4, 0, text("-128"), Kind::Integer, b"-128"),
        ("TINYINT", 1, 0, Field::BooleanValue(true), Kind::Integer, b"1"),
        ("TINYINT", 1, 0, Field::BooleanValue(false), Kind::Integer, b"0"),
        ("TINYINT UNSIGNED", 3, 0, text("255"), Kind::Integer, b"255"),
        ("INT", 11, 0, Field::LongValue(-5), Kind::Integer, b"-5"),
        ("int(10) unsigned", 10, 0, text("4294967295"), Kind::Integer, b"4294967295"),
        ("BIGINT", 20, 0, text("-9223372036854775808"), Kind::Integer, b"-9223372036854775808"),
        ("BIGINT UNSIGNED", 20, 0, text("18446744073709551615"), Kind::Integer, b"18446744073709551615"),
        ("BIGINT UNSIGNED", 20, 0, Field::LongValue(-1), Kind::Integer, b"18446744073709551615"),
        ("BIGINT UNSIGNED", 20, 0, text("-1"), Kind::Integer, b"18446744073709551615"),
        ("INT UNSIGNED ZEROFILL", 5, 0, text("42"), Kind::Text, b"00042"),
        ("DOUBLE", 22, 31, Field::DoubleValue(1e20), Kind::Float, b"1e20"),
        ("DOUBLE", 22, 31, Field::DoubleValue(f64::MAX), Kind::Float, b"1.7976931348623157e308"),
        ("DOUBLE", 10, 2, Field::DoubleValue(1.5), Kind::Float, b"1.50"),
        ("DOUBLE", 22, 31, Field::LongValue(3), Kind::Float, b"3"),
        ("FLOAT", 12, 31, Field::DoubleValue(3.140_000_104_904_175), Kind::Float, b"3.14"),
        ("FLOAT", 12, 31, Field::DoubleValue(16_777_216.0), Kind::Float, b"16777200"),
        ("DECIMAL", 65, 30, text("0E-30"), Kind::Decimal, b"0.000000000000000000000000000000"),
        ("DECIMAL UNSIGNED", 10, 2, text("1.10"), Kind::Decimal, b"1.10"),
        ("DECIMAL", 10, 0, Field::LongValue(7), Kind::Decimal, b"7"),
        ("DATE", 10, 0, text("2026-10-20"), Kind::Temporal, b"2026-10-20"),
        ("DATETIME", 19, 0, text("2026-10-20 12:30:00.0"), Kind::Temporal, b"2026-10-20 12:30:00"),
        ("DATETIME", 26, 6, text("2026-10-20 12:30:00.5"), Kind::Temporal, b"2026-10-20 12:30:00.500000"),
        ("TIMESTAMP", 0, 0, text("2026-10-20 12:30:00"), Kind::Temporal, b"2026-10-20 12:30:00"),
        ("TIME", 10, 0, text("-838:59:59"), Kind::Temporal, b"-838:59:59"),
        ("YEAR", 4, 0, text("2026-01-01"), Kind::Temporal, b"2026"),
        ("YEAR", 4, 0, text("2026"), Kind::Temporal, b"2026"),
        ("YEAR", 4, 0, Field::LongValue(0), Kind::Temporal, b"0000"),
        ("BIT", 1, 0, Field::BooleanValue(true), Kind::Bit, b"\x01"),
        ("BIT", 1, 0, Field::BooleanValue(false), Kind::Bit, b"\x00"),
        ("BIT", 10, 0, blob(b"\x03\xff"), Kind::Bit, b"\x03\xff"),
        ("BIT", 16, 0, blob(b"\x05"), Kind::Bit, b"\x00\x05"),
        ("BIT", 64, 0, text("18446744073709551615"), Kind::Bit, &[0xff; 8]),
        ("BIT", 12, 0, Field::LongValue(257), Kind::Bit, b"\x01\x01"),
        ("JSON", 0, 0, text("{\"a\": 1.50}"), Kind::Json, b"{\"a\": 1.50}"),
        ("ENUM", 5, 0, text("a"), Kind::Text, b"a"),
        ("SET", 5, 0, text("a,b"), Kind::Text, b"a,b"),
        ("VARCHAR", 9, 0, text("\u{fc}\u{1f600}\0"), Kind::Text, "\u{fc}\u{1f600}\0".as_bytes()),
        ("VARCHAR", 9, 0, text(""), Kind::Text, b""),
        ("LONGTEXT", 9, 0, text("x"), Kind::Text, b"x"),
        ("BINARY", 2, 0, blob(b"\xff\x00"), Kind::Binary, b"\xff\x00"),
        ("LONGBLOB", 9, 0, blob(b""), Kind::Binary, b""),
        ("GEOMETRY", 9, 0, blob(b"\x00\x01"), Kind::Binary, b"\x00\x01"),
        ("NEVER SEEN", 0, 0, text("x"), Kind::Text, b"x"),
        ("NEVER SEEN", 0, 0, Field::LongValue(3), Kind::Integer, b"3"),
        ("", 0, 0, blob(b"\x01"), Kind::Binary, b"\x01"),
        ("", 0, 0, Field::DoubleValue(0.5), Kind::Float, b"0.5"),
    ];
    for (type_name, precision, scale, field, kind, expected) in cases {
        let described = describe(&column(type_name, precision, scale), [&Field::IsNull(true), &field].into_iter());
        assert_eq!((described.column.name.as_str(), described.column.kind), ("shown", kind), "{type_name}");
        let cell = described.cell(field.clone()).unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(&cell), String::from_utf8_lossy(expected), "{type_name} {field:?}");
        assert_eq!(described.cell(Field::IsNull(true)).unwrap(), None);
    }
}

#[test]
fn what_cannot_be_exact_is_an_error() {
    for (type_name, field) in [
        ("DECIMAL", Field::DoubleValue(1.1)),
        ("DECIMAL", text("NaN")),
        ("BIGINT", text("1.5")),
        ("BIGINT", Field::DoubleValue(1.0)),
        ("DOUBLE", Field::DoubleValue(f64::NAN)),
        ("DOUBLE", text("inf")),
        ("BIT", blob(&[0; 9])),
        ("DATETIME", Field::LongValue(5)),
        ("VARCHAR", Field::DoubleValue(1.0)),
    ] {
        let described = describe(&column(type_name, 0, 0), std::iter::empty());
        let found = described.cell(field.clone());
        assert!(
            matches!(&found, Err(DataApiError::Value { column, .. }) if column == "shown"),
            "{type_name} {field:?} {found:?}"
        );
    }
}

#[tokio::test]
async fn a_result_has_labels_rows_and_an_end() {
    let column =
        |name: &str, label: &str, type_name: &str| json!({ "name": name, "label": label, "typeName": type_name });
    let stub = Stub::of(vec![Reply::json(
        200,
        &json!({
            "numberOfRecordsUpdated": 0,
            "columnMetadata": [column("id", "number", "BIGINT"), column("x", "", "VARCHAR")],
            "records": [[{ "stringValue": "1" }, { "isNull": true }], [{ "longValue": 2 }, { "stringValue": "b" }]]
        }),
    )])
    .await;
    let (mut session, _) = stub.session();
    let mut memory = Memory::default();
    session.execute(b"SELECT", &mut memory).await.unwrap();
    let names: Vec<&str> = memory.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["number", "x"]);
    assert_eq!(memory.rows, [[Some("1".to_owned()), None], [Some("2".to_owned()), Some("b".to_owned())]]);
    assert!(memory.outcomes.len() == 1 && memory.outcomes[0].has_rows);
}

proptest! {
    #[test]
    fn integers_are_the_same_as_text_and_as_number(value: i64) {
        let described = describe(&column("BIGINT", 20, 0), std::iter::empty());
        let expected = value.to_string().into_bytes();
        prop_assert_eq!(described.cell(Field::LongValue(value)).unwrap().unwrap(), expected.clone());
        prop_assert_eq!(described.cell(text(&value.to_string())).unwrap().unwrap(), expected);
    }

    #[test]
    fn unsigned_integers_survive_either_way(value: u64) {
        let described = describe(&column("BIGINT UNSIGNED", 20, 0), std::iter::empty());
        let expected = value.to_string().into_bytes();
        prop_assert_eq!(described.cell(Field::LongValue(value.cast_signed())).unwrap().unwrap(), expected.clone());
        prop_assert_eq!(described.cell(text(&value.to_string())).unwrap().unwrap(), expected);
    }

    #[test]
    fn bytes_and_texts_are_untouched(bytes in proptest::collection::vec(any::<u8>(), 0..50), shown in "\\PC*") {
        let binary = describe(&column("VARBINARY", 50, 0), std::iter::empty());
        prop_assert_eq!(binary.cell(blob(&bytes)).unwrap().unwrap(), bytes);
        let characters = describe(&column("VARCHAR", 50, 0), std::iter::empty());
        prop_assert_eq!(characters.cell(text(&shown)).unwrap().unwrap(), shown.into_bytes());
    }

    #[test]
    fn no_metadata_is_too_strange(type_name in "\\PC*", precision: i32, scale: i32, value in "\\PC*", number: f64) {
        let described = describe(&column(&type_name, precision, scale), std::iter::empty());
        let _ = described.cell(text(&value));
        let _ = described.cell(Field::DoubleValue(number));
    }
}
