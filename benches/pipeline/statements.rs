//! Ten thousand small statements, one after the other, by the same client: over its own tunnel and over `ssh -L`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::figures::{Figure, Table, Target, median, timed};
use crate::scene::{HOST, Scene, clock};

pub(crate) const STATEMENTS: usize = 10_000;
/// The two take turns: what else the machine does then meets both.
pub(crate) const TURNS: usize = 5;

/// Adds the figures.
pub(crate) fn measure(scene: &Scene, table: &mut Table) {
    let (_ssh, port) = scene.tunnel();
    let address = format!("127.0.0.1:{port}");
    let own: &[&str] = &["-N", HOST];
    let over_ssh: &[&str] = &["-N", "--route", "direct", "--address", &address, HOST];

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        one_by_one(scene.rdsconn(own), STATEMENTS / TURNS, &mut ours);
        one_by_one(scene.rdsconn(over_ssh), STATEMENTS / TURNS, &mut theirs);
    }
    table.add(compare("`select 1`, typed when the last was answered, p50", "ms", median(&ours), median(&theirs)));
    let slowest = |times: &[Duration]| times.iter().max().map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0);
    let mut worst = compare("the slowest of them", "ms", slowest(&ours), slowest(&theirs));
    worst.target = Target::Reported;
    table.add(worst);

    let script = scene.home.write_file("many.sql", "select 1;\n".repeat(STATEMENTS));
    let script = script.to_str().expect("a path in UTF-8");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ours.push(clock(scene.rdsconn(own).args(["-f", script])));
        theirs.push(clock(scene.rdsconn(over_ssh).args(["-f", script])));
    }
    table.add(compare("10,000 `select 1` as one script, login included", "ms", median(&ours), median(&theirs)));
}

pub(crate) fn compare(name: &str, unit: &'static str, ours: f64, theirs: f64) -> Figure {
    Figure {
        name: name.to_owned(),
        unit,
        ours,
        peer: Some(theirs),
        ratio: Some(theirs / ours),
        target: Target::Ratio(1.0),
    }
}

/// Types a statement, waits for its row, and so on; notes how long each took.
pub(crate) fn one_by_one(mut command: Command, count: usize, times: &mut Vec<Duration>) {
    let mut client = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("rdsconn starts");
    let mut typing = client.stdin.take().expect("a pipe");
    let mut rows = BufReader::new(client.stdout.take().expect("a pipe"));
    let mut ask = || {
        let mut row = String::new();
        typing.write_all(b"select 1;\n").and_then(|()| rows.read_line(&mut row)).expect("a row");
        assert_eq!(row, "1\n");
    };
    // The first one waits for the login.
    ask();
    times.extend((0..count).map(|_| timed(&mut ask).1));
    drop(typing);
    assert!(client.wait().expect("rdsconn ends").success(), "{command:?}");
}
