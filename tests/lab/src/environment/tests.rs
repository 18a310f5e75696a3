//! Holds the environment to its promises: hermetic, private, and no program outlives its deadline.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

fn environment() -> TestEnv {
    TestEnv::new("/bin/sh")
}

#[test]
fn programs_see_only_the_home() {
    let mut test = environment();
    test.set("RDSCONN_PROFILE", "acme").set("GONE", "1").unset("GONE");
    let seen = test.run("env", [] as [&str; 0]).succeeded().stdout;
    let home = test.home().to_str().unwrap();
    for line in seen.lines() {
        let (name, value) = line.split_once('=').unwrap();
        let fixed =
            ["PATH", "TZ", "LANG", "LC_ALL", "TERM", "USER", "LOGNAME", "AWS_EC2_METADATA_DISABLED", "RDSCONN_PROFILE"];
        assert!(fixed.contains(&name) || value.starts_with(home), "{line}");
    }
    assert!(seen.contains("RDSCONN_PROFILE=acme\n") && !seen.contains("GONE"), "{seen}");
    assert_eq!(test.run("pwd", [] as [&str; 0]).succeeded().stdout.trim(), home);
}

#[test]
fn files_are_private() {
    let test = environment();
    let path = test.write_convention("acme", "pattern = 'x'\n");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&path), 0o600);
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != test.home()) {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    assert_eq!(mode(&test.write_file_with_mode("loose", "", 0o666)), 0o666);
}

#[test]
fn profiles_are_what_the_aws_cli_reads() {
    let test = environment();
    let keys = ProfileCredentials::Static { id: "AKIA", secret: "s", session_token: Some("t") };
    test.write_aws_profile("acme", Some("us-east-1"), &keys);
    test.write_aws_profile("default", None, &ProfileCredentials::Process("/bin/keys"));
    let read = |name: &str| fs::read_to_string(test.path(name)).unwrap();
    assert_eq!(read(".aws/config"), "[profile acme]\nregion = us-east-1\n[default]\ncredential_process = /bin/keys\n");
    assert_eq!(
        read(".aws/credentials"),
        "[acme]\naws_access_key_id = AKIA\naws_secret_access_key = s\naws_session_token = t\n"
    );
}

#[test]
fn codes_and_streams_come_apart() {
    let test = environment();
    let output = test.rdsconn_with_input(["-c", "cat; echo oops >&2; exit 3"], "in").ended_with(3);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("in", "oops\n"));
    assert_eq!(test.rdsconn(["-c", "kill -TERM $$"]).code, 128 + 15);
    assert_eq!(test.rdsconn(["-c", "printf '\\377'"]).stdout_bytes, b"\xff");
}

#[test]
fn a_program_without_a_terminal_finds_none() {
    let output = environment().rdsconn(["-c", "echo hello > /dev/tty"]);
    assert_ne!(output.code, 0, "{output:?}");
}

#[test]
fn a_terminal_takes_answers() {
    let test = environment();
    let script = "test -t 0 && test -t 1 && test -t 2 || exit 9; printf 'Passphrase: ' > /dev/tty; stty -echo; \
                  read answer; stty echo; echo got ${#answer}; stty size";
    let mut running = test.rdsconn_on_terminal(["-c", script]);
    running.wait_for("Passphrase: ");
    running.send("open sesame\r");
    let output = running.finish().succeeded();
    assert!(output.stdout.contains("got 11\r\n") && output.stdout.contains("40 120"), "{output:?}");
}

#[test]
fn control_c_reaches_a_program_on_a_terminal() {
    let mut running =
        environment().rdsconn_on_terminal(["-c", "trap 'exit 130' INT; echo ready; while :; do read x; done"]);
    running.wait_for("ready");
    running.send("\x03");
    assert_eq!(running.finish().code, 130);
}

#[test]
fn a_hang_ends_in_a_panic_with_the_output() {
    let mut test = environment();
    test.set_patience(Duration::from_millis(300));
    // The inner sleep keeps the pipes open: it must die too.
    let running = test.start_rdsconn(["-c", "echo before; echo cause >&2; sleep 1000; echo after"]);
    let pid = running.pid();
    let panic = catch_unwind(AssertUnwindSafe(|| running.finish())).unwrap_err();
    let said = panic.downcast_ref::<String>().unwrap();
    assert!(said.contains("before") && said.contains("cause") && said.contains("still runs"), "{said}");
    let group = format!("/proc/{pid}");
    while Path::new(&group).exists() {
        std::thread::yield_now();
    }
}

#[test]
fn input_that_is_not_read_does_not_block() {
    let test = environment();
    let output = test.rdsconn_with_input(["-c", "echo done"], vec![b'x'; 1 << 20]).succeeded();
    assert_eq!(output.stdout, "done\n");
    let output = test.rdsconn_with_input(["-c", "wc -c"], vec![b'x'; 1 << 20]).succeeded();
    assert_eq!(output.stdout.trim(), "1048576");
}

#[test]
fn waiting_for_text_that_never_comes_fails_when_the_output_ends() {
    let running = environment().start_rdsconn(["-c", "echo one"]);
    let panic = catch_unwind(AssertUnwindSafe(|| running.wait_for("two"))).unwrap_err();
    assert!(panic.downcast_ref::<String>().unwrap().contains("one"));
}

#[test]
fn an_ssh_host_names_every_file() {
    let test = environment();
    let host = SshHost {
        alias: "bastion-prod".to_owned(),
        host_name: "127.0.0.1".to_owned(),
        port: 2222,
        user: "ops".to_owned(),
        identity_files: vec![test.path(".ssh/id_ed25519")],
        known_hosts: test.path(".ssh/known_hosts"),
    };
    let config = test.write_ssh_config(&host);
    let told = test.run("ssh", ["-G", "-F", config.to_str().unwrap(), "--", "bastion-prod"]).succeeded().stdout;
    for line in ["hostname 127.0.0.1", "port 2222", "user ops", "identitiesonly yes", "identityagent none"] {
        assert!(told.lines().any(|told| told == line), "{line}\n{told}");
    }
}
