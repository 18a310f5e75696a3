//! SQL over HTTPS: the RDS Data API.
//!
//! The same statements, the same rows, byte for byte, as over the MySQL protocol, as far as the service tells them. Neither
//! prints nor prompts.
//!
//! # What is sent again, and what never is
//!
//! A request is made again only if the service cannot have accepted it: its body was never handed to a connection
//! (see `witness`), or the service itself turned it away (too many calls, a cluster that is resuming). Everything else is an
//! outcome that is not known, and said to be.
//!
//! # What the service does not tell
//!
//! - `TINYINT(1)` comes as a boolean: a 2 in it is seen as 1.
//! - ZEROFILL is not mentioned: the zeros in front of a number are lost.
//! - How many warnings there were, and the server's remark on a statement.
//! - Which of several result sets of a `CALL` came first: only one is answered.
//! - TIME beyond a day, and dates of zeros, are what the service's own driver makes of them.

mod calls;
mod clock;
mod error;
mod fault;
mod judge;
mod number;
mod pages;
mod parameters;
mod session;
mod temporal;
mod values;
mod witness;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use error::{
    DataApiError, IDLE_LIMIT, KeyFault, REQUEST_LIMIT, RESPONSE_LIMIT, ROW_LIMIT, Request, STATEMENT_LIMIT,
    StatementFault, TRANSACTION_LIMIT, TransactionEnd, cluster_name,
};
pub use pages::Pages;
pub use session::Session;

use super::Service;

/// Where SQL is sent, and as whom it runs.
#[derive(Debug, Clone)]
pub struct DataApi {
    /// Who calls, and where.
    pub service: Service,
    /// The cluster.
    pub cluster_arn: String,
    /// The secret that holds the database login.
    pub secret_arn: String,
    /// Default database.
    pub database: Option<String>,
    /// Whether a statement goes on when the service has given up waiting for it.
    pub continue_after_timeout: bool,
    /// How long what may take.
    pub limits: Limits,
}

impl DataApi {
    /// Loads the credentials. Nothing is sent to the service before the first statement.
    pub async fn open(self) -> Result<Session, DataApiError> {
        let configuration = self.service.configuration(Some(self.limits.call)).await?;
        Ok(Session::new(&configuration, self))
    }
}

/// How long what may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// One request and its answer. The service itself gives up after [`STATEMENT_LIMIT`].
    pub call: Duration,
    /// A paused cluster's way back.
    pub resume: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { call: Duration::from_mins(1), resume: Duration::from_secs(90) }
    }
}

/// What is being waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// A paused cluster resumes.
    Resuming {
        /// Since when.
        waited: Duration,
        /// How long it may take.
        limit: Duration,
    },
    /// The service asked for fewer calls.
    Throttled {
        /// How long it is left alone now.
        pause: Duration,
    },
    /// The network was not there for a moment.
    Unreachable {
        /// How long until the next try.
        pause: Duration,
    },
    /// The wait is over, whatever came of it.
    Over,
}

/// Hears of waits. Must not block.
pub type Observer = Box<dyn Fn(Wait)>;
