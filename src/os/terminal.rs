//! The controlling terminal: questions go to it directly, so that stdin and stdout stay free for data.
//!
//! A secret is read with the terminal's own line editing and only its echo off, so that Ctrl-C is the signal that the rest
//! of the program waits for. (rpassword 7.5 turns signals off instead, prompts while the echo is still on, and cannot put the
//! terminal back when another signal ends the program.) Whoever ends the program calls [`leave`] first: a question may be
//! open on another thread, and what it changed has to be put back.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

/// No line that a terminal edits is longer (`MAX_CANON` and its end).
const LONGEST_LINE: usize = 4096;

/// What the terminal is used for.
enum Use {
    Free,
    /// A question is open; the settings to go back to, if it changed any.
    Question(Option<Termios>),
    /// The program is about to end and asks nothing more.
    Left,
}

static USE: Mutex<Use> = Mutex::new(Use::Free);

/// Asks for a line, shown as it is typed. `None` where there is no terminal, or at its end.
pub fn ask(prompt: &str) -> Option<String> {
    let answer = || -> io::Result<Option<String>> {
        let question = Question::open(false)?;
        question.print(prompt)?;
        let mut line = String::new();
        let read = BufReader::new(&question.terminal).read_line(&mut line)?;
        if read == 0 {
            question.print("\n")?;
        }
        Ok((read > 0).then_some(line))
    };
    answer().ok().flatten()
}

/// Asks for a secret, not shown. `None` where there is no terminal, or at its end.
pub fn ask_secret(prompt: &str) -> Option<SecretString> {
    let answer = || -> io::Result<Option<SecretString>> {
        // The echo is off before anybody is invited to type.
        let question = Question::open(true)?;
        question.print(prompt)?;
        let mut line = Zeroizing::new([0; LONGEST_LINE]);
        let mut length = 0;
        while let Some(rest) = line.get_mut(length..).filter(|rest| !rest.is_empty()) {
            let read = (&question.terminal).read(rest)?;
            length += read;
            if read == 0 || line.get(..length).is_some_and(|line| line.ends_with(b"\n")) {
                break;
            }
        }
        question.print("\n")?;
        let typed = std::str::from_utf8(line.get(..length).unwrap_or_default()).map_err(io::Error::other)?;
        Ok((length > 0).then(|| SecretString::from(typed.trim_end_matches(['\r', '\n']))))
    };
    answer().ok().flatten()
}

/// Shows a line between two questions. Where there is no terminal, nobody is told.
pub fn tell(line: &str) {
    if let Ok(terminal) = open() {
        // Nobody is left to tell if the terminal is gone.
        let _ = (&terminal).write_all(line.as_bytes());
    }
}

/// Puts the terminal back as it was found, ends the line of an open question, and lets nobody ask again.
pub fn leave() {
    let mut state = lock();
    if let Use::Question(before) = std::mem::replace(&mut *state, Use::Left)
        && let Ok(terminal) = open()
    {
        put_back(&terminal, before.as_ref());
        // Nobody is left to tell if the terminal is gone.
        let _ = (&terminal).write_all(b"\n");
    }
}

/// The terminal while one question is open.
struct Question {
    terminal: File,
}

impl Question {
    fn open(hidden: bool) -> io::Result<Self> {
        let terminal = open()?;
        let mut state = lock();
        if matches!(*state, Use::Left) {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let before = if hidden { Some(tcgetattr(&terminal)?) } else { None };
        if let Some(before) = &before {
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
            quiet.local_modes.insert(LocalModes::ICANON | LocalModes::ISIG);
            // What was typed before the question was asked is not the answer.
            tcsetattr(&terminal, OptionalActions::Flush, &quiet)?;
        }
        *state = Use::Question(before);
        drop(state);
        Ok(Self { terminal })
    }

    fn print(&self, text: &str) -> io::Result<()> {
        (&self.terminal).write_all(text.as_bytes())
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let mut state = lock();
        if let Use::Question(before) = &*state {
            put_back(&self.terminal, before.as_ref());
            *state = Use::Free;
        }
    }
}

fn put_back(terminal: &File, before: Option<&Termios>) {
    if let Some(before) = before {
        // A terminal that does not take its own settings back has gone.
        let _ = tcsetattr(terminal, OptionalActions::Now, before);
    }
}

/// How the terminal edits and shows lines.
pub(super) struct Settings(Termios);

impl Settings {
    /// What the controlling terminal is set to now. `None` without one.
    pub(super) fn current() -> Option<Self> {
        open().and_then(|terminal| Ok(tcgetattr(&terminal)?)).ok().map(Self)
    }

    /// Sets the terminal to this again, unless it belongs to another job: to change that one's would stop us.
    pub(super) fn put_back(&self) {
        if is_in_foreground()
            && let Ok(terminal) = open()
        {
            put_back(&terminal, Some(&self.0));
        }
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Settings")
    }
}

/// Whether there is a controlling terminal.
pub(super) fn is_there() -> bool {
    open().is_ok()
}

/// Whether what is typed on the controlling terminal, and its Ctrl-C, comes to our process group.
pub(super) fn is_in_foreground() -> bool {
    open().is_ok_and(|terminal| tcgetpgrp(&terminal).is_ok_and(|group| group == getpgrp()))
}

fn open() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

fn lock() -> MutexGuard<'static, Use> {
    USE.lock().unwrap_or_else(PoisonError::into_inner)
}
