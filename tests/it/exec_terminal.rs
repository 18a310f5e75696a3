//! A client on a terminal: as if it had been started directly. R15 for children, and a bare HOST.

use rdsconn_lab::environment::{Key, Running, Signal};

use crate::clients::{ORACLE, client, embedded, furnished, line, on_each, only_bin_on_path, program, terminals};
use crate::stage::{HOST, Stage};

/// A prompt that is spelled the same by all, and what it looks like then.
const PROMPT: &str = "--prompt=\\d at your service> ";
const AT_PROMPT: &str = "orders at your service> ";

fn on_terminal(stage: &Stage, client: &str, arguments: &[&str]) -> Running {
    stage.home.rdsconn_on_terminal(line(client, &["--color", "never"], arguments))
}

/// Types a statement that is not its own answer, and waits for it.
#[track_caller]
fn ask(running: &mut Running, number: u32) {
    running.send(format!("select {number} * 1000 + 1;\r"));
    running.wait_for_next(&format!(" {} |", number * 1000 + 1));
}

#[test]
fn r15_a_prompt_answers_and_ctrl_c_does_not_end_the_tunnel() {
    on_each(|stage| {
        for name in terminals() {
            let mut running = on_terminal(stage, name, &[PROMPT]);
            // The stages pass before the client has the terminal.
            let before = running.wait_for_next("Welcome to the M");
            for stage in ["✓ resolve", "✓ credentials", "✓ bastion", "✓ database"] {
                assert!(before.contains(stage), "{stage} in {before:?}");
            }
            running.wait_for_next(AT_PROMPT);
            ask(&mut running, 1);
            running.wait_for_next(AT_PROMPT);
            running.send("half a statement");
            // Echoed, so the client's line editor has it.
            running.wait_for_next("half a statement");
            running.press(Key::Interrupt);
            // Oracle's client notices Ctrl-C at once only while it waits for a key; in the moment before, with the next line.
            // Others show no new prompt by themselves. So whatever is left of the line is cleared, with and without us.
            running.send(" \\c\r");
            running.wait_for_next("^C");
            running.wait_for_next(AT_PROMPT);
            ask(&mut running, 2);
            running.wait_for_next(AT_PROMPT);
            running.send("\\q\r");
            running.finish().succeeded();
        }
    });
}

#[test]
fn r15_ctrl_c_stops_a_statement_through_a_second_connection() {
    let Some(stage) = crate::clients::real() else { return };
    for name in terminals() {
        let mut running = on_terminal(&stage, name, &[PROMPT]);
        running.wait_for_next(AT_PROMPT);
        running.send("select 'asl', 'eep', sleep(600);\r");
        running.wait_for_next("sleep(600)");
        let sleeping = "select count(*) from information_schema.processlist where info like '%asl%sleep(600)%' and info not like '%count%'";
        while stage.home.rdsconn([HOST, "-N", sleeping]).succeeded().stdout != "1\n" {}
        running.press(Key::Interrupt);
        running.wait_for_next(AT_PROMPT);
        ask(&mut running, 3);
        while stage.home.rdsconn([HOST, "-N", sleeping]).succeeded().stdout != "0\n" {}
        running.send("\\q\r");
        running.finish().succeeded();
    }
}

#[test]
fn r15_ctrl_z_stops_both_and_fg_brings_the_client_back() {
    let stage = embedded();
    let program = stage.home.program().to_str().unwrap();
    for name in terminals() {
        let mut shell = stage.home.start_shell();
        shell.type_line(&format!("{program} exec {name} {HOST} -- '{PROMPT}'"));
        shell.terminal().wait_for_next(AT_PROMPT);
        ask(shell.terminal(), 4);
        shell.terminal().wait_for_next(AT_PROMPT);
        shell.press(Key::Suspend);
        let answer = shell.wait_for_prompt();
        assert!(answer.status > 128, "{answer:?}");
        let answer = shell.run("jobs");
        assert!(answer.text.contains("Stopped"), "{answer:?}");
        shell.type_line("fg");
        shell.terminal().wait_for_next("exec ");
        // The line editor of the client shows its prompt again, or does not.
        shell.terminal().send("\r");
        ask(shell.terminal(), 5);
        shell.terminal().send("\\q\r");
        assert_eq!(shell.wait_for_prompt().status, 0);
        assert_eq!(shell.run("jobs").text.matches("rdsconn").count(), 0);
    }
}

#[test]
fn r15_the_clients_end_leaves_the_terminal_as_it_was() {
    let stage = embedded();
    let rdsconn = stage.home.program().to_str().unwrap();
    program(&stage.home, "raw", "#!/bin/sh\nstty raw -echo; kill -KILL $$\n");
    let mut cases = vec![("raw", "", 137)];
    cases.extend(terminals().into_iter().map(|name| (name, "\\q\r", 0)));
    for (name, typed, status) in cases {
        let mut shell = stage.home.start_shell();
        let before = shell.run("stty -g").text.lines().last().unwrap().to_owned();
        shell.type_line(&format!("{rdsconn} exec {name} {HOST} -- '{PROMPT}'"));
        if !typed.is_empty() {
            shell.terminal().wait_for_next(AT_PROMPT);
            shell.terminal().send(typed);
        }
        assert_eq!(shell.wait_for_prompt().status, status, "{name}");
        let after = shell.run("stty -g");
        assert_eq!(after.text.lines().last().unwrap(), before, "{name}");
    }
}

#[test]
fn r15_a_window_that_changes_its_size_is_told_to_the_client() {
    let stage = embedded();
    let script = "trap 'stty size; kill -KILL $!; exit 5' WINCH; sleep 600 >/dev/null & echo ready; wait";
    let running = on_terminal(&stage, "sh", &["-c", script]);
    running.wait_for("ready\r\n");
    running.resize(33, 77);
    let output = running.finish().ended_with(5);
    assert!(output.stdout.ends_with("33 77\r\n"), "{:?}", output.stdout);
}

#[test]
fn r15_signals_from_elsewhere_reach_the_client_on_a_terminal() {
    let stage = embedded();
    let script = "trap 'echo told; kill -KILL $!; exit 9' TERM HUP; sleep 600 >/dev/null & echo ready; wait";
    for signal in [Signal::TERM, Signal::HUP] {
        let running = on_terminal(&stage, "sh", &["-c", script]);
        running.wait_for("ready\r\n");
        running.signal(signal);
        let output = running.finish().ended_with(9);
        assert!(output.stdout.ends_with("ready\r\ntold\r\n"), "{:?}", output.stdout);
    }
    // A real one dies of it.
    for name in terminals() {
        let mut running = on_terminal(&stage, name, &[PROMPT]);
        running.wait_for_next(AT_PROMPT);
        running.signal(Signal::TERM);
        let output = running.finish();
        assert!([1, 143].contains(&output.code), "{name}: {}", output.code);
    }
}

/// While the way is being opened, nothing is there that could take the signal.
#[test]
fn r15_a_signal_before_the_client_is_started_ends_us() {
    let stage = embedded();
    program(&stage.home, "report", "#!/bin/sh\necho started\n");
    stage.parts().bastion.set_conduct(rdsconn_lab::embedded::Conduct::Silent);
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let seen = stage.parts().bastion.visits().connections;
        let running = stage.home.start_rdsconn(["exec", "report", HOST, "--connect-timeout", "600"]);
        let limit = std::time::Duration::from_mins(1);
        assert!(stage.parts().bastion.wait_until(limit, |visits| visits.connections > seen));
        running.signal(signal);
        assert_eq!(running.finish().ended_with(code).stdout, "");
    }
    assert_eq!(crate::clients::run_folders(&stage.home), 0);
}

/// What a bare HOST starts, by the words that it says.
#[track_caller]
fn started_by_bare_host(stage: &Stage) -> String {
    let output = stage.home.rdsconn_on_terminal([HOST, "-q"]).finish().succeeded();
    output.stdout.trim_end().to_owned()
}

#[test]
fn a_bare_host_starts_the_configured_client_else_the_first_that_is_there() {
    let mut stage = embedded();
    only_bin_on_path(&mut stage.home);
    client(&stage.home, "mariadb", "mariadb from 11.8.9-MariaDB, client 15.2 for x", "echo mariadb");
    assert_eq!(started_by_bare_host(&stage), "mariadb");
    client(&stage.home, "mysql", ORACLE, "echo mysql");
    assert_eq!(started_by_bare_host(&stage), "mysql");
    client(&stage.home, "mysqlsh", "mysqlsh   Ver 9.6.0 for Linux on x86_64 - for MySQL 9.6.0", "echo mysqlsh");
    assert_eq!(started_by_bare_host(&stage), "mysqlsh");
    stage.home.write_config("[defaults]\nclient = \"mariadb\"\n");
    assert_eq!(started_by_bare_host(&stage), "mariadb");
    stage
        .home
        .write_config("[defaults]\nclient = \"mine\"\n[clients.mine]\nprogram = \"mysql\"\narguments = [\"-N\"]\n");
    assert_eq!(started_by_bare_host(&stage), "mysql");
    stage.home.write_config(&format!("[defaults]\nclient = \"mysql\"\n[hosts.\"{HOST}\"]\nclient = \"mariadb\"\n"));
    assert_eq!(started_by_bare_host(&stage), "mariadb");
    // The same by its long name; and a client that is configured and gone is not replaced by another.
    let output = stage.home.rdsconn_on_terminal(["query", HOST, "-q"]).finish().succeeded();
    assert_eq!(output.stdout, "mariadb\r\n");
    stage.home.write_config(&format!("[hosts.\"{HOST}\"]\nclient = \"absent\"\n"));
    let output = stage.home.rdsconn_on_terminal([HOST]).finish().ended_with(127);
    assert!(output.stdout.contains("error:") && output.stdout.contains("\"absent\" is not found"), "{}", output.stdout);
}

#[test]
fn a_bare_host_without_any_client_says_which_packages_bring_one() {
    let mut stage = embedded();
    only_bin_on_path(&mut stage.home);
    let output = stage.home.rdsconn_on_terminal([HOST, "--color", "never"]).finish().ended_with(127);
    let said = "error: no client is configured, and none of mysqlsh, mysql, mariadb is installed\r\nhint: install one: package ";
    assert!(output.stdout.contains(said), "{}", output.stdout);
    for package in ["mysql-shell", "mysql-client", "mariadb-client"] {
        assert!(output.stdout.contains(package), "{package}: {}", output.stdout);
    }
    assert_eq!(stage.parts().bastion.visits().connections, 0);
}

#[test]
fn options_for_rows_without_sql_on_a_terminal_are_a_mistake() {
    let stage = furnished(Stage::embedded());
    for options in [&["--format", "json"][..], &["-B"], &["-N"], &["-E"], &["-r"], &["--read-timeout", "3"]] {
        let all = [&[HOST][..], options].concat();
        let output = stage.home.rdsconn_on_terminal(all).finish().ended_with(2);
        assert!(output.stdout.contains("an option for rows or statements was given, and no SQL"), "{}", output.stdout);
    }
    assert_eq!(stage.parts().bastion.visits().connections, 0);
    // Without a terminal the SQL comes from the pipe.
    assert_eq!(stage.query_with_input(&["-N"], b"select 1").succeeded().stdout, "1\n");
}

/// The shown stages are taken back or finished before the client has the terminal, and `-q` shows none.
#[test]
fn what_is_shown_before_a_client_starts() {
    on_each(|stage| {
        let output = on_terminal(stage, "echo", &["the client"]).finish().succeeded();
        let shown = &output.stdout;
        assert!(shown.ends_with("the client\r\n"), "{shown:?}");
        assert_eq!(shown.matches('✓').count(), 4, "{shown:?}");
        let output = stage.home.rdsconn_on_terminal(line("echo", &["-q"], &["the client"])).finish().succeeded();
        assert_eq!(output.stdout, "the client\r\n");
        // Not a terminal: nothing but the client.
        let output = stage.home.rdsconn(line("echo", &[], &["the client"])).succeeded();
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("the client\n", ""));
    });
}
