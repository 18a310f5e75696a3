//! A table of figures: what was measured of us and of the peer, the target, and whether it is met. Printed, and written as
//! JSON beside the build. Judges, but fails nothing: a loaded machine is not a defect.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// What a figure has to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// The peer's figure divided by ours, at least.
    Ratio(f64),
    /// Our figure, at most.
    AtMost(f64),
    /// None: for the reader.
    Reported,
}

/// One measured line.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: String,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// Our figure, a median where there were several runs.
    pub(crate) ours: f64,
    /// The same of the way that people use today.
    pub(crate) peer: Option<f64>,
    /// How many times better than the peer.
    pub(crate) ratio: Option<f64>,
    /// What it should be.
    pub(crate) target: Target,
}

impl Figure {
    /// A figure without a peer.
    pub(crate) fn alone(name: impl Into<String>, unit: &'static str, ours: f64, target: Target) -> Self {
        Self { name: name.into(), unit, ours, peer: None, ratio: None, target }
    }

    fn is_met(&self) -> Option<bool> {
        match self.target {
            Target::Ratio(least) => self.ratio.map(|ratio| ratio >= least),
            Target::AtMost(most) => Some(self.ours <= most),
            Target::Reported => None,
        }
    }

    fn target_text(&self) -> String {
        match self.target {
            Target::Ratio(least) => format!(">= {least}x"),
            Target::AtMost(most) => format!("<= {most} {}", self.unit),
            Target::Reported => String::new(),
        }
    }

    fn verdict(&self) -> &'static str {
        match self.is_met() {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        }
    }
}

/// The lines of one bench.
#[derive(Debug, Default)]
pub(crate) struct Table {
    figures: Vec<Figure>,
}

impl Table {
    /// Adds a line and prints it at once: a bench that is stopped half-way has shown what it had.
    pub(crate) fn add(&mut self, figure: Figure) {
        if self.figures.is_empty() {
            println!("{:<64} {:>12} {:>12} {:>8} {:>12}", "figure", "rdsconn", "peer", "ratio", "target");
        }
        let peer = figure.peer.map(|peer| format!("{peer:.2}")).unwrap_or_default();
        let ratio = figure.ratio.map(|ratio| format!("{ratio:.2}x")).unwrap_or_default();
        let name = format!("{} ({})", figure.name, figure.unit);
        println!(
            "{name:<64} {:>12.2} {peer:>12} {ratio:>8} {:>12} {}",
            figure.ours,
            figure.target_text(),
            figure.verdict()
        );
        self.figures.push(figure);
    }

    /// Writes the lines to `target/bench/NAME.json`, with the load of the machine while they were measured.
    pub(crate) fn write(&self, name: &str) {
        let lines: Vec<Value> = self
            .figures
            .iter()
            .map(|figure| {
                json!({
                    "figure": figure.name, "unit": figure.unit, "rdsconn": figure.ours, "peer": figure.peer,
                    "ratio": figure.ratio, "target": figure.target_text(), "met": figure.is_met(),
                })
            })
            .collect();
        let machine = json!({ "cpus": std::thread::available_parallelism().map_or(0, usize::from), "load": load() });
        let text = format!("{:#}\n", json!({ "machine": machine, "figures": lines }));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
        let file = folder.join(format!("{name}.json"));
        std::fs::create_dir_all(&folder).expect("a folder for the figures");
        std::fs::write(&file, text).expect("a file for the figures");
        println!("load average {}; written to {}", load(), file.display());
    }
}

/// How busy the machine is: figures taken on a busy one are to be taken again.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// How many times faster we were, turn by turn; the middle of that. What a busy machine does to both in a turn cancels out,
/// which it does not between medians of their own.
pub(crate) fn paired_ratio(ours: &[Duration], theirs: &[Duration]) -> f64 {
    let mut ratios: Vec<f64> = theirs.iter().zip(ours).map(|(theirs, ours)| theirs.div_duration_f64(*ours)).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

/// The middle of what was measured, in milliseconds.
pub(crate) fn median(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

/// How long one piece of work took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let outcome = work();
    (outcome, begun.elapsed())
}
