//! The exit codes, frozen: the README's table, the enum behind it, and what real runs return. A script that someone wrote
//! years ago depends on each.

use std::collections::BTreeMap;
use std::net::TcpListener;

use rdsconn::cli::ExitStatus;
use rdsconn_lab::certificates::Certificates;
use rdsconn_lab::embedded::{Database, DatabaseOptions};
use rdsconn_lab::environment::{Signal, TestEnv};

use crate::cases;
use crate::support::{ENDPOINT, HOST, acme, environment, verifier};

/// Code and meaning, as in the README and in design.md.
const TABLE: [(&str, &str); 11] = [
    ("0", "done, or the reader of stdout went away"),
    ("1", "the server refused a statement"),
    ("2", "usage, configuration or convention file"),
    ("3", "the host name resolves to nothing, or to two things"),
    ("4", "AWS, the bastion or the database refused who you are"),
    ("5", "network: bastion, host key, dial, TLS, timeout, a listener's port taken"),
    ("7", "connection lost after bytes were sent: the outcome is unknown or the rows incomplete"),
    ("70", "a bug in rdsconn"),
    ("126, 127", "`exec`: the client cannot be run, is not found"),
    ("n", "`exec` passes the client's own status through"),
    ("128+n", "ended by signal n"),
];

#[test]
fn the_readme_has_the_frozen_table() {
    let readme = include_str!("../../README.md");
    let section = readme.split("\n## Exit codes\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<(&str, &str)> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "))
        .filter(|(code, _)| *code != "code")
        .collect();
    assert_eq!(rows, TABLE);
}

#[test]
fn the_program_has_the_frozen_codes() {
    let statuses = [
        ExitStatus::Success,
        ExitStatus::Statement,
        ExitStatus::Usage,
        ExitStatus::Resolve,
        ExitStatus::Refused,
        ExitStatus::Network,
        ExitStatus::Incomplete,
        ExitStatus::Bug,
        ExitStatus::CannotRun,
        ExitStatus::NotFound,
    ];
    let codes: Vec<String> = statuses.iter().map(|status| status.code().to_string()).collect();
    let frozen: Vec<&str> =
        TABLE.iter().flat_map(|(code, _)| code.split(", ")).filter(|code| !code.ends_with('n')).collect();
    assert_eq!(codes, frozen);
    assert_eq!(ExitStatus::Client(9).code(), 9);
    for number in [1, 2, 9, 13, 15] {
        assert_eq!(ExitStatus::Signal(number).code(), 128 + number);
    }
}

/// The codes of all offline cases; the table in [`crate::cases`] says which, and it must hold each kind.
#[test]
fn real_runs_return_what_the_table_says() {
    let mut seen: BTreeMap<i32, usize> = BTreeMap::new();
    for case in cases::all() {
        let mut test = environment();
        (case.prepare)(&mut test);
        let output = test.rdsconn(case.arguments);
        cases::release(&test);
        assert_eq!(output.code, case.code, "{}: {:?}\n{}", case.name, case.arguments, output.stderr);
        *seen.entry(case.code).or_default() += 1;
    }
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), [2, 3, 4, 5, 126, 127]);
}

#[test]
fn what_is_asked_for_and_given_is_0() {
    let test = acme();
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["--version"],
        &["query", "--help"],
        &["conventions", "--help"],
        &["explain", HOST],
        &["explain", HOST, "--json", "-vvv"],
        &["token", HOST],
        &["conventions", "list"],
        &["conventions", "check"],
        &["conventions", "init"],
        &["completions", "bash"],
        &["man"],
        &["man", "conventions", "check"],
    ] {
        let output = test.rdsconn(arguments);
        assert_eq!(output.code, 0, "{arguments:?} {}", output.stderr);
        assert!(!output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn what_nobody_understands_is_2() {
    let test = acme();
    for arguments in [
        &[][..],
        &["--frobnicate"],
        &["explain"],
        &["token"],
        &["query"],
        &["conventions", "destroy"],
        &["completions"],
        &["completions", "tcsh"],
        &["man", "nothing"],
        &["explain", HOST, "and", "more"],
        &["explain", HOST, "-q", "-v"],
        &["explain", HOST, "--color", "pink"],
        &["token", HOST, "--connect-timeout", "0"],
        &["token", HOST, "--connect-timeout", "-1"],
        &["token", HOST, "--connect-timeout", "NaN"],
        &["token", HOST, "--connect-timeout", "inf"],
        &[HOST, "--read-timeout", "soon"],
        &[HOST, "--ssl-mode", "PREFERRED", "select 1"],
        &[HOST, "--auth", "none", "select 1"],
        &[HOST, "--route", "carrier-pigeon", "select 1"],
    ] {
        let output = test.rdsconn(arguments);
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{arguments:?} {}", output.stderr);
        assert!(output.stderr.starts_with("error: "), "{arguments:?} {}", output.stderr);
    }
    // Half a command gets the list of what could follow.
    let half = test.rdsconn(["conventions"]).ended_with(2);
    assert!(half.stderr.contains("\n  init "), "{}", half.stderr);
}

/// A home whose [`HOST`] is the lab's database on this machine.
fn with_database() -> (TestEnv, Database) {
    let certificates = Certificates::new(ENDPOINT, &[]);
    let database = Database::start(DatabaseOptions::new(&certificates.server, verifier(None))).unwrap();
    let mut test = acme();
    let ca = test.write_file("ca.pem", certificates.authority.pem());
    test.set("RDSCONN_BASTION", "none").set("RDSCONN_SSL_CA", ca);
    test.set("RDSCONN_ADDRESS", database.address().to_string());
    (test, database)
}

#[test]
fn a_server_that_takes_one_statement_and_not_the_other() {
    let (test, _database) = with_database();
    assert_eq!(test.rdsconn([HOST, "select 1"]).succeeded().stdout, "1\n1\n");
    let refused = test.rdsconn([HOST, "-e", "select 1", "-e", "selec 2", "-e", "select 3"]).ended_with(1);
    assert_eq!(refused.stdout, "1\n1\n");
    assert!(refused.stderr.contains("ERROR 1064 (42000)"), "{}", refused.stderr);
    let stranger = test.rdsconn([HOST, "-u", "nobody", "select 1"]).ended_with(4);
    assert!(stranger.stderr.contains("1045"), "{}", stranger.stderr);
}

#[test]
fn r15_a_signal_is_128_and_its_number() {
    // A server that never says a word: the program waits for it until the signal comes.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let test = acme();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let arguments = [HOST, "-J", "none", "--address", &address, "--connect-timeout", "300", "select 1"];
        let running = test.start_rdsconn(arguments);
        // It has connected, so it listens for signals too.
        let _peer = silent.accept().unwrap();
        running.signal(signal);
        let output = running.finish().ended_with(code);
        assert_eq!(output.stdout, "");
    }
}
