//! Why SQL could not be run through the Data API, as facts. Words and hints are chosen in `cli::report`.

use std::fmt;
use std::time::Duration;

use super::super::CallFault;

/// The most bytes of a request: <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html>.
pub const REQUEST_LIMIT: usize = 4 << 20;

/// The most bytes of an answer's rows.
pub const RESPONSE_LIMIT: usize = 1 << 20;

/// The most bytes of one row.
pub const ROW_LIMIT: usize = 64 << 10;

/// How long a statement may take before the service gives up waiting for it.
pub const STATEMENT_LIMIT: Duration = Duration::from_secs(45);

/// How long a transaction may be left alone before the service rolls it back.
pub const IDLE_LIMIT: Duration = Duration::from_mins(3);

/// How long a transaction may last.
pub const TRANSACTION_LIMIT: Duration = Duration::from_hours(24);

/// What was asked of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// To run a statement.
    Statement,
    /// To begin a transaction.
    Begin,
    /// To commit it.
    Commit,
    /// To roll it back.
    Rollback,
}

impl Request {
    /// The action, as policies name it.
    pub const fn action(self) -> &'static str {
        match self {
            Self::Statement => "rds-data:ExecuteStatement",
            Self::Begin => "rds-data:BeginTransaction",
            Self::Commit => "rds-data:CommitTransaction",
            Self::Rollback => "rds-data:RollbackTransaction",
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Statement => "the statement",
            Self::Begin => "the beginning of a transaction",
            Self::Commit => "the commit",
            Self::Rollback => "the rollback",
        })
    }
}

/// What the database said of a statement, as far as the service passes it on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct StatementFault {
    /// The server's error number, for example 1064.
    pub code: Option<u16>,
    /// SQLSTATE, for example `42000`.
    pub state: Option<String>,
    /// The text; not to be trusted on a terminal.
    pub message: String,
}

impl StatementFault {
    /// Its text, with the line of the script at which the statement began.
    pub fn at_line(&self, line: u64) -> String {
        let name = self.name();
        if name.is_empty() {
            format!("line {line}: {}", self.message)
        } else {
            format!("{name} at line {line}: {}", self.message)
        }
    }

    fn name(&self) -> String {
        match (self.code, &self.state) {
            (Some(code), Some(state)) => format!("ERROR {code} ({state})"),
            (Some(code), None) => format!("ERROR {code}"),
            (None, Some(state)) => format!("ERROR ({state})"),
            (None, None) => String::new(),
        }
    }
}

impl fmt::Display for StatementFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        if !name.is_empty() {
            write!(formatter, "{name}: ")?;
        }
        formatter.write_str(&self.message)
    }
}

/// Why a transaction is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionEnd {
    /// It was idle for longer than [`IDLE_LIMIT`].
    Idle,
    /// It was older than [`TRANSACTION_LIMIT`].
    Old,
    /// Something else; the service's message may say what.
    Other,
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why SQL could not be run through the Data API.
#[derive(Debug, thiserror::Error)]
pub enum DataApiError {
    /// No credentials.
    #[error(transparent)]
    Account(#[from] super::super::Error),
    /// The credentials ended on the way, and no others could be had.
    #[error("the AWS credentials cannot be renewed")]
    Renewal(#[source] Source),
    /// AWS did not accept who signed, or when, or how often.
    #[error("{action} failed")]
    Call {
        /// What was called, as policies name it.
        action: &'static str,
        /// Why.
        #[source]
        fault: CallFault,
    },
    /// The SQL is not text; it was not sent.
    #[error("the statement is not valid UTF-8 at byte {at}, and the Data API takes only text")]
    NotText {
        /// The first byte that is not part of a character.
        at: usize,
    },
    /// The request is too large; it was not accepted.
    #[error("the request has {bytes} bytes, and the Data API takes at most {REQUEST_LIMIT}")]
    RequestTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The database refused the statement.
    #[error(transparent)]
    Statement(StatementFault),
    /// The service refused the statement, for a reason of its own.
    #[error("the Data API refused {request} ({code}): {message}")]
    Refused {
        /// What was asked.
        request: Request,
        /// The service's name for the reason.
        code: String,
        /// What it said.
        message: String,
    },
    /// The rows are too large. The statement has run.
    #[error("the result is larger than 1 MiB, the most that the Data API answers")]
    ResponseTooLarge,
    /// One row is too large. The statement has run.
    #[error("a row is larger than 64 KB, the most that the Data API answers")]
    RowTooLarge,
    /// The result holds something that the service cannot express.
    #[error("the Data API cannot express the result: {message}")]
    UnsupportedResult {
        /// What it said.
        message: String,
    },
    /// The statement took too long.
    #[error("the statement took longer than {} s, the most that the Data API waits", STATEMENT_LIMIT.as_secs())]
    StatementTimeout {
        /// Whether it still runs (`continueAfterTimeout`); else the service has stopped it.
        continues: bool,
    },
    /// The transaction is no more, and what was done in it was rolled back.
    #[error("{}", transaction_end(*end, *idle, *age))]
    TransactionGone {
        /// Why.
        end: TransactionEnd,
        /// How long it had been left alone.
        idle: Duration,
        /// How long ago it began.
        age: Duration,
        /// What the service said.
        message: String,
    },
    /// The Data API is not switched on for the cluster.
    #[error("the Data API is not enabled for cluster {:?}", cluster_name(cluster))]
    EndpointNotEnabled {
        /// The cluster's ARN.
        cluster: String,
    },
    /// The account may not use the Data API.
    #[error("this AWS identity may not do {action}")]
    Denied {
        /// For example `rds-data:ExecuteStatement`.
        action: String,
        /// The cluster's ARN.
        cluster: String,
        /// What AWS said; names the identity.
        message: String,
    },
    /// The account may not read the secret.
    #[error("this AWS identity may not do {action} on the secret")]
    SecretDenied {
        /// `secretsmanager:GetSecretValue`, or `kms:Decrypt` for the key that encrypts it.
        action: String,
        /// The secret's ARN.
        secret: String,
        /// What AWS said; names the identity.
        message: String,
    },
    /// The secret holds no login.
    #[error("the secret holds no login that the Data API understands")]
    SecretShape {
        /// The secret's ARN.
        secret: String,
        /// What the service said.
        message: String,
    },
    /// There is no such secret.
    #[error("there is no secret {secret:?}")]
    UnknownSecret {
        /// The secret's ARN.
        secret: String,
        /// What the service said.
        message: String,
    },
    /// The database refused the login of the secret.
    #[error("the database refused the login of the secret")]
    LoginRefused {
        /// The secret's ARN.
        secret: String,
        /// What it said.
        #[source]
        fault: StatementFault,
    },
    /// There is no such cluster in the region, or none of this account.
    #[error("region {region} has no cluster {cluster:?}")]
    UnknownCluster {
        /// The cluster's ARN.
        cluster: String,
        /// Where it was looked for.
        region: String,
        /// What the service said.
        message: String,
    },
    /// The service is of another region than the one that was signed for.
    #[error("the service that answered is not that of region {region}")]
    WrongRegion {
        /// The region that was signed for.
        region: String,
        /// What the service said.
        message: String,
    },
    /// The cluster was paused, and did not wake up in time.
    #[error("the cluster is still resuming after {} s", waited.as_secs())]
    Resuming {
        /// How long was waited.
        waited: Duration,
    },
    /// The cluster or its writer is not available. The statement has not run.
    #[error("the cluster is not available ({code}): {message}")]
    Unavailable {
        /// The service's name for it.
        code: String,
        /// What it said.
        message: String,
    },
    /// Nothing could be sent.
    #[error("the Data API cannot be reached")]
    Unreachable(#[source] Source),
    /// What answered is not the Data API, and the request did not get through to it.
    #[error("the answer is not the Data API's (HTTP status {status})")]
    NotTheApi {
        /// The HTTP status.
        status: u16,
        /// Where it sends to, for a redirect. It is never followed.
        location: Option<String>,
    },
    /// The connection broke after the request was sent.
    #[error("the connection was lost after {request} was sent")]
    Lost {
        /// What was asked.
        request: Request,
        /// What broke.
        #[source]
        source: Source,
    },
    /// No answer came in time.
    #[error("no answer came within {} s after {request} was sent", limit.as_secs())]
    Silent {
        /// What was asked.
        request: Request,
        /// The limit.
        limit: Duration,
    },
    /// The answer cannot be understood, and the request may have been accepted.
    #[error("the answer to {request} cannot be understood (HTTP status {status}): {reason}")]
    Garbled {
        /// What was asked.
        request: Request,
        /// The HTTP status.
        status: u16,
        /// What is wrong with it.
        reason: String,
    },
    /// A cell is none that its column can hold. The statement has run.
    #[error("the Data API answered a value for column {column:?} ({type_name}) that cannot be exact")]
    Value {
        /// The column.
        column: String,
        /// Its type, as the service names it.
        type_name: String,
    },
    /// Rows cannot be read in pages by this column.
    #[error("cannot page by column {column:?}: {reason}")]
    Key {
        /// The column.
        column: String,
        /// Why.
        reason: KeyFault,
    },
    /// Rows were written, and the rest could not be read.
    #[error("the result is incomplete after {rows} rows")]
    Incomplete {
        /// How many were written.
        rows: u64,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// The request cannot be made; a bug.
    #[error("the request cannot be made")]
    NotMade(#[source] Source),
    /// The rows could not be written.
    #[error("the result cannot be written")]
    Output(#[source] std::io::Error),
}

/// Why a column cannot be the key of pages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// The result has no such column.
    #[error("the result has no such column")]
    Missing,
    /// The result has it more than once.
    #[error("the result has it {0} times")]
    Ambiguous(usize),
    /// Its type has no exact order, or its values cannot be sent back exactly.
    #[error("its type is {0}")]
    Type(String),
    /// A row has no value in it.
    #[error("a row has NULL in it")]
    Null,
    /// Several rows have the same value, which a page's end could tear apart.
    #[error("several rows have {0}")]
    NotUnique(String),
    /// A value that was sent back was not found equal to itself.
    #[error("its values cannot be compared exactly")]
    Inexact,
    /// The rows did not come in its order.
    #[error("the rows are not in its order")]
    Order,
}

/// The cluster's own name, the end of its ARN.
pub fn cluster_name(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

fn transaction_end(end: TransactionEnd, idle: Duration, age: Duration) -> String {
    match end {
        TransactionEnd::Idle => format!(
            "the transaction was idle for {} s, and the Data API ends it after {}",
            idle.as_secs(),
            IDLE_LIMIT.as_secs()
        ),
        TransactionEnd::Old => {
            format!("the transaction began {} h ago, and the Data API ends it after 24", age.as_secs() / 3600)
        }
        TransactionEnd::Other => "the Data API does not know the transaction any more".to_owned(),
    }
}
