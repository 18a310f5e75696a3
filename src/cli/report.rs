//! Turns the facts of a failed room into words, a hint and an exit code. The only place that does.
//!
//! One `match` for each room's error, without a wildcard arm: a new kind of failure does not compile until somebody has decided
//! what is said about it.

mod aws;
mod config;
mod credential;
mod data_api;
mod launch;
mod mysql;
mod passwords;
mod session;
mod ssh;
mod statements;

use std::error::Error;
use std::io;
use std::path::Path;

use super::exit_status::ExitStatus;
use super::printer::{Paint, Printer};
use crate::query::escape_for_terminal;

pub(super) use config::{advice, file_advice};
pub(super) use data_api::data_api;
pub(super) use mysql::report as database;
pub(super) use session::report as opening;

/// What went wrong, why, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// The exit code.
    pub status: ExitStatus,
    /// One clause, in lower case.
    pub error: String,
    /// From the nearest cause to the first.
    pub causes: Vec<String>,
    /// Each a command to run, or a file to edit.
    pub hints: Vec<String>,
}

impl Report {
    /// A report on an error and the chain of its sources.
    pub(crate) fn new(status: ExitStatus, error: &dyn Error) -> Self {
        let mut causes: Vec<String> = Vec::new();
        let mut source = error.source();
        let mut last = error.to_string();
        while let Some(cause) = source {
            let text = cause.to_string();
            // Libraries often repeat the text of the cause in their own.
            if !last.contains(&text) {
                causes.push(text.clone());
            }
            last = text;
            source = cause.source();
        }
        Self { status, error: error.to_string(), causes, hints: Vec::new() }
    }

    /// A report on something that an error kept from being done.
    pub(crate) fn about(status: ExitStatus, what: impl Into<String>, error: &dyn Error) -> Self {
        let mut report = Self::new(status, error);
        report.causes.insert(0, std::mem::replace(&mut report.error, what.into()));
        report
    }

    /// Something that cannot go wrong, and has.
    pub(crate) fn bug(error: impl Error) -> Self {
        Self::new(ExitStatus::Bug, &error)
    }

    /// A mistake on the command line.
    pub(crate) fn usage(error: String) -> Self {
        Self { status: ExitStatus::Usage, error, causes: Vec::new(), hints: Vec::new() }
    }

    /// The same, with one more hint.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Prints the report on stderr. Nothing that a server or a file said can reach the terminal as a control sequence.
    pub(crate) fn print(&self, printer: Printer) {
        let label = printer.paint(Paint::Error, "error:");
        printer.line(&format!("{label} {}", one_entry(&self.error)));
        for cause in &self.causes {
            printer.line(&format!("  caused by: {}", one_entry(cause)));
        }
        for hint in &self.hints {
            let label = printer.paint(Paint::Hint, "hint:");
            printer.line(&format!("{label} {}", one_entry(hint)));
        }
    }
}

/// Text without control sequences, its further lines set in: what a server or a program said cannot pose as a hint of ours.
fn one_entry(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    escape_for_terminal(&lines.join("\n      ")).into_owned()
}

/// A path or a name as a word for the shell, so that the command in a hint can be copied whatever it holds.
fn shell_word(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/._-+@:=,~".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// [`shell_word`] of a path.
fn path_word(path: &Path) -> String {
    shell_word(&path.to_string_lossy())
}

/// Why a command stopped: something to report, or stdout that takes no more.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Words for the user.
    Report(Box<Report>),
    /// Stdout failed. If its reader has gone away, that is no failure at all.
    Output(io::Error),
    /// A signal ended the command; whatever was to be cleaned up has been.
    Signal(u8),
    /// The client that was started ended with this status, and has said why.
    Client(u8),
}

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        Self::Report(Box::new(report))
    }
}

impl Failure {
    /// Prints what there is to say, and gives the exit status.
    pub(crate) fn conclude(self, printer: Printer) -> ExitStatus {
        match self {
            Self::Report(report) => {
                report.print(printer);
                report.status
            }
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitStatus::Success,
            Self::Output(error) => {
                let report = Report::about(ExitStatus::Incomplete, "the result cannot be written to stdout", &error)
                    .hint("run df, and see what stdout was redirected to; what is there is not all of it");
                report.print(printer);
                report.status
            }
            Self::Signal(number) => ExitStatus::Signal(number),
            Self::Client(code) => ExitStatus::Client(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_cannot_pose_as_a_line_of_ours() {
        assert_eq!(one_entry("denied\r\nhint: run evil\n\n"), "denied\n      hint: run evil");
        assert_eq!(one_entry("a\x1b[2Jb"), "a\\x1B[2Jb");
    }

    #[test]
    fn a_word_for_the_shell_is_one_word() {
        for (text, word) in [
            ("/etc/rdsconn/config.toml", "/etc/rdsconn/config.toml"),
            ("my profile", "'my profile'"),
            ("a;rm -rf ~", "'a;rm -rf ~'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }
}
