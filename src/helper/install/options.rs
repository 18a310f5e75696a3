//! Which helper the Shells use: the file in which they keep their options, and the variable that goes before it.

use std::path::{Path, PathBuf};

use crate::helper::reply::one_line;
use crate::os::{Environment, WholeFile};

/// The Shells' name for it.
pub(super) const OPTION: &str = "credentialStore.helper";
/// Goes before the option, for one process.
pub const VARIABLE: &str = "MYSQLSH_CREDENTIAL_STORE_HELPER";
/// Beyond any set of options.
const LONGEST_FILE: usize = 1024 * 1024;

/// The Shells' own setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The file. `None` without a home.
    pub file: Option<PathBuf>,
    /// The helper that it names. `Ok(None)`: it names none, and the Shells use their default.
    pub helper: Result<Option<String>, OptionsProblem>,
}

/// Why it is not known which helper the Shells use. They refuse to start with such a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsProblem {
    /// It cannot be read.
    #[error("{} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Not what a Shell writes.
    #[error("{} is no JSON object with strings in it", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// Neither `HOME` nor `MYSQLSH_USER_CONFIG_HOME` is set.
    #[error("the folder of MySQL Shell's options is not known: HOME is not set")]
    NoHome,
}

/// Who decides which helper the Shells use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChosenBy {
    /// `MYSQLSH_CREDENTIAL_STORE_HELPER`.
    Environment(String),
    /// `options.json`.
    Options(String),
    /// Nobody: the platform's own helper.
    Default,
    /// It cannot be told.
    Unknown,
}

impl Options {
    /// Reads the file of this user.
    pub(super) fn read(environment: &Environment) -> Self {
        let home = || environment.home().map(|home| home.join(".mysqlsh"));
        let Some(folder) = environment.path("MYSQLSH_USER_CONFIG_HOME").or_else(home) else {
            return Self { file: None, helper: Err(OptionsProblem::NoHome) };
        };
        let path = folder.join("options.json");
        let helper = read(&path);
        Self { file: Some(path), helper }
    }

    /// Who decides.
    pub(super) fn chosen(&self, environment: &Environment) -> ChosenBy {
        match (environment.text(VARIABLE), &self.helper) {
            (Some(name), _) => ChosenBy::Environment(one_line(name)),
            (None, Ok(Some(name))) => ChosenBy::Options(name.clone()),
            (None, Ok(None)) => ChosenBy::Default,
            (None, Err(_)) => ChosenBy::Unknown,
        }
    }
}

fn read(path: &Path) -> Result<Option<String>, OptionsProblem> {
    let unreadable =
        |error: std::io::Error| OptionsProblem::Unreadable { path: path.to_owned(), reason: error.to_string() };
    let Some(file) = WholeFile::read(path, LONGEST_FILE).map_err(unreadable)? else { return Ok(None) };
    let malformed = || OptionsProblem::Malformed { path: path.to_owned() };
    let value: serde_json::Value = serde_json::from_slice(&file.bytes).map_err(|_| malformed())?;
    match value.as_object().ok_or_else(malformed)?.get(OPTION) {
        None => Ok(None),
        Some(value) => value.as_str().map(|name| Some(one_line(name))).ok_or_else(malformed),
    }
}
