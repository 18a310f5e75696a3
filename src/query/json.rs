//! JSON: an array of objects for each result set, or one object a line. Pure.
//!
//! An integer, a BIT or a finite float is a number; DECIMAL, dates and times are strings, so that nothing is rounded
//! or reinterpreted; binary is base64; a JSON column is nested byte for byte (line breaks between its tokens become
//! spaces, since a line is a row); NULL is null. Where a cell is not what its column promises it becomes a string, and
//! where it is not UTF-8 either it becomes `{"base64":"…"}`, which no text can be mistaken for.
//!
//! A repeated column name becomes `name_2`, `name_3` and so on, avoiding names that exist. Each array starts on its own
//! line with a row a line in it; the array of an incomplete result is not closed.

use std::collections::{HashMap, HashSet};
use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::backend::{Column, ColumnKind, Row};
use crate::query::Style;
use crate::query::cell::{bit_value, is_json_document, json_number, kinds, may_need_escape};
use crate::query::escape::drives_terminal;
use crate::query::output::Layout;
use crate::query::pieces::Sheet;

/// Objects, in an array or each on its own line.
#[derive(Debug)]
pub(super) struct Json {
    /// `{"first":`, `,"second":` …
    keys: Vec<Vec<u8>>,
    kinds: Vec<ColumnKind>,
    array: bool,
    terminal: bool,
    any_row: bool,
    base64: String,
}

impl Json {
    pub(super) fn new(columns: &[Column], style: Style, array: bool) -> Self {
        let keys = distinct_names(columns)
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let mut key = vec![if index == 0 { b'{' } else { b',' }];
                push_string(&mut key, name, style.terminal);
                key.push(b':');
                key
            })
            .collect();
        let kinds = kinds(columns);
        Self { keys, kinds, array, terminal: style.terminal, any_row: false, base64: String::new() }
    }

    fn push_cell(&mut self, out: &mut Vec<u8>, kind: ColumnKind, cell: &[u8]) {
        match kind {
            ColumnKind::Binary => return self.push_base64(out, cell),
            ColumnKind::Bit => {
                return match bit_value(cell) {
                    Some(value) => out.extend_from_slice(value.to_string().as_bytes()),
                    None => self.push_base64(out, cell),
                };
            }
            ColumnKind::Integer | ColumnKind::Float => {
                if let Some((sign, digits)) = json_number(cell) {
                    out.extend_from_slice(sign.as_bytes());
                    return out.extend_from_slice(digits);
                }
            }
            ColumnKind::Decimal | ColumnKind::Text | ColumnKind::Temporal | ColumnKind::Json => {}
        }
        match str::from_utf8(cell) {
            Ok(document) if kind == ColumnKind::Json && is_json_document(document) => {
                push_document(out, document, self.terminal);
            }
            Ok(text) => push_string(out, text, self.terminal),
            Err(_) => {
                out.extend_from_slice(b"{\"base64\":");
                self.push_base64(out, cell);
                out.push(b'}');
            }
        }
    }

    fn push_base64(&mut self, out: &mut Vec<u8>, cell: &[u8]) {
        self.base64.clear();
        STANDARD.encode_string(cell, &mut self.base64);
        out.push(b'"');
        out.extend_from_slice(self.base64.as_bytes());
        out.push(b'"');
    }
}

impl Layout for Json {
    fn row(&mut self, row: &dyn Row, sheet: &mut dyn Sheet) -> io::Result<()> {
        let out = sheet.bytes();
        if self.array {
            out.extend_from_slice(if self.any_row { b",\n" } else { b"[\n" });
        }
        self.any_row = true;
        for index in 0..self.kinds.len() {
            out.extend_from_slice(&self.keys[index]);
            match row.cell(index) {
                None => out.extend_from_slice(b"null"),
                Some(cell) => self.push_cell(out, self.kinds[index], cell),
            }
        }
        out.push(b'}');
        if !self.array {
            out.push(b'\n');
        }
        sheet.row_complete()
    }

    fn end(&mut self, complete: bool, sheet: &mut dyn Sheet) -> io::Result<()> {
        if self.array {
            sheet.bytes().extend_from_slice(match (complete, self.any_row) {
                (true, true) => b"\n]\n",
                (true, false) => b"[]\n",
                (false, true) => b"\n",
                (false, false) => b"",
            });
        }
        sheet.row_complete()
    }
}

/// The names with repeated ones numbered. Names that the server gave are never taken for a number of another.
fn distinct_names(columns: &[Column]) -> Vec<String> {
    let mut taken: HashSet<String> = columns.iter().map(|column| column.name.clone()).collect();
    let mut next_number: HashMap<&str, usize> = HashMap::new();
    columns
        .iter()
        .map(|column| {
            let number = next_number.entry(&column.name).or_insert(1);
            if *number == 1 {
                *number = 2;
                return column.name.clone();
            }
            loop {
                let name = format!("{}_{number}", column.name);
                *number += 1;
                if taken.insert(name.clone()) {
                    return name;
                }
            }
        })
        .collect()
}

fn push_string(out: &mut Vec<u8>, text: &str, terminal: bool) {
    out.push(b'"');
    if terminal {
        for character in text.chars() {
            match character {
                '"' | '\\' | '\0'..='\x1f' => push_escape(out, character as u8),
                _ => push_harmless(out, character),
            }
        }
    } else if may_need_escape(text.as_bytes(), b'"', b'\\') {
        let mut written = 0;
        for (index, byte) in text.bytes().enumerate() {
            if byte < 0x20 || byte == b'"' || byte == b'\\' {
                out.extend_from_slice(&text.as_bytes()[written..index]);
                push_escape(out, byte);
                written = index + 1;
            }
        }
        out.extend_from_slice(&text.as_bytes()[written..]);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
}

/// A document that is known to be valid: outside its strings line breaks are spaces, and only inside them can there be
/// characters beyond ASCII, so that these can be escaped without looking where they stand.
fn push_document(out: &mut Vec<u8>, document: &str, terminal: bool) {
    if terminal {
        for character in document.chars() {
            match character {
                '\n' | '\r' => out.push(b' '),
                '\t' => out.push(b'\t'),
                _ => push_harmless(out, character),
            }
        }
    } else {
        let from = out.len();
        out.extend_from_slice(document.as_bytes());
        for byte in &mut out[from..] {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
}

/// Escapes what JSON requires to be escaped.
fn push_escape(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\t' => out.extend_from_slice(b"\\t"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        _ => push_unit(out, u16::from(byte)),
    }
}

/// A character of a string, as `\u` escapes of its UTF-16 units if it would act on a terminal.
fn push_harmless(out: &mut Vec<u8>, character: char) {
    if drives_terminal(character) {
        for unit in character.encode_utf16(&mut [0; 2]) {
            push_unit(out, *unit);
        }
    } else {
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

fn push_unit(out: &mut Vec<u8>, unit: u16) {
    out.extend_from_slice(b"\\u");
    crate::query::escape::push_hex(out, &unit.to_be_bytes());
}
