//! A Secrets Manager on loopback that says exactly what a test wants said, and keeps what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rdsconn_lab::environment::TestEnv;

/// The secret that the tests read.
pub(crate) const ARN: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/orders-AbCdEf";

/// One answer.
#[derive(Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: String,
    body: Vec<u8>,
    /// Fewer bytes of the body than the header promises.
    cut: Option<usize>,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// The server. Gives its answers one after the other, and the last one again and again.
pub(crate) struct SecretsManager {
    address: SocketAddr,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    answers: Mutex<Vec<Answer>>,
    asked: Mutex<Vec<Asked>>,
    stopping: AtomicBool,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let headers = "content-type: application/x-amz-json-1.1\r\n".to_owned();
        Self { status, headers, body: body.into(), cut: None }
    }

    /// A secret with this text.
    pub(crate) fn secret(text: &str) -> Self {
        let answer = serde_json::json!({
            "ARN": ARN, "Name": "prod/orders", "VersionId": "v1", "SecretString": text, "VersionStages": ["AWSCURRENT"],
        });
        Self::new(200, answer.to_string())
    }

    /// A secret in the form that RDS writes.
    pub(crate) fn login(user: &str, password: &str) -> Self {
        Self::secret(&serde_json::json!({"username": user, "password": password}).to_string())
    }

    /// What AWS says when it refuses.
    pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Self {
        Self::new(status, serde_json::json!({"__type": code, "Message": message}).to_string())
    }

    pub(crate) fn with_header(mut self, line: &str) -> Self {
        self.headers.push_str(line);
        self.headers.push_str("\r\n");
        self
    }

    pub(crate) fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }
}

impl SecretsManager {
    pub(crate) fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            answers: Mutex::new(answers.into_iter().collect()),
            asked: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if of_thread.stopping.load(Ordering::SeqCst) {
                    return;
                }
                // A client that leaves is no fault of the server's.
                let _ = stream.and_then(|stream| serve(stream, &of_thread));
            }
        });
        Self { address, state, thread: Some(thread) }
    }

    /// Has the programs of a home ask here.
    pub(crate) fn serve(&self, home: &mut TestEnv) {
        home.set("AWS_ENDPOINT_URL_SECRETS_MANAGER", self.url());
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that it was asked, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// From now on these are the answers.
    pub(crate) fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        *self.state.answers.lock().unwrap() = answers.into_iter().collect();
    }
}

impl Drop for SecretsManager {
    fn drop(&mut self) {
        self.state.stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// One request on each connection: the answer says that it is the last.
fn serve(stream: TcpStream, state: &State) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line == "\r\n" {
            break;
        }
        if let Some(number) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = number.trim().parse().unwrap();
        }
        headers.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    state.asked.lock().unwrap().push(Asked { headers, body: String::from_utf8(body).unwrap() });
    let answer = {
        let mut answers = state.answers.lock().unwrap();
        if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
    };
    let Answer { status, headers, body, cut } = answer;
    let head =
        format!("HTTP/1.1 {status} Said\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let stream = reader.get_mut();
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body[..cut.unwrap_or(body.len())])
}
