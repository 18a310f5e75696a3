//! The file through which a client gets its password: quoted for its format, and refused above what it reads.
//!
//! Quoting and lengths were seen with every client that is named, with a server that writes down what arrives.

use std::fmt::Write as _;
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use super::Error;

/// The longest quoted password that is safe where a client reads its option files in pieces of 4,095 bytes.
///
/// MariaDB 10.11 and 11.8 split a longer line and take its end for an option, which they print: a leak of the password.
/// MariaDB's library cuts it without a word. Oracle's 9.7 takes any length; its older source has the same pieces.
pub(super) const PIECEWISE: usize = 4083;

/// What a client's option file must be, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionFile {
    pub(super) program: PathBuf,
    pub(super) format: Format,
    /// The longest password, quoted, that the client reads; `None` if any.
    pub(super) limit: Option<usize>,
    /// Whether the client refuses anything but a regular file.
    pub(super) is_regular: bool,
    /// Whether the password is left out, because the client asks for it elsewhere.
    pub(super) is_without_password: bool,
}

/// How the file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Format {
    /// `my.cnf`. `before` is what comes first, with groups of its own: the last of two equal options wins.
    Options { before: String, client: Vec<(&'static str, String)> },
    /// The password alone, on the first line.
    Line,
}

impl OptionFile {
    /// Whether the client refuses a FIFO, so that it must be a private regular file, removed as soon as it has been read.
    /// Otherwise each opening of the path must yield the whole text anew: mydumper reads it once for every thread.
    pub fn must_be_regular(&self) -> bool {
        self.is_regular
    }

    /// The text of the file, with the password, if it carries one, quoted so that the client reads exactly these bytes.
    pub fn text(&self, password: &SecretString) -> Result<SecretString, Error> {
        let password = password.expose_secret();
        match &self.format {
            Format::Line => self.line(password),
            Format::Options { before, client } => {
                if self.is_without_password {
                    return Ok(before.clone().into());
                }
                if password.contains('\0') {
                    return Err(self.cannot_carry("a NUL character"));
                }
                let quoted = SecretString::from(quote(password));
                self.check_length(quoted.expose_secret().len() - 2)?;
                // Reserved at once, so that no copy is left behind by a text that grows.
                let mut text = String::with_capacity(before.len() + 2 * password.len() + 4096);
                text.push_str(before);
                text.push_str("[client]\n");
                for (name, value) in client {
                    // Writing to a String cannot fail.
                    let _ = writeln!(text, "{name}={}", quote(value));
                }
                let _ = writeln!(text, "password={}", quoted.expose_secret());
                Ok(text.into())
            }
        }
    }

    /// mycli reads the first line, takes white space off both ends, and encodes the rest in Latin-1.
    fn line(&self, password: &str) -> Result<SecretString, Error> {
        if password.contains(['\n', '\r', '\0']) {
            return Err(self.cannot_carry("a line break or a NUL character"));
        }
        if password.trim_matches(|character: char| character.is_whitespace() || character.is_control()) != password {
            return Err(self.cannot_carry("white space at one of its ends"));
        }
        if password.chars().any(|character| u32::from(character) > 0xff) {
            return Err(self.cannot_carry("a character outside Latin-1"));
        }
        self.check_length(password.len())?;
        Ok(format!("{password}\n").into())
    }

    fn check_length(&self, length: usize) -> Result<(), Error> {
        match self.limit {
            Some(limit) if length > limit => {
                Err(Error::PasswordTooLong { program: self.program.clone(), length, limit })
            }
            _ => Ok(()),
        }
    }

    fn cannot_carry(&self, character: &'static str) -> Error {
        Error::PasswordCharacter { program: self.program.clone(), character }
    }
}

/// Quotes a value of `my.cnf`. Inside double quotes only the backslash and the quote have a meaning; a line break, and what
/// some reader might take for one, has an escape. A value without any of these is not made longer.
fn quote(value: &str) -> String {
    let mut quoted = String::with_capacity(2 * value.len() + 2);
    quoted.push('"');
    for character in value.chars() {
        match character {
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x08' => quoted.push_str("\\b"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
