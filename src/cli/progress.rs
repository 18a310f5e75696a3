//! Shows the stages as they pass: one line each when it is done, with its milliseconds, and the running ones below.

use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::printer::{Paint, Printer};
use crate::backend::{Progress, Stage};

/// Prints stages to a terminal, or with `-v` to anything. Clones share what they know, so that a question can hold the
/// lines back while a person is typing.
#[derive(Debug, Clone)]
pub(crate) struct StageLines {
    printer: Printer,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    running: Vec<(Stage, Instant)>,
    /// A person is being asked; the lines that have come since then.
    asking: Option<Vec<String>>,
}

impl StageLines {
    pub(crate) fn new(printer: Printer) -> Self {
        Self { printer, state: Arc::default() }
    }

    /// Takes the line of running stages off the terminal, so that something else can be printed.
    pub(crate) fn clear(&self) {
        self.erase(&self.state());
    }

    /// A stage that was over before anything could be shown.
    pub(crate) fn passed(&self, stage: Stage, detail: &str, took: Duration) {
        if self.printer.shows_progress() {
            self.print(&mut self.state(), self.stage_line(stage, detail, took));
        }
    }

    /// Prints a remark between the stages.
    pub(crate) fn remark(&self, text: &str) {
        if !self.printer.quiet {
            self.print(&mut self.state(), text.to_owned());
        }
    }

    /// Leaves the terminal to a question until it is answered.
    pub(crate) fn while_asking<T>(&self, ask: impl FnOnce() -> T) -> T {
        {
            let mut state = self.state();
            self.erase(&state);
            state.asking.get_or_insert_default();
        }
        let answer = ask();
        let mut state = self.state();
        for line in state.asking.take().unwrap_or_default() {
            self.printer.line(&line);
        }
        self.show_running(&state);
        answer
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_live(&self) -> bool {
        self.printer.moves_cursor && self.printer.shows_progress()
    }

    fn stage_line(&self, stage: Stage, detail: &str, took: Duration) -> String {
        let tick = self.printer.paint(Paint::Good, "✓");
        let time = self.printer.paint(Paint::Faint, &milliseconds(took));
        format!("{tick} {:<11} {detail} {time}", name(stage))
    }

    fn print(&self, state: &mut State, line: String) {
        if let Some(held) = &mut state.asking {
            held.push(line);
            return;
        }
        self.erase(state);
        self.printer.line(&line);
        self.show_running(state);
    }

    fn erase(&self, state: &State) {
        if self.is_live() && state.asking.is_none() && !state.running.is_empty() {
            write("\r\x1b[K");
        }
    }

    fn show_running(&self, state: &State) {
        if self.is_live() && state.asking.is_none() && !state.running.is_empty() {
            let names: Vec<_> = state.running.iter().map(|(stage, _)| name(*stage)).collect();
            write(&format!("\r\x1b[K… {}", names.join(", ")));
        }
    }
}

impl Progress for StageLines {
    fn begin(&self, stage: Stage, _detail: &str) {
        let mut lines = self.state();
        lines.running.push((stage, Instant::now()));
        self.show_running(&lines);
    }

    fn end(&self, stage: Stage, detail: &str) {
        let mut lines = self.state();
        self.erase(&lines);
        let begun =
            lines.running.iter().position(|(running, _)| *running == stage).map(|index| lines.running.remove(index).1);
        if self.printer.shows_progress() {
            let took = begun.map(|begun| begun.elapsed()).unwrap_or_default();
            let line = self.stage_line(stage, detail, took);
            self.print(&mut lines, line);
        }
    }
}

fn write(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // Nobody is left to tell if stderr is gone.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Resolve => "resolve",
        Stage::Credentials => "credentials",
        Stage::Cluster => "cluster",
        Stage::Bastion => "bastion",
        Stage::Database => "database",
    }
}

fn milliseconds(took: Duration) -> String {
    let milliseconds = took.as_secs_f64() * 1000.0;
    if milliseconds < 10.0 { format!("{milliseconds:.1} ms") } else { format!("{milliseconds:.0} ms") }
}

/// Hears of stages and says nothing, for a connection the user did not ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: Stage, _detail: &str) {}
    fn end(&self, _stage: Stage, _detail: &str) {}
}
