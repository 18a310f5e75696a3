//! Makes sure that no server, folder or PAM service outlives the test process, however it ends.
//!
//! A static is never dropped, a killed process drops nothing, and `PR_SET_PDEATHSIG` is tied to the thread that forked,
//! which in a test is a short-lived one. So a small shell waits on a pipe for the process to end and cleans up after it.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// The shell and the pipe it waits on. Dropping it cleans up and waits until that is done.
#[derive(Debug)]
pub(crate) struct Janitor {
    shell: Child,
    pipe: Mutex<Option<ChildStdin>>,
}

impl Janitor {
    pub(crate) fn start() -> Self {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", include_str!("janitor.sh")])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C at the terminal must not reach it.
            .process_group(0)
            .spawn()
            .expect("a shell");
        let pipe = Mutex::new(shell.stdin.take());
        Self { shell, pipe }
    }

    /// Registers a server; its children are killed with it.
    pub(crate) fn watch(&self, pid: u32) {
        self.tell(&format!("process {pid}\n"));
    }

    /// Says that a server is dead. Told before it is waited for, while its number cannot be another's.
    pub(crate) fn forget(&self, pid: u32) {
        self.tell(&format!("forget {pid}\n"));
    }

    /// Registers a file or folder for removal.
    pub(crate) fn remove_in_the_end(&self, path: &Path) {
        self.tell(&format!("path {}\n", path.display()));
    }

    fn tell(&self, line: &str) {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        let pipe = pipe.as_mut().expect("the pipe is open until the end");
        pipe.write_all(line.as_bytes()).expect("the janitor listens");
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        *self.pipe.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        // It cannot fail: nobody else waits for it.
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_janitor_still_cleans_up() {
        // As when the test process is killed: the pipe closes and nobody waits.
        let directory = tempfile::tempdir().unwrap();
        let doomed = directory.path().join("two words");
        std::fs::create_dir(&doomed).unwrap();
        std::fs::write(doomed.join("file"), "x").unwrap();
        let mut server = Command::new("/bin/sh").args(["-c", "sleep 1000 & sleep 1000"]).spawn().unwrap();
        let mut spared = Command::new("/bin/sleep").arg("1000").spawn().unwrap();
        let janitor = Janitor::start();
        janitor.watch(spared.id());
        janitor.watch(server.id());
        janitor.forget(spared.id());
        janitor.remove_in_the_end(&doomed);
        drop(janitor);
        assert!(!doomed.exists() && directory.path().exists());
        assert!(server.wait().unwrap().code().is_none(), "it was killed");
        assert!(spared.try_wait().unwrap().is_none(), "it was spared");
        spared.kill().unwrap();
        spared.wait().unwrap();
    }
}
