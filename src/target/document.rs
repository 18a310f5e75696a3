//! A parsed file as a tree in which every node knows its place, so that TOML, YAML and JSON are read by the same strict
//! code and every error names a line and a column. Reads TOML itself; knows nothing of what the keys mean.

use std::cell::OnceCell;
use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Problem};

/// The text of a file and its name, to turn byte offsets into places.
#[derive(Debug)]
pub struct Source<'a> {
    path: &'a Path,
    text: &'a str,
    /// Where each line begins; found when a place is first asked for, since ten thousand hosts ask for many.
    line_starts: OnceCell<Vec<usize>>,
}

/// A value in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Byte offset of its first character.
    pub offset: usize,
    /// What it holds.
    pub content: Content,
}

/// What a [`Node`] holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// Something no key of ours takes, for example `a date`.
    Other(&'static str),
    /// An array.
    List(Vec<Node>),
    /// A table, in the order of the file.
    Table(Vec<Entry>),
}

/// One key of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key, unquoted.
    pub key: String,
    /// Byte offset of the key.
    pub offset: usize,
    /// Its value.
    pub value: Node,
}

impl Content {
    /// For error messages: `a string`, `an integer`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Boolean(_) => "a boolean",
            Self::Other(kind) => kind,
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl<'a> Source<'a> {
    /// The path is only shown; nothing is opened.
    pub const fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text, line_starts: OnceCell::new() }
    }

    /// The path as it will be shown.
    pub const fn path(&self) -> &'a Path {
        self.path
    }

    /// The whole text.
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// Line and column of a byte offset, both from 1; the column counts characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let (start, line) = self.line_start(offset);
        let column = self.text.get(start..self.floor(offset)).map_or(0, |before| before.chars().count());
        (line, column + 1)
    }

    /// A fault at a byte offset.
    pub fn fault(&self, offset: usize, problem: Problem) -> Fault {
        let (line, column) = self.position(offset);
        let (start, _) = self.line_start(offset);
        let source_line = self.text[start..].lines().next().unwrap_or_default();
        Fault {
            path: self.path.to_owned(),
            line,
            column,
            source_line: source_line.chars().take(200).collect(),
            problem,
        }
    }

    /// The largest character boundary that is not behind `offset`.
    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// Where the line of an offset begins, and its number.
    fn line_start(&self, offset: usize) -> (usize, usize) {
        let starts = self.line_starts.get_or_init(|| {
            let newlines = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect()
        });
        let line = starts.partition_point(|start| *start <= offset.min(self.text.len()));
        (starts.get(line.saturating_sub(1)).copied().unwrap_or(0), line)
    }

    /// Where character `inside` of a string value stands, if the string is written without escapes; else where it begins.
    pub fn inside(&self, node: &Node, value: &str, inside: usize) -> usize {
        let quoted = self.text.get(node.offset..).unwrap_or_default();
        let start = quoted.len() - quoted.trim_start_matches(['\'', '"']).len();
        let start = start + usize::from(start == 3 && quoted[3..].starts_with('\n'));
        if quoted[start..].starts_with(value) { node.offset + start + inside } else { node.offset }
    }

    /// Reads the text as TOML.
    pub fn parse_toml(&self) -> Result<Vec<Entry>, Vec<Fault>> {
        let table = DeTable::parse(self.text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            vec![self.fault(offset, Problem::Syntax(error.message().to_owned()))]
        })?;
        Ok(entries(table.get_ref()))
    }
}

fn entries(table: &DeTable<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            offset: key.span().start,
            value: node(value.span(), value.get_ref()),
        })
        .collect();
    // The parser keeps keys in alphabetical order; errors are wanted in the order of the file.
    entries.sort_by_key(|entry| entry.offset);
    entries
}

fn node(span: Range<usize>, value: &DeValue<'_>) -> Node {
    let content = match value {
        DeValue::String(text) => Content::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Content::Other("an integer beyond 64 bits"), Content::Integer),
        DeValue::Boolean(value) => Content::Boolean(*value),
        DeValue::Float(_) => Content::Other("a float"),
        DeValue::Datetime(_) => Content::Other("a date"),
        DeValue::Array(items) => Content::List(items.iter().map(|item| node(item.span(), item.get_ref())).collect()),
        DeValue::Table(table) => Content::Table(entries(table)),
    };
    Node { offset: span.start, content }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_and_in_characters() {
        let source = Source::new(Path::new("x"), "a\nüb\n");
        for (offset, place) in
            [(0, (1, 1)), (1, (1, 2)), (2, (2, 1)), (3, (2, 1)), (4, (2, 2)), (5, (2, 3)), (99, (3, 1))]
        {
            assert_eq!(source.position(offset), place, "{offset}");
        }
    }

    #[test]
    fn a_syntax_error_names_its_line() {
        let source = Source::new(Path::new("x.toml"), "user = \"dba\"\nport = = 3\n");
        let fault = source.parse_toml().unwrap_err().remove(0);
        assert_eq!((fault.line, fault.source_line.as_str()), (2, "port = = 3"));
    }

    #[test]
    fn keys_come_in_the_order_of_the_file() {
        let source = Source::new(Path::new("x.toml"), "b = 1\na = [true, 'x']\n[c]\nz = 0x1f\n");
        let entries = source.parse_toml().unwrap();
        assert_eq!(entries.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>(), ["b", "a", "c"]);
        let Content::Table(inner) = &entries[2].value.content else { panic!("a table") };
        assert_eq!(inner[0].value.content, Content::Integer(31));
    }
}
