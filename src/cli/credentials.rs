//! Stored credentials for the rest of the command line: who is asked for a passphrase, and the sources of keys of one run.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;

use super::printer::Printer;
use super::progress::StageLines;
use super::report::Report;
use crate::backend::{AccessKeys, KeySource};
use crate::credential::{Asks, Error, Name, PassphraseProblem, Question, Record, Stored, Vault};
use crate::os::{Environment, terminal};
use crate::query::escape_for_terminal;

/// Asks for passphrases on the controlling terminal, between the lines of the stages.
#[derive(Debug)]
pub(crate) struct PassphraseQuestions {
    stages: Mutex<StageLines>,
}

impl PassphraseQuestions {
    pub(crate) fn new(printer: Printer) -> Arc<Self> {
        Arc::new(Self { stages: Mutex::new(StageLines::new(printer)) })
    }

    fn stages(&self) -> StageLines {
        self.stages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Asks for PassphraseQuestions {
    fn secret(&self, question: Question<'_>) -> Option<SecretString> {
        let prompt = match question {
            Question::Passphrase { name, attempt } => {
                let again = if attempt <= 1 { "" } else { "Wrong passphrase. " };
                format!("{again}Passphrase of the credential {name}: ")
            }
            Question::NewPassphrase { name, problem } => {
                let problem = match problem {
                    None => String::new(),
                    Some(PassphraseProblem::TooShort(least)) => format!("It must have at least {least} characters. "),
                    Some(PassphraseProblem::Differs) => "The two differ. ".to_owned(),
                };
                format!("{problem}New passphrase for the credential {name}: ")
            }
            Question::Repeated => "The same passphrase again: ".to_owned(),
        };
        self.stages().while_asking(|| terminal::ask_secret(&prompt))
    }

    fn waits_for_keyring(&self) {
        self.stages().remark("waiting for the keyring: a window may be asking for its password");
    }
}

/// The stored credentials of one run. Each is opened once at most, whoever needs it.
#[derive(Debug)]
pub(crate) struct Credentials {
    asks: Arc<PassphraseQuestions>,
    pub vault: Arc<Vault>,
    sources: RefCell<BTreeMap<String, Arc<Stored>>>,
}

impl Credentials {
    pub(crate) fn new(environment: &Environment, printer: Printer) -> Self {
        let asks = PassphraseQuestions::new(printer);
        let vault = Arc::new(Vault::new(environment, Arc::clone(&asks) as Arc<dyn Asks>));
        Self { asks, vault, sources: RefCell::default() }
    }

    /// From now on questions are asked between these lines.
    pub(crate) fn ask_between(&self, stages: &StageLines) {
        *self.asks.stages.lock().unwrap_or_else(PoisonError::into_inner) = stages.clone();
    }

    /// What is known of a credential. Opens nothing.
    pub(crate) fn record(&self, name: &str) -> Result<Record, Report> {
        self.stored(name).map(|stored| stored.record().clone()).map_err(|error| Report::from(&error))
    }

    /// The keys of a credential. One that does not exist is an error when they are asked for.
    pub(crate) fn source(&self, name: &str) -> Arc<dyn KeySource> {
        match self.stored(name) {
            Ok(stored) => stored,
            Err(error) => Arc::new(Unknown { name: name.to_owned(), error: Arc::new(error) }),
        }
    }

    fn stored(&self, name: &str) -> Result<Arc<Stored>, Error> {
        if let Some(known) = self.sources.borrow().get(name) {
            return Ok(Arc::clone(known));
        }
        let stored = Arc::new(self.vault.source(&name.parse::<Name>()?)?);
        self.sources.borrow_mut().insert(name.to_owned(), Arc::clone(&stored));
        Ok(stored)
    }
}

/// In the place of keys that are not there.
#[derive(Debug)]
struct Unknown {
    name: String,
    error: Arc<Error>,
}

impl KeySource for Unknown {
    fn name(&self) -> &str {
        &self.name
    }

    /// Nothing is ever kept for it: its keys are never had.
    fn version(&self) -> String {
        escape_for_terminal(&self.name).into_owned()
    }

    fn keys(&self) -> Result<AccessKeys, Box<dyn StdError + Send + Sync>> {
        Err(Arc::clone(&self.error).into())
    }
}
