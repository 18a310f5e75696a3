//! The five commands, from the request to the reply. What is ours, and the token for it, is the vault's to say.

use std::future::Future;
use std::io;
use std::time::Duration;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::command::Command;
use super::delegate::{OtherHelper, Outcome};
use super::list;
use super::live::{Question, Verb};
use super::reply::Reply;
use super::request::{Request, RequestProblem, SecretType, is_complete, parse_filter};
use super::server_url::ServerUrl;
use crate::os::RequestInput;
use crate::target::HostArgument;

/// The longest request: far beyond any password, and beyond what a script keeps as a generic secret.
const LONGEST_REQUEST: usize = 4 * 1024 * 1024;
/// How long `list` waits for a filter. Shell 9.4 and later writes it as soon as the process exists, which on a busy machine
/// is a moment after the process has begun to look; Shells before that leave the pipe open and write nothing.
const FILTER_PATIENCE: Duration = Duration::from_millis(20);

/// An answer to one question about one server.
#[derive(Debug)]
pub enum Answer<T> {
    /// It is ours.
    Ours(T),
    /// Somebody else's: another helper is asked, or the person.
    NotOurs,
    /// It is ours and went wrong, or cannot be known: one line, which the Shell shows. Never holds a secret.
    Failed(String),
}

/// What the process behind a port grants.
#[derive(Debug)]
pub enum Granted {
    /// A token, for `get`.
    Token(SecretString),
    /// What was asked is done.
    Done,
}

/// What is ours: conventions, tokens and the processes that hold tunnels. A database's user and port are always set.
pub trait Vault {
    /// A password for this user of this database. Signs nothing for a name that no trusted rule resolves.
    fn get(&self, database: &HostArgument) -> impl Future<Output = Answer<SecretString>>;
    /// Whether the name is one of ours; asks nobody over the network.
    fn is_ours(&self, database: &HostArgument) -> impl Future<Output = Answer<()>>;
    /// Forgets a cached token that the server refused. Also `Ours` if there was none, as for a secret, which is never kept.
    fn erase(&self, database: &HostArgument) -> impl Future<Output = Answer<()>>;
    /// The databases that tokens are cached for.
    fn list(&self) -> impl Future<Output = Result<Vec<HostArgument>, String>>;
    /// Asks the live processes about a port of this machine; see [`super::live::ask`].
    fn live(&self, question: &Question) -> impl Future<Output = Answer<Granted>>;
    /// Who is asked about what is not ours.
    fn other_helper(&self) -> Result<OtherHelper, String>;
}

/// What can be said before anything is loaded: the version, and what is wrong with the command line.
pub fn at_once(arguments: &[std::ffi::OsString]) -> Result<Command, Reply> {
    match Command::parse(arguments) {
        Ok(Command::Version) => Err(Reply::version()),
        Ok(command) => Ok(command),
        Err(problem) => Err(Reply::failure(&problem.to_string())),
    }
}

/// Reads the request of a command to its end; empty for those that never wait for one. Waits for the pipe, and for nothing
/// else: to be called while a signal still ends the process by itself.
pub fn read(command: Command, input: &RequestInput) -> Result<Zeroizing<Vec<u8>>, Reply> {
    match command {
        Command::Version | Command::List => Ok(Zeroizing::default()),
        Command::Get | Command::Erase | Command::Store => {
            input.read_to_end(LONGEST_REQUEST).map_err(|error| unread(&error))
        }
    }
}

/// Answers a command with this request. `list` looks at `input` for itself, and waits a moment for it at most.
pub async fn serve(command: Command, request: &[u8], input: &RequestInput, vault: &impl Vault) -> Reply {
    match command {
        Command::Version => Reply::version(),
        Command::List => list(input, vault).await,
        Command::Get | Command::Erase | Command::Store => one(command, request, vault).await,
    }
}

async fn one(command: Command, bytes: &[u8], vault: &impl Vault) -> Reply {
    let request = match Request::parse(command, bytes) {
        Ok(request) => request,
        Err(problem) => return Reply::failure(&problem.to_string()),
    };
    let url = match request.id.secret_type {
        SecretType::Password => ServerUrl::parse(&request.id.url),
        SecretType::Generic | SecretType::Other(_) => None,
    };
    let answer = match (command, &url) {
        (_, None) => Answer::NotOurs,
        (Command::Get, Some(ServerUrl::Database(database))) => granted(vault.get(database).await, Granted::Token),
        (Command::Erase, Some(ServerUrl::Database(database))) => granted(vault.erase(database).await, done),
        (_, Some(ServerUrl::Database(database))) => granted(vault.is_ours(database).await, done),
        (_, Some(ServerUrl::Listener(listener))) => {
            let verb = match command {
                Command::Get => Verb::Get,
                Command::Erase => Verb::Erase,
                Command::Store | Command::List | Command::Version => Verb::Claim,
            };
            vault.live(&Question { verb, listener: listener.clone() }).await
        }
    };
    match (command, answer) {
        (Command::Get, Answer::Ours(Granted::Token(secret))) => Reply::secret(&request.id, &secret),
        // A process that says "done" to `get` has no token.
        (Command::Get, Answer::Ours(Granted::Done)) => Reply::not_found(),
        // A token needs no keeping: the next one is signed when it is asked for; a secret is kept where it belongs.
        (_, Answer::Ours(_)) => Reply::silence(),
        (_, Answer::NotOurs) => pass_on(command, bytes, vault).await,
        (_, Answer::Failed(text)) => Reply::failure(&text),
    }
}

fn granted<T>(answer: Answer<T>, wrap: impl FnOnce(T) -> Granted) -> Answer<Granted> {
    match answer {
        Answer::Ours(value) => Answer::Ours(wrap(value)),
        Answer::NotOurs => Answer::NotOurs,
        Answer::Failed(text) => Answer::Failed(text),
    }
}

fn done((): ()) -> Granted {
    Granted::Done
}

async fn pass_on(command: Command, bytes: &[u8], vault: &impl Vault) -> Reply {
    let outcome = match vault.other_helper() {
        Ok(other) => other.ask(command, bytes).await,
        Err(text) => Outcome::Failed(text),
    };
    match outcome {
        Outcome::Said(reply) => reply,
        Outcome::Absent if command == Command::Store => Reply::keeps_nothing(),
        Outcome::Absent => Reply::not_found(),
        Outcome::Failed(text) => Reply::failure(&text),
    }
}

async fn list(input: &RequestInput, vault: &impl Vault) -> Reply {
    let ours = match vault.list().await {
        Ok(ours) => ours,
        Err(text) => return Reply::failure(&text),
    };
    let bytes = match input.read_ready(LONGEST_REQUEST, FILTER_PATIENCE, is_complete) {
        Ok(bytes) => bytes,
        Err(error) => return unread(&error),
    };
    let (filter, bytes) = match parse_filter(&bytes) {
        Ok(Some(filter)) => (filter, bytes),
        // An older Shell, which knows no other type. A newer helper behind us wants to be told so.
        Ok(None) => (SecretType::Password, Zeroizing::new(br#"{"SecretType":"password"}"#.to_vec())),
        Err(problem) => return Reply::failure(&problem.to_string()),
    };
    let ours = if filter == SecretType::Password { ours } else { Vec::new() };
    let theirs = match vault.other_helper() {
        Ok(other) => other.ask(Command::List, &bytes).await,
        Err(text) => Outcome::Failed(text),
    };
    match theirs {
        Outcome::Absent => list::reply(&ours, &filter, None),
        Outcome::Failed(text) => Reply::failure(&text),
        Outcome::Said(reply) if reply.status == 0 => list::reply(&ours, &filter, Some(reply)),
        Outcome::Said(reply) => reply,
    }
}

fn unread(error: &io::Error) -> Reply {
    if error.kind() == io::ErrorKind::FileTooLarge {
        return Reply::failure(&RequestProblem::TooLong { limit: LONGEST_REQUEST }.to_string());
    }
    Reply::failure("the request cannot be read")
}
