//! The statements over the MySQL protocol, directly or through a tunnel.

use std::borrow::Cow;
use std::cell::Cell;
use std::time::Duration;

use super::Job;
use crate::backend::Statements as _;
use crate::cli::context::{Database, Discard};
use crate::cli::exit_status::ExitStatus;
use crate::cli::report::{Failure, Report};
use crate::cli::statements::{Rows, Run, Runner, Stop, Warnings};
use crate::mysql;
use crate::os::HandedDescriptor;
use crate::os::signals::Termination;
use crate::query::Parameters;

/// How long an interrupted program waits for the server to stop the statement.
const KILL_LIMIT: Duration = Duration::from_secs(2);

/// Logs in and runs them.
pub(super) async fn query(
    database: &Database<'_>,
    handed: Option<HandedDescriptor>,
    mut job: Job<'_>,
) -> Result<(), Failure> {
    let mut termination = Termination::listen().map_err(|error| Report::new(ExitStatus::Bug, &error))?;
    let opened = async {
        database.learn_password(handed).await?;
        database.open().await
    };
    let mut connected = tokio::select! {
        connected = opened => connected?,
        signal = termination.next() => {
            database.progress.clear();
            return Err(Failure::Signal(signal));
        }
    };
    let mut rows = job.rows()?;
    let running = Cell::new(false);
    let statements = &job.arguments.run;
    let parameters = std::mem::take(&mut job.parameters);
    let mut run = Run { parameters, transaction: statements.transaction, running: &running };
    let ended = tokio::select! {
        ended = run.all(&mut connected.statements, &mut job.script, &mut rows) => Ok(ended),
        signal = termination.next() => Err(signal),
    };
    let flushed = rows.finish();
    match ended {
        Ok(Ok(())) => {
            flushed.map_err(Failure::Output)?;
            connected.statements.close().await;
            Ok(())
        }
        Ok(Err(stop)) => {
            let fault = match &stop {
                Stop::Database(mysql::Error::Lost(_), _) => connected.tunnel_fault().await,
                _ => None,
            };
            Err(database.explain(stop, fault.as_ref(), job.script.is_long()))
        }
        Err(signal) => {
            // What a transaction has done so far the server rolls back by itself, when the connection ends.
            if running.get() {
                let id = connected.statements.connection_id();
                let kill = database.kill(id, connected.dialer.take());
                tokio::select! {
                    _ = tokio::time::timeout(KILL_LIMIT, kill) => {}
                    _ = termination.next() => {}
                }
            }
            Err(Failure::Signal(signal))
        }
    }
}

impl Runner for mysql::Session {
    type Error = mysql::Error;

    const ENDS_WITH_EACH_STATEMENT: bool = false;

    type Statement<'s> = Cow<'s, [u8]>;

    fn prepare<'s>(&self, sql: &'s [u8], parameters: &mut Parameters) -> Result<Cow<'s, [u8]>, Report> {
        parameters.inline(sql).map_err(Report::from)
    }

    async fn run(&mut self, statement: Self::Statement<'_>, rows: &mut Rows) -> Result<(), mysql::Error> {
        self.execute(&statement, rows).await
    }

    async fn begin(&mut self) -> Result<(), mysql::Error> {
        self.execute(b"START TRANSACTION", &mut Discard).await
    }

    async fn commit(&mut self) -> Result<(), mysql::Error> {
        self.execute(b"COMMIT", &mut Discard).await
    }

    async fn roll_back(&mut self) {
        // The server does so by itself if this does not reach it.
        let _ = self.execute(b"ROLLBACK", &mut Discard).await;
    }

    async fn warnings(&mut self) -> Vec<String> {
        let mut warnings = Warnings::default();
        // The user's own statements have all succeeded, whatever becomes of this one.
        let asked = self.execute(b"SHOW WARNINGS", &mut warnings).await;
        if asked.is_ok() { warnings.lines } else { Vec::new() }
    }
}
