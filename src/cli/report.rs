//! Turns the facts of a failed room into words, a hint and an exit code. The only place that does.
//!
//! One `match` for each room's error, without a wildcard arm: a new kind of failure does not compile until somebody has decided
//! what is said about it.

mod aws;
mod config;
mod mysql;
mod session;
mod ssh;

use std::error::Error;
use std::io;

use super::exit_status::ExitStatus;
use super::printer::{Paint, Printer};
use crate::query::escape_for_terminal;

pub(super) use config::advice;
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
        printer.line(&format!("{label} {}", harmless(&self.error)));
        for cause in &self.causes {
            printer.line(&format!("  caused by: {}", harmless(cause)));
        }
        for hint in &self.hints {
            let label = printer.paint(Paint::Hint, "hint:");
            printer.line(&format!("{label} {}", harmless(hint)));
        }
    }
}

/// Further lines of a text are indented, so that none of them can pose as a line of ours.
fn harmless(text: &str) -> String {
    escape_for_terminal(text.trim_end()).replace('\n', "\n    ")
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
                let report = Report::about(ExitStatus::Incomplete, "the result cannot be written to stdout", &error);
                report.print(printer);
                report.status
            }
            Self::Signal(number) => ExitStatus::Signal(number),
        }
    }
}
