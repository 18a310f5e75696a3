//! Private files whose absence and whose faults are not the same: why one is not read is told.
//!
//! The rules are those of the folder: what is opened is judged, nobody but this user may read or write it.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fd::AsFd;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use secrecy::zeroize::Zeroizing;

use super::super::files::{FileError, TrustedFolder, folder_of};
use super::{PrivateFolder, SAFELY};

/// Why a private file is not read.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// Somebody else may have written it.
    #[error("{} belongs to user {owner}, not to you (user {user})", path.display())]
    ForeignOwner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The user of this process.
        user: u32,
    },
    /// Others may read or change it.
    #[error("{} is open to others (mode {mode:04o})", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A link, a folder, a pipe, or a file that has a second name.
    #[error("{} is not a regular file of its own", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// Larger than anything that is kept there.
    #[error("{} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes allowed.
        limit: usize,
    },
    /// It cannot be opened or read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its folder is open to others.
    #[error("{} cannot be trusted", path.display())]
    Folder {
        /// The file.
        path: PathBuf,
        /// What is wrong with the folder.
        source: FileError,
    },
}

impl PrivateFolder {
    /// Reads a file of at most `limit` bytes. `None` if there is none of this name.
    pub fn read_checked(&self, name: &str, limit: usize) -> Result<Option<Zeroizing<Vec<u8>>>, PrivateFileError> {
        read_in(&self.descriptor, Path::new(name), &self.path.join(name), limit, false)
    }
}

/// Reads a private file that the user names: its own, or root's, in a folder that others cannot change. Links are followed,
/// and what they lead to is judged. `None` if it does not exist.
pub fn read_private(path: &Path, limit: usize) -> Result<Option<Zeroizing<Vec<u8>>>, PrivateFileError> {
    let resolved = match std::fs::canonicalize(path) {
        Ok(resolved) => resolved,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(PrivateFileError::Unreadable { path: path.to_owned(), source }),
    };
    if let Err(source) = TrustedFolder::open(folder_of(&resolved)) {
        return Err(PrivateFileError::Folder { path: path.to_owned(), source });
    }
    read_in(CWD, &resolved, path, limit, true)
}

fn read_in(
    folder: impl AsFd,
    name: &Path,
    path: &Path,
    limit: usize,
    may_be_roots: bool,
) -> Result<Option<Zeroizing<Vec<u8>>>, PrivateFileError> {
    let unreadable = |source| PrivateFileError::Unreadable { path: path.to_owned(), source };
    let file = match rustix::fs::openat(folder, name, OFlags::RDONLY | SAFELY, Mode::empty()) {
        Ok(descriptor) => File::from(descriptor),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP | Errno::MLINK) => return Err(PrivateFileError::NotAFile { path: path.to_owned() }),
        Err(error) => return Err(unreadable(error.into())),
    };
    let metadata = file.metadata().map_err(unreadable)?;
    judge(&metadata, path, may_be_roots)?;
    let too_large = || PrivateFileError::TooLarge { path: path.to_owned(), limit };
    let size = usize::try_from(metadata.len()).ok().filter(|size| *size <= limit).ok_or_else(too_large)?;
    // Room for one more, so that the text is never moved and left behind in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(size + 1));
    file.take(size as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > size { Err(too_large()) } else { Ok(Some(bytes)) }
}

fn judge(metadata: &Metadata, path: &Path, may_be_roots: bool) -> Result<(), PrivateFileError> {
    let path = path.to_owned();
    let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if !metadata.is_file() || metadata.nlink() > 1 {
        return Err(PrivateFileError::NotAFile { path });
    }
    if owner != user && !(may_be_roots && owner == 0) {
        return Err(PrivateFileError::ForeignOwner { path, owner, user });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o7077 != 0 { Err(PrivateFileError::Open { path, mode }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    const LIMIT: usize = 10;

    #[expect(clippy::disallowed_methods, reason = "tests plant files themselves")]
    fn plant(path: &Path, text: &str, mode: u32) {
        std::fs::write(path, text).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn t14_a_named_file_is_read_only_if_it_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        plant(&path("good"), "secret\n", 0o600);
        plant(&path("readable"), "secret\n", 0o640);
        plant(&path("long"), "0123456789a", 0o400);
        plant(&path("doubled"), "secret\n", 0o600);
        std::fs::hard_link(path("doubled"), path("second")).unwrap();
        symlink("good", path("link")).unwrap();
        symlink("readable", path("bad-link")).unwrap();
        rustix::fs::mknodat(CWD, path("pipe"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        let read = |name: &str| read_private(&path(name), LIMIT);
        assert_eq!(read("good").unwrap().unwrap().as_slice(), b"secret\n");
        assert_eq!(read("link").unwrap().unwrap().as_slice(), b"secret\n");
        assert!(read("absent").unwrap().is_none());
        for name in ["readable", "bad-link"] {
            assert!(matches!(read(name), Err(PrivateFileError::Open { mode: 0o640, .. })), "{name}");
        }
        assert!(matches!(read("long"), Err(PrivateFileError::TooLarge { limit: LIMIT, .. })));
        for name in ["doubled", "pipe"] {
            assert!(matches!(read(name), Err(PrivateFileError::NotAFile { .. })), "{name}");
        }
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(read("good"), Err(PrivateFileError::Folder { .. })));
    }

    #[test]
    fn t14_in_a_private_folder_absence_and_faults_differ() {
        let base = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::create(base.path(), "rdsconn", "credentials").unwrap();
        folder.replace("good", b"secret").unwrap();
        plant(&folder.path().join("readable"), "secret", 0o604);
        symlink("good", folder.path().join("link")).unwrap();
        assert_eq!(folder.read_checked("good", LIMIT).unwrap().unwrap().as_slice(), b"secret");
        assert!(folder.read_checked("absent", LIMIT).unwrap().is_none());
        assert!(matches!(folder.read_checked("readable", LIMIT), Err(PrivateFileError::Open { mode: 0o604, .. })));
        assert!(matches!(folder.read_checked("link", LIMIT), Err(PrivateFileError::NotAFile { .. })));
    }
}
