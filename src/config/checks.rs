//! What `conventions check` finds: everything wrong in each file, and what is worth a remark.

use std::path::{Path, PathBuf};

use crate::os::files::{self, FileError, TrustedFolder};
use crate::target::{Convention, ConventionLayer, Fault};

use super::conventions::CONVENTION_LIMIT;

/// One file and what came of it. A convention that is right may still have [`Convention::warnings`].
#[derive(Debug)]
pub struct CheckedFile {
    /// The file.
    pub path: PathBuf,
    /// The convention, or why it is none.
    pub outcome: Result<Convention, CheckError>,
}

/// Why a file is no convention.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It cannot be read or is not to be trusted.
    #[error(transparent)]
    File(FileError),
    /// All that is wrong in it; never empty.
    #[error("{}", faults.first().map(ToString::to_string).unwrap_or_default())]
    Faults {
        /// In the order of the file.
        faults: Vec<Fault>,
    },
}

/// Checks the files named, and the `*.toml` in the folders named. They need not be trusted, since nothing is done with
/// them: they may lie in a repository. With `trusted`, the folder's owner and mode count as well, as when it is loaded.
pub fn check_conventions(paths: &[PathBuf], trusted: bool) -> Result<Vec<CheckedFile>, FileError> {
    let mut checked = Vec::new();
    for path in paths {
        if trusted {
            let Some(folder) = TrustedFolder::open(path)? else { continue };
            for name in folder.names("toml")? {
                let text = folder.read(&name, CONVENTION_LIMIT);
                checked.extend(check(&path.join(&name), text));
            }
        } else if path.is_dir() {
            for file in files::list(path, "toml")? {
                checked.extend(check(&file, files::read_any(&file, CONVENTION_LIMIT).map(Some)));
            }
        } else {
            checked.extend(check(path, files::read_any(path, CONVENTION_LIMIT).map(Some)));
        }
    }
    Ok(checked)
}

fn check(path: &Path, text: Result<Option<String>, FileError>) -> Option<CheckedFile> {
    let outcome = match text {
        Ok(Some(text)) => {
            Convention::parse(path, ConventionLayer::User, &text).map_err(|faults| CheckError::Faults { faults })
        }
        Ok(None) => return None,
        Err(error) => Err(CheckError::File(error)),
    };
    Some(CheckedFile { path: path.to_owned(), outcome })
}
