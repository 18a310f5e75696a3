//! What can be wrong with a script before any of it reaches the server. Holds facts only; words for users are cli's.

use thiserror::Error;

/// Why a script cannot be split into statements.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// `DELIMITER` stands alone on its line.
    #[error("DELIMITER at line {line} names no delimiter")]
    DelimiterMissing {
        /// Line of the command, counted from 1.
        line: u64,
    },
    /// The delimiter holds a backslash, which would collide with `\g` and with escapes.
    #[error("the delimiter at line {line} contains a backslash")]
    DelimiterBackslash {
        /// Line of the command, counted from 1.
        line: u64,
    },
    /// The line of a `DELIMITER` command does not end.
    #[error("the DELIMITER command at line {line} is longer than {limit} bytes")]
    DelimiterTooLong {
        /// Line of the command, counted from 1.
        line: u64,
        /// The longest line that is accepted.
        limit: usize,
    },
    /// More bytes than a server can take in one statement; nothing after it is read.
    #[error("the statement at line {line} is longer than {limit} bytes")]
    StatementTooLong {
        /// Line at which the statement starts, counted from 1.
        line: u64,
        /// The longest statement that is accepted.
        limit: usize,
    },
}

/// What is wrong with a named value, or with a statement that asks for one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParameterError {
    /// Not `NAME=VALUE`. What was given instead may be a password, meant for another client's `-p`.
    #[error("a parameter is NAME=VALUE or NAME:TYPE=VALUE")]
    Shape,
    /// The SQL could not name it.
    #[error("{name:?} cannot name a parameter: letters, digits and _ can, and no digit comes first")]
    Name {
        /// What stands before the `=`, or before the `:`.
        name: String,
    },
    /// There is no such type.
    #[error("the parameter {name} has the unknown type {kind:?}; the types are {known}")]
    Type {
        /// The parameter.
        name: String,
        /// What stands between `:` and `=`.
        kind: String,
        /// All types.
        known: String,
    },
    /// The value is not of the type.
    #[error("the parameter {name} is no {kind}: {value:?}; it must be {expected}")]
    Value {
        /// The parameter.
        name: String,
        /// What stands after the `=`.
        value: String,
        /// Its type.
        kind: &'static str,
        /// What a value of the type looks like.
        expected: &'static str,
    },
    /// Two values for one name.
    #[error("the parameter {name} is given twice")]
    Repeated {
        /// The parameter.
        name: String,
    },
    /// A statement asks for a value that was not given, while others were.
    #[error("the statement asks for :{name}, which is not given")]
    Unknown {
        /// The parameter.
        name: String,
        /// The names that are given.
        known: Vec<String>,
    },
}

/// Why the rows of a statement cannot be fetched in pages.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PageError {
    /// Pages are made of rows.
    #[error("only a single SELECT can be fetched in pages")]
    NotASelect,
    /// A string, a comment or a parenthesis has no end, or one too many.
    #[error("a string, a comment or a parenthesis of the statement does not close")]
    Open,
    /// It would apply to each page, or to none.
    #[error("a statement with {clause} cannot be fetched in pages")]
    Clause {
        /// The words of SQL.
        clause: &'static str,
    },
    /// No column has such a name.
    #[error("{column:?} cannot name a column")]
    Column {
        /// What was given.
        column: String,
    },
}
