//! The environment, captured once at the start and handed down, so that nothing below `main` reads it behind our back.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// A snapshot of the process environment.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    arguments: Vec<OsString>,
}

impl Environment {
    /// Captures the environment of this process. Called once, by `main`.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
    pub fn capture() -> Self {
        Self { variables: std::env::vars_os().collect(), arguments: std::env::args_os().collect() }
    }

    /// An environment of exactly these variables, for tests.
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        Self {
            variables: variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            arguments: Vec::new(),
        }
    }

    /// The command line, beginning with the program's own name.
    pub fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// All variables, to hand them to a program that is started.
    pub fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// The value of a variable, if it is set, not empty, and valid UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.variables.get(OsStr::new(name)).and_then(|value| value.to_str()).filter(|value| !value.is_empty())
    }

    /// The value of a variable as a path, if it is set and not empty.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(OsStr::new(name)).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// `$HOME`, if it is an absolute path.
    pub fn home(&self) -> Option<PathBuf> {
        self.path("HOME").filter(|home| home.is_absolute())
    }

    /// The folder of rdsconn's configuration: `$XDG_CONFIG_HOME/rdsconn`, else `~/.config/rdsconn`.
    pub fn config_folder(&self) -> Option<PathBuf> {
        let base = self.path("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        base.or_else(|| self.home().map(|home| home.join(".config"))).map(|base| base.join("rdsconn"))
    }

    /// Where programs keep what must last: `$XDG_DATA_HOME`, else `~/.local/share`.
    pub fn data_home(&self) -> Option<PathBuf> {
        let base = self.path("XDG_DATA_HOME").filter(|path| path.is_absolute());
        base.or_else(|| self.home().map(|home| home.join(".local/share")))
    }
}
