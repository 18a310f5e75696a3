//! One server process: started, watched until it answers, frozen, killed with everything it forked.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::janitor::Janitor;

/// How long a server may take to answer or to end.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    janitor: Arc<Janitor>,
    running: bool,
}

impl Server {
    /// Starts `command` with its output in `log` and waits until `answers` says so. The error is the server's own log;
    /// a server that was too late for its port says so in it.
    pub(crate) fn start(
        mut command: Command,
        log: &Path,
        janitor: &Arc<Janitor>,
        answers: impl Fn() -> bool,
    ) -> Result<Self, String> {
        let output = File::options().create(true).append(true).open(log).expect("the server's log");
        let child = command
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a second handle of the log"))
            .stderr(output)
            // Ctrl-C at the terminal ends the tests; the janitor ends the servers.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{command:?}: {error}"))?;
        janitor.watch(child.id());
        let mut server = Self { child, log: log.to_owned(), janitor: Arc::clone(janitor), running: true };
        let deadline = Instant::now() + PATIENCE;
        while !answers() {
            if let Ok(Some(status)) = server.child.try_wait() {
                server.running = false;
                server.janitor.forget(server.child.id());
                return Err(format!("{command:?} ended with {status}\n{}", server.log()));
            }
            if Instant::now() > deadline {
                return Err(format!("{command:?} does not answer\n{}", server.log()));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Kills it and all its children, without a chance to say goodbye.
    pub(crate) fn kill(&mut self) {
        if self.running {
            for pid in self.stopped_tree() {
                signal(pid, Signal::KILL);
            }
            self.collect();
        }
    }

    /// Asks it to end in an orderly way, and insists if it does not.
    pub(crate) fn stop(&mut self) {
        if !self.running {
            return;
        }
        signal(Pid::from_child(&self.child), Signal::TERM);
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && is_running(self.child.id()) {
            thread::sleep(Duration::from_millis(5));
        }
        self.kill();
    }

    fn collect(&mut self) {
        self.running = false;
        self.janitor.forget(self.child.id());
        // It was killed: it ends.
        let _ = self.child.wait();
    }

    /// Stops it and all its children; they keep their sockets and say nothing.
    pub(crate) fn freeze(&self) {
        self.stopped_tree();
    }

    /// Lets it and all its children go on.
    pub(crate) fn thaw(&self) {
        for pid in tree(Pid::from_child(&self.child), &|_| ()) {
            signal(pid, Signal::CONT);
        }
    }

    /// Every process of the tree, each stopped before its children are looked up.
    fn stopped_tree(&self) -> Vec<Pid> {
        tree(Pid::from_child(&self.child), &|pid| signal(pid, Signal::STOP))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port nobody listens on. Somebody may take it before the server does: then starting is tried again with another.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a listener has an address").port()
}

/// A process that has ended meanwhile is just as well.
fn signal(pid: Pid, signal: Signal) {
    let _ = kill_process(pid, signal);
}

fn tree(root: Pid, before: &dyn Fn(Pid)) -> Vec<Pid> {
    before(root);
    let mut found = vec![root];
    let Ok(threads) = fs::read_dir(format!("/proc/{root}/task")) else { return found };
    for thread in threads.flatten() {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)) {
            found.extend(tree(child, before));
        }
    }
    found
}

/// Whether a process exists and is not a zombie.
fn is_running(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("State:"))
        .is_some_and(|state| !state.trim().starts_with(['Z', 'X']))
}

/// Whether a failed start may be tried again with another port.
pub(crate) fn lost_its_port(error: &str) -> bool {
    error.contains("Address already in use")
}
