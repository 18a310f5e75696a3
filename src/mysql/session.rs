//! A logged-in session: runs statements one after the other and streams their rows into a sink.
//!
//! A statement is sent once. Whatever breaks after that is reported as lost, never mended by sending it again.

use std::future::Future;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, DriverError, QueryResult, TextProtocol};

use super::gate::MAX_ALLOWED_PACKET;
use super::values::{self, TextRow};
use super::{Error, ServerFault};
use crate::backend::{Outcome, ResultSink, Statements};

/// One session on one database.
#[derive(Debug)]
pub struct Session {
    connection: Conn,
    read_timeout: Option<Duration>,
}

impl Session {
    pub(super) fn new(connection: Conn, read_timeout: Option<Duration>) -> Self {
        Self { connection, read_timeout }
    }

    /// The number under which the server knows this session, for `KILL`.
    pub fn connection_id(&self) -> u32 {
        self.connection.id()
    }

    /// Says goodbye to the server. Errors do not matter any more at this point.
    pub async fn close(self) {
        let _ = self.connection.disconnect().await;
    }
}

impl Statements for Session {
    type Error = Error;

    async fn execute(&mut self, sql: &[u8], sink: &mut dyn ResultSink) -> Result<(), Error> {
        if sql.len() >= MAX_ALLOWED_PACKET {
            return Err(Error::StatementTooLong { limit: MAX_ALLOWED_PACKET });
        }
        let limit = self.read_timeout;
        let mut result = within(limit, self.connection.query_iter(sql)).await?;
        // A statement may give several result sets (CALL); each one begins with its columns or is an outcome by itself.
        loop {
            let Some(columns) = result.columns() else { return Ok(()) };
            if columns.is_empty() {
                let outcome = outcome(&result, false);
                sink.end(&outcome).map_err(Error::Output)?;
                within(limit, result.next()).await?;
                continue;
            }
            let described: Vec<_> = columns.iter().map(values::describe).collect();
            sink.columns(&described).map_err(Error::Output)?;
            while let Some(row) = within(limit, result.next()).await? {
                sink.row(&TextRow(row)).map_err(Error::Output)?;
            }
            let mut outcome = outcome(&result, true);
            if !result.is_empty() {
                // The driver has moved on to the next result, whose outcome this is.
                outcome.warnings = 0;
            }
            sink.end(&outcome).map_err(Error::Output)?;
        }
    }
}

fn outcome(result: &QueryResult<'_, '_, TextProtocol>, has_rows: bool) -> Outcome {
    Outcome {
        has_rows,
        affected_rows: if has_rows { 0 } else { result.affected_rows() },
        last_insert_id: if has_rows { None } else { result.last_insert_id() },
        warnings: result.warnings(),
        info: result.info().into_owned(),
    }
}

/// Waits for the driver and classifies its errors: from here on the statement's bytes may have reached the server.
async fn within<T>(
    limit: Option<Duration>,
    step: impl Future<Output = Result<T, mysql_async::Error>>,
) -> Result<T, Error> {
    let outcome = match limit {
        None => step.await,
        Some(limit) => match tokio::time::timeout(limit, step).await {
            Ok(outcome) => outcome,
            Err(_) => return Err(Error::Silent { seconds: limit.as_secs() }),
        },
    };
    outcome.map_err(|error| match error {
        mysql_async::Error::Server(fault) => Error::Statement(ServerFault::from(fault)),
        mysql_async::Error::Driver(DriverError::LocalInfile(_)) => Error::LocalInfile,
        other => Error::Lost(Box::new(other)),
    })
}
