//! Why a login or a statement failed, as facts. Words and hints are chosen in `cli::report`.

use std::io;
use std::path::PathBuf;

use crate::target::{Address, Endpoint};

/// What the server itself said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ERROR {code} ({state}): {message}")]
pub struct ServerFault {
    /// For example 1045.
    pub code: u16,
    /// SQLSTATE, for example `28000`.
    pub state: String,
    /// The server's text; not to be trusted on a terminal.
    pub message: String,
}

/// What is wrong with the server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateFault {
    /// No trusted root has signed it.
    UnknownIssuer,
    /// It is for other names.
    WrongName {
        /// The names it is for.
        presented: Vec<String>,
    },
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// Anything else.
    Other,
}

/// Why a login or a statement failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address does not answer, or the connection broke before the login was complete.
    #[error("no connection to {address}")]
    Unreachable {
        /// What was dialled.
        address: Address,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Dialling, TLS and login together took too long.
    #[error("no login at {endpoint} within {seconds} s")]
    Timeout {
        /// The database.
        endpoint: Endpoint,
        /// The limit.
        seconds: u64,
    },
    /// The server offers no TLS.
    #[error("{endpoint} offers no TLS")]
    NoTls {
        /// The database.
        endpoint: Endpoint,
    },
    /// The certificate does not prove that this is the endpoint.
    #[error("the certificate shown for {endpoint} is not trusted")]
    Certificate {
        /// The database.
        endpoint: Endpoint,
        /// What is wrong with it.
        fault: CertificateFault,
        /// What the TLS library said.
        #[source]
        source: rustls::Error,
    },
    /// The TLS handshake failed for another reason.
    #[error("no TLS session with {endpoint}")]
    Tls {
        /// The database.
        endpoint: Endpoint,
        /// What the TLS library said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server refused the login.
    #[error("{endpoint} refused {}", user.as_ref().map_or_else(|| "the connection".to_owned(), |user| format!("the login of {user:?}")))]
    Refused {
        /// The database.
        endpoint: Endpoint,
        /// The database user, if it was known.
        user: Option<String>,
        /// What the server said.
        #[source]
        fault: ServerFault,
    },
    /// The server asks for the password as it is, and has not proved who it is.
    #[error("{endpoint} asks for the password in clear, and its certificate was not verified")]
    WantsClear {
        /// The database.
        endpoint: Endpoint,
    },
    /// The server asks for a way of logging in that there is not.
    #[error("{endpoint} asks for a way of logging in that is not supported")]
    Plugin {
        /// The database.
        endpoint: Endpoint,
        /// What the driver said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server refused a statement.
    #[error(transparent)]
    Statement(ServerFault),
    /// A statement that does not fit into one packet; it was not sent.
    #[error("the statement is longer than {limit} bytes")]
    StatementTooLong {
        /// The longest that can be sent.
        limit: usize,
    },
    /// The connection broke after a statement was sent: its outcome is unknown, or its rows are incomplete.
    #[error("the connection was lost after the statement was sent")]
    Lost(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server was silent for longer than `--read-timeout`.
    #[error("the server was silent for {seconds} s after the statement was sent")]
    Silent {
        /// The limit.
        seconds: u64,
    },
    /// The server asked for a file of this machine.
    #[error("the server asked for a local file (LOAD DATA LOCAL), which is never given")]
    LocalInfile,
    /// The server speaks something else, or wants a way of logging in that is not offered.
    #[error("{endpoint} does not follow the MySQL protocol")]
    Protocol {
        /// The database.
        endpoint: Endpoint,
        /// What the driver said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file of roots cannot be used.
    #[error("the CA file {} cannot be used", path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The rows could not be written.
    #[error("the result cannot be written")]
    Output(#[source] io::Error),
}
