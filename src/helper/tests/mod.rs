//! A vault that is easy to foresee, other helpers that are shell scripts, and exchanges over real pipes.

#![expect(clippy::disallowed_methods, reason = "tests write programs of their own and look at what they leave")]

mod delegation;
mod golden;

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{PipeWriter, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::live::{Question, Verb};
use super::*;
use crate::os::{Environment, RequestInput};
use crate::target::HostArgument;

/// Knows `orders.prod` and `broken.prod`, and that port 33061 of `127.0.0.1` is a tunnel's. Remembers what it was asked.
pub(super) struct TestVault {
    pub(super) asked: RefCell<Vec<String>>,
    pub(super) cached: Result<Vec<&'static str>, String>,
    pub(super) other: Result<(Delegate, Option<PathBuf>, Environment), String>,
}

pub(super) const BROKEN: &str = "conventions/acme.toml:3: an unknown key";

impl TestVault {
    /// With no other helper.
    pub(super) fn alone() -> Self {
        Self::with(Delegate::Auto, None, &Environment::default())
    }

    pub(super) fn with(delegate: Delegate, folder: Option<&Path>, environment: &Environment) -> Self {
        let cached = Ok(vec!["dba@orders.prod:3306"]);
        let other = Ok((delegate, folder.map(Path::to_owned), environment.clone()));
        Self { asked: RefCell::default(), cached, other }
    }

    fn hear<T>(&self, verb: &str, database: &HostArgument, value: T) -> Answer<T> {
        self.asked.borrow_mut().push(format!("{verb} {}", to_url(database)));
        match database.host.as_str() {
            "orders.prod" => Answer::Ours(value),
            "broken.prod" => Answer::Failed(BROKEN.to_owned()),
            _ => Answer::NotOurs,
        }
    }
}

impl Vault for TestVault {
    async fn get(&self, database: &HostArgument) -> Answer<SecretString> {
        self.hear("get", database, SecretString::from(format!("TOKEN/?DBUser={}", to_url(database))))
    }

    async fn is_ours(&self, database: &HostArgument) -> Answer<()> {
        self.hear("is_ours", database, ())
    }

    async fn erase(&self, database: &HostArgument) -> Answer<()> {
        self.hear("erase", database, ())
    }

    async fn list(&self) -> Result<Vec<HostArgument>, String> {
        let urls = self.cached.as_ref().map_err(Clone::clone)?;
        Ok(urls.iter().map(|url| HostArgument::parse(url).unwrap()).collect())
    }

    async fn live(&self, question: &Question) -> Answer<Granted> {
        let Listener { loopback, port, user } = &question.listener;
        self.asked.borrow_mut().push(format!("live {:?} {user} {loopback:?} {port}", question.verb));
        match (question.verb, port) {
            (Verb::Get, 33061) => Answer::Ours(Granted::Token(SecretString::from("LIVE"))),
            (_, 33061) => Answer::Ours(Granted::Done),
            _ => Answer::NotOurs,
        }
    }

    fn other_helper(&self) -> Result<OtherHelper, String> {
        let (delegate, folder, environment) = self.other.as_ref().map_err(Clone::clone)?;
        Ok(OtherHelper::new(delegate.clone(), folder.clone(), environment))
    }
}

/// What stdin of the helper is.
pub(super) enum Stdin {
    /// All of the request, then the end.
    Closed(Vec<u8>),
    /// All of the request, and the pipe is left open.
    Open(Vec<u8>),
}

/// One call of the helper. A pipe that is left open is closed only after the reply.
pub(super) async fn exchange(command: &str, stdin: Stdin, vault: &TestVault) -> Reply {
    let arguments = ["/usr/bin/mysql-secret-store-rdsconn", command].map(OsString::from);
    let command = match at_once(&arguments) {
        Ok(command) => command,
        Err(reply) => return reply,
    };
    let (reader, writer) = std::io::pipe().unwrap();
    let (bytes, kept) = match stdin {
        Stdin::Closed(bytes) => (bytes, None),
        Stdin::Open(bytes) => (bytes, Some(writer.try_clone().unwrap())),
    };
    let fits_the_pipe = bytes.len() <= 4_096;
    let sender = std::thread::spawn(move || send(writer, &bytes));
    if fits_the_pipe {
        // `list` does not wait for what is not there yet.
        sender.join().unwrap();
    }
    let input = RequestInput::of(reader);
    let reply = match read(command, &input) {
        Ok(request) => serve(command, &request, &input, vault).await,
        Err(reply) => reply,
    };
    drop(kept);
    reply
}

fn send(mut writer: PipeWriter, bytes: &[u8]) {
    // A helper that has seen enough closes its end.
    let _ = writer.write_all(bytes);
}

/// A program of this script.
pub(super) fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
    let (text, path) = (folder.join(format!("{name}.text")), folder.join(name));
    std::fs::write(&text, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&text, std::fs::Permissions::from_mode(0o700)).unwrap();
    // Written by another process: a file that this one has open for writing cannot be run by it.
    assert!(std::process::Command::new("/bin/cp").arg(&text).arg(&path).status().unwrap().success());
    std::fs::remove_file(&text).unwrap();
    path
}
