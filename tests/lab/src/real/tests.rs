//! The real lab against the programs people use today, `ssh -L` and the MariaDB client, with tokens of the lab's signer.
//! Each test ends at once, and says so, where the lab cannot run.

use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant, SystemTime};

use super::server::free_port;
use super::*;
use crate::environment::{Output, Running, Signal, SshHost};
use crate::proxy::Proxy;
use crate::verifier::{LONGEST_LIFE, Refusal};

fn home(lab: &RealLab) -> TestEnv {
    let home = TestEnv::new("rdsconn");
    lab.furnish(&home);
    home
}

/// A token for `user`, `age` old.
fn token(lab: &RealLab, key: &AccessKey, user: &str, age: Duration) -> String {
    lab.gate().verifier().sign(key, user, SystemTime::now() - age, LONGEST_LIFE)
}

/// Logs in with the MariaDB client at `port` of 127.0.0.1 and runs `sql`.
fn query(lab: &RealLab, port: u16, user: &str, password: &str, sql: &str) -> Output {
    let mut home = TestEnv::new("rdsconn");
    home.set("MYSQL_PWD", password);
    let arguments = [
        "--no-defaults".to_owned(),
        format!("--port={port}"),
        format!("--user={user}"),
        format!("--ssl-ca={}", lab.ca_file().display()),
        format!("--execute={sql}"),
    ];
    home.run("mariadb", arguments.iter().map(String::as_str).chain(["--host=127.0.0.1", "--batch", "orders"]))
}

/// `ssh -L` to the database; the port is open when this returns.
fn tunnel(lab: &RealLab, home: &TestEnv, extra: &[&str]) -> (Running, u16) {
    let port = free_port();
    let forward = format!("{port}:127.0.0.1:{}", lab.database().port());
    let config = home.path(".ssh/config");
    let arguments = ["-v", "-N", "-F", config.to_str().unwrap(), "-L", &forward];
    let ssh = home.start("ssh", arguments.iter().chain(extra).chain(&[BASTION_ALIAS]));
    (ssh, port)
}

#[test]
fn tokens_log_in_through_an_ssh_tunnel() {
    let Some(lab) = RealLab::shared() else { return };
    let home = home(lab);
    let (ssh, port) = tunnel(lab, &home, &[]);
    ssh.wait_for_error("[port listener]");
    for (key, user) in [(static_key(), "dba"), (session_key(), "dba"), (static_key(), "reader")] {
        let before = lab.gate().logins_of(user);
        let output = query(lab, port, user, &token(lab, &key, user, Duration::ZERO), "select current_user(), 6 * 7");
        assert_eq!(output.succeeded().stdout, format!("current_user()\t6 * 7\n{user}@%\t42\n"));
        assert!(lab.gate().logins_of(user) > before);
    }
    assert!(lab.bastion().log().contains("Accepted publickey"));
}

#[test]
fn a_distant_bastion_costs_round_trips() {
    let Some(lab) = RealLab::shared() else { return };
    let home = home(lab);
    let bastion = ([127, 0, 0, 1], lab.bastion().port()).into();
    let proxy = Proxy::start(bastion, Duration::from_millis(20));
    let known_hosts = home.write_known_hosts(&lab.bastion().known_hosts_at(proxy.port()));
    let host = SshHost { port: proxy.port(), ..lab.bastion().ssh_host(BASTION_ALIAS, &known_hosts) };
    home.write_ssh_config(&host);
    let (ssh, port) = tunnel(lab, &home, &[]);
    ssh.wait_for_error("[port listener]");
    ssh.wait_for_error("Entering interactive session");
    let login = proxy.traffic();
    query(lab, port, "dba", &token(lab, &static_key(), "dba", Duration::ZERO), "select 1").succeeded();
    let whole = proxy.traffic();
    // Counted by hand: connecting, banner and first offer, key exchange, service, key offer, signature; then the channel,
    // the greeting, TLS, the token, the schema and the query. Both sides may need a few more, never fewer.
    assert!((6..=10).contains(&login.round_trips), "{login:?}");
    assert!((5..=14).contains(&(whole.round_trips - login.round_trips)), "{login:?} {whole:?}");
    assert_eq!(whole.connections, 1);
}

#[test]
fn bad_tokens_are_refused_with_1045() {
    let Some(lab) = RealLab::shared() else { return };
    let port = lab.database().port();
    let good = token(lab, &static_key(), "dba", Duration::ZERO);
    let last = if good.ends_with('0') { "1" } else { "0" };
    let tampered = format!("{}{last}", &good[..good.len() - 1]);
    let old = token(lab, &static_key(), "dba", Duration::from_secs(905));
    let stolen = AccessKey { session_token: None, ..session_key() };
    for (user, password, refusal) in [
        ("reader", good.clone(), Refusal::WrongUser("dba".to_owned())),
        ("dba", tampered, Refusal::BadSignature),
        ("dba", old, Refusal::Expired),
        ("dba", token(lab, &stolen, "dba", Duration::ZERO), Refusal::SessionTokenMissing),
        ("dba", good.replacen(ENDPOINT, "127.0.0.1", 1), Refusal::WrongHost("127.0.0.1".to_owned())),
        ("dba", "guess".to_owned(), Refusal::Malformed("no query")),
    ] {
        let output = query(lab, port, user, &password, "select 1").ended_with(1);
        assert!(output.stderr.contains("ERROR 1045 (28000): Access denied for user"), "{}", output.stderr);
        let seen = lab.gate().attempts().into_iter().find(|attempt| attempt.user == user && attempt.token == password);
        assert_eq!(seen.unwrap().outcome, Err(refusal));
    }
    query(lab, port, "dba", &token(lab, &static_key(), "dba", Duration::from_secs(800)), "select 1").succeeded();
}

#[test]
fn long_session_tokens_and_odd_user_names_log_in() {
    let Some(lab) = RealLab::start_or_skip() else { return };
    let odd = ["a+b", "a b", "a&b", "a#b", "u@x", "ü", "a%b", "a'b", "a/b"];
    for name in odd {
        lab.database().add_iam_user(name);
        let password = token(&lab, &static_key(), name, Duration::ZERO);
        query(&lab, lab.database().port(), name, &password, "select 1").succeeded();
    }
    for length in [100, 512, 1000, 3000] {
        let key = AccessKey { session_token: Some("Az09+/=".repeat(500)[..length].to_owned()), ..session_key() };
        lab.gate().change(|verifier| verifier.credentials = vec![key.clone()]);
        let password = token(&lab, &key, "dba", Duration::ZERO);
        query(&lab, lab.database().port(), "dba", &password, "select 1").succeeded();
    }
}

#[test]
fn the_database_wants_tls_and_knows_its_users() {
    let Some(lab) = RealLab::shared() else { return };
    let port = lab.database().port();
    query(lab, port, "app", APP_PASSWORD, "select 1").succeeded();
    let denied =
        query(lab, port, "reader", &token(lab, &static_key(), "reader", Duration::ZERO), "delete from customers");
    assert!(denied.stderr.contains("ERROR 1142"), "{}", denied.stderr);

    let mut home = TestEnv::new("rdsconn");
    home.set("MYSQL_PWD", APP_PASSWORD);
    let port = format!("--port={port}");
    let plain = home.run("mariadb", ["--no-defaults", "--skip-ssl", "--host=127.0.0.1", &port, "--user=app", "orders"]);
    assert!(
        plain.stderr.contains("--require_secure_transport=ON") || plain.stderr.contains("1045"),
        "{}",
        plain.stderr
    );
    assert_ne!(plain.code, 0);
}

#[test]
fn sample_values_are_extreme() {
    let Some(lab) = RealLab::shared() else { return };
    let row =
        |columns: &str| lab.database().administer(&format!("select {columns} from orders.extreme_values where id = 1"));
    assert_eq!(row("decimal_value, bigint_unsigned"), "-12345678901234567890.0123456789\t18446744073709551615\n");
    assert_eq!(row("datetime6, date_value, time6"), "9999-12-31 23:59:59.999999\t0000-00-00\t-838:59:59.000000\n");
    assert_eq!(row("hex(bit64), hex(varbinary_value)"), "8000000000000001\tDEADBEEF0022275C\n");
    assert_eq!(row("hex(text_value)"), "656D6F6A6920F09F90AC2065736361706520 1B5B33316D\n".replace(' ', ""));
    assert_eq!(
        row("json_valid(json_value), st_astext(point_value), enum_value, set_value"),
        "1\tPOINT(1.5 -2.25)\tlarge\ta,c\n"
    );
    assert_eq!(
        lab.database().administer("select count(*) from orders.extreme_values where id = 3 and year_value is null"),
        "1\n"
    );
}

#[test]
fn the_bastion_shows_and_accepts_its_keys_only() {
    let Some(lab) = RealLab::start_or_skip() else { return };
    let home = home(&lab);
    let bastion = lab.bastion();
    let ssh = |extra: &[&str]| {
        let config = home.path(".ssh/config");
        let arguments = ["-o", "BatchMode=yes", "-F", config.to_str().unwrap()];
        home.run("ssh", arguments.iter().chain(extra).chain(&[BASTION_ALIAS, "echo", "in"]))
    };
    for key_type in KeyType::ALL {
        let mut host = bastion.ssh_host(BASTION_ALIAS, &home.path(".ssh/known_hosts"));
        host.identity_files = vec![bastion.key(key_type)];
        home.write_ssh_config(&host);
        assert_eq!(ssh(&[]).succeeded().stdout, "in\n", "{key_type:?}");
        assert!(bastion.host_key_fingerprint(key_type).starts_with("SHA256:"));
    }
    let stranger = SshHost {
        identity_files: vec![bastion.stranger_key(), bastion.encrypted_key()],
        ..bastion.ssh_host(BASTION_ALIAS, &home.path(".ssh/known_hosts"))
    };
    home.write_ssh_config(&stranger);
    assert!(ssh(&[]).ended_with(255).stderr.contains("Permission denied (publickey)"));
    home.write_ssh_config(&bastion.ssh_host(BASTION_ALIAS, &home.path(".ssh/known_hosts")));

    bastion.restart(&BastionOptions { changed_host_keys: true, ..BastionOptions::default() });
    assert!(ssh(&[]).ended_with(255).stderr.contains("REMOTE HOST IDENTIFICATION HAS CHANGED"));
    bastion.restart(&BastionOptions { host_keys: vec![KeyType::Rsa], ..BastionOptions::default() });
    let shown = ssh(&["-v"]).succeeded().stderr;
    let expected = format!("Server host key: ssh-rsa {}", bastion.host_key_fingerprint(KeyType::Rsa));
    assert!(shown.contains(&expected), "{shown}");
    bastion.kill();
    assert!(ssh(&[]).ended_with(255).stderr.contains("Connection refused"));
}

#[test]
fn an_encrypted_key_opens_with_its_passphrase() {
    let Some(lab) = RealLab::shared() else { return };
    let home = home(lab);
    let mut host = lab.bastion().ssh_host(BASTION_ALIAS, &home.path(".ssh/known_hosts"));
    host.identity_files = vec![lab.bastion().encrypted_key()];
    let config = home.write_ssh_config(&host);
    let mut ssh = home.start_on_terminal("ssh", ["-F", config.to_str().unwrap(), BASTION_ALIAS, "echo in"]);
    ssh.wait_for("Enter passphrase");
    ssh.send(format!("{PASSPHRASE}\r"));
    assert!(ssh.finish().succeeded().stdout.contains("in\r\n"));
}

#[test]
fn forwarding_can_be_limited() {
    let Some(lab) = RealLab::start_or_skip() else { return };
    let home = home(&lab);
    let password = token(&lab, &static_key(), "dba", Duration::ZERO);
    let allowed = |forwarding: Forwarding| {
        lab.bastion().restart(&BastionOptions { forwarding, ..BastionOptions::default() });
        let (ssh, port) = tunnel(&lab, &home, &[]);
        ssh.wait_for_error("[port listener]");
        let output = query(&lab, port, "dba", &password, "select 1");
        ssh.signal(Signal::TERM);
        let told = ssh.finish().stderr;
        assert_eq!(output.code != 0, told.contains("administratively prohibited"), "{told}");
        output.code == 0
    };
    assert!(allowed(Forwarding::Only(vec![format!("127.0.0.1:{}", lab.database().port())])));
    assert!(!allowed(Forwarding::Only(vec!["127.0.0.1:1".to_owned()])));
    assert!(!allowed(Forwarding::Nothing));
}

#[test]
fn servers_can_be_frozen_killed_and_started_again() {
    let Some(lab) = RealLab::start_or_skip() else { return };
    let port = lab.database().port();
    lab.database().administer("insert into orders.customers (id, name) values (44, 'kept')");
    {
        let _frozen = lab.database().freeze();
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert!(std::io::Read::read(&mut &stream, &mut [0; 1]).is_err(), "a frozen server is silent");
    }
    assert_eq!(query(&lab, port, "app", APP_PASSWORD, "select 1").succeeded().stdout, "1\n1\n");
    {
        let _frozen = lab.bastion().freeze();
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, lab.bastion().port())).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert!(std::io::Read::read(&mut &stream, &mut [0; 1]).is_err(), "a frozen server is silent");
    }

    let home = home(&lab);
    let (ssh, forwarded) = tunnel(&lab, &home, &[]);
    ssh.wait_for_error("[port listener]");
    query(&lab, forwarded, "app", APP_PASSWORD, "select 1").succeeded();
    lab.database().stop();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    lab.database().restart();
    let kept = query(&lab, forwarded, "app", APP_PASSWORD, "select name from customers where id = 44");
    assert_eq!(kept.succeeded().stdout, "name\nkept\n");
    // The connection dies with the bastion: ssh ends by itself.
    lab.bastion().kill();
    assert_eq!(ssh.finish().code, 255);
}

#[test]
fn a_dropped_lab_leaves_nothing() {
    let Some(lab) = RealLab::start_or_skip() else { return };
    let home = home(&lab);
    let (ssh, _) = tunnel(&lab, &home, &[]);
    ssh.wait_for_error("[port listener]");
    let (directory, service) = (lab.directory().to_owned(), Path::new("/etc/pam.d").join(lab.pam_service()));
    assert!(directory.exists() && service.exists() && mentions(&directory) >= 2);
    drop(lab);
    assert!(!directory.exists() && !service.exists());
    assert_eq!((mentions(&directory), ssh.finish().code), (0, 255));
}

const ORPHAN: &str = "RDSCONN_LAB_ORPHAN";

#[test]
fn a_killed_test_process_leaves_nothing() {
    if RealLab::shared().is_none() {
        return;
    }
    // The test binary itself, running only the test below.
    let mut home = TestEnv::new("rdsconn");
    home.set(ORPHAN, "1");
    let arguments = ["--exact", "real::tests::orphan", "--nocapture", "--test-threads=1"];
    let running = home.start(std::env::current_exe().unwrap(), arguments);
    running.wait_for("\n.");
    let shown = running.so_far();
    let directory = shown.lines().find_map(|line| line.strip_prefix("LAB ")).unwrap().to_owned();
    let directory = Path::new(&directory);
    assert!(directory.exists() && mentions(directory) >= 2);
    running.signal(Signal::KILL);
    let deadline = Instant::now() + Duration::from_secs(30);
    while directory.exists() || mentions(directory) > 0 {
        assert!(Instant::now() < deadline, "{} is still there", directory.display());
        thread::sleep(Duration::from_millis(10));
    }
}

/// Not a test of its own: the process that is killed by the one above.
#[test]
fn orphan() {
    if std::env::var_os(ORPHAN).is_none() {
        return;
    }
    let lab = RealLab::shared().unwrap();
    println!("\nLAB {}\n.", lab.directory().display());
    loop {
        thread::park();
    }
}

/// How many processes have `directory` in their command line.
fn mentions(directory: &Path) -> usize {
    let needle = directory.to_str().unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let commands = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    commands.filter(|command| String::from_utf8_lossy(command).contains(needle)).count()
}
