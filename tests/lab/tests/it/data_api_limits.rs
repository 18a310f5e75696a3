//! Where the lab's Data API gives up, as the service does: sizes, times, transactions, several statements.

use std::time::Duration;

use rdsconn_lab::data_api::{DataApi, OTHER_SECRET_ARN};
use rdsconn_lab::real::RealLab;
use serde_json::{Value, json};

use crate::data_api_client::{Answer, Stand, call, execute, records};

fn begin(api: &DataApi) -> String {
    let answer = call(api, "BeginTransaction", &json!({"database": "orders"}));
    answer.json()["transactionId"].as_str().unwrap().to_owned()
}

fn within(api: &DataApi, id: &str, sql: &str) -> Answer {
    execute(api, sql, json!({"transactionId": id}))
}

fn end(api: &DataApi, operation: &str, id: &str) -> Answer {
    call(api, operation, &json!({"transactionId": id}))
}

fn kind(answer: &Answer) -> String {
    answer.error().1
}

/// Runs a test on the embedded database, and on MariaDB where that can be had.
fn on_each(test: impl Fn(&DataApi)) {
    test(&Stand::new().api);
    if let Some(lab) = RealLab::start_or_skip() {
        test(&DataApi::on_real(&lab));
    }
}

#[test]
fn a_response_has_at_most_a_mebibyte_and_a_row_64_kilobytes() {
    on_each(|api| {
        let rows = |count: usize| format!("select repeat('x', 65536) from seq_1_to_{count}");
        let whole = execute(api, &rows(16), Value::Null);
        assert_eq!(whole.json()["records"].as_array().unwrap().len(), 16);
        let (status, of_kind, message) = execute(api, &rows(17), Value::Null).error();
        assert_eq!((status, of_kind.as_str()), (400, "UnsupportedResultException"));
        assert_eq!(message, "Database returned more than the allowed response size limit");
        let (_, of_kind, message) = execute(api, "select repeat('x', 65537)", Value::Null).error();
        assert_eq!(of_kind, "UnsupportedResultException");
        assert!(message.contains("row size limit of 64 KB"), "{message}");
        // What is left of a result that was too large is no part of the next one.
        assert_eq!(records(api, "select 1"), json!([[{"stringValue": "1"}]]));
        // It ends the transaction it happens in.
        let id = begin(api);
        assert_eq!(within(api, &id, &rows(17)).status, 400);
        assert_eq!(kind(&within(api, &id, "select 1")), "TransactionNotFoundException");
        api.change(|options| options.rendering.size_is_bad_request = true);
        assert_eq!(kind(&execute(api, &rows(17), Value::Null)), "BadRequestException");
    });
}

#[test]
fn a_request_has_at_most_four_mebibytes() {
    let stand = Stand::new();
    let of = |length: usize| execute(&stand.api, &format!("select length('{}')", "x".repeat(length)), Value::Null);
    assert_eq!(of(4 << 20).error().0, 413);
    let fits = of((4 << 20) - 1000);
    assert_eq!(fits.json()["records"], json!([[{"stringValue": ((4 << 20) - 1000).to_string()}]]));
}

#[test]
fn one_request_holds_one_statement() {
    on_each(|api| {
        let (status, of_kind, message) = execute(api, "select 1; select 2", Value::Null).error();
        assert_eq!((status, of_kind.as_str()), (400, "ValidationException"));
        assert_eq!(message, "Multistatements aren't supported.");
        for one in ["select 1;", "select ';' /* ; */ -- ;", "select 1 ; -- done;\n"] {
            assert_eq!(execute(api, one, Value::Null).status, 200, "{one}");
        }
        let (status, of_kind, message) = execute(api, "selec 1", Value::Null).error();
        assert_eq!((status, of_kind.as_str()), (400, "DatabaseErrorException"));
        assert!(message.starts_with("Database error code: 1064. Message: You have an error"), "{message}");
        let (status, of_kind, _) = execute(api, "select 1", json!({"database": "never_was"})).error();
        assert_eq!((status, of_kind.as_str()), (404, "DatabaseNotFoundException"));
    });
}

#[test]
fn a_call_takes_so_long_and_no_longer() {
    on_each(|api| {
        api.change(|options| options.limits.call = Duration::from_millis(300));
        execute(api, "create table slow (v int)", Value::Null);
        let slow = "insert into slow select sleep(30)";
        let answer = execute(api, slow, Value::Null);
        assert_eq!(answer.error(), (400, "StatementTimeoutException".into(), "Request timed out".into()));
        assert!(answer.json()["dbConnectionId"].is_u64());
        // With the flag it goes on; that it ends is seen by what it did.
        let answer = execute(api, "insert into slow select sleep(1)", json!({"continueAfterTimeout": true}));
        assert_eq!(kind(&answer), "StatementTimeoutException");
        api.change(|options| options.limits.call = Duration::from_secs(45));
        let ends = std::time::Instant::now() + Duration::from_secs(20);
        let mut inserted = Value::Null;
        while std::time::Instant::now() < ends && inserted != json!([[{"stringValue": "1"}]]) {
            inserted = records(api, "select count(*) from slow");
        }
        assert_eq!(inserted, json!([[{"stringValue": "1"}]]));
        let left = records(api, "show processlist").to_string();
        assert!(!left.contains("sleep(30)"), "{left}");
        execute(api, "drop table slow", Value::Null);
    });
}

#[test]
fn transactions_are_committed_and_rolled_back() {
    on_each(|api| {
        let name = || records(api, "select name from customers where id = 1")[0][0]["stringValue"].clone();
        let id = begin(api);
        assert_eq!(within(api, &id, "update customers set name = 'x' where id = 1").status, 200);
        assert_eq!(within(api, &id, "selec 1").status, 400);
        assert_eq!(name(), "Ada Lovelace", "nobody else sees it yet");
        assert_eq!(end(api, "RollbackTransaction", &id).json(), json!({"transactionStatus": "Rollback Complete"}));
        assert_eq!(name(), "Ada Lovelace");
        let id = begin(api);
        within(api, &id, "update customers set name = 'x' where id = 1");
        assert_eq!(api.open_transactions(), 1);
        // A transaction is its secret's.
        let other = json!({"transactionId": id, "sql": "select 1", "secretArn": OTHER_SECRET_ARN});
        assert_eq!(kind(&call(api, "Execute", &other)), "BadRequestException");
        assert_eq!(end(api, "CommitTransaction", &id).json(), json!({"transactionStatus": "Transaction Committed"}));
        assert_eq!((name(), api.open_transactions()), (json!("x"), 0));
        for operation in ["CommitTransaction", "RollbackTransaction"] {
            assert_eq!(kind(&end(api, operation, &id)), "TransactionNotFoundException");
        }
        assert_eq!(kind(&within(api, &id, "select 1")), "TransactionNotFoundException");
        let count = json!([[{"stringValue": "2"}]]);
        let sets: Vec<Value> = (0..2).map(|n| json!([{"name": "n", "value": {"longValue": n}}])).collect();
        execute(api, "create table batched (n int)", Value::Null);
        let batch = json!({"sql": "insert into batched values (:n)", "parameterSets": sets, "database": "orders"});
        assert_eq!(call(api, "BatchExecute", &batch).json()["updateResults"].as_array().unwrap().len(), 2);
        assert_eq!(records(api, "select count(*) from batched"), count);
        execute(api, "drop table batched", Value::Null);
        execute(api, "update customers set name = 'Ada Lovelace' where id = 1", Value::Null);
    });
}

#[test]
fn an_idle_transaction_is_rolled_back() {
    on_each(|api| {
        api.change(|options| options.limits.transaction_idle = Duration::from_millis(200));
        let id = begin(api);
        within(api, &id, "update customers set name = 'x' where id = 1");
        assert!(api.wait_for_transactions(Duration::from_secs(20), 0));
        let (status, of_kind, message) = end(api, "CommitTransaction", &id).error();
        assert_eq!((status, of_kind.as_str()), (404, "TransactionNotFoundException"));
        assert_eq!(message, format!("Transaction {id} is not found"));
        // It waits for the row if the rollback is still under way.
        assert_eq!(execute(api, "update customers set email = email where id = 1", Value::Null).status, 200);
        assert_eq!(records(api, "select name from customers where id = 1"), json!([[{"stringValue": "Ada Lovelace"}]]));
    });
}
