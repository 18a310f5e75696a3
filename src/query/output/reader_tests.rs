//! Independent readers get every cell of any result back. Holds no code of the program.

use proptest::prelude::*;
use serde_json::Value;

use super::tests::{Set, columns, written};
use super::*;
use crate::backend::ColumnKind;
use crate::backend::ColumnKind::{Binary, Bit, Decimal, Float, Integer, Json as Document, Temporal, Text};

fn text(style: Style, set: &Set) -> String {
    String::from_utf8(written(style, std::slice::from_ref(set))).unwrap()
}

fn kind() -> impl Strategy<Value = ColumnKind> {
    proptest::sample::select(vec![Integer, Float, Decimal, Text, Temporal, Document, Bit, Binary])
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..24),
        any::<String>().prop_map(String::into_bytes),
        "-?[0-9]{1,20}(\\.[0-9]{1,4})?".prop_map(String::into_bytes),
        proptest::sample::select(vec![
            "",
            "NULL",
            "null",
            "{\"a\": [1,\n2]}",
            "\"\\ud800\"",
            "[[",
            "a,b",
            "\"",
            "\r",
            "|",
            "\u{9b}\u{202e}"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

/// Result sets of any names and any cells.
pub(super) fn any_set() -> impl Strategy<Value = Set> {
    let name = prop_oneof!["[a-c]", any::<String>(), Just("a_2".to_owned())];
    proptest::collection::vec((name, kind()), 1..5).prop_flat_map(|named| {
        let row = proptest::collection::vec(proptest::option::weighted(0.9, bytes()), named.len());
        let columns: Vec<_> = named.into_iter().map(|(name, kind)| Column { name, kind }).collect();
        proptest::collection::vec(row, 0..6).prop_map(move |rows| Set { columns: columns.clone(), rows })
    })
}

/// Whether a JSON value says what the cell said.
fn says(value: &Value, kind: ColumnKind, cell: Option<&[u8]>) -> bool {
    use base64::Engine;
    let Some(cell) = cell else { return value.is_null() };
    let base64 = base64::engine::general_purpose::STANDARD.encode(cell);
    match (kind, value) {
        (Binary, value) => *value == base64,
        (Bit, Value::Number(number)) => number.as_u64() == crate::query::cell::bit_value(cell),
        (Bit, value) => cell.len() > 8 && *value == base64,
        (Integer | Float, Value::Number(number)) => str::from_utf8(cell)
            .unwrap()
            .parse::<f64>()
            .is_ok_and(|expected| number.as_f64().is_some_and(|found| (found - expected).abs() <= found.abs() * 1e-9)),
        (Document, value) if serde_json::from_slice::<Value>(cell).is_ok_and(|document| document == *value) => true,
        (_, Value::String(text)) => text.as_bytes() == cell,
        (_, Value::Object(object)) => str::from_utf8(cell).is_err() && object["base64"] == base64,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(2048), ..ProptestConfig::default() })]

    #[test]
    fn json_is_read_back(set in any_set(), terminal: bool) {
        let lines = text(Style { terminal, ..Style::new(Format::Jsonl) }, &set);
        prop_assert_eq!(lines.lines().count(), set.rows.len());
        let array: Vec<Value> = serde_json::from_str(&text(Style { terminal, ..Style::new(Format::Json) }, &set)).unwrap();
        for ((line, value), row) in lines.split_terminator('\n').zip(&array).zip(&set.rows) {
            prop_assert_eq!(&serde_json::from_str::<Value>(line).unwrap(), value);
            let object = value.as_object().unwrap();
            prop_assert_eq!(object.len(), set.columns.len(), "no name hides another");
            for ((value, column), cell) in object.values().zip(&set.columns).zip(row) {
                prop_assert!(says(value, column.kind, cell.as_deref()), "{value} {column:?} {cell:?}");
            }
        }
    }

    #[test]
    fn csv_is_read_back(mut set in any_set()) {
        for column in &mut set.columns {
            column.kind = if column.kind == Bit { Text } else { column.kind };
        }
        // A line for a single NULL is empty, and the reader skips it.
        set.rows.retain(|row| row.len() > 1 || row[0].is_some());
        let found = written(Style::new(Format::Csv), std::slice::from_ref(&set));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&found[..]);
        let records: Vec<_> = reader.byte_records().map(Result::unwrap).collect();
        prop_assert_eq!(records.len(), set.rows.len() + 1);
        let names: Vec<_> = set.columns.iter().map(|column| column.name.as_bytes()).collect();
        prop_assert_eq!(records[0].iter().collect::<Vec<_>>(), names);
        for (record, row) in records[1..].iter().zip(&set.rows) {
            let cells: Vec<_> = row.iter().map(|cell| cell.as_deref().unwrap_or_default()).collect();
            prop_assert_eq!(record.iter().collect::<Vec<_>>(), cells);
        }
        // NULL and the empty string differ.
        for single in [None, Some(Vec::new())] {
            let quoted = single.is_some();
            let pair = Set { columns: columns(&[("a", Text), ("b", Text)]), rows: vec![vec![single, Some(b"x".to_vec())]] };
            prop_assert_eq!(written(Style::new(Format::Csv), &[pair]).ends_with(b"\n\"\",x\n"), quoted);
        }
    }

    #[test]
    fn tsv_is_read_back(mut set in any_set()) {
        for column in &mut set.columns {
            column.kind = if column.kind == Bit { Text } else { column.kind };
        }
        let found = written(Style::new(Format::Tsv), std::slice::from_ref(&set));
        let lines: Vec<_> = found.split(|byte| *byte == b'\n').skip(1).collect();
        prop_assert_eq!(lines.len(), set.rows.len() + 1);
        for (line, row) in lines.iter().zip(&set.rows) {
            let cells: Vec<_> = line.split(|byte| *byte == b'\t').map(unescape).collect();
            let expected: Vec<_> = row.iter().map(|cell| cell.clone().unwrap_or(b"NULL".to_vec())).collect();
            prop_assert_eq!(cells, expected);
        }
    }
}

fn unescape(field: &[u8]) -> Vec<u8> {
    let (mut cell, mut bytes) = (Vec::new(), field.iter());
    while let Some(byte) = bytes.next() {
        cell.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'0') => 0,
                Some(b'\\') => b'\\',
                other => panic!("unknown escape {other:?}"),
            },
            other => *other,
        });
    }
    cell
}
