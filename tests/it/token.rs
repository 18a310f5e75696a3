//! `rdsconn token` through the real binary, judged by a verifier that shares no code with the signer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdsconn_lab::environment::{ProfileCredentials, TestEnv};
use rdsconn_lab::verifier::Refusal;
use serde_json::{Value, json};

use crate::support::{ENDPOINT, HOST, KEY_ID, SECRET_KEY, acme, environment, verifier};

/// The token that is printed, and that nothing else is.
fn token(test: &TestEnv, arguments: &[&str]) -> String {
    let output = test.rdsconn(["token"].iter().chain(arguments)).succeeded();
    assert_eq!(output.stderr, "");
    let token = output.stdout.strip_suffix('\n').unwrap();
    assert!(token.bytes().all(|byte| byte.is_ascii_graphic()), "{token}");
    token.to_owned()
}

fn with_profile(credentials: &ProfileCredentials<'_>) -> TestEnv {
    let test = environment();
    test.write_aws_profile("acme", None, credentials);
    test
}

/// What a `credential_process` prints.
fn printed(session_token: Option<&str>, lives: Option<Duration>) -> String {
    let mut answer = json!({"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET_KEY});
    if let Some(session_token) = session_token {
        answer["SessionToken"] = json!(session_token);
    }
    if let Some(lives) = lives {
        let end = (SystemTime::now() + lives).duration_since(UNIX_EPOCH).unwrap().as_secs();
        let end = time::OffsetDateTime::from_unix_timestamp(end.cast_signed()).unwrap();
        answer["Expiration"] = json!(end.format(&time::format_description::well_known::Rfc3339).unwrap());
    }
    answer.to_string()
}

fn with_process(answer: &str) -> TestEnv {
    let test = environment();
    let file = test.write_file("answer.json", answer);
    test.write_aws_profile("acme", None, &ProfileCredentials::Process(&format!("cat {}", file.display())));
    test
}

const ACME: &[&str] = &["--profile", "acme", "-u", "dba", ENDPOINT];

#[test]
fn static_keys() {
    let token = token(&acme(), &[HOST]);
    assert_eq!(verifier(None).verify(&token, "dba"), Ok(()));
    assert_eq!(verifier(None).verify(&token, "reader"), Err(Refusal::WrongUser("dba".to_owned())));
}

#[test]
fn a_session_token_of_2500_characters() {
    let session = "IQoJb3JpZ2luX2VjE+/=".repeat(125);
    assert_eq!(session.len(), 2500);
    let keys = ProfileCredentials::Static { id: KEY_ID, secret: SECRET_KEY, session_token: Some(&session) };
    assert_eq!(verifier(Some(&session)).verify(&token(&with_profile(&keys), ACME), "dba"), Ok(()));
}

#[test]
fn keys_in_the_environment_and_of_the_default_profile() {
    let mut test = environment();
    test.set("AWS_ACCESS_KEY_ID", KEY_ID).set("AWS_SECRET_ACCESS_KEY", SECRET_KEY).set("AWS_SESSION_TOKEN", "session");
    assert_eq!(verifier(Some("session")).verify(&token(&test, &["-u", "dba", ENDPOINT]), "dba"), Ok(()));
    let keys = ProfileCredentials::Static { id: KEY_ID, secret: SECRET_KEY, session_token: None };
    let test = environment();
    test.write_aws_profile("default", None, &keys);
    assert_eq!(verifier(None).verify(&token(&test, &["-u", "dba", ENDPOINT]), "dba"), Ok(()));
}

/// T20: keys that lie around in the environment do not sign for a profile that was named.
#[test]
fn t20_a_named_profile_wins_over_keys_in_the_environment() {
    let mut test = acme();
    test.set("AWS_ACCESS_KEY_ID", "AKIAOTHER").set("AWS_SECRET_ACCESS_KEY", "other").set("AWS_SESSION_TOKEN", "other");
    assert_eq!(verifier(None).verify(&token(&test, &[HOST]), "dba"), Ok(()));
}

#[test]
fn a_credential_process() {
    for (session, lives) in [(None, None), (Some("se+ss/ion="), None), (Some("s"), Some(Duration::from_hours(1)))] {
        let token = token(&with_process(&printed(session, lives)), ACME);
        assert_eq!(verifier(session).verify(&token, "dba"), Ok(()));
    }
}

#[test]
fn r8_credentials_about_to_end_sign_nothing() {
    for (seconds, code) in [(0, 4), (30, 4), (3600, 0)] {
        let test = with_process(&printed(Some("s"), Some(Duration::from_secs(seconds))));
        let output = test.rdsconn(["token"].iter().chain(ACME)).ended_with(code);
        assert_eq!(output.stdout.is_empty(), code != 0, "{}", output.stdout);
        assert_eq!(
            output.stderr.contains("credentials of profile \"acme\" have expired"),
            code != 0,
            "{}",
            output.stderr
        );
    }
}

#[test]
fn r8_the_json_says_when_the_token_ends() {
    // Without an end of the credentials it is the token's own, less the margin; else the credentials', less the margin.
    for (lives, least, most) in [(None, 800, 840), (Some(5 * 60), 200, 240), (Some(3600), 800, 840)] {
        let test = with_process(&printed(Some("s"), lives.map(Duration::from_secs)));
        let output = test.rdsconn(["token", "--json", "--fresh"].iter().chain(ACME)).succeeded();
        assert_eq!(output.stderr, "");
        let answer: Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(verifier(Some("s")).verify(answer["token"].as_str().unwrap(), "dba"), Ok(()));
        assert_eq!(answer["endpoint"], format!("{ENDPOINT}:3306"));
        assert_eq!((&answer["user"], &answer["region"]), (&json!("dba"), &json!("us-east-1")));
        let end = answer["expires"].as_str().unwrap();
        let end = time::OffsetDateTime::parse(end, &time::format_description::well_known::Rfc3339).unwrap();
        let left = end.unix_timestamp() - time::OffsetDateTime::now_utc().unix_timestamp();
        assert!((least..=most).contains(&left), "{left} s left of {lives:?}");
        assert_eq!(answer.as_object().unwrap().len(), 5);
    }
}

/// Every name that the generator of aws-sdk-rds was seen to panic on or to sign wrongly, as a user types it.
#[test]
fn awkward_user_names() {
    let test = acme();
    let longest = "x".repeat(32);
    for user in [
        "DBA",
        "a+b",
        "a b",
        "a&b",
        "a#b",
        "u@x",
        "ü",
        "a%b",
        "a'b",
        "a/b",
        "a=b",
        "a?b",
        "~._-*()!",
        "数据库",
        &longest,
    ] {
        let token = token(&test, &["-u", user, HOST]);
        assert_eq!(verifier(None).verify(&token, user), Ok(()), "{user}");
    }
    for user in ["", "-x", "a\nb", "a\u{202e}b", &"x".repeat(33)] {
        let output = test.rdsconn(["token", HOST, &format!("--user={user}")]);
        assert_eq!(output.code, 2, "{user:?} {}", output.stderr);
        assert_eq!(output.stdout, "");
    }
}

#[test]
fn an_upper_case_endpoint_is_signed_in_lower_case() {
    let test = acme();
    let upper = ENDPOINT.to_uppercase();
    for arguments in [["--profile", "acme-prod", "-u", "dba", &upper], [HOST, "--endpoint", &upper, "-u", "dba"]] {
        assert_eq!(verifier(None).verify(&token(&test, &arguments), "dba"), Ok(()));
    }
}

/// Invariant 2: what is dialled has no part in the token.
#[test]
fn a_token_is_signed_for_the_endpoint_and_its_port() {
    let test = acme();
    let dialled = token(&test, &[HOST, "--address", "127.0.0.1:13306"]);
    assert_eq!(verifier(None).verify(&dialled, "dba"), Ok(()));
    let other_port = token(&test, &[HOST, "-P", "3307", "--address", "127.0.0.1:13306"]);
    assert!(other_port.starts_with(&format!("{ENDPOINT}:3307/?")), "{other_port}");
    assert_eq!(verifier(None).verify(&other_port, "dba"), Err(Refusal::WrongPort("3307".to_owned())));
    let mut elsewhere = verifier(None);
    elsewhere.port = 3307;
    assert_eq!(elsewhere.verify(&other_port, "dba"), Ok(()));
}

#[test]
fn the_region_is_the_one_that_explain_shows() {
    let token = token(&acme(), &[HOST, "--region", "eu-west-1"]);
    assert_eq!(verifier(None).verify(&token, "dba"), Err(Refusal::WrongRegion("eu-west-1".to_owned())));
    let mut there = verifier(None);
    "eu-west-1".clone_into(&mut there.region);
    assert_eq!(there.verify(&token, "dba"), Ok(()));
}
