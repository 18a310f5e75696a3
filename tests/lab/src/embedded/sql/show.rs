//! `SHOW` and `DESCRIBE`: answers made from what the server knows about itself.

use super::definition;
use super::fault::Fault;
use super::lexer::Token;
use super::session::{Failure, Finish, Session, Sink};
use super::types::{Declared, Type};
use crate::packets::{Column, put_value};

type Line = Vec<Option<String>>;

impl Session {
    pub(super) fn show(&mut self, tokens: &[Token], sink: &mut dyn Sink) -> Result<Finish, Failure> {
        let modifiers = ["FULL", "SESSION", "GLOBAL", "EXTENDED"];
        let skipped =
            tokens.iter().skip(1).take_while(|token| modifiers.into_iter().any(|word| token.is(word))).count();
        let full = tokens.get(1).is_some_and(|token| token.is("FULL"));
        let rest = tokens.get(1 + skipped..).unwrap_or_default();
        let is = |word: &str| rest.first().is_some_and(|token| token.is(word));
        if is("DATABASES") || is("SCHEMAS") {
            let mut names = self.engine.database_names();
            names.push("information_schema".to_owned());
            names.sort();
            return self.lines(&["Database"], single(names), rest, sink);
        }
        if is("TABLES") {
            return self.tables(rest, full, sink);
        }
        if is("WARNINGS") || is("ERRORS") {
            let lines = if is("ERRORS") { Vec::new() } else { self.warnings() };
            return self.lines(&["Level", "Code", "Message"], lines.into_iter().map(Vec::from).collect(), rest, sink);
        }
        if is("VARIABLES") {
            return self.lines(&["Variable_name", "Value"], pairs(self.variables.system()), rest, sink);
        }
        if is("STATUS") {
            let (version, cipher) = self.around.identity.cipher.clone().unwrap_or_default();
            let threads = self.processes.running().len().to_string();
            let status = [("Ssl_cipher", cipher), ("Ssl_version", version), ("Threads_connected", threads)];
            let status = status.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            return self.lines(&["Variable_name", "Value"], pairs(status), rest, sink);
        }
        if is("PROCESSLIST") {
            return self.process_list(rest, sink);
        }
        if is("COLUMNS") || is("FIELDS") {
            return self.describe_table(rest.get(2..).unwrap_or_default(), sink);
        }
        if is("CREATE") && rest.get(1).is_some_and(|token| token.is("TABLE")) {
            return self.show_create_table(rest.get(2..).unwrap_or_default(), sink);
        }
        Err(Fault::syntax("show").into())
    }

    fn tables(&self, rest: &[Token], full: bool, sink: &mut dyn Sink) -> Result<Finish, Failure> {
        let database = self.named_database(rest)?;
        let names = self.engine.table_names(&database).unwrap_or_default();
        let heading = format!("Tables_in_{database}");
        if full {
            let lines = names.into_iter().map(|name| vec![Some(name), Some("BASE TABLE".to_owned())]).collect();
            return self.lines(&[&heading, "Table_type"], lines, rest, sink);
        }
        self.lines(&[&heading], single(names), rest, sink)
    }

    fn process_list(&self, rest: &[Token], sink: &mut dyn Sink) -> Result<Finish, Failure> {
        let lines = self.processes.running().into_iter().map(|running| {
            let command = if running.statement.is_some() { "Query" } else { "Sleep" };
            vec![
                Some(running.id.to_string()),
                Some(running.user),
                running.database,
                Some(command.to_owned()),
                running.statement,
            ]
        });
        self.lines(&["Id", "User", "db", "Command", "Info"], lines.collect(), rest, sink)
    }

    /// `DESCRIBE [database.]table`.
    pub(super) fn describe_table(&self, tokens: &[Token], sink: &mut dyn Sink) -> Result<Finish, Failure> {
        let (database, table, used) = definition::name(tokens, self)?;
        let rest = tokens.get(used..).unwrap_or_default();
        let database = if rest.is_empty() { database } else { self.named_database(rest)? };
        let columns = self.declared(&database, &table)?;
        let lines = columns.iter().map(|column| {
            let key = match (column.primary || column.generated, column.unique) {
                (true, _) => "PRI",
                (false, true) => "UNI",
                (false, false) => "",
            };
            let null = if column.not_null || column.primary { "NO" } else { "YES" };
            let extra = if column.generated { "auto_increment" } else { "" };
            vec![
                Some(column.name.clone()),
                Some(column.kind.describe()),
                Some(null.to_owned()),
                Some(key.to_owned()),
                column.default.clone(),
                Some(extra.to_owned()),
            ]
        });
        self.lines(&["Field", "Type", "Null", "Key", "Default", "Extra"], lines.collect(), &[], sink)
    }

    fn show_create_table(&self, tokens: &[Token], sink: &mut dyn Sink) -> Result<Finish, Failure> {
        let (database, table, _) = definition::name(tokens, self)?;
        let columns = self.declared(&database, &table)?;
        let mut parts: Vec<String> = columns.iter().map(column_definition).collect();
        let keys: Vec<String> =
            columns.iter().filter(|column| column.primary).map(|column| format!("`{}`", column.name)).collect();
        if !keys.is_empty() {
            parts.push(format!("  PRIMARY KEY ({})", keys.join(",")));
        }
        let text = format!(
            "CREATE TABLE `{table}` (\n{}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci",
            parts.join(",\n")
        );
        self.lines(&["Table", "Create Table"], vec![vec![Some(table), Some(text)]], &[], sink)
    }

    fn declared(&self, database: &str, table: &str) -> Result<Vec<Declared>, Fault> {
        let missing = || Fault::new(1146, "42S02", format!("Table '{database}.{table}' doesn't exist"));
        self.engine.table(database, table).ok_or_else(missing)
    }

    fn lines(
        &self,
        names: &[&str],
        lines: Vec<Line>,
        tokens: &[Token],
        sink: &mut dyn Sink,
    ) -> Result<Finish, Failure> {
        let pattern = Self::pattern(tokens);
        let columns: Vec<Column> = names
            .iter()
            .map(|name| {
                let mut column = Column { name: (*name).to_owned(), ..Column::default() };
                Type::plain("VARCHAR").apply_to(&mut column);
                column
            })
            .collect();
        sink.columns(&columns)?;
        for line in lines {
            let first = line.first().cloned().flatten().unwrap_or_default();
            if pattern.as_ref().is_some_and(|pattern| !self.is_like(&first, pattern)) {
                continue;
            }
            let mut row = Vec::new();
            for value in line {
                put_value(&mut row, value.as_deref().map(str::as_bytes));
            }
            sink.row(&row)?;
        }
        Ok(Finish::Rows(0))
    }
}

fn column_definition(column: &Declared) -> String {
    let null = if column.not_null || column.primary { " NOT NULL" } else { "" };
    let default = column.default.as_ref().map(|value| format!(" DEFAULT '{value}'")).unwrap_or_default();
    let extra = if column.generated { " AUTO_INCREMENT" } else { "" };
    format!("  `{}` {}{null}{default}{extra}", column.name, column.kind.describe())
}

fn single(names: Vec<String>) -> Vec<Line> {
    names.into_iter().map(|name| vec![Some(name)]).collect()
}

fn pairs(values: Vec<(String, String)>) -> Vec<Line> {
    values.into_iter().map(|(name, value)| vec![Some(name), Some(value)]).collect()
}
