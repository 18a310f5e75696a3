//! The AWS side of a test: moto, an emulator of STS, Secrets Manager, RDS and IAM, as a server of the test's own.
//!
//! It checks no signature and knows no permissions: what must be refused is tested elsewhere. `tests/lab/moto` puts it into
//! target/; without that, a python3 that has moto serves; without either, tests say so loudly and do nothing.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::real::janitor::Janitor;
use crate::real::server::{Server, free_port, lost_its_port};
use crate::real::{REGION, static_key};

/// The account that everything in moto belongs to.
pub const ACCOUNT: &str = "123456789012";

/// A cluster that moto knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// `arn:aws:rds:…:cluster:NAME`.
    pub arn: String,
    /// The writer's name.
    pub endpoint: String,
    /// The reader's name.
    pub reader_endpoint: String,
    /// The managed master secret, if it has one.
    pub secret_arn: Option<String>,
}

/// A running moto. Dropping it, or the end of the process, ends it.
#[derive(Debug)]
pub struct Moto {
    server: Server,
    port: u16,
    _folder: TempDir,
    _janitor: Arc<Janitor>,
}

impl Moto {
    /// The one that all tests of this process share; each makes things by names of its own in it. `None`, said loudly once,
    /// where there is no moto.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Moto>> = OnceLock::new();
        SHARED.get_or_init(Self::start_or_skip).as_ref()
    }

    /// One of the test's own, or `None`, said loudly.
    ///
    /// # Panics
    /// If there is a moto that does not start; with what it said.
    pub fn start_or_skip() -> Option<Self> {
        let Some(python) = find_python() else {
            // Not eprintln!, which the test harness swallows.
            let _ = writeln!(std::io::stderr(), "\nSKIPPED moto: there is none; tests/lab/moto fetches it");
            return None;
        };
        Some(Self::start(&python).unwrap_or_else(|error| panic!("moto does not start: {error}")))
    }

    fn start(python: &PathBuf) -> Result<Self, String> {
        let janitor = Arc::new(Janitor::start());
        let folder = tempfile::Builder::new().prefix("rdsconn-moto-").tempdir().map_err(|error| error.to_string())?;
        let mut last = String::new();
        for _ in 0..5 {
            let port = free_port();
            let mut command = Command::new(python);
            command
                .args(["-m", "moto.server", "--host", "127.0.0.1", "--port"])
                .arg(port.to_string())
                .env("HOME", folder.path())
                .env("PYTHONUNBUFFERED", "1");
            for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
                command.env_remove(name);
            }
            let log = folder.path().join("moto.log");
            match Server::start(command, &log, &janitor, || answers(port)) {
                Ok(server) => return Ok(Self { server, port, _folder: folder, _janitor: janitor }),
                Err(error) if lost_its_port(&error) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    /// What clients are given as `AWS_ENDPOINT_URL`, or with a service's name behind it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Every request so far, a line each, as moto's own log has them.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Makes a secret; returns its ARN.
    pub fn create_secret(&self, name: &str, text: &str) -> String {
        let made = self.secrets_manager("CreateSecret", &json!({"Name": name, "SecretString": text}));
        made["ARN"].as_str().expect("a secret has an ARN").to_owned()
    }

    /// Makes a secret that is no text; returns its ARN.
    pub fn create_binary_secret(&self, name: &str, base64: &str) -> String {
        let made = self.secrets_manager("CreateSecret", &json!({"Name": name, "SecretBinary": base64}));
        made["ARN"].as_str().expect("a secret has an ARN").to_owned()
    }

    /// Gives a secret another text, as a rotation does.
    pub fn put_secret(&self, arn: &str, text: &str) {
        self.secrets_manager("PutSecretValue", &json!({"SecretId": arn, "SecretString": text}));
    }

    /// What a secret holds.
    pub fn secret(&self, arn: &str) -> String {
        let value = self.secrets_manager("GetSecretValue", &json!({"SecretId": arn}));
        value["SecretString"].as_str().unwrap_or_default().to_owned()
    }

    /// Marks a secret for deletion: it can no longer be read.
    pub fn delete_secret(&self, arn: &str) {
        self.secrets_manager("DeleteSecret", &json!({"SecretId": arn}));
    }

    /// Makes an Aurora MySQL cluster, with its HTTP endpoint on or off, its master's password kept by RDS or not.
    pub fn create_cluster(&self, name: &str, http_endpoint: bool, managed_secret: bool) -> Cluster {
        // The one kind of cluster that moto gives an HTTP endpoint.
        let mut form = format!(
            "Action=CreateDBCluster&Version=2014-10-31&DBClusterIdentifier={name}&Engine=aurora-mysql&EngineMode=serverless\
             &EngineVersion=5.7.mysql_aurora.2.08.3&MasterUsername=master&EnableHttpEndpoint={http_endpoint}"
        );
        form.push_str(if managed_secret { "&ManageMasterUserPassword=true" } else { "&MasterUserPassword=password1" });
        let made = self.query("rds", &form);
        let part = |name: &str| element(&made, name).unwrap_or_else(|| panic!("no {name} in {made}"));
        assert_eq!(part("HttpEndpointEnabled"), http_endpoint.to_string(), "{made}");
        Cluster {
            arn: part("DBClusterArn"),
            endpoint: part("Endpoint"),
            reader_endpoint: part("ReaderEndpoint"),
            secret_arn: element(&made, "SecretArn"),
        }
    }

    /// Makes a role that everybody may assume; returns its ARN.
    pub fn create_role(&self, name: &str) -> String {
        let made = self.query(
            "iam",
            &format!("Action=CreateRole&Version=2010-05-08&RoleName={name}&AssumeRolePolicyDocument=%7B%7D&Path=%2F"),
        );
        element(&made, "Arn").unwrap_or_else(|| panic!("no role in {made}"))
    }

    fn secrets_manager(&self, action: &str, body: &Value) -> Value {
        let headers = format!("content-type: application/x-amz-json-1.1\r\nx-amz-target: secretsmanager.{action}\r\n");
        let text = self.post("secretsmanager", &headers, &body.to_string());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{action}: {error}: {text}"))
    }

    /// A request of the query protocol; the answer is XML.
    fn query(&self, service: &str, form: &str) -> String {
        self.post(service, "content-type: application/x-www-form-urlencoded\r\n", form)
    }

    /// By the scope of the credential moto knows which service is meant.
    fn post(&self, service: &str, headers: &str, body: &str) -> String {
        let head = format!(
            "POST / HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n{headers}authorization: AWS4-HMAC-SHA256 \
             Credential={}/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            self.port,
            static_key().id,
            body.len()
        );
        let answer = exchange(self.port, &(head + body)).unwrap_or_else(|error| panic!("moto, {service}: {error}"));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("moto, {service}: {answer}"));
        assert!(head.contains(" 200 "), "moto, {service}: {answer}");
        body.to_owned()
    }
}

fn exchange(port: u16, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn answers(port: u16) -> bool {
    let request = "GET /moto-api/data.json HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
    exchange(port, request).is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// The first element of this name; moto's answers are not nested in ways that matter here.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once('<')?.0.to_owned())
}

/// The Python of target/moto, or one that has moto.
fn find_python() -> Option<PathBuf> {
    let fetched = fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .ok()
        .map(|root| root.join("target/moto/bin/python"));
    fetched.into_iter().chain([PathBuf::from("python3")]).find(|python| {
        let import = Command::new(python).args(["-c", "import moto.server"]).output();
        import.is_ok_and(|output| output.status.success())
    })
}
