//! What the service answers when it says no: status, error type and words.
//!
//! Statuses are those of the service's model; words are the service's where somebody has published them.

use mysql_async::Error as DriverError;
use serde_json::json;

/// One refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServiceError {
    pub(super) status: u16,
    /// For `x-amzn-errortype`.
    pub(super) kind: &'static str,
    pub(super) message: String,
    /// Only on timeouts: the connection that goes on.
    pub(super) connection: Option<u32>,
}

pub(super) type Result<T> = std::result::Result<T, ServiceError>;

impl ServiceError {
    pub(super) fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), connection: None }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequestException", message)
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationException", message)
    }

    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalServerErrorException", message)
    }

    pub(super) fn no_transaction(id: &str) -> Self {
        Self::new(404, "TransactionNotFoundException", format!("Transaction {id} is not found"))
    }

    pub(super) fn timeout(connection: u32) -> Self {
        let mut error = Self::new(400, "StatementTimeoutException", "Request timed out");
        error.connection = Some(connection);
        error
    }

    pub(super) fn too_large(bad_request: bool, message: &str) -> Self {
        let kind = if bad_request { "BadRequestException" } else { "UnsupportedResultException" };
        Self::new(400, kind, message)
    }

    /// An error of the database or of the way to it.
    pub(super) fn of_driver(error: &DriverError) -> Self {
        match error {
            DriverError::Server(error) => {
                let message = format!("Database error code: {}. Message: {}", error.code, error.message);
                let (status, kind) = match error.code {
                    1049 => (404, "DatabaseNotFoundException"),
                    _ => (400, "DatabaseErrorException"),
                };
                Self::new(status, kind, message)
            }
            // The service reports its own trouble with the database so, whatever it was.
            _ => {
                Self::new(504, "DatabaseUnavailableException", "The writer instance in the DB cluster isn't available.")
            }
        }
    }

    pub(super) fn body(&self) -> String {
        match self.connection {
            Some(id) => json!({"message": self.message, "dbConnectionId": id}).to_string(),
            None => json!({"message": self.message}).to_string(),
        }
    }
}
