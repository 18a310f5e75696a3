//! What `rdsconn exec` ends with: the client's own status, or 126 and 127 as a shell says it, before anything is connected.

use std::os::unix::fs::PermissionsExt as _;

use rdsconn_lab::environment::Signal;

use crate::clients::{ORACLE, client, embedded, exec, on_each, only_bin_on_path, program, run_folders};
use crate::stage::{HOST, Stage};

/// Fails the test if the bastion has heard of us.
#[track_caller]
fn assert_untouched(stage: &Stage) {
    assert_eq!(stage.parts().bastion.visits().connections, 0, "the network was touched");
}

#[test]
fn a_status_is_passed_on() {
    on_each(|stage| {
        for status in [0, 1, 2, 42, 70, 126, 127, 255] {
            let output = exec(stage, "sh", &["-c", &format!("exit {status}")]);
            assert_eq!((output.code, output.stderr.as_str()), (status, ""), "{}", stage.name());
        }
    });
}

#[test]
fn death_by_a_signal_is_128_and_its_number() {
    on_each(|stage| {
        for (name, number) in [("HUP", 1), ("INT", 2), ("KILL", 9), ("PIPE", 13), ("TERM", 15), ("USR1", 10)] {
            let output = exec(stage, "sh", &["-c", &format!("kill -{name} $$")]);
            assert_eq!((output.code, output.stderr.as_str()), (128 + number, ""), "{} {name}", stage.name());
        }
        assert_eq!(run_folders(&stage.home), 0);
    });
}

#[test]
fn r15_a_signal_that_is_sent_to_us_is_the_clients() {
    on_each(|stage| {
        let script = "trap 'echo told; kill -KILL $!; exit 9' TERM HUP INT; sleep 600 >/dev/null & echo ready; wait";
        for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
            let running = stage.home.start_rdsconn(["exec", "sh", HOST, "--", "-c", script]);
            running.wait_for("ready\n");
            running.signal(signal);
            let output = running.finish().ended_with(9);
            assert_eq!(output.stdout, "ready\ntold\n", "{} {signal:?}", stage.name());
        }
        assert_eq!(run_folders(&stage.home), 0);
    });
}

#[test]
fn what_is_not_there_is_127_and_nothing_is_dialled() {
    let stage = embedded();
    std::fs::create_dir(stage.home.path("bin/a-folder")).unwrap();
    for (name, hint) in [
        ("no-such-client", "[clients.NAME]"),
        ("./no-such-client", "run ls -l ./no-such-client"),
        ("/nowhere/mysql", "run ls -l /nowhere/mysql"),
        // A folder on PATH is no program, to a shell neither.
        ("a-folder", "[clients.NAME]"),
        ("", "give a path"),
    ] {
        let output = exec(&stage, name, &[]).ended_with(127);
        assert!(output.stderr.starts_with(&format!("error: {name:?} is not found\nhint: ")), "{}", output.stderr);
        assert!(output.stderr.contains(hint), "{name}: {}", output.stderr);
    }
    assert_untouched(&stage);
}

#[test]
fn a_client_that_is_not_installed_is_named_with_its_package() {
    let mut stage = embedded();
    only_bin_on_path(&mut stage.home);
    for (name, package) in [
        ("mysql", "mysql-client"),
        ("mysqldump", "mysql-client"),
        ("mariadb", "mariadb-client"),
        ("mariadb-dump", "mariadb-client"),
        ("mysqlsh", "mysql-shell"),
        ("mycli", "mycli"),
        ("mydumper", "mydumper"),
    ] {
        let output = exec(&stage, name, &[]).ended_with(127);
        assert!(output.stderr.contains(&format!("hint: install it: package {package}")), "{}", output.stderr);
    }
    assert_untouched(&stage);
}

#[test]
fn what_cannot_be_run_is_126() {
    let stage = embedded();
    let home = &stage.home;
    std::fs::create_dir(home.path("a-folder")).unwrap();
    home.write_file("bin/plain-text", "#!/bin/sh\n");
    // Oracle's name: it is asked for its version, and so found out at once.
    program(home, "mysqldump", "#!/nowhere/sh\n");
    for (name, what) in [
        ("./a-folder", "./a-folder cannot be run"),
        ("plain-text", "/bin/plain-text cannot be run"),
        ("bin/plain-text", "bin/plain-text cannot be run"),
        ("mysqldump", "/bin/mysqldump cannot be run"),
    ] {
        let output = exec(&stage, name, &[]).ended_with(126);
        assert!(output.stderr.contains(what), "{name}: {}", output.stderr);
        assert!(output.stderr.contains("\nhint: "), "{name}: {}", output.stderr);
    }
    assert_untouched(&stage);
    // That others cannot be run is found out by running them.
    program(home, "no-interpreter", "#!/nowhere/sh\n");
    let output = exec(&stage, "no-interpreter", &[]).ended_with(126);
    assert!(output.stderr.contains("/bin/no-interpreter cannot be run\n"), "{}", output.stderr);
    assert_eq!(run_folders(home), 0);
}

/// As from a shell.
#[test]
fn a_script_that_names_no_interpreter_is_run_by_sh() {
    let stage = embedded();
    program(&stage.home, "bare-script", "test \"$1\" = 'a b' && exit 3\n");
    exec(&stage, "bare-script", &["a b"]).ended_with(3);
}

#[test]
fn the_first_that_can_be_run_is_taken_and_relative_folders_are_not_looked_at() {
    let mut stage = embedded();
    let first = stage.home.path("first");
    std::fs::create_dir(&first).unwrap();
    stage.home.write_file("first/report", "#!/bin/sh\nexit 1\n");
    program(&stage.home, "report", "#!/bin/sh\nexit 42\n");
    stage.home.write_file_with_mode("report", "#!/bin/sh\nexit 1\n", 0o700);
    let path = std::env::var("PATH").unwrap();
    let bin = stage.home.path("bin");
    stage.home.set("PATH", format!(".::{}:{}:{path}", first.display(), bin.display()));
    exec(&stage, "report", &[]).ended_with(42);
    std::fs::set_permissions(stage.home.path("report"), std::fs::Permissions::from_mode(0o700)).unwrap();
    exec(&stage, "./report", &[]).ended_with(1);
}

#[test]
fn a_client_that_does_not_say_what_it_is_is_not_started() {
    let stage = embedded();
    for (version, what) in [
        ("", "calls itself \"\""),
        ("usage: mysql [options]", "calls itself \"usage: mysql [options]\""),
        ("mysql  Ver 14.14 Distrib 5.6.51, for Linux (x86_64)", "5.6.51 cannot be made to insist on verified TLS"),
    ] {
        client(&stage.home, "mysql", version, "echo started");
        let output = exec(&stage, "mysql", &[]).ended_with(126);
        assert!(output.stderr.contains(what), "{version}: {}", output.stderr);
        assert_eq!(output.stdout, "");
    }
    assert_untouched(&stage);
    // One that prints without end, and one that fails and tells its version all the same.
    program(&stage.home, "mysql", "#!/bin/sh\nwhile :; do echo mysql; done\n");
    let output = exec(&stage, "mysql", &[]).ended_with(126);
    assert!(output.stderr.contains("printed more than"), "{}", output.stderr);
    client(&stage.home, "mysql", ORACLE, "exit 3");
    exec(&stage, "mysql", &[]).ended_with(3);
}

#[test]
fn a_mistake_on_the_command_line_is_2() {
    let stage = embedded();
    for arguments in [
        &["exec"][..],
        &["exec", "mysql"],
        &["exec", "sh", HOST, "-c"],
        &["exec", "sh", HOST, "select 1"],
        &["exec", "sh", HOST, "--password-env"],
        &["exec", "sh", HOST, "--format", "json", "--", "-c", "exit 1"],
    ] {
        let output = stage.home.rdsconn(arguments).ended_with(2);
        assert!(output.stderr.starts_with("error: "), "{}", output.stderr);
    }
    for name in ["", "1A", "A B", "A=B", "PATH", "HOME", "LD_PRELOAD", "RDSCONN_HOST", "MYSQL_HOST", "Ä"] {
        let arguments = ["exec", "sh", HOST, "--password-env", name, "--", "-c", "exit 1"];
        let output = stage.home.rdsconn(arguments).ended_with(2);
        assert!(output.stderr.contains("cannot be the variable"), "{name}: {}", output.stderr);
    }
    assert_untouched(&stage);
}
