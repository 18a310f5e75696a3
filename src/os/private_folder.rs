//! A folder of small files that nobody but this user may see: tokens, and the locks beside them.
//!
//! Owner, mode and kind are judged on what was opened, never on a path; no link is followed; a file is replaced whole or not
//! at all. What is not in order is as good as absent: nothing here is worth an error to somebody who wants a query answered.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use secrecy::zeroize::Zeroizing;

mod checked;
#[cfg(test)]
mod tests;

pub use checked::{PrivateFileError, read_private};

/// What is opened must be what the name says, at once, and for nobody else.
const SAFELY: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// Why a private folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFolderError {
    /// Somebody else could change it at any time.
    #[error("{} belongs to user {owner}, not to you (user {user})", path.display())]
    ForeignOwner {
        /// The folder.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The user of this process.
        user: u32,
    },
    /// Others may look into it or change it.
    #[error("{} is open to others (mode {mode:04o})", path.display())]
    Open {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It cannot be made, opened or written to.
    #[error("{} cannot be used", path.display())]
    Unusable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// An open folder that is this user's alone.
#[derive(Debug)]
pub struct PrivateFolder {
    path: PathBuf,
    descriptor: OwnedFd,
}

impl PrivateFolder {
    /// Opens `base/program/name`. `None` if it does not exist.
    pub fn open(base: &Path, program: &str, name: &str) -> Result<Option<Self>, PrivateFolderError> {
        match Self::enter(base, program, name, false) {
            Ok(folder) => Ok(Some(folder)),
            Err(PrivateFolderError::Unusable { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same, and makes what is missing below `base`, with mode 0700.
    pub fn create(base: &Path, program: &str, name: &str) -> Result<Self, PrivateFolderError> {
        Self::enter(base, program, name, true)
    }

    /// Makes a base that does not exist, with mode 0700: its last part only, and only in a folder of this user's. Under
    /// `sudo`, nothing is made in somebody else's home.
    pub fn make_base(base: &Path) -> Result<(), PrivateFolderError> {
        match (open_folder(CWD, base, OFlags::empty()), base.parent().zip(base.file_name())) {
            (Err(Errno::NOENT), Some((above, last))) => {
                make(&judge(open_folder(CWD, above, OFlags::empty()), above, 0)?, last, base)
            }
            _ => Ok(()),
        }
    }

    fn enter(base: &Path, program: &str, name: &str, is_made: bool) -> Result<Self, PrivateFolderError> {
        // A user may have put the base elsewhere with a link, so it alone is followed; what counts is whose it is.
        let mut folder = judge(open_folder(CWD, base, OFlags::empty()), base, 0)?;
        let mut path = base.to_owned();
        for (part, forbidden) in [(program, 0o022), (name, 0o077)] {
            path.push(part);
            if is_made {
                make(&folder, part.as_ref(), &path)?;
            }
            folder = judge(open_folder(&folder, part.as_ref(), OFlags::NOFOLLOW), &path, forbidden)?;
        }
        Ok(Self { path, descriptor: folder })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a file of at most `limit` bytes. `None` if it is absent, or is anything but a regular file that is this user's
    /// alone and has no second name.
    pub fn read(&self, name: &str, limit: usize) -> Option<Zeroizing<Vec<u8>>> {
        let file = rustix::fs::openat(&self.descriptor, name, OFlags::RDONLY | SAFELY, Mode::empty()).ok()?;
        let file = File::from(file);
        let metadata = file.metadata().ok()?;
        let size = usize::try_from(metadata.len()).ok().filter(|size| *size <= limit)?;
        if !is_own_file(&metadata) || metadata.mode() & 0o7077 != 0 {
            return None;
        }
        // Room for one more, so that the text is never moved and left behind in memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(size + 1));
        file.take(size as u64 + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() == size).then_some(bytes)
    }

    /// Puts a file in place of whatever bears its name: all of it, or nothing.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), PrivateFolderError> {
        let unusable = |source| PrivateFolderError::Unusable { path: self.path.join(name), source };
        let temporary = self.write_beside(name, bytes).map_err(unusable)?;
        rustix::fs::renameat(&self.descriptor, &temporary, &self.descriptor, name).map_err(|error| {
            self.remove(&temporary);
            unusable(error.into())
        })
    }

    fn write_beside(&self, name: &str, bytes: &[u8]) -> io::Result<String> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        may_write(bytes.len() as u64)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | SAFELY;
        let (temporary, descriptor) = loop {
            let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            let temporary = format!(".{name}.{process}.{count}");
            match rustix::fs::openat(&self.descriptor, &temporary, flags, Mode::RUSR | Mode::WUSR) {
                Ok(descriptor) => break (temporary, descriptor),
                // Left behind by a process of the same number that was killed.
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        };
        let mut file = File::from(descriptor);
        file.write_all(bytes).and_then(|()| file.sync_all()).inspect_err(|_| {
            self.remove(&temporary);
        })?;
        Ok(temporary)
    }

    /// Removes a file, whatever it is; `false` if it was not there.
    pub fn remove(&self, name: &str) -> bool {
        rustix::fs::unlinkat(&self.descriptor, name, AtFlags::empty()).is_ok()
    }

    /// The names of all files that are not hidden, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.all_names();
        names.retain(|name| !name.starts_with('.'));
        names.sort_unstable();
        names
    }

    /// Removes what has not been changed for so long: what is over, and what a killed process left behind.
    pub fn sweep(&self, age: Duration, now: SystemTime) {
        let Some(limit) = now.checked_sub(age).and_then(|limit| limit.duration_since(UNIX_EPOCH).ok()) else { return };
        for name in self.all_names() {
            if let Ok(stat) = rustix::fs::statat(&self.descriptor, &name, AtFlags::SYMLINK_NOFOLLOW)
                && u64::try_from(stat.st_mtime).is_ok_and(|changed| changed < limit.as_secs())
            {
                self.remove(&name);
            }
        }
    }

    fn all_names(&self) -> Vec<String> {
        let Ok(entries) = rustix::fs::Dir::read_from(&self.descriptor) else { return Vec::new() };
        let names = entries.flatten().filter_map(|entry| {
            let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_str()?.to_owned();
            (name != "." && name != "..").then_some(name)
        });
        names.collect()
    }

    /// Opens a lock file, and makes it if need be. Nothing is locked yet.
    pub fn lock_file(&self, name: &str) -> Option<LockFile> {
        let flags = OFlags::RDWR | OFlags::CREATE | SAFELY;
        let file = rustix::fs::openat(&self.descriptor, name, flags, Mode::RUSR | Mode::WUSR).ok()?;
        let file = File::from(file);
        let metadata = file.metadata().ok().filter(is_own_file)?;
        let folder = self.descriptor.try_clone().ok()?;
        Some(LockFile { folder, file, name: name.to_owned(), size: metadata.len() })
    }
}

/// A lock that the kernel frees when its holder dies, however that dies. Its file counts the failures of its holders.
#[derive(Debug)]
pub struct LockFile {
    folder: OwnedFd,
    file: File,
    name: String,
    /// When it was opened.
    size: u64,
}

impl LockFile {
    /// Takes the lock if nobody has it.
    pub fn try_acquire(&self) -> bool {
        rustix::fs::flock(&self.file, FlockOperation::NonBlockingLockExclusive).is_ok()
    }

    /// Waits for the lock as long as it takes; `false` if this file system has none.
    pub fn acquire(&self) -> bool {
        loop {
            match rustix::fs::flock(&self.file, FlockOperation::LockExclusive) {
                Err(Errno::INTR) => {}
                locked => return locked.is_ok(),
            }
        }
    }

    /// Whether this is still the file that the next comer would open. Asked by whoever holds the lock.
    pub fn is_current(&self) -> bool {
        let there = rustix::fs::statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW);
        let here = rustix::fs::fstat(&self.file);
        there.is_ok_and(|there| here.is_ok_and(|here| (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)))
    }

    /// Whether a holder has failed since this was opened: those who waited then need not fail one after the other.
    pub fn holder_failed(&self) -> bool {
        self.file.metadata().is_ok_and(|now| now.len() > self.size)
    }

    /// Gives the lock back, to be forgotten.
    pub fn release(self) {
        if self.is_current() {
            let _ = rustix::fs::unlinkat(&self.folder, &self.name, AtFlags::empty());
        }
    }

    /// Gives the lock back and tells those who wait that nothing came of it.
    pub fn release_failed(self) {
        // Growing a file without writing to it takes no room on the disk. Who cannot be told tries in turn.
        if let Ok(size) = self.file.metadata().map(|now| now.len() + 1)
            && may_write(size).is_ok()
        {
            let _ = self.file.set_len(size);
        }
    }
}

/// A write beyond `RLIMIT_FSIZE` would not fail but kill the process.
fn may_write(size: u64) -> io::Result<()> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    if limit.is_some_and(|limit| limit < size) { Err(Errno::FBIG.into()) } else { Ok(()) }
}

fn open_folder(above: impl AsFd, name: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | flags;
    rustix::fs::openat(above, name, flags, Mode::empty())
}

fn make(above: &OwnedFd, name: &OsStr, path: &Path) -> Result<(), PrivateFolderError> {
    match rustix::fs::mkdirat(above, name, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(PrivateFolderError::Unusable { path: path.to_owned(), source: error.into() }),
    }
}

fn judge(opened: Result<OwnedFd, Errno>, path: &Path, forbidden: u32) -> Result<OwnedFd, PrivateFolderError> {
    let unusable = |source| PrivateFolderError::Unusable { path: path.to_owned(), source };
    let folder = File::from(opened.map_err(|error| unusable(error.into()))?);
    let metadata = folder.metadata().map_err(unusable)?;
    let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != user {
        return Err(PrivateFolderError::ForeignOwner { path: path.to_owned(), owner, user });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & forbidden != 0 {
        return Err(PrivateFolderError::Open { path: path.to_owned(), mode });
    }
    Ok(folder.into())
}

/// A regular file of this user's. One name only, too: a second one may stand where others can write.
fn is_own_file(metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw() && metadata.nlink() <= 1
}
