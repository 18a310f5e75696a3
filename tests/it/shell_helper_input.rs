//! What may stand on the helper's standard input, and what may happen meanwhile: garbage, far too much, broken files, Ctrl-C.

use std::io::Read as _;
use std::time::{Duration, Instant};

use rdsconn_lab::environment::{ProfileCredentials, Signal};
use rdsconn_lab::shell::{Generation, Input, Shell};

use crate::shell_helper::{BOTH, call};
use crate::support::{ACME, HOST, acme, environment, kept};

const COMMANDS: [&str; 4] = ["get", "erase", "store", "list"];

#[test]
fn requests_that_are_none_are_one_line() {
    let place = acme();
    let url = format!("dba@{HOST}");
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"{".to_vec(), "Failed to parse JSON"),
        (b"\xff\xfe\x00".to_vec(), "Failed to parse JSON"),
        (b"[]".to_vec(), "Failed to parse JSON"),
        (b"{}".to_vec(), "is missing"),
        (b"{} {}".to_vec(), "Failed to parse JSON"),
        (br#"{"SecretType":1,"Secret":"s"}"#.to_vec(), "\"SecretType\" should be a string"),
        (
            format!(r#"{{"SecretType":"password","SecretType":"password","ServerURL":"{url}"}}"#).into_bytes(),
            "given twice",
        ),
        (vec![b'['; 100_000], "Failed to parse JSON"),
    ];
    for (request, expected) in cases {
        for command in COMMANDS {
            let output = call(&place, command, &request);
            let about = format!(
                "{command} {:?}: {:?}",
                String::from_utf8_lossy(&request[..request.len().min(80)]),
                output.stderr
            );
            assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{about}");
            assert!(output.stderr.contains(expected) && output.stderr.lines().count() == 1, "{about}");
            assert!(!output.stderr.contains("panicked"), "{about}");
        }
    }
    for command in ["get", "erase", "store"] {
        assert_eq!(call(&place, command, b"").ended_with(1).stderr, "Failed to parse JSON: The document is empty.\n");
    }
    assert!(kept(&place).is_empty());
}

#[test]
fn members_that_are_missing_or_strange_are_told() {
    let place = acme();
    for (command, request, expected) in [
        ("get", r#"{"SecretType":"password"}"#, "\"SecretID\" is missing\n"),
        ("get", r#"{"SecretType":"password","ServerURL":null}"#, "\"ServerURL\" should be a string\n"),
        ("store", r#"{"SecretType":"password","ServerURL":"u@h"}"#, "\"Secret\" is missing\n"),
        ("store", r#"{"SecretType":"password","ServerURL":"u@h","Secret":7}"#, "\"Secret\" should be a string\n"),
    ] {
        let output = call(&place, command, request.as_bytes()).ended_with(1);
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", expected), "{request}");
    }
}

/// Bytes that are not UTF-8 name no server, and are a request all the same.
#[test]
fn bytes_that_are_not_utf_8_are_not_found() {
    let place = acme();
    let request =
        [br#"{"SecretType":"password","ServerURL":"dba"#, &b"\xc3\x28@"[..], HOST.as_bytes(), b"\"}"].concat();
    let output = call(&place, "get", &request).ended_with(1);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", "Could not find the secret\n"));
}

#[test]
fn too_much_is_refused_and_much_is_not() {
    let place = acme();
    let request = |length: usize| {
        let url = format!("{}@{HOST}", "u".repeat(length));
        format!(r#"{{"SecretType":"password","ServerURL":"{url}"}}"#).into_bytes()
    };
    assert_eq!(call(&place, "get", &request(1_000_000)).ended_with(1).stderr, "Could not find the secret\n");
    let output = call(&place, "get", &request(5_000_000)).ended_with(1);
    assert!(output.stdout.is_empty() && output.stderr.contains("more than"), "{}", output.stderr);
    let secret = "s".repeat(1_000_000);
    let request = format!(r#"{{"SecretType":"password","ServerURL":"dba@{HOST}","Secret":"{secret}"}}"#);
    let output = call(&place, "store", request.as_bytes()).succeeded();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
}

/// R23: a file that is broken is told in a line, with its place.
#[test]
fn r23_broken_files_are_one_line() {
    for (inside, written, named) in [
        (".config/rdsconn/config.toml", "[defaults\n", "config.toml"),
        (".config/rdsconn/conventions/acme.toml", "pattern = '('\n", "acme.toml"),
        (".config/rdsconn/config.toml", "[helper]\ndelegate = \"a b\"\n", "config.toml"),
        (".config/rdsconn/config.toml", "[cache]\ntokens = \"everywhere\"\n", "config.toml"),
    ] {
        let place = environment();
        place.write_convention("acme", ACME);
        place.write_file(inside, written);
        for generation in BOTH {
            let shell = Shell::new(&place, generation);
            for command in COMMANDS {
                let secret = (command == "store").then_some("hunter2");
                let input = match (command, generation) {
                    ("list", Generation::First) => Input::Open(Vec::new()),
                    _ => Input::Closed(shell.request("password", &format!("dba@{HOST}"), secret)),
                };
                let heard = shell.call(command, &input);
                let text = heard.text();
                assert_eq!((heard.code, text.lines().count()), (1, 1), "{command}: {text}");
                assert!(text.contains(named) && !text.contains("panicked") && !text.contains("hunter2"), "{text}");
            }
        }
    }
}

/// A process that is asked for credentials and says nothing: Ctrl-C goes to the whole group, and the Shell shows our text.
#[test]
fn an_interrupt_is_one_word() {
    let place = environment();
    place.write_convention("acme", ACME);
    for pipe in ["never", "begun"] {
        assert_eq!(place.run("mkfifo", [pipe]).code, 0);
    }
    // Open for both, so that it opens at once; while it is open, nothing is answered.
    let gate = std::fs::File::options().read(true).write(true).open(place.path("never")).unwrap();
    let command = "sh -c 'trap \"\" INT; exec 3< never; echo begun > begun; exec cat <&3'";
    place.write_aws_profile("acme-prod", None, &ProfileCredentials::Process(command));
    let helper = Shell::new(&place, Generation::Second).folder().join("mysql-secret-store-rdsconn");
    let mut running = place.start(helper, ["get"]);
    running.send(format!(r#"{{"SecretType":"password","ServerURL":"dba@{HOST}"}}"#));
    running.close_input();
    // Opens when the process opens it.
    let mut begun = String::new();
    std::fs::File::open(place.path("begun")).unwrap().read_to_string(&mut begun).unwrap();
    assert_eq!(begun, "begun\n");
    running.signal(Signal::INT);
    let output = running.finish();
    drop(gate);
    assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (1, "", "interrupted\n"));
}

/// Somebody has started it by hand, and it waits for a request that nobody sends.
#[test]
fn an_interrupt_ends_the_wait_for_a_request() {
    let place = acme();
    let helper = Shell::new(&place, Generation::Second).folder().join("mysql-secret-store-rdsconn");
    let running = place.start(helper, ["get"]);
    let deadline = Instant::now() + Duration::from_secs(30);
    // It sleeps under its own name: it waits for its input.
    let waits = || {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", running.pid())).unwrap_or_default();
        text.contains("(mysql-secret-st) S")
    };
    while cfg!(target_os = "linux") && !waits() {
        assert!(Instant::now() < deadline, "it never waits");
        std::thread::yield_now();
    }
    running.signal(Signal::INT);
    // It is dead before it can see the end of its input.
    assert_eq!(running.finish().code, 130);
}
