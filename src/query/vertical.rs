//! One column a line, as `mysql` shows it after `\G` or with `-E`. Pure.
//!
//! Column names are set flush right. Line breaks in a cell stay, as there; binary is hexadecimal. With `-N` only the
//! cells are written, as there. A result without rows writes nothing.

use std::borrow::Cow;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::backend::{Column, ColumnKind, Row};
use crate::query::Style;
use crate::query::cell::{kinds, readable};
use crate::query::escape::{Keep, escape_line_for_terminal, push_for_terminal};
use crate::query::output::Layout;
use crate::query::pieces::Sheet;

const STARS: &str = "***************************";

/// One result set.
#[derive(Debug)]
pub(super) struct Vertical {
    style: Style,
    /// Padded, with `: ` after it.
    names: Vec<String>,
    kinds: Vec<ColumnKind>,
    rows: u64,
    scratch: Vec<u8>,
}

impl Vertical {
    pub(super) fn new(columns: &[Column], style: Style) -> Self {
        let shown: Vec<_> = columns
            .iter()
            .map(|Column { name, .. }| if style.terminal { escape_line_for_terminal(name) } else { Cow::from(name) })
            .collect();
        let widest = shown.iter().map(|name| name.width()).max().unwrap_or(0);
        let names = shown.iter().map(|name| format!("{}{name}: ", " ".repeat(widest - name.width()))).collect();
        Self { style, names, kinds: kinds(columns), rows: 0, scratch: Vec::new() }
    }
}

impl Layout for Vertical {
    fn row(&mut self, row: &dyn Row, sheet: &mut dyn Sheet) -> io::Result<()> {
        let out = sheet.bytes();
        self.rows += 1;
        if self.style.headers {
            writeln!(out, "{STARS} {}. row {STARS}", self.rows)?;
        }
        for (index, kind) in self.kinds.iter().enumerate() {
            if self.style.headers {
                out.extend_from_slice(self.names[index].as_bytes());
            }
            match row.cell(index) {
                None => out.extend_from_slice(b"NULL"),
                Some(cell) => {
                    let text = readable(*kind, cell, true, &mut self.scratch);
                    if self.style.terminal {
                        push_for_terminal(out, text, Keep::Lines);
                    } else {
                        out.extend_from_slice(text);
                    }
                }
            }
            out.push(b'\n');
        }
        sheet.row_complete()
    }
}
