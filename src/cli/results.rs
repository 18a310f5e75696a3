//! What is said beside the rows: how many there were, how long they took, and what the server warned of.

use std::time::Instant;

use super::printer::{Paint, Printer};
use super::words::count;
use crate::backend::Outcome;
use crate::query::{Format, Listener, Style, escape_line_for_terminal};

/// Prints counts and remarks on stderr.
#[derive(Debug)]
pub(crate) struct Results {
    printer: Printer,
    format: Format,
    begun: Instant,
    warnings: u16,
}

impl Results {
    pub(crate) fn new(printer: Printer, style: Style) -> Self {
        Self { printer, format: style.format, begun: Instant::now(), warnings: 0 }
    }

    /// A statement is about to be sent.
    pub(crate) fn begin(&mut self) {
        self.begun = Instant::now();
        self.warnings = 0;
    }

    /// Whether the last statement left warnings that somebody wants to read.
    pub(crate) fn wants_warnings(&self) -> bool {
        self.warnings > 0 && !self.printer.quiet
    }

    /// Says something that concerns all statements.
    pub(crate) fn remark(&self, text: &str) {
        self.printer.remark(text);
    }

    /// Prints the warnings of the last statement.
    pub(crate) fn show_warnings(&self, lines: &[String]) {
        for line in lines {
            self.printer.remark(&escape_line_for_terminal(line));
        }
    }
}

impl Listener for Results {
    fn result(&mut self, outcome: &Outcome, rows: u64) {
        self.warnings = outcome.warnings;
        let for_people = self.printer.stderr_is_terminal || self.printer.verbose > 0;
        if !for_people && outcome.warnings == 0 {
            return;
        }
        let mut said = Vec::new();
        if outcome.has_rows {
            let table = matches!(self.format, Format::Table | Format::Vertical) && self.printer.stdout_is_terminal;
            if (table && for_people) || self.printer.verbose > 0 {
                said.push(if rows == 0 { "empty set".to_owned() } else { format!("{} in set", count(rows, "row")) });
            }
        } else if for_people {
            said.push(format!("ok, {} affected", count(outcome.affected_rows, "row")));
            if let Some(id) = outcome.last_insert_id.filter(|id| *id > 0) {
                said.push(format!("insert id {id}"));
            }
        }
        if outcome.warnings > 0 {
            said.push(count(outcome.warnings.into(), "warning"));
        }
        if said.is_empty() {
            return;
        }
        let took = format!("({:.3} s)", self.begun.elapsed().as_secs_f64());
        self.printer.remark(&format!("{} {}", said.join(", "), self.printer.paint(Paint::Faint, &took)));
        if !outcome.info.is_empty() && self.printer.verbose > 0 {
            self.printer.remark(&escape_line_for_terminal(&outcome.info));
        }
    }

    fn table_is_paged(&mut self) {
        self.printer.remark("note: the table is long, so its columns are sized page by page; --format tsv streams");
    }
}
