//! Servers that want the token, a file, or this program's memory. Threats T1, T2, T3, T6, T18 and promise R24.
//!
//! A hostile database keeps every byte it was given, in clear and decrypted, so that a test can say what it never learned.

use std::io::ErrorKind;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use rdsconn_lab::environment::Output;
use rdsconn_lab::hostile::{Answer, HostileBastion, HostileDatabase, HostileOptions, Login, Opening, SshTrick, Tls};
use rdsconn_lab::real::{ENDPOINT, ENDPOINT_PORT};

use crate::stage::{HOST, Stage};

/// Every token begins its query like this.
const CANARY: &[u8] = b"Action=connect";

/// Runs a query against a hostile database, through the bastion or directly.
fn meet(options: HostileOptions, direct: bool) -> (Output, HostileDatabase, Stage) {
    let stage = Stage::embedded();
    let database = HostileDatabase::start(options, &stage.parts().certificates).unwrap();
    let address = database.address().to_string();
    let output = if direct {
        stage.query(&["-J", "none", "--address", &address, "--connect-timeout", "2", "select 1"])
    } else {
        stage.parts().bastion.route(ENDPOINT, ENDPOINT_PORT, database.address());
        stage.query(&["--connect-timeout", "2", "select 1"])
    };
    (output, database, stage)
}

#[test]
fn t1_a_token_goes_only_to_a_server_that_proved_to_be_the_endpoint() {
    let logins = [Login::InitialPlugin, Login::Switch, Login::SwitchTwice, Login::SwitchInCommandPhase];
    let bad = [
        (Tls::Absent, "offers no TLS"),
        (Tls::SelfSigned, "not trusted"),
        (Tls::WrongName, "not trusted"),
        (Tls::OtherAuthority, "not trusted"),
        (Tls::Expired, "not trusted"),
        (Tls::Garbage, "no TLS session"),
    ];
    for direct in [false, true] {
        for (tls, words) in bad {
            for login in logins {
                let (output, database, _stage) =
                    meet(HostileOptions { tls, login, ..HostileOptions::default() }, direct);
                let case = format!("{tls:?}, {login:?}, direct {direct}: {}", output.stderr);
                assert_eq!(output.code, 5, "{case}");
                assert!(output.stderr.contains(words), "{case}");
                assert!(!database.record().contains(CANARY), "{case}");
            }
        }
    }
}

#[test]
fn t1_a_proven_server_gets_the_token_once() {
    let (output, database, _stage) = meet(HostileOptions::default(), false);
    output.succeeded();
    assert!(database.record().contains(CANARY), "the canary is not seen even where it has to be");
    // Asked for the cleartext plugin a second time, the driver gives up.
    let (output, _database, _stage) =
        meet(HostileOptions { login: Login::SwitchTwice, ..HostileOptions::default() }, false);
    assert!([0, 5].contains(&output.code), "{}", output.stderr);
}

#[test]
fn t2_a_server_cannot_send_the_driver_to_a_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trap.sock");
    let trap = UnixListener::bind(&path).unwrap();
    trap.set_nonblocking(true).unwrap();
    for direct in [false, true] {
        let answer = Answer::Socket(path.clone());
        let (output, database, _stage) = meet(HostileOptions { answer, ..HostileOptions::default() }, direct);
        output.succeeded();
        assert_eq!(trap.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody connected to the socket");
        let asked: Vec<_> = database.queries().iter().map(|sql| String::from_utf8_lossy(sql).into_owned()).collect();
        assert_eq!(asked, ["select 1"], "the driver asked questions of its own");
    }
}

#[test]
fn t3_no_local_file_is_ever_given() {
    let stage = Stage::embedded();
    let secret = stage.home.write_file("secret.txt", "a private key, say");
    for file in [secret.to_str().unwrap(), "/etc/passwd"] {
        let answer = Answer::LocalInfile(file.to_owned());
        let (output, database, _stage) = meet(HostileOptions { answer, ..HostileOptions::default() }, false);
        assert_eq!(output.code, 1, "{}", output.stderr);
        assert!(output.stderr.contains("asked for a local file"), "{}", output.stderr);
        assert_eq!(database.file_bytes(), 0);
    }
}

/// T6: a bastion that leads somewhere else finds that the certificate's name is checked behind it, too.
#[test]
fn t6_a_bastion_that_leads_to_another_database_gets_nothing() {
    let (output, database, stage) = meet(HostileOptions { tls: Tls::WrongName, ..HostileOptions::default() }, false);
    assert_eq!(output.code, 5, "{}", output.stderr);
    assert!(output.stderr.contains("hint: it is for other.cluster-c9abc."), "{}", output.stderr);
    assert!(!database.record().contains(CANARY));
    // With the chain checked alone, the same server passes: the name is what stopped it.
    stage.query(&["--ssl-mode", "VERIFY_CA", "select 1"]).succeeded();
    // But not one whose chain leads to a stranger.
    for tls in [Tls::OtherAuthority, Tls::SelfSigned, Tls::Expired, Tls::Absent] {
        let database =
            HostileDatabase::start(HostileOptions { tls, ..HostileOptions::default() }, &stage.parts().certificates)
                .unwrap();
        stage.parts().bastion.route(ENDPOINT, ENDPOINT_PORT, database.address());
        assert_eq!(stage.query(&["--ssl-mode", "VERIFY_CA", "select 1"]).code, 5, "{tls:?}");
        assert!(!database.record().contains(CANARY), "{tls:?}");
    }
}

/// What was learned for the login holds for the connection that stops the statement, too.
#[test]
fn r15_a_statement_is_stopped_where_only_the_chain_is_verified() {
    let stage = Stage::embedded();
    let options = HostileOptions { tls: Tls::WrongName, answer: Answer::Stall(3), ..HostileOptions::default() };
    let database = HostileDatabase::start(options, &stage.parts().certificates).unwrap();
    stage.parts().bastion.route(ENDPOINT, ENDPOINT_PORT, database.address());
    let asked = |text: &str| {
        let ends = std::time::Instant::now() + Duration::from_secs(30);
        while std::time::Instant::now() < ends {
            if database.queries().iter().any(|sql| sql.starts_with(text.as_bytes())) {
                return true;
            }
            std::thread::yield_now();
        }
        false
    };
    let running = stage.home.start_rdsconn([HOST, "--ssl-mode", "VERIFY_CA", "select 1"]);
    assert!(asked("select 1"));
    running.signal(rustix::process::Signal::INT);
    assert!(asked("KILL QUERY "), "{:?}", database.queries());
    running.finish().ended_with(130);
}

#[test]
fn r24_garbage_before_the_login_is_a_clean_error() {
    let openings = [
        Opening::Silence,
        Opening::Garbage,
        Opening::Close,
        Opening::Error(1040, "Too many connections".to_owned()),
        Opening::Error(1129, "Host is blocked".to_owned()),
        Opening::LongHeader,
        Opening::EndlessPacket,
        Opening::WrongSequence,
        Opening::Trickle(Duration::from_millis(1)),
    ];
    for direct in [false, true] {
        for opening in openings.clone() {
            let slow_but_right = matches!(opening, Opening::Trickle(_));
            let (output, _database, _stage) =
                meet(HostileOptions { opening: opening.clone(), ..HostileOptions::default() }, direct);
            let case = format!("{opening:?}, direct {direct}: {}", output.stderr);
            assert_eq!(output.code, if slow_but_right { 0 } else { 5 }, "{case}");
            assert!(slow_but_right || output.stderr.starts_with("error: "), "{case}");
        }
    }
    let (output, ..) = meet(HostileOptions { tls: Tls::Silence, ..HostileOptions::default() }, false);
    assert_eq!(output.code, 5, "{}", output.stderr);
    let (output, ..) = meet(HostileOptions { login: Login::Silence, ..HostileOptions::default() }, false);
    assert_eq!(output.code, 5, "{}", output.stderr);
}

#[test]
fn r24_garbage_after_the_statement_was_sent_is_an_unknown_outcome() {
    for answer in [Answer::WrongSequence, Answer::EndlessPacket] {
        let (output, _database, _stage) =
            meet(HostileOptions { answer: answer.clone(), ..HostileOptions::default() }, false);
        assert_eq!(output.code, 7, "{answer:?}: {}", output.stderr);
        assert_eq!(output.stdout, "", "{answer:?}");
    }
    // What never ends can only be ended by a limit that the user sets.
    for answer in [Answer::Garbage, Answer::LongHeader, Answer::Stall(3)] {
        let stage = Stage::embedded();
        let options = HostileOptions { answer: answer.clone(), ..HostileOptions::default() };
        let database = HostileDatabase::start(options, &stage.parts().certificates).unwrap();
        stage.parts().bastion.route(ENDPOINT, ENDPOINT_PORT, database.address());
        let output = stage.query(&["--read-timeout", "0.5", "select 1"]);
        assert_eq!(output.code, 7, "{answer:?}: {}", output.stderr);
        let lines = if matches!(answer, Answer::Stall(_)) { 4 } else { 0 };
        assert_eq!(output.stdout.lines().count(), lines, "{answer:?}: {}", output.stdout);
    }
}

/// The driver believes the count and asks for that much memory, which no machine has: it ends by SIGABRT. Only a server that has
/// proved to be the endpoint gets that far, and what it gets is an end without rows and without success.
#[test]
fn r24_a_column_count_that_lies_is_never_a_success() {
    let stage = Stage::embedded();
    let options = HostileOptions { answer: Answer::ManyColumns, ..HostileOptions::default() };
    let database = HostileDatabase::start(options, &stage.parts().certificates).unwrap();
    stage.parts().bastion.route(ENDPOINT, ENDPOINT_PORT, database.address());
    let output = stage.query(&["--read-timeout", "0.5", "select 1"]);
    assert!([7, 134].contains(&output.code), "{}", output.stderr);
    assert_eq!(output.stdout, "");
}

#[test]
fn r1_rows_that_are_cut_anywhere_are_whole_and_never_a_success() {
    let stage = Stage::embedded();
    for reset in [false, true] {
        for bytes in (0..4_000).step_by(97).chain([65_536, 100_003]) {
            let answer = Answer::Cut { bytes, reset };
            let options = HostileOptions { answer, ..HostileOptions::default() };
            let database = HostileDatabase::start(options, &stage.parts().certificates).unwrap();
            stage.parts().bastion.route(ENDPOINT, ENDPOINT_PORT, database.address());
            let output = stage.query(&["-N", "select 1"]);
            let case = format!("cut after {bytes}, reset {reset}: {}", output.stderr);
            assert_eq!(output.code, 7, "{case}");
            assert!(output.stdout.is_empty() || output.stdout.ends_with('\n'), "{case}");
            for (line, number) in output.stdout.lines().zip(0..) {
                assert!(line.ends_with(&rdsconn_lab::hostile::row_text(number)), "{case}: {line}");
            }
        }
    }
}

#[test]
fn t10_an_error_text_cannot_drive_the_terminal() {
    let text = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}".to_owned();
    let answer = Answer::Error(1064, text);
    let (output, ..) = meet(HostileOptions { answer, ..HostileOptions::default() }, false);
    assert_eq!(output.code, 1);
    for forbidden in ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}'] {
        assert!(!output.stderr.contains(forbidden), "{:?}", output.stderr);
    }
    assert!(output.stderr.contains(r"\x1B]0;owned\x07"), "{}", output.stderr);
}

#[test]
fn t18_a_hostile_bastion_is_a_clean_error() {
    let tricks = [
        SshTrick::Silence,
        SshTrick::Garbage,
        SshTrick::EndlessLines,
        SshTrick::EndlessLine,
        SshTrick::SilenceAfterVersion,
        SshTrick::GarbageAfterVersion,
        SshTrick::LongPacket,
        SshTrick::CloseAfterKeyExchange,
        SshTrick::OldVersion,
        SshTrick::Close,
    ];
    for trick in tricks {
        let stage = Stage::embedded();
        let bastion = HostileBastion::start(trick).unwrap();
        let name = format!("ops@{}", bastion.address());
        let output = stage.home.rdsconn([HOST, "-J", &name, "--connect-timeout", "1", "select 1"]);
        assert_eq!(output.code, 5, "{trick:?}: {}", output.stderr);
        assert!(
            output.stderr.starts_with("error: ") && !output.stderr.contains("panicked"),
            "{trick:?}: {}",
            output.stderr
        );
        assert!(!bastion.record().contains(CANARY), "{trick:?}");
    }
}
