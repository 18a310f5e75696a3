//! A folder of this run's own, for the few files that a client has to be given by name. It goes when the run ends; what a
//! killed run left behind is removed by the next one.
//!
//! All runs of a user have theirs side by side in one private folder. A run proves that it lives by a lock that the system
//! takes back from the dead. Everything below that folder is reached from its descriptor, no link is followed, and what is
//! not known to be a run's folder is left alone.

use std::fs::{File, Metadata};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::Environment;

/// The file that a run keeps locked.
const LOCK: &str = "alive";
/// How many others may be in the way before something else must be wrong.
const ATTEMPTS: usize = 100;
/// A folder that only its owner enters.
const PRIVATE: Mode = Mode::RWXU;

/// Why there is no private folder, or no file in it.
#[derive(Debug, thiserror::Error)]
pub enum RunFolderError {
    /// The system refused.
    #[error("the folder {} cannot be made", path.display())]
    NotMade {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody was there first.
    #[error("{} is in the way: it is no folder, or a link", path.display())]
    NotAFolder {
        /// What is there.
        path: PathBuf,
    },
    /// Somebody else can change what is in it at any time.
    #[error("the folder {} belongs to user {owner}, not to you (user {user}) or root", path.display())]
    ForeignOwner {
        /// The folder.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The user of this process.
        user: u32,
    },
    /// Others can see or change what is in it.
    #[error("the folder {} is open to others (mode {mode:04o})", path.display())]
    Open {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file in it cannot be written.
    #[error("{} cannot be written", path.display())]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The private folder of this run. Dropping it removes it with all that is in it.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    /// The folder of all runs, and the name of this one in it.
    runs: File,
    name: String,
    folder: File,
    /// Held as long as the run lives.
    _lock: OwnedFd,
}

impl RunFolder {
    /// Makes it in `$XDG_RUNTIME_DIR/rdsconn` where that variable names a private folder of the user's, else in
    /// `rdsconn-<uid>` in the temporary folder. Before that it removes what killed runs left there: in this order a run that is
    /// killed meanwhile leaves no more behind than it found.
    pub fn create(environment: &Environment) -> Result<Self, RunFolderError> {
        let (base, name) = base(environment);
        trust(&base)?;
        let runs_path = base.join(&name);
        let mut refusal = Errno::AGAIN;
        for _ in 0..ATTEMPTS {
            let runs = open_runs(&base, &name)?;
            sweep(&runs);
            let name = format!("{}-{:016x}", std::process::id(), RandomState::new().hash_one(0));
            match Claim::make(&runs, &name) {
                Ok(Claim { folder, lock }) => {
                    return Ok(Self { path: runs_path.join(&name), runs, name, folder, _lock: lock });
                }
                // Whoever sweeps has taken it for left over, or the name was taken: another name is free.
                Err(error @ (Errno::AGAIN | Errno::EXIST | Errno::NOENT)) => refusal = error,
                Err(error) => return Err(RunFolderError::NotMade { path: runs_path, source: error.into() }),
            }
        }
        Err(RunFolderError::NotMade { path: runs_path, source: refusal.into() })
    }

    /// Where the folders of all runs of this user are, whether there are any or not.
    pub fn of_all(environment: &Environment) -> PathBuf {
        let (base, name) = base(environment);
        base.join(name)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a new file that only the user reads. `name` is a plain name.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, RunFolderError> {
        let (path, folder) = self.place(name);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let written = rustix::fs::openat(folder, name, flags, Mode::RUSR | Mode::WUSR)
            .map_err(io::Error::from)
            .and_then(|file| {
                let written = File::from(file).write_all(bytes);
                if written.is_err() {
                    // Half a file is worse than none.
                    let _ = rustix::fs::unlinkat(folder, name, AtFlags::empty());
                }
                written
            });
        written.map(|()| path.clone()).map_err(|source| RunFolderError::NotWritten { path, source })
    }

    /// Where a file of this folder is, and the folder to reach it from.
    pub(super) fn place(&self, name: &str) -> (PathBuf, &File) {
        (self.path.join(name), &self.folder)
    }
}

/// Removes what is left of runs that no longer live. What cannot be removed is left to the next run.
fn sweep(runs: &File) {
    for name in names(runs).unwrap_or_default() {
        if is_run(&name) {
            let _ = remove_left_over(runs, &name);
        }
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        // What cannot be removed is swept by the next run.
        let _ = remove(&self.runs, self.name.as_bytes(), &self.folder);
    }
}

/// A folder whose lock is ours.
struct Claim {
    folder: File,
    lock: OwnedFd,
}

impl Claim {
    /// Makes a folder and locks it. Between the two, it looks to others like a left-over: `AGAIN` says that they took it.
    fn make(runs: &File, name: &str) -> Result<Self, Errno> {
        rustix::fs::mkdirat(runs, name, PRIVATE)?;
        Self::lock(runs, name).inspect_err(|_| {
            // Nothing is in it, unless others have taken it, and then they remove it.
            let _ = rustix::fs::unlinkat(runs, name, AtFlags::REMOVEDIR);
        })
    }

    fn lock(runs: &File, name: &str) -> Result<Self, Errno> {
        let folder = open_folder(runs, name.as_bytes())?;
        let lock = lock(&folder)?;
        // What cleans up old temporary files leaves a folder alone that is itself locked; see `tmpfiles.d(5)`.
        let _ = rustix::fs::flock(&folder, FlockOperation::NonBlockingLockShared);
        // Whoever sweeps removes the file only while they hold its lock: if it is there now that we do, it stays.
        let (named, locked) =
            (rustix::fs::statat(&folder, LOCK, AtFlags::SYMLINK_NOFOLLOW)?, rustix::fs::fstat(&lock)?);
        if named.st_ino == locked.st_ino { Ok(Self { folder, lock }) } else { Err(Errno::AGAIN) }
    }
}

/// Takes the lock of a run's folder, if nobody has it; `AGAIN` if somebody has.
fn lock(folder: &File) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let lock = rustix::fs::openat(folder, LOCK, flags, Mode::RUSR | Mode::WUSR)?;
    rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
    Ok(lock)
}

fn remove_left_over(runs: &File, name: &[u8]) -> Result<(), Errno> {
    let folder = open_folder(runs, name)?;
    if !folder.metadata().is_ok_and(|found| is_private(&found)) {
        return Err(Errno::PERM);
    }
    let _lock = lock(&folder)?;
    remove(runs, name, &folder)
}

/// Removes the files of a folder, its lock last, and the folder. A folder in it keeps it from being removed.
fn remove(runs: &File, name: &[u8], folder: &File) -> Result<(), Errno> {
    for file in names(folder)?.iter().filter(|file| *file != LOCK.as_bytes()) {
        rustix::fs::unlinkat(folder, file.as_slice(), AtFlags::empty())?;
    }
    rustix::fs::unlinkat(folder, LOCK, AtFlags::empty())?;
    rustix::fs::unlinkat(runs, name, AtFlags::REMOVEDIR)
}

fn names(folder: &File) -> Result<Vec<Vec<u8>>, Errno> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(folder)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(name);
        }
    }
    Ok(names)
}

/// Whether a name is one that this program gives to the folder of a run: `<pid>-<16 hexadecimal digits>`.
fn is_run(name: &[u8]) -> bool {
    let mut parts = name.splitn(2, |byte| *byte == b'-');
    let (Some(process), Some(random)) = (parts.next(), parts.next()) else { return false };
    let is_process = !process.is_empty() && process.iter().all(u8::is_ascii_digit);
    is_process && random.len() == 16 && random.iter().all(u8::is_ascii_hexdigit)
}

/// Where the folder of all runs is, and its name there.
fn base(environment: &Environment) -> (PathBuf, String) {
    let absolute = |name| environment.path(name).filter(|path| path.is_absolute());
    let user = rustix::process::geteuid().as_raw();
    let is_ours = |path: &PathBuf| {
        path.metadata().is_ok_and(|found| found.is_dir() && found.uid() == user && found.mode() & 0o777 == 0o700)
    };
    if let Some(runtime) = absolute("XDG_RUNTIME_DIR").filter(is_ours) {
        return (runtime, "rdsconn".to_owned());
    }
    (absolute("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp")), format!("rdsconn-{user}"))
}

/// Nobody but the user and root may be able to put something else in the folder's place: not in it, and not above it.
fn trust(folder: &Path) -> Result<(), RunFolderError> {
    let failed = |source| RunFolderError::NotMade { path: folder.to_owned(), source };
    let (user, root) = (rustix::process::geteuid().as_raw(), root());
    for path in std::fs::canonicalize(folder).map_err(failed)?.ancestors() {
        let found = path.metadata().map_err(failed)?;
        let (owner, mode) = (found.uid(), found.mode() & 0o7777);
        if owner != user && owner != 0 && owner != root {
            return Err(RunFolderError::ForeignOwner { path: path.to_owned(), owner, user });
        }
        // In a folder with the sticky bit, others cannot rename what is ours.
        if mode & 0o022 != 0 && mode & 0o1000 == 0 {
            return Err(RunFolderError::Open { path: path.to_owned(), mode });
        }
    }
    Ok(())
}

/// The user that root's files belong to, as this process sees it: in a sandbox that has no root, somebody of no name.
fn root() -> u32 {
    let read = |path| super::read_file(Path::new(path)).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let has_root = read("/proc/self/uid_map").is_none_or(|map| maps_root(&map));
    if has_root {
        return 0;
    }
    read("/proc/sys/kernel/overflowuid").and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

/// Whether a user namespace has a user 0. By `user_namespaces(7)`, a line holds the first number inside, the first outside, and
/// how many there are.
fn maps_root(map: &str) -> bool {
    map.lines().any(|line| line.split_ascii_whitespace().next() == Some("0"))
}

/// Opens the folder of all runs, and makes it if it is not there.
fn open_runs(base: &Path, name: &str) -> Result<File, RunFolderError> {
    let path = base.join(name);
    let failed = |error: Errno| match error {
        Errno::LOOP | Errno::NOTDIR => RunFolderError::NotAFolder { path: path.clone() },
        _ => RunFolderError::NotMade { path: path.clone(), source: error.into() },
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let base = rustix::fs::open(base, flags, Mode::empty()).map_err(failed)?;
    match rustix::fs::mkdirat(&base, name, PRIVATE) {
        Ok(()) | Err(Errno::EXIST) => (),
        Err(error) => return Err(failed(error)),
    }
    let runs = open_folder(&base, name.as_bytes()).map_err(failed)?;
    let found = runs.metadata().map_err(|source| RunFolderError::NotMade { path: path.clone(), source })?;
    let (owner, user) = (found.uid(), rustix::process::geteuid().as_raw());
    if owner != user {
        return Err(RunFolderError::ForeignOwner { path, owner, user });
    }
    if !is_private(&found) {
        return Err(RunFolderError::Open { path, mode: found.mode() & 0o7777 });
    }
    Ok(runs)
}

fn open_folder(parent: impl AsFd, name: &[u8]) -> Result<File, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, std::ffi::OsStr::from_bytes(name), flags, Mode::empty()).map(File::from)
}

/// A folder of ours that nobody else enters.
fn is_private(found: &Metadata) -> bool {
    found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() && (found.mode() & 0o777) | 0o700 == 0o700
}

#[cfg(test)]
mod tests;
