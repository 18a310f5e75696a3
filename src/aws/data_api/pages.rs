//! A large SELECT in pages, each of which begins where the last one ended: complete and in the order of a column whose values
//! are unique, or an error. Only one page is ever held.
//!
//! Whether a value is unique is seen where it matters. A page asks for the last row of the page before it once more: if that
//! is one row, it is the one that was written, and is left out; if there are several, the end of a page has torn them apart.

use aws_sdk_rdsdata::types::Field;

use super::parameters::parameter;
use super::session::{Rows, Session, cells};
use super::values::{Cells, Description};
use super::{DataApiError, KeyFault, Request};
use crate::backend::{Column, ColumnKind, Outcome, Parameter, ParameterValue, ResultSink, Row as _};

/// Rows of the first page.
const FIRST_PAGE: u32 = 100;

/// Rows of a page at most.
const LARGEST_PAGE: u32 = 20_000;

/// Bytes that a page should have: large enough that a request costs little beside them, with room for rows that are larger
/// than those before.
const WANTED_BYTES: usize = 400 << 10;

/// What a cell costs beside its bytes: `{"stringValue":""},`.
const BYTES_OF_A_CELL: usize = 20;

/// A SELECT to be read in pages.
pub struct Pages<'a> {
    /// The column that says where a page ends, by the name it has in the result.
    pub column: &'a str,
    /// The values of the SELECT itself.
    pub parameters: &'a [Parameter],
    /// The name of the parameter that holds the last key: one that the SELECT does not ask for.
    pub bound: &'a str,
    /// Makes the SQL of one page: its rows in the column's order, at most as many as said; where there is a bound, only rows from
    /// that value on, it included. The page has one more column than the SELECT, always and at its end. With a bound it says
    /// whether the row's value is equal to that; without, whether the column sorts by something else than its text.
    pub statement: &'a dyn Fn(bool, u32) -> String,
}

impl Session {
    /// Reads all pages as one result.
    pub async fn pages(&mut self, pages: &Pages<'_>, sink: &mut dyn ResultSink) -> Result<(), DataApiError> {
        let mut progress = Progress::default();
        let outcome = self.all_pages(pages, &mut progress, sink).await;
        outcome.map_err(|error| match error {
            DataApiError::Output(_) => error,
            error if progress.rows == 0 => error,
            error => DataApiError::Incomplete { rows: progress.rows, source: Box::new(error) },
        })
    }

    async fn all_pages(
        &mut self,
        pages: &Pages<'_>,
        progress: &mut Progress,
        sink: &mut dyn ResultSink,
    ) -> Result<(), DataApiError> {
        let mut size = FIRST_PAGE;
        loop {
            // The row that is already written comes once more.
            let limit = size + u32::from(progress.last.is_some());
            let sql = (pages.statement)(progress.last.is_some(), limit);
            let bound = progress.last.as_ref().map(|last| last.value.clone());
            let bound = bound.map(|value| Parameter { name: pages.bound.to_owned(), value });
            let parameters = pages.parameters.iter().chain(&bound).map(parameter).collect();
            let answer = match self.run(&sql, parameters).await {
                // The answer was too large, not the statement: fewer rows are another statement.
                Err(DataApiError::ResponseTooLarge) if size > 1 => {
                    size /= 2;
                    continue;
                }
                answer => answer?,
            };
            let Some(rows) = Rows::new(answer)? else { return Err(garbled("it has no columns")) };
            let count = rows.records.len();
            if count > limit as usize {
                return Err(garbled("it has more rows than were asked for"));
            }
            let bytes = progress.write(pages.column, rows, sink)?;
            if count < limit as usize {
                return sink.end(&Outcome { has_rows: true, ..Outcome::default() }).map_err(DataApiError::Output);
            }
            size = next_size(size, bytes);
        }
    }
}

/// As many rows as have the wanted size, but at most twice as many as the last time: the next rows may be larger.
fn next_size(size: u32, bytes: usize) -> u32 {
    let wanted = u64::from(size) * WANTED_BYTES as u64 / (bytes as u64).max(1);
    u32::try_from(wanted).unwrap_or(u32::MAX).clamp(1, size.saturating_mul(2).min(LARGEST_PAGE))
}

fn garbled(reason: &str) -> DataApiError {
    DataApiError::Garbled { request: Request::Statement, status: 200, reason: reason.to_owned() }
}

/// What is known of the pages so far.
#[derive(Default)]
struct Progress {
    shape: Option<Shape>,
    last: Option<Key>,
    /// Rows written.
    rows: u64,
}

/// The columns, the same on all pages.
struct Shape {
    descriptions: Vec<Description>,
    columns: Vec<Column>,
    /// Which of them is the key.
    key: usize,
}

/// The key of a row: its bytes as the server printed them, and as a parameter.
struct Key {
    text: Vec<u8>,
    value: ParameterValue,
}

impl Progress {
    /// Writes a page's rows, and gives the number of bytes in them.
    fn write(&mut self, column: &str, rows: Rows, sink: &mut dyn ResultSink) -> Result<usize, DataApiError> {
        let Rows { mut descriptions, records } = rows;
        descriptions.pop();
        let shape = match self.shape.take() {
            Some(shape) if shape.is_same(&descriptions) => shape,
            Some(_) => return Err(garbled("its columns are not those of the page before")),
            None => {
                let shape = Shape::new(descriptions, column)?;
                sink.columns(&shape.columns).map_err(DataApiError::Output)?;
                shape
            }
        };
        let fault = |reason| DataApiError::Key { column: column.to_owned(), reason };
        let bounded = self.last.is_some();
        let mut bytes = 0;
        let mut first = true;
        for mut record in records {
            let ties =
                is_tie(record.pop().as_ref()).ok_or_else(|| garbled("it does not say which row it begins with"))?;
            let row = Cells(cells(&shape.descriptions, record)?);
            bytes += row.0.iter().map(|cell| BYTES_OF_A_CELL + cell.as_ref().map_or(0, Vec::len)).sum::<usize>();
            let Some(text) = row.cell(shape.key) else { return Err(fault(KeyFault::Null)) };
            if ties && !bounded {
                // ENUM and SET, which the service calls CHAR.
                return Err(fault(KeyFault::Type(format!(
                    "{}, sorted by position",
                    shape.descriptions[shape.key].type_name
                ))));
            }
            let is_first = std::mem::take(&mut first);
            if let Some(last) = &self.last {
                match (ties, last.text == text) {
                    (true, true) if is_first => continue,
                    // Equal to the database and written differently, or equal once more.
                    (true, _) | (false, true) if !is_first || ties => {
                        return Err(fault(KeyFault::NotUnique(String::from_utf8_lossy(text).into_owned())));
                    }
                    (_, true) => return Err(fault(KeyFault::Inexact)),
                    _ => {}
                }
            }
            let key = shape.key_of(text).ok_or_else(|| fault(KeyFault::Inexact))?;
            if self.last.as_ref().is_some_and(|last| key.is_before(last)) {
                return Err(fault(KeyFault::Order));
            }
            sink.row(&row).map_err(DataApiError::Output)?;
            self.rows += 1;
            self.last = Some(key);
        }
        self.shape = Some(shape);
        Ok(bytes)
    }
}

impl Shape {
    fn new(descriptions: Vec<Description>, column: &str) -> Result<Self, DataApiError> {
        let columns: Vec<Column> = descriptions.iter().map(|description| description.column.clone()).collect();
        let fault = |reason| Err(DataApiError::Key { column: column.to_owned(), reason });
        // As MySQL compares names of columns.
        let is_key =
            |(index, found): (usize, &Column)| (found.name.to_lowercase() == column.to_lowercase()).then_some(index);
        let found: Vec<usize> = columns.iter().enumerate().filter_map(is_key).collect();
        let key = match found[..] {
            [key] => key,
            [] => return fault(KeyFault::Missing),
            _ => return fault(KeyFault::Ambiguous(found.len())),
        };
        if !can_be_key(&descriptions[key]) {
            return fault(KeyFault::Type(descriptions[key].type_name.clone()));
        }
        Ok(Self { descriptions, columns, key })
    }

    fn is_same(&self, others: &[Description]) -> bool {
        self.descriptions.len() == others.len()
            && self.descriptions.iter().zip(others).all(|(one, other)| {
                // Not the kind: of an unknown type it is only guessed, from the values of the page.
                one.column.name == other.column.name && one.type_name == other.type_name
            })
    }

    fn key_of(&self, text: &[u8]) -> Option<Key> {
        let description = &self.descriptions[self.key];
        let string = || String::from_utf8(text.to_vec()).ok();
        let value = match description.column.kind {
            _ if description.is_integer() => integer(str::from_utf8(text).ok()?)?,
            ColumnKind::Temporal if description.base == "YEAR" => integer(str::from_utf8(text).ok()?)?,
            ColumnKind::Decimal => ParameterValue::Decimal(string()?),
            ColumnKind::Binary => ParameterValue::Binary(text.to_vec()),
            // Times too: with a hint of their own they have milliseconds at most.
            _ => ParameterValue::Text(string()?),
        };
        Some(Key { text: text.to_vec(), value })
    }
}

impl Key {
    /// Whether it comes before another one, where that can be told without the server's collations.
    fn is_before(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (ParameterValue::Integer(one), ParameterValue::Integer(other)) => one < other,
            _ => false,
        }
    }
}

/// Whether the column has an order that a comparison follows, and values that can be sent back as they came. An ENUM is sorted
/// by number and compared by name.
fn can_be_key(description: &Description) -> bool {
    match description.column.kind {
        ColumnKind::Float | ColumnKind::Json | ColumnKind::Bit => false,
        ColumnKind::Binary => description.base.contains("BINARY") || description.base.contains("BLOB"),
        ColumnKind::Text => !matches!(description.base.as_str(), "ENUM" | "SET" | "NULL"),
        ColumnKind::Integer | ColumnKind::Decimal | ColumnKind::Temporal => true,
    }
}

fn integer(text: &str) -> Option<ParameterValue> {
    if let Ok(number) = text.parse() {
        return Some(ParameterValue::Integer(number));
    }
    // Beyond the service's own integers.
    text.parse::<u64>().ok().map(|number| ParameterValue::Decimal(number.to_string()))
}

fn is_tie(field: Option<&Field>) -> Option<bool> {
    match field? {
        Field::LongValue(value) => Some(*value != 0),
        Field::BooleanValue(value) => Some(*value),
        Field::StringValue(text) => text.parse::<i64>().ok().map(|value| value != 0),
        // A comparison with NULL, of a row that has no key: that is found out from the key itself.
        Field::IsNull(_) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_grows_to_the_wanted_size_and_shrinks_at_once() {
        for (size, bytes, expected) in [
            (100, 1, 200),
            (100, WANTED_BYTES / 2, 200),
            (100, WANTED_BYTES, 100),
            (100, WANTED_BYTES * 2, 50),
            (1, WANTED_BYTES * 2, 1),
            (LARGEST_PAGE, 1, LARGEST_PAGE),
            (100, 0, 200),
        ] {
            assert_eq!(next_size(size, bytes), expected, "{size} {bytes}");
        }
    }
}
