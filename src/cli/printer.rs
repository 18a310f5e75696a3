//! Where words go: data to stdout, everything else to stderr, colour only where it is wanted.

use std::io::{self, IsTerminal, Write};

use super::arguments::{Color, CommonOptions};
use crate::os::Environment;

/// How much is said on stderr, and in which clothes.
#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact about the surroundings")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    /// Whether stdout is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether stderr is a terminal.
    pub stderr_is_terminal: bool,
    /// Whether a line on stderr can be taken back: a terminal that is not a dumb one.
    pub moves_cursor: bool,
    /// No progress and no remarks.
    pub quiet: bool,
    /// How often `-v` was given.
    pub verbose: u8,
    color: bool,
}

impl Printer {
    pub(crate) fn new(options: &CommonOptions, environment: &Environment) -> Self {
        let stderr_is_terminal = io::stderr().is_terminal();
        let moves_cursor = stderr_is_terminal && environment.text("TERM").is_some_and(|term| term != "dumb");
        let color = match options.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => moves_cursor && environment.text("NO_COLOR").is_none(),
        };
        Self {
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal,
            moves_cursor,
            quiet: options.quiet,
            verbose: options.verbose,
            color,
        }
    }

    /// Prints one line on stderr.
    #[expect(clippy::unused_self, reason = "whoever prints has a printer")]
    pub(crate) fn line(self, text: &str) {
        // Nobody is left to tell if stderr is gone.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Prints a remark: something worth knowing that is neither data nor an error.
    pub(crate) fn remark(self, text: &str) {
        if !self.quiet {
            self.line(text);
        }
    }

    /// Prints data on stdout. An error means that the reader has gone away, or that the disk is full.
    #[expect(clippy::unused_self, reason = "whoever prints has a printer")]
    pub(crate) fn data(self, text: &str) -> io::Result<()> {
        // The standard library's stdout takes "cannot be written at all" for success.
        crate::os::stdout()?.write_all(text.as_bytes())
    }

    /// Prints lines of data on stdout.
    pub(crate) fn lines(self, lines: &[String]) -> io::Result<()> {
        self.data(&(lines.join("\n") + if lines.is_empty() { "" } else { "\n" }))
    }

    /// Whether the stages are shown as they pass.
    pub(crate) fn shows_progress(self) -> bool {
        !self.quiet && (self.stderr_is_terminal || self.verbose > 0)
    }

    /// `text` in a colour, where colour is wanted.
    pub(crate) fn paint(self, paint: Paint, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Error => "1;31",
            Paint::Hint => "1;36",
            Paint::Good => "32",
            Paint::Faint => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// What a colour is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Paint {
    Error,
    Hint,
    Good,
    Faint,
}
