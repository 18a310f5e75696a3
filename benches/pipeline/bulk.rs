//! A gigabyte of rows to `/dev/null`, through our tunnel and through `ssh -L` with the same cipher.

use crate::figures::{Figure, Table, Target, median};
use crate::scene::{HOST, Scene, clock, peak_memory};

const RUNS: usize = 3;
const ROWS: u64 = 9_000_000;
const FILLING: u64 = 100;

/// Adds the figures.
pub(crate) fn measure(scene: &Scene, table: &mut Table) {
    // MariaDB's engine of tables that count: rows that cost the server little.
    let sql = format!("select seq, repeat('x', {FILLING}), seq * 2 from seq_1_to_{ROWS}");
    let ours = || scene.rdsconn(["--format", "tsv", "-D", "orders", HOST, &sql]);
    let (_ssh, port) = scene.tunnel();
    let options = scene.option_file(port);

    let mut our_times = Vec::new();
    let mut their_times = Vec::new();
    for _ in 0..RUNS {
        our_times.push(clock(&mut ours()));
        their_times.push(clock(&mut scene.mariadb(&options, ["--quick", "-B", "-D", "orders", "-e", &sql])));
    }
    #[expect(clippy::cast_precision_loss, reason = "a gigabyte")]
    let megabytes = printed() as f64 / 1e6;
    let rate = |milliseconds: f64| megabytes / (milliseconds / 1000.0);
    let (ours_rate, their_rate) = (rate(median(&our_times)), rate(median(&their_times)));
    table.add(Figure {
        name: format!("{megabytes:.0} MB of rows as tsv, against mariadb --quick over ssh -L"),
        unit: "MB/s",
        ours: ours_rate,
        peer: Some(their_rate),
        ratio: Some(ours_rate / their_rate),
        target: Target::Ratio(1.0),
    });
    if let Some(peak) = peak_memory(scene, &ours()) {
        table.add(Figure::alone("peak memory of the same", "MiB", peak, Target::AtMost(48.0)));
    }
}

/// How many bytes the rows are as tsv.
fn printed() -> u64 {
    let digits = |number: u64| u64::from(number.ilog10()) + 1;
    (1..=ROWS).map(|row| digits(row) + digits(row * 2) + FILLING + 3).sum()
}
