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

use crate::backend::{Column, ColumnKind, Row};
use crate::query::Style;
use crate::query::cell::{kinds, may_need_escape, readable};
use crate::query::escape::{Keep, push_for_terminal};
use crate::query::output::Layout;
use crate::query::pieces::Sheet;

/// How one field is written.
type PushField = fn(&mut Vec<u8>, &[u8], Style);

/// One of the two.
#[derive(Debug)]
pub(super) struct Delimited {
    style: Style,
    names: Vec<String>,
    kinds: Vec<ColumnKind>,
    separator: u8,
    null: &'static [u8],
    push_field: PushField,
    /// What stands before the column names.
    opening: &'static [u8],
    scratch: Vec<u8>,
}

impl Delimited {
    pub(super) fn tsv(columns: &[Column], style: Style) -> Self {
        let push_field = match (style.raw, style.terminal) {
            (true, false) => |out: &mut Vec<u8>, cell: &[u8], _| out.extend_from_slice(cell),
            _ => push_tsv_field,
        };
        Self::of(columns, style, b'\t', b"NULL", push_field, b"")
    }

    /// `first`: whether no result set came before.
    pub(super) fn csv(columns: &[Column], style: Style, first: bool) -> Self {
        Self::of(columns, style, b',', b"", push_csv_field, if first { b"" } else { b"\n" })
    }

    fn of(
        columns: &[Column],
        style: Style,
        separator: u8,
        null: &'static [u8],
        push_field: PushField,
        opening: &'static [u8],
    ) -> Self {
        let names = columns.iter().map(|column| column.name.clone()).collect();
        Self { style, names, kinds: kinds(columns), separator, null, push_field, opening, scratch: Vec::new() }
    }
}

impl Layout for Delimited {
    fn begin(&mut self, sheet: &mut dyn Sheet) -> io::Result<()> {
        let out = sheet.bytes();
        out.extend_from_slice(self.opening);
        if self.style.headers {
            for (index, name) in self.names.iter().enumerate() {
                if index > 0 {
                    out.push(self.separator);
                }
                (self.push_field)(out, name.as_bytes(), self.style);
            }
            out.push(b'\n');
        }
        sheet.row_complete()
    }

    fn row(&mut self, row: &dyn Row, sheet: &mut dyn Sheet) -> io::Result<()> {
        let out = sheet.bytes();
        for (index, kind) in self.kinds.iter().enumerate() {
            if index > 0 {
                out.push(self.separator);
            }
            match row.cell(index) {
                None => out.extend_from_slice(self.null),
                Some(cell) => {
                    let text = readable(*kind, cell, self.style.terminal, &mut self.scratch);
                    (self.push_field)(out, text, self.style);
                }
            }
        }
        out.push(b'\n');
        sheet.row_complete()
    }
}

fn push_tsv_field(out: &mut Vec<u8>, cell: &[u8], style: Style) {
    if style.terminal {
        let mut escaped = Vec::new();
        if style.raw {
            escaped.extend_from_slice(cell);
        } else {
            push_tsv_escaped(&mut escaped, cell);
        }
        push_for_terminal(out, &escaped, Keep::Lines);
    } else {
        push_tsv_escaped(out, cell);
    }
}

fn push_tsv_escaped(out: &mut Vec<u8>, cell: &[u8]) {
    if !may_need_escape(cell, b'\\', b'\\') {
        return out.extend_from_slice(cell);
    }
    let mut written = 0;
    for (index, byte) in cell.iter().enumerate() {
        let escape = match byte {
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\t' => b"\\t",
            0 => b"\\0",
            _ => continue,
        };
        out.extend_from_slice(&cell[written..index]);
        out.extend_from_slice(escape);
        written = index + 1;
    }
    out.extend_from_slice(&cell[written..]);
}

fn push_csv_field(out: &mut Vec<u8>, cell: &[u8], style: Style) {
    if style.terminal {
        let mut escaped = Vec::new();
        push_for_terminal(&mut escaped, cell, Keep::Lines);
        push_csv_quoted(out, &escaped);
    } else {
        push_csv_quoted(out, cell);
    }
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
