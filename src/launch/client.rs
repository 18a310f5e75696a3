//! Finding the program that a user names, as a shell would.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::Error;
use crate::os::{Environment, Lookup, Program};

/// What a bare host name on a terminal starts if nothing is configured: the first of these that is installed.
pub const DEFAULT_CLIENTS: [&str; 3] = ["mysqlsh", "mysql", "mariadb"];

/// A user's own way of starting a client, from `[clients.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recipe {
    /// A name to look up in PATH, or a path, in which `~/` is the home folder.
    pub program: String,
    /// Arguments, with placeholders such as `{host}`; they come before the ones of the command line.
    pub arguments: Vec<String>,
    /// Variables, with the same placeholders.
    pub environment: BTreeMap<String, String>,
}

/// A program that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    program: PathBuf,
    recipe: Option<Recipe>,
}

impl Client {
    /// Finds a client: by its recipe, if it has one, else by its path if there is a slash in it, else in `PATH`.
    pub fn find(
        name: impl AsRef<OsStr>,
        recipes: &BTreeMap<String, Recipe>,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let name = name.as_ref();
        let recipe = name.to_str().and_then(|name| recipes.get(name)).cloned();
        let wanted = recipe.as_ref().map_or_else(|| name.to_owned(), |recipe| in_home(&recipe.program, environment));
        match Program::look_up(&wanted, environment) {
            Lookup::Found(program) => Ok(Self { program, recipe }),
            Lookup::NotExecutable(program) => Err(Error::NotExecutable { program, source: None }),
            Lookup::Missing => Err(Error::NotFound { client: wanted.to_string_lossy().into_owned() }),
        }
    }

    /// A client that needs no finding.
    #[cfg(test)]
    pub(super) fn at(program: impl Into<PathBuf>, recipe: Option<Recipe>) -> Self {
        Self { program: program.into(), recipe }
    }

    /// The program's path, as it is to be executed.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The user's own recipe for it.
    pub(super) fn recipe(&self) -> Option<&Recipe> {
        self.recipe.as_ref()
    }
}

/// A recipe's program: `~/` is the user's home folder there, as in every other path of `config.toml`.
fn in_home(program: &str, environment: &Environment) -> OsString {
    match (program.strip_prefix("~/"), environment.home()) {
        (Some(rest), Some(home)) => home.join(rest).into(),
        _ => program.into(),
    }
}

/// The client that a bare host name starts: the configured one, else the first of [`DEFAULT_CLIENTS`] that is installed.
pub fn default_client(
    configured: Option<&str>,
    recipes: &BTreeMap<String, Recipe>,
    environment: &Environment,
) -> Result<Client, Error> {
    if let Some(name) = configured {
        return Client::find(name, recipes, environment);
    }
    let mut found = DEFAULT_CLIENTS.into_iter().map(|name| Client::find(name, recipes, environment));
    found.find_map(Result::ok).ok_or(Error::NoClient)
}
