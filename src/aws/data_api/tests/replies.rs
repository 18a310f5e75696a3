//! What each answer of a server means, and that it was asked once.

use std::time::{Duration, SystemTime};

use aws_sdk_rdsdata::primitives::{DateTime, DateTimeFormat};
use serde_json::json;
use tokio::net::TcpListener;

use super::super::{DataApiError as E, Request, StatementFault};
use super::stub::{CLUSTER, Memory, Reply, SECRET, Stub, session};
use crate::aws::CallFault;
use crate::backend::{Parameter, ParameterValue, Statements as _};

async fn outcome(replies: Vec<Reply>) -> (Result<(), E>, usize) {
    let stub = Stub::of(replies).await;
    let (mut session, _) = stub.session();
    let outcome = session.execute(b"UPDATE t SET a = 1", &mut Memory::default()).await;
    (outcome, stub.asked().len())
}

/// The error of one answer, for which the service must have been asked exactly once.
async fn error(reply: Reply) -> E {
    let said = format!("{reply:?}");
    let (outcome, asked) = outcome(vec![reply]).await;
    assert_eq!(asked, 1, "{said}");
    outcome.expect_err(&said)
}

/// Status, code and text of an error of the service, and what it must become.
type Fault = (u16, &'static str, String, fn(&E) -> bool);

async fn check(faults: Vec<Fault>) {
    for (status, code, message, is_right) in faults {
        let found = error(Reply::error(status, code, &message)).await;
        assert!(is_right(&found), "{code}: {message} became {found:?}");
    }
}

#[tokio::test]
async fn r28_what_the_service_says_of_a_statement_is_told_apart_and_not_asked_for_twice() {
    check(vec![
        (
            400,
            "DatabaseErrorException",
            "no; Error code: 1064; SQLState: 42000".into(),
            |e| matches!(e, E::Statement(StatementFault { code: Some(1064), state: Some(state), .. }) if state == "42000"),
        ),
        (400, "BadRequestException", "Database error code: 1062. Message: no".into(), |e| {
            matches!(e, E::Statement(StatementFault { code: Some(1062), .. }))
        }),
        (400, "BadRequestException", "Unknown column 'x'".into(), |e| {
            matches!(e, E::Statement(StatementFault { code: None, .. }))
        }),
        (
            400,
            "DatabaseErrorException",
            "Access denied for user 'a'@'b'; Error code: 1045; SQLState: 28000".into(),
            |e| matches!(e, E::LoginRefused { secret, .. } if secret == SECRET),
        ),
        (400, "BadRequestException", "Database returned more than the allowed response size limit".into(), |e| {
            matches!(e, E::ResponseTooLarge)
        }),
        (400, "BadRequestException", "Database response exceeded size limit".into(), |e| {
            matches!(e, E::ResponseTooLarge)
        }),
        (400, "DatabaseErrorException", "Packet for query is too large".into(), |e| matches!(e, E::RowTooLarge)),
        (400, "StatementTimeoutException", "timeout".into(), |e| matches!(e, E::StatementTimeout { continues: false })),
        (400, "UnsupportedResultException", "multi".into(), |e| matches!(e, E::UnsupportedResult { .. })),
        (404, "TransactionNotFoundException", "gone".into(), |e| matches!(e, E::TransactionGone { .. })),
        (400, "BadRequestException", "Transaction x is not found".into(), |e| matches!(e, E::TransactionGone { .. })),
    ])
    .await;
}

#[tokio::test]
async fn r28_what_the_service_says_of_account_secret_and_cluster_is_told_apart_and_not_asked_for_twice() {
    let denied = |action: &str| {
        format!("User: arn:aws:sts::1:assumed-role/dev is not authorized to perform: {action} on resource: {CLUSTER}")
    };
    check(vec![
        (
            400,
            "HttpEndpointNotEnabledException",
            "off".into(),
            |e| matches!(e, E::EndpointNotEnabled { cluster } if cluster == CLUSTER),
        ),
        (400, "BadRequestException", "HttpEndpoint is not enabled for cluster orders".into(), |e| {
            matches!(e, E::EndpointNotEnabled { .. })
        }),
        (
            403,
            "AccessDeniedException",
            denied("rds-data:ExecuteStatement"),
            |e| matches!(e, E::Denied { action, .. } if action == "rds-data:ExecuteStatement"),
        ),
        (
            403,
            "ForbiddenException",
            "no".into(),
            |e| matches!(e, E::Denied { action, .. } if action == "rds-data:ExecuteStatement"),
        ),
        (
            403,
            "AccessDeniedException",
            denied("secretsmanager:GetSecretValue"),
            |e| matches!(e, E::SecretDenied { action, .. } if action == "secretsmanager:GetSecretValue"),
        ),
        (400, "BadRequestException", denied("secretsmanager:GetSecretValue"), |e| matches!(e, E::SecretDenied { .. })),
        (
            400,
            "SecretsErrorException",
            "Access to KMS is not allowed".into(),
            |e| matches!(e, E::SecretDenied { action, .. } if action == "kms:Decrypt"),
        ),
        (400, "InvalidSecretException", "no username".into(), |e| matches!(e, E::SecretShape { .. })),
        (400, "SecretsErrorException", "The secret isn't in the right form".into(), |e| {
            matches!(e, E::SecretShape { .. })
        }),
        (
            400,
            "SecretsErrorException",
            "Secrets Manager can't find the specified secret.".into(),
            |e| matches!(e, E::UnknownSecret { secret, .. } if secret == SECRET),
        ),
        (
            404,
            "NotFoundException",
            "no such cluster".into(),
            |e| matches!(e, E::UnknownCluster { region, .. } if region == "eu-west-1"),
        ),
        (400, "BadRequestException", "Cluster arn:x is not found".into(), |e| matches!(e, E::UnknownCluster { .. })),
        (
            403,
            "InvalidSignatureException",
            "Credential should be scoped to a valid region.".into(),
            |e| matches!(e, E::WrongRegion { region, .. } if region == "eu-west-1"),
        ),
        (403, "ExpiredTokenException", "The security token included in the request is expired".into(), |e| {
            matches!(e, E::Call { fault: CallFault::Expired, action: "rds-data:ExecuteStatement" })
        }),
        (403, "UnrecognizedClientException", "The security token included in the request is invalid.".into(), |e| {
            matches!(e, E::Call { fault: CallFault::UnknownKeys { .. }, .. })
        }),
        (504, "DatabaseUnavailableException", "The writer instance isn't available".into(), |e| {
            matches!(e, E::Unavailable { .. })
        }),
        (404, "DatabaseNotFoundException", "no instance".into(), |e| matches!(e, E::Unavailable { .. })),
        (503, "ServiceUnavailableError", "not now".into(), |e| matches!(e, E::Unavailable { .. })),
        (400, "InvalidResourceStateException", "stopped".into(), |e| matches!(e, E::Unavailable { .. })),
        (400, "ValidationException", "Multistatements aren't supported".into(), |e| matches!(e, E::Refused { .. })),
        (500, "InternalServerErrorException", "oh".into(), |e| {
            matches!(e, E::Garbled { status: 500, request: Request::Statement, .. })
        }),
        (500, "SomethingNew", "oh".into(), |e| matches!(e, E::Garbled { status: 500, .. })),
    ])
    .await;
}

#[tokio::test]
async fn r28_answers_that_are_not_the_service_s_are_not_asked_for_twice() {
    type Case = (Reply, fn(&E) -> bool);
    let html = |status| Reply::Http(status, vec![("content-type", "text/html".into())], "<html>".into());
    let cases: Vec<Case> = vec![
        (
            html(302).with("location", "http://127.0.0.1:1/"),
            |e| matches!(e, E::NotTheApi { status: 302, location: Some(to) } if to == "http://127.0.0.1:1/"),
        ),
        (html(403), |e| matches!(e, E::NotTheApi { status: 403, .. })),
        (html(407), |e| matches!(e, E::NotTheApi { status: 407, .. })),
        (html(200), |e| matches!(e, E::Garbled { status: 200, .. })),
        (html(502), |e| matches!(e, E::Garbled { status: 502, .. })),
        (Reply::json(503, &json!({})), |e| matches!(e, E::Garbled { status: 503, .. })),
        (Reply::Http(200, vec![], "{\"records\": [".into()), |e| matches!(e, E::Garbled { status: 200, .. })),
        (Reply::Http(200, vec![], String::new()), |e| matches!(e, E::Garbled { status: 200, .. })),
        (Reply::json(200, &json!({})), |e| matches!(e, E::Garbled { status: 200, .. })),
        (Reply::json(200, &json!({ "hello": 1 })), |e| matches!(e, E::Garbled { status: 200, .. })),
        (Reply::json(200, &json!({ "records": [[{ "longValue": 1 }]] })), |e| matches!(e, E::Garbled { .. })),
        (Reply::Raw(b"SSH-2.0-OpenSSH_9.6\r\n"), |e| matches!(e, E::Lost { request: Request::Statement, .. })),
        (Reply::Close, |e| matches!(e, E::Lost { .. })),
    ];
    for (reply, is_right) in cases {
        let said = format!("{reply:?}");
        let found = error(reply).await;
        assert!(is_right(&found), "{said} became {found:?}");
    }
}

#[tokio::test]
async fn an_answer_of_the_least_that_the_service_says_is_a_success() {
    let (outcome, asked) = outcome(vec![Reply::json(200, &json!({ "numberOfRecordsUpdated": 0 }))]).await;
    assert!(outcome.is_ok() && asked == 1, "{outcome:?}");
}

#[tokio::test]
async fn r28_an_answer_cut_at_any_byte_is_an_unknown_outcome_and_not_asked_for_again() {
    let whole = Reply::done();
    let Reply::Http(_, _, body) = &whole else { unreachable!() };
    let head = format!("HTTP/1.1 200 Stub\r\ncontent-length: {}\r\ncontent-type: application/json\r\n\r\n", body.len());
    for length in 0..head.len() + body.len() {
        let found = error(Reply::Cut(Box::new(whole.clone()), length)).await;
        assert!(matches!(found, E::Lost { .. }), "{length}: {found:?}");
    }
}

#[tokio::test]
async fn r28_silence_is_an_unknown_outcome() {
    let stub = Stub::of(vec![Reply::Silence]).await;
    let (mut session, _) = stub.session_with(|settings| settings.limits.call = Duration::from_millis(200));
    let found = session.execute(b"DELETE FROM t", &mut Memory::default()).await.unwrap_err();
    assert!(matches!(found, E::Silent { request: Request::Statement, .. }), "{found:?}");
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn r28_a_pooled_connection_that_the_server_closes_after_reading_is_an_unknown_outcome() {
    let stub = Stub::of(vec![Reply::done(), Reply::Close]).await;
    let (mut session, _) = stub.session();
    session.execute(b"INSERT INTO t VALUES (1)", &mut Memory::default()).await.unwrap();
    let found = session.execute(b"INSERT INTO t VALUES (2)", &mut Memory::default()).await.unwrap_err();
    assert!(matches!(found, E::Lost { .. }), "{found:?}");
    assert_eq!(stub.asked().len(), 2);
}

#[tokio::test]
async fn r28_a_pooled_connection_that_ends_while_idle_leads_to_one_statement_at_most() {
    let Reply::Http(_, _, body) = Reply::done() else { unreachable!() };
    let head = "HTTP/1.1 200 Stub\r\ncontent-length: \r\ncontent-type: application/json\r\n\r\n".len();
    let last = Reply::Cut(Box::new(Reply::done()), head + body.len().to_string().len() + body.len());
    for _ in 0..50 {
        let stub = Stub::of(vec![last.clone()]).await;
        let (mut session, _) = stub.session();
        session.execute(b"INSERT INTO t VALUES (1)", &mut Memory::default()).await.unwrap();
        // Whether the end of the first connection is seen in time is a race; that nothing arrives twice is not.
        match session.execute(b"INSERT INTO t VALUES (2)", &mut Memory::default()).await {
            Ok(()) => assert_eq!(stub.asked().len(), 2),
            Err(E::Lost { .. }) => assert_eq!(stub.asked().len(), 1),
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_was_never_reached() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let (mut session, clock) = session(&format!("http://127.0.0.1:{port}"), |_| {});
    let found = session.execute(b"DELETE FROM t", &mut Memory::default()).await.unwrap_err();
    assert!(matches!(found, E::Unreachable(_)), "{found:?}");
    assert!(clock.waits().is_empty());
}

#[tokio::test]
async fn a_tls_session_that_does_not_come_about_was_never_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { drop(listener.accept().await.unwrap()) });
    let (mut session, _) = session(&url, |_| {});
    let found = session.execute(b"DELETE FROM t", &mut Memory::default()).await.unwrap_err();
    assert!(matches!(found, E::Unreachable(_)), "{found:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn r10_a_clock_that_is_off_is_said_with_its_seconds() {
    for (behind, is_clock) in [(86_400_i64, true), (-86_400, true), (3_600, true), (301, true), (100, false)] {
        let theirs = DateTime::from(SystemTime::now()).secs() + behind;
        let date = DateTime::from_secs(theirs).fmt(DateTimeFormat::HttpDate).unwrap();
        let message = "Signature expired: 20261020T100000Z is now earlier than 20261021T095500Z";
        for code in ["InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch"] {
            let found = error(Reply::error(403, code, message).with("date", &date)).await;
            match found {
                E::Call { fault: CallFault::Clock { seconds }, .. } => {
                    assert!(is_clock && (seconds + behind).abs() <= 2, "{code} {behind} {seconds}");
                }
                other => assert!(!is_clock, "{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn what_is_too_large_or_no_text_is_not_sent() {
    let stub = Stub::of(vec![Reply::done()]).await;
    let (mut session, _) = stub.session();
    let long = vec![b'x'; super::super::REQUEST_LIMIT];
    let found = session.execute(&long, &mut Memory::default()).await.unwrap_err();
    assert!(matches!(found, E::RequestTooLarge { bytes } if bytes > long.len()), "{found:?}");
    let blob = Parameter { name: "b".into(), value: ParameterValue::Binary(vec![0; 3 << 20]) };
    let found = session.execute_with(b"SELECT :b", &[blob], &mut Memory::default()).await.unwrap_err();
    assert!(matches!(found, E::RequestTooLarge { bytes } if bytes > 4 << 20), "{found:?}");
    let found = session.execute(b"SELECT '\xff'", &mut Memory::default()).await.unwrap_err();
    assert!(matches!(found, E::NotText { at: 8 }), "{found:?}");
    assert!(stub.asked().is_empty());
}

#[tokio::test]
async fn an_answer_without_end_does_not_fill_the_memory() {
    let body = format!("{{\"formattedRecords\": \"{}\"}}", "x".repeat(17 << 20));
    let found = error(Reply::Http(200, vec![], body)).await;
    assert!(matches!(found, E::Lost { .. }), "{found:?}");
}

#[tokio::test]
async fn t17_no_error_holds_the_secret_key() {
    for reply in [Reply::Close, Reply::error(403, "InvalidSignatureException", "no"), Reply::Raw(b"x")] {
        let found = error(reply).await;
        let mut text = format!("{found:?} {found}");
        let mut source = std::error::Error::source(&found);
        while let Some(cause) = source {
            text = format!("{text} {cause:?} {cause}");
            source = cause.source();
        }
        assert!(!text.contains("CANARY") && !text.contains("Signature="), "{text}");
    }
}

#[tokio::test]
async fn a_statement_goes_with_everything_that_it_needs() {
    let stub = Stub::of(vec![Reply::json(
        200,
        &json!({
            "numberOfRecordsUpdated": 2, "generatedFields": [{ "longValue": 7 }]
        }),
    )])
    .await;
    let (mut session, _) = stub.session_with(|settings| settings.continue_after_timeout = true);
    let mut memory = Memory::default();
    let parameters = [Parameter { name: "a".into(), value: ParameterValue::Integer(5) }];
    session.execute_with(b"INSERT INTO t VALUES (:a)", &parameters, &mut memory).await.unwrap();
    assert_eq!(
        stub.asked()[0].body,
        json!({
            "resourceArn": CLUSTER, "secretArn": SECRET, "sql": "INSERT INTO t VALUES (:a)", "database": "shop",
            "parameters": [{ "name": "a", "value": { "longValue": 5 } }], "includeResultMetadata": true,
            "continueAfterTimeout": true,
            "resultSetOptions": { "decimalReturnType": "STRING", "longReturnType": "STRING" }
        })
    );
    assert_eq!(stub.asked()[0].path, "/Execute");
    assert_eq!(memory.outcomes.len(), 1);
    assert_eq!((memory.outcomes[0].affected_rows, memory.outcomes[0].last_insert_id), (2, Some(7)));
}
