//! The statements of a script, one after the other, on whichever route: their parameters, their transaction, and why they did
//! not all run.

use std::cell::Cell;
use std::fs::File;
use std::io;

use super::exit_status::ExitStatus;
use super::report::{Failure, Report};
use super::results::Results;
use super::script::Script;
use crate::backend::{Column, Outcome, ResultSink, Row};
use crate::query::{Kind, Output, Parameters};

/// Where rows go.
pub(crate) type Rows = Output<File, Results>;

/// A session that runs statements, as a script needs it.
pub(crate) trait Runner {
    /// Why a statement did not run.
    type Error;

    /// Whether each statement outside of a transaction has a session of its own.
    const ENDS_WITH_EACH_STATEMENT: bool;

    /// A statement that is ready to be sent.
    type Statement<'s>;

    /// Makes a statement ready to be sent, with the values that it names, or refuses it.
    fn prepare<'s>(&self, sql: &'s [u8], parameters: &mut Parameters) -> Result<Self::Statement<'s>, Report>;

    /// Runs one statement.
    async fn run(&mut self, statement: Self::Statement<'_>, rows: &mut Rows) -> Result<(), Self::Error>;

    /// Begins a transaction.
    async fn begin(&mut self) -> Result<(), Self::Error>;

    /// Makes everything since [`Runner::begin`] last.
    async fn commit(&mut self) -> Result<(), Self::Error>;

    /// Undoes everything since [`Runner::begin`]. What becomes of that does not matter any more.
    async fn roll_back(&mut self);

    /// What the server warned of in the last statement.
    async fn warnings(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// How the statements are run.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    /// Named values.
    pub parameters: Parameters,
    /// Whether all statements or none are to last.
    pub transaction: bool,
    /// Whether a statement is being run; for whoever interrupts it.
    pub running: &'a Cell<bool>,
}

/// Why the statements did not all run.
#[derive(Debug)]
pub(crate) enum Stop<E> {
    /// The database, at a line of the script.
    Database(E, u64),
    /// A statement was refused before it was sent.
    Refused(Box<Report>),
    /// The script cannot be split into statements.
    Script(crate::query::Error),
    /// The script cannot be read.
    Input(io::Error),
}

impl<E> Stop<E> {
    /// What is said where it was not the database.
    pub(crate) fn failure(self, database: impl FnOnce(E, u64) -> Failure) -> Failure {
        match self {
            Self::Database(error, line) => database(error, line),
            Self::Refused(report) => Failure::Report(report),
            Self::Script(error) => Report::new(ExitStatus::Usage, &error).into(),
            Self::Input(error) => Report::about(ExitStatus::Usage, "the SQL cannot be read to its end", &error).into(),
        }
    }
}

impl Run<'_> {
    /// Runs them all. Stops at the first that fails; a transaction is rolled back then.
    pub(crate) async fn all<R: Runner>(
        &mut self,
        session: &mut R,
        script: &mut Script,
        rows: &mut Rows,
    ) -> Result<(), Stop<R::Error>> {
        if self.transaction {
            session.begin().await.map_err(|error| Stop::Database(error, 1))?;
        }
        let mut outcome = self.each(session, script, rows).await;
        if self.transaction {
            match outcome {
                Ok(line) => {
                    self.running.set(true);
                    outcome = session.commit().await.map(|()| line).map_err(|error| Stop::Database(error, line));
                    self.running.set(false);
                }
                Err(_) => session.roll_back().await,
            }
        }
        outcome.map(drop)
    }

    /// The line of the last statement.
    async fn each<R: Runner>(
        &mut self,
        session: &mut R,
        script: &mut Script,
        rows: &mut Rows,
    ) -> Result<u64, Stop<R::Error>> {
        let mut line = 1;
        loop {
            while let Some(statement) = script.next_statement().map_err(Stop::Script)? {
                line = statement.line;
                if let Some(objection) =
                    Kind::of(statement.sql).objection(R::ENDS_WITH_EACH_STATEMENT, self.transaction)
                {
                    if objection.refuses() {
                        return Err(Stop::Refused(Box::new(objection.into())));
                    }
                    rows.listener().remark(&format!("warning: {}", Report::from(objection).error));
                }
                let prepared = session.prepare(statement.sql, &mut self.parameters);
                let prepared = prepared.map_err(|report| Stop::Refused(Box::new(report)))?;
                rows.set_vertical(statement.vertical);
                rows.listener().begin();
                self.running.set(true);
                let done = session.run(prepared, rows).await;
                self.running.set(false);
                done.map_err(|error| Stop::Database(error, line))?;
            }
            if !script.read().await.map_err(Stop::Input)? {
                break;
            }
        }
        for name in self.parameters.unused() {
            rows.listener().remark(&format!("warning: no statement names :{name}, which -p gives a value"));
        }
        // Asked for only now: between two statements of the script it would change what ROW_COUNT() says to the second.
        if rows.listener().wants_warnings() {
            let warnings = session.warnings().await;
            rows.listener().show_warnings(&warnings);
        }
        Ok(line)
    }
}

/// Collects the rows of `SHOW WARNINGS`: level, code, message.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    pub lines: Vec<String>,
}

impl ResultSink for Warnings {
    fn columns(&mut self, _columns: &[Column]) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> io::Result<()> {
        let [level, code, message] =
            [0, 1, 2].map(|index| String::from_utf8_lossy(row.cell(index).unwrap_or_default()));
        self.lines.push(format!("{} {code}: {message}", level.to_lowercase()));
        Ok(())
    }

    fn end(&mut self, _outcome: &Outcome) -> io::Result<()> {
        Ok(())
    }
}
