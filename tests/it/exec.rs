//! `rdsconn exec` with the clients that people have: each reaches the right database as the right user over TLS, and its
//! output and status are its own.

use crate::clients::{
    all_installed, embedded, exec, installed, line, on_each, real, real_clients, run_folders, terminals, version,
};
use crate::stage::{HOST, Servers, Stage};

/// Whether the last login was over TLS.
fn was_secure(stage: &Stage) -> bool {
    match &stage.servers {
        Servers::Embedded(embedded) => embedded.database.logins().last().unwrap().secure,
        // The real one lets nobody in otherwise; the gate has seen the token.
        Servers::Real(lab) => lab.gate().logins_of("dba") > 0,
    }
}

#[test]
fn a_client_reaches_the_database_as_the_user_over_tls() {
    on_each(|stage| {
        for client in terminals() {
            let sql = "select current_user(), database()";
            let output = exec(stage, client, &["-N", "-e", sql]).succeeded();
            assert_eq!(output.stdout, "dba@%\torders\n", "{} {client}", stage.name());
            assert_eq!(output.stderr, "", "{} {client}", stage.name());
            assert!(was_secure(stage), "{} {client}", stage.name());
            assert_eq!(run_folders(&stage.home), 0);
        }
    });
}

#[test]
fn tls_is_in_use_says_the_server() {
    let Some(stage) = real() else { return };
    for client in terminals() {
        let output = exec(&stage, client, &["-N", "-e", "show session status like 'Ssl_version'"]).succeeded();
        assert!(output.stdout.starts_with("Ssl_version\tTLSv1."), "{client}: {}", output.stdout);
    }
}

#[test]
fn user_and_database_are_those_of_the_host() {
    on_each(|stage| {
        for client in terminals() {
            let other = match &stage.servers {
                Servers::Embedded(embedded) => {
                    embedded.database.load("create database if not exists elsewhere").unwrap();
                    "elsewhere"
                }
                Servers::Real(_) => "information_schema",
            };
            let host = format!("reader@{HOST}/{other}");
            let sql = "select current_user(), database()";
            let output = stage.home.rdsconn(["exec", client, &host, "--", "-N", "-e", sql]).succeeded();
            assert_eq!(output.stdout, format!("reader@%\t{other}\n"), "{} {client}", stage.name());
            // An operand is a database of the client's own choice.
            let output = exec(stage, client, &["-N", "-e", "select database()", other]).succeeded();
            assert_eq!(output.stdout, format!("{other}\n"), "{} {client}", stage.name());
        }
    });
}

#[test]
fn standard_input_is_the_clients() {
    on_each(|stage| {
        for client in terminals() {
            let input = "select 1;\nselect 'two';\n";
            let output = stage.home.rdsconn_with_input(line(client, &[], &["-N"]), input).succeeded();
            assert_eq!(output.stdout, "1\ntwo\n", "{} {client}", stage.name());
        }
    });
}

#[test]
fn what_the_server_refuses_is_the_clients_to_say() {
    on_each(|stage| {
        for client in terminals() {
            let output = exec(stage, client, &["-e", "selec 1"]).ended_with(1);
            assert!(output.stderr.contains("ERROR 1064 (42000) at line 1"), "{}", output.stderr);
            assert!(!output.stderr.contains("error: "), "{} {client}: {}", stage.name(), output.stderr);
            // A token of another region. (A user whom the server does not know may be asked for a proof that a client has not
            // learned, and then the client is the one that refuses.)
            let elsewhere = line(client, &["--region", "us-west-2"], &["-e", "select 1"]);
            let output = stage.home.rdsconn(elsewhere).ended_with(1);
            assert!(output.stderr.contains("ERROR 1045 (28000)"), "{}", output.stderr);
        }
    });
}

#[test]
fn a_dump_is_whole() {
    let Some(stage) = real() else { return };
    for client in real_clients(&["mysqldump", "mariadb-dump"]) {
        let oracle = !version(&stage.home, client).contains("MariaDB");
        // Oracle's asks MariaDB for what it does not have.
        let further: &[&str] = if oracle { &["--no-tablespaces", "--column-statistics=0"] } else { &[] };
        let dump = |arguments: &[&str]| exec(&stage, client, &[further, arguments].concat());
        // The default database, where none is named; all of it.
        let output = dump(&["--single-transaction"]).succeeded();
        for table in ["customers", "order", "every_type", "extreme_values"] {
            assert!(output.stdout.contains(&format!("CREATE TABLE `{table}`")), "{client}: {table}");
        }
        assert!(output.stdout.contains("-- Dump completed"), "{client}");
        let output = dump(&["--skip-comments", "orders", "customers"]).succeeded();
        assert!(output.stdout.contains("Grace Hopper") && !output.stdout.contains("`order`"), "{client}");
        let output = dump(&["orders", "absent"]).ended_with(6);
        assert!(output.stderr.contains("Couldn't find table: \"absent\""), "{client}: {}", output.stderr);
    }
}

#[test]
fn an_administrator_asks_and_a_checker_checks() {
    let Some(stage) = real() else { return };
    for client in real_clients(&["mysqladmin", "mariadb-admin"]) {
        let output = exec(&stage, client, &["ping"]).succeeded();
        assert_eq!(output.stdout, "mysqld is alive\n".replace("mysqld", name_in_ping(&output.stdout)), "{client}");
        let output = exec(&stage, client, &["status"]).succeeded();
        assert!(output.stdout.contains("Uptime: "), "{client}: {}", output.stdout);
    }
    for client in real_clients(&["mysqlshow", "mariadb-show"]) {
        let output = exec(&stage, client, &[]).succeeded();
        assert!(output.stdout.contains("Database: orders") && output.stdout.contains("customers"), "{}", output.stdout);
    }
}

/// MariaDB's later versions name their own server.
fn name_in_ping(said: &str) -> &str {
    said.split_whitespace().next().unwrap_or_default()
}

#[test]
fn mycli_runs_a_query() {
    if installed("mycli").is_none() {
        return;
    }
    let Some(stage) = real() else { return };
    let output =
        exec(&stage, "mycli", &["--csv", "-e", "select current_user() as who, database() as place"]).succeeded();
    assert_eq!(output.stdout.replace('\r', ""), "\"who\",\"place\"\n\"dba@%\",\"orders\"\n");
    let output = exec(&stage, "mycli", &["-e", "selec 1"]).ended_with(1);
    assert!(output.stderr.contains("1064"), "{}", output.stderr);
}

#[test]
fn mydumper_dumps_with_several_threads_and_myloader_loads() {
    if all_installed(&["mydumper", "myloader"]).len() < 2 {
        return;
    }
    let Some(stage) = real() else { return };
    let folder = stage.home.path("dump");
    let folder = folder.to_str().unwrap();
    exec(&stage, "mydumper", &["-B", "orders", "-o", folder, "-t", "4"]).succeeded();
    let data = std::fs::read_to_string(format!("{folder}/orders.customers.sql"))
        .or_else(|_| std::fs::read_to_string(format!("{folder}/orders.customers.00000.sql")));
    assert!(data.unwrap().contains("Grace Hopper"));
    let output = exec(&stage, "myloader", &["-B", "loaded_here", "-d", folder, "-t", "2"]);
    let loaded = exec(&stage, "mariadb", &["-N", "-e", "select count(*) from loaded_here.customers"]);
    // The lab is everybody's.
    exec(&stage, "mariadb", &["-e", "drop database if exists loaded_here"]).succeeded();
    assert_eq!((output.code, loaded.stdout.as_str()), (0, "4\n"), "{} {}", output.stderr, loaded.stderr);
}

/// The client goes to the listener, whatever may be reached otherwise: the endpoint's name means nothing outside.
#[test]
fn t19_a_client_is_given_the_listener_and_nothing_else() {
    let stage = embedded();
    let before = stage.parts().database.connections();
    for client in terminals() {
        let output = exec(&stage, client, &["--loose-commands", "-e", "status"]).succeeded();
        assert!(output.stdout.contains("127.0.0.1 via TCP/IP"), "{client}: {}", output.stdout);
    }
    let asked = stage.parts().bastion.visits().asked;
    assert!(
        asked.iter().all(|(host, port)| (host.as_str(), *port) == (rdsconn_lab::real::ENDPOINT, 3306)),
        "{asked:?}"
    );
    // No connection to the database but through the bastion: each was asked for there.
    let connections = stage.parts().database.connections() - before;
    assert_eq!(usize::try_from(connections).unwrap(), asked.len());
}
