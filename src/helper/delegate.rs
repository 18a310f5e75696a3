//! The helper that is asked about everything that is not ours: found where the Shell would find it, run as the Shell would
//! run it, and its words passed on unchanged.
//!
//! Its environment is ours, whole: the Shell would have started this very program with it, and a helper that fetches
//! passwords from a vault in the cloud needs the keys in it. One variable is added, by which we know ourselves if a chain of
//! helpers leads back to us.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};

use super::command::{Command, PREFIX};
use super::reply::{NOT_FOUND, Reply};
use crate::os::{Environment, FileIdentity, Said, run_in_our_place};

/// Set for the other helper: if that is us again, we ask nobody.
pub const DELEGATED: &str = "RDSCONN_HELPER_DELEGATED";
/// The most that a helper may say: the list of a lifetime.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;
/// What MySQL Shell uses where nothing else is set.
#[cfg(target_os = "macos")]
const PLATFORM_DEFAULT: &str = "keychain";
/// What MySQL Shell uses where nothing else is set.
#[cfg(not(target_os = "macos"))]
const PLATFORM_DEFAULT: &str = "login-path";

/// Which helper is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delegate {
    /// The one that MySQL Shell itself would have used, if it is there and works.
    Auto,
    /// `mysql-secret-store-NAME` beside ours.
    Name(String),
    /// This program.
    Path(PathBuf),
}

/// The helper behind ours.
#[derive(Debug)]
pub struct OtherHelper {
    delegate: Delegate,
    folder: Option<PathBuf>,
    environment: Environment,
}

/// What came of asking it.
#[derive(Debug)]
pub enum Outcome {
    /// Its own words and status.
    Said(Reply),
    /// There is none.
    Absent,
    /// The one that was named cannot be asked.
    Failed(String),
}

impl OtherHelper {
    /// The helper to ask, in the folder that we were called from; see [`super::calling_folder`].
    pub fn new(delegate: Delegate, folder: Option<PathBuf>, environment: &Environment) -> Self {
        Self { delegate, folder, environment: environment.clone() }
    }

    /// Where it is. `None` if there is nobody to ask.
    pub fn locate(&self) -> Result<Option<PathBuf>, String> {
        if self.environment.text(DELEGATED).is_some() {
            return Ok(None);
        }
        let is_optional = self.delegate == Delegate::Auto;
        let path = match (&self.delegate, &self.folder) {
            (Delegate::Path(path), _) => path.clone(),
            (Delegate::Auto, Some(folder)) => folder.join(format!("{PREFIX}{PLATFORM_DEFAULT}")),
            (Delegate::Name(name), Some(folder)) => folder.join(format!("{PREFIX}{name}")),
            (Delegate::Auto, None) => return Ok(None),
            (Delegate::Name(name), None) => {
                return Err(format!(
                    "the helper {name:?} is looked for where MySQL Shell calls us from, and it did not call"
                ));
            }
        };
        match (FileIdentity::of(&path), FileIdentity::of_this_program()) {
            (Ok(other), Ok(this)) if other != this => Ok(Some(path)),
            (Err(error), _) if !is_optional => {
                Err(format!("the other helper {} cannot be asked: {error}", path.display()))
            }
            (Ok(_), Ok(_)) if !is_optional => Err(format!("the other helper {} is rdsconn itself", path.display())),
            (Ok(_), Err(error)) if !is_optional => {
                Err(format!("it cannot be told whether the other helper {} is rdsconn itself: {error}", path.display()))
            }
            _ => Ok(None),
        }
    }

    /// Passes a request on, exactly as it came.
    pub async fn ask(&self, command: Command, request: &[u8]) -> Outcome {
        let path = match self.locate() {
            Ok(Some(path)) => path,
            Ok(None) => return Outcome::Absent,
            Err(text) => return Outcome::Failed(text),
        };
        match self.run(&path, command, request).await {
            Ok(said) => {
                let reply = passed_on(said);
                // The platform's own helper, which nobody named, may lack what it needs. The Shell would not use it then.
                let is_in_doubt = self.delegate == Delegate::Auto
                    && reply.status != 0
                    && reply.stdout.trim_ascii() != NOT_FOUND.as_bytes();
                if is_in_doubt && !self.is_valid(&path).await { Outcome::Absent } else { Outcome::Said(reply) }
            }
            Err(_) if self.delegate == Delegate::Auto => Outcome::Absent,
            Err(error) => Outcome::Failed(format!("the other helper {} cannot be asked: {error}", path.display())),
        }
    }

    /// What the Shell asks of a helper before it uses it.
    async fn is_valid(&self, path: &Path) -> bool {
        self.run(path, Command::Version, b"").await.is_ok_and(|said| said.status.success())
    }

    async fn run(&self, path: &Path, command: Command, request: &[u8]) -> std::io::Result<Said> {
        run_in_our_place(path, command.name(), request, &self.environment, (DELEGATED, "1"), LONGEST_ANSWER).await
    }
}

/// A helper that a signal ended looks to the Shell as a shell would show it.
fn passed_on(said: Said) -> Reply {
    let status = said.status.code().or_else(|| said.status.signal().map(|signal| 128 + signal));
    Reply::passed_on(status.and_then(|status| u8::try_from(status).ok()).unwrap_or(1), said.output)
}
