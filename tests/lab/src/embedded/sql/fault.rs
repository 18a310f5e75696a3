//! Errors as MySQL numbers them. The SQL engine's own words go in, MySQL's code, state and words come out.

/// What an ERR packet says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::embedded) struct Fault {
    pub(in crate::embedded) code: u16,
    pub(in crate::embedded) state: &'static str,
    pub(in crate::embedded) message: String,
}

impl Fault {
    pub(in crate::embedded) fn new(code: u16, state: &'static str, message: impl Into<String>) -> Self {
        Self { code, state, message: message.into() }
    }

    pub(super) fn unknown_database(name: &str) -> Self {
        Self::new(1049, "42000", format!("Unknown database '{name}'"))
    }

    pub(super) fn no_database() -> Self {
        Self::new(1046, "3D000", "No database selected")
    }

    pub(super) fn interrupted() -> Self {
        Self::new(1317, "70100", "Query execution was interrupted")
    }

    /// `near` is the rest of the statement, from where it stopped making sense.
    pub(super) fn syntax(near: &str) -> Self {
        let near: String = near.chars().take(80).collect();
        Self::new(
            1064,
            "42000",
            format!(
                "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version \
                 for the right syntax to use near '{near}' at line 1"
            ),
        )
    }

    /// Maps what the engine says. `statement` is the client's own text.
    pub(super) fn from_engine(error: &rusqlite::Error, statement: &str, user: &str) -> Self {
        use rusqlite::ffi::ErrorCode;
        let (code, text) = match error {
            rusqlite::Error::SqliteFailure(failure, text) => (Some(failure.code), text.clone().unwrap_or_default()),
            rusqlite::Error::SqlInputError { error, msg, .. } => (Some(error.code), msg.clone()),
            rusqlite::Error::UserFunctionError(inner) => (None, inner.to_string()),
            other => (None, other.to_string()),
        };
        match code {
            Some(ErrorCode::OperationInterrupted) => return Self::interrupted(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                return Self::new(1205, "HY000", "Lock wait timeout exceeded; try restarting transaction");
            }
            Some(ErrorCode::ReadOnly) => {
                let verb = statement.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
                return Self::new(1142, "42000", format!("{verb} command denied to user '{user}'@'127.0.0.1'"));
            }
            _ => {}
        }
        Self::from_text(&text, statement)
    }

    fn from_text(text: &str, statement: &str) -> Self {
        let after = |prefix: &str| text.strip_prefix(prefix);
        if let Some(table) = after("no such table: ") {
            return Self::new(1146, "42S02", format!("Table '{table}' doesn't exist"));
        }
        if let Some(column) = after("no such column: ") {
            // The engine adds advice to a quoted name.
            let column = column.split_once(" - should this be").map_or(column, |(name, _)| name).trim_matches('"');
            return Self::new(1054, "42S22", format!("Unknown column '{column}' in 'field list'"));
        }
        if let Some((_, column)) = text.split_once(" has no column named ") {
            return Self::new(1054, "42S22", format!("Unknown column '{column}' in 'field list'"));
        }
        if let Some(column) = after("ambiguous column name: ") {
            return Self::new(1052, "23000", format!("Column '{column}' in field list is ambiguous"));
        }
        if let Some(key) = after("UNIQUE constraint failed: ") {
            return Self::new(1062, "23000", format!("Duplicate entry for key '{key}'"));
        }
        if let Some(column) = after("NOT NULL constraint failed: ") {
            let column = column.rsplit('.').next().unwrap_or(column);
            return Self::new(1048, "23000", format!("Column '{column}' cannot be null"));
        }
        if text.starts_with("FOREIGN KEY constraint failed") {
            return Self::new(1452, "23000", "Cannot add or update a child row: a foreign key constraint fails");
        }
        if let Some(table) = after("table ").and_then(|rest| rest.strip_suffix(" already exists")) {
            return Self::new(1050, "42S01", format!("Table '{}' already exists", table.trim_matches('"')));
        }
        if let Some(function) = after("no such function: ") {
            return Self::new(1305, "42000", format!("FUNCTION {function} does not exist"));
        }
        if let Some(database) = after("unknown database ") {
            return Self::unknown_database(database.trim_matches('"'));
        }
        if text.contains(" values for ") || text.contains("values were supplied") {
            return Self::new(1136, "21S01", "Column count doesn't match value count at row 1");
        }
        if let Some(rest) = after("near \"") {
            let token = rest.split('"').next().unwrap_or_default();
            let place = statement.to_ascii_lowercase().rfind(&token.to_ascii_lowercase());
            return Self::syntax(place.and_then(|at| statement.get(at..)).unwrap_or(token));
        }
        if text.starts_with("incomplete input") || text.starts_with("unrecognized token") {
            return Self::syntax("");
        }
        Self::new(1105, "HY000", text)
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn engine_words_become_mysql_numbers() {
        for (text, code, state) in [
            ("no such table: orders.nope", 1146, "42S02"),
            ("no such column: nope", 1054, "42S22"),
            ("no such column: \"$$\" - should this be a string literal in single-quotes?", 1054, "42S22"),
            ("table customers has no column named nope", 1054, "42S22"),
            ("UNIQUE constraint failed: customers.id", 1062, "23000"),
            ("NOT NULL constraint failed: customers.name", 1048, "23000"),
            ("table \"customers\" already exists", 1050, "42S01"),
            ("no such function: nope", 1305, "42000"),
            ("unknown database \"nope\"", 1049, "42000"),
            ("near \"form\": syntax error", 1064, "42000"),
            ("incomplete input", 1064, "42000"),
            ("something else", 1105, "HY000"),
        ] {
            let fault = Fault::from_text(text, "select 1 form x");
            assert_eq!((fault.code, fault.state), (code, state), "{text}");
        }
        assert!(Fault::from_text("near \"form\": syntax error", "select 1 form x").message.contains("near 'form x'"));
    }
}
