//! The SQL of one page of a long result: keyset paging over one column, for servers that answer in small pieces. Pure.
//!
//! ```sql
//! SELECT page.*, page.`id` = :bound AS `tie` FROM (SELECT ...) AS page WHERE page.`id` >= :bound ORDER BY page.`id` LIMIT 1000
//! ```
//!
//! The bound is the last value of the page before. Rows that share it may stand on both pages, so a page begins with all of
//! them again; the last column says which they are, since only the server knows what its collation holds for equal. What was
//! not there before among them is new.
//!
//! These tell that a result cannot be paged by a column, and must end it as an error:
//! - A full page of nothing but ties: they may go on.
//! - No tie is the very row that the bound was taken from: the value is not equal to itself (FLOAT, the hour that a time zone has
//!   twice), or rows change meanwhile.
//! - A tie after a row that is none: the order is not that of the comparison.
//! - A full page that ends in NULL: it comes first, and has no bound.
//! - 1 in the last column of the first page: ENUM and SET sort by position and compare as text.

use super::tokens::{Part, Token, Tokens};
use crate::query::{Kind, PageError};

/// A SELECT that is fetched page by page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    select: String,
    column: String,
    bound: String,
}

/// Keeps the comparison out of the parts of a UNION: there the server would compare by each part's own type and collation,
/// which need not be those of the result (seen: rows were lost). A condition cannot move over a LIMIT, save that MariaDB 10.11
/// moves it over that of the UNION itself. The server reads all rows anew for each page, so this is not for every SELECT.
fn with_barrier(select: &str) -> String {
    format!("SELECT * FROM ({select}\n) AS part LIMIT 18446744073709551615")
}

impl Pages {
    /// Takes the SELECT and the column of its result that gives the order.
    ///
    /// An order, a limit, a lock or a destination of its own would not mean what it says any more, and is refused; save an
    /// order that is this very one.
    pub fn new(sql: &str, column: &str) -> Result<Self, PageError> {
        if column.is_empty() || column.contains('\0') {
            return Err(PageError::Column { column: column.to_owned() });
        }
        if Kind::of(sql.as_bytes()) != Kind::Read || !begins_as_query(sql) {
            return Err(PageError::NotASelect);
        }
        let end = end_of_code(sql.as_bytes());
        let select = &sql[..end];
        let order = check(select.as_bytes(), column)?;
        let select = match order {
            Some(order) => &select[..order],
            None => select,
        };
        let select = if has_parts(select) { with_barrier(select) } else { select.to_owned() };
        Ok(Self { select, column: quote(column), bound: unused_name(sql) })
    }

    /// The name of the parameter that takes the last value of the page before. The SELECT asks for none of this name.
    pub fn bound(&self) -> &str {
        &self.bound
    }

    /// The first page. 1 in the last column says that the column sorts by position: the number of an ENUM's value is not the
    /// one that its text begins with.
    pub fn first(&self, rows: u32) -> String {
        let Self { select, column, .. } = self;
        format!(
            "SELECT page.*, CHARSET(page.{column}) <> 'binary' AND page.{column} + 0 <> CONCAT(page.{column}) + 0 \
             AS `rdsconn_by_position` FROM ({select}\n) AS page ORDER BY page.{column} LIMIT {rows}"
        )
    }

    /// A page that begins with the rows that are equal to the bound. They are 1 in the last column, all others 0.
    pub fn next(&self, rows: u32) -> String {
        let Self { select, column, bound } = self;
        format!(
            "SELECT page.*, page.{column} = :{bound} AS `rdsconn_tie` FROM ({select}\n) AS page \
             WHERE page.{column} >= :{bound} ORDER BY page.{column} LIMIT {rows}"
        )
    }
}

fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// SHOW and EXPLAIN give rows, too, but cannot stand in parentheses.
fn begins_as_query(sql: &str) -> bool {
    let first = Tokens::new(sql.as_bytes()).code().find(|token| !token.is_symbol(b'('));
    first.is_some_and(|first| ["SELECT", "WITH", "TABLE", "VALUES"].iter().any(|word| first.is(word)))
}

/// Whether results are put together from several.
fn has_parts(select: &str) -> bool {
    let words = ["UNION", "INTERSECT", "EXCEPT", "MINUS"];
    Tokens::new(select.as_bytes()).any(|token| words.iter().any(|word| token.is(word)))
}

/// Where the last code ends; comments, spaces and semicolons behind it are not needed.
fn end_of_code(sql: &[u8]) -> usize {
    let needed = |token: &Token<'_>| !matches!(token.part, Part::Space | Part::Comment) && !token.is_symbol(b';');
    Tokens::new(sql).filter(needed).last().map_or(0, |token| token.end())
}

/// A parameter that the statement does not ask for.
fn unused_name(sql: &str) -> String {
    let mut name = "rdsconn_bound".to_owned();
    while Tokens::new(sql.as_bytes()).any(|token| token.parameter() == Some(&name)) {
        name.push('_');
    }
    name
}

/// Refuses what cannot be a part of a larger statement, or would lose its meaning there. Gives where an order begins that is
/// the one of the pages anyway.
fn check(select: &[u8], column: &str) -> Result<Option<usize>, PageError> {
    let marks: Vec<Token<'_>> = Tokens::new(select).filter(|token| token.part == Part::CodeMark).collect();
    if marks.last().is_some_and(|mark| mark.text != b"*/") {
        return Err(PageError::Open);
    }
    let code: Vec<Token<'_>> = Tokens::new(select).code().collect();
    let mut depth = 0_usize;
    for (index, token) in code.iter().enumerate() {
        let next_is = |words: &[&str]| code.get(index + 1).is_some_and(|next| words.iter().any(|word| next.is(word)));
        let clause = match () {
            () if token.part == Part::Open => return Err(PageError::Open),
            () if token.is_symbol(b';') => return Err(PageError::NotASelect),
            () if token.is_symbol(b'(') => {
                depth += 1;
                continue;
            }
            () if token.is_symbol(b')') => {
                depth = depth.checked_sub(1).ok_or(PageError::Open)?;
                continue;
            }
            // After a point or an @ it is a name.
            () if depth > 0 || index > 0 && [b'.', b'@'].iter().any(|mark| code[index - 1].is_symbol(*mark)) => {
                continue;
            }
            () if token.is("ORDER") && next_is(&["BY"]) => {
                // Without marks: half of a pair must not stay behind.
                if marks.is_empty() && is_order_by(&code[index + 2..], column) {
                    return Ok(Some(token.start));
                }
                "ORDER BY"
            }
            () if token.is("LIMIT") => "LIMIT",
            () if token.is("FETCH") && next_is(&["FIRST", "NEXT"]) => "FETCH",
            () if token.is("INTO") => "INTO",
            () if token.is("PROCEDURE") => "PROCEDURE",
            () if token.is("FOR") && next_is(&["UPDATE", "SHARE"]) => "FOR UPDATE or FOR SHARE",
            () if token.is("LOCK") && next_is(&["IN"]) => "LOCK IN SHARE MODE",
            () => continue,
        };
        return Err(PageError::Clause { clause });
    }
    if depth > 0 { Err(PageError::Open) } else { Ok(None) }
}

/// Whether what follows ORDER BY is the column, by its bare name, upwards, and nothing else.
fn is_order_by(rest: &[Token<'_>], column: &str) -> bool {
    let is_column = |token: &Token<'_>| match token.part {
        Part::Word => token.text.eq_ignore_ascii_case(column.as_bytes()),
        Part::Quoted => token.text.eq_ignore_ascii_case(quote(column).as_bytes()),
        _ => false,
    };
    match rest {
        [name] => is_column(name),
        [name, way] => is_column(name) && way.is("ASC"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NEXT: &str = " WHERE page.`id` >= :rdsconn_bound ORDER BY page.`id` LIMIT 9";

    /// What became of the SELECT itself.
    fn inner(sql: &str, column: &str) -> String {
        let pages = Pages::new(sql, column).unwrap();
        let (first, next) = (pages.first(9), pages.next(9));
        let quoted = quote(column);
        let probe = format!("CHARSET(page.{quoted}) <> 'binary' AND page.{quoted} + 0 <> CONCAT(page.{quoted}) + 0");
        let inner = first.strip_prefix(&format!("SELECT page.*, {probe} AS `rdsconn_by_position` FROM (")).unwrap();
        let inner = inner.strip_suffix(&format!("\n) AS page ORDER BY page.{quoted} LIMIT 9")).unwrap().to_owned();
        let bound = pages.bound();
        assert_eq!(
            next,
            format!(
                "SELECT page.*, page.{quoted} = :{bound} AS `rdsconn_tie` FROM ({inner}\n) AS page \
                 WHERE page.{quoted} >= :{bound} ORDER BY page.{quoted} LIMIT 9"
            )
        );
        inner
    }

    #[test]
    fn a_select_becomes_pages() {
        for (sql, expected) in [
            ("select * from t", "select * from t"),
            ("select 1 id; ; -- the end;\n", "select 1 id"),
            ("select 1 id /* ; */ # x", "select 1 id"),
            ("/* tag */ select 1 id -- x\n+ 1", "/* tag */ select 1 id -- x\n+ 1"),
            (
                "(select id from t limit 5) union (select id from u)",
                "SELECT * FROM ((select id from t limit 5) union (select id from u)\n) AS part LIMIT 18446744073709551615",
            ),
            (
                "with a as (select id from t order by x limit 3) select * from a",
                "with a as (select id from t order by x limit 3) select * from a",
            ),
            ("table t", "table t"),
            ("values row(1)", "values row(1)"),
            (
                "select t.limit, @into, `limit`, 'for update' from t",
                "select t.limit, @into, `limit`, 'for update' from t",
            ),
            ("select a, sum(b) over (order by c) from t", "select a, sum(b) over (order by c) from t"),
            ("select /*! straight_join */ * from t", "select /*! straight_join */ * from t"),
            ("select * from t where a = :a", "select * from t where a = :a"),
            // The parts are not compared one by one.
            (
                "select 1 id union select 2 -- x",
                "SELECT * FROM (select 1 id union select 2\n) AS part LIMIT 18446744073709551615",
            ),
            (
                "select * from (select 1 id except select 2) a",
                "SELECT * FROM (select * from (select 1 id except select 2) a\n) AS part LIMIT 18446744073709551615",
            ),
            // The order of the pages.
            ("select * from t order by id", "select * from t "),
            ("select * from t order by `ID` asc -- x", "select * from t "),
        ] {
            assert_eq!(inner(sql, "id"), expected, "{sql}");
        }
        assert!(Pages::new("select 1 id", "id").unwrap().next(9).ends_with(NEXT));
    }

    #[test]
    fn a_column_is_a_quoted_name_whatever_it_holds() {
        for column in ["id", "a b", "a`b", "`", "a.b", "'", "é", "*/ --"] {
            assert_eq!(inner("select 1", column), "select 1");
            let next = Pages::new("select 1", column).unwrap().next(9);
            assert!(Tokens::new(next.as_bytes()).all(|token| token.part != Part::Open), "{next}");
        }
        for column in ["", "a\0"] {
            assert_eq!(Pages::new("select 1", column), Err(PageError::Column { column: column.to_owned() }));
        }
    }

    #[test]
    fn the_bound_has_a_name_of_its_own() {
        let bound = |sql: &str| Pages::new(sql, "id").unwrap().bound().to_owned();
        assert_eq!(bound("select :a, ':rdsconn_bound'"), "rdsconn_bound");
        assert_eq!(bound("select :rdsconn_bound, :rdsconn_bound__"), "rdsconn_bound_");
        assert_eq!(bound("select :rdsconn_bound_, :rdsconn_bound"), "rdsconn_bound__");
    }

    #[test]
    fn what_would_lose_its_meaning_in_pages_is_refused() {
        for (sql, clause) in [
            ("select 1 limit 5", "LIMIT"),
            ("select 1 union select 2 limit 5", "LIMIT"),
            ("select 1 /*!50000 limit 5 */", "LIMIT"),
            ("select 1 order by a", "ORDER BY"),
            ("select 1 order by id desc", "ORDER BY"),
            ("select 1 order by id, a", "ORDER BY"),
            ("select 1 order by t.id", "ORDER BY"),
            ("select 1 order by 'id'", "ORDER BY"),
            ("select 1 order by id limit 5", "ORDER BY"),
            ("select 1 /*! order by id */", "ORDER BY"),
            // A hint about an order that is not wanted.
            ("select 1 from t use index for order by (i)", "ORDER BY"),
            ("select 1 fetch first 5 rows only", "FETCH"),
            ("select 1 into @a", "INTO"),
            ("select 1 into outfile 'x'", "INTO"),
            ("select 1 from t procedure analyse()", "PROCEDURE"),
            ("select 1 from t for update", "FOR UPDATE or FOR SHARE"),
            ("select 1 from t for share", "FOR UPDATE or FOR SHARE"),
            ("select 1 from t lock in share mode", "LOCK IN SHARE MODE"),
        ] {
            assert_eq!(Pages::new(sql, "id"), Err(PageError::Clause { clause }), "{sql}");
        }
        for sql in [
            "",
            "-- x",
            "update t set a = 1",
            "show tables",
            "explain select 1",
            "with a as (select 1) delete from t",
            "call p()",
            "select 1; select 2",
            "begin",
        ] {
            assert_eq!(Pages::new(sql, "id"), Err(PageError::NotASelect), "{sql}");
        }
        for sql in [
            "select 'a",
            "select 1 /* a",
            "select (1",
            "select 1) as page, (select 2",
            "select 1)",
            "select 1 /*! + 1",
            "select \"a",
        ] {
            assert_eq!(Pages::new(sql, "id"), Err(PageError::Open), "{sql}");
        }
    }

    proptest! {
        /// Whatever is taken: what follows the SELECT is read as code, and the parenthesis that closes is the one that was opened.
        #[test]
        fn a_select_stays_in_its_parentheses(words in proptest::collection::vec(proptest::sample::select(vec![
            "'", "\"", "`", "\\", ";", "-- ", "#", "/*", "*/", "/*!", "\n", " ", "(", ")", " order by id", " limit 1", ":a", "*",
        ]), 0..12)) {
            let sql = format!("select 1{}", words.concat());
            if let Ok(pages) = Pages::new(&sql, "id") {
                let page = pages.next(9);
                let tail = page.len() - NEXT.len() - ") AS page".len();
                let mut depth = 0;
                for token in Tokens::new(page.as_bytes()).code() {
                    depth += i32::from(token.is_symbol(b'(')) - i32::from(token.is_symbol(b')'));
                    prop_assert_eq!(depth == 0, token.start < page.find('(').unwrap() || token.start >= tail, "{}", page);
                    prop_assert!(token.part != Part::Open);
                }
                prop_assert_eq!(depth, 0);
            }
        }
    }
}
