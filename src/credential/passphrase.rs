//! Where a passphrase comes from: the private file that a variable names, else a person.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use super::{Error, Name};
use crate::os::{Environment, read_private};

/// The variable that names the file.
pub const PASSPHRASE_FILE: &str = "RDSCONN_PASSPHRASE_FILE";

/// Fewer characters protect nothing.
const LEAST: usize = 8;

/// How often a person may try.
const MOST_TRIES: u32 = 3;

/// Longer than any passphrase.
const LARGEST_FILE: usize = 4096;

/// What only a person can say. `None` where there is nobody to ask.
pub trait Asks: std::fmt::Debug + Send + Sync {
    /// A secret, not shown as it is typed.
    fn secret(&self, question: Question<'_>) -> Option<SecretString>;

    /// The keyring has not answered yet: a window somewhere may be asking for its password.
    fn waits_for_keyring(&self);
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question<'a> {
    /// The passphrase that opens a credential.
    Passphrase {
        /// The credential.
        name: &'a Name,
        /// Counts from 1.
        attempt: u32,
    },
    /// The passphrase that will open a credential.
    NewPassphrase {
        /// The credential.
        name: &'a Name,
        /// What was wrong with the last one.
        problem: Option<PassphraseProblem>,
    },
    /// The same once more, against slips.
    Repeated,
}

/// Why a new passphrase is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassphraseProblem {
    /// It has fewer characters than this.
    TooShort(usize),
    /// The second was another one.
    Differs,
}

impl PassphraseProblem {
    fn error(self) -> Error {
        match self {
            Self::TooShort(least) => Error::PassphraseTooShort { least },
            Self::Differs => Error::PassphrasesDiffer,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Passphrases {
    file: Option<PathBuf>,
    pub(super) asks: Arc<dyn Asks>,
}

impl Passphrases {
    pub(super) fn new(environment: &Environment, asks: Arc<dyn Asks>) -> Self {
        Self { file: environment.path(PASSPHRASE_FILE), asks }
    }

    /// The passphrase that a file will be encrypted with.
    pub(super) fn new_for(&self, name: &Name) -> Result<SecretString, Error> {
        if let Some(passphrase) = self.in_file()? {
            return check(&passphrase).map_or(Ok(passphrase), |problem| Err(problem.error()));
        }
        let nobody = || Error::NoPassphrase { name: name.clone() };
        let mut problem = None;
        for _ in 0..MOST_TRIES {
            let passphrase = self.asks.secret(Question::NewPassphrase { name, problem }).ok_or_else(nobody)?;
            problem = check(&passphrase);
            if problem.is_some() {
                continue;
            }
            let repeated = self.asks.secret(Question::Repeated).ok_or_else(nobody)?;
            if repeated.expose_secret() == passphrase.expose_secret() {
                return Ok(passphrase);
            }
            problem = Some(PassphraseProblem::Differs);
        }
        Err(problem.map_or_else(nobody, PassphraseProblem::error))
    }

    /// Tries passphrases until one opens: the one in the file, or what a person says, three times. `open` gives `None` for a
    /// wrong one; `wrong` is the error when no more are tried.
    pub(super) fn open<T>(
        &self,
        name: &Name,
        open: impl Fn(&SecretString) -> Result<Option<T>, Error>,
        wrong: impl FnOnce() -> Error,
    ) -> Result<T, Error> {
        if let Some(passphrase) = self.in_file()? {
            return open(&passphrase)?.ok_or_else(wrong);
        }
        for attempt in 1..=MOST_TRIES {
            let asked = self.asks.secret(Question::Passphrase { name, attempt });
            let passphrase = asked.ok_or_else(|| Error::NoPassphrase { name: name.clone() })?;
            if let Some(opened) = open(&passphrase)? {
                return Ok(opened);
            }
        }
        Err(wrong())
    }

    /// The first line of the file, if one is named.
    fn in_file(&self) -> Result<Option<SecretString>, Error> {
        let Some(path) = &self.file else { return Ok(None) };
        let bytes = read_private(path, LARGEST_FILE).map_err(Error::PassphraseFile)?;
        let bytes = bytes.ok_or_else(|| Error::PassphraseFileMissing { path: path.clone() })?;
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match std::str::from_utf8(line) {
            Ok(line) if !line.is_empty() => Ok(Some(SecretString::from(line))),
            _ => Err(Error::PassphraseFileEmpty { path: path.clone() }),
        }
    }
}

fn check(passphrase: &SecretString) -> Option<PassphraseProblem> {
    (passphrase.expose_secret().chars().count() < LEAST).then_some(PassphraseProblem::TooShort(LEAST))
}
