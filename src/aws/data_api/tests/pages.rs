//! Pages: complete and in order, or an error, against a table that a small stub holds.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::super::{DataApiError as E, KeyFault, Pages};
use super::stub::{Asked, Memory, Reply, Stub};
use crate::backend::{Parameter, ParameterValue};

/// The parameter that holds the last key.
const BOUND: &str = "last_key";

/// The statement of a page, in a form that the stub can read: `BOUND LIMIT`.
fn statement(has_bound: bool, limit: u32) -> String {
    format!("{} {limit}", if has_bound { BOUND } else { "-" })
}

/// A table with one key of a type and a text of `width` bytes.
struct Table {
    type_name: &'static str,
    keys: Mutex<Vec<Value>>,
    width: usize,
    /// Answers that are larger are refused, as the service does.
    largest: usize,
}

impl Table {
    fn of(type_name: &'static str, keys: Vec<Value>, width: usize) -> Arc<Self> {
        Arc::new(Self { type_name, keys: Mutex::new(keys), width, largest: 1 << 20 })
    }

    fn page(&self, asked: &Asked) -> Reply {
        let (bound, limit) = asked.sql().split_once(' ').unwrap();
        let keys = self.keys.lock().unwrap();
        // The keys are in order, so a bound is a place among them.
        let last = asked.body["parameters"].as_array().and_then(|all| all.iter().find(|one| one["name"] == bound));
        let same = |key: &Value| last.is_some_and(|last| plain(&last["value"]) == plain(key));
        let start = last.map_or(0, |_| keys.iter().position(same).expect("the bound is a key"));
        let rows: Vec<Value> = keys[start..]
            .iter()
            .take(limit.parse().unwrap())
            .map(|key| json!([key, { "stringValue": "x".repeat(self.width) }, { "longValue": i64::from(same(key)) }]))
            .collect();
        let reply = json!({ "columnMetadata": [
            { "label": "Id", "typeName": self.type_name }, { "label": "text", "typeName": "VARCHAR" }, { "label": "tie", "typeName": "BIGINT" }
        ], "records": rows });
        if reply.to_string().len() > self.largest {
            return Reply::error(
                400,
                "BadRequestException",
                "Database returned more than the allowed response size limit",
            );
        }
        Reply::json(200, &reply)
    }
}

fn plain(field: &Value) -> String {
    let value = field.as_object().unwrap().values().next().unwrap();
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

async fn read(stub: &Stub, parameters: &[Parameter]) -> (Result<(), E>, Memory) {
    let (mut session, _) = stub.session();
    let mut memory = Memory::default();
    let pages = Pages { column: "id", parameters, bound: BOUND, statement: &statement };
    let outcome = session.pages(&pages, &mut memory).await;
    (outcome, memory)
}

async fn read_table(table: &Arc<Table>) -> (Result<(), E>, Memory, Vec<Asked>) {
    let served = Arc::clone(table);
    let stub = Stub::answering(Box::new(move |asked, _| served.page(asked))).await;
    let (outcome, memory) = read(&stub, &[]).await;
    (outcome, memory, stub.asked())
}

fn limits(asked: &[Asked]) -> Vec<u32> {
    asked.iter().map(|asked| asked.sql().split_once(' ').unwrap().1.parse().unwrap()).collect()
}

fn long(value: i64) -> Value {
    json!({ "stringValue": value.to_string() })
}

#[tokio::test]
async fn every_row_comes_once_and_in_order_as_one_result() {
    for count in [0, 1, 99, 100, 101, 102, 300, 301, 302, 5_000] {
        let table = Table::of("BIGINT", (0..count).map(|key| long(key * 3)).collect(), 10);
        let (outcome, memory, asked) = read_table(&table).await;
        outcome.unwrap();
        let found: Vec<String> = memory.rows.iter().map(|row| row[0].clone().unwrap()).collect();
        let expected: Vec<String> = (0..count).map(|key| (key * 3).to_string()).collect();
        assert_eq!(found, expected, "{count}");
        assert_eq!((memory.columns.len(), memory.outcomes.len()), (2, 1));
        assert_eq!(limits(&asked)[0], 100);
        assert!(limits(&asked).iter().skip(1).zip([201, 401, 801]).all(|(limit, expected)| *limit == expected));
    }
}

#[tokio::test]
async fn pages_keep_to_the_wanted_size_and_halve_when_too_large() {
    // 9 KB a row: 100 of them have 900 KB, and 200 too much.
    let table = |largest| {
        let keys = Mutex::new((0..1_000).map(long).collect());
        Arc::new(Table { type_name: "BIGINT", keys, width: 9_000, largest })
    };
    let (outcome, memory, asked) = read_table(&table(1 << 20)).await;
    outcome.unwrap();
    assert_eq!(memory.rows.len(), 1_000);
    assert!(limits(&asked)[1..].iter().all(|limit| (30..60).contains(limit)), "{:?}", limits(&asked));

    let (outcome, memory, asked) = read_table(&table(100_000)).await;
    outcome.unwrap();
    assert_eq!(memory.rows.len(), 1_000);
    assert_eq!(limits(&asked)[..5], [100, 50, 25, 12, 6]);

    let (outcome, memory, asked) = read_table(&table(5_000)).await;
    assert!(matches!(outcome, Err(E::ResponseTooLarge)), "{outcome:?}");
    assert_eq!((memory.rows.len(), limits(&asked)), (0, vec![100, 50, 25, 12, 6, 3, 1]));
}

/// Three bytes.
fn bytes(value: i64) -> Value {
    let letter = |value: i64| char::from(b'A' + u8::try_from(value).unwrap());
    json!({ "blobValue": format!("AA{}{}", letter(value / 20), letter(value % 20)) })
}

#[tokio::test]
async fn keys_go_back_as_what_their_column_is() {
    type Case = (&'static str, fn(i64) -> Value, fn(&Value) -> bool);
    let cases: Vec<Case> = vec![
        ("INT", long, |sent| sent["value"]["longValue"] == 99),
        (
            "BIGINT UNSIGNED",
            |n| json!({ "stringValue": (u64::MAX - 500 + n.cast_unsigned()).to_string() }),
            |sent| sent["typeHint"] == "DECIMAL" && sent["value"]["stringValue"] == "18446744073709551214",
        ),
        (
            "DECIMAL",
            |n| json!({ "stringValue": format!("{n}.50") }),
            |sent| sent["typeHint"] == "DECIMAL" && sent["value"]["stringValue"] == "99.50",
        ),
        ("VARCHAR", |n| json!({ "stringValue": format!("k'{n:04}") }), |sent| sent["value"]["stringValue"] == "k'0099"),
        (
            "DATETIME",
            |n| json!({ "stringValue": format!("2026-10-20 12:30:00.{n:06}") }),
            |sent| sent["typeHint"].is_null() && sent["value"]["stringValue"] == "2026-10-20 12:30:00.000099",
        ),
        ("VARBINARY", bytes, |sent| sent["value"]["blobValue"] == bytes(99)["blobValue"]),
    ];
    for (type_name, key, is_right) in cases {
        let table = Table::of(type_name, (0..150).map(key).collect(), 10);
        let (outcome, memory, asked) = read_table(&table).await;
        outcome.unwrap_or_else(|error| panic!("{type_name}: {error:?}"));
        assert_eq!(memory.rows.len(), 150);
        let sent = &asked[1].body["parameters"][0];
        assert!(sent["name"] == BOUND && is_right(sent), "{type_name}: {sent}");
    }
}

#[tokio::test]
async fn the_user_s_parameters_come_along() {
    let table = Table::of("BIGINT", (0..150).map(long).collect(), 10);
    let stub = Stub::answering(Box::new(move |asked, _| table.page(asked))).await;
    let mine = [Parameter { name: "mine".into(), value: ParameterValue::Text("x".into()) }];
    let (outcome, memory) = read(&stub, &mine).await;
    outcome.unwrap();
    assert_eq!(memory.rows.len(), 150);
    let names = |asked: &Asked| {
        asked.body["parameters"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&stub.asked()[0]), ["mine"]);
    assert_eq!(names(&stub.asked()[1]), ["mine", BOUND]);
}

/// The reason, and how many rows were written before.
fn key_fault(error: E) -> (KeyFault, u64) {
    match error {
        E::Key { reason, .. } => (reason, 0),
        E::Incomplete { rows, source } => (key_fault(*source).0, rows),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_key_that_is_not_unique_is_an_error_wherever_the_pages_end() {
    for double in [0_usize, 50, 98, 99, 100, 101, 149] {
        let mut keys: Vec<Value> = (0..150).map(long).collect();
        keys.insert(double, keys[double].clone());
        let (outcome, memory, _) = read_table(&Table::of("BIGINT", keys, 10)).await;
        let (reason, rows) = key_fault(outcome.unwrap_err());
        assert_eq!(reason, KeyFault::NotUnique(double.to_string()));
        assert_eq!((rows, memory.rows.len(), memory.outcomes.len()), (double as u64 + 1, double + 1, 0));
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_one_is_an_error() {
    let null = json!({ "isNull": true });
    for (type_name, keys, expected) in [
        ("BIGINT", vec![null], KeyFault::Null),
        ("DOUBLE", vec![json!({ "doubleValue": 1.0 })], KeyFault::Type("DOUBLE".into())),
        ("FLOAT", vec![], KeyFault::Type("FLOAT".into())),
        ("JSON", vec![], KeyFault::Type("JSON".into())),
        ("BIT", vec![], KeyFault::Type("BIT".into())),
        ("ENUM", vec![], KeyFault::Type("ENUM".into())),
        ("GEOMETRY", vec![], KeyFault::Type("GEOMETRY".into())),
        ("BIGINT", vec![long(2), long(1)], KeyFault::Order),
    ] {
        let (outcome, ..) = read_table(&Table::of(type_name, keys, 1)).await;
        assert_eq!(key_fault(outcome.unwrap_err()).0, expected);
    }
    let (mut session, _) = Stub::answering({
        let table = Table::of("BIGINT", vec![long(1)], 1);
        Box::new(move |asked, _| table.page(asked))
    })
    .await
    .session();
    let pages = Pages { column: "nobody", parameters: &[], bound: BOUND, statement: &statement };
    let found = session.pages(&pages, &mut Memory::default()).await.unwrap_err();
    assert_eq!(key_fault(found).0, KeyFault::Missing);
}

/// A first page of 100 rows, and then this.
async fn after_the_first_page(second: Reply) -> (E, Memory, usize) {
    let table = Table::of("BIGINT", (0..150).map(long).collect(), 10);
    let stub =
        Stub::answering(Box::new(move |asked, number| if number == 0 { table.page(asked) } else { second.clone() }))
            .await;
    let (outcome, memory) = read(&stub, &[]).await;
    (outcome.unwrap_err(), memory, stub.asked().len())
}

fn page(type_name: &str, rows: &[(i64, i64)]) -> Reply {
    let row = |(key, tie): &(i64, i64)| json!([long(*key), { "stringValue": "x" }, { "longValue": tie }]);
    Reply::json(
        200,
        &json!({ "columnMetadata": [
        { "label": "Id", "typeName": type_name }, { "label": "text", "typeName": "VARCHAR" }, { "label": "tie", "typeName": "BIGINT" }
    ], "records": rows.iter().map(row).collect::<Vec<_>>() }),
    )
}

#[tokio::test]
async fn r28_what_fails_later_is_an_incomplete_result_of_whole_rows() {
    for second in [
        Reply::Close,
        Reply::Cut(Box::new(Reply::done()), 50),
        Reply::error(403, "ExpiredTokenException", "expired"),
        Reply::error(400, "DatabaseErrorException", "no; Error code: 1317; SQLState: 70100"),
        Reply::done(),
        page("INT", &[(99, 1), (100, 0)]),
    ] {
        let (found, memory, asked) = after_the_first_page(second).await;
        assert!(matches!(&found, E::Incomplete { rows: 100, .. }), "{found:?}");
        assert_eq!((memory.rows.len(), memory.outcomes.len(), asked), (100, 0, 2));
    }
}

#[tokio::test]
async fn the_last_row_of_a_page_may_be_deleted_meanwhile_but_not_doubted() {
    let table = Table::of("BIGINT", (0..150).map(long).collect(), 10);
    let stub =
        Stub::answering(Box::new(
            move |asked, number| {
                if number == 0 { table.page(asked) } else { page("BIGINT", &[(100, 0), (101, 0)]) }
            },
        ))
        .await;
    let (outcome, memory) = read(&stub, &[]).await;
    outcome.unwrap();
    assert_eq!(memory.rows.len(), 102);

    for (rows, expected) in [
        (&[(99, 0), (100, 0)][..], KeyFault::Inexact),
        (&[(100, 1)][..], KeyFault::NotUnique("100".into())),
        (&[(99, 1), (100, 1)][..], KeyFault::NotUnique("100".into())),
        (&[(98, 0)][..], KeyFault::Order),
    ] {
        let (found, ..) = after_the_first_page(page("BIGINT", rows)).await;
        assert_eq!(key_fault(found), (expected, 100));
    }
}
