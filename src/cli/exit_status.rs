//! The exit codes, as documented and frozen by a test. Only `main` turns one into a process exit.

/// What a run of the program came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// Done, or the reader of stdout went away.
    Success,
    /// The server refused a statement.
    Statement,
    /// Usage, configuration or a convention file.
    Usage,
    /// The host name resolves to nothing, or to two things.
    Resolve,
    /// AWS, the bastion or the database refused who you are.
    Refused,
    /// Bastion, host key, dial, TLS, timeout, or a listener's port that is taken.
    Network,
    /// The connection was lost after bytes were sent, or the rows could not all be written.
    Incomplete,
    /// A bug in rdsconn.
    Bug,
    /// The client that `exec` was to start cannot be run.
    CannotRun,
    /// The client that `exec` was to start is not there.
    NotFound,
    /// The client's own.
    Client(u8),
    /// Ended by this signal.
    Signal(u8),
}

impl ExitStatus {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Statement => 1,
            Self::Usage => 2,
            Self::Resolve => 3,
            Self::Refused => 4,
            Self::Network => 5,
            Self::Incomplete => 7,
            Self::Bug => 70,
            Self::CannotRun => 126,
            Self::NotFound => 127,
            Self::Client(code) => code,
            Self::Signal(number) => 128 + number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_frozen() {
        let table = [
            (ExitStatus::Success, 0),
            (ExitStatus::Statement, 1),
            (ExitStatus::Usage, 2),
            (ExitStatus::Resolve, 3),
            (ExitStatus::Refused, 4),
            (ExitStatus::Network, 5),
            (ExitStatus::Incomplete, 7),
            (ExitStatus::Bug, 70),
            (ExitStatus::CannotRun, 126),
            (ExitStatus::NotFound, 127),
            (ExitStatus::Client(42), 42),
            (ExitStatus::Signal(2), 130),
            (ExitStatus::Signal(15), 143),
        ];
        for (status, code) in table {
            assert_eq!(status.code(), code, "{status:?}");
        }
    }
}
