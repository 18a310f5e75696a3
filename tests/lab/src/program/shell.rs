//! A real interactive `bash` on a terminal, for tests of job control: what is suspended with Ctrl-Z is brought back with
//! `fg`, and the status of every line is told by the prompt.

use std::time::Duration;

use super::{Key, Running};
use crate::environment::TestEnv;

/// The prompt: what comes before the status, and what after it. Never part of what is typed.
const PROMPT: (&str, &str) = ("\u{b6}", "\u{bb} ");

/// What the terminal showed until the next prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// All of it, the echo of what was typed included, with `\r\n` line ends.
    pub text: String,
    /// `$?`: the status of what ended or was suspended last.
    pub status: i32,
}

/// A shell that was started. Dropping it kills it and its children, jobs in groups of their own by the hang-up.
pub struct Shell {
    running: Running,
}

impl Shell {
    pub(crate) fn start(home: &TestEnv, patience: Duration) -> Self {
        // No line editor: it would draw and answer; the terminal's own echo is plain.
        let mut command = home.command("bash", ["--norc", "--noprofile", "--noediting", "-i"]);
        let (before, after) = PROMPT;
        command.env("PS1", format!("{before}$?{after}")).env("HISTFILE", "/dev/null").env_remove("PROMPT_COMMAND");
        let mut shell = Self { running: Running::on_terminal(command, patience) };
        shell.wait_for_prompt();
        shell
    }

    /// Types a line, and Enter.
    pub fn type_line(&mut self, line: &str) {
        self.running.send(format!("{line}\r"));
    }

    /// Types a line and waits for the next prompt.
    #[track_caller]
    pub fn run(&mut self, line: &str) -> Answer {
        self.type_line(line);
        self.wait_for_prompt()
    }

    /// Waits for the next prompt.
    #[track_caller]
    pub fn wait_for_prompt(&mut self) -> Answer {
        let (before, after) = PROMPT;
        let text = self.running.wait_for_next(before);
        let status = self.running.wait_for_next(after);
        let status = status.trim_end_matches(after);
        let status = status.parse().unwrap_or_else(|_| panic!("{status:?} is no status"));
        Answer { text: text.trim_end_matches(before).to_owned(), status }
    }

    /// Types a key, for the job in the foreground.
    pub fn press(&mut self, key: Key) {
        self.running.press(key);
    }

    /// The terminal and the shell on it: to wait for what a job prints, to resize, to ask who is in the foreground.
    pub fn terminal(&mut self) -> &mut Running {
        &mut self.running
    }
}
