//! Transactions: begun, used, ended once, and gone.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{DataApiError as E, Request, TransactionEnd};
use super::stub::{Memory, Reply, Stub};
use crate::backend::Statements as _;

fn begun() -> Reply {
    Reply::json(200, &json!({ "transactionId": "tx/1=" }))
}

fn ended() -> Reply {
    Reply::json(200, &json!({ "transactionStatus": "Transaction Committed" }))
}

#[tokio::test]
async fn statements_between_begin_and_commit_are_in_the_transaction() {
    let stub = Stub::of(vec![begun(), Reply::done(), ended(), Reply::done()]).await;
    let (mut session, _) = stub.session();
    session.begin().await.unwrap();
    assert!(session.is_in_transaction());
    session.execute(b"DELETE FROM t", &mut Memory::default()).await.unwrap();
    session.commit().await.unwrap();
    assert!(!session.is_in_transaction());
    session.execute(b"SELECT 1", &mut Memory::default()).await.unwrap();
    // Nothing is open: neither does anything.
    session.commit().await.unwrap();
    session.rollback().await.unwrap();
    let asked = stub.asked();
    let paths: Vec<&str> = asked.iter().map(|asked| asked.path.as_str()).collect();
    assert_eq!(paths, ["/BeginTransaction", "/Execute", "/CommitTransaction", "/Execute"]);
    assert_eq!(asked[0].body["database"], "shop");
    assert_eq!((&asked[1].body["transactionId"], &asked[2].body["transactionId"]), (&json!("tx/1="), &json!("tx/1=")));
    assert_eq!(asked[3].body["transactionId"], Value::Null);
}

#[tokio::test]
async fn r28_a_commit_without_an_answer_is_an_unknown_outcome_and_not_sent_again() {
    let stub = Stub::of(vec![begun(), Reply::Close]).await;
    let (mut session, _) = stub.session();
    session.begin().await.unwrap();
    let found = session.commit().await.unwrap_err();
    assert!(matches!(found, E::Lost { request: Request::Commit, .. }), "{found:?}");
    assert!(!session.is_in_transaction());
    session.commit().await.unwrap();
    assert_eq!(stub.asked().len(), 2);
}

#[tokio::test]
async fn a_commit_that_is_answered_with_nothing_is_an_unknown_outcome() {
    for reply in [Reply::json(200, &json!({})), Reply::Http(200, vec![], String::new())] {
        let stub = Stub::of(vec![begun(), reply]).await;
        let (mut session, _) = stub.session();
        session.begin().await.unwrap();
        let found = session.commit().await.unwrap_err();
        assert!(matches!(found, E::Garbled { request: Request::Commit, .. }), "{found:?}");
    }
}

#[tokio::test]
async fn a_transaction_that_is_gone_says_which_limit_it_met() {
    let gone = || Reply::error(404, "TransactionNotFoundException", "Transaction tx/1= is not found");
    for (pause, end) in [(10, TransactionEnd::Other), (181, TransactionEnd::Idle), (86_401, TransactionEnd::Old)] {
        let stub = Stub::of(vec![begun(), gone()]).await;
        let (mut session, clock) = stub.session();
        session.begin().await.unwrap();
        clock.skip(Duration::from_secs(pause));
        let found = session.execute(b"DELETE FROM t", &mut Memory::default()).await.unwrap_err();
        match found {
            E::TransactionGone { end: found, idle, .. } => {
                assert_eq!((found, idle), (end, Duration::from_secs(pause)));
            }
            other => panic!("{other:?}"),
        }
        // Nothing is left to be rolled back.
        session.rollback().await.unwrap();
        assert_eq!(stub.asked().len(), 2);

        let stub = Stub::of(vec![begun(), gone()]).await;
        let (mut session, clock) = stub.session();
        session.begin().await.unwrap();
        clock.skip(Duration::from_secs(pause));
        let found = session.commit().await.unwrap_err();
        assert!(matches!(found, E::TransactionGone { end: found, .. } if found == end), "{found:?}");
    }
}

#[tokio::test]
async fn a_begin_without_a_name_is_none() {
    let stub = Stub::of(vec![Reply::json(200, &json!({}))]).await;
    let (mut session, _) = stub.session();
    let found = session.begin().await.unwrap_err();
    assert!(matches!(found, E::Garbled { request: Request::Begin, .. }), "{found:?}");
    assert!(!session.is_in_transaction());
}
