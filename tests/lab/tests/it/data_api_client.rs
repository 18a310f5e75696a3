//! A client of the Data API for the tests of the lab's server: AWS's own signer, and HTTP by hand, so that a request can be
//! spoilt after it was signed.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use rdsconn_lab::data_api::{CLUSTER_ARN, DataApi, SECRET_ARN};
use rdsconn_lab::real::static_key;
use rdsconn_lab::verifier::AccessKey;
use serde_json::{Value, json};

use crate::rig::Rig;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status, type and words of an error.
    pub(crate) fn error(&self) -> (u16, String, String) {
        let message = self.json()["message"].as_str().unwrap_or_default().to_owned();
        (self.status, self.header("x-amzn-errortype").unwrap_or_default().to_owned(), message)
    }
}

/// One request, to be changed before it is signed or after.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
    pub(crate) key: AccessKey,
    pub(crate) region: &'static str,
    pub(crate) service: &'static str,
    pub(crate) at: SystemTime,
    /// Added without being signed.
    pub(crate) unsigned: Vec<(&'static str, &'static str)>,
}

impl Call {
    pub(crate) fn new(operation: &str, body: &Value) -> Self {
        Self {
            path: format!("/{operation}"),
            body: body.to_string().into_bytes(),
            key: static_key(),
            region: "us-east-1",
            service: "rds-data",
            at: SystemTime::now(),
            unsigned: Vec::new(),
        }
    }

    /// The whole request as it goes over the wire.
    pub(crate) fn signed_for(&self, address: SocketAddr) -> String {
        let identity =
            Credentials::new(&self.key.id, &self.key.secret, self.key.session_token.clone(), None, "test").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(self.at)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let (host, url) = (address.to_string(), format!("http://{address}{}", self.path));
        let headers = [("host", host.as_str()), ("content-type", "application/json")];
        let request = SignableRequest::new("POST", url, headers.into_iter(), SignableBody::Bytes(&self.body)).unwrap();
        let (instructions, _) = sign(request, &parameters).unwrap().into_parts();
        let mut text = format!("POST {} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n", self.path);
        let signed = instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let unsigned = self.unsigned.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        for (name, value) in signed.chain(unsigned) {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        text + &format!("content-length: {}\r\nconnection: close\r\n\r\n", self.body.len())
    }

    pub(crate) fn send(&self, address: SocketAddr) -> Option<Answer> {
        exchange(address, self.signed_for(address).as_bytes(), &self.body)
    }
}

/// Sends bytes; returns the answer, or `None` where there is no whole one.
pub(crate) fn exchange(address: SocketAddr, head: &[u8], body: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    // A server that closes early is what some tests are about.
    let _ = stream.write_all(head).and_then(|()| stream.write_all(body));
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    let end = all.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some(Answer { status, headers: headers.collect(), body: all[end + 4..].to_vec() })
}

/// An embedded database with a Data API in front of it.
pub(crate) struct Stand {
    pub(crate) api: DataApi,
    _rig: Rig,
}

impl Stand {
    pub(crate) fn new() -> Self {
        let rig = Rig::new();
        let api = DataApi::on_embedded(&rig.database, &rig.certificates);
        Self { api, _rig: rig }
    }
}

/// A request's body with cluster, secret, database and further members.
pub(crate) fn body(more: &Value) -> Value {
    let mut body = json!({"resourceArn": CLUSTER_ARN, "secretArn": SECRET_ARN});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Asks for an operation.
pub(crate) fn call(api: &DataApi, operation: &str, more: &Value) -> Answer {
    let call = Call::new(operation, &body(more));
    call.send(api.address()).unwrap_or_else(|| panic!("no answer to {operation} {more}"))
}

/// Runs a statement in the sample database, with column metadata and exact numbers.
pub(crate) fn execute(api: &DataApi, sql: &str, more: Value) -> Answer {
    let mut members = json!({
        "sql": sql, "database": "orders", "includeResultMetadata": true,
        "resultSetOptions": {"longReturnType": "STRING", "decimalReturnType": "STRING"}
    });
    if let Value::Object(more) = more {
        for (name, value) in more {
            members[name] = value;
        }
    }
    call(api, "Execute", &members)
}

/// The rows of a statement.
pub(crate) fn records(api: &DataApi, sql: &str) -> Value {
    let answer = execute(api, sql, Value::Null);
    assert_eq!(answer.status, 200, "{sql}: {}", String::from_utf8_lossy(&answer.body));
    answer.json()["records"].clone()
}
