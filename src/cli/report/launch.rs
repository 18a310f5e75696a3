//! What is said about clients that cannot be started as asked, and about what a run needs of the system.

use super::{Report, path_word, shell_word};
use crate::cli::exit_status::ExitStatus;
use crate::launch::Error;
use crate::os::{ChildError, RunFolderError};
use crate::target::nearest;

impl From<Error> for Report {
    fn from(error: Error) -> Self {
        let report = |status| Self::new(status, &error);
        match &error {
            Error::NotFound { client } => {
                let report = report(ExitStatus::NotFound);
                match package(client) {
                    Some(package) => report.hint(format!("install it: {package}")),
                    None if client.contains('/') => report.hint(format!("run ls -l {}", shell_word(client))),
                    None => report.hint("give a path, put its folder on PATH, or add [clients.NAME] to config.toml"),
                }
            }
            Error::NotExecutable { program, source: None } => {
                report(ExitStatus::CannotRun).hint(format!("run ls -l {}", path_word(program)))
            }
            Error::NotExecutable { program, source: Some(_) } => {
                report(ExitStatus::CannotRun).hint(format!("run file {}", path_word(program)))
            }
            Error::NoClient => report(ExitStatus::NotFound)
                .hint("install one: package mysql-shell (MySQL's own repository) brings mysqlsh, mysql-client brings mysql, mariadb-client brings mariadb")
                .hint("or run a statement: rdsconn HOST 'select 1'"),
            Error::Version { program, .. } | Error::Unrecognised { program, .. } => {
                report(ExitStatus::CannotRun).hint(format!("run {} --version", path_word(program)))
            }
            Error::Unsuitable { .. } => {
                report(ExitStatus::CannotRun).hint("use a newer one, or another client: mysqlsh, mysql, mariadb")
            }
            Error::Argument { .. } => report(ExitStatus::Usage)
                .hint("leave it out; host, port, user and TLS come from HOST and rdsconn's own options, which stand before --"),
            Error::Placeholder { name, known, .. } => {
                let report = match nearest(name, known.iter().copied()) {
                    Some(near) => report(ExitStatus::Usage).hint(format!("did you mean {{{near}}}?")),
                    None => report(ExitStatus::Usage),
                };
                report.hint(format!("or write {{{{{name}}}}} in config.toml where the client is to be given {{{name}}}"))
            }
            Error::PasswordTooLong { .. } => report(ExitStatus::Usage).hint(
                "a token is that long because of the session token in it: use a client with a longer limit (mysql 9, mysqlsh), \
                 or a profile with a shorter session token",
            ),
            Error::PasswordCharacter { .. } => report(ExitStatus::Usage).hint("use another client"),
            Error::RecipeVariable { name, .. } => {
                report(ExitStatus::Usage).hint(format!("take {name} out of [clients.NAME] in config.toml"))
            }
            Error::PasswordVariable { .. } => report(ExitStatus::Usage).hint(
                "name the variable that the client reads its password from: letters, digits and _, and none with a meaning \
                 of its own",
            ),
        }
    }
}

/// The Debian package that brings a client.
fn package(client: &str) -> Option<&'static str> {
    Some(match client {
        "mysqlsh" => "package mysql-shell of MySQL's own repository",
        "mysql" | "mysqldump" | "mysqladmin" | "mysqlimport" | "mysqlslap" => "package mysql-client or mariadb-client",
        "mycli" => "package mycli",
        "mydumper" | "myloader" => "package mydumper",
        name if name.starts_with("mariadb") => "package mariadb-client",
        _ => return None,
    })
}

impl From<ChildError> for Report {
    fn from(error: ChildError) -> Self {
        let report = |status| Self::new(status, &error);
        match &error {
            ChildError::NotFound { .. } => report(ExitStatus::NotFound).hint("give a path, or put its folder on PATH"),
            ChildError::NotRunnable { path, .. } => {
                report(ExitStatus::CannotRun).hint(format!("run file {}", path_word(path)))
            }
            ChildError::NotStarted { .. } => {
                report(ExitStatus::CannotRun).hint("the system is short of something: see ulimit -a")
            }
        }
    }
}

impl From<RunFolderError> for Report {
    fn from(error: RunFolderError) -> Self {
        let report = Self::new(ExitStatus::Usage, &error);
        match &error {
            RunFolderError::NotMade { .. } | RunFolderError::NotWritten { .. } => report.hint(
                "a client is given its CA bundle in that folder: set XDG_RUNTIME_DIR or TMPDIR to a writable one",
            ),
            RunFolderError::NotAFolder { path } | RunFolderError::ForeignOwner { path, .. } => report.hint(format!(
                "remove {}, or set XDG_RUNTIME_DIR to a folder of your own with mode 0700",
                path_word(path)
            )),
            RunFolderError::Open { path, .. } => report.hint(format!("run chmod 700 {}", path_word(path))),
        }
    }
}
