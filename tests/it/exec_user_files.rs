//! T21: the user's own option files and variables, as hostile as they can be, change nothing about where a client connects,
//! as whom, with what and over which TLS; what is harmless in them stays in effect.

use std::os::unix::net::UnixListener;

use crate::clients::{embedded, exec, installed, on_each, real, real_clients, terminals};
use crate::stage::Stage;

/// What one would write for another server, and what an attacker would.
fn hostile_lines(stage: &Stage) -> String {
    let trap = stage.home.path("trap.sock");
    let evil = stage.home.path("evil");
    format!(
        "host=192.0.2.1\nport=1\nsocket={0}\nprotocol=socket\nuser=root\npassword=wrong\nplugin-dir={1}\nplugin_dir={1}\n\
         default-auth=mysql_native_password\nskip-ssl\nssl=0\nloose-ssl-mode=DISABLED\nssl-ca={1}/ca.pem\nssl_ca={1}/ca.pem\n\
         ssl-capath={1}\nssl-cert={1}/cert.pem\nssl-key={1}/key.pem\nssl-crl={1}/crl.pem\nloose-ssl-verify-server-cert=0\n\
         loose-ssl-fp=00\nloose-dns-srv-name=elsewhere\nlocal-infile=1\nbind-address=192.0.2.7\nloose-tls-version=TLSv1.1\n",
        trap.display(),
        evil.display()
    )
}

fn hostile_files(stage: &mut Stage) -> UnixListener {
    let lines = hostile_lines(stage);
    let groups =
        ["client", "mysql", "mariadb", "client-mariadb", "mariadb-client", "client-server", "mysqldump", "mysqladmin"];
    let text = groups.map(|group| format!("[{group}]\n{lines}")).concat();
    stage.home.write_file(".my.cnf", &text);
    stage.home.write_file("etc/my.cnf", format!("{text}!include {}\n", stage.home.path(".my.cnf").display()));
    stage.home.write_file("evil/ca.pem", "no certificate");
    let home = stage.home.path("etc");
    stage.home.set("MYSQL_HOME", home.clone()).set("MARIADB_HOME", home);
    let trap = UnixListener::bind(stage.home.path("trap.sock")).unwrap();
    trap.set_nonblocking(true).unwrap();
    trap
}

#[track_caller]
fn assert_nobody_came(trap: &UnixListener) {
    assert_eq!(trap.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "somebody connected to the socket");
}

#[test]
fn t21_a_hostile_option_file_changes_nothing() {
    for stage in [Some(embedded()), real()].into_iter().flatten() {
        let mut stage = stage;
        let trap = hostile_files(&mut stage);
        for client in terminals() {
            let sql = "select current_user(), database()";
            let output = exec(&stage, client, &["-N", "-e", sql]).succeeded();
            assert_eq!(output.stdout, "dba@%\torders\n", "{} {client}: {}", stage.name(), output.stderr);
        }
        assert_nobody_came(&trap);
    }
}

#[test]
fn t21_nor_does_it_for_dumps_and_administration() {
    let Some(mut stage) = real() else { return };
    let trap = hostile_files(&mut stage);
    for client in real_clients(&["mysqldump", "mariadb-dump"]) {
        let output = exec(&stage, client, &["--no-tablespaces", "orders", "customers"]);
        assert!(output.stdout.contains("Grace Hopper"), "{client}: {}", output.stderr);
    }
    for client in real_clients(&["mysqladmin", "mariadb-admin"]) {
        exec(&stage, client, &["ping"]).succeeded();
    }
    if installed("mycli").is_some() {
        let output = exec(&stage, "mycli", &["--csv", "-e", "select current_user()"]).succeeded();
        assert!(output.stdout.contains("dba@%"), "{}", output.stdout);
    }
    if installed("mydumper").is_some() {
        exec(&stage, "mydumper", &["-B", "orders", "-o", "dump"]).succeeded();
        assert!(stage.home.path("dump/metadata").exists());
    }
    assert_nobody_came(&trap);
}

#[test]
fn t21_variables_change_nothing() {
    for stage in [Some(embedded()), real()].into_iter().flatten() {
        let mut stage = stage;
        let trap = hostile_files(&mut stage);
        let (socket, evil) = (stage.home.path("trap.sock"), stage.home.path("evil"));
        for name in ["MYSQL_UNIX_PORT", "MARIADB_UNIX_PORT", "MYSQL_UNIX_SOCKET"] {
            stage.home.set(name, socket.clone());
        }
        for name in ["LIBMYSQL_PLUGIN_DIR", "MARIADB_PLUGIN_DIR"] {
            stage.home.set(name, evil.clone());
        }
        for (name, value) in [
            ("LIBMYSQL_PLUGINS", "evil"),
            ("LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN", "1"),
            ("MARIADB_TLS_DISABLE_PEER_VERIFICATION", "1"),
            ("MYSQL_HOST", "192.0.2.1"),
            ("MARIADB_HOST", "192.0.2.1"),
            ("MYSQL_TCP_PORT", "1"),
            ("MYSQL_PWD", "wrong"),
            ("MYSQL_USER", "root"),
            ("MYSQL_DSN", "mysql://root@192.0.2.1/"),
            ("DSN", "mysql://root@192.0.2.1/"),
            ("MYSQL_GROUP_SUFFIX", "_evil"),
        ] {
            stage.home.set(name, value);
        }
        for client in terminals() {
            let output = exec(&stage, client, &["-N", "-e", "select current_user()"]).succeeded();
            assert_eq!(output.stdout, "dba@%\n", "{} {client}: {}", stage.name(), output.stderr);
        }
        if stage.name() == "real" && installed("mycli").is_some() {
            let output = exec(&stage, "mycli", &["--csv", "-e", "select current_user()"]).succeeded();
            assert!(output.stdout.contains("dba@%"), "{}", output.stdout);
        }
        assert_nobody_came(&trap);
    }
}

#[test]
fn what_is_harmless_in_the_users_files_stays_in_effect() {
    on_each(|stage| {
        stage.home.write_file("more.cnf", "[mysql]\nskip-column-names\n");
        let own = format!(
            "[client]\nuser=root\ndefault-character-set=latin1\n!include {}\n",
            stage.home.path("more.cnf").display()
        );
        stage.home.write_file(".my.cnf", own);
        for client in terminals() {
            let output = exec(stage, client, &["-B", "-e", "select current_user()"]).succeeded();
            assert_eq!(output.stdout, "dba@%\n", "{} {client}", stage.name());
            // The embedded one has no character sets.
            let output = exec(stage, client, &["-B", "-e", "select @@character_set_client"]).succeeded();
            assert!(stage.name() == "embedded" || output.stdout == "latin1\n", "{client}: {}", output.stdout);
        }
    });
}
