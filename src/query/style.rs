//! The formats that results can be written in, and how one is chosen. Pure.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The layout of result sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// MySQL's box of `+`, `-` and `|`.
    Table,
    /// One column a line, as after `\G`.
    Vertical,
    /// One array of objects for each result set.
    Json,
    /// One object a line.
    Jsonl,
    /// RFC 4180 with LF at the end of a record.
    Csv,
    /// What `mysql -B` writes.
    Tsv,
    /// A table of GitHub-flavoured Markdown.
    Markdown,
}

impl Format {
    /// All formats, in the order of the help text.
    pub const ALL: [Self; 7] =
        [Self::Table, Self::Vertical, Self::Json, Self::Jsonl, Self::Csv, Self::Tsv, Self::Markdown];

    /// The name as users type it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Vertical => "vertical",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Markdown => "markdown",
        }
    }

    /// The format to use: `--format`, else `-E`, else `-B`, else what suits the place stdout goes to.
    pub const fn choose(flag: Option<Self>, batch: bool, vertical: bool, stdout_is_terminal: bool) -> Self {
        match flag {
            Some(format) => format,
            None if vertical => Self::Vertical,
            None if batch || !stdout_is_terminal => Self::Tsv,
            None => Self::Table,
        }
    }

    /// The format of one statement that ended in `\G`. Only the two formats of `mysql` itself give way: a CSV file with
    /// a few rows in another shape would be no CSV file.
    #[must_use]
    pub const fn for_vertical_statement(self) -> Self {
        match self {
            Self::Table | Self::Tsv => Self::Vertical,
            other => other,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A name that is no format.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown format {name:?}; the formats are table, vertical, json, jsonl, csv, tsv and markdown")]
pub struct UnknownFormat {
    /// What was asked for.
    pub name: String,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| UnknownFormat { name: name.into() })
    }
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// The layout.
    pub format: Format,
    /// Whether column names are written; `-N` clears it. JSON always has them.
    pub headers: bool,
    /// Whether tsv leaves newlines, tabs, NULs and backslashes as they are, as `mysql -r` does.
    pub raw: bool,
    /// Whether the reader is a terminal: then nothing that could drive it is let through, and binary cells are shown
    /// in hexadecimal. Independent of the format.
    pub terminal: bool,
}

impl Style {
    /// A format with column names, escapes where the format has them, for a pipe.
    pub const fn new(format: Format) -> Self {
        Self { format, headers: true, raw: false, terminal: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_follows_flags_then_the_place() {
        for (flag, batch, vertical, terminal, expected) in [
            (None, false, false, true, Format::Table),
            (None, false, false, false, Format::Tsv),
            (None, true, false, true, Format::Tsv),
            (None, true, true, true, Format::Vertical),
            (None, false, true, false, Format::Vertical),
            (Some(Format::Json), true, true, true, Format::Json),
            (Some(Format::Table), true, false, false, Format::Table),
        ] {
            assert_eq!(Format::choose(flag, batch, vertical, terminal), expected);
        }
    }

    #[test]
    fn names_are_read_back() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert_eq!("xml".parse::<Format>(), Err(UnknownFormat { name: "xml".into() }));
        for format in Format::ALL {
            assert!(UnknownFormat { name: String::new() }.to_string().contains(format.name()));
        }
    }
}
