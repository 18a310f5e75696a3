//! Files that decide what the program does: read only if nobody but the user and root can have written them, and written
//! so that nobody else can read them.
//!
//! What is checked is what was opened: owner and mode come from the descriptor, never from a second look at the path.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// Why a file is not read or not written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not there.
    #[error("{} does not exist", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be opened or read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder, a pipe or a device.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// Larger than anything a person or a script writes for us.
    #[error("{} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes allowed.
        limit: u64,
    },
    /// Not UTF-8.
    #[error("{}:{line}: the line is not UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// Somebody else may have changed it.
    #[error("{} can be written by {} (mode {mode:04o})", path.display(), if mode & 0o002 != 0 { "everybody" } else { "its group" })]
    Writable {
        /// The file or folder, links resolved.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// Whether it is a folder.
        is_folder: bool,
    },
    /// Somebody else can change it at any time.
    #[error("{} belongs to user {owner}, not to you (user {user}) or root", path.display())]
    ForeignOwner {
        /// The file or folder, links resolved.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The user of this process.
        user: u32,
    },
    /// It is there already and is not overwritten.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be created or written.
    #[error("{} cannot be written", path.display())]
    NotWritten {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// An open folder whose owner and mode are in order.
#[derive(Debug)]
pub struct TrustedFolder {
    path: PathBuf,
    descriptor: File,
}

impl TrustedFolder {
    /// Opens a folder and checks it. `None` if it does not exist.
    pub fn open(path: &Path) -> Result<Option<Self>, FileError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let descriptor = match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(descriptor) => File::from(descriptor),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(unreadable(path, error.into())),
        };
        judge(path, &descriptor.metadata().map_err(|source| unreadable(path, source))?)?;
        Ok(Some(Self { path: path.to_owned(), descriptor }))
    }

    /// The folder as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names in it that end in `.extension`, hidden ones left out, in byte order.
    pub fn names(&self, extension: &str) -> Result<Vec<OsString>, FileError> {
        names_in(&self.path, &self.descriptor, extension)
    }

    /// Reads a file of this folder. `None` if it does not exist. A link is followed, and what it leads to is judged by its
    /// own owner, mode and folder.
    pub fn read(&self, name: &OsStr, limit: u64) -> Result<Option<String>, FileError> {
        let path = self.path.join(name);
        // Without NONBLOCK the open of a named pipe would wait for its writer.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        match rustix::fs::openat(&self.descriptor, name, flags, Mode::empty()) {
            Ok(descriptor) => read_text(&path, descriptor, limit, true).map(Some),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::LOOP | Errno::MLINK) => read_resolved(&path, limit).map(Some),
            Err(error) => Err(unreadable(&path, error.into())),
        }
    }
}

/// Reads a file whose folder is to be trusted as well. `None` if either does not exist.
pub fn read_trusted(path: &Path, limit: u64) -> Result<Option<String>, FileError> {
    let Some(name) = path.file_name() else { return Err(FileError::NotAFile { path: path.to_owned() }) };
    match TrustedFolder::open(folder_of(path))? {
        Some(folder) => folder.read(name, limit),
        None => Ok(None),
    }
}

/// Reads a file whoever wrote it, to report on it; nothing may be done that it says.
pub fn read_any(path: &Path, limit: u64) -> Result<String, FileError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(descriptor) => read_text(path, descriptor, limit, false),
        Err(Errno::NOENT) => Err(FileError::Missing { path: path.to_owned() }),
        Err(error) => Err(unreadable(path, error.into())),
    }
}

/// The files of a folder, whoever owns it, that end in `.extension`, hidden ones left out, in byte order.
pub fn list(path: &Path, extension: &str) -> Result<Vec<PathBuf>, FileError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let descriptor = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| unreadable(path, error.into()))?;
    Ok(names_in(path, descriptor, extension)?.into_iter().map(|name| path.join(name)).collect())
}

fn names_in(path: &Path, descriptor: impl std::os::fd::AsFd, extension: &str) -> Result<Vec<OsString>, FileError> {
    let failed = |error: Errno| unreadable(path, error.into());
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(descriptor).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        let is_hidden = name.as_bytes().starts_with(b".");
        if !is_hidden && Path::new(name).extension() == Some(OsStr::new(extension)) {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The folder that a path names a file in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a file that did not exist, readable for the user alone.
pub fn create_private(path: &Path, text: &str) -> Result<(), FileError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => FileError::Exists { path: path.to_owned() },
        _ => FileError::NotWritten { path: path.to_owned(), source },
    };
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

/// Creates a folder, and those above it, for the user alone. One that exists is left as it is.
pub fn create_private_folder(path: &Path) -> Result<(), FileError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| FileError::NotWritten { path: path.to_owned(), source })
}

fn unreadable(path: &Path, source: io::Error) -> FileError {
    FileError::Unreadable { path: path.to_owned(), source }
}

/// A link's end: its folder is opened and judged, then the file in it, without following a second link.
fn read_resolved(path: &Path, limit: u64) -> Result<String, FileError> {
    let resolved = std::fs::canonicalize(path).map_err(|source| unreadable(path, source))?;
    let missing = || FileError::Missing { path: resolved.clone() };
    let folder = TrustedFolder::open(folder_of(&resolved))?.ok_or_else(missing)?;
    let name = resolved.file_name().ok_or_else(|| FileError::NotAFile { path: resolved.clone() })?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    match rustix::fs::openat(&folder.descriptor, name, flags, Mode::empty()) {
        Ok(descriptor) => read_text(&resolved, descriptor, limit, true),
        Err(error) => Err(unreadable(&resolved, error.into())),
    }
}

fn read_text(path: &Path, descriptor: OwnedFd, limit: u64, is_judged: bool) -> Result<String, FileError> {
    let file = File::from(descriptor);
    let metadata = file.metadata().map_err(|source| unreadable(path, source))?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile { path: path.to_owned() });
    }
    if is_judged {
        judge(path, &metadata)?;
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0).min(1 << 20));
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|source| unreadable(path, source))?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { path: path.to_owned(), limit });
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        FileError::NotText { path: path.to_owned(), line: valid.split(|byte| *byte == b'\n').count() }
    })
}

fn judge(path: &Path, metadata: &Metadata) -> Result<(), FileError> {
    let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != user && owner != 0 {
        return Err(FileError::ForeignOwner { path: path.to_owned(), owner, user });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(FileError::Writable { path: path.to_owned(), mode, is_folder: metadata.is_dir() });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
