//! One client's session: runs statements, streams rows. Which statements are not the engine's own is decided in
//! `statements`; how results travel is the [`Sink`]'s business.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::fault::Fault;
use super::functions::{Surroundings, register};
use super::lexer::{self, Token};
use super::select_list::{self, Known};
use super::translate::{Scope, quote, translate};
use super::types::{Type, type_of};
use super::variables::Variables;
use super::{Engine, definition};
use crate::embedded::processes::{Process, Processes};
use crate::packets::{Column, Done, put_value};
use crate::wire::lock;

/// Who is connected, and to what.
#[derive(Clone, Debug)]
pub(in crate::embedded) struct Identity {
    pub(in crate::embedded) id: u32,
    pub(in crate::embedded) user: String,
    pub(in crate::embedded) host: String,
    pub(in crate::embedded) version: String,
    /// The account may not change anything.
    pub(in crate::embedded) read_only: bool,
    /// TLS version and cipher suite.
    pub(in crate::embedded) cipher: Option<(String, String)>,
}

/// One line of `SHOW WARNINGS`.
#[derive(Clone, Debug)]
pub(in crate::embedded) struct Warning {
    pub(in crate::embedded) level: &'static str,
    pub(in crate::embedded) code: u16,
    pub(in crate::embedded) message: String,
}

/// Where a result goes, a row at a time.
pub(in crate::embedded) trait Sink {
    fn columns(&mut self, columns: &[Column]) -> io::Result<()>;
    /// One row, its values length-encoded.
    fn row(&mut self, row: &[u8]) -> io::Result<()>;
}

/// How a statement ended.
pub(in crate::embedded) enum Finish {
    Done(Done),
    /// Rows were sent; that many warnings.
    Rows(u16),
}

pub(in crate::embedded) enum Failure {
    Fault(Fault),
    /// The client has gone.
    Wire(io::Error),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Wire(error)
    }
}

/// A statement split off a query, with its own text.
pub(in crate::embedded) struct Statement {
    pub(super) tokens: Vec<Token>,
    pub(in crate::embedded) text: String,
}

/// Splits what `COM_QUERY` brought.
pub(in crate::embedded) fn statements(sql: &[u8]) -> Vec<Statement> {
    let all = lexer::statements(sql).into_iter();
    all.map(|tokens| {
        let (start, end) = tokens.first().zip(tokens.last()).map_or((0, 0), |(first, last)| (first.start, last.end));
        let text = String::from_utf8_lossy(sql.get(start..end).unwrap_or_default()).into_owned();
        Statement { tokens, text }
    })
    .collect()
}

pub(in crate::embedded) struct Session {
    pub(super) engine: Arc<Engine>,
    pub(super) processes: Arc<Processes>,
    pub(super) around: Surroundings,
    pub(super) connection: Connection,
    pub(super) variables: Variables,
    attached: BTreeSet<String>,
    current: Option<String>,
}

impl Session {
    pub(in crate::embedded) fn open(
        engine: Arc<Engine>,
        processes: Arc<Processes>,
        process: Arc<Process>,
        identity: Identity,
    ) -> Result<Self, Fault> {
        let variables = Variables::new(&identity.version);
        let around = Surroundings {
            identity: Arc::new(identity),
            process,
            database: Arc::default(),
            warnings: Arc::new(Mutex::default()),
        };
        let connection = start_engine(&around).map_err(|error| Fault::from_engine(&error, "", ""))?;
        around.process.set_engine(connection.get_interrupt_handle());
        Ok(Self { engine, processes, around, connection, variables, attached: BTreeSet::new(), current: None })
    }

    /// `USE name`.
    pub(in crate::embedded) fn use_database(&mut self, name: &str) -> Result<(), Fault> {
        if !self.engine.has_database(name) {
            return Err(Fault::unknown_database(name));
        }
        self.current = Some(name.to_owned());
        lock(&self.around.database).clone_from(&self.current);
        self.around.process.set_database(Some(name));
        Ok(())
    }

    pub(in crate::embedded) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// As if the client had connected anew.
    pub(in crate::embedded) fn reset(&mut self) {
        let _ = self.connection.execute_batch("ROLLBACK");
        self.variables = Variables::new(&self.around.identity.version);
        lock(&self.around.warnings).clear();
    }

    /// Runs one statement.
    pub(in crate::embedded) fn run(
        &mut self,
        statement: &Statement,
        sql: &[u8],
        sink: &mut dyn Sink,
    ) -> Result<Finish, Failure> {
        self.around.process.begin(&statement.text);
        let finish = self.attach().map_err(Failure::from).and_then(|()| self.dispatch(statement, sql, sink));
        self.around.process.end();
        finish
    }

    fn dispatch(&mut self, statement: &Statement, sql: &[u8], sink: &mut dyn Sink) -> Result<Finish, Failure> {
        if !statement.tokens.first().is_some_and(|first| first.is("SHOW")) {
            lock(&self.around.warnings).clear();
        }
        if let Some(finish) = self.own_statement(&statement.tokens, sink)? {
            return Ok(finish);
        }
        let engine_sql = translate(&statement.tokens, self)?;
        let fault = |error: &rusqlite::Error| self.fault(error, &statement.text);
        let mut prepared = self.connection.prepare(&engine_sql).map_err(|error| fault(&error))?;
        if prepared.column_count() == 0 {
            prepared.raw_execute().map_err(|error| fault(&error))?;
            return Ok(Finish::Done(self.changed(&statement.tokens)));
        }
        let origins: Vec<Column> = prepared
            .columns_with_metadata()
            .map(|column| Column {
                database: column.database_name().unwrap_or_default().to_owned(),
                table: column.table_name().unwrap_or_default().to_owned(),
                name: column.name().to_owned(),
                origin: column.origin_name().unwrap_or_default().to_owned(),
                ..Column::default()
            })
            .collect();
        let known = select_list::read(&statement.tokens, sql);
        let mut rows = prepared.raw_query();
        let mut kinds = None;
        while let Some(row) = rows.next().map_err(|error| fault(&error))? {
            if kinds.is_none() {
                kinds = Some(self.describe(&origins, &known, Some(row), sink)?);
            }
            // A sleep that is the whole statement answers 1 when killed; one among rows ends them.
            if self.around.process.is_interrupted() && statement.tokens.iter().any(|token| token.is("FROM")) {
                return Err(Fault::interrupted().into());
            }
            sink.row(&encode(row, kinds.as_deref().unwrap_or_default()))?;
        }
        if kinds.is_none() {
            self.describe(&origins, &known, None, sink)?;
        }
        Ok(Finish::Rows(self.warning_count()))
    }

    /// Sends the columns. The first row decides the type of what has no declared one.
    fn describe(
        &self,
        origins: &[Column],
        known: &[Known],
        row: Option<&Row<'_>>,
        sink: &mut dyn Sink,
    ) -> Result<Vec<Type>, Failure> {
        let mut columns = origins.to_vec();
        let mut kinds = Vec::new();
        for (index, column) in columns.iter_mut().enumerate() {
            let known = known.get(index).filter(|_| known.len() == origins.len());
            let declared = self.engine.column(&column.database, &column.table, &column.origin);
            let value = row.and_then(|row| row.get_ref(index).ok()).unwrap_or(ValueRef::Null);
            let kind = match (&declared, known.and_then(|known| known.kind.clone())) {
                (Some(declared), _) => declared.kind.clone(),
                (None, Some(kind)) => kind,
                (None, None) => type_of(value),
            };
            kind.apply_to(column);
            if let Some(declared) = declared {
                let flag = |set: bool, bit: u16| if set { bit } else { 0 };
                column.flags |= flag(declared.not_null || declared.primary, 1)
                    | flag(declared.primary, 2)
                    | flag(declared.unique, 4)
                    | flag(declared.generated, 512);
            }
            if let Some(name) = known.and_then(|known| known.name.clone()) {
                column.name = name;
            }
            kinds.push(kind);
        }
        sink.columns(&columns)?;
        Ok(kinds)
    }

    pub(super) fn fault(&self, error: &rusqlite::Error, statement: &str) -> Fault {
        Fault::from_engine(error, statement, &self.around.identity.user)
    }

    /// What an OK packet says after a change.
    fn changed(&self, tokens: &[Token]) -> Done {
        let verb = |word: &str| tokens.first().is_some_and(|token| token.is(word));
        if !["INSERT", "REPLACE", "UPDATE", "DELETE", "WITH"].into_iter().any(verb) {
            return Done::default();
        }
        let affected = self.connection.changes();
        let mut done = Done { affected, warnings: self.warning_count(), ..Done::default() };
        if verb("UPDATE") {
            done.info = format!("Rows matched: {affected}  Changed: {affected}  Warnings: {}", done.warnings);
        }
        if verb("INSERT") || verb("REPLACE") {
            if tokens.get(1).is_some_and(|token| token.is("IGNORE")) && affected == 0 {
                self.warn("Warning", 1062, "Duplicate entry ignored");
                done.warnings = self.warning_count();
            }
            if affected > 1 {
                done.info = format!("Records: {affected}  Duplicates: 0  Warnings: {}", done.warnings);
            }
            let into = tokens.iter().position(|token| token.is("INTO")).map_or(1, |at| at + 1);
            let target = definition::name(tokens.get(into..).unwrap_or_default(), self);
            let numbers_itself = target
                .ok()
                .and_then(|(database, table, _)| self.engine.table(&database, &table))
                .is_some_and(|columns| columns.iter().any(|column| column.generated));
            if numbers_itself && affected > 0 {
                let last = u64::try_from(self.connection.last_insert_rowid()).unwrap_or(0);
                done.last_insert = (last + 1).saturating_sub(affected);
            }
        }
        done
    }

    pub(super) fn warn(&self, level: &'static str, code: u16, message: impl Into<String>) {
        lock(&self.around.warnings).push(Warning { level, code, message: message.into() });
    }

    pub(super) fn warning_count(&self) -> u16 {
        u16::try_from(lock(&self.around.warnings).len()).unwrap_or(u16::MAX)
    }

    /// Databases that others created or dropped since the last statement.
    pub(super) fn attach(&mut self) -> Result<(), Fault> {
        let names: BTreeSet<String> = self.engine.database_names().into_iter().collect();
        let fault = |error: rusqlite::Error| Fault::from_engine(&error, "", "");
        for gone in self.attached.difference(&names) {
            self.connection.execute_batch(&format!("DETACH {}", quote(gone))).map_err(fault)?;
        }
        for new in names.difference(&self.attached) {
            let name = quote(new);
            let file = self.engine.file(new).to_string_lossy().into_owned();
            self.connection.execute(&format!("ATTACH ?1 AS {name}"), [file]).map_err(fault)?;
            let modes = format!("PRAGMA {name}.journal_mode = WAL; PRAGMA {name}.synchronous = OFF");
            self.connection.execute_batch(&modes).map_err(fault)?;
        }
        self.attached = names;
        Ok(())
    }
}

impl Scope for Session {
    fn database(&self) -> Option<&str> {
        self.current.as_deref()
    }

    fn has_database(&self, name: &str) -> bool {
        self.engine.has_database(name)
    }

    fn variable(&self, name: &str) -> Result<Option<String>, Fault> {
        self.variables.get(name)
    }
}

fn start_engine(around: &Surroundings) -> rusqlite::Result<Connection> {
    // One thread uses a connection; the engine's own locks are for its files.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_in_memory_with_flags(flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(20))?;
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    if around.identity.read_only {
        connection.pragma_update(None, "query_only", true)?;
    }
    register(&connection, around)?;
    Ok(connection)
}

fn encode(row: &Row<'_>, kinds: &[Type]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    for (index, kind) in kinds.iter().enumerate() {
        let value = row.get_ref(index).unwrap_or(ValueRef::Null);
        put_value(&mut out, kind.encode(value).as_deref());
    }
    out
}
