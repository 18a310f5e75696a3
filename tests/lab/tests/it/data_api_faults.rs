//! That the lab's Data API fails as it is told to, and no more often; and that it says what it was asked.

use std::time::Duration;

use rdsconn_lab::data_api::{Fault, Injection, Operation};
use serde_json::{Value, json};

use crate::data_api_client::{Answer, Call, Stand, body, call, execute, records};

#[test]
fn errors_of_the_service() {
    let stand = Stand::new();
    let api = &stand.api;
    let expected = [
        (Fault::Paused, 400, "DatabaseResumingException", "is resuming after being auto-paused. Please wait"),
        (Fault::Throttled, 400, "ThrottlingException", "Rate exceeded"),
        (Fault::TooManyRequests(Some(2)), 429, "TooManyRequestsException", "Too Many"),
        (
            Fault::HttpEndpointNotEnabled,
            400,
            "HttpEndpointNotEnabledException",
            "HttpEndpoint is not enabled for cluster orders",
        ),
        (Fault::HttpEndpointNotEnabledV1, 400, "BadRequestException", "HttpEndpoint is not enabled for cluster orders"),
        (
            Fault::AccessDenied,
            403,
            "AccessDeniedException",
            "to perform: rds-data:ExecuteStatement on resource: arn:aws:rds:",
        ),
        (
            Fault::SecretAccessDenied,
            403,
            "AccessDeniedException",
            "secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:",
        ),
        (Fault::SecretAccessDeniedV1, 400, "BadRequestException", "secretsmanager:GetSecretValue"),
        (Fault::InvalidSecret, 400, "InvalidSecretException", "isn't valid"),
        (Fault::SecretsError, 400, "SecretsErrorException", "can't find"),
        (Fault::UnknownCluster, 400, "BadRequestException", "is not found"),
        (Fault::NoDatabase, 404, "DatabaseNotFoundException", "DB instance"),
        (Fault::DatabaseUnavailable, 504, "DatabaseUnavailableException", "writer"),
        (Fault::InvalidResourceState, 400, "InvalidResourceStateException", "invalid state"),
        (Fault::ExpiredToken, 403, "ExpiredTokenException", "expired"),
        (Fault::ClockAhead(Duration::from_hours(1)), 403, "InvalidSignatureException", "Signature expired: "),
        (Fault::ClockBehind(Duration::from_hours(1)), 403, "InvalidSignatureException", "Signature not yet current: "),
        (Fault::StatementTimeout, 400, "StatementTimeoutException", "timed out"),
        (Fault::TransactionNotFound, 404, "TransactionNotFoundException", "is not found"),
        (Fault::InternalServerError, 500, "InternalServerErrorException", "internal"),
        (Fault::ServiceUnavailable, 503, "ServiceUnavailableError", "unavailable"),
        (Fault::Error(418, "TeapotException", "short and stout".to_owned()), 418, "TeapotException", "stout"),
    ];
    for (fault, status, kind, words) in expected {
        api.inject(fault.clone());
        let answer = execute(api, "create table never (v int)", Value::Null);
        let (said_status, said_kind, message) = answer.error();
        assert_eq!((said_status, said_kind.as_str()), (status, kind), "{fault:?}");
        assert!(message.contains(words), "{fault:?}: {message}");
        if let Fault::TooManyRequests(_) = fault {
            assert_eq!(answer.header("retry-after"), Some("2"));
        }
        let seen = api.requests().pop().unwrap();
        assert_eq!(seen.answer, Some((status, Some(kind.to_owned()))));
        // Once, and nothing was run.
        assert_eq!(execute(api, "select * from never", Value::Null).error().1, "DatabaseErrorException", "{fault:?}");
    }
}

#[test]
fn other_services_can_be_made_to_fail() {
    let stand = Stand::new();
    let ask = || {
        Call { path: "/".to_owned(), service: "secretsmanager", ..Call::new("", &json!({})) }.send(stand.api.address())
    };
    assert_eq!(ask().unwrap().error().1, "UnknownOperationException");
    stand.api.inject(Fault::Throttled);
    assert_eq!(ask().unwrap().error().1, "ThrottlingException");
    stand.api.inject(Fault::Gateway(503));
    assert_eq!(ask().unwrap().status, 503);
}

#[test]
fn faults_happen_to_whom_they_are_meant_for() {
    let stand = Stand::new();
    let api = &stand.api;
    let status = |sql: &str| execute(api, sql, Value::Null).status;
    api.inject(Injection::times(Fault::Paused, 2).after(1).on(Operation::Execute));
    assert_eq!(call(api, "BeginTransaction", &json!({})).status, 200);
    assert_eq!([1, 2, 3, 4].map(|_| status("select 1")), [200, 400, 400, 200]);
    api.inject(Injection::always(Fault::Throttled));
    assert_eq!([1, 2, 3].map(|_| status("select 2")), [400; 3]);
    api.clear_faults();
    assert_eq!(status("select 3"), 200);
    assert_eq!((api.count(Operation::Execute), api.count(Operation::Begin)), (8, 1));
    assert_eq!(api.statements()[5], "select 2");
    api.forget_requests();
    assert_eq!(api.requests(), []);
    assert_eq!(status("select 4"), 200);
    assert_eq!(api.requests()[0].answer, Some((200, None)));
}

#[test]
fn answers_that_are_none() {
    let stand = Stand::new();
    let api = &stand.api;
    let plain = |fault: Fault| -> Answer {
        api.inject(fault);
        execute(api, "select 1", Value::Null)
    };
    for status in [500, 502, 503, 504] {
        let answer = plain(Fault::Gateway(status));
        assert_eq!((answer.status, answer.header("content-type")), (status, Some("text/html")));
    }
    let answer = plain(Fault::Redirect(307, "http://127.0.0.1:9/elsewhere".to_owned()));
    assert_eq!((answer.status, answer.header("location")), (307, Some("http://127.0.0.1:9/elsewhere")));
    let answer = plain(Fault::TruncatedJson);
    assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()));
    assert!(serde_json::from_slice::<Value>(&answer.body).is_err() && answer.body.starts_with(b"{\""));
    let answer = plain(Fault::CutBody);
    assert!(answer.header("content-length").unwrap().parse::<usize>().unwrap() > answer.body.len());
    assert!(!answer.body.is_empty());
    assert_eq!(plain(Fault::EmptyBody).body, b"");
    assert!(plain(Fault::Garbage).body.starts_with(b"\0"));
    let answer = plain(Fault::WrongContentType);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html")));
}

#[test]
fn r28_connections_that_end_before_and_after() {
    let stand = Stand::new();
    let api = &stand.api;
    records(api, "select 1");
    execute(api, "create table rows_of (v int)", Value::Null);
    let count = || records(api, "select count(*) from rows_of")[0][0]["stringValue"].as_str().unwrap().to_owned();
    let insert = || {
        let members = json!({"sql": "insert into rows_of values (1)", "database": "orders"});
        Call::new("Execute", &body(&members)).send(api.address())
    };
    for fault in [Fault::CloseOnConnect, Fault::CloseBeforeRunning] {
        api.inject(fault);
        assert!(insert().is_none());
        assert_eq!(count(), "0");
    }
    api.inject(Fault::CloseAfterRunning);
    assert!(insert().is_none());
    assert_eq!(count(), "1");
    api.inject(Fault::InternalServerErrorAfterwards);
    assert_eq!(insert().unwrap().status, 500);
    assert_eq!(count(), "2");
    assert_eq!(api.requests().iter().filter(|seen| seen.answer.is_none()).count(), 2);
    assert!(insert().is_some());
}

#[test]
fn a_server_that_says_nothing_can_be_left() {
    let stand = Stand::new();
    let api = &stand.api;
    for fault in [Fault::Hang, Fault::HangAfterRunning] {
        api.inject(fault);
        let before = api.requests().len();
        let request = Call::new("Execute", &body(&json!({"sql": "select 1"})));
        let mut stream = std::net::TcpStream::connect(api.address()).unwrap();
        std::io::Write::write_all(&mut stream, &[request.signed_for(api.address()).as_bytes(), &request.body].concat())
            .unwrap();
        assert!(api.wait_until(Duration::from_secs(20), |seen| seen.len() > before));
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        assert!(std::io::Read::read(&mut stream, &mut [0; 10]).is_err());
        assert_eq!(api.requests().last().unwrap().answer, None);
    }
    records(api, "select 1");
}
