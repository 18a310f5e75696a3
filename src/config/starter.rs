//! What `conventions init` writes: a commented config.toml and one example to change. Never overwrites.

use std::path::PathBuf;

use crate::os::files::{self, FileError};

use super::settings::Location;

/// The commented settings; the values are those that hold without the file.
const CONFIG: &str = include_str!("starter/config.toml");
/// The same example that stands in the README.
const EXAMPLE: &str = include_str!("../../conventions/examples/acme.toml");

/// A file of the starter set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The file.
    pub path: PathBuf,
    /// False if it was there already and was left alone.
    pub is_new: bool,
}

/// Writes what is missing: folders with mode 0700, files with mode 0600.
pub fn write_starter(location: &Location) -> Result<Vec<Created>, FileError> {
    let conventions = location.conventions();
    files::create_private_folder(&conventions)?;
    let files = [(location.file.clone(), CONFIG), (conventions.join("example.toml"), EXAMPLE)];
    files
        .into_iter()
        .map(|(path, text)| match files::create_private(&path, text) {
            Ok(()) => Ok(Created { path, is_new: true }),
            Err(FileError::Exists { path }) => Ok(Created { path, is_new: false }),
            Err(error) => Err(error),
        })
        .collect()
}
