//! Starts a program in our place on the terminal and waits for it: to the shell above it is as if that program itself had
//! been started, and it does not outlive us.
//!
//! The child is in our process group, so the terminal's Ctrl-C, Ctrl-\ and Ctrl-Z reach it without us, and reach us too. We
//! go on: whether Ctrl-C ends a client is the client's business. What is sent to us alone is handed on. When the child
//! stops, we stop, because the shell looks only at us; when we are continued, we continue it.
//!
//! The waiting is not left to tokio's own children: they are never told to have stopped.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use rustix::io::{Errno, FdFlags, fcntl_getfd, fcntl_setfd};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, waitpid};

use super::signals::Heard;
use super::terminal;

/// Whether the launcher has told of a failure, where there is a launcher.
#[cfg(target_os = "linux")]
type Launch = Option<super::launcher::Launch>;
#[cfg(not(target_os = "linux"))]
type Launch = Option<std::convert::Infallible>;

/// What is heard of while a child runs. A stop that was typed is dealt with before the child's having stopped, which stops
/// us, and that before the continuation that ends it.
const HEARD: [Signal; 9] = [
    Signal::TSTP,
    Signal::INT,
    Signal::QUIT,
    Signal::TERM,
    Signal::HUP,
    Signal::USR1,
    Signal::USR2,
    Signal::CHILD,
    Signal::CONT,
];

/// A program to be started on the terminal.
#[derive(Debug)]
pub struct ChildProgram {
    /// Where it is; with a slash in it, nothing is looked up.
    pub path: PathBuf,
    /// What it is told that it was called by, its `argv[0]`: what the user typed.
    pub name: OsString,
    /// Its arguments, untouched.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Descriptors that it gets under the same numbers. It gets nothing else that rdsconn has opened.
    pub inherit: Vec<OwnedFd>,
    /// The program that is started under the launcher's name. `None` starts the client directly; see [`Self::new`].
    pub launcher: Option<PathBuf>,
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChildEnd {
    /// By itself, with this status.
    Exited(u8),
    /// By the signal of this number.
    Signalled(u8),
}

impl ChildEnd {
    /// The exit code that a shell makes of it.
    pub fn code(self) -> u8 {
        match self {
            Self::Exited(code) => code,
            Self::Signalled(number) => number.saturating_add(128),
        }
    }
}

/// Why a program did not run.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// It is not there.
    #[error("{} does not exist", path.display())]
    NotFound {
        /// The program.
        path: PathBuf,
    },
    /// It is there and cannot be run.
    #[error("{} cannot be run", path.display())]
    NotRunnable {
        /// The program.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system has not enough of something for one more program, or does not tell what became of it.
    #[error("cannot start {}", path.display())]
    NotStarted {
        /// The program.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A program that was started and has not been waited for. Dropping it kills it.
#[derive(Debug)]
pub struct Child {
    path: PathBuf,
    pid: Pid,
    end: Option<ChildEnd>,
    heard: Heard,
    terminal: Option<terminal::Settings>,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there is no launcher"))]
    launch: Launch,
}

impl ChildProgram {
    /// A program without arguments, with an empty environment.
    pub fn new(path: impl Into<PathBuf>, name: impl Into<OsString>) -> Self {
        let launcher = cfg!(target_os = "linux").then(|| PathBuf::from("/proc/self/exe"));
        Self {
            path: path.into(),
            name: name.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            inherit: Vec::new(),
            launcher,
        }
    }

    /// Starts it with our standard streams and in our process group. Needs a running tokio runtime, and has to be called on
    /// a thread that lives until the child has ended: on Linux it is that thread's end that kills the child.
    ///
    /// From here on INT, QUIT, TSTP, TERM, HUP, USR1 and USR2 are for the child and do nothing to us.
    pub fn start(self) -> Result<Child, ChildError> {
        check_program(&self.path)?;
        let failed = |source| failed(&self.path, source);
        // What arrives before the child is there waits for it.
        let heard = Heard::listen(&HEARD).map_err(failed)?;
        let terminal = terminal::Settings::current();
        let started = Inherited::keep(&self.inherit).and_then(|_inherited| self.spawn()).map_err(failed)?;
        Ok(Child { path: self.path, pid: started.0, end: None, heard, terminal, launch: started.1 })
    }

    #[cfg(target_os = "linux")]
    fn spawn(&self) -> io::Result<(Pid, Launch)> {
        let launched = self.launcher.as_ref().map(|launcher| super::launcher::Launch::start(launcher, self));
        if let Some(Ok((child, launch))) = launched {
            return Ok((Pid::from_child(&child), Some(launch)));
        }
        // No `/proc`, most likely. Better a client that a kill -9 of ours can leave behind than none.
        Ok((self.spawn_directly()?, None))
    }

    #[cfg(not(target_os = "linux"))]
    fn spawn(&self) -> io::Result<(Pid, Launch)> {
        Ok((self.spawn_directly()?, None))
    }

    #[expect(clippy::disallowed_methods, reason = "this room starts programs")]
    fn spawn_directly(&self) -> io::Result<Pid> {
        let child = std::process::Command::new(&self.path)
            .arg0(&self.name)
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .spawn()?;
        Ok(Pid::from_child(&child))
    }
}

/// Descriptors that programs started now inherit.
struct Inherited<'a>(&'a [OwnedFd]);

impl<'a> Inherited<'a> {
    /// Until the value is dropped: another program started meanwhile would get them, too.
    fn keep(descriptors: &'a [OwnedFd]) -> io::Result<Self> {
        let inherited = Self(descriptors);
        inherited.set(false)?;
        Ok(inherited)
    }

    fn set(&self, close_on_exec: bool) -> io::Result<()> {
        self.0.iter().try_for_each(|descriptor| {
            let mut flags = fcntl_getfd(descriptor)?;
            flags.set(FdFlags::CLOEXEC, close_on_exec);
            Ok(fcntl_setfd(descriptor, flags)?)
        })
    }
}

impl Drop for Inherited<'_> {
    fn drop(&mut self) {
        // It has worked the other way round.
        let _ = self.set(true);
    }
}

impl Child {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.pid.as_raw_pid().unsigned_abs()
    }

    /// Waits for its end, and meanwhile hands signals on and stops when it stops. May be dropped and called again.
    ///
    /// A program that the system would not run is told of here, too.
    pub async fn wait(&mut self) -> Result<ChildEnd, ChildError> {
        loop {
            if let Some(end) = self.look().map_err(|error| failed(&self.path, error.into()))? {
                return self.conclude(end);
            }
            match self.heard.next().await {
                Signal::CHILD => (),
                // The terminal has sent it these itself.
                Signal::INT | Signal::QUIT | Signal::TSTP if terminal::is_in_foreground() => (),
                signal => self.send(signal),
            }
        }
    }

    /// Whether it has ended. If it has stopped, so do we, until somebody continues us.
    fn look(&mut self) -> Result<Option<ChildEnd>, Errno> {
        while self.end.is_none() {
            match waitpid(Some(self.pid), WaitOptions::NOHANG | WaitOptions::UNTRACED) {
                Ok(Some((_, status))) if status.stopped() => stop_along(),
                Ok(Some((_, status))) => self.end = end(status),
                Ok(None) => break,
                Err(Errno::INTR) => (),
                Err(error) => return Err(error),
            }
        }
        Ok(self.end)
    }

    fn conclude(&mut self, end: ChildEnd) -> Result<ChildEnd, ChildError> {
        #[cfg(target_os = "linux")]
        if let Some(source) = self.launch.take().and_then(|mut launch| launch.failure()) {
            return Err(failed(&self.path, source));
        }
        if let (ChildEnd::Signalled(_), Some(terminal)) = (end, self.terminal.take()) {
            terminal.put_back();
        }
        Ok(end)
    }

    fn send(&self, signal: Signal) {
        // It has not been waited for, so its number is still its own.
        let _ = kill_process(self.pid, signal);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.end.is_none() {
            self.send(Signal::KILL);
            let ended = waitpid(Some(self.pid), WaitOptions::empty());
            if let (Ok(_), Some(terminal)) = (ended, self.terminal.take()) {
                terminal.put_back();
            }
        }
    }
}

fn end(status: WaitStatus) -> Option<ChildEnd> {
    // Both numbers have eight bits.
    let byte = |number| u8::try_from(number).unwrap_or(u8::MAX);
    let exited = status.exit_status().map(|code| ChildEnd::Exited(byte(code)));
    exited.or_else(|| status.terminating_signal().map(|number| ChildEnd::Signalled(byte(number))))
}

/// Stops this process as its child has stopped, so that the shell above gets the terminal back. Without a terminal there is
/// no such shell, and nobody who would continue us.
fn stop_along() {
    if terminal::is_there() {
        // Not the signal that stopped the child: TSTP is listened to, and no longer stops.
        let _ = kill_process(getpid(), Signal::STOP);
    }
}

/// Whether a program can be run, as far as can be known without running it.
pub fn check_program(path: &Path) -> Result<(), ChildError> {
    let metadata = path.metadata().map_err(|source| failed(path, source))?;
    let allowed =
        if metadata.is_dir() { Err(Errno::ISDIR) } else { rustix::fs::access(path, rustix::fs::Access::EXEC_OK) };
    allowed.map_err(|error| failed(path, error.into()))
}

fn failed(path: &Path, source: io::Error) -> ChildError {
    let path = path.to_owned();
    match Errno::from_io_error(&source) {
        // A script whose interpreter is missing gives the same error, and is there.
        Some(Errno::NOENT) if !path.exists() => ChildError::NotFound { path },
        Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE | Errno::CHILD) | None => {
            ChildError::NotStarted { path, source }
        }
        Some(_) => ChildError::NotRunnable { path, source },
    }
}

#[cfg(test)]
mod tests;
