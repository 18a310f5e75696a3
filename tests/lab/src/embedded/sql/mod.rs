//! Real SQL behind the embedded database's packets: `SQLite`, with MySQL's dialect, types, errors and statements in front.
//!
//! Each MySQL database is a file in a private folder, attached under its name to every session, in write-ahead mode so that
//! a session that streams a large result keeps nobody waiting.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use crate::wire::lock;
use types::Declared;

mod definition;
pub(super) mod fault;
mod functions;
mod lexer;
mod select_list;
pub(super) mod session;
mod show;
mod statements;
mod translate;
mod types;
mod variables;

/// Tables by name, each with its columns as declared.
type Tables = BTreeMap<String, Vec<Declared>>;

/// The data of one server, shared by its sessions.
pub(super) struct Engine {
    folder: tempfile::TempDir,
    databases: Mutex<BTreeMap<String, Tables>>,
}

impl Engine {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { folder: tempfile::tempdir()?, databases: Mutex::default() })
    }

    pub(super) fn create_database(&self, name: &str) -> bool {
        let mut databases = lock(&self.databases);
        let new = !databases.contains_key(name);
        databases.entry(name.to_owned()).or_default();
        new
    }

    fn drop_database(&self, name: &str) -> bool {
        let dropped = lock(&self.databases).remove(name).is_some();
        for ending in ["", "-wal", "-shm"] {
            let mut file = self.file(name).into_os_string();
            file.push(ending);
            let _ = std::fs::remove_file(file);
        }
        dropped
    }

    pub(super) fn has_database(&self, name: &str) -> bool {
        lock(&self.databases).contains_key(name)
    }

    fn database_names(&self) -> Vec<String> {
        lock(&self.databases).keys().cloned().collect()
    }

    /// The file's name cannot carry a path: every byte that is no letter or digit is written as its number.
    fn file(&self, name: &str) -> PathBuf {
        let safe: String = name
            .bytes()
            .map(
                |byte| {
                    if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("@{byte:02x}") }
                },
            )
            .collect();
        self.folder.path().join(safe)
    }

    fn add_table(&self, database: &str, table: &str, columns: Vec<Declared>) {
        if let Some(tables) = lock(&self.databases).get_mut(database) {
            tables.insert(table.to_owned(), columns);
        }
    }

    fn remove_table(&self, database: &str, table: &str) {
        if let Some(tables) = lock(&self.databases).get_mut(database) {
            tables.remove(table);
        }
    }

    fn table_names(&self, database: &str) -> Option<Vec<String>> {
        lock(&self.databases).get(database).map(|tables| tables.keys().cloned().collect())
    }

    fn table(&self, database: &str, table: &str) -> Option<Vec<Declared>> {
        lock(&self.databases).get(database)?.get(table).cloned()
    }

    fn column(&self, database: &str, table: &str, column: &str) -> Option<Declared> {
        let databases = lock(&self.databases);
        let columns = databases.get(database)?.get(table)?;
        columns.iter().find(|declared| declared.name.eq_ignore_ascii_case(column)).cloned()
    }
}
