//! Takes results as they arrive and writes them, row by row, in the chosen format.
//!
//! The writer is handed whole rows only, many at a time: if the server or the network fails in the middle of a row, the
//! last line written is still a whole row. What a format cannot say of an incomplete result (the end of an array, the
//! lower border of a box) is then not written either.

use std::io::{self, Write};

use crate::backend::{Column, Outcome, ResultSink, Row};
use crate::query::delimited::{Csv, Delimited, Tsv};
use crate::query::json::Json;
use crate::query::markdown::Markdown;
use crate::query::pieces::{Pieces, Sheet};
use crate::query::table::Table;
use crate::query::vertical::Vertical;
use crate::query::{Format, Style};

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod reader_tests;
#[cfg(test)]
mod tests;

/// Hears what is for people rather than for the reader of the rows.
pub trait Listener {
    /// A result set, or a statement without one, is complete; `rows` were written and have reached the writer.
    fn result(&mut self, outcome: &Outcome, rows: u64);
    /// A table is longer than a page: its columns are from now on as wide as the rows so far need. Said once.
    fn table_is_paged(&mut self);
}

/// The arrangement of one result set. What is on the sheet when a method returns must be whole rows.
pub(super) trait Layout {
    /// What stands before the first row.
    fn begin(&mut self, _sheet: &mut dyn Sheet) -> io::Result<()> {
        Ok(())
    }
    /// One row.
    fn row(&mut self, row: &dyn Row, sheet: &mut dyn Sheet) -> io::Result<()>;
    /// What stands after the last row; not `complete` when more rows should have come.
    fn end(&mut self, _complete: bool, _sheet: &mut dyn Sheet) -> io::Result<()> {
        Ok(())
    }
    /// Whether rows were written before all were known, at the cost of the layout.
    fn is_paged(&self) -> bool {
        false
    }
}

/// Writes results to `W` and tells `L` of each.
///
/// Writes are at least 64 KiB long, save the last of a result set, so `W` needs no buffer of its own.
pub struct Output<W, L> {
    pieces: Pieces<W>,
    listener: L,
    style: Style,
    vertical: bool,
    /// The result set under way.
    layout: Option<Box<dyn Layout + Send>>,
    /// Rows of it.
    rows: u64,
    /// Result sets begun.
    sets: u64,
    told_of_pages: bool,
}

impl<W: Write, L: Listener> Output<W, L> {
    /// An output with nothing written to it.
    pub fn new(writer: W, style: Style, listener: L) -> Self {
        let pieces = Pieces::new(writer);
        Self { pieces, listener, style, vertical: false, layout: None, rows: 0, sets: 0, told_of_pages: false }
    }

    /// Whether the next statement ended in `\G`. To be said before each statement.
    pub fn set_vertical(&mut self, vertical: bool) {
        self.vertical = vertical;
    }

    /// Hands every whole row to the writer and flushes it. To be called last, whether or not the statements succeeded:
    /// a result set that [`ResultSink::end`] did not close is left open in the output too.
    pub fn finish(&mut self) -> io::Result<()> {
        self.abandon()?;
        self.pieces.flush()
    }

    /// Whether a result set has begun and not ended: its rows are incomplete.
    pub fn is_incomplete(&self) -> bool {
        self.layout.is_some()
    }

    /// Rows of the result set under way, or else of the last one.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The listener.
    pub fn listener(&mut self) -> &mut L {
        &mut self.listener
    }

    /// Gives the writer back; what was not written by [`Output::finish`] is dropped.
    pub fn into_writer(self) -> W {
        self.pieces.into_writer()
    }

    /// Ends a result set of which no more rows come.
    fn abandon(&mut self) -> io::Result<()> {
        self.layout.take().map_or(Ok(()), |mut layout| layout.end(false, &mut self.pieces))
    }

    fn layout(&self, columns: &[Column]) -> Box<dyn Layout + Send> {
        let (style, first) = (self.style, self.sets == 0);
        let format = if self.vertical { style.format.for_vertical_statement() } else { style.format };
        match format {
            Format::Table => Box::new(Table::new(columns, style)),
            Format::Vertical => Box::new(Vertical::new(columns, style)),
            Format::Json => Box::new(Json::new(columns, style, true)),
            Format::Jsonl => Box::new(Json::new(columns, style, false)),
            Format::Csv => Box::new(Delimited::<Csv>::new(columns, style, first)),
            Format::Tsv => Box::new(Delimited::<Tsv>::new(columns, style, first)),
            Format::Markdown => Box::new(Markdown::new(columns, style, first)),
        }
    }
}

impl<W: Write, L: Listener> ResultSink for Output<W, L> {
    fn columns(&mut self, columns: &[Column]) -> io::Result<()> {
        self.abandon()?;
        if columns.is_empty() {
            return Err(io::Error::other("a result set came without columns"));
        }
        let mut layout = self.layout(columns);
        self.sets += 1;
        self.rows = 0;
        layout.begin(&mut self.pieces)?;
        self.layout = Some(layout);
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> io::Result<()> {
        let Some(layout) = &mut self.layout else {
            return Err(io::Error::other("a row came before its columns"));
        };
        layout.row(row, &mut self.pieces)?;
        self.rows += 1;
        if layout.is_paged() && !self.told_of_pages {
            self.told_of_pages = true;
            self.listener.table_is_paged();
        }
        Ok(())
    }

    fn end(&mut self, outcome: &Outcome) -> io::Result<()> {
        let rows = match self.layout.take() {
            Some(mut layout) => {
                layout.end(true, &mut self.pieces)?;
                self.rows
            }
            None => 0,
        };
        // Also so that what the listener says of this result cannot overtake it.
        self.pieces.flush()?;
        self.listener.result(outcome, rows);
        Ok(())
    }
}
