//! The connections of one embedded database, as `SHOW PROCESSLIST` lists and `KILL` ends them.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rusqlite::InterruptHandle;

use crate::wire::lock;

/// A connection, from the moment it is accepted.
pub(super) struct Process {
    pub(super) id: u32,
    socket: TcpStream,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    user: Option<String>,
    database: Option<String>,
    statement: Option<String>,
    interrupted: bool,
    gone: bool,
    sleeping: bool,
    engine: Option<InterruptHandle>,
}

/// What `SHOW PROCESSLIST` tells of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// The number that `KILL` takes.
    pub id: u32,
    /// The account.
    pub user: String,
    /// The database in use.
    pub database: Option<String>,
    /// The statement being run; none between statements.
    pub statement: Option<String>,
}

impl Process {
    pub(super) fn new(id: u32, socket: TcpStream) -> Self {
        Self { id, socket, state: Mutex::default(), changed: Condvar::new() }
    }

    pub(super) fn set_user(&self, user: &str) {
        lock(&self.state).user = Some(user.to_owned());
    }

    pub(super) fn set_engine(&self, handle: InterruptHandle) {
        lock(&self.state).engine = Some(handle);
    }

    pub(super) fn set_database(&self, name: Option<&str>) {
        lock(&self.state).database = name.map(str::to_owned);
    }

    pub(super) fn begin(&self, statement: &str) {
        let mut state = lock(&self.state);
        state.statement = Some(statement.to_owned());
        state.interrupted = false;
    }

    pub(super) fn end(&self) {
        lock(&self.state).statement = None;
    }

    pub(super) fn is_interrupted(&self) -> bool {
        let state = lock(&self.state);
        state.interrupted || state.gone
    }

    pub(super) fn is_gone(&self) -> bool {
        lock(&self.state).gone
    }

    /// Waits that long, or until killed. Says whether it was killed.
    pub(super) fn sleep(&self, time: Duration) -> bool {
        let mut state = lock(&self.state);
        state.sleeping = true;
        let ends = Instant::now() + time;
        while !(state.interrupted || state.gone) {
            let left = ends.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = match self.changed.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        state.sleeping = false;
        state.interrupted || state.gone
    }

    /// `KILL QUERY`: ends the statement, if one runs.
    pub(super) fn interrupt(&self) {
        let mut state = lock(&self.state);
        if state.statement.is_none() {
            return;
        }
        state.interrupted = true;
        // A sleeping function is woken and gives its own answer, as in MySQL; anything else is cut short.
        if !state.sleeping
            && let Some(engine) = &state.engine
        {
            engine.interrupt();
        }
        drop(state);
        self.changed.notify_all();
    }

    /// `KILL`: ends the connection.
    pub(super) fn kill(&self) {
        lock(&self.state).gone = true;
        self.interrupt();
        self.changed.notify_all();
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    fn running(&self) -> Running {
        let state = lock(&self.state);
        Running {
            id: self.id,
            user: state.user.clone().unwrap_or_else(|| "unauthenticated user".to_owned()),
            database: state.database.clone(),
            statement: state.statement.clone(),
        }
    }
}

/// All of them.
#[derive(Default)]
pub(super) struct Processes {
    list: Mutex<BTreeMap<u32, Arc<Process>>>,
}

impl Processes {
    pub(super) fn add(&self, process: &Arc<Process>) {
        lock(&self.list).insert(process.id, Arc::clone(process));
    }

    pub(super) fn remove(&self, id: u32) {
        lock(&self.list).remove(&id);
    }

    pub(super) fn find(&self, id: u32) -> Option<Arc<Process>> {
        lock(&self.list).get(&id).cloned()
    }

    pub(super) fn running(&self) -> Vec<Running> {
        lock(&self.list).values().map(|process| process.running()).collect()
    }

    pub(super) fn kill_all(&self) {
        let all: Vec<Arc<Process>> = lock(&self.list).values().cloned().collect();
        for process in all {
            process.kill();
        }
    }
}
