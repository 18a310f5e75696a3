//! Splits SQL text into statements, piece by piece, with memory for one statement. Pure: it is given bytes.
//!
//! The rules are those of the `mysql` and `mariadb` clients in batch mode, so that a script or a dump that works there
//! works here. What differs, on purpose:
//! - Comments stay in the text (they may be hints, or tags that a proxy reads), except line comments before a
//!   statement. A text of comments only is no statement.
//! - Bytes are left as they are: no CRLF is turned into LF, NUL is allowed.
//! - A block comment ends at the first `*/`, as for the server; MariaDB's client goes on after a `/*!` inside it.
//! - `DELIMITER` is understood wherever a statement could start, not only at the start of a line.
//! - Client commands other than `\g`, `\G` and `DELIMITER` are not carried out (`\!` would run a shell): they stay in
//!   the text and the server refuses it.
//! - An unclosed string or comment at the end is handed over as it stands, for the server to refuse in its own words,
//!   rather than be dropped.

use memchr::{memchr, memchr_iter, memchr2, memmem};

pub(super) use self::delimiter::is_space;
use self::delimiter::{Command, Delimiter, read_command};
use crate::query::Error;

mod delimiter;
#[cfg(test)]
mod tests;

/// The longest statement that is read: the largest `max_allowed_packet` a server can have.
pub const MAXIMUM_STATEMENT_BYTES: usize = 1 << 30;

/// Room for text that is kept between pieces; what a long statement needed beyond it is given back.
const KEPT_CAPACITY: usize = 1 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One statement, without its delimiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The text as it was written; may hold any byte.
    pub sql: &'a [u8],
    /// The line at which it starts, counted from 1; comments before it do not count.
    pub line: u64,
    /// Whether it ended in `\G`: its rows are wanted one column a line.
    pub vertical: bool,
}

/// Finds statements in text that arrives in pieces.
///
/// Push a piece, take statements until there is none, push the next; call [`Splitter::finish`] after the last piece and
/// take what is left. How the text is cut into pieces makes no difference.
#[derive(Debug)]
pub struct Splitter {
    buffer: Vec<u8>,
    /// Where the text of the statement under way starts; everything before it is done with.
    start: usize,
    /// The first byte not looked at.
    scan: usize,
    /// The line of the byte at `counted`; lines are counted in long runs, and only where somebody asks.
    line: u64,
    counted: usize,
    place: Place,
    /// The line of the first byte that stays in the text, block comment or code, once there is one.
    begun_line: Option<u64>,
    /// The line of the first byte that is neither space nor comment, once there is one.
    code_line: Option<u64>,
    delimiter: Delimiter,
    backslash_escapes: bool,
    ended: bool,
    refused: bool,
    limit: usize,
}

/// What the byte at `scan` is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Perhaps a byte order mark.
    TextStart,
    Code,
    Quoted(u8),
    LineComment,
    BlockComment,
}

/// What one step of the scanner came to.
enum Step {
    /// Something was consumed.
    Moved,
    /// Nothing can be decided without the bytes that follow.
    Starved,
    /// The statement's text ends at `scan`; a delimiter of this length follows.
    Ends { delimiter: usize, vertical: bool },
}

impl Default for Splitter {
    fn default() -> Self {
        Self::new()
    }
}

impl Splitter {
    /// A splitter at the start of a text, with the delimiter `;`.
    pub fn new() -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            scan: 0,
            line: 1,
            counted: 0,
            place: Place::TextStart,
            begun_line: None,
            code_line: None,
            delimiter: Delimiter::new(b";"),
            backslash_escapes: true,
            ended: false,
            refused: false,
            limit: MAXIMUM_STATEMENT_BYTES,
        }
    }

    /// Whether a backslash escapes inside strings. Off where the session's `sql_mode` has `NO_BACKSLASH_ESCAPES`.
    pub fn set_backslash_escapes(&mut self, escapes: bool) {
        self.backslash_escapes = escapes;
    }

    /// Adds the next piece of the text.
    pub fn push(&mut self, piece: &[u8]) {
        if self.refused {
            return;
        }
        self.line_here();
        self.buffer.drain(..self.start);
        self.scan -= self.start;
        self.counted = self.scan;
        self.start = 0;
        if self.buffer.len() < KEPT_CAPACITY / 2 {
            self.buffer.shrink_to(KEPT_CAPACITY);
        }
        self.buffer.extend_from_slice(piece);
    }

    /// Says that no more text comes: what is left becomes the last statement, with or without a delimiter.
    pub fn finish(&mut self) {
        self.ended = true;
    }

    /// The next complete statement, or `None` when more text is needed or, after [`Splitter::finish`], none is left.
    ///
    /// After an error about a `DELIMITER` command the old delimiter stays and the text goes on with the next line.
    pub fn next_statement(&mut self) -> Result<Option<Statement<'_>>, Error> {
        let (range, line, vertical) = loop {
            let step = self.step()?;
            if self.scan - self.start > self.limit {
                return Err(self.refuse());
            }
            let (delimiter, vertical) = match step {
                Step::Moved => continue,
                Step::Ends { delimiter, vertical } => (delimiter, vertical),
                Step::Starved if self.ended && self.begun_line.is_some() => (0, false),
                Step::Starved => return Ok(None),
            };
            let mut text = self.start..self.scan;
            // An open string or comment is handed over to the last byte; elsewhere the spaces mean nothing.
            let open = matches!(self.place, Place::Quoted(_) | Place::BlockComment);
            if !open {
                text.end = self.start + self.buffer[text.clone()].trim_ascii_end().len();
            }
            let line = if open { self.code_line.or(self.begun_line) } else { self.code_line };
            self.scan += delimiter;
            self.start = self.scan;
            self.place = Place::Code;
            (self.begun_line, self.code_line) = (None, None);
            if let Some(line) = line {
                break (text, line, vertical);
            }
        };
        Ok(Some(Statement { sql: &self.buffer[range], line, vertical }))
    }

    fn step(&mut self) -> Result<Step, Error> {
        if self.scan == self.buffer.len() {
            return Ok(Step::Starved);
        }
        Ok(match self.place {
            Place::TextStart => self.step_text_start(),
            Place::Code => return self.step_code(),
            Place::Quoted(quote) => self.step_quoted(quote),
            Place::LineComment => self.step_line_comment(),
            Place::BlockComment => self.step_block_comment(),
        })
    }

    fn step_text_start(&mut self) -> Step {
        let mark = if self.buffer.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len()
        } else if !self.ended && BYTE_ORDER_MARK.starts_with(&self.buffer) {
            return Step::Starved;
        } else {
            0
        };
        self.place = Place::Code;
        self.advance(mark)
    }

    fn step_code(&mut self) -> Result<Step, Error> {
        let rest = &self.buffer[self.scan..];
        if self.code_line.is_none() {
            let spaces = rest.iter().take_while(|byte| is_space(**byte)).count();
            if spaces > 0 {
                return Ok(self.advance(spaces));
            }
            match read_command(rest, self.ended) {
                Command::No => {}
                Command::Unclear => return Ok(Step::Starved),
                Command::Sets(delimiter) => {
                    // The rest of the line is skipped, whether the command was right or not.
                    let line = self.line_here();
                    let step = self.begin_line_comment();
                    self.delimiter = Delimiter::new(&delimiter.map_err(|problem| problem.at(line))?);
                    return Ok(step);
                }
            }
        }
        let plain = self.delimiter.plain_bytes(rest);
        Ok(if plain > 0 { self.advance_code(plain) } else { self.step_notable() })
    }

    /// A byte that may begin an escape, the delimiter, a comment or a string; in this order, as in the client.
    fn step_notable(&mut self) -> Step {
        let rest = &self.buffer[self.scan..];
        match rest {
            [b'\\', b'g', ..] => return Step::Ends { delimiter: 2, vertical: false },
            [b'\\', b'G', ..] => return Step::Ends { delimiter: 2, vertical: true },
            [b'\\', _, ..] => return self.advance_code(2),
            [b'\\'] if !self.ended => return Step::Starved,
            _ if rest.starts_with(self.delimiter.text()) => {
                return Step::Ends { delimiter: self.delimiter.text().len(), vertical: false };
            }
            _ => {}
        }
        // Only what can still become something longer has to wait: a script may be typed, or come from a slow program.
        let longer = [self.delimiter.text(), b"--", b"/*", b"/*M"];
        if !self.ended && longer.iter().any(|longer| longer.starts_with(rest)) {
            return Step::Starved;
        }
        match rest {
            [b'#', ..] => self.begin_line_comment(),
            // No statement starts with `--`; the client forgives a missing space there, for test scripts.
            [b'-', b'-', next @ ..] if self.code_line.is_none() || next.first().is_none_or(|byte| is_space(*byte)) => {
                self.begin_line_comment()
            }
            // Code for the servers that are new enough: strings, comments and delimiters inside it count.
            [b'/', b'*', b'!', ..] | [b'/', b'*', b'M', b'!', ..] => self.advance_code(3),
            [b'/', b'*', ..] => {
                self.place = Place::BlockComment;
                self.advance_kept(2)
            }
            [quote @ (b'\'' | b'"' | b'`'), ..] => {
                self.place = Place::Quoted(*quote);
                self.advance_code(1)
            }
            _ => self.advance_code(1),
        }
    }

    /// A doubled quote needs no care: the string ends and another begins at once.
    fn step_quoted(&mut self, quote: u8) -> Step {
        let rest = &self.buffer[self.scan..];
        let escapes = self.backslash_escapes && quote != b'`';
        let found = if escapes { memchr2(quote, b'\\', rest) } else { memchr(quote, rest) };
        match found {
            None => self.advance(rest.len()),
            Some(at) if rest[at] == quote => {
                self.place = Place::Code;
                self.advance(at + 1)
            }
            Some(at) if at + 2 <= rest.len() => self.advance(at + 2),
            Some(at) if self.ended => self.advance(at + 1),
            Some(0) => Step::Starved,
            Some(at) => self.advance(at),
        }
    }

    fn step_line_comment(&mut self) -> Step {
        let rest = &self.buffer[self.scan..];
        match memchr(b'\n', rest) {
            None => self.advance(rest.len()),
            Some(at) => {
                self.place = Place::Code;
                self.advance(at + 1)
            }
        }
    }

    fn step_block_comment(&mut self) -> Step {
        let rest = &self.buffer[self.scan..];
        match memmem::find(rest, b"*/") {
            Some(at) => {
                self.place = Place::Code;
                self.advance(at + 2)
            }
            // The star may be the first half of the end.
            None if rest.ends_with(b"*") && !self.ended => match rest.len() - 1 {
                0 => Step::Starved,
                before => self.advance(before),
            },
            None => self.advance(rest.len()),
        }
    }

    /// Before any code the comment, and whatever stood before it, is left out of the statement.
    fn begin_line_comment(&mut self) -> Step {
        self.place = Place::LineComment;
        if self.code_line.is_none() {
            self.begun_line = None;
        }
        self.advance(1)
    }

    fn refuse(&mut self) -> Error {
        let line = self.code_line.or(self.begun_line).unwrap_or_else(|| self.line_here());
        self.refused = true;
        self.buffer = Vec::new();
        (self.start, self.scan, self.counted, self.begun_line, self.code_line) = (0, 0, 0, None, None);
        Error::StatementTooLong { line, limit: self.limit }
    }

    /// Moves over bytes that are neither space nor comment.
    fn advance_code(&mut self, count: usize) -> Step {
        if self.code_line.is_none() {
            self.code_line = Some(self.line_here());
        }
        self.advance_kept(count)
    }

    /// Moves over bytes that stay in the statement.
    fn advance_kept(&mut self, count: usize) -> Step {
        if self.begun_line.is_none() {
            self.begun_line = Some(self.line_here());
        }
        self.advance(count)
    }

    /// The line of the byte at `scan`.
    fn line_here(&mut self) -> u64 {
        self.line += memchr_iter(b'\n', &self.buffer[self.counted..self.scan]).count() as u64;
        self.counted = self.scan;
        self.line
    }

    fn advance(&mut self, count: usize) -> Step {
        self.scan += count;
        if self.begun_line.is_none() {
            self.start = self.scan;
        }
        Step::Moved
    }
}

/// Splits `text` at once and in pieces of `size` bytes, and says whether both ways gave the same: the property that
/// the fuzzer and the tests hold the splitter to.
pub fn chunks_agree(text: &[u8], size: usize) -> bool {
    type Owned = Result<(Vec<u8>, u64, bool), Error>;
    fn drain(splitter: &mut Splitter, found: &mut Vec<Owned>) {
        loop {
            match splitter.next_statement() {
                Ok(None) => return,
                Ok(Some(statement)) => found.push(Ok((statement.sql.to_vec(), statement.line, statement.vertical))),
                Err(error) => found.push(Err(error)),
            }
        }
    }
    let split = |size: usize| {
        let (mut splitter, mut found) = (Splitter::new(), Vec::new());
        for piece in text.chunks(size.max(1)) {
            splitter.push(piece);
            drain(&mut splitter, &mut found);
        }
        splitter.finish();
        drain(&mut splitter, &mut found);
        found
    };
    split(text.len()) == split(size)
}
