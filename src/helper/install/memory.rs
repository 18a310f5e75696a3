//! What was there before us, in a small private file: so that `uninstall` can put it back.

use std::io;
use std::path::{Path, PathBuf};

use crate::os::{files, links};

/// Far beyond what is ever written.
const LONGEST: u64 = 64 * 1024;

/// The file's whole content.
#[derive(Debug, Default, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Memory {
    /// The helper that the Shells used; none is their own default.
    pub(super) previous_helper: Option<String>,
    /// The links that were made, also beside Shells that are no longer found.
    pub(super) links: Vec<PathBuf>,
}

impl Memory {
    /// Reads it. A file that is missing or damaged is nothing remembered.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let text = files::read_trusted(path, LONGEST).ok()??;
        serde_json::from_str(&text).ok()
    }

    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        links::write_private(path, &(text + "\n"))
    }
}
