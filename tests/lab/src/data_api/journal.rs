//! What the server was asked, for tests that count and search.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::wire::lock;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `ExecuteStatement`.
    Execute,
    /// `BatchExecuteStatement`.
    Batch,
    /// `BeginTransaction`.
    Begin,
    /// `CommitTransaction`.
    Commit,
    /// `RollbackTransaction`.
    Rollback,
}

impl Operation {
    pub(super) fn of_path(path: &str) -> Option<Self> {
        Some(match path {
            "/Execute" => Self::Execute,
            "/BatchExecute" => Self::Batch,
            "/BeginTransaction" => Self::Begin,
            "/CommitTransaction" => Self::Commit,
            "/RollbackTransaction" => Self::Rollback,
            _ => return None,
        })
    }

    /// The name that permissions have.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Execute => "ExecuteStatement",
            Self::Batch => "BatchExecuteStatement",
            Self::Begin => "BeginTransaction",
            Self::Commit => "CommitTransaction",
            Self::Rollback => "RollbackTransaction",
        }
    }
}

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// `None` where the path is no operation's.
    pub operation: Option<Operation>,
    /// Its statement.
    pub sql: Option<String>,
    /// Its transaction.
    pub transaction: Option<String>,
    /// Everything in it.
    pub body: Value,
    /// `User-Agent`.
    pub user_agent: String,
    /// The access key it was signed with, as far as that can be read.
    pub access_key: Option<String>,
    /// The status of the answer, and the error's type; `None` while there is none, or when none was given.
    pub answer: Option<(u16, Option<String>)>,
}

/// All requests.
#[derive(Default)]
pub(super) struct Journal {
    seen: Mutex<Vec<Seen>>,
    /// Requests forgotten so far: numbers stay unique.
    forgotten: AtomicUsize,
    connections: AtomicUsize,
}

impl Journal {
    pub(super) fn add(&self, seen: Seen) -> usize {
        let mut all = lock(&self.seen);
        all.push(seen);
        self.forgotten.load(Ordering::SeqCst) + all.len() - 1
    }

    pub(super) fn answered(&self, number: usize, status: u16, kind: Option<&str>) {
        let mut all = lock(&self.seen);
        let index = number.checked_sub(self.forgotten.load(Ordering::SeqCst));
        if let Some(seen) = index.and_then(|index| all.get_mut(index)) {
            seen.answer = Some((status, kind.map(str::to_owned)));
        }
    }

    pub(super) fn all(&self) -> Vec<Seen> {
        lock(&self.seen).clone()
    }

    pub(super) fn clear(&self) {
        let mut all = lock(&self.seen);
        self.forgotten.fetch_add(all.len(), Ordering::SeqCst);
        all.clear();
    }

    pub(super) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}
