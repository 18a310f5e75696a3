//! `auth = "password"`: typed on the terminal before anything is connected, or handed over on a descriptor; through the same
//! gate as a token, or, where that was asked for by name, to a server that proves nothing.

use rdsconn_lab::embedded::Account;
use rdsconn_lab::environment::{Output, Signal, TestEnv};
use rdsconn_lab::hostile::{HostileDatabase, HostileOptions, Login, Tls};
use rdsconn_lab::real::{APP_PASSWORD, ENDPOINT, ENDPOINT_PORT};
use rdsconn_lab::shell::Shell;

use crate::clients;
use crate::shell_helper::BOTH;
use crate::stage::{HOST, Stage, on_each};
use crate::support::everything;
use crate::terminal_questions::{between_states_with, same_state};

/// What no output, log or file may show.
const CANARY: &str = "CanaryTyped61c0";

const APP: [&str; 4] = ["--auth", "password", "-u", "app"];

fn prompt() -> String {
    format!("Password for app@{ENDPOINT}: ")
}

/// Runs rdsconn with this in a file on descriptor 3.
#[track_caller]
fn handed(home: &TestEnv, password: &str, arguments: &[&str]) -> Output {
    let file = home.write_file("password", password);
    let script = format!("exec \"$0\" \"$@\" 3<'{}'", file.display());
    let program = home.program().to_str().unwrap();
    home.run("sh", [&["-c", &script, program], arguments].concat())
}

fn query<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&[HOST][..], &APP, &["--password-fd", "3"], more].concat()
}

#[test]
fn a_password_is_asked_for_and_not_shown() {
    on_each(|stage| {
        let mut running = between_states_with(stage, &APP);
        running.wait_for(&prompt());
        if stage.name() == "embedded" {
            // Whatever can be wrong with the question is so before anybody else is troubled.
            assert_eq!(stage.parts().bastion.visits().connections, 0);
        }
        running.send(format!("{APP_PASSWORD}\n"));
        let (shown, code) = same_state(&running.finish());
        assert_eq!(code, 0, "{shown}");
        assert!(shown.contains("\n42\n") && !shown.contains(APP_PASSWORD), "{shown}");
        assert_eq!(shown.matches("Password for ").count(), 1, "{shown}");
    });
}

#[test]
fn a_wrong_password_is_refused_once() {
    let stage = Stage::embedded();
    let mut running = between_states_with(&stage, &APP);
    running.wait_for(&prompt());
    running.send(format!("{CANARY}\n"));
    let (shown, code) = same_state(&running.finish());
    assert_eq!((code, stage.parts().database.refusals().len()), (4, 1), "{shown}");
    assert!(shown.contains("refused the login of \"app\"") && shown.contains("type it again"), "{shown}");
    assert!(!shown.contains(CANARY), "{shown}");
}

#[test]
fn r15_ctrl_c_at_the_question_restores_the_terminal() {
    let stage = Stage::embedded();
    let mut running = between_states_with(&stage, &APP);
    running.wait_for(&prompt());
    running.send("half a passw\x03");
    let (shown, code) = same_state(&running.finish());
    assert_eq!((code, shown.contains("error"), shown.contains("half")), (130, false, false), "{shown}");
    let running = between_states_with(&stage, &APP);
    running.wait_for(&prompt());
    running.signal_group(Signal::TERM);
    assert_eq!(same_state(&running.finish()).1, 143);
    // The end of input, and an empty line, are no password.
    for (typed, words) in [("\x04", "there is no terminal"), ("\n", "the password is empty")] {
        let mut running = between_states_with(&stage, &APP);
        running.wait_for(&prompt());
        running.send(typed);
        let (shown, code) = same_state(&running.finish());
        assert_eq!((code, shown.contains(words)), (2, true), "{shown}");
    }
    assert_eq!(stage.parts().bastion.visits().connections, 0);
}

/// The SQL comes from a pipe, the rows go into one, and the password still comes from the terminal.
#[test]
fn the_question_does_not_touch_stdin_and_stdout() {
    let stage = Stage::embedded();
    let script = "echo 'select 40 + 2' | \"$0\" \"$@\" -N 2>/dev/null | sed 's/^/rows: /'";
    let program = stage.home.program().to_str().unwrap();
    let mut running = stage.home.start_on_terminal("sh", [&["-c", script, program, HOST][..], &APP].concat());
    running.wait_for(&prompt());
    running.send(format!("{APP_PASSWORD}\n"));
    let shown = running.finish().succeeded().stdout;
    assert!(shown.ends_with("rows: 42\r\n"), "{shown:?}");
}

#[test]
fn a_password_is_handed_over_on_a_descriptor() {
    on_each(|stage| {
        for text in [APP_PASSWORD.to_owned(), format!("{APP_PASSWORD}\n"), format!("{APP_PASSWORD}\r\nand more\n")] {
            let output = handed(&stage.home, &text, &query(&["-N", "select user() like 'app@%'"])).succeeded();
            assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("1\n", ""), "{}", stage.name());
        }
        // From a program, which need not have ended.
        let script =
            format!("{{ echo {APP_PASSWORD}; cat gate; }} | {{ \"$0\" \"$@\" 3<&0 </dev/null; echo > gate; }}");
        assert_eq!(stage.home.run("mkfifo", [stage.home.path("gate")]).code, 0);
        let program = stage.home.program().to_str().unwrap();
        let all = [&["-c", &script, program][..], &query(&["-N", "select 40 + 2"])].concat();
        assert_eq!(stage.home.run("sh", all).succeeded().stdout, "42\n");
        std::fs::remove_file(stage.home.path("gate")).unwrap();
    });
}

/// Whatever a password holds arrives as it is, by both plugins.
#[test]
fn any_password_arrives_as_it_is() {
    let stage = Stage::embedded();
    for password in ["'\"\\#%$ `", " blanks at its ends ", "pässwörd 密码 🐬", "x", &"long".repeat(60)] {
        for account in [Account::password("app", password), Account::caching_sha2("app", password)] {
            stage.parts().database.set_account(account);
            for _ in 0..2 {
                handed(&stage.home, password, &query(&["select 1"])).succeeded();
            }
        }
    }
}

#[test]
fn what_is_no_password_is_said_before_the_network_is_touched() {
    let stage = Stage::embedded();
    let refused = |output: Output, words: &str| {
        let output = output.ended_with(2);
        assert!(output.stderr.contains(words) && output.stderr.contains("\nhint: "), "{words}: {}", output.stderr);
        assert!(!everything(&output).contains(CANARY));
    };
    let ask: Vec<&str> = [&[HOST, "select 1"][..], &APP].concat();
    refused(stage.home.rdsconn(&ask), "there is no terminal");
    refused(stage.home.rdsconn([&ask[..], &["--password-fd", "7"]].concat()), "descriptor 7 cannot be read");
    for number in ["0", "1", "2"] {
        refused(stage.home.rdsconn([&ask[..], &["--password-fd", number]].concat()), "is not free to hand over");
    }
    refused(handed(&stage.home, "", &query(&["select 1"])), "the password is empty");
    refused(handed(&stage.home, &format!("\n{CANARY}\n"), &query(&["select 1"])), "the password is empty");
    refused(handed(&stage.home, &CANARY.repeat(1000), &query(&["select 1"])), "longer than 8192 bytes");
    refused(handed(&stage.home, &format!("{CANARY}\0\n"), &query(&["select 1"])), "not UTF-8 text without NUL");
    let iam = [HOST, "--password-fd", "3", "select 1"];
    refused(handed(&stage.home, CANARY, &iam), "this target has auth = \"iam\"");
    refused(stage.home.rdsconn([&["token", HOST][..], &APP].concat()), "a token is for auth = \"iam\"");
    let script = "exec \"$0\" \"$@\" 3<&0";
    let program = stage.home.program().to_str().unwrap();
    let on_terminal =
        stage.home.start_on_terminal("sh", [&["-c", script, program][..], &query(&["select 1"])].concat());
    let shown = on_terminal.finish().ended_with(2).stdout;
    assert!(shown.contains("descriptor 3 is a terminal"), "{shown}");
    assert_eq!(stage.parts().bastion.visits().connections, 0);
}

const LOGINS: [Login; 6] = [
    Login::InitialPlugin,
    Login::Switch,
    Login::SwitchTwice,
    Login::SwitchInCommandPhase,
    Login::FullAuthentication,
    Login::PublicKey,
];

/// T1, for a typed password. `REQUIRED` is what it says: a server that proves nothing is let in, and can have the password by
/// asking for it as `caching_sha2_password` does; but not without TLS, and not by the clear plugin.
#[test]
fn t1_a_typed_password_goes_where_a_token_goes_unless_the_user_said_otherwise() {
    let stage = Stage::embedded();
    let kinds = [
        (Tls::Absent, "offers no TLS"),
        (Tls::Garbage, "no TLS session"),
        (Tls::SelfSigned, "not trusted"),
        (Tls::OtherAuthority, "not trusted"),
        (Tls::Expired, "not trusted"),
        (Tls::WrongName, "not trusted"),
        (Tls::Good, ""),
    ];
    for mode in ["VERIFY_IDENTITY", "VERIFY_CA", "REQUIRED"] {
        for (tls, words) in kinds {
            for login in LOGINS {
                let options = HostileOptions { tls, login, ..HostileOptions::default() };
                let database = HostileDatabase::start(options, &stage.parts().certificates).unwrap();
                stage.parts().bastion.route(ENDPOINT, ENDPOINT_PORT, database.address());
                let output = handed(&stage.home, CANARY, &query(&["--ssl-mode", mode, "select 1"]));
                let case = format!("{mode}, {tls:?}, {login:?}: {}", output.stderr);
                let has_tls = ![Tls::Absent, Tls::Garbage].contains(&tls);
                let is_let_in = match mode {
                    "VERIFY_IDENTITY" => tls == Tls::Good,
                    "VERIFY_CA" => [Tls::Good, Tls::WrongName].contains(&tls),
                    _ => has_tls,
                };
                let by_clear_plugin = mode != "REQUIRED" && login == Login::Switch;
                let by_sha2 = [Login::FullAuthentication, Login::PublicKey].contains(&login);
                let has_it = is_let_in && (by_clear_plugin || by_sha2);
                assert_eq!(database.record().contains(CANARY.as_bytes()), has_it, "{case}");
                if !is_let_in {
                    assert_eq!(output.code, 5, "{case}");
                    assert!(output.stderr.contains(words), "{case}");
                } else if mode == "REQUIRED" && login == Login::Switch {
                    assert_eq!(output.code, 5, "{case}");
                    assert!(output.stderr.contains("asks for the password in clear"), "{case}");
                }
                assert!(!everything(&output).contains(CANARY), "{case}");
            }
        }
    }
}

/// T1 for clients of the user's own: what they are told, and that none is started for a server without TLS.
#[test]
fn t1_clients_are_told_what_the_mode_means_and_nothing_of_clear_passwords() {
    let stage = clients::embedded();
    let told = "tr '\\0' '\\n' < /proc/$$/cmdline; for argument; do case $argument in --defaults-file=*) \
                cat \"${argument#*=}\";; esac; done";
    clients::client(&stage.home, "mysql", clients::ORACLE, told);
    clients::client(&stage.home, "mysqlsh", "mysqlsh   Ver 9.6.0 for Linux on x86_64 - for MySQL 9.6.0", told);
    clients::client(&stage.home, "mariadb", "mariadb from 11.8.9-MariaDB, client 15.2 for x", told);
    let options = |mode| [&APP[..], &["--password-fd", "3", "--ssl-mode", mode]].concat();
    for (name, required, verified) in [
        ("mysql", "--ssl-mode=REQUIRED", "--ssl-mode=VERIFY_CA"),
        ("mysqlsh", "--ssl-mode=REQUIRED", "--ssl-mode=VERIFY_CA"),
        ("mariadb", "--skip-ssl-verify-server-cert", "--ssl-verify-server-cert"),
    ] {
        for (mode, option) in [("REQUIRED", required), ("VERIFY_IDENTITY", verified)] {
            let output = handed(&stage.home, "a\"b\\c#d", &clients::line(name, &options(mode), &[])).succeeded();
            let lines: Vec<&str> = output.stdout.lines().collect();
            assert!(lines.contains(&option) && lines.contains(&"--user=app"), "{name} {mode}: {}", output.stdout);
            assert!(lines.contains(&r#"password="a\"b\\c#d""#), "{name} {mode}: {}", output.stdout);
            let has_clear =
                ["cleartext", "mysql_clear_password", "--auth-method"].iter().any(|word| output.stdout.contains(word));
            assert!(!has_clear, "{name} {mode}: {}", output.stdout);
            let has_ca = lines.iter().any(|line| line.starts_with("--ssl-ca="));
            assert_eq!(has_ca, mode != "REQUIRED", "{name} {mode}: {}", output.stdout);
        }
    }
    let database = |tls| {
        let options = HostileOptions { tls, login: Login::InitialPlugin, ..HostileOptions::default() };
        HostileDatabase::start(options, &stage.parts().certificates).unwrap()
    };
    let without = database(Tls::Absent);
    stage.parts().bastion.route(ENDPOINT, ENDPOINT_PORT, without.address());
    let output = handed(&stage.home, CANARY, &clients::line("mysql", &options("REQUIRED"), &[])).ended_with(5);
    assert!(output.stderr.contains("offers no TLS"), "{}", output.stderr);
    // MariaDB's clients cannot be made to insist on TLS that they do not verify: without our listener before it there is
    // nobody who would.
    let good = database(Tls::Good);
    let address = good.address().to_string();
    let direct = [&options("REQUIRED")[..], &["-J", "none", "--address", &address]].concat();
    let output = handed(&stage.home, CANARY, &clients::line("mariadb", &direct, &[])).ended_with(126);
    assert!(output.stderr.contains("would send the password in clear"), "{}", output.stderr);
    for server in [without, good] {
        assert!(!server.record().contains(CANARY.as_bytes()));
    }
}

#[test]
fn real_clients_log_in_with_a_typed_password() {
    clients::on_each(|stage| {
        for client in
            clients::terminals().into_iter().filter(|client| clients::has_native_password(&stage.home, client))
        {
            for mode in ["VERIFY_IDENTITY", "REQUIRED"] {
                let options = [&APP[..], &["--password-fd", "3", "--ssl-mode", mode]].concat();
                let line = clients::line(client, &options, &["-N", "-e", "select user() like 'app@%'"]);
                let output = handed(&stage.home, APP_PASSWORD, &line).succeeded();
                assert_eq!(output.stdout, "1\n", "{} {client} {mode}: {}", stage.name(), output.stderr);
            }
        }
    });
}

/// The newer plugin with real clients: the first login of a server's life needs the password itself.
#[test]
fn real_clients_log_in_by_the_newer_plugin() {
    let stage = clients::embedded();
    for client in clients::terminals() {
        stage.parts().database.set_account(Account::caching_sha2("app", r#"a"b\c#d 'e'"#));
        let options = [&APP[..], &["--password-fd", "3"]].concat();
        for _ in 0..2 {
            let line = clients::line(client, &options, &["-N", "-e", "select 40 + 2"]);
            let output = handed(&stage.home, r#"a"b\c#d 'e'"#, &line);
            assert_eq!(output.stdout, "42\n", "{client}: {}", output.stderr);
        }
    }
}

/// T15: the descriptor is closed before a client runs, and the password is in no argument and no environment.
#[test]
fn t15_a_client_does_not_inherit_the_descriptor() {
    let stage = Stage::embedded();
    let options = [&APP[..], &["--password-fd", "3"]].concat();
    let direct = stage.home.run("ls", ["-v", "/proc/self/fd"]).succeeded();
    let output = handed(&stage.home, CANARY, &clients::line("ls", &options, &["-v", "/proc/self/fd"])).succeeded();
    assert_eq!(output.stdout, direct.stdout);
    let script = "tr '\\0' '\\n' < /proc/$$/cmdline; tr '\\0' '\\n' < /proc/$$/environ; cat /proc/$$/fd/3 2>&1";
    let output = handed(&stage.home, CANARY, &clients::line("sh", &options, &["-c", script]));
    assert!(!everything(&output).contains(CANARY), "{}", everything(&output));
}

/// The question comes before the client has the terminal, and not after.
#[test]
fn exec_asks_on_the_terminal_too() {
    let stage = clients::embedded();
    clients::client(&stage.home, "mysql", clients::ORACLE, "grep -c ^password= \"${1#*=}\"");
    let mut running = stage.home.rdsconn_on_terminal(clients::line("mysql", &APP, &[]));
    running.wait_for(&prompt());
    running.send(format!("{CANARY}\n"));
    let shown = running.finish().succeeded().stdout;
    assert!(shown.ends_with("\n1\r\n") && !shown.contains(CANARY), "{shown:?}");
}

/// A tunnel needs no password and asks for none; MySQL Shell's question about its port is left to others.
#[test]
fn a_tunnel_asks_for_no_password() {
    let stage = Stage::embedded();
    let tunnel = stage.home.start_rdsconn([&["tunnel", HOST, "--json"][..], &APP].concat());
    tunnel.wait_for("}\n");
    let told: serde_json::Value = serde_json::from_str(&tunnel.so_far()).unwrap();
    assert_eq!(told["user"], "app");
    for generation in BOTH {
        let url = format!("app@{}", told["listener"].as_str().unwrap());
        assert_eq!(Shell::new(&stage.home, generation).get(&url), Ok(None));
        assert!(Shell::new(&stage.home, generation).store(&url, "hunter2").is_err(), "nobody else keeps it here");
    }
    tunnel.signal(Signal::TERM);
    tunnel.finish().succeeded();
}

/// T17: as talkative as it can be, when it succeeds and when it fails.
#[test]
fn t17_a_typed_password_is_shown_nowhere() {
    let mut stage = Stage::embedded();
    stage.home.set("RUST_LOG", "trace").set("RUST_BACKTRACE", "full");
    for is_right in [true, false] {
        let password = if is_right { CANARY } else { "other" };
        stage.parts().database.set_account(Account::caching_sha2("app", password));
        let output = handed(&stage.home, CANARY, &query(&["-vvv", "select 1"]));
        assert_eq!(output.code, if is_right { 0 } else { 4 }, "{}", output.stderr);
        assert!(!everything(&output).contains(CANARY), "{}", everything(&output));
    }
    std::fs::remove_file(stage.home.path("password")).unwrap();
    let found = stage.home.run("grep", ["-rl", CANARY, stage.home.home().to_str().unwrap()]);
    assert_eq!(found.stdout, "", "the password is in a file");
}
