//! Statements that do not end by themselves: interrupted, cut off, or silent. Promises R1, R2 and R15.

use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::time::Duration;

use rdsconn_lab::embedded::Conduct;
use rdsconn_lab::environment::Signal;

use crate::stage::{HOST, Servers, Stage, on_each};

/// Long enough for a loaded machine; only a failing test waits for it.
const DEADLINE: Duration = Duration::from_secs(30);

/// A result that is longer than what the cuts let through.
const LONG: &str = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) \
                    select a.i * 1000 + b.i, 'row' from n a, n b";

/// Waits until the server runs a statement with this text, or no longer does.
fn wait_for_statement(stage: &Stage, text: &str, present: bool) {
    let found = match &stage.servers {
        Servers::Embedded(embedded) => embedded.database.wait_until(DEADLINE, |running| {
            running.iter().any(|one| one.statement.as_deref().is_some_and(|sql| sql.contains(text))) == present
        }),
        Servers::Real(lab) => {
            let ends = std::time::Instant::now() + DEADLINE;
            loop {
                let list = lab.database().administer(&format!(
                    "select count(*) from information_schema.processlist where info like '%{text}%' and info not like '%processlist%'"
                ));
                if (list.trim() != "0") == present {
                    break true;
                }
                if std::time::Instant::now() > ends {
                    break false;
                }
            }
        }
    };
    assert!(found, "{}: the server's list of statements never became as wanted", stage.name());
}

#[test]
fn r15_a_signal_stops_the_statement_on_the_server_too() {
    on_each(|stage| {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
            let mark = format!("mark{code}of{}", std::process::id());
            let sql = format!("select 1 as first; select sleep(600), '{mark}'");
            let running = stage.home.start_rdsconn([HOST, &sql]);
            running.wait_for("first\n1\n");
            wait_for_statement(stage, &mark, true);
            running.signal(signal);
            let output = running.finish().ended_with(code);
            assert_eq!(output.stdout, "first\n1\n", "{}", stage.name());
            wait_for_statement(stage, &mark, false);
        }
    });
}

#[test]
fn r15_a_signal_before_the_login_ends_at_once() {
    let stage = Stage::embedded();
    stage.parts().bastion.set_conduct(Conduct::Silent);
    let running = stage.home.start_rdsconn([HOST, "select 1"]);
    assert!(stage.parts().bastion.wait_until(DEADLINE, |visits| visits.connections == 1));
    running.signal(Signal::INT);
    let output = running.finish().ended_with(130);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
}

#[test]
fn r15_a_signal_while_stdin_is_awaited_ends_at_once() {
    let stage = Stage::embedded();
    let mut child = stage
        .home
        .command(stage.home.program(), [HOST])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Held to the end: with the end of its input, the program would end by itself.
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"select 1 as first;\n").unwrap();
    let mut answer = [0; 8];
    child.stdout.as_mut().unwrap().read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"first\n1\n");
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
    assert_eq!(signal, Some(15), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty());
    drop(input);
}

/// Every whole row that was printed is right, and nothing follows them.
fn assert_whole_rows(stdout: &str, context: &str) {
    assert!(stdout.is_empty() || stdout.ends_with('\n'), "{context}: the last row is cut");
    for (line, number) in stdout.lines().zip(1001..) {
        assert_eq!(line, format!("{number}\trow"), "{context}");
    }
}

#[test]
fn r1_a_connection_that_is_cut_never_ends_in_half_a_row_or_in_success() {
    // The first bytes carry SSH's and TLS's handshakes; from there on, each length cuts a row at another place.
    let ordered = format!("select * from ({LONG}) rows_in_order order by 1");
    for bytes in [60_000, 60_001, 60_007, 70_013, 100_019, 250_031, 1_000_003] {
        let stage = Stage::embedded();
        stage.parts().bastion.cut_after(bytes);
        let output = stage.query(&["-N", &ordered]);
        assert_eq!(output.code, 7, "cut after {bytes}: {}", output.stderr);
        assert!(output.stderr.contains("connection was lost after the statement was sent"), "{}", output.stderr);
        assert!(output.stderr.contains("look before you run it again"), "{}", output.stderr);
        assert_whole_rows(&output.stdout, &format!("cut after {bytes}"));
    }
}

#[test]
fn r2_a_connection_that_is_cut_before_the_statement_is_no_unknown_outcome() {
    for bytes in [0, 20, 500, 1_000, 2_000] {
        let stage = Stage::embedded();
        stage.parts().bastion.cut_after(bytes);
        let output = stage.query(&["select 1"]);
        assert_eq!(output.code, 5, "cut after {bytes}: {}", output.stderr);
        assert_eq!(output.stdout, "");
    }
}

#[test]
fn r2_a_write_whose_answer_is_lost_is_said_to_be_unknown_and_is_never_sent_again() {
    let stage = Stage::embedded();
    stage.query(&["create table once (id int primary key, slept int)"]).succeeded();
    let running = stage.home.start_rdsconn([HOST, "insert into once values (1, sleep(1))"]);
    wait_for_statement(&stage, "insert into once", true);
    stage.parts().bastion.cut_all();
    let output = running.finish().ended_with(7);
    assert!(output.stderr.contains("whether the statement took effect is not known"), "{}", output.stderr);
    assert_eq!(
        stage.parts().bastion.visits().sessions,
        2,
        "one for the table, one for the insert, none for a second try"
    );
}

#[test]
fn a_silent_server_ends_a_statement_only_if_asked_to() {
    on_each(|stage| {
        let output = stage.query(&["--read-timeout", "0.3", "select sleep(600)"]).ended_with(7);
        assert!(output.stderr.contains("silent for"), "{}: {}", stage.name(), output.stderr);
        stage.query(&["select sleep(0.2)"]).succeeded();
    });
}
