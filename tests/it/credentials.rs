//! Profiles that log in elsewhere: assumed roles, web identities, SSO. AWS is a small HTTP server here that answers as STS and
//! the SSO portal do; the tokens that come out are judged by the lab's verifier.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rdsconn_lab::environment::{Output, TestEnv};
use rdsconn_lab::real::session_key;
use rdsconn_lab::verifier::Verifier;

const ENDPOINT: &str = "orders.cluster-c9abc.us-east-1.rds.amazonaws.com";
/// The cache file of the SSO session called `lab`: SHA-1 of its name.
const SSO_CACHE: &str = ".aws/sso/cache/3953f9ddf975ab5097ee468d99555c5b441169bf.json";

/// Answers every request by what `answer` says of its first line and body.
pub(crate) struct Aws {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Aws {
    pub(crate) fn start(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> Self {
        Self::start_at("", answer)
    }

    /// The same, with a clock of its own: an HTTP date.
    pub(crate) fn start_at(date: &'static str, answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                serve(stream, date, &answer, &seen);
            }
        });
        Self { address, requests }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, date: &str, answer: &impl Fn(&str) -> (u16, String), seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    if reader.read_line(&mut first).is_err() || first.is_empty() {
        return;
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let request = format!("{} {}", first.trim_end(), String::from_utf8_lossy(&body));
    seen.lock().unwrap().push(request.clone());
    let (status, text) = answer(&request);
    let date = if date.is_empty() { String::new() } else { format!("date: {date}\r\n") };
    let head = format!(
        "HTTP/1.1 {status} X\r\n{date}content-length: {}\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600\r\nconnection: close\r\n\r\n",
        text.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(text.as_bytes()));
}

/// What STS answers to `action`, with the lab's temporary key.
fn sts(action: &str, expiration: &str) -> String {
    let key = session_key();
    format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><Credentials>\
         <AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken>\
         <Expiration>{expiration}</Expiration></Credentials></{action}Result></{action}Response>",
        key.id,
        key.secret,
        key.session_token.unwrap()
    )
}

fn home(aws: &Aws, config: &str) -> TestEnv {
    let mut home = TestEnv::new(env!("CARGO_BIN_EXE_rdsconn"));
    home.write_file(".aws/config", config);
    home.write_file(".aws/credentials", "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = base-secret\n");
    home.set("AWS_ENDPOINT_URL", format!("http://{}", aws.address));
    home
}

fn token(home: &TestEnv, profile: &str) -> Output {
    home.rdsconn(["token", ENDPOINT, "--profile", profile, "-u", "dba"])
}

fn assert_verifies(output: &Output) {
    let verifier = Verifier::new(ENDPOINT, 3306, "us-east-1", vec![session_key()]);
    assert_eq!(verifier.verify(output.stdout.trim_end(), "dba"), Ok(()));
}

const ROLE: &str =
    "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/dba\nsource_profile = base\nregion = us-east-1\n";

#[test]
fn a_role_is_assumed_with_the_source_profile() {
    let aws = Aws::start(|_| (200, sts("AssumeRole", "2099-01-01T00:00:00Z")));
    let output = token(&home(&aws, ROLE), "role").succeeded();
    assert_verifies(&output);
    let requests = aws.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert!(requests[0].contains("Action=AssumeRole&") && requests[0].contains("role%2Fdba"), "{requests:?}");
}

#[test]
fn r8_a_role_whose_credentials_end_soon_gives_no_token() {
    let aws = Aws::start(|_| (200, sts("AssumeRole", "2020-01-01T00:00:00Z")));
    let output = token(&home(&aws, ROLE), "role").ended_with(4);
    assert_eq!(output.stdout, "");
    assert!(output.stderr.contains("have expired"), "{}", output.stderr);
}

#[test]
fn a_refused_role_is_told_in_the_words_of_aws() {
    let words = "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: sts:AssumeRole";
    let error = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{words}</Message></Error></ErrorResponse>"
    );
    let aws = Aws::start(move |_| (403, error.clone()));
    let output = token(&home(&aws, ROLE), "role").ended_with(4);
    assert!(output.stderr.contains("AWS refused credentials for profile \"role\""), "{}", output.stderr);
    assert!(output.stderr.contains("not authorized to perform"), "{}", output.stderr);
    assert!(output.stderr.contains("aws sts get-caller-identity --profile role"), "{}", output.stderr);
}

#[test]
fn a_web_identity_is_exchanged() {
    let aws = Aws::start(|_| (200, sts("AssumeRoleWithWebIdentity", "2099-01-01T00:00:00Z")));
    let home = home(&aws, "");
    let file = home.write_file("identity.jwt", "the.identity.token");
    let config = format!(
        "[profile web]\nrole_arn = arn:aws:iam::123456789012:role/dba\nweb_identity_token_file = {}\nregion = us-east-1\n",
        file.display()
    );
    home.write_file(".aws/config", config);
    assert_verifies(&token(&home, "web").succeeded());
    assert!(aws.requests()[0].contains("WebIdentityToken=the.identity.token"), "{:?}", aws.requests());
}

const SSO: &str = "[sso-session lab]\nsso_start_url = https://acme.awsapps.example/start\nsso_region = us-east-1\n\
                   [profile sso]\nsso_session = lab\nsso_account_id = 123456789012\nsso_role_name = dba\nregion = us-east-1\n\
                   [profile through-sso]\nrole_arn = arn:aws:iam::123456789012:role/dba\nsource_profile = sso\nregion = us-east-1\n";

fn sso_login(home: &TestEnv, expires: &str) {
    let cache = format!(
        "{{\"accessToken\":\"sso-access-token\",\"expiresAt\":\"{expires}\",\"region\":\"us-east-1\",\"startUrl\":\"https://acme.awsapps.example/start\"}}"
    );
    home.write_file(SSO_CACHE, cache);
}

fn portal() -> String {
    let key = session_key();
    format!(
        "{{\"roleCredentials\":{{\"accessKeyId\":\"{}\",\"secretAccessKey\":\"{}\",\"sessionToken\":\"{}\",\"expiration\":4070908800000}}}}",
        key.id,
        key.secret,
        key.session_token.unwrap()
    )
}

#[test]
fn an_sso_session_gives_credentials() {
    let aws = Aws::start(|_| (200, portal()));
    let home = home(&aws, SSO);
    sso_login(&home, "2099-01-01T00:00:00Z");
    assert_verifies(&token(&home, "sso").succeeded());
    assert!(aws.requests()[0].starts_with("GET /federation/credentials?"), "{:?}", aws.requests());
}

/// Each refusal of the portal, the exit code and the advice; never the access token that was sent.
#[test]
fn t17_what_the_sso_portal_refuses_is_told_apart() {
    for (status, body, code, advice) in [
        (
            401,
            r#"{"__type":"UnauthorizedException","message":"Session token not found or invalid"}"#,
            4,
            "run aws sso login --profile sso\n",
        ),
        (
            403,
            r#"{"__type":"ForbiddenException","message":"No access"}"#,
            4,
            "run aws sts get-caller-identity --profile ",
        ),
        (404, r#"{"__type":"ResourceNotFoundException","message":"Role is not there"}"#, 5, "check the network or VPN"),
        (200, "not JSON", 5, "check the network or VPN"),
    ] {
        let aws = Aws::start(move |_| (status, body.to_owned()));
        let home = home(&aws, SSO);
        sso_login(&home, "2099-01-01T00:00:00Z");
        for profile in ["sso", "through-sso"] {
            let output = token(&home, profile);
            assert_eq!(output.code, code, "{status} {profile}: {}", output.stderr);
            assert!(output.stderr.contains(&format!("\nhint: {advice}")), "{status} {profile}: {}", output.stderr);
            assert!(!output.stderr.contains("sso-access-token"), "{}", output.stderr);
        }
    }
}

#[test]
fn a_role_behind_sso_is_assumed() {
    let aws = Aws::start(|request| {
        if request.starts_with("GET /federation/credentials?") {
            (200, portal())
        } else {
            (200, sts("AssumeRole", "2099-01-01T00:00:00Z"))
        }
    });
    let home = home(&aws, SSO);
    sso_login(&home, "2099-01-01T00:00:00Z");
    assert_verifies(&token(&home, "through-sso").succeeded());
    assert_eq!(aws.requests().len(), 2, "{:?}", aws.requests());
}

/// On a laptop nobody answers there, and asking costs seconds; on an instance somebody else's role would be used unasked.
#[test]
fn the_instance_is_asked_only_if_somebody_wants_it() {
    let instance = Aws::start(|request| {
        if request.starts_with("PUT /latest/api/token") {
            (200, "imds-token".to_owned())
        } else if request.contains("security-credentials/ ") {
            (200, "instance-role".to_owned())
        } else {
            let key = session_key();
            let (id, secret, token) = (key.id, key.secret, key.session_token.unwrap());
            (
                200,
                format!(
                    "{{\"Code\":\"Success\",\"AccessKeyId\":\"{id}\",\"SecretAccessKey\":\"{secret}\",\"Token\":\"{token}\",\"Expiration\":\"2099-01-01T00:00:00Z\"}}"
                ),
            )
        }
    });
    let mut home = TestEnv::new(env!("CARGO_BIN_EXE_rdsconn"));
    home.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", format!("http://{}", instance.address));
    home.unset("AWS_EC2_METADATA_DISABLED");
    let unasked = home.rdsconn(["token", ENDPOINT, "-u", "dba"]).ended_with(4);
    assert!(unasked.stderr.contains("AWS_EC2_METADATA_DISABLED=false"), "{}", unasked.stderr);
    assert!(instance.requests().is_empty(), "{:?}", instance.requests());
    home.set("AWS_EC2_METADATA_DISABLED", "false");
    assert_verifies(&home.rdsconn(["token", ENDPOINT, "-u", "dba"]).succeeded());
}
