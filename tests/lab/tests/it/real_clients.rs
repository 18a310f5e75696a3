//! Real client programs against both databases: that they can log in with a token, and how. What is learnt here is what
//! `rdsconn exec` builds on.

use std::path::Path;
use std::time::SystemTime;

use rdsconn_lab::clients::{self, RealClient};
use rdsconn_lab::environment::{Output, TestEnv};
use rdsconn_lab::real::{RealLab, static_key};
use rdsconn_lab::verifier::LONGEST_LIFE;

use crate::rig::Rig;

/// A database to log in to, and a home with what a client needs for it.
struct Stage {
    home: TestEnv,
    port: String,
    _embedded: Option<Rig>,
}

impl Stage {
    fn new(port: u16, token: &str, ca: &Path, embedded: Option<Rig>) -> Self {
        let home = TestEnv::new("rdsconn");
        home.write_file("ca.pem", std::fs::read(ca).unwrap());
        home.write_file("token", format!("{token}\n"));
        home.write_file("options", format!("[client]\npassword=\"{token}\"\n"));
        Self { home, port: port.to_string(), _embedded: embedded }
    }

    fn embedded() -> Self {
        let rig = Rig::new();
        let folder = tempfile::tempdir().unwrap();
        let files = rig.certificates.write_to(folder.path()).unwrap();
        Self::new(rig.database.address().port(), &rig.token("dba"), &files.ca, Some(rig))
    }

    fn real() -> Option<Self> {
        RealLab::shared().map(Self::on)
    }

    fn on(lab: &RealLab) -> Self {
        let token = lab.gate().verifier().sign(&static_key(), "dba", SystemTime::now(), LONGEST_LIFE);
        Self::new(lab.database().port(), &token, lab.ca_file(), None)
    }

    /// The embedded one, and the real one where there is one.
    fn both() -> Vec<Self> {
        std::iter::once(Self::embedded()).chain(Self::real()).collect()
    }

    /// Runs a client with the token in an option file and its flavour's own options for TLS.
    fn run(&self, client: &RealClient, tls: &[&str], arguments: &[&str]) -> Output {
        let first = format!("--defaults-file={}", self.home.path("options").display());
        let port = format!("--port={}", self.port);
        let common = [first.as_str(), "--host=127.0.0.1", &port, "--user=dba"];
        self.home.run(&client.path, common.iter().chain(tls).chain(arguments))
    }
}

const ORACLE: &[&str] = &["--enable-cleartext-plugin", "--ssl-mode=VERIFY_CA", "--ssl-ca=ca.pem"];
const MARIADB: &[&str] = &["--ssl-ca=ca.pem"];

#[test]
fn each_flavour_logs_in_with_a_token_and_queries() {
    let flavours = [
        (clients::oracle("mysql"), ORACLE),
        (clients::mariadb("mariadb"), MARIADB),
        (clients::mariadb("mysql"), MARIADB),
    ];
    for (client, tls) in flavours.into_iter().chain([(clients::mariadb_11_8("mariadb"), MARIADB)]) {
        let Some(client) = client else { continue };
        for stage in Stage::both() {
            let sql =
                "select current_user(); select name from customers order by id limit 1; select repeat('x', 100000)";
            let shown = stage.run(&client, tls, &["--batch", "--skip-column-names", "orders", "-e", sql]).succeeded();
            let lines: Vec<&str> = shown.stdout.lines().collect();
            assert_eq!((lines[0], lines[1], lines[2].len()), ("dba@%", "Ada Lovelace", 100_000), "{client:?}");
            let error = stage.run(&client, tls, &["orders", "-e", "selec 1"]).ended_with(1).stderr;
            assert!(error.contains("ERROR 1064 (42000)"), "{client:?}: {error}");
            // A person's session: the greeting, a table, a goodbye.
            let mut arguments = vec![format!("--defaults-file={}", stage.home.path("options").display())];
            arguments.extend(["--host=127.0.0.1", "--user=dba", "orders"].map(str::to_owned));
            arguments.push(format!("--port={}", stage.port));
            arguments.extend(tls.iter().map(|option| (*option).to_owned()));
            let mut terminal = stage.home.start_on_terminal(&client.path, arguments);
            terminal.wait_for_next("> ");
            terminal.send("select id, name from customers limit 2;\r");
            terminal.wait_for_next("| Ada Lovelace");
            terminal.wait_for_next("> ");
            terminal.send("exit\r");
            terminal.finish().succeeded();
        }
    }
}

#[test]
fn tools_of_each_flavour_log_in() {
    let sets = [
        (clients::oracle("mysqladmin"), clients::oracle("mysqlshow"), ORACLE),
        (clients::mariadb("mariadb-admin"), clients::mariadb("mariadb-show"), MARIADB),
        (clients::mariadb_11_8("mariadb-admin"), clients::mariadb_11_8("mariadb-show"), MARIADB),
    ];
    for (admin, show, tls) in sets {
        let (Some(admin), Some(show)) = (admin, show) else { continue };
        for stage in Stage::both() {
            assert!(stage.run(&admin, tls, &["ping"]).succeeded().stdout.contains("is alive"), "{admin:?}");
            let shown = stage.run(&show, tls, &["orders"]).succeeded().stdout;
            assert!(shown.contains("| customers"), "{show:?}: {shown}");
        }
    }
}

/// The embedded database does not answer what dump programs ask.
#[test]
fn r4_dumps_are_whole() {
    let Some(stage) = Stage::real() else { return };
    for (client, tls) in [
        (clients::oracle("mysqldump"), ORACLE),
        (clients::mariadb("mariadb-dump"), MARIADB),
        (clients::mariadb("mysqldump"), MARIADB),
        (clients::mariadb_11_8("mariadb-dump"), MARIADB),
    ] {
        let Some(client) = client else { continue };
        for extra in [&["orders"][..], &["--single-transaction", "--databases", "orders"]] {
            let dump = stage.run(&client, tls, extra).succeeded().stdout;
            assert!(dump.contains("Ada Lovelace") && dump.contains("CREATE TABLE `extreme_values`"), "{client:?}");
            assert!(dump.lines().last().unwrap().starts_with("-- Dump completed"), "{client:?}");
        }
    }
}

#[test]
fn r4_mydumper_and_myloader_open_one_connection_a_thread() {
    let (Some(mydumper), Some(myloader)) = (clients::mydumper(), clients::myloader()) else { return };
    // Of its own: tables are written anew.
    let Some(lab) = RealLab::start_or_skip() else { return };
    let stage = Stage::on(&lab);
    let dump = stage.home.path("dump").display().to_string();
    // They know neither `--ssl-ca` nor `--ssl-mode`; a given authority is what makes them demand TLS, and check the chain.
    let tls = ["--ssl", "--ca=ca.pem"];
    stage.run(&mydumper, &tls, &["--database=orders", "--threads=3", &format!("--outputdir={dump}")]).succeeded();
    let customers = std::fs::read_to_string(stage.home.path("dump/orders.customers.sql")).unwrap();
    assert!(customers.contains("Ada Lovelace"));
    let loading = ["--threads=3", "--overwrite-tables", "--database=orders", &format!("--directory={dump}")];
    stage.run(&myloader, &tls, &loading).succeeded();
    let other = lab.other_ca_file().display().to_string();
    let wrong = ["--ssl", &format!("--ca={other}")];
    let refused = stage.run(&mydumper, &wrong, &["--database=orders", &format!("--outputdir={dump}")]).ended_with(1);
    assert!(refused.stderr.contains("certificate"), "{}", refused.stderr);
}

#[test]
fn mycli_takes_a_token_from_a_file_of_its_own() {
    let Some(mycli) = clients::mycli() else { return };
    for stage in Stage::both() {
        let token = stage.home.path("token").display().to_string();
        // It does read an option file, but no pipe; `--password-file` may be either.
        let arguments =
            ["--password-file", &token, "--ssl-ca", "ca.pem", "-h", "127.0.0.1", "-u", "dba", "-P", &stage.port];
        let query = ["orders", "-e", "select name from customers order by id limit 1"];
        let shown = stage.home.run(&mycli.path, arguments.iter().chain(&query)).succeeded();
        assert_eq!(shown.stdout, "name\nAda Lovelace\n");
    }
}
