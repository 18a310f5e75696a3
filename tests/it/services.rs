//! Credentials that AWS's own services hand out, SSO and STS, from stand-ins on this machine: what they give signs, what
//! they refuse is told apart, and what they are shown is shown to nobody else.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use rdsconn_lab::environment::{Output, ProfileCredentials, TestEnv};

use crate::support::{ENDPOINT, KEY_ID, SECRET_KEY, add_aws_config, add_sso, environment, everything, verifier};

const ACCESS_TOKEN: &str = "CanarySsoAccessToken0a77";
const FAR: &str = "2099-01-01T00:00:00Z";

/// A service that gives the same answer to everybody, and remembers what it was asked.
struct Service {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Service {
    fn answering(status: &'static str, kind: &'static str, body: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        // It ends with the test binary.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut reader = BufReader::new(stream.unwrap());
                let mut request = String::new();
                while reader.read_line(&mut request).is_ok_and(|read| read > 2) {}
                seen.lock().unwrap().push(request);
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status}\r\nx-amzn-errortype: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
                );
                // Who hangs up early has seen enough.
                let _ = reader.get_mut().write_all(format!("{head}{body}").as_bytes());
            }
        });
        Self { url, requests }
    }

    fn requests(&self) -> String {
        self.requests.lock().unwrap().join("\n")
    }
}

fn sso_answer() -> String {
    format!(
        r#"{{"roleCredentials": {{"accessKeyId": "{KEY_ID}", "secretAccessKey": "{SECRET_KEY}", "sessionToken": "session", "expiration": 4070908800000}}}}"#
    )
}

fn token(test: &TestEnv, profile: &str) -> Output {
    test.rdsconn(["token", "-u", "dba", "--profile", profile, ENDPOINT, "-vvv", "--connect-timeout", "20"])
}

fn with_sso(service: &Service) -> TestEnv {
    let mut test = environment();
    add_sso(&test, ACCESS_TOKEN, FAR);
    test.set("AWS_ENDPOINT_URL_SSO", &service.url);
    test
}

#[test]
fn an_sso_session_gives_a_token() {
    let service = Service::answering("200 OK", "", sso_answer());
    let output = token(&with_sso(&service), "sso").succeeded();
    assert_eq!(verifier(Some("session")).verify(output.stdout.trim_end(), "dba"), Ok(()));
    assert!(!everything(&output).contains(ACCESS_TOKEN), "{output:?}");
    // The token in the cache went to the service, so that its absence elsewhere means something.
    assert!(service.requests().contains(ACCESS_TOKEN), "{}", service.requests());
}

/// Each refusal, the exit code and the command that helps.
#[test]
fn t17_what_the_sso_service_refuses_is_told_apart() {
    for (status, kind, body, code, hint) in [
        (
            "401 Unauthorized",
            "UnauthorizedException",
            r#"{"message": "Session token not found or invalid"}"#,
            4,
            "run aws sso login --profile sso\n",
        ),
        (
            "403 Forbidden",
            "ForbiddenException",
            r#"{"message": "No access"}"#,
            4,
            "run aws sts get-caller-identity --profile sso; ",
        ),
        (
            "404 Not Found",
            "ResourceNotFoundException",
            r#"{"message": "Role is not there"}"#,
            5,
            "check the network or VPN",
        ),
        ("200 OK", "", "not JSON", 5, "check the network or VPN"),
    ] {
        let service = Service::answering(status, kind, body.to_owned());
        let output = token(&with_sso(&service), "sso");
        assert_eq!(output.code, code, "{status}: {}", output.stderr);
        assert!(output.stderr.contains(&format!("\nhint: {hint}")), "{status}: {}", output.stderr);
        assert!(!everything(&output).contains(ACCESS_TOKEN), "{}", output.stderr);
        assert!(service.requests().contains(ACCESS_TOKEN));
    }
}

/// The role's own session is asked for with what SSO gave, or with static keys.
#[test]
fn a_role_gives_a_token() {
    let answer = format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
         <AccessKeyId>{KEY_ID}</AccessKeyId><SecretAccessKey>{SECRET_KEY}</SecretAccessKey>\
         <SessionToken>of-the-role</SessionToken><Expiration>{FAR}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    let sts = Service::answering("200 OK", "", answer);
    let sso = Service::answering("200 OK", "", sso_answer());
    let mut test = with_sso(&sso);
    test.set("AWS_ENDPOINT_URL_STS", &sts.url);
    let keys = ProfileCredentials::Static { id: "AKIASOURCE", secret: "CanarySourceSecret", session_token: None };
    test.write_aws_profile("keys", None, &keys);
    add_aws_config(&test, "[profile switched]\nrole_arn = arn:aws:iam::111122223333:role/dba\nsource_profile = keys\n");
    for (profile, source) in [("role", KEY_ID), ("switched", "AKIASOURCE")] {
        let output = token(&test, profile).succeeded();
        assert_eq!(verifier(Some("of-the-role")).verify(output.stdout.trim_end(), "dba"), Ok(()), "{profile}");
        assert!(sts.requests().contains(&format!("Credential={source}/")), "{}", sts.requests());
        assert!(!everything(&output).contains("CanarySourceSecret"));
    }
}

#[test]
fn a_role_that_may_not_be_assumed_is_a_refusal() {
    let answer = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User is not authorized to \
                  perform: sts:AssumeRole</Message></Error></ErrorResponse>";
    let sts = Service::answering("403 Forbidden", "", answer.to_owned());
    let mut test = environment();
    test.set("AWS_ENDPOINT_URL_STS", &sts.url);
    let keys = ProfileCredentials::Static { id: "AKIASOURCE", secret: "CanarySourceSecret", session_token: None };
    test.write_aws_profile("keys", None, &keys);
    add_aws_config(&test, "[profile switched]\nrole_arn = arn:aws:iam::111122223333:role/dba\nsource_profile = keys\n");
    let output = token(&test, "switched").ended_with(4);
    assert!(
        output.stderr.starts_with("error: AWS refused credentials for profile \"switched\"\n"),
        "{}",
        output.stderr
    );
    assert!(output.stderr.contains("not authorized to perform: sts:AssumeRole"), "{}", output.stderr);
    assert!(output.stderr.contains("the role's trust policy must name you"), "{}", output.stderr);
    assert!(!everything(&output).contains("CanarySourceSecret"));
}
