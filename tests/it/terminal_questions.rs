//! Questions to a person: unknown host keys and passphrases, what they show and hide, and that the terminal is as it was
//! afterwards, however the program ends.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use rdsconn_lab::environment::{Output, Running, Signal, SshHost};
use rdsconn_lab::real::PASSPHRASE;

use crate::bastion::{fingerprint, known_name, own_key, ssh_host};
use crate::stage::{HOST, Servers, Stage, on_each};

/// Runs rdsconn under a shell on one terminal, which tells its state before and after.
///
/// A terminal's Ctrl-C reaches the shell too; its trap keeps it alive to tell. `noflsh`, because the kernel would throw away
/// what is on its way to the screen a moment after it has sent the signal, and with it what was said in answer.
fn between_states(stage: &Stage) -> Running {
    between_states_with(stage, &[])
}

pub(crate) fn between_states_with(stage: &Stage, options: &[&str]) -> Running {
    let script =
        "trap : INT TERM HUP; stty noflsh; stty -a; echo begin; \"$0\" \"$@\"; echo \"code=$?\"; stty -a; echo end";
    let program = stage.home.program().to_str().unwrap();
    let arguments = [&["-c", script, program, HOST, "-N", "-B", "select 40 + 2"], options].concat();
    stage.home.start_on_terminal("sh", arguments)
}

/// What rdsconn showed, and its exit code, if the terminal is as it was.
#[track_caller]
pub(crate) fn same_state(output: &Output) -> (String, i32) {
    let text = output.stdout.replace("\r\n", "\n");
    let cut = |rest: &str, mark: &str| match rest.split_once(mark) {
        Some((left, right)) => (left.to_owned(), right.to_owned()),
        None => panic!("no {mark:?} in {text:?}"),
    };
    let (before, rest) = cut(&text, "begin\n");
    let (shown, rest) = cut(&rest, "code=");
    let (code, after) = cut(&rest, "\n");
    let (after, _) = cut(&after, "end\n");
    assert_eq!(before, after, "{text}");
    assert!(before.contains(" echo ") && before.contains(" icanon ") && before.contains("isig "), "{before}");
    (shown, code.parse().unwrap())
}

const QUESTION: &str = "(yes/no) ";

fn with_unknown_host_key(stage: &Stage) -> PathBuf {
    // Only the type whose fingerprint the case knows.
    stage.home.write_ssh_config(&format!("{}HostKeyAlgorithms ssh-ed25519\n", ssh_host(stage)));
    let known_hosts = stage.home.path(".ssh/known_hosts");
    std::fs::remove_file(&known_hosts).unwrap();
    known_hosts
}

#[test]
fn t4_no_to_an_unknown_host_key_changes_nothing() {
    on_each(|stage| {
        let known_hosts = with_unknown_host_key(stage);
        // The end of input is no "yes" either.
        for answer in ["no\n", "\x04"] {
            let mut running = between_states(stage);
            running.wait_for(QUESTION);
            running.send(answer);
            let (shown, code) = same_state(&running.finish());
            assert_eq!(code, 5, "{shown}");
            let name = known_name(stage);
            let question = format!(
                "No file knows the host key of {name}.\nssh-ed25519 fingerprint is {}\nTrust it, and add it to {}? (yes/no) ",
                fingerprint(stage),
                known_hosts.display()
            );
            assert!(shown.contains(&question), "{shown}");
            assert!(shown.contains(&format!("host key of {name} is not known")), "{shown}");
            assert!(!known_hosts.exists());
        }
    });
}

#[test]
fn t4_yes_to_an_unknown_host_key_is_remembered() {
    on_each(|stage| {
        let known_hosts = with_unknown_host_key(stage);
        let mut running = between_states(stage);
        running.wait_for(QUESTION);
        // Anything but yes and no is asked again.
        running.send("y\n");
        running.wait_for(&format!("{QUESTION}y\r\nNo file knows"));
        running.send("yes\n");
        let (shown, code) = same_state(&running.finish());
        assert_eq!(code, 0, "{shown}");
        assert_eq!(shown.matches(QUESTION).count(), 2, "{shown}");
        assert!(shown.contains("\n42\n"), "{shown}");
        let note = format!("note: added {} {} to {}", known_name(stage), fingerprint(stage), known_hosts.display());
        assert!(shown.contains(&note), "{shown}");
        assert_eq!(std::fs::metadata(&known_hosts).unwrap().permissions().mode() & 0o7777, 0o600);
        let recorded = std::fs::read_to_string(&known_hosts).unwrap();
        assert!(recorded.starts_with(&format!("{} ssh-ed25519 ", known_name(stage))), "{recorded}");

        let (shown, code) = same_state(&between_states(stage).finish());
        assert_eq!((code, shown.contains(QUESTION)), (0, false), "{shown}");
        assert_eq!(std::fs::read_to_string(&known_hosts).unwrap(), recorded);
        assert_eq!(stage.query(&["-N", "select 1"]).succeeded().stdout, "1\n");
    });
}

/// `StrictHostKeyChecking yes` leaves nothing to ask.
#[test]
fn t4_strict_checking_asks_nobody() {
    let stage = Stage::embedded();
    let known_hosts = with_unknown_host_key(&stage);
    stage.home.write_ssh_config(&format!("{}StrictHostKeyChecking yes\n", ssh_host(&stage)));
    let (shown, code) = same_state(&between_states(&stage).finish());
    assert_eq!((code, shown.contains(QUESTION), known_hosts.exists()), (5, false, false), "{shown}");
}

fn with_locked_key(stage: &Stage) -> PathBuf {
    let key = match &stage.servers {
        Servers::Embedded(_) => {
            let key = stage.home.path(".ssh/locked");
            own_key(stage).write_encrypted(&key, PASSPHRASE).unwrap();
            key
        }
        Servers::Real(lab) => lab.bastion().encrypted_key(),
    };
    stage.home.write_ssh_config(&SshHost { identity_files: vec![key.clone()], ..ssh_host(stage) });
    key
}

/// The SQL comes from a pipe, the rows go into one, and the passphrase still comes from the terminal.
#[test]
fn a_question_does_not_touch_stdin_and_stdout() {
    on_each(|stage| {
        with_locked_key(stage);
        let script = "echo 'select 40 + 2' | \"$0\" \"$1\" -N 2>/dev/null | sed 's/^/rows: /'";
        let program = stage.home.program().to_str().unwrap();
        let mut running = stage.home.start_on_terminal("sh", ["-c", script, program, HOST]);
        running.wait_for("Passphrase for ");
        running.send(format!("{PASSPHRASE}\n"));
        let shown = running.finish().succeeded().stdout;
        assert!(shown.ends_with(": \r\nrows: 42\r\n"), "{}: {shown:?}", stage.name());
    });
}

const WRONG: &str = "guessed wrong 1";

#[test]
fn a_passphrase_is_asked_for_and_not_shown() {
    on_each(|stage| {
        let key = with_locked_key(stage);
        let mut running = between_states(stage);
        running.wait_for(&format!("Passphrase for {}: ", key.display()));
        running.send(format!("{PASSPHRASE}\n"));
        let (shown, code) = same_state(&running.finish());
        assert_eq!(code, 0, "{shown}");
        assert!(shown.contains("\n42\n"), "{shown}");
        assert!(!shown.contains(PASSPHRASE) && !shown.contains("Wrong"), "{shown}");
        // The question has a line of its own, between those of the stages.
        let line = shown.lines().find(|line| line.contains("Passphrase")).unwrap();
        assert_eq!(line.rsplit("\x1b[K").next().unwrap(), format!("Passphrase for {}: ", key.display()), "{shown:?}");
    });
}

#[test]
fn a_wrong_passphrase_is_asked_for_again_twice() {
    on_each(|stage| {
        let key = with_locked_key(stage);
        let again = format!("Wrong passphrase. Passphrase for {}: ", key.display());
        for right in [true, false] {
            // Without the lines of the stages between the questions.
            let mut running = between_states_with(stage, &["-q"]);
            running.wait_for("Passphrase for ");
            running.send(format!("{WRONG}\n"));
            running.wait_for(&again);
            running.send("\n");
            running.wait_for(&format!("{again}\r\n{again}"));
            running.send(if right { format!("{PASSPHRASE}\n") } else { format!("{WRONG}\n") });
            let (shown, code) = same_state(&running.finish());
            assert_eq!(code, if right { 0 } else { 4 }, "{shown}");
            assert!(!shown.contains(WRONG) && !shown.contains(PASSPHRASE), "{shown}");
            assert_eq!(shown.matches("Passphrase for ").count(), 3, "{shown}");
            assert_eq!(shown.contains("(encrypted, and the passphrase was wrong)"), !right, "{shown}");
        }
    });
}

/// At either question: the code, the terminal as it was, nothing learned, no report, and the shell's prompt on a new line.
#[test]
fn r15_ctrl_c_at_a_question_restores_the_terminal() {
    on_each(|stage| {
        let known_hosts = with_unknown_host_key(stage);
        let mut running = between_states(stage);
        running.wait_for(QUESTION);
        running.send("\x03");
        let (shown, code) = same_state(&running.finish());
        assert_eq!((code, known_hosts.exists(), shown.contains("error")), (130, false, false), "{shown}");
        assert!(shown.ends_with('\n'), "{shown:?}");
    });
    on_each(|stage| {
        with_locked_key(stage);
        let mut running = between_states(stage);
        running.wait_for("Passphrase for ");
        running.send("half a passphr\x03");
        let (shown, code) = same_state(&running.finish());
        assert_eq!((code, shown.contains("error"), shown.contains("half")), (130, false, false), "{shown}");
        assert!(shown.ends_with('\n'), "{shown:?}");
    });
}

#[test]
fn r15_other_signals_at_a_passphrase_restore_the_terminal() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let stage = Stage::embedded();
        with_locked_key(&stage);
        let running = between_states(&stage);
        running.wait_for("Passphrase for ");
        running.signal_group(signal);
        let (shown, ended) = same_state(&running.finish());
        assert_eq!(ended, code, "{shown}");
    }
}

/// Credentials that fail while somebody is typing end the program, on a line of their own, with the echo back on.
#[test]
fn a_failure_while_a_question_is_open_restores_the_terminal() {
    let stage = Stage::embedded();
    with_locked_key(&stage);
    let pipe = stage.home.path("pipe");
    stage.home.run("mkfifo", [&pipe]).succeeded();
    let script = format!("#!/bin/sh\nread go < {}\nexit 1\n", pipe.display());
    let script = stage.home.write_file_with_mode("credentials.sh", script, 0o700);
    stage.home.append_file(
        ".aws/config",
        format!("[profile scripted]\nregion = us-east-1\ncredential_process = {}\n", script.display()),
    );
    let stage = Stage {
        home: {
            let mut home = stage.home;
            home.set("RDSCONN_PROFILE", "scripted");
            home
        },
        ..stage
    };
    let running = between_states(&stage);
    running.wait_for("Passphrase for ");
    let mut pipe = std::fs::OpenOptions::new().read(true).write(true).open(pipe).unwrap();
    std::io::Write::write_all(&mut pipe, b"go\n").unwrap();
    let (shown, _) = same_state(&running.finish());
    assert!(
        shown.contains("\n\x1b[1;31merror:\x1b[0m the credential_process of AWS profile \"scripted\""),
        "{shown:?}"
    );
}
