//! Tab-separated and comma-separated values. Pure: rows go to the sheet they are given.
//!
//! tsv is what `mysql -B` writes: `\\`, `\n`, `\t`, `\0` for those four bytes (not with `raw`), `NULL` for NULL, and one
//! result set directly after the other. Column names are escaped like cells, which `mysql` forgets.
//!
//! csv follows RFC 4180, with LF at the end of a record as most tools write it. NULL is an empty field and an empty
//! string is `""`. In a result of one column NULL is therefore an empty line, which some readers skip. An empty line
//! separates result sets.
//!
//! Both give binary cells as they are in a pipe, and in hexadecimal on a terminal.

use std::io;
use std::marker::PhantomData;

use crate::backend::{Column, ColumnKind, Row};
use crate::query::Style;
use crate::query::cell::{kinds, may_need_escape, readable};
use crate::query::escape::{Keep, push_for_terminal};
use crate::query::output::Layout;
use crate::query::pieces::Sheet;

/// How fields are written; a type rather than a value, so that the loop over the cells is compiled for it.
pub(super) trait Fields: Send {
    /// Stands between two fields.
    const SEPARATOR: u8;
    /// Stands for NULL.
    const NULL: &'static [u8];
    /// Stands between two result sets.
    const GAP: &'static [u8];
    /// Writes one field.
    fn push(out: &mut Vec<u8>, cell: &[u8], style: Style);
}

/// Tab-separated.
#[derive(Debug)]
pub(super) struct Tsv;

/// Comma-separated.
#[derive(Debug)]
pub(super) struct Csv;

/// One result set.
#[derive(Debug)]
pub(super) struct Delimited<F> {
    style: Style,
    names: Vec<String>,
    kinds: Vec<ColumnKind>,
    first: bool,
    scratch: Vec<u8>,
    fields: PhantomData<F>,
}

impl<F> Delimited<F> {
    /// `first`: whether no result set came before.
    pub(super) fn new(columns: &[Column], style: Style, first: bool) -> Self {
        let names = columns.iter().map(|column| column.name.clone()).collect();
        Self { style, names, kinds: kinds(columns), first, scratch: Vec::new(), fields: PhantomData }
    }
}

impl<F: Fields> Layout for Delimited<F> {
    fn begin(&mut self, sheet: &mut dyn Sheet) -> io::Result<()> {
        let out = sheet.bytes();
        if !self.first {
            out.extend_from_slice(F::GAP);
        }
        if self.style.headers {
            for (index, name) in self.names.iter().enumerate() {
                if index > 0 {
                    out.push(F::SEPARATOR);
                }
                F::push(out, name.as_bytes(), self.style);
            }
            out.push(b'\n');
        }
        sheet.row_complete()
    }

    fn row(&mut self, row: &dyn Row, sheet: &mut dyn Sheet) -> io::Result<()> {
        let out = sheet.bytes();
        for (index, kind) in self.kinds.iter().enumerate() {
            if index > 0 {
                out.push(F::SEPARATOR);
            }
            match row.cell(index) {
                None => out.extend_from_slice(F::NULL),
                Some(cell) => {
                    let text = readable(*kind, cell, self.style.terminal, &mut self.scratch);
                    F::push(out, text, self.style);
                }
            }
        }
        out.push(b'\n');
        sheet.row_complete()
    }
}

impl Fields for Tsv {
    const SEPARATOR: u8 = b'\t';
    const NULL: &'static [u8] = b"NULL";
    const GAP: &'static [u8] = b"";

    fn push(out: &mut Vec<u8>, cell: &[u8], style: Style) {
        match (style.raw, style.terminal) {
            (false, false) => push_tsv_escaped(out, cell),
            (true, false) => out.extend_from_slice(cell),
            (true, true) => push_for_terminal(out, cell, Keep::Lines),
            (false, true) => {
                let mut escaped = Vec::new();
                push_tsv_escaped(&mut escaped, cell);
                push_for_terminal(out, &escaped, Keep::Lines);
            }
        }
    }
}

impl Fields for Csv {
    const SEPARATOR: u8 = b',';
    const NULL: &'static [u8] = b"";
    const GAP: &'static [u8] = b"\n";

    fn push(out: &mut Vec<u8>, cell: &[u8], style: Style) {
        if style.terminal {
            let mut escaped = Vec::new();
            push_for_terminal(&mut escaped, cell, Keep::Lines);
            push_csv_quoted(out, &escaped);
        } else {
            push_csv_quoted(out, cell);
        }
    }
}

/// What follows the backslash in the escape of a byte; zero for a byte that needs none.
const TSV_ESCAPES: [u8; 256] = {
    let mut letters = [0; 256];
    letters[b'\\' as usize] = b'\\';
    letters[b'\n' as usize] = b'n';
    letters[b'\t' as usize] = b't';
    letters[0] = b'0';
    letters
};

fn push_tsv_escaped(out: &mut Vec<u8>, mut cell: &[u8]) {
    if may_need_escape(cell, b'\\', b'\\') {
        while let Some(at) = cell.iter().position(|byte| TSV_ESCAPES[usize::from(*byte)] != 0) {
            out.extend_from_slice(&cell[..at]);
            out.extend_from_slice(&[b'\\', TSV_ESCAPES[usize::from(cell[at])]]);
            cell = &cell[at + 1..];
        }
    }
    out.extend_from_slice(cell);
}

fn push_csv_quoted(out: &mut Vec<u8>, cell: &[u8]) {
    let quotes = || cell.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    if !(cell.is_empty() || may_need_escape(cell, b',', b'"') && quotes()) {
        return out.extend_from_slice(cell);
    }
    out.push(b'"');
    for (index, part) in cell.split(|byte| *byte == b'"').enumerate() {
        if index > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part);
    }
    out.push(b'"');
}
