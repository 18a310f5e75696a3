//! The `DELIMITER` command of the mysql client, and what ends a statement. Pure.

use memchr::memchr;

use crate::query::Error;

/// The longest line on which a command is read.
const MAXIMUM_LINE: usize = 1024;

const KEYWORD: &[u8] = b"delimiter";

/// What ends a statement.
#[derive(Debug)]
pub(super) struct Delimiter {
    text: Vec<u8>,
    /// Bytes that may mean something outside strings and comments, the delimiter's first among them.
    notable: [bool; 256],
}

/// Whether a text starts with the command.
pub(super) enum Command {
    /// It does not.
    No,
    /// More bytes are needed to tell, or to read it.
    Unclear,
    /// It does; this is the delimiter it sets, and the rest of the line means nothing.
    Sets(Result<Vec<u8>, Problem>),
}

/// What is wrong with a command.
#[derive(Debug, Clone, Copy)]
pub(super) enum Problem {
    Missing,
    Backslash,
    TooLong,
}

impl Problem {
    pub(super) fn at(self, line: u64) -> Error {
        match self {
            Self::Missing => Error::DelimiterMissing { line },
            Self::Backslash => Error::DelimiterBackslash { line },
            Self::TooLong => Error::DelimiterTooLong { line, limit: MAXIMUM_LINE },
        }
    }
}

impl Delimiter {
    pub(super) fn new(text: &[u8]) -> Self {
        let mut notable = [false; 256];
        for byte in b"\\#-/'\"`".iter().chain(text.first()) {
            notable[usize::from(*byte)] = true;
        }
        Self { text: text.to_vec(), notable }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// How many bytes at the start of `text` mean nothing special.
    pub(super) fn plain_bytes(&self, text: &[u8]) -> usize {
        text.iter().position(|byte| self.notable[usize::from(*byte)]).unwrap_or(text.len())
    }
}

/// Reads the command at the start of `rest`; `ended` says that nothing follows `rest`.
pub(super) fn read_command(rest: &[u8], ended: bool) -> Command {
    let (word, after) = rest.split_at(rest.len().min(KEYWORD.len()));
    if !word.eq_ignore_ascii_case(&KEYWORD[..word.len()]) {
        return Command::No;
    }
    match after.first() {
        Some(byte) if !is_space(*byte) => return Command::No,
        None if !ended => return Command::Unclear,
        None if word.len() < KEYWORD.len() => return Command::No,
        _ => {}
    }
    let window = &after[..after.len().min(MAXIMUM_LINE)];
    let argument = match memchr(b'\n', window) {
        Some(end) => argument(&window[..end]),
        None if window.len() == MAXIMUM_LINE => return Command::Sets(Err(Problem::TooLong)),
        None if !ended => return Command::Unclear,
        None => argument(window),
    };
    Command::Sets(if argument.is_empty() {
        Err(Problem::Missing)
    } else if argument.contains(&b'\\') {
        Err(Problem::Backslash)
    } else {
        Ok(argument.to_vec())
    })
}

/// The first word, or what stands between quotes, as the client takes it.
fn argument(line: &[u8]) -> &[u8] {
    let line = &line[line.iter().take_while(|byte| is_space(**byte)).count()..];
    match line {
        [quote @ (b'\'' | b'"' | b'`'), quoted @ ..] => &quoted[..memchr(*quote, quoted).unwrap_or(quoted.len())],
        _ => &line[..line.iter().position(|byte| is_space(*byte)).unwrap_or(line.len())],
    }
}

/// The spaces of the client's character set.
pub(in crate::query) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\x0b' | b'\x0c' | b'\r')
}
