//! MySQL Shell's way with a credential helper, both generations of it, strict: how it is started, what it is sent, when its
//! pipes are closed, and what the Shell makes of the answer. For machines without a real Shell, and for what a real one
//! never does.
//!
//! From the source of MySQL Shell 8.0 to 9.6 (`mysqlshdk/libs/secret-store-api`) and from runs of 9.6.0. What the Shell does
//! not forgive is an error here, word for word where its words are known.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use crate::environment::TestEnv;

/// How the answer of one call looked to the Shell: what it read from its one pipe, and how the helper ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The exit code; 128 plus the signal's number if a signal ended it.
    pub code: i32,
    /// Stdout and stderr, one pipe, byte for byte.
    pub output: Vec<u8>,
    /// From start to the end of the pipe, which is what the Shell waits for.
    pub elapsed: Duration,
}

impl Heard {
    /// The output without white space at its ends, as the Shell takes it.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).trim().to_owned()
    }
}

/// The two generations of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// Shell 8.0 to 9.3: `ServerURL`; stdin stays open during `version` and `list`.
    First,
    /// Shell 9.4 and later: `SecretID` beside it, the type `generic`; stdin is always closed.
    Second,
}

/// What stands on the helper's stdin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// This, then its end.
    Closed(Vec<u8>),
    /// This, and no end before the helper's own.
    Open(Vec<u8>),
}

/// Why the Shell got nothing; Display is the text that it would show behind its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShellError {
    /// The helper failed: its whole output.
    Helper(String),
    /// The helper ended well, and what it said is not what the Shell reads.
    Unreadable(String),
}

impl fmt::Display for ShellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Helper(text) => f.write_str(text),
            Self::Unreadable(reason) => write!(f, "Failed to parse JSON output: {reason}"),
        }
    }
}

/// A Shell with one helper beside it.
pub struct Shell<'a> {
    test: &'a TestEnv,
    generation: Generation,
    helper: PathBuf,
    patience: Duration,
}

impl<'a> Shell<'a> {
    /// A Shell of this generation with the program under test as its helper, by a link as `rdsconn helper install` makes it.
    pub fn new(test: &'a TestEnv, generation: Generation) -> Self {
        let folder = test.home().join("shell/bin");
        std::fs::create_dir_all(&folder).expect("a folder for the Shell");
        let helper = folder.join("mysql-secret-store-rdsconn");
        if !helper.exists() {
            symlink(test.program(), &helper).expect("a link to the helper");
        }
        Self::with_helper(test, generation, helper)
    }

    /// A Shell with any program as its helper.
    pub fn with_helper(test: &'a TestEnv, generation: Generation, helper: impl Into<PathBuf>) -> Self {
        Self { test, generation, helper: helper.into(), patience: Duration::from_secs(30) }
    }

    /// Sets how long a call may take before the test fails. The Shell itself waits for ever.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The folder that it looks for helpers in.
    pub fn folder(&self) -> &Path {
        self.helper.parent().unwrap_or(Path::new("/"))
    }

    /// Whether the Shell would use this helper at all.
    pub fn version(&self) -> Heard {
        self.call("version", &self.quiet_input())
    }

    /// The secret for a URL; `None` where the Shell goes on to its prompt without a word.
    pub fn get(&self, url: &str) -> Result<Option<String>, ShellError> {
        let heard = self.call("get", &Input::Closed(self.request("password", url, None)));
        if heard.code != 0 && heard.text() == "Could not find the secret" {
            return Ok(None);
        }
        let Value::Object(answer) = parsed(&heard)? else { return Err(unreadable("it is no object")) };
        self.check_entry(&answer)?;
        text(&answer, "Secret").map(Some)
    }

    /// Forgets a secret: what the Shell does after error 1045.
    pub fn erase(&self, url: &str) -> Result<(), ShellError> {
        silent(&self.call("erase", &Input::Closed(self.request("password", url, None))))
    }

    /// Keeps a secret.
    pub fn store(&self, url: &str, secret: &str) -> Result<(), ShellError> {
        silent(&self.call("store", &Input::Closed(self.request("password", url, Some(secret)))))
    }

    /// The URLs that secrets are kept for.
    pub fn list(&self) -> Result<Vec<String>, ShellError> {
        self.list_of("password")
    }

    /// The names of secrets of this type. The first generation knows one type, and asks for none.
    pub fn list_of(&self, secret_type: &str) -> Result<Vec<String>, ShellError> {
        let input = match self.generation {
            Generation::First => self.quiet_input(),
            Generation::Second => Input::Closed(format!(r#"{{"SecretType":"{secret_type}"}}"#).into_bytes()),
        };
        let Value::Array(entries) = parsed(&self.call("list", &input))? else {
            return Err(unreadable("it is no array"));
        };
        let mut names = Vec::new();
        for entry in entries {
            let Value::Object(entry) = entry else { return Err(unreadable("an entry is no object")) };
            self.check_entry(&entry)?;
            if text(&entry, "SecretType")? == secret_type {
                names.push(text(&entry, "ServerURL").or_else(|_| text(&entry, "SecretID"))?);
            }
        }
        Ok(names)
    }

    /// The bytes of a request, as this generation writes them.
    pub fn request(&self, secret_type: &str, name: &str, secret: Option<&str>) -> Vec<u8> {
        let mut members = Map::new();
        members.insert("SecretType".to_owned(), secret_type.into());
        if self.generation == Generation::Second {
            members.insert("SecretID".to_owned(), name.into());
        }
        members.insert("ServerURL".to_owned(), name.into());
        if let Some(secret) = secret {
            members.insert("Secret".to_owned(), secret.into());
        }
        Value::Object(members).to_string().into_bytes()
    }

    /// One call: exactly two arguments, the helper's full path and the command; the environment and folder of the test;
    /// stdout and stderr as one pipe, read to its end before the helper is waited for.
    pub fn call(&self, command: &str, input: &Input) -> Heard {
        let begun = Instant::now();
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        let mut starting = self.test.command(&self.helper, [command]);
        starting.stdin(Stdio::piped()).stdout(writer.try_clone().expect("a second end")).stderr(writer);
        let mut helper =
            starting.spawn().unwrap_or_else(|error| panic!("{} cannot be started: {error}", self.helper.display()));
        // It holds this side's ends of the pipe, which would then never end.
        drop(starting);
        let mut stdin = helper.stdin.take().expect("a pipe to the helper");
        let (Input::Closed(bytes) | Input::Open(bytes)) = input.clone();
        let stays_open = matches!(input, Input::Open(_));
        let writing = thread::spawn(move || {
            // One write whose outcome nobody looks at: what the Shell does.
            let _ = stdin.write(&bytes);
            stays_open.then_some(stdin)
        });
        let (sender, receiver) = mpsc::channel();
        let reading = thread::spawn(move || {
            let mut output = Vec::new();
            let read = reader.read_to_end(&mut output);
            // The test has given up if nobody listens.
            let _ = sender.send(read.map(|_| output));
        });
        let Ok(output) = receiver.recv_timeout(self.patience) else { self.give_up(command, &mut helper) };
        let elapsed = begun.elapsed();
        let status = helper.wait().expect("the helper's end");
        drop(writing.join().expect("the writer of the pipe"));
        reading.join().expect("the reader of the pipe");
        let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1);
        Heard { code, output: output.expect("the helper's output"), elapsed }
    }

    fn give_up(&self, command: &str, helper: &mut Child) -> ! {
        // It may have ended, and a child of its own may hold the pipe.
        let _ = helper.kill();
        let _ = helper.wait();
        panic!("the Shell waits for ever: {command} did not close its output within {:?}", self.patience)
    }

    /// What the Shell sends where it sends nothing.
    fn quiet_input(&self) -> Input {
        match self.generation {
            Generation::First => Input::Open(Vec::new()),
            Generation::Second => Input::Closed(Vec::new()),
        }
    }

    /// One unknown type fails the whole answer.
    fn check_entry(&self, entry: &Map<String, Value>) -> Result<(), ShellError> {
        let known: &[&str] = match self.generation {
            Generation::First => &["password"],
            Generation::Second => &["password", "generic"],
        };
        let secret_type = text(entry, "SecretType")?;
        if !known.contains(&secret_type.as_str()) {
            return Err(unreadable(&format!("unknown secret type {secret_type:?}")));
        }
        let url = text(entry, "ServerURL");
        match self.generation {
            Generation::First => url.map(drop),
            Generation::Second => url.or_else(|_| text(entry, "SecretID")).map(drop),
        }
    }
}

fn silent(heard: &Heard) -> Result<(), ShellError> {
    if heard.code != 0 {
        return Err(ShellError::Helper(heard.text()));
    }
    // The Shell does not look; a helper that speaks here is broken all the same.
    if heard.output.is_empty() { Ok(()) } else { Err(unreadable(&format!("it said {:?}", heard.text()))) }
}

fn parsed(heard: &Heard) -> Result<Value, ShellError> {
    if heard.code != 0 {
        return Err(ShellError::Helper(heard.text()));
    }
    let mut values = serde_json::Deserializer::from_str(&heard.text()).into_iter::<Value>().collect::<Vec<_>>();
    match (values.pop(), values.is_empty()) {
        (Some(Ok(value)), true) => Ok(value),
        (None, _) => Err(unreadable("The document is empty.")),
        (Some(Err(error)), true) => Err(unreadable(&error.to_string())),
        (Some(_), false) => Err(unreadable("The document root must not be followed by other values.")),
    }
}

fn text(members: &Map<String, Value>, name: &str) -> Result<String, ShellError> {
    let found = members.get(name).ok_or_else(|| unreadable(&format!("\"{name}\" is missing")))?;
    found.as_str().map(str::to_owned).ok_or_else(|| unreadable(&format!("\"{name}\" should be a string")))
}

fn unreadable(reason: &str) -> ShellError {
    ShellError::Unreadable(reason.to_owned())
}

/// A real MySQL Shell of this machine, if it has one.
pub fn real_shell() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("mysqlsh")).find(|path| path.is_file())
}

#[cfg(test)]
mod tests;
