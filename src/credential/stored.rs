//! Sources of keys: those that are stored, opened when they are first needed, and those that were typed just now.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};

use super::keys::copy;
use super::{Error, Record, Vault};
use crate::backend::{AccessKeys, KeySource};

/// Keys that are stored. Opened once at most: what came of it, keys or an error, is what every later request gets.
#[derive(Debug)]
pub struct Stored {
    vault: Arc<Vault>,
    record: Record,
    opened: Mutex<Option<Result<AccessKeys, Arc<Error>>>>,
}

impl Stored {
    pub(super) fn new(vault: Arc<Vault>, record: Record) -> Self {
        Self { vault, record, opened: Mutex::new(None) }
    }

    /// What is known of them without opening.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Opens them, if that has not happened yet.
    pub fn open(&self) -> Result<AccessKeys, Arc<Error>> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        match opened.get_or_insert_with(|| self.vault.keys(&self.record).map_err(Arc::new)) {
            Ok(keys) => Ok(copy(keys)),
            Err(error) => Err(Arc::clone(error)),
        }
    }
}

impl KeySource for Stored {
    fn name(&self) -> &str {
        self.record.name.as_str()
    }

    fn version(&self) -> String {
        self.record.id.clone()
    }

    /// The error is an `Arc` of this room's [`Error`].
    fn keys(&self) -> Result<AccessKeys, Box<dyn StdError + Send + Sync>> {
        self.open().map_err(Into::into)
    }
}

/// Keys that are not stored yet: to see whether AWS knows them.
#[derive(Debug)]
pub struct Given {
    name: String,
    keys: AccessKeys,
}

impl Given {
    /// Keys that will be stored as `name`.
    pub fn new(name: &str, keys: &AccessKeys) -> Self {
        Self { name: name.to_owned(), keys: copy(keys) }
    }
}

impl KeySource for Given {
    fn name(&self) -> &str {
        &self.name
    }

    /// No token is ever made with them.
    fn version(&self) -> String {
        String::new()
    }

    fn keys(&self) -> Result<AccessKeys, Box<dyn StdError + Send + Sync>> {
        Ok(copy(&self.keys))
    }
}
