//! System variables, with the values an RDS for MySQL 8.0 instance has.

use std::collections::BTreeMap;

use super::fault::Fault;

/// Variables that drivers and people ask for.
const DEFAULTS: [(&str, &str); 36] = [
    ("auto_increment_increment", "1"),
    ("autocommit", "1"),
    ("character_set_client", "utf8mb4"),
    ("character_set_connection", "utf8mb4"),
    ("character_set_database", "utf8mb4"),
    ("character_set_results", "utf8mb4"),
    ("character_set_server", "utf8mb4"),
    ("collation_connection", "utf8mb4_0900_ai_ci"),
    ("collation_database", "utf8mb4_0900_ai_ci"),
    ("collation_server", "utf8mb4_0900_ai_ci"),
    ("foreign_key_checks", "1"),
    ("hostname", "ip-10-0-1-23"),
    ("init_connect", ""),
    ("innodb_read_only", "0"),
    ("interactive_timeout", "28800"),
    ("license", "GPL"),
    ("local_infile", "0"),
    ("lower_case_table_names", "0"),
    ("max_allowed_packet", "67108864"),
    ("max_execution_time", "0"),
    ("net_buffer_length", "16384"),
    ("net_read_timeout", "30"),
    ("net_write_timeout", "60"),
    ("port", "3306"),
    ("read_only", "0"),
    ("require_secure_transport", "1"),
    ("server_id", "1234567"),
    ("socket", "/tmp/mysql.sock"),
    ("sql_mode", "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"),
    ("sql_safe_updates", "0"),
    ("sql_select_limit", "18446744073709551615"),
    ("system_time_zone", "UTC"),
    ("time_zone", "UTC"),
    ("transaction_isolation", "REPEATABLE-READ"),
    ("version_comment", "Source distribution"),
    ("wait_timeout", "28800"),
];

/// A session's variables: `@@name` under the bare name, `@name` with its sign.
pub(super) struct Variables {
    system: BTreeMap<String, String>,
    own: BTreeMap<String, String>,
}

impl Variables {
    pub(super) fn new(version: &str) -> Self {
        let mut system: BTreeMap<String, String> =
            DEFAULTS.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        system.insert("version".to_owned(), version.to_owned());
        Self { system, own: BTreeMap::new() }
    }

    /// See [`super::translate::Scope::variable`].
    pub(super) fn get(&self, name: &str) -> Result<Option<String>, Fault> {
        match system_name(name) {
            Some(system) => self.system.get(&system).map(|value| Some(value.clone())).ok_or_else(|| unknown(name)),
            None => Ok(self.own.get(&name.to_ascii_lowercase()).cloned()),
        }
    }

    pub(super) fn set(&mut self, name: &str, value: Option<String>) -> Result<(), Fault> {
        if let Some(system) = system_name(name) {
            let slot = self.system.get_mut(&system).ok_or_else(|| unknown(name))?;
            *slot = value.unwrap_or_default();
            return Ok(());
        }
        let name = name.to_ascii_lowercase();
        match value {
            Some(value) => self.own.insert(name, value),
            None => self.own.remove(&name),
        };
        Ok(())
    }

    pub(super) fn system(&self) -> Vec<(String, String)> {
        self.system.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

fn unknown(name: &str) -> Fault {
    Fault::new(1193, "HY000", format!("Unknown system variable '{}'", name.trim_start_matches('@')))
}

/// Without `@@` and scope; none for a user's variable.
fn system_name(name: &str) -> Option<String> {
    let name = match name.strip_prefix("@@") {
        Some(name) => name,
        None if name.starts_with('@') => return None,
        None => name,
    };
    let name = name.to_ascii_lowercase();
    let scopes = ["session.", "global.", "local.", "persist."];
    Some(scopes.into_iter().find_map(|scope| name.strip_prefix(scope)).unwrap_or(&name).to_owned())
}
