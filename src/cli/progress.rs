//! Shows the stages as they pass: one line each when it is done, with its milliseconds, and the running ones below.

use std::cell::RefCell;
use std::io::Write as _;
use std::time::{Duration, Instant};

use super::printer::{Paint, Printer};
use crate::backend::{Progress, Stage};

/// Prints stages to a terminal, or with `-v` to anything.
#[derive(Debug)]
pub(crate) struct StageLines {
    printer: Printer,
    running: RefCell<Vec<(Stage, Instant)>>,
}

impl StageLines {
    pub(crate) fn new(printer: Printer) -> Self {
        Self { printer, running: RefCell::new(Vec::new()) }
    }

    /// Takes the line of running stages off the terminal, so that something else can be printed.
    pub(crate) fn clear(&self) {
        if self.is_live() && !self.running.borrow().is_empty() {
            write("\r\x1b[K");
        }
    }

    /// A stage that was over before anything could be shown.
    pub(crate) fn passed(&self, stage: Stage, detail: &str, took: Duration) {
        if self.printer.shows_progress() {
            let tick = self.printer.paint(Paint::Good, "✓");
            let time = self.printer.paint(Paint::Faint, &milliseconds(took));
            self.printer.line(&format!("{tick} {:<11} {detail} {time}", name(stage)));
        }
    }

    fn is_live(&self) -> bool {
        self.printer.stderr_is_terminal && self.printer.shows_progress()
    }

    fn show_running(&self) {
        let running = self.running.borrow();
        if self.is_live() && !running.is_empty() {
            let names: Vec<_> = running.iter().map(|(stage, _)| name(*stage)).collect();
            write(&format!("\r\x1b[K… {}", names.join(", ")));
        }
    }
}

impl Progress for StageLines {
    fn begin(&self, stage: Stage, _detail: &str) {
        self.running.borrow_mut().push((stage, Instant::now()));
        self.show_running();
    }

    fn end(&self, stage: Stage, detail: &str) {
        self.clear();
        let begun = {
            let mut running = self.running.borrow_mut();
            running.iter().position(|(running, _)| *running == stage).map(|index| running.remove(index).1)
        };
        self.passed(stage, detail, begun.map(|begun| begun.elapsed()).unwrap_or_default());
        self.show_running();
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
