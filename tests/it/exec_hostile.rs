//! Servers and bastions that want the token while a client of the user's own is on the way: threats T1, T6, T19, T21.

use rdsconn_lab::environment::Running;
use rdsconn_lab::hostile::{HostileDatabase, HostileOptions, Login, Tls};
use rdsconn_lab::real::{ENDPOINT, ENDPOINT_PORT};

use crate::clients::{
    CANARY, ORACLE, client, embedded, exec, installed, line, program, real_clients, run_folders, terminals, version,
};
use crate::stage::{HOST, Stage};

const BAD: [Tls; 5] = [Tls::Absent, Tls::SelfSigned, Tls::WrongName, Tls::OtherAuthority, Tls::Expired];

fn hostile(stage: &Stage, tls: Tls, login: Login) -> HostileDatabase {
    let options = HostileOptions { tls, login, ..HostileOptions::default() };
    HostileDatabase::start(options, &stage.parts().certificates).unwrap()
}

fn lead_to(stage: &Stage, database: &HostileDatabase) {
    stage.parts().bastion.route(ENDPOINT, ENDPOINT_PORT, database.address());
}

#[test]
fn t1_no_client_is_started_for_a_server_that_has_not_proved_to_be_the_endpoint() {
    let stage = embedded();
    let started = stage.home.path("started");
    let tell = format!("echo yes > {}", started.display());
    client(&stage.home, "mysql", ORACLE, &tell);
    client(&stage.home, "mariadb", "mariadb from 11.8.9-MariaDB, client 15.2 for x", &tell);
    program(&stage.home, "report", &format!("#!/bin/sh\n{tell}\n"));
    for tls in BAD {
        for direct in [false, true] {
            let database = hostile(&stage, tls, Login::InitialPlugin);
            lead_to(&stage, &database);
            let address = database.address().to_string();
            let options = if direct { &["-J", "none", "--address", &address][..] } else { &[] };
            for name in ["mysql", "mariadb", "report"] {
                let output = stage.home.rdsconn(line(name, options, &["{defaults_file}"])).ended_with(5);
                let words = if tls == Tls::Absent { "offers no TLS" } else { "not trusted" };
                assert!(output.stderr.contains(words), "{tls:?} {name}: {}", output.stderr);
                assert!(!started.exists(), "{tls:?} {name} direct {direct}");
            }
            assert!(!database.record().contains(CANARY), "{tls:?}");
            assert!(database.connections() >= 3);
        }
    }
    assert_eq!(run_folders(&stage.home), 0);
}

#[test]
fn t6_only_the_name_stops_a_database_of_the_same_authority() {
    let stage = embedded();
    program(&stage.home, "report", "#!/bin/sh\necho started\n");
    let database = hostile(&stage, Tls::WrongName, Login::Switch);
    lead_to(&stage, &database);
    let output = exec(&stage, "report", &[]).ended_with(5);
    assert!(output.stderr.contains("hint: it is for other.cluster-c9abc."), "{}", output.stderr);
    let output = stage.home.rdsconn(line("report", &["--ssl-mode", "VERIFY_CA"], &[])).succeeded();
    assert_eq!(output.stdout, "started\n");
}

/// A client that tells when it is started and then waits for a line, before it becomes the real one. Gives its name.
fn hesitant<'a>(stage: &Stage, real: &'a str) -> &'a str {
    let name = real.rsplit('/').next().unwrap();
    let real = installed(real).unwrap();
    let real = real.display();
    let script = format!(
        "#!/bin/sh\nfor argument; do test \"$argument\" != --version || exec {real} \"$@\"; done\n\
         echo ready; read line; exec {real} \"$@\" </dev/null\n"
    );
    program(&stage.home, name, &script);
    name
}

/// Starts the hesitant client, leads it elsewhere once the endpoint has been verified, and lets it go on.
fn misled(stage: &Stage, name: &str, arguments: &[&str], to: &HostileDatabase) -> Running {
    let proper = stage.parts().database.address();
    stage.parts().bastion.route(ENDPOINT, ENDPOINT_PORT, proper);
    let mut running = stage.home.start_rdsconn(line(name, &[], arguments));
    running.wait_for("ready\n");
    lead_to(stage, to);
    running.send("go\n");
    running
}

#[test]
fn t1_a_database_that_is_swapped_after_the_verification_gets_no_token() {
    for real in terminals() {
        let stage = embedded();
        let name = hesitant(&stage, real);
        // Without the swap, it works: nothing below fails for another reason.
        let mut running = stage.home.start_rdsconn(line(name, &[], &["-N", "-e", "select 1"]));
        running.wait_for("ready\n");
        running.send("go\n");
        assert_eq!(running.finish().succeeded().stdout, "ready\n1\n");
        for login in [Login::InitialPlugin, Login::Switch, Login::SwitchTwice, Login::SwitchInCommandPhase] {
            for tls in [Tls::Absent, Tls::SelfSigned, Tls::OtherAuthority, Tls::Expired, Tls::Garbage] {
                let database = hostile(&stage, tls, login);
                let output = misled(&stage, name, &["-N", "-e", "select 1"], &database).finish().ended_with(1);
                assert!(database.connections() > 0, "{name} {tls:?} {login:?}");
                assert!(!database.record().contains(CANARY), "{name} {tls:?} {login:?}: {}", output.stderr);
                if tls == Tls::Absent {
                    assert!(output.stderr.contains("rdsconn: "), "{name}: {}", output.stderr);
                    let warning = "warning: what answers at the end of the tunnel is not the server that was verified";
                    assert!(output.stderr.contains(warning), "{name}: {}", output.stderr);
                }
            }
        }
    }
}

/// A program that asks for the option file and knows nothing of all this is behind the same guard.
#[test]
fn t1_a_program_that_is_not_known_hears_of_no_server_without_tls() {
    if installed("mariadb").is_none() {
        return;
    }
    let stage = embedded();
    let script = "echo ready; read line; mariadb --defaults-file=\"$1\" --skip-ssl -e 'select 1'";
    let database = hostile(&stage, Tls::Absent, Login::InitialPlugin);
    let output = misled(&stage, "sh", &["-c", script, "sh", "{defaults_file}"], &database).finish().ended_with(1);
    assert!(database.connections() > 0);
    assert!(!database.record().contains(CANARY), "{}", output.stderr);
}

/// The very certificate that was verified is pinned, where the client can do that: another of the same authority is no good.
#[test]
fn t6_a_pinned_client_notices_another_database_of_the_same_authority() {
    let stage = embedded();
    let mut pinning = Vec::new();
    for client in real_clients(&["mariadb"]) {
        // Since 11.4; earlier ones name themselves otherwise.
        if version(&stage.home, client).contains(" from 1") {
            pinning.push((client, &["-N", "-e", "select 1"][..]));
        }
    }
    if installed("mydumper").is_some() {
        pinning.push(("mydumper", &["-B", "orders", "-o", "dump"]));
    }
    for (real, arguments) in pinning {
        let name = hesitant(&stage, real);
        for tls in [Tls::WrongName, Tls::SelfSigned, Tls::Absent] {
            let database = hostile(&stage, tls, Login::InitialPlugin);
            let output = misled(&stage, name, arguments, &database).finish();
            assert_ne!(output.code, 0, "{name} {tls:?}");
            assert!(database.connections() > 0, "{name} {tls:?}: {}", output.stderr);
            assert!(!database.record().contains(CANARY), "{name} {tls:?}: {}", output.stderr);
        }
    }
}

/// Without a tunnel nothing of ours stands between the client and a server without TLS: clients that would fall for it are
/// not started.
#[test]
fn t1_a_client_that_needs_the_guard_is_not_started_without_it() {
    let stage = embedded();
    let address = stage.parts().database.address().to_string();
    let direct = ["-J", "none", "--address", &address];
    for (name, answer, code) in [
        ("mariadb", "mariadb  Ver 15.1 Distrib 10.11.19-MariaDB, for debian-linux-gnu", 126),
        ("mycli", "Version: 1.26.1", 126),
        ("mariadb", "mariadb from 11.8.9-MariaDB, client 15.2 for debian-linux-gnu", 0),
        ("mysql", ORACLE, 0),
    ] {
        client(&stage.home, name, answer, "echo started");
        let output = stage.home.rdsconn(line(name, &direct, &[])).ended_with(code);
        assert_eq!(output.stdout.is_empty(), code != 0, "{answer}");
        let says = output.stderr.contains("would send the password in clear to a server without TLS");
        assert_eq!(says, code != 0, "{answer}: {}", output.stderr);
    }
}

/// An argument that would undo what rdsconn sets is refused before anything is connected.
#[test]
fn t21_arguments_that_would_lead_elsewhere_are_refused() {
    let stage = embedded();
    client(&stage.home, "mysql", ORACLE, "echo started");
    client(&stage.home, "mariadb", "mariadb from 11.8.9-MariaDB, client 15.2 for x", "echo started");
    for name in ["mysql", "mariadb"] {
        for (arguments, what) in [
            (&["-h", "elsewhere"][..], "the host"),
            (&["--host=elsewhere"], "the host"),
            (&["-P1"], "the port"),
            (&["-uroot"], "the user"),
            (&["-p"], "the password"),
            (&["--password=secret"], "the password"),
            (&["-S", "/tmp/x.sock"], "the way of connecting"),
            (&["--protocol=socket"], "the way of connecting"),
            (&["--skip-ssl"], "TLS"),
            (&["--ssl=0"], "TLS"),
            (&["--loose_ssl_mode=DISABLED"], "TLS"),
            (&["--disable-ssl-verify-server-cert"], "TLS"),
            (&["--plugin-dir=/tmp"], "the authentication"),
            (&["--default-auth=mysql_old_password"], "the authentication"),
            (&["--defaults-file=/tmp/x"], "the option files"),
            (&["--defaults-extra-file=/tmp/x"], "the option files"),
            (&["--no-defaults"], "the option files"),
            (&["-BNhelsewhere"], "the host"),
            (&["--pass"], "the password"),
        ] {
            let output = exec(&stage, name, arguments).ended_with(2);
            assert!(output.stderr.contains(&format!("would change {what}, which")), "{arguments:?} {}", output.stderr);
            assert!(!output.stderr.contains("secret"), "{}", output.stderr);
            assert_eq!(output.stdout, "");
        }
    }
    assert_eq!(stage.parts().bastion.visits().connections, 0);
    // What only looks like it.
    for arguments in [&["-e", "--skip-ssl"][..], &["--execute", "-h x"], &["--", "-h"]] {
        assert_eq!(exec(&stage, "mysql", arguments).succeeded().stdout, "started\n", "{arguments:?}");
    }
}

/// T3: a server that asks for a file gets none from a client at which a person types.
#[test]
fn t3_a_client_gives_no_file_away() {
    use rdsconn_lab::hostile::Answer;
    for name in terminals() {
        let mut stage = embedded();
        let secret = stage.home.write_file("secret.txt", "a private key, say");
        stage.home.write_file(".my.cnf", "[client]\nlocal-infile=1\n[mysql]\nlocal-infile=1\n");
        stage.home.set("MYSQL_HOME", stage.home.path(""));
        let answer = Answer::LocalInfile(secret.to_str().unwrap().to_owned());
        let options = HostileOptions { answer, ..HostileOptions::default() };
        let database = HostileDatabase::start(options, &stage.parts().certificates).unwrap();
        lead_to(&stage, &database);
        let output = exec(&stage, name, &["-e", "select 1"]);
        assert!(database.record().contains(CANARY), "{name} has not logged in: {}", output.stderr);
        assert_ne!(output.code, 0, "{name}");
        assert_eq!(database.file_bytes(), 0, "{name}: {}", output.stderr);
    }
}

/// An address that is reached by the bastion alone: no client, and nobody for it, looks for the endpoint by itself.
#[test]
fn t19_without_the_bastion_nothing_is_reached() {
    let mut stage = embedded();
    program(&stage.home, "report", "#!/bin/sh\necho started\n");
    let known = stage.home.path(".ssh/known_hosts");
    assert_eq!(exec(&stage, "report", &[]).succeeded().stdout, "started\n");
    std::fs::write(known, "").unwrap();
    let output = exec(&stage, "report", &[]).ended_with(5);
    assert_eq!(output.stdout, "");
    stage.home.set("RDSCONN_BASTION", "nobody@127.0.0.1:1");
    let output = stage.home.rdsconn(["exec", "report", HOST]).ended_with(5);
    assert_eq!(output.stdout, "");
}
