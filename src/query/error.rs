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
