//! A program under test while it runs: what it printed so far, what to type, and a deadline that nothing outlives.
//!
//! Programs get a session of their own, so that none can reach the terminal of whoever runs the tests, and so that all
//! their children die with them. Waiting is for events (text, end of output, exit), never for a length of time.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::Pty;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

mod shell;
#[cfg(test)]
mod tests;

pub use shell::{Answer, Shell};

/// What a program left behind.
#[derive(Debug, Clone)]
pub struct Output {
    /// The exit code; 128 plus the signal's number if a signal ended it, as shells say it.
    pub code: i32,
    /// Standard output, byte for byte. On a terminal: everything the program showed, with `\r\n` line ends.
    pub stdout_bytes: Vec<u8>,
    /// Standard output as text, invalid UTF-8 replaced.
    pub stdout: String,
    /// Standard error as text, invalid UTF-8 replaced. Empty on a terminal.
    pub stderr: String,
    /// From start to exit.
    pub elapsed: Duration,
}

impl Output {
    /// The output itself, if the program succeeded; a test that went on after a failure would only confuse.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "an assertion first; its value is for going on")]
    pub fn succeeded(self) -> Self {
        self.ended_with(0)
    }

    /// The output itself, if the program ended with `code`.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "an assertion first; its value is for going on")]
    pub fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// What one stream has carried so far.
#[derive(Default)]
struct Transcript {
    state: Mutex<(Vec<u8>, bool)>,
    changed: Condvar,
}

impl Transcript {
    fn follow(mut source: impl Read + Send + 'static) -> Arc<Self> {
        let transcript = Arc::new(Self::default());
        let shared = Arc::clone(&transcript);
        thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                match source.read(&mut buffer) {
                    Ok(count) if count > 0 => shared.lock().0.extend_from_slice(&buffer[..count]),
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    // End of file; a terminal says EIO instead.
                    _ => break,
                }
                shared.changed.notify_all();
            }
            shared.lock().1 = true;
            shared.changed.notify_all();
        });
        transcript
    }

    fn ended() -> Arc<Self> {
        Arc::new(Self { state: Mutex::new((Vec::new(), true)), changed: Condvar::new() })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Vec<u8>, bool)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `done(bytes, ended)`; false if the deadline passed or the stream ended first.
    fn wait(&self, deadline: Instant, done: impl Fn(&[u8], bool) -> bool) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), left, |(bytes, ended)| !done(bytes, *ended) && !*ended)
            .unwrap_or_else(PoisonError::into_inner);
        done(&state.0, state.1)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock().0).into_owned()
    }
}

/// What is typed to act on the program in the foreground of a terminal, as the line discipline is set up at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Ctrl-C: SIGINT to the foreground.
    Interrupt,
    /// Ctrl-Z: SIGTSTP to the foreground.
    Suspend,
    /// Ctrl-\\: SIGQUIT to the foreground.
    Quit,
    /// Ctrl-D: the end of the input.
    EndOfInput,
}

impl Key {
    fn typed(self) -> &'static str {
        match self {
            Self::Interrupt => "\x03",
            Self::Suspend => "\x1a",
            Self::Quit => "\x1c",
            Self::EndOfInput => "\x04",
        }
    }
}

/// A program that was started and has not been waited for. Dropping it kills it and its children.
pub struct Running {
    name: String,
    pid: Pid,
    input: Option<mpsc::Sender<Vec<u8>>>,
    stdout: Arc<Transcript>,
    stderr: Arc<Transcript>,
    exit: mpsc::Receiver<ExitStatus>,
    started: Instant,
    deadline: Instant,
    terminal: Option<Arc<Pty>>,
    /// How much of standard output [`Running::wait_for_next`] has passed.
    passed: usize,
    finished: bool,
}

impl Running {
    /// Starts `command` with pipes on all three streams. The caller has put it in a session or group of its own.
    pub(crate) fn with_pipes(mut command: Command, limit: Duration) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let stdout = child.stdout.take().map_or_else(Transcript::ended, Transcript::follow);
        let stderr = child.stderr.take().map_or_else(Transcript::ended, Transcript::follow);
        let input = child.stdin.take().map(feed);
        Self::watch(format!("{command:?}"), child, input, [stdout, stderr], started + limit, None)
    }

    /// Starts `command` on a terminal of its own, 120 columns wide, 40 lines high.
    pub(crate) fn on_terminal(command: Command, limit: Duration) -> Self {
        let name = format!("{command:?}");
        let (terminal, line) = pty_process::blocking::open().expect("the system gives a terminal");
        terminal.resize(Size::new(40, 120)).expect("a terminal takes a size");
        let terminal = Arc::new(terminal);
        let started = Instant::now();
        let child = pty_process::blocking::Command::from(command)
            .spawn(line)
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let screen = Transcript::follow(TerminalReader(Arc::clone(&terminal)));
        Self::watch(
            name,
            child,
            Some(feed(TerminalWriter(Arc::clone(&terminal)))),
            [screen, Transcript::ended()],
            started + limit,
            Some(terminal),
        )
    }

    fn watch(
        name: String,
        mut child: Child,
        input: Option<mpsc::Sender<Vec<u8>>>,
        [stdout, stderr]: [Arc<Transcript>; 2],
        deadline: Instant,
        terminal: Option<Arc<Pty>>,
    ) -> Self {
        let pid = Pid::from_child(&child);
        let (sender, exit) = mpsc::channel();
        thread::spawn(move || {
            if let Ok(status) = child.wait() {
                // The receiver is gone if the test panicked; nobody is left to tell.
                let _ = sender.send(status);
            }
        });
        let started = Instant::now();
        Self { name, pid, input, stdout, stderr, exit, started, deadline, terminal, passed: 0, finished: false }
    }

    /// The program's process id.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_pid().unsigned_abs()
    }

    /// Writes to standard input, or types on the terminal. Does not wait: a program that does not read cannot hold up the
    /// test past its deadline, and one that has gone does not mind.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let Some(input) = self.input.as_mut() else { panic!("{}: the input is closed", self.name) };
        // The writing thread ends when the program no longer reads; how it ended tells the rest.
        let _ = input.send(bytes.as_ref().to_vec());
    }

    /// Types a key on the terminal.
    pub fn press(&mut self, key: Key) {
        self.send(key.typed());
    }

    /// Gives the terminal another size, as a window does: the foreground gets SIGWINCH.
    ///
    /// # Panics
    /// Without a terminal.
    pub fn resize(&self, rows: u16, columns: u16) {
        self.pty().resize(Size::new(rows, columns)).expect("a terminal takes a size");
    }

    /// The process group in the terminal's foreground.
    ///
    /// # Panics
    /// Without a terminal, or when nothing is left on it.
    pub fn foreground(&self) -> u32 {
        let group = rustix::termios::tcgetpgrp(self.pty()).expect("a terminal has a foreground");
        group.as_raw_pid().unsigned_abs()
    }

    fn pty(&self) -> &Pty {
        self.terminal.as_deref().unwrap_or_else(|| panic!("{}: runs on no terminal", self.name))
    }

    /// Ends standard input. On a terminal press [`Key::EndOfInput`] instead.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Waits until standard output (or the terminal) has shown `text`.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        let seen = self.stdout.wait(self.deadline, |bytes, _| contains(bytes, text));
        assert!(seen, "{} never printed {text:?}\n{}", self.name, self.shown());
    }

    /// Waits until standard output (or the terminal) shows `text` after the place where the last such wait ended. Returns
    /// everything from that place up to the end of `text`.
    #[track_caller]
    pub fn wait_for_next(&mut self, text: &str) -> String {
        let passed = self.passed;
        let end = |bytes: &[u8]| Some(passed + find(bytes.get(passed..)?, text)? + text.len());
        let seen = self.stdout.wait(self.deadline, |bytes, _| end(bytes).is_some());
        assert!(seen, "{} never printed {text:?} again, after {passed} bytes\n{}", self.name, self.shown());
        let state = self.stdout.lock();
        self.passed = end(&state.0).unwrap_or(passed);
        String::from_utf8_lossy(&state.0[passed..self.passed]).into_owned()
    }

    /// Waits until standard error has shown `text`.
    #[track_caller]
    pub fn wait_for_error(&self, text: &str) {
        let seen = self.stderr.wait(self.deadline, |bytes, _| contains(bytes, text));
        assert!(seen, "{} never printed {text:?} as an error\n{}", self.name, self.shown());
    }

    /// Waits until at least `count` bytes have come out on standard output.
    #[track_caller]
    pub fn wait_for_bytes(&self, count: usize) {
        let seen = self.stdout.wait(self.deadline, |bytes, _| bytes.len() >= count);
        assert!(seen, "{} never printed {count} bytes\n{}", self.name, self.shown());
    }

    /// What standard output (or the terminal) has shown so far.
    pub fn so_far(&self) -> String {
        self.stdout.text()
    }

    /// Sends `signal` to the program alone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }

    /// Sends `signal` to the program and its children, as a terminal's Ctrl-C does.
    pub fn signal_group(&self, signal: Signal) {
        kill_process_group(self.pid, signal).unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }

    /// Closes the input and waits for the end of the program and of its output.
    ///
    /// # Panics
    /// At the deadline, after killing the program, with everything it printed.
    #[track_caller]
    pub fn finish(mut self) -> Output {
        // On a terminal the input is the terminal: closing it would hang up on the program.
        if self.terminal.is_none() {
            self.close_input();
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        let Ok(status) = self.exit.recv_timeout(left) else { self.give_up("still runs") };
        let elapsed = self.started.elapsed();
        for stream in [&self.stdout, &self.stderr] {
            if !stream.wait(self.deadline, |_, ended| ended) {
                self.give_up("ended, but a child of it holds its output open");
            }
        }
        self.finished = true;
        let stdout_bytes = self.stdout.lock().0.clone();
        Output {
            code: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            stdout: String::from_utf8_lossy(&stdout_bytes).into_owned(),
            stdout_bytes,
            stderr: self.stderr.text(),
            elapsed,
        }
    }

    #[track_caller]
    fn give_up(&self, what: &str) -> ! {
        let waited = self.started.elapsed();
        let shown = self.shown();
        // It may have gone in this very moment.
        let _ = kill_process_group(self.pid, Signal::KILL);
        panic!("{} {what} after {waited:?}\n{shown}", self.name);
    }

    fn shown(&self) -> String {
        let mut shown = String::new();
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            let _ = writeln!(shown, "--- {name}\n{}", stream.text());
        }
        shown
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.finished {
            // It may have ended on its own.
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
    }
}

/// Writes what is sent to it into `sink` until the sender or the reader is gone, then closes it.
fn feed(mut sink: impl Write + Send + 'static) -> mpsc::Sender<Vec<u8>> {
    let (sender, pieces) = mpsc::channel::<Vec<u8>>();
    thread::spawn(move || {
        for piece in pieces {
            if sink.write_all(&piece).and_then(|()| sink.flush()).is_err() {
                break;
            }
        }
    });
    sender
}

fn contains(bytes: &[u8], text: &str) -> bool {
    find(bytes, text).is_some()
}

fn find(bytes: &[u8], text: &str) -> Option<usize> {
    bytes.windows(text.len().max(1)).position(|window| window == text.as_bytes())
}

/// The master side of a terminal, shared by the thread that reads and the test that types.
struct TerminalReader(Arc<Pty>);

impl Read for TerminalReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

struct TerminalWriter(Arc<Pty>);

impl Write for TerminalWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        (&*self.0).flush()
    }
}
