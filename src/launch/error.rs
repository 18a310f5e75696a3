//! Why a client cannot be started as asked, as facts. Words of advice and exit codes are chosen in `cli::report`.

use std::path::{Path, PathBuf};

use crate::os::ProgramError;

/// Why a client cannot be started as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such program: the shell's 127.
    #[error("{client:?} is not found")]
    NotFound {
        /// As the user named it.
        client: String,
    },
    /// The program is there but cannot be run: the shell's 126.
    #[error("{} cannot be run", program.display())]
    NotExecutable {
        /// What was found.
        program: PathBuf,
        /// What the system said, if it was tried.
        #[source]
        source: Option<ProgramError>,
    },
    /// No client is configured and none of the usual ones is installed.
    #[error("no client is configured, and none of {} is installed", super::DEFAULT_CLIENTS.join(", "))]
    NoClient,
    /// `CLIENT --version` gave no answer.
    #[error("{} does not tell its version", program.display())]
    Version {
        /// The client.
        program: PathBuf,
        /// Why.
        #[source]
        source: ProgramError,
    },
    /// `CLIENT --version` gave an answer from which it cannot be told which client it is.
    #[error("{} is no client that rdsconn knows by that name: it calls itself {answer:?}", program.display())]
    Unrecognised {
        /// The client.
        program: PathBuf,
        /// The first line of its answer.
        answer: String,
    },
    /// The client cannot do what a safe login needs.
    #[error("{} {version} {lack}", program.display())]
    Unsuitable {
        /// The client.
        program: PathBuf,
        /// Its version.
        version: super::Version,
        /// What it lacks, as a clause: `cannot verify a certificate`.
        lack: &'static str,
    },
    /// An argument that would send the token elsewhere, as somebody else, or without verified TLS.
    #[error("the argument {argument:?} would change {what}, which rdsconn sets")]
    Argument {
        /// As written, without its value.
        argument: String,
        /// What it would change: `the host`, `TLS`.
        what: &'static str,
    },
    /// `{name}` in a recipe that is no placeholder.
    #[error("{text:?} holds {{{name}}}, which is no placeholder; there are {}", braced(known))]
    Placeholder {
        /// The argument or value of the recipe.
        text: String,
        /// The name as written.
        name: String,
        /// The names there are.
        known: &'static [&'static str],
    },
    /// The token is longer than the client reads from an option file; it would cut it and print the rest.
    #[error("the password has {length} bytes in an option file, of which {} reads {limit}", program.display())]
    PasswordTooLong {
        /// The client.
        program: PathBuf,
        /// Its length, quoted.
        length: usize,
        /// The longest that the client reads.
        limit: usize,
    },
    /// The password holds a character that the client's option file cannot carry.
    #[error("the password holds {character}, which an option file of {} cannot carry", program.display())]
    PasswordCharacter {
        /// The client.
        program: PathBuf,
        /// Which one: `a NUL byte`.
        character: &'static str,
    },
    /// A variable of a recipe that rdsconn itself sets or takes away for a client that it knows.
    #[error("a recipe for {} cannot set {name}", program.display())]
    RecipeVariable {
        /// The client.
        program: PathBuf,
        /// The variable.
        name: String,
    },
    /// The name given for the password's environment variable is none, or one with a meaning of its own.
    #[error("{name:?} cannot be the variable that carries the password")]
    PasswordVariable {
        /// As given.
        name: String,
    },
}

impl Error {
    /// `CLIENT --version` could not be run, or gave no answer in time.
    pub(super) fn version(program: &Path, source: ProgramError) -> Self {
        // A script without an interpreter, a program for another machine: found, but not to be run.
        match source {
            ProgramError::Start { .. } => Self::NotExecutable { program: program.to_owned(), source: Some(source) },
            source => Self::Version { program: program.to_owned(), source },
        }
    }
}

fn braced(names: &[&str]) -> String {
    names.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ")
}
