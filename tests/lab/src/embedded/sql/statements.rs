//! Statements that MySQL has and the SQL engine has not, or not so: databases, tables, variables, transactions, `KILL`.

use super::definition::{self, split};
use super::fault::Fault;
use super::lexer::{Kind, Token};
use super::session::{Failure, Finish, Session, Sink};
use super::translate::{Scope as _, quote, translate};
use crate::packets::Done;
use crate::wire::lock;

impl Session {
    /// `None` when the statement is the engine's to answer.
    pub(super) fn own_statement(&mut self, tokens: &[Token], sink: &mut dyn Sink) -> Result<Option<Finish>, Failure> {
        let is = |index: usize, word: &str| tokens.get(index).is_some_and(|token| token.is(word));
        let Some(first) = tokens.first() else { return Ok(None) };
        let Kind::Word(verb) = &first.kind else { return Ok(None) };
        match verb.to_ascii_uppercase().as_str() {
            "USE" if tokens.len() == 2 => {
                let name = tokens.get(1).and_then(Token::identifier).ok_or_else(|| Fault::syntax(""))?.to_owned();
                self.use_database(&name)?;
            }
            "SHOW" => return self.show(tokens, sink).map(Some),
            "DESCRIBE" | "DESC" => return self.describe_table(tokens.get(1..).unwrap_or_default(), sink).map(Some),
            "EXPLAIN"
                if !["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "REPLACE"].into_iter().any(|word| is(1, word)) =>
            {
                return self.describe_table(tokens.get(1..).unwrap_or_default(), sink).map(Some);
            }
            "SET" => self.set(tokens)?,
            "KILL" => self.kill(tokens)?,
            "BEGIN" | "START" => self.batch("COMMIT; BEGIN")?,
            "COMMIT" => self.batch("COMMIT")?,
            "ROLLBACK" if tokens.len() <= 2 => self.batch("ROLLBACK")?,
            "CREATE" if is(1, "DATABASE") || is(1, "SCHEMA") => self.create_database(tokens)?,
            "CREATE" if is(1, "TABLE") || is(1, "TEMPORARY") => return self.create_table(tokens).map(Some),
            "CREATE" if is(1, "INDEX") || is(2, "INDEX") => self.create_index(tokens)?,
            "DROP" if is(1, "DATABASE") || is(1, "SCHEMA") => self.drop_database(tokens)?,
            "DROP" if is(1, "TABLE") => self.drop_tables(tokens)?,
            "TRUNCATE" => {
                let at = if is(1, "TABLE") { 2 } else { 1 };
                let (database, table, _) = definition::name(tokens.get(at..).unwrap_or_default(), self)?;
                self.data(&format!("DELETE FROM {}.{}", quote(&database), quote(&table)))?;
            }
            // Locks and caches change no answer here.
            "LOCK" | "UNLOCK" | "FLUSH" => {}
            "ANALYZE" | "OPTIMIZE" | "GRANT" | "REVOKE" | "LOAD" | "PREPARE" | "CALL" => {
                return Err(
                    Fault::new(1235, "42000", format!("This version of MySQL doesn't yet support '{verb}'")).into()
                );
            }
            _ => return Ok(None),
        }
        Ok(Some(Finish::Done(Done { warnings: self.warning_count(), ..Done::default() })))
    }

    /// Transactions: ending one that never began is no error in MySQL.
    fn batch(&self, sql: &str) -> Result<(), Fault> {
        for part in sql.split("; ") {
            if part != "BEGIN" && !self.in_transaction() {
                continue;
            }
            self.data(part)?;
        }
        Ok(())
    }

    fn data(&self, sql: &str) -> Result<(), Fault> {
        self.connection.execute_batch(sql).map_err(|error| self.fault(&error, sql))
    }

    fn refuse_if_read_only(&self, verb: &str, table: &str) -> Result<(), Fault> {
        if self.around.identity.read_only {
            let user = &self.around.identity.user;
            let message = format!("{verb} command denied to user '{user}'@'127.0.0.1' for table '{table}'");
            return Err(Fault::new(1142, "42000", message));
        }
        Ok(())
    }

    fn create_database(&mut self, tokens: &[Token]) -> Result<(), Fault> {
        let optional = tokens.get(2).is_some_and(|token| token.is("IF"));
        let name = tokens.get(if optional { 5 } else { 2 }).and_then(Token::identifier);
        let name = name.ok_or_else(|| Fault::syntax(""))?.to_owned();
        self.refuse_if_read_only("CREATE", &name)?;
        if !self.engine.create_database(&name) && !optional {
            let message = format!("Can't create database '{name}'; database exists");
            return Err(Fault::new(1007, "HY000", message));
        }
        self.attach()
    }

    fn drop_database(&mut self, tokens: &[Token]) -> Result<(), Fault> {
        let optional = tokens.get(2).is_some_and(|token| token.is("IF"));
        let name = tokens.get(if optional { 4 } else { 2 }).and_then(Token::identifier);
        let name = name.ok_or_else(|| Fault::syntax(""))?.to_owned();
        self.refuse_if_read_only("DROP", &name)?;
        if !self.engine.drop_database(&name) && !optional {
            let message = format!("Can't drop database '{name}'; database doesn't exist");
            return Err(Fault::new(1008, "HY000", message));
        }
        self.attach()
    }

    fn create_table(&mut self, tokens: &[Token]) -> Result<Finish, Failure> {
        self.batch("COMMIT")?;
        let definition = definition::read(tokens, self)?;
        self.refuse_if_read_only("CREATE", &definition.table)?;
        if definition.if_not_exists && self.engine.table(&definition.database, &definition.table).is_some() {
            self.warn("Note", 1050, format!("Table '{}' already exists", definition.table));
        } else {
            self.data(&definition.sql)?;
            self.engine.add_table(&definition.database, &definition.table, definition.columns);
        }
        Ok(Finish::Done(Done { warnings: self.warning_count(), ..Done::default() }))
    }

    /// `CREATE [UNIQUE] INDEX name ON table (columns)`.
    fn create_index(&mut self, tokens: &[Token]) -> Result<(), Fault> {
        let on = tokens.iter().position(|token| token.is("ON")).ok_or_else(|| Fault::syntax(""))?;
        let name = tokens.get(on - 1).and_then(Token::identifier).ok_or_else(|| Fault::syntax(""))?;
        let rest = tokens.get(on + 1..).unwrap_or_default();
        let (database, table, used) = definition::name(rest, self)?;
        let columns = translate(rest.get(used..).unwrap_or_default(), self)?;
        let unique = if tokens.get(1).is_some_and(|token| token.is("UNIQUE")) { "UNIQUE " } else { "" };
        let name = quote(&format!("{table}.{name}"));
        self.data(&format!("CREATE {unique}INDEX {}.{name} ON {} {columns}", quote(&database), quote(&table)))
    }

    fn drop_tables(&mut self, tokens: &[Token]) -> Result<(), Fault> {
        self.batch("COMMIT")?;
        let optional = tokens.get(2).is_some_and(|token| token.is("IF"));
        for item in split(tokens.get(if optional { 4 } else { 2 }..).unwrap_or_default()) {
            let (database, table, _) = definition::name(item, self)?;
            self.refuse_if_read_only("DROP", &table)?;
            if self.engine.table(&database, &table).is_none() {
                let message = format!("Unknown table '{database}.{table}'");
                if !optional {
                    return Err(Fault::new(1051, "42S02", message));
                }
                self.warn("Note", 1051, message);
                continue;
            }
            self.data(&format!("DROP TABLE {}.{}", quote(&database), quote(&table)))?;
            self.engine.remove_table(&database, &table);
        }
        Ok(())
    }

    fn set(&mut self, tokens: &[Token]) -> Result<(), Fault> {
        let is = |index: usize, word: &str| tokens.get(index).is_some_and(|token| token.is(word));
        let scope = usize::from(is(1, "SESSION") || is(1, "GLOBAL") || is(1, "LOCAL"));
        if is(1, "NAMES") || is(1, "CHARACTER") || is(1 + scope, "TRANSACTION") || is(1, "CHARSET") {
            return Ok(());
        }
        for item in split(tokens.get(1..).unwrap_or_default()) {
            let skip = usize::from(
                item.first().is_some_and(|token| token.is("SESSION") || token.is("GLOBAL") || token.is("LOCAL")),
            );
            let equals = item.iter().position(|token| token.is_symbol("=") || token.is_symbol(":="));
            let equals = equals.ok_or_else(|| Fault::syntax("set"))?;
            let name = match item.get(skip).map(|token| &token.kind) {
                Some(Kind::Word(name) | Kind::Name(name) | Kind::Variable(name)) => name.clone(),
                _ => return Err(Fault::syntax("set")),
            };
            let value = self.evaluate(item.get(equals + 1..).unwrap_or_default())?;
            self.variables.set(&name, value)?;
        }
        Ok(())
    }

    fn evaluate(&self, tokens: &[Token]) -> Result<Option<String>, Fault> {
        if let [Token { kind: Kind::Word(word), .. }] = tokens {
            return Ok(match word.to_ascii_uppercase().as_str() {
                "ON" | "TRUE" => Some("1".to_owned()),
                "OFF" | "FALSE" => Some("0".to_owned()),
                "NULL" | "DEFAULT" => None,
                _ => Some(word.clone()),
            });
        }
        let sql = format!("SELECT cast({} AS TEXT)", translate(tokens, self)?);
        self.connection.query_row(&sql, [], |row| row.get(0)).map_err(|error| self.fault(&error, &sql))
    }

    /// `KILL [CONNECTION | QUERY] number`.
    fn kill(&self, tokens: &[Token]) -> Result<(), Fault> {
        let query = tokens.get(1).is_some_and(|token| token.is("QUERY"));
        let number = match tokens.last().map(|token| &token.kind) {
            Some(Kind::Integer(text)) => text.clone(),
            _ => return Err(Fault::syntax("kill")),
        };
        let process = number.parse().ok().and_then(|id| self.processes.find(id));
        let process = process.ok_or_else(|| Fault::new(1094, "HY000", format!("Unknown thread id: {number}")))?;
        if query {
            process.interrupt();
        } else {
            process.kill();
        }
        Ok(())
    }

    /// The pattern of `LIKE 'pattern'`, if there is one.
    pub(super) fn pattern(tokens: &[Token]) -> Option<String> {
        let like = tokens.iter().position(|token| token.is("LIKE"))?;
        match tokens.get(like + 1).map(|token| &token.kind) {
            Some(Kind::Text(text)) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        }
    }

    pub(super) fn is_like(&self, text: &str, pattern: &str) -> bool {
        let sql = "SELECT ?1 LIKE ?2 ESCAPE '\\'";
        self.connection.query_row(sql, [text, pattern], |row| row.get(0)).unwrap_or(false)
    }

    /// Lines of `SHOW WARNINGS`.
    pub(super) fn warnings(&self) -> Vec<[Option<String>; 3]> {
        let warnings = lock(&self.around.warnings);
        let line = |level: &str, code: u16, message: &str| {
            [Some(level.to_owned()), Some(code.to_string()), Some(message.to_owned())]
        };
        warnings.iter().map(|warning| line(warning.level, warning.code, &warning.message)).collect()
    }

    /// The database that `FROM name` or `IN name` says, or the current one.
    pub(super) fn named_database(&self, tokens: &[Token]) -> Result<String, Fault> {
        let from = tokens.iter().rposition(|token| token.is("FROM") || token.is("IN"));
        match from.and_then(|at| tokens.get(at + 1)).and_then(Token::identifier) {
            Some(name) if self.engine.has_database(name) => Ok(name.to_owned()),
            Some(name) => Err(Fault::unknown_database(name)),
            None => self.database().map(str::to_owned).ok_or_else(Fault::no_database),
        }
    }
}
