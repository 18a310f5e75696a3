//! Who the lab's Data API lets in: what AWS's own signer and CLI sign, and nothing that was changed afterwards.

use std::process::Command;
use std::time::{Duration, SystemTime};

use rdsconn_lab::data_api::{CLUSTER_ARN, OTHER_SECRET_ARN, Operation, SECRET_ARN, Secret};
use rdsconn_lab::real::{session_key, static_key};
use rdsconn_lab::verifier::AccessKey;
use serde_json::{Value, json};

use crate::data_api_client::{Call, Stand, body, call, exchange, records};

fn select_one() -> Call {
    Call::new("Execute", &body(&json!({"sql": "select 1"})))
}

#[test]
fn a_signed_request_is_answered() {
    let stand = Stand::new();
    for key in [static_key(), session_key()] {
        let answer = Call { key: key.clone(), ..select_one() }.send(stand.api.address()).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json(), json!({"numberOfRecordsUpdated": 0, "records": [[{"longValue": 1}]]}));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.header("x-amzn-requestid").is_some_and(|id| id.len() == 36));
    }
    let seen = stand.api.requests();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].operation, Some(Operation::Execute));
    assert_eq!(seen[0].sql.as_deref(), Some("select 1"));
    assert_eq!(seen[1].access_key, Some(session_key().id));
    assert_eq!(seen[1].answer, Some((200, None)));
    // The secret's user did log in.
    let user = records(&stand.api, "select current_user()");
    assert!(user[0][0]["stringValue"].as_str().unwrap().starts_with("master@"), "{user}");
}

#[test]
fn a_request_that_was_changed_is_refused() {
    let stand = Stand::new();
    let address = stand.api.address();
    let refusal = |call: Call| {
        let answer = call.send(address).unwrap();
        let (status, kind, message) = answer.error();
        assert_eq!(status, 403, "{message}");
        (kind, message)
    };
    let mismatch = |call: &Call, head: &str, body: &[u8]| {
        assert_ne!((head, body), (call.signed_for(address).as_str(), call.body.as_slice()), "nothing was changed");
        let (status, kind, message) = exchange(address, head.as_bytes(), body).unwrap().error();
        assert_eq!((status, kind.as_str()), (403, "InvalidSignatureException"), "{message}");
    };
    let call = select_one();
    let head = call.signed_for(address);
    let other = String::from_utf8(call.body.clone()).unwrap().replace("select 1", "select 2");
    mismatch(&call, &head, other.as_bytes());
    mismatch(&call, &head.replace("POST /Execute", "POST /BeginTransaction"), &call.body);
    mismatch(&call, &head.replace("content-type: application/json", "content-type: application/jsom"), &call.body);
    mismatch(&call, &head.replace("host: 127", "host: 128"), &call.body);
    let signature = head.split("Signature=").nth(1).unwrap().chars().next().unwrap();
    let flipped = if signature == '0' { "Signature=1" } else { "Signature=0" };
    mismatch(&call, &head.replace(&format!("Signature={signature}"), flipped), &call.body);
    mismatch(&call, &head.replace("SignedHeaders=content-type;host;", "SignedHeaders=content-type;"), &call.body);
    let stowaway = Call { unsigned: vec![("x-amz-target", "x")], ..call.clone() };
    mismatch(&call, &stowaway.signed_for(address), &call.body);
    // The session's token belongs to its key.
    let with_session = Call { key: session_key(), ..call.clone() };
    let stolen = with_session.signed_for(address).replace("IQoJb3JpZ2lu", "IQoJb3JpZ2lv");
    let (_, kind, _) = exchange(address, stolen.as_bytes(), &call.body).unwrap().error();
    assert_eq!(kind, "UnrecognizedClientException");

    let forged = AccessKey { secret: "another".to_owned(), ..static_key() };
    assert_eq!(refusal(Call { key: forged, ..call.clone() }).0, "InvalidSignatureException");
    let unknown = AccessKey { id: "AKIAUNKNOWN".to_owned(), ..static_key() };
    assert_eq!(refusal(Call { key: unknown, ..call.clone() }).0, "UnrecognizedClientException");
    let bare = AccessKey { session_token: None, ..session_key() };
    assert_eq!(refusal(Call { key: bare, ..call.clone() }).0, "UnrecognizedClientException");
    assert!(refusal(Call { region: "eu-west-1", ..call.clone() }).1.contains("valid region"));
    assert!(refusal(Call { service: "rds", ..call.clone() }).1.contains("correct service"));
    let unsigned: String = head
        .lines()
        .filter(|line| !line.starts_with("authorization"))
        .fold(String::new(), |all, line| all + line + "\r\n");
    let (_, kind, _) = exchange(address, unsigned.as_bytes(), &call.body).unwrap().error();
    assert_eq!(kind, "MissingAuthenticationTokenException");
    assert!(stand.api.requests().iter().all(|seen| seen.answer.as_ref().is_some_and(|(status, _)| *status == 403)));
}

#[test]
fn r10_clocks_may_differ_by_five_minutes() {
    let stand = Stand::new();
    let at = |at: SystemTime| Call { at, ..select_one() }.send(stand.api.address()).unwrap();
    let now = SystemTime::now();
    for seconds in [0, 240] {
        assert_eq!(at(now - Duration::from_secs(seconds)).status, 200);
        assert_eq!(at(now + Duration::from_secs(seconds)).status, 200);
    }
    let (_, kind, message) = at(now - Duration::from_secs(320)).error();
    assert_eq!(kind, "InvalidSignatureException");
    assert!(message.starts_with("Signature expired: ") && message.ends_with(" - 5 min.)"), "{message}");
    let (_, _, message) = at(now + Duration::from_secs(320)).error();
    assert!(message.starts_with("Signature not yet current: ") && message.ends_with(" + 5 min.)"), "{message}");

    stand.api.change(|options| options.set_clock_ahead(Duration::from_hours(24)));
    let answer = select_one().send(stand.api.address()).unwrap();
    assert!(answer.error().2.starts_with("Signature expired: "));
    // By this a client can say by how much its clock is off.
    let theirs = httpdate::parse_http_date(answer.header("date").unwrap()).unwrap();
    // The header has whole seconds.
    let ahead = theirs.duration_since(now).unwrap() + Duration::from_secs(1);
    assert!((Duration::from_hours(24)..Duration::from_hours(25)).contains(&ahead), "{ahead:?}");
}

#[test]
fn the_cluster_and_the_secret_are_looked_at() {
    let stand = Stand::new();
    let with = |members: Value| call(&stand.api, "Execute", &members).error();
    let (status, kind, _) = with(json!({"sql": "select 1", "resourceArn": CLUSTER_ARN.replace("orders", "others")}));
    assert_eq!((status, kind.as_str()), (400, "BadRequestException"));
    let (_, kind, _) = with(json!({"sql": "select 1", "secretArn": SECRET_ARN.replace("AbCdEf", "AbCdEg")}));
    assert_eq!(kind, "SecretsErrorException");
    let app = call(&stand.api, "Execute", &json!({"sql": "select current_user()", "secretArn": OTHER_SECRET_ARN}));
    assert!(app.json()["records"][0][0]["stringValue"].as_str().unwrap().starts_with("app@"));

    for text in ["", "password", "[]", r#"{"user": "master", "password": "x"}"#, r#"{"username": "master"}"#] {
        stand.api.change(|options| options.secrets[0].text = text.to_owned());
        assert_eq!(with(json!({"sql": "select 1"})).1, "InvalidSecretException", "{text}");
    }
    stand.api.change(|options| options.secrets[0] = Secret::managed(SECRET_ARN, "master", "rotated"));
    let (status, kind, message) = with(json!({"sql": "select 1"}));
    assert_eq!((status, kind.as_str()), (400, "DatabaseErrorException"));
    assert!(message.starts_with("Database error code: 1045. Message: Access denied for user 'master'"), "{message}");
    stand.api.change(|options| options.http_endpoint = false);
    assert_eq!(with(json!({"sql": "select 1"})).1, "HttpEndpointNotEnabledException");
}

#[test]
fn the_aws_cli_is_answered() {
    if Command::new("aws").arg("--version").output().is_err() {
        eprintln!("SKIPPED the AWS CLI against the Data API: aws is not installed");
        return;
    }
    let stand = Stand::new();
    let folder = tempfile::tempdir().unwrap();
    let key = session_key();
    let output = Command::new("aws")
        .args(["rds-data", "execute-statement", "--region", "us-east-1", "--output", "json"])
        .args(["--endpoint-url", &stand.api.url(), "--resource-arn", CLUSTER_ARN, "--secret-arn", SECRET_ARN])
        .args(["--database", "orders", "--include-result-metadata"])
        .args(["--sql", "select name from customers where id = :id"])
        .args(["--parameters", r#"[{"name": "id", "value": {"longValue": 3}}]"#])
        .envs([("AWS_ACCESS_KEY_ID", key.id.as_str()), ("AWS_SECRET_ACCESS_KEY", key.secret.as_str())])
        .env("AWS_SESSION_TOKEN", key.session_token.unwrap())
        .env("AWS_CONFIG_FILE", folder.path().join("config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", folder.path().join("credentials"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["records"], json!([[{"stringValue": "Jürgen Müller"}]]));
    assert_eq!(answer["columnMetadata"][0]["typeName"], "VARCHAR");
}
