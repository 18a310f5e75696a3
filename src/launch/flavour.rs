//! Which client a program is: by its file name, and by `--version` where one name is borne by two.

use super::{Client, Error, Version};
use crate::os::{Environment, Program};

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
    /// MariaDB, also where it is installed as `mysql`.
    MariaDb,
    /// MySQL Shell.
    Shell,
    /// mycli.
    Mycli,
    /// mydumper and myloader, which leave TLS to the library they were built with.
    Mydumper(Library),
}

/// A client library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    /// libmysqlclient.
    Oracle,
    /// MariaDB Connector/C.
    MariaDb,
}

/// What a client does, as far as it matters to its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// A person types SQL: `mysql`, `mariadb`, `mysqlsh`, `mycli`.
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
}

/// What a file name says. One name may be borne by two families; only the version tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Mysql,
    Shell,
    Mycli,
    Mydumper,
}

impl Flavour {
    /// Finds out what a client is. Runs `CLIENT --version` if its name is known.
    ///
    /// Oracle's and MariaDB's clients read their option files even for that, and fail on an option there which they do not
    /// know; they are then asked once more without option files.
    pub async fn identify(client: &Client, environment: &Environment) -> Result<Self, Error> {
        let program = client.program();
        let Some((named, tool)) = program.file_name().and_then(|name| named(name.to_str()?)) else {
            return Ok(Self::Other);
        };
        let mut answer = String::new();
        for arguments in [&["--version"][..], &["--no-defaults", "--version"]] {
            let asked = arguments.iter().fold(Program::new(program, environment), Program::argument);
            let captured = asked.capture().await.map_err(|source| Error::version(program, source))?;
            answer = String::from_utf8_lossy(&captured.stdout).into_owned();
            if let Some((family, version)) = recognise(named, &answer) {
                return Ok(Self::Known { family, tool, version });
            }
        }
        let answer = answer.lines().next().unwrap_or_default().chars().take(100).collect();
        Err(Error::Unrecognised { program: program.to_owned(), answer })
    }
}

fn named(file_name: &str) -> Option<(Named, Tool)> {
    let tool = match file_name {
        "mysqlsh" => return Some((Named::Shell, Tool::Terminal)),
        "mycli" => return Some((Named::Mycli, Tool::Terminal)),
        "mydumper" => return Some((Named::Mydumper, Tool::ParallelDump)),
        "myloader" => return Some((Named::Mydumper, Tool::ParallelLoad)),
        "mysql" | "mariadb" => Tool::Terminal,
        "mysqldump" | "mysqlpump" | "mariadb-dump" => Tool::Dump,
        "mysqladmin" | "mariadb-admin" => Tool::Admin,
        "mysqlimport" | "mariadb-import" => Tool::Import,
        "mysqlslap" | "mariadb-slap" => Tool::Slap,
        "mysqlshow" | "mariadb-show" => Tool::Show,
        "mysqlcheck" | "mysqlanalyze" | "mysqloptimize" | "mysqlrepair" | "mariadbcheck" | "mariadb-check"
        | "mariadb-analyze" | "mariadb-optimize" | "mariadb-repair" => Tool::Check,
        _ => return None,
    };
    Some((Named::Mysql, tool))
}

/// Reads the answer to `--version`.
///
/// Texts seen: `mysql  Ver 9.7.4 for Linux on x86_64`, `mysql  Ver 15.1 Distrib 10.11.19-MariaDB, for …`,
/// `mariadb from 11.8.9-MariaDB, client 15.2 for …`, `Version: 1.26.1`, `mycli, version 2.30.1`,
/// `mydumper 0.10.0, built against MySQL 10.11.14`. Documented: `mysql  Ver 14.14 Distrib 5.7.44, for …`,
/// `mysql  Ver 8.0.36-28 for Linux on x86_64 (Percona Server …)`, `mysqlsh   Ver 8.0.36 for Linux on x86_64 - …`.
fn recognise(named: Named, answer: &str) -> Option<(Family, Version)> {
    let after = |word: &str| answer.split_once(word).map_or("", |(_, rest)| rest);
    match named {
        Named::Mysql => {
            if let Some((before, _)) = answer.split_once("-MariaDB") {
                return Some((Family::MariaDb, Version::first_in(before.split_whitespace().next_back()?)?));
            }
            let distribution = after(" Distrib ");
            let number = if distribution.is_empty() { after(" Ver ") } else { distribution };
            Some((Family::Oracle, Version::first_in(number)?))
        }
        Named::Shell => Some((Family::Shell, Version::first_in(after(" Ver "))?)),
        Named::Mycli => Some((Family::Mycli, Version::first_in(answer)?)),
        Named::Mydumper => {
            // MariaDB's library calls itself by the server's version, which is 10 or more; MySQL's has not got there.
            let library = after("built against ");
            let is_mariadb =
                library.contains("MariaDB") || Version::first_in(library).is_some_and(|version| version.major >= 10);
            let library = if is_mariadb { Library::MariaDb } else { Library::Oracle };
            Some((Family::Mydumper(library), Version::first_in(answer)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let cases = [
            ("mysql", "mysql  Ver 9.7.4-2 for Linux on x86_64 ((Debian))", Family::Oracle, (9, 7, 4)),
            (
                "mysql",
                "mysql  Ver 14.14 Distrib 5.7.44, for Linux (x86_64) using  EditLine",
                Family::Oracle,
                (5, 7, 44),
            ),
            ("mysqldump", "mysqldump  Ver 8.0.36-28 for Linux on x86_64 (Percona Server)", Family::Oracle, (8, 0, 36)),
            ("mysql", "mysql  Ver 15.1 Distrib 10.11.19-MariaDB, for debian-linux-gnu", Family::MariaDb, (10, 11, 19)),
            ("mysqldump", "mysqldump  Ver 10.19 Distrib 10.11.19-MariaDB, for x", Family::MariaDb, (10, 11, 19)),
            ("mysql", "mysql from 11.8.9-MariaDB, client 15.2 for debian-linux-gnu", Family::MariaDb, (11, 8, 9)),
            ("mariadb-admin", "mariadb-admin from 11.8.9-MariaDB, client 10.0 for x", Family::MariaDb, (11, 8, 9)),
            ("mysqlsh", "/opt/bin/mysqlsh   Ver 8.0.36 for Linux - for MySQL 8.0.36", Family::Shell, (8, 0, 36)),
            ("mysqlsh", "mysqlsh   Ver 9.6.0 for Linux on x86_64 - for MySQL 9.6.0", Family::Shell, (9, 6, 0)),
            ("mycli", "Version: 1.26.1", Family::Mycli, (1, 26, 1)),
            ("mycli", "mycli, version 2.30.1", Family::Mycli, (2, 30, 1)),
            (
                "mydumper",
                "mydumper 0.10.0, built against MySQL 10.11.14",
                Family::Mydumper(Library::MariaDb),
                (0, 10, 0),
            ),
            (
                "myloader",
                "myloader v0.16.9-1, built against MySQL 8.0.40",
                Family::Mydumper(Library::Oracle),
                (0, 16, 9),
            ),
        ];
        for (name, answer, family, (major, minor, patch)) in cases {
            let (named, _) = named(name).unwrap();
            assert_eq!(recognise(named, answer), Some((family, Version::new(major, minor, patch))), "{answer}");
        }
    }

    #[test]
    fn what_is_no_answer_is_not_guessed_at() {
        for answer in ["", "usage: mysql [options]", "mysql Ver", "mysql  Ver x for y", "docker: not found"] {
            assert_eq!(recognise(Named::Mysql, answer), None, "{answer}");
        }
    }

    #[test]
    fn only_exact_names_are_known() {
        for name in ["psql", "mysqlx", "mysql.sh", "MYSQL", "mysqlbinlog", "mariadb-conv"] {
            assert_eq!(named(name), None, "{name}");
        }
    }
}
