//! A Unix socket for this user alone, at a path that the user chose.
//!
//! It lies in a folder that nobody else enters, is bound under a name of its own and put in place by a link that never
//! replaces anything, so that at no moment is there a half-open socket, and two programs that start at once cannot both have
//! it. What a dead program left behind is taken away; what lives, or is no socket, is left alone.

use std::fs::File;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum PrivateSocketError {
    /// A program listens there.
    #[error("{} is taken: a program listens on it", path.display())]
    Taken {
        /// The socket.
        path: PathBuf,
    },
    /// Something else is there.
    #[error("{} is in the way: it is no socket of yours", path.display())]
    InTheWay {
        /// What is there.
        path: PathBuf,
    },
    /// Others can enter the folder.
    #[error("the folder {} is open to others (mode {mode:04o}, owner {owner})", path.display())]
    OpenFolder {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// Its owner.
        owner: u32,
    },
    /// The system has no room for the name.
    #[error("the path {} is too long for a socket: at most {most} bytes", path.display())]
    TooLong {
        /// The path.
        path: PathBuf,
        /// What a path may have.
        most: usize,
    },
    /// The system refused.
    #[error("the socket {} cannot be made", path.display())]
    NotMade {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// `sun_path` of Linux is 108 bytes with its end, of macOS 104; the name that it is bound under is longer by this.
const LONGEST_PATH: usize = 100 - SUFFIX.len();
const SUFFIX: &str = ".new-0123456789";

/// A socket file. Dropping it removes the file, unless another has taken its place.
#[derive(Debug)]
pub struct PrivateSocket {
    path: PathBuf,
    mark: Mark,
}

/// Tells a file from another one that has taken its place, which may have its inode.
type Mark = (u64, i64, i64);

fn mark(path: &Path) -> io::Result<Mark> {
    let metadata = path.symlink_metadata()?;
    Ok((metadata.ino(), metadata.ctime(), metadata.ctime_nsec()))
}

impl PrivateSocket {
    /// Listens at a path. Makes its folder if it is missing.
    pub fn bind(path: &Path) -> Result<(UnixListener, Self), PrivateSocketError> {
        let path = std::path::absolute(path).map_err(|source| not_made(path, source))?;
        if path.as_os_str().len() > LONGEST_PATH {
            return Err(PrivateSocketError::TooLong { path, most: LONGEST_PATH });
        }
        // Held until the socket is in place: of two programs that find a dead socket, one takes it away and the other sees
        // the new one.
        let _turn = check_folder(&path)?;
        clear(&path)?;
        let mut name = path.clone().into_os_string();
        name.push(format!(".new-{}", std::process::id()));
        let temporary = PathBuf::from(name);
        // Left by a dead process of the same number; the folder is ours.
        let _ = std::fs::remove_file(&temporary);
        let bound = || -> io::Result<UnixListener> {
            let listener = UnixListener::bind(&temporary)?;
            std::fs::set_permissions(&temporary, std::fs::Permissions::from_mode(0o600))?;
            std::fs::hard_link(&temporary, &path)?;
            Ok(listener)
        };
        let made = bound();
        let _ = std::fs::remove_file(&temporary);
        // Only now does the file change no more.
        match made.and_then(|listener| Ok((listener, mark(&path)?))) {
            Ok((listener, mark)) => Ok((listener, Self { path, mark })),
            // Somebody was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(PrivateSocketError::Taken { path }),
            Err(source) => Err(not_made(&path, source)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PrivateSocket {
    fn drop(&mut self) {
        if mark(&self.path).is_ok_and(|mark| mark == self.mark) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn not_made(path: &Path, source: io::Error) -> PrivateSocketError {
    PrivateSocketError::NotMade { path: path.to_owned(), source }
}

/// The folder is the user's own and nobody else enters it. Gives it, locked.
fn check_folder(path: &Path) -> Result<File, PrivateSocketError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|source| not_made(path, source))?;
    let opened = super::open_file(folder).map_err(|source| not_made(path, source))?;
    let metadata = opened.metadata().map_err(|source| not_made(path, source))?;
    let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
    if mode & 0o077 != 0 || owner != rustix::process::getuid().as_raw() {
        return Err(PrivateSocketError::OpenFolder { path: folder.to_owned(), mode, owner });
    }
    rustix::fs::flock(&opened, FlockOperation::LockExclusive).map_err(|error| not_made(path, error.into()))?;
    Ok(opened)
}

/// Takes away a socket of ours on which nobody listens any more.
fn clear(path: &Path) -> Result<(), PrivateSocketError> {
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(not_made(path, source)),
    };
    if !metadata.file_type().is_socket() || metadata.uid() != rustix::process::getuid().as_raw() {
        return Err(PrivateSocketError::InTheWay { path: path.to_owned() });
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(|source| not_made(path, source))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) => Err(PrivateSocketError::Taken { path: path.to_owned() }),
        Err(source) => Err(not_made(path, source)),
    }
}

#[cfg(test)]
mod tests;
