//! Hands a secret text to a client that wants to read it from a file, without a file that holds it.
//!
//! A named pipe gives each reader a copy of its own, made when it is asked for. Programs that read no pipes get a file in
//! memory. Either is for the user alone.
//!
//! A reader has a pipe to itself from some microseconds after it has opened it. Two programs that open it in the same moment
//! share one text, and one of them may find nothing: who starts many at once gives them the file in memory.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use secrecy::{ExposeSecret as _, SecretString};

use super::{RunFolder, RunFolderError};

/// What only the user reads and writes.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// A named pipe that answers each reader with a fresh text. Dropping it removes it and ends the answering.
#[derive(Debug)]
pub struct OptionPipe {
    path: PathBuf,
    shared: Arc<Shared>,
    /// Closed to end a write that nobody reads.
    _alive: OwnedFd,
}

/// What the answering thread and the owner of the pipe have in common.
#[derive(Debug)]
struct Shared {
    folder: File,
    name: String,
    removal: Mutex<Removal>,
}

/// Whether the pipe has been dropped.
#[derive(Debug, Default)]
struct Removal {
    is_done: bool,
    /// An end for reading, so that the thread waits for nobody else's.
    reader: Option<OwnedFd>,
}

impl OptionPipe {
    /// Makes the pipe `name` in the run's folder and answers from a thread of its own until it is dropped. A reader that
    /// gets `None` finds an empty file. `supply` is asked once for each reader and may take its time; only readers wait.
    pub fn serve(
        folder: &RunFolder,
        name: &str,
        supply: impl FnMut() -> Option<SecretString> + Send + 'static,
    ) -> Result<Self, RunFolderError> {
        let (path, folder) = folder.place(name);
        let start = || -> io::Result<(Arc<Shared>, OwnedFd)> {
            let shared =
                Arc::new(Shared { folder: folder.try_clone()?, name: name.to_owned(), removal: Mutex::default() });
            make_pipe(&shared.folder, &path, name)?;
            let (stop, alive) = io::pipe()?;
            let thread =
                Answering { shared: Arc::clone(&shared), path: path.clone(), stop: Arc::new(stop.into()), supply };
            std::thread::Builder::new().name("option file".to_owned()).spawn(|| thread.run())?;
            Ok((shared, alive.into()))
        };
        match start() {
            Ok((shared, alive)) => Ok(Self { path, shared, _alive: alive }),
            Err(source) => Err(RunFolderError::NotWritten { path, source }),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for OptionPipe {
    fn drop(&mut self) {
        let Shared { folder, name, .. } = &*self.shared;
        let mut removal = self.shared.removal();
        removal.is_done = true;
        // The thread waits in its open until there is a reader: here is one. It is kept until the thread has seen it.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        removal.reader = rustix::fs::openat(folder, name.as_str(), flags, Mode::empty()).ok();
        // The run's folder removes what is left.
        let _ = rustix::fs::unlinkat(folder, name.as_str(), AtFlags::empty());
        let _ = rustix::fs::unlinkat(folder, next(name), AtFlags::empty());
    }
}

impl Shared {
    fn removal(&self) -> MutexGuard<'_, Removal> {
        self.removal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that answers.
struct Answering<Supply> {
    shared: Arc<Shared>,
    path: PathBuf,
    /// Readable once the pipe has been dropped.
    stop: Arc<OwnedFd>,
    supply: Supply,
}

impl<Supply: FnMut() -> Option<SecretString>> Answering<Supply> {
    fn run(mut self) {
        while let Ok(pipe) = self.next_reader() {
            if let Some(text) = (self.supply)() {
                self.answer(pipe, text);
            }
        }
        // If the pipe has not been dropped, the system has failed it: then a reader is better off without one than waiting.
        let Shared { folder, name, .. } = &*self.shared;
        let _ = self.unless_removed(|| Ok(rustix::fs::unlinkat(folder, name.as_str(), AtFlags::empty())?));
    }

    /// Gives a reader its text. Most texts fit into the pipe. The rest of one that does not is written on the side: a reader
    /// that takes its time keeps no other waiting.
    fn answer(&self, mut pipe: File, text: SecretString) {
        let bytes = text.expose_secret().as_bytes();
        if rustix::fs::fcntl_setfl(&pipe, OFlags::NONBLOCK).is_err() {
            return;
        }
        // A reader that has gone does not want it.
        let Some(written) = written(pipe.write(bytes)).filter(|written| *written < bytes.len()) else { return };
        let stop = Arc::clone(&self.stop);
        let rest = move || write_rest(&pipe, text.expose_secret().as_bytes().get(written..).unwrap_or_default(), &stop);
        // Without a thread for it the reader finds half a text, and its end.
        let _ = std::thread::Builder::new().name("option file".to_owned()).spawn(rest);
    }

    /// Waits for a reader, and puts a fresh pipe in the place of the one that it has opened: who opens the path from now on
    /// gets a text of their own.
    fn next_reader(&self) -> io::Result<File> {
        let Shared { folder, name, .. } = &*self.shared;
        // Made before, so that the moment in which a second reader gets hold of the first one's pipe is as short as can be.
        self.unless_removed(|| make_pipe(folder, &self.path, &next(name)))?;
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let pipe = rustix::io::retry_on_intr(|| rustix::fs::openat(folder, name.as_str(), flags, Mode::empty()))?;
        self.unless_removed(|| Ok(rustix::fs::renameat(folder, next(name), folder, name.as_str())?))?;
        Ok(File::from(pipe))
    }

    fn unless_removed(&self, act: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let removal = self.shared.removal();
        if removal.is_done { Err(Errno::NOENT.into()) } else { act() }
    }
}

/// Writes until the reader has everything, or goes, or the pipe is dropped.
fn write_rest(mut pipe: &File, mut bytes: &[u8], stop: &OwnedFd) {
    while !bytes.is_empty() {
        let mut waits = [PollFd::new(pipe, PollFlags::OUT), PollFd::new(stop, PollFlags::IN)];
        if rustix::io::retry_on_intr(|| poll(&mut waits, None)).is_err() || !waits[1].revents().is_empty() {
            return;
        }
        let Some(written) = written(pipe.write(bytes)) else { return };
        bytes = bytes.get(written..).unwrap_or_default();
    }
}

/// How much was written; `None` if nothing more ever will be.
fn written(outcome: io::Result<usize>) -> Option<usize> {
    match outcome {
        Ok(count) => Some(count),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Some(0),
        Err(_) => None,
    }
}

/// The name under which the next pipe waits for its turn.
fn next(name: &str) -> String {
    format!(".{name}.next")
}

#[cfg(not(target_vendor = "apple"))]
fn make_pipe(folder: &File, _: &Path, name: &str) -> io::Result<()> {
    Ok(rustix::fs::mkfifoat(folder, name, PRIVATE)?)
}

/// There is no call for it in safe Rust here.
#[cfg(target_vendor = "apple")]
#[expect(clippy::disallowed_methods, reason = "this room starts programs")]
fn make_pipe(_: &File, path: &Path, name: &str) -> io::Result<()> {
    let made =
        std::process::Command::new("/usr/bin/mkfifo").args(["-m", "600"]).arg(path.with_file_name(name)).status()?;
    if made.success() { Ok(()) } else { Err(io::Error::other("mkfifo failed")) }
}

/// A secret text that a program opens by name, as often as it likes, for programs that read no pipes.
#[derive(Debug)]
pub struct PrivateText {
    path: PathBuf,
    descriptor: Option<OwnedFd>,
}

impl PrivateText {
    /// On Linux a sealed file in memory, elsewhere the new file `name` in the run's folder.
    pub fn new(folder: &RunFolder, name: &str, text: &SecretString) -> Result<Self, RunFolderError> {
        let bytes = text.expose_secret().as_bytes();
        #[cfg(target_os = "linux")]
        if let Ok(descriptor) = memory_file(bytes) {
            use std::os::fd::AsRawFd as _;
            let path = PathBuf::from(format!("/dev/fd/{}", descriptor.as_raw_fd()));
            return Ok(Self { path, descriptor: Some(descriptor) });
        }
        Ok(Self { path: folder.write(name, bytes)?, descriptor: None })
    }

    /// What the program is told to open. It holds in a program that inherits [`Self::into_inherited`], and nowhere else.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the program has to inherit; see [`super::ChildProgram::inherit`].
    pub fn into_inherited(self) -> Option<OwnedFd> {
        self.descriptor
    }
}

/// A file that is nowhere in the file system. It is born with mode 0777, and MySQL's clients ignore a file that everybody
/// can write.
#[cfg(target_os = "linux")]
fn memory_file(bytes: &[u8]) -> io::Result<OwnedFd> {
    use rustix::fs::{MemfdFlags, SealFlags};

    let descriptor = rustix::fs::memfd_create("rdsconn", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    rustix::fs::fchmod(&descriptor, PRIVATE)?;
    let mut file = File::from(descriptor);
    file.write_all(bytes)?;
    file.rewind()?;
    rustix::fs::fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(file.into())
}

#[cfg(test)]
mod tests;
