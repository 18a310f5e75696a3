//! Reads option files of MySQL's kind (`my.cnf`) as their own programs do: what is not there, cannot be read or can be
//! written by everybody is left out without a word.

use std::path::{Path, PathBuf};

use super::files;

/// Far more than anybody writes.
const LARGEST: u64 = 1024 * 1024;

/// The content of an option file. `None` for anything but a regular file of at most 1 MiB that not everybody can write.
pub fn option_file(path: &Path) -> Option<Vec<u8>> {
    // Looked at before it is opened: opening a FIFO would wait for a writer. It is the user's own file, in a place where
    // a swap in between could just as well have come earlier.
    let state = rustix::fs::stat(path).ok()?;
    let is_file = rustix::fs::FileType::from_raw_mode(state.st_mode).is_file();
    let is_open_to_all = state.st_mode & 0o002 != 0;
    if !is_file || is_open_to_all || u64::try_from(state.st_size).ok()? > LARGEST {
        return None;
    }
    super::read_file(path).ok()
}

/// The option files of a folder that is included as a whole: those that end in `.cnf`, by name.
pub fn option_files_in(folder: &Path) -> Vec<PathBuf> {
    files::list(folder, "cnf").unwrap_or_default()
}
