//! A table of GitHub-flavoured Markdown for each result set. Pure.
//!
//! A pipe and a backslash get a backslash; a line break becomes `<br>`, and so that data cannot be taken for markup
//! `<` and `&` become entities. NULL is `NULL`; binary is hexadecimal. Columns are not padded, so rows are streamed.
//! Without column names there is no table to GitHub's eyes: `-N` gives rows to append to one.

use std::borrow::Cow;
use std::io;

use crate::backend::{Column, ColumnKind, Row};
use crate::query::Style;
use crate::query::cell::{is_number, kinds, readable};
use crate::query::escape::{Keep, push_for_terminal};
use crate::query::output::Layout;
use crate::query::pieces::Sheet;

/// One table.
#[derive(Debug)]
pub(super) struct Markdown {
    style: Style,
    names: Vec<String>,
    kinds: Vec<ColumnKind>,
    first: bool,
    scratch: Vec<u8>,
}

impl Markdown {
    /// `first`: whether no result set came before. Two tables need an empty line between them.
    pub(super) fn new(columns: &[Column], style: Style, first: bool) -> Self {
        let names = columns.iter().map(|column| column.name.clone()).collect();
        Self { style, names, kinds: kinds(columns), first, scratch: Vec::new() }
    }
}

impl Layout for Markdown {
    fn begin(&mut self, sheet: &mut dyn Sheet) -> io::Result<()> {
        let out = sheet.bytes();
        if !self.first {
            out.push(b'\n');
        }
        if self.style.headers {
            for name in &self.names {
                out.extend_from_slice(b"| ");
                push_cell(out, name.as_bytes(), self.style.terminal);
                out.push(b' ');
            }
            out.extend_from_slice(b"|\n");
            for kind in &self.kinds {
                out.extend_from_slice(if is_number(*kind) { b"| ---: " } else { b"| --- " });
            }
            out.extend_from_slice(b"|\n");
        }
        sheet.row_complete()
    }

    fn row(&mut self, row: &dyn Row, sheet: &mut dyn Sheet) -> io::Result<()> {
        let out = sheet.bytes();
        for (index, kind) in self.kinds.iter().enumerate() {
            out.extend_from_slice(b"| ");
            match row.cell(index) {
                None => out.extend_from_slice(b"NULL"),
                Some(cell) => {
                    push_cell(out, readable(*kind, cell, true, &mut self.scratch), self.style.terminal);
                }
            }
            out.push(b' ');
        }
        out.extend_from_slice(b"|\n");
        sheet.row_complete()
    }
}

fn push_cell(out: &mut Vec<u8>, cell: &[u8], terminal: bool) {
    let cell = escape_markup(cell);
    if terminal { push_for_terminal(out, &cell, Keep::Lines) } else { out.extend_from_slice(&cell) }
}

fn escape_markup(cell: &[u8]) -> Cow<'_, [u8]> {
    if !cell.iter().any(|byte| matches!(byte, b'|' | b'\\' | b'<' | b'&' | b'\n' | b'\r')) {
        return Cow::Borrowed(cell);
    }
    let mut escaped = Vec::with_capacity(cell.len() + 16);
    let mut bytes = cell.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'|' | b'\\' => escaped.extend_from_slice(&[b'\\', *byte]),
            b'<' => escaped.extend_from_slice(b"&lt;"),
            b'&' => escaped.extend_from_slice(b"&amp;"),
            b'\n' => escaped.extend_from_slice(b"<br>"),
            b'\r' => {
                bytes.next_if_eq(&&b'\n');
                escaped.extend_from_slice(b"<br>");
            }
            _ => escaped.push(*byte),
        }
    }
    Cow::Owned(escaped)
}
