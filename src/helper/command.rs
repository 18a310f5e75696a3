//! Who is being called and for what: the program's own name and its one argument. Reads nothing but what it is given.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::reply::one_line;

/// What every credential helper's file name begins with.
pub const PREFIX: &str = "mysql-secret-store-";
/// Our name among them, as MySQL Shell's option `credentialStore.helper` takes it.
pub const NAME: &str = "rdsconn";

/// The five commands of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Says who we are. Run for every helper at each start of the Shell.
    Version,
    /// Keeps a secret.
    Store,
    /// Hands out a secret.
    Get,
    /// Forgets a secret.
    Erase,
    /// Names what is kept.
    List,
}

impl Command {
    /// In the order of the reference helper's usage line.
    const ALL: [Self; 5] = [Self::Version, Self::Store, Self::Get, Self::Erase, Self::List];

    /// As the Shell writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Store => "store",
            Self::Get => "get",
            Self::Erase => "erase",
            Self::List => "list",
        }
    }

    /// Reads the command line: the program's own path, then exactly one command.
    pub fn parse(arguments: &[OsString]) -> Result<Self, CommandProblem> {
        let program = || arguments.first().map_or_else(|| PREFIX.to_owned() + NAME, |path| shown(path));
        let [_, command] = arguments else {
            let program = program();
            let is_missing = arguments.len() < 2;
            return Err(if is_missing {
                CommandProblem::Missing { program }
            } else {
                CommandProblem::TooMany { program }
            });
        };
        let found = Self::ALL.into_iter().find(|known| OsStr::new(known.name()) == command);
        found.ok_or_else(|| CommandProblem::Unknown { command: shown(command), program: program() })
    }
}

/// Why a command line is none of the protocol's. The texts are the reference helper's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandProblem {
    /// No argument.
    #[error("Missing command, usage: {program} <version|store|get|erase|list>")]
    Missing {
        /// The path we were called by.
        program: String,
    },
    /// More than one.
    #[error("Too many commands, usage: {program} <version|store|get|erase|list>")]
    TooMany {
        /// The path we were called by.
        program: String,
    },
    /// None of the five.
    #[error("Unknown command: '{command}', usage: {program} <version|store|get|erase|list>")]
    Unknown {
        /// What was asked for.
        command: String,
        /// The path we were called by.
        program: String,
    },
}

/// Whether a program that was started under this name is to speak the helper's protocol. The Shell starts a helper by its
/// full path, a link as it is, so the name is the link's.
pub fn is_helper_name(program: &OsStr) -> bool {
    let name = Path::new(program).file_name().unwrap_or_default();
    name.as_bytes().strip_prefix(PREFIX.as_bytes()).is_some_and(|rest| !rest.is_empty())
}

/// The folder of helpers that we were called from: the Shell starts each by its full path, and all are in one folder.
/// `None` if it was no Shell that started us.
pub fn calling_folder(program: &OsStr) -> Option<PathBuf> {
    let path = Path::new(program);
    path.parent().filter(|_| path.is_absolute()).map(Path::to_owned)
}

fn shown(text: &OsStr) -> String {
    one_line(&text.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Command, String> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        Command::parse(&arguments).map_err(|problem| problem.to_string())
    }

    #[test]
    fn every_command_and_every_mistake() {
        const USAGE: &str = "usage: /b/mysql-secret-store-rdsconn <version|store|get|erase|list>";
        let program = "/b/mysql-secret-store-rdsconn";
        for command in Command::ALL {
            assert_eq!(parse(&[program, command.name()]), Ok(command));
        }
        for (arguments, expected) in [
            (&[program][..], format!("Missing command, {USAGE}")),
            (&[program, "get", "get"], format!("Too many commands, {USAGE}")),
            (&[program, "GET"], format!("Unknown command: 'GET', {USAGE}")),
            (&[program, ""], format!("Unknown command: '', {USAGE}")),
            (&[program, "--help"], format!("Unknown command: '--help', {USAGE}")),
            (&[program, "a\nb\u{1b}[2J"], format!("Unknown command: 'a b [2J', {USAGE}")),
        ] {
            assert_eq!(parse(arguments), Err(expected), "{arguments:?}");
        }
        assert!(parse(&[]).unwrap_err().starts_with("Missing command"));
    }

    #[test]
    fn only_a_full_path_names_the_folder_of_helpers() {
        let folder = |program: &str| calling_folder(OsStr::new(program));
        assert_eq!(folder("/usr/bin/mysql-secret-store-rdsconn"), Some("/usr/bin".into()));
        assert_eq!(
            [folder("mysql-secret-store-rdsconn"), folder("./mysql-secret-store-rdsconn"), folder("/")],
            [None, None, None]
        );
    }

    #[test]
    fn the_front_door_is_chosen_by_name() {
        for (program, expected) in [
            ("mysql-secret-store-rdsconn", true),
            ("/usr/bin/mysql-secret-store-rdsconn", true),
            ("/usr/bin/mysql-secret-store-other", true),
            ("/usr/bin/mysql-secret-store-", false),
            ("/usr/bin/rdsconn", false),
            ("/mysql-secret-store-rdsconn/rdsconn", false),
            ("", false),
            ("/", false),
        ] {
            assert_eq!(is_helper_name(OsStr::new(program)), expected, "{program}");
        }
    }
}
