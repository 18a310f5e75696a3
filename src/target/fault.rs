//! What is wrong in a file: the place and the facts. Words around it, hints and exit codes are the command line's.

use std::path::PathBuf;

use super::convention_test::TestFailure;
use super::pattern::PatternProblem;
use super::template::TemplateProblem;
use super::value::{Shown, ValueProblem};

/// One thing wrong in one file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}:{column}: {problem}", path.display())]
pub struct Fault {
    /// The file.
    pub path: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line itself, without its end, at most 200 characters.
    pub source_line: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong at a place in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not TOML, YAML or JSON.
    #[error("{0}")]
    Syntax(String),
    /// A key that means nothing there.
    #[error("unknown key {key:?} in {section}")]
    UnknownKey {
        /// The key as written.
        key: String,
        /// For example `[target]`.
        section: String,
        /// The known key that looks most like it.
        nearest: Option<String>,
    },
    /// A key that must be there.
    #[error("{section} has no {key:?}")]
    MissingKey {
        /// The key.
        key: &'static str,
        /// For example `[[test]]`.
        section: String,
    },
    /// A value of the wrong kind.
    #[error("{key:?} must be {expected}, not {found}")]
    WrongKind {
        /// The key.
        key: String,
        /// For example `a string`.
        expected: &'static str,
        /// For example `an integer`.
        found: &'static str,
    },
    /// `profile` and `aws_profile` side by side.
    #[error("{key:?} is set twice")]
    Repeated {
        /// The key.
        key: String,
    },
    /// A value that is not allowed.
    #[error("{key} {} {problem}", Shown(.value))]
    Value {
        /// The key.
        key: String,
        /// The value as written.
        value: String,
        /// What is wrong with it.
        problem: ValueProblem,
    },
    /// A value that is none of a section's own words.
    #[error("{key} {} is not {expected}", Shown(.value))]
    Setting {
        /// The key.
        key: String,
        /// The value as written.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A pattern that is refused.
    #[error("{0}")]
    Pattern(PatternProblem),
    /// A template that is refused.
    #[error("{key}: {problem}")]
    Template {
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: TemplateProblem,
        /// The captures there are.
        known: Vec<String>,
    },
    /// `[lookup.NAME]` without a capture of that name.
    #[error("[lookup.{name}] has no capture to look up")]
    LookupWithoutCapture {
        /// The name.
        name: String,
        /// The captures there are.
        known: Vec<String>,
    },
    /// A `[[test]]` case that does not hold.
    #[error("{0}")]
    Test(TestFailure),
    /// One host name in two places.
    #[error("the host {host:?} is also in {}:{}", first_path.display(), first_line)]
    RepeatedHost {
        /// The name.
        host: String,
        /// The other file.
        first_path: PathBuf,
        /// The other line.
        first_line: usize,
    },
    /// `[hosts.orders.example.com]` without quotes, which is a table in a table in a table.
    #[error("the host name in {key:?} has dots and no quotes")]
    UnquotedHost {
        /// The part before the first dot.
        key: String,
    },
    /// A convention is called by its file's name.
    #[error("the file's name is not UTF-8")]
    FileName,
}
