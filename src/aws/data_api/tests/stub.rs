//! A server of prepared answers, a session on it whose waits take no time, and a sink that remembers.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::super::clock::Clock;
use super::super::{DataApi, Limits, Session};
use crate::aws::{Account, Login, Service};
use crate::backend::{Column, Outcome, ResultSink, Row};

pub(super) const CLUSTER: &str = "arn:aws:rds:eu-west-1:123456789012:cluster:orders";
pub(super) const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-AbCdEf";

/// One prepared answer.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// Status, further headers, body.
    Http(u16, Vec<(&'static str, String)>, String),
    /// The same, of which only so many bytes are sent before the connection is closed.
    Cut(Box<Reply>, usize),
    /// These bytes, whatever they are.
    Raw(&'static [u8]),
    /// The connection is closed with no word.
    Close,
    /// The request is read, and no answer given.
    Silence,
}

impl Reply {
    /// An answer of the API.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::Http(status, vec![("content-type", "application/json".into())], body.to_string())
    }

    /// An error of the API.
    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        let headers = vec![("content-type", "application/json".into()), ("x-amzn-errortype", format!("{code}:"))];
        Self::Http(status, headers, serde_json::json!({ "message": message }).to_string())
    }

    /// The same with one more header.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Http(_, headers, _) = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }

    /// The result of a statement that changed one row.
    pub(super) fn done() -> Self {
        Self::json(200, &serde_json::json!({ "numberOfRecordsUpdated": 1, "generatedFields": [] }))
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Http(status, headers, body) => {
                let mut text = format!("HTTP/1.1 {status} Stub\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    text.extend([name, ": ", value, "\r\n"]);
                }
                text.push_str("\r\n");
                text.push_str(body);
                text.into_bytes()
            }
            Self::Cut(reply, length) => reply.bytes()[..*length].to_vec(),
            Self::Raw(bytes) => bytes.to_vec(),
            Self::Close | Self::Silence => Vec::new(),
        }
    }
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) body: Value,
}

impl Asked {
    pub(super) fn sql(&self) -> &str {
        self.body["sql"].as_str().unwrap_or_default()
    }
}

/// Makes the answer to a request from the request and its number, counted from 0.
type Answers = Box<dyn Fn(&Asked, usize) -> Reply + Send>;

/// The server. It runs on the test's own runtime.
pub(super) struct Stub {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stub {
    /// Gives these answers in order, and the last one again and again.
    pub(super) async fn of(replies: Vec<Reply>) -> Self {
        Self::answering(Box::new(move |_, number| replies[number.min(replies.len() - 1)].clone())).await
    }

    pub(super) async fn answering(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            let answers = Arc::new(Mutex::new(answers));
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&seen), Arc::clone(&answers)));
            }
        });
        Self { url, asked }
    }

    /// Takes one connection, and then nobody listens any more.
    pub(super) async fn of_one_connection(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            let (connection, _) = listener.accept().await.unwrap();
            drop(listener);
            let answers: Answers = Box::new(move |_, _| reply.clone());
            serve(connection, seen, Arc::new(Mutex::new(answers))).await;
        });
        Self { url, asked }
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// A session on this server, with a clock that does not wait.
    pub(super) fn session(&self) -> (Session, Skipping) {
        session(&self.url, |_| {})
    }

    pub(super) fn session_with(&self, change: impl FnOnce(&mut DataApi)) -> (Session, Skipping) {
        session(&self.url, change)
    }
}

async fn serve(mut connection: TcpStream, asked: Arc<Mutex<Vec<Asked>>>, answers: Arc<Mutex<Answers>>) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut connection, &mut buffer).await {
        let number = {
            let mut asked = asked.lock().unwrap();
            asked.push(request.clone());
            asked.len() - 1
        };
        let reply = (answers.lock().unwrap())(&request, number);
        if matches!(reply, Reply::Silence) {
            std::future::pending::<()>().await;
        }
        let _ = connection.write_all(&reply.bytes()).await;
        if !matches!(reply, Reply::Http(..)) {
            let _ = connection.shutdown().await;
            return;
        }
    }
}

async fn read_request(connection: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Asked> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok())
                .expect("a request says how long it is");
            if buffer.len() >= end + 4 + length {
                let body = serde_json::from_slice(&buffer[end + 4..end + 4 + length]).unwrap();
                buffer.drain(..end + 4 + length);
                let path = head.split(' ').nth(1).unwrap().to_owned();
                return Some(Asked { path, body });
            }
        }
        if connection.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// A session on any address.
pub(super) fn session(url: &str, change: impl FnOnce(&mut DataApi)) -> (Session, Skipping) {
    let mut settings = DataApi {
        service: Service {
            login: Login { account: Account::Surroundings, instance_metadata: false, timeout: Duration::from_secs(5) },
            region: "eu-west-1".into(),
        },
        cluster_arn: CLUSTER.into(),
        secret_arn: SECRET.into(),
        database: Some("shop".into()),
        continue_after_timeout: false,
        limits: Limits::default(),
    };
    change(&mut settings);
    let clock = Skipping::default();
    let session = Session::with_clock(&configuration(url, settings.limits.call), settings, Box::new(clock.clone()));
    (session, clock)
}

fn configuration(url: &str, limit: Duration) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "CANARY-secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(limit).build())
        .endpoint_url(url)
        .build()
}

/// A clock that skips what it is asked to wait for, and remembers it.
#[derive(Debug, Clone)]
pub(super) struct Skipping(Arc<Mutex<(Instant, Vec<Duration>)>>);

impl Default for Skipping {
    fn default() -> Self {
        Self(Arc::new(Mutex::new((Instant::now(), Vec::new()))))
    }
}

impl Skipping {
    pub(super) fn waits(&self) -> Vec<Duration> {
        self.0.lock().unwrap().1.clone()
    }

    pub(super) fn skip(&self, length: Duration) {
        self.0.lock().unwrap().0 += length;
    }
}

impl Clock for Skipping {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn instant(&self) -> Instant {
        self.0.lock().unwrap().0
    }

    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.skip(length);
        self.0.lock().unwrap().1.push(length);
        Box::pin(std::future::ready(()))
    }
}

/// Remembers a result.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Option<String>>>,
    pub(super) outcomes: Vec<Outcome>,
}

impl ResultSink for Memory {
    fn columns(&mut self, columns: &[Column]) -> io::Result<()> {
        assert!(self.columns.is_empty(), "one result has its columns once");
        self.columns = columns.to_vec();
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> io::Result<()> {
        let cell = |index| row.cell(index).map(|cell| String::from_utf8_lossy(cell).into_owned());
        self.rows.push((0..self.columns.len()).map(cell).collect());
        Ok(())
    }

    fn end(&mut self, outcome: &Outcome) -> io::Result<()> {
        self.outcomes.push(outcome.clone());
        Ok(())
    }
}
