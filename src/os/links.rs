//! Links, and the small files in which the program remembers what it changed: made and replaced whole.

use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// What stands at a path, itself, links not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Nothing,
    /// A symbolic link with this text, which may lead nowhere.
    Link(PathBuf),
    /// Anything else.
    Other,
}

/// Looks at a path.
pub fn look(path: &Path) -> io::Result<Entry> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => std::fs::read_link(path).map(Entry::Link),
        Ok(_) => Ok(Entry::Other),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(Entry::Nothing)
        }
        Err(error) => Err(error),
    }
}

/// The absolute path of what a path leads to, without any link in it.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    std::fs::canonicalize(path)
}

/// Makes a link where nothing stands yet.
pub fn make(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

/// Puts a link in the place of another, without a moment in which there is none.
pub fn replace(target: &Path, path: &Path) -> io::Result<()> {
    let new = beside(path);
    make(target, &new)?;
    std::fs::rename(&new, path).inspect_err(|_| drop(std::fs::remove_file(&new)))
}

/// Removes what stands at a path, if it is a file or a link.
pub fn remove(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)
}

/// Writes a file that only the user reads, whole or not at all, in a folder that is made for the user alone if it is missing.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    super::files::create_private_folder(super::files::folder_of(path)).map_err(io::Error::other)?;
    let new = beside(path);
    let written = std::fs::File::options().write(true).create_new(true).mode(0o600).open(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    });
    written.inspect_err(|_| drop(std::fs::remove_file(&new)))
}

/// Whether a program is a text that another program reads.
pub fn is_script(path: &Path) -> io::Result<bool> {
    let mut start = Vec::with_capacity(2);
    super::open_file(path)?.take(2).read_to_end(&mut start)?;
    Ok(start == b"#!")
}

/// Whether somebody who is not root could put something else in the place of this file. Only its own folder is looked at.
#[expect(clippy::disallowed_methods, reason = "src/os is the one place that looks at files")]
pub fn is_roots_alone(path: &Path) -> io::Result<bool> {
    let is_roots = |path: &Path| std::fs::metadata(path).map(|found| found.uid() == 0 && found.mode() & 0o022 == 0);
    Ok(is_roots(path)? && is_roots(super::files::folder_of(path))?)
}

/// Where the running program's file is.
pub fn this_program() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// A name for the time until the rename; it differs between two that write at the same time.
fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t14_links_and_files_are_replaced_and_never_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        write_private(&path("state/file"), "one").unwrap();
        write_private(&path("state/file"), "two").unwrap();
        let read = |path: &Path| super::super::WholeFile::read(path, 100).unwrap().unwrap();
        assert_eq!((read(&path("state/file")).bytes, read(&path("state/file")).mode), (b"two".to_vec(), 0o600));
        // A link in the file's place is replaced, not followed.
        make(&path("state/file"), &path("link")).unwrap();
        assert_eq!(look(&path("link")).unwrap(), Entry::Link(path("state/file")));
        write_private(&path("link"), "three").unwrap();
        assert_eq!((look(&path("link")).unwrap(), read(&path("state/file")).bytes), (Entry::Other, b"two".to_vec()));

        assert_eq!(look(&path("absent")).unwrap(), Entry::Nothing);
        make(Path::new("nowhere"), &path("stale")).unwrap();
        assert_eq!(make(Path::new("b"), &path("stale")).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        replace(Path::new("b"), &path("stale")).unwrap();
        assert_eq!(look(&path("stale")).unwrap(), Entry::Link("b".into()));
        remove(&path("stale")).unwrap();
        assert_eq!(look(&path("stale")).unwrap(), Entry::Nothing);
        let left: Vec<_> = super::super::files::list(folder.path(), &std::process::id().to_string()).unwrap();
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn a_script_begins_with_its_reader() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text, expected) in [("script", "#!/bin/sh", true), ("text", "text", false), ("empty", "", false)] {
            write_private(&folder.path().join(name), text).unwrap();
            assert_eq!(is_script(&folder.path().join(name)).unwrap(), expected, "{name}");
        }
    }
}
