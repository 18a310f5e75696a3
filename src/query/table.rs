//! MySQL's box. Pure.
//!
//! Numbers are set flush right. A line break, a tab and a NUL in a cell are shown as `\n`, `\t`, `\r`, `\0`, because a
//! row is one line; binary is hexadecimal. A result without rows writes nothing, as in `mysql`.
//!
//! The widths of the columns need the rows, so rows are held back, but only so many: then they are written as a page
//! whose widths fit the rows so far. A later page that fits goes on in the same box; one that needs more width closes
//! it and opens a wider one.

use std::io;

use unicode_width::UnicodeWidthStr;

use crate::backend::{Column, ColumnKind, Row};
use crate::query::Style;
use crate::query::cell::{is_number, kinds, readable};
use crate::query::escape::{Keep, push_for_terminal};
use crate::query::output::Layout;
use crate::query::pieces::Sheet;

/// A page is full with this many rows,
const PAGE_ROWS: usize = 1000;
/// or this many bytes of text,
const PAGE_BYTES: usize = 1 << 20;
/// or this many cells, which bounds what is remembered of each.
const PAGE_CELLS: usize = 1 << 16;
/// One long cell must not pad every other row to its length: what is wider sticks out of the box.
const MAXIMUM_WIDTH: usize = 4096;

/// One result set.
#[derive(Debug)]
pub(super) struct Table {
    style: Style,
    names: Page,
    kinds: Vec<ColumnKind>,
    /// Inner width of each column of the box that is open, or was last.
    widths: Vec<usize>,
    page: Page,
    box_is_open: bool,
    scratch: Vec<u8>,
}

/// Cells ready to be shown.
#[derive(Debug, Default)]
struct Page {
    text: Vec<u8>,
    /// For each cell where it ends in `text`, and its width.
    cells: Vec<(usize, usize)>,
}

impl Table {
    pub(super) fn new(columns: &[Column], style: Style) -> Self {
        let mut names = Page::default();
        for column in columns {
            names.push(column.name.as_bytes(), style.terminal);
        }
        let widths = vec![0; columns.len()];
        let (kinds, page) = (kinds(columns), Page::default());
        Self { style, names, kinds, widths, page, box_is_open: false, scratch: Vec::new() }
    }

    fn write_page(&mut self, sheet: &mut dyn Sheet) -> io::Result<()> {
        if self.page.cells.is_empty() {
            return Ok(());
        }
        let mut widths = self.widths.clone();
        widen(&mut widths, &self.page);
        if self.style.headers {
            widen(&mut widths, &self.names);
        }
        if !self.box_is_open || widths != self.widths {
            if self.box_is_open && self.style.headers {
                push_border(sheet.bytes(), &self.widths);
            }
            self.widths = widths;
            push_border(sheet.bytes(), &self.widths);
            if self.style.headers {
                self.names.push_lines(sheet, &self.widths, |_| false)?;
                push_border(sheet.bytes(), &self.widths);
            }
            self.box_is_open = true;
        }
        self.page.push_lines(sheet, &self.widths, |index| is_number(self.kinds[index]))?;
        self.page.clear();
        Ok(())
    }
}

impl Layout for Table {
    fn row(&mut self, row: &dyn Row, sheet: &mut dyn Sheet) -> io::Result<()> {
        // Not when the page fills up: it may be the last one.
        let rows = self.page.cells.len() / self.kinds.len().max(1);
        if rows >= PAGE_ROWS || self.page.text.len() >= PAGE_BYTES || self.page.cells.len() >= PAGE_CELLS {
            self.write_page(sheet)?;
        }
        for (index, kind) in self.kinds.iter().enumerate() {
            match row.cell(index) {
                None => self.page.push(b"NULL", false),
                Some(cell) => self.page.push(readable(*kind, cell, true, &mut self.scratch), self.style.terminal),
            }
        }
        Ok(())
    }

    fn end(&mut self, complete: bool, sheet: &mut dyn Sheet) -> io::Result<()> {
        self.write_page(sheet)?;
        if self.box_is_open && complete {
            push_border(sheet.bytes(), &self.widths);
        }
        sheet.row_complete()
    }

    fn is_paged(&self) -> bool {
        // Before the end a box is open only because a page was written.
        self.box_is_open
    }
}

impl Page {
    fn push(&mut self, cell: &[u8], terminal: bool) {
        let from = self.text.len();
        if terminal {
            push_for_terminal(&mut self.text, cell, Keep::Nothing);
        } else {
            for byte in cell {
                match byte {
                    b'\n' => self.text.extend_from_slice(b"\\n"),
                    b'\t' => self.text.extend_from_slice(b"\\t"),
                    b'\r' => self.text.extend_from_slice(b"\\r"),
                    0 => self.text.extend_from_slice(b"\\0"),
                    _ => self.text.push(*byte),
                }
            }
        }
        let width = width(&self.text[from..]);
        self.cells.push((self.text.len(), width));
    }

    fn push_lines(&self, sheet: &mut dyn Sheet, widths: &[usize], right: impl Fn(usize) -> bool) -> io::Result<()> {
        let mut from = 0;
        for row in self.cells.chunks(widths.len()) {
            let out = sheet.bytes();
            for (index, (end, width)) in row.iter().enumerate() {
                let padding = widths[index].saturating_sub(*width);
                out.extend_from_slice(b"| ");
                if right(index) {
                    out.resize(out.len() + padding, b' ');
                }
                out.extend_from_slice(&self.text[from..*end]);
                if !right(index) {
                    out.resize(out.len() + padding, b' ');
                }
                out.push(b' ');
                from = *end;
            }
            out.extend_from_slice(b"|\n");
            sheet.row_complete()?;
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(2 * PAGE_BYTES);
        self.cells.clear();
    }
}

fn widen(widths: &mut [usize], page: &Page) {
    for row in page.cells.chunks(widths.len()) {
        for (width, (_, wanted)) in widths.iter_mut().zip(row) {
            *width = (*width).max((*wanted).min(MAXIMUM_WIDTH));
        }
    }
}

fn push_border(out: &mut Vec<u8>, widths: &[usize]) {
    for width in widths {
        out.push(b'+');
        out.resize(out.len() + width + 2, b'-');
    }
    out.extend_from_slice(b"+\n");
}

/// The columns that a terminal needs; one for each byte sequence that is no character.
fn width(text: &[u8]) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.utf8_chunks().map(|chunk| chunk.valid().width() + usize::from(!chunk.invalid().is_empty())).sum()
}
