//! What sort of statement a text is, told from its first words. Pure. It decides nothing about how the text is sent.
//!
//! It is for remarks and refusals that spare a person trouble: the Data API runs each statement in a session of its own, and
//! some statements end a transaction unasked ([implicit commit](https://dev.mysql.com/doc/refman/8.0/en/implicit-commit.html)).
//! What it does not know is [`Kind::Other`], and goes through.

use super::tokens::{Token, Tokens};

/// What a statement does, as far as its first words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Begins, ends or undoes a transaction, or says when that happens (`SET autocommit`).
    Transaction,
    /// Sets, releases or goes back to a savepoint.
    Savepoint,
    /// Chooses the default database.
    Use,
    /// Changes nothing but its session: variables, prepared statements, table locks. Lost where the session is.
    Session,
    /// Gives rows and changes nothing.
    Read,
    /// Changes rows.
    Change,
    /// Changes tables, accounts or the server; commits the transaction under way.
    Definition,
    /// Anything else.
    Other,
}

/// What speaks against running a statement where it is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objection {
    /// Refuse: it would do nothing, as its session ends with it. `--transaction` is the way.
    TransactionInVain,
    /// Refuse: the transaction of the whole run would end, or begin, in the middle. Leave it out, or leave out `--transaction`.
    TransactionTwice,
    /// Refuse: it would do nothing, as its session ends with it. `-D` is the way.
    UseInVain,
    /// Warn: it has no effect on the statements after it, as its session ends with it. With `--transaction` it has.
    SessionInVain,
    /// Warn: it commits what came before; a rollback will not undo that, nor the statement itself.
    ImplicitCommit,
}

impl Objection {
    /// Whether the statement must not run; else it is only worth a remark.
    pub fn refuses(self) -> bool {
        matches!(self, Self::TransactionInVain | Self::TransactionTwice | Self::UseInVain)
    }
}

impl Kind {
    /// Tells the kind of one statement.
    pub fn of(sql: &[u8]) -> Self {
        let mut code = Tokens::new(sql).code().skip_while(|token| token.is_symbol(b'(')).peekable();
        let Some(first) = code.next() else { return Self::Other };
        let second = code.peek().copied();
        let second_is = |words: &[&str]| second.is_some_and(|token| is_any(&token, words));
        match keyword(&first).as_str() {
            // What goes on after it is a block of statements.
            "BEGIN" if second.is_none() || second_is(&["WORK"]) => Self::Transaction,
            "START" if second_is(&["TRANSACTION"]) => Self::Transaction,
            "ROLLBACK" if code.any(|token| token.is("TO")) => Self::Savepoint,
            "COMMIT" | "ROLLBACK" | "XA" => Self::Transaction,
            "SAVEPOINT" => Self::Savepoint,
            "RELEASE" if second_is(&["SAVEPOINT"]) => Self::Savepoint,
            "USE" => Self::Use,
            "SET" => setting(code),
            "LOCK" | "UNLOCK" if second_is(&["TABLE", "TABLES"]) => Self::Definition,
            "PREPARE" | "EXECUTE" | "DEALLOCATE" | "HANDLER" => Self::Session,
            "SELECT" | "TABLE" | "VALUES" | "SHOW" | "EXPLAIN" | "DESCRIBE" | "DESC" | "CHECKSUM" | "HELP" => {
                Self::Read
            }
            "WITH" => main_of_with(code),
            "INSERT" | "UPDATE" | "DELETE" | "REPLACE" => Self::Change,
            "LOAD" if second_is(&["DATA", "XML"]) => Self::Change,
            "CREATE" | "DROP" if temporary(&mut code) => Self::Session,
            // MariaDB runs and explains what follows.
            "ANALYZE" if second_is(&["FORMAT", "SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"]) => {
                Self::Other
            }
            "RESET" if second_is(&["PERSIST"]) => Self::Other,
            "CREATE" | "DROP" | "ALTER" | "RENAME" | "TRUNCATE" | "GRANT" | "REVOKE" | "ANALYZE" | "OPTIMIZE"
            | "REPAIR" | "CHECK" | "CACHE" | "LOAD" | "FLUSH" | "RESET" | "INSTALL" | "UNINSTALL" | "IMPORT"
            | "CHANGE" | "START" | "STOP" => Self::Definition,
            _ => Self::Other,
        }
    }

    /// What speaks against it where each statement has a session of its own (the Data API without a transaction), where the
    /// whole run is one transaction, or both hold: there the session lasts as long as the transaction.
    pub fn objection(self, data_api: bool, transaction: bool) -> Option<Objection> {
        match self {
            Self::Transaction if transaction => Some(Objection::TransactionTwice),
            Self::Transaction | Self::Savepoint if data_api && !transaction => Some(Objection::TransactionInVain),
            Self::Use if data_api => Some(Objection::UseInVain),
            Self::Session if data_api && !transaction => Some(Objection::SessionInVain),
            Self::Definition if transaction => Some(Objection::ImplicitCommit),
            _ => None,
        }
    }
}

/// Words after which a variable is the server's, not the session's.
const GLOBAL_SCOPES: &[&str] = &["GLOBAL", "PERSIST", "PERSIST_ONLY"];

fn keyword(token: &Token<'_>) -> String {
    let is_word = token.text.len() < 16 && token.text.iter().all(u8::is_ascii_alphabetic);
    if is_word { String::from_utf8_lossy(token.text).to_ascii_uppercase() } else { String::new() }
}

fn is_any(token: &Token<'_>, words: &[&str]) -> bool {
    words.iter().any(|word| token.is(word))
}

/// `CREATE [OR REPLACE] TEMPORARY TABLE`, `DROP TEMPORARY TABLE`.
fn temporary<'a>(code: impl Iterator<Item = Token<'a>>) -> bool {
    let mut code = code.skip_while(|token| is_any(token, &["OR", "REPLACE"]));
    code.next().is_some_and(|token| token.is("TEMPORARY"))
}

/// `SET`: the session's own variables, unless the words say otherwise.
fn setting<'a>(code: impl Iterator<Item = Token<'a>>) -> Kind {
    let mut code = code.peekable();
    let kind = match code.peek() {
        None => Kind::Other,
        Some(first) if is_any(first, &["PASSWORD", "DEFAULT"]) => Kind::Definition,
        Some(first) if is_any(first, GLOBAL_SCOPES) => Kind::Other,
        Some(_) => Kind::Session,
    };
    let (mut is_global, mut depth, mut before) = (false, 0_usize, None::<Token<'a>>);
    for token in code {
        match token.text {
            b"(" => depth += 1,
            b")" => depth = depth.saturating_sub(1),
            // The next assignment has a scope of its own.
            b"," if depth == 0 => is_global = false,
            b"=" | b":=" if !is_global && before.is_some_and(|name| is_autocommit(&name)) => return Kind::Transaction,
            _ => is_global |= is_any(&token, GLOBAL_SCOPES),
        }
        before = Some(token);
    }
    kind
}

fn is_autocommit(name: &Token<'_>) -> bool {
    name.is("autocommit") || name.text.eq_ignore_ascii_case(b"`autocommit`")
}

/// `WITH` may begin a SELECT, an UPDATE or a DELETE: the first of these words outside of all parentheses says which.
fn main_of_with<'a>(code: impl Iterator<Item = Token<'a>>) -> Kind {
    let mut depth = 0_usize;
    for token in code {
        match token.text {
            b"(" => depth += 1,
            b")" => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ if is_any(&token, &["SELECT", "TABLE", "VALUES"]) => return Kind::Read,
            _ if is_any(&token, &["UPDATE", "DELETE", "INSERT", "REPLACE"]) => return Kind::Change,
            _ => {}
        }
    }
    // Its SELECT stands in parentheses, or it is none.
    Kind::Other
}

#[cfg(test)]
mod tests {
    use super::*;
    use Kind as K;

    #[test]
    fn a_statement_is_told_by_its_first_words() {
        for (kind, statements) in [
            (
                K::Transaction,
                "begin | BEGIN WORK | begin -- x | start transaction read only | commit | COMMIT AND CHAIN | \
                rollback | rollback work | xa start 'x' | set autocommit=0 | SET @@autocommit := 1 | \
                set session autocommit = 0 | set @@session.autocommit=0 | set sql_mode='', `autocommit`=0 | \
                /*!40000 set autocommit=0 */ | set global x = 1, autocommit = 0 | /* tag */ begin",
            ),
            (K::Savepoint, "savepoint a | rollback to a | rollback work to savepoint a | release savepoint a"),
            (K::Use, "use x | USE `x`"),
            (
                K::Session,
                "set @a = 1 | set names utf8mb4 | set sql_mode = '' | set @autocommit_old = @@autocommit | \
                set session transaction isolation level serializable | set role x | \
                create temporary table t (a int) | create or replace temporary table t (a int) | \
                drop temporary table t | prepare p from 'select 1' | execute p | /*!40101 SET NAMES utf8 */",
            ),
            (
                K::Read,
                "select 1 | (select 1) union (select 2) | ((select 1)) | /*+ x */ select 1 | \
                with a as (select 1) select * from a | \
                WITH RECURSIVE a (n) AS (select 1 union select n+1 from a) TABLE a | table t | values row(1) | \
                show tables | explain delete from t | desc t",
            ),
            (
                K::Change,
                "insert into t values (1) | update t set a=1 | delete from t | replace into t values (1) | \
                load data infile 'x' into table t | with a as (select 1) delete from t | \
                with a as (select 1) update t set b=1",
            ),
            (
                K::Definition,
                "create table t (a int) | create or replace view v as select 1 | \
                /*!50003 CREATE*/ /*!50003 TRIGGER t */ | drop table t | alter table t add b int | \
                rename table a to b | truncate t | grant all on *.* to x | set password = 'x' | \
                set default role x to y | analyze table t | flush tables | lock tables t read | unlock tables | \
                start replica",
            ),
            (
                K::Other,
                " | /* only */ | call p() | do 1 | kill 5 | begin not atomic select 1; end | \
                set global autocommit = 0 | set persist x = 1 | `select` 1 | 'select' | selected | \
                call begin() | analyze select 1 | reset persist | set",
            ),
        ] {
            for sql in statements.split(" | ") {
                assert_eq!(K::of(sql.as_bytes()), kind, "{sql}");
            }
        }
    }

    #[test]
    fn a_long_statement_is_told_by_its_beginning() {
        let sql = format!("insert into t values ('{}')", "x".repeat(1 << 20));
        assert_eq!(K::of(sql.as_bytes()), K::Change);
        assert_eq!(K::of(b"select '\xff"), K::Read);
    }

    #[test]
    fn some_statements_do_not_belong_everywhere() {
        use Objection as O;
        for (kind, here, data_api, transaction, both) in [
            (K::Transaction, None, Some(O::TransactionInVain), Some(O::TransactionTwice), Some(O::TransactionTwice)),
            (K::Savepoint, None, Some(O::TransactionInVain), None, None),
            (K::Use, None, Some(O::UseInVain), None, Some(O::UseInVain)),
            (K::Session, None, Some(O::SessionInVain), None, None),
            (K::Definition, None, None, Some(O::ImplicitCommit), Some(O::ImplicitCommit)),
            (K::Read, None, None, None, None),
            (K::Change, None, None, None, None),
            (K::Other, None, None, None, None),
        ] {
            let found = [(false, false), (true, false), (false, true), (true, true)]
                .map(|(api, whole)| kind.objection(api, whole));
            assert_eq!(found, [here, data_api, transaction, both], "{kind:?}");
        }
        let refusing = [O::TransactionInVain, O::TransactionTwice, O::UseInVain, O::SessionInVain, O::ImplicitCommit]
            .map(O::refuses);
        assert_eq!(refusing, [true, true, true, false, false]);
    }
}
