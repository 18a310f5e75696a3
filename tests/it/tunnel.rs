//! `rdsconn tunnel`: where it listens and what it prints, who is served, and how it ends.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rdsconn_lab::environment::{Running, Signal};
use rdsconn_lab::real::ENDPOINT;
use rdsconn_lab::streams::{Arrived, Role, Service, round_trip};

use crate::stage::{HOST, Servers, Stage, on_each};

/// Only a failing test waits for it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A running tunnel and where it listens, as it has printed it.
pub(crate) struct Tunnel {
    pub(crate) running: Running,
    pub(crate) listener: String,
}

impl Tunnel {
    pub(crate) fn open(stage: &Stage, arguments: &[&str]) -> Self {
        Self::printed(stage.home.start_rdsconn(["tunnel", HOST].iter().chain(arguments)))
    }

    /// A tunnel to a service in place of the database.
    pub(crate) fn to_service(stage: &Stage, service: &Service, arguments: &[&str]) -> Self {
        let to = service_address(stage, service.address().port());
        Self::open(stage, &[&["--address", &to], arguments].concat())
    }

    pub(crate) fn printed(mut running: Running) -> Self {
        let listener = running.wait_for_next("\n").trim_end().to_owned();
        Self { running, listener }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// A client that waits no longer than the deadline.
    pub(crate) fn connect(&self) -> TcpStream {
        let client = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port())).unwrap();
        client.set_read_timeout(Some(DEADLINE)).unwrap();
        client.set_write_timeout(Some(DEADLINE)).unwrap();
        client
    }
}

/// How the stage's bastion reaches a port of this machine.
pub(crate) fn service_address(stage: &Stage, port: u16) -> String {
    if let Servers::Embedded(embedded) = &stage.servers {
        embedded.bastion.route("127.0.0.1", port, (Ipv4Addr::LOCALHOST, port).into());
    }
    format!("127.0.0.1:{port}")
}

pub(crate) fn echo() -> Service {
    Service::start(Role::Echo).unwrap()
}

/// A word to an echo and back.
pub(crate) fn echoes(client: &mut (impl std::io::Read + std::io::Write)) {
    client.write_all(b"hello").unwrap();
    let mut answer = [0; 5];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hello");
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// What our own query says to a database behind a listener.
fn query(stage: &Stage, listener: &str) -> String {
    let output = stage.query(&["--route", "direct", "--address", listener, "-N", "select 42"]).succeeded();
    output.stdout.trim().to_owned()
}

#[test]
fn what_is_printed_is_where_it_listens_and_a_query_goes_through_it() {
    on_each(|stage| {
        let tunnel = Tunnel::open(stage, &[]);
        assert_eq!(tunnel.listener, format!("127.0.0.1:{}", tunnel.port()));
        assert_eq!(query(stage, &tunnel.listener), "42", "{}", stage.name());

        let as_json = Tunnel::open(stage, &["--json", "--listen", "127.0.0.1:0"]);
        let object: serde_json::Value = serde_json::from_str(&as_json.listener).unwrap();
        let listener = object["listener"].as_str().unwrap();
        assert_eq!(query(stage, listener), "42", "{}", stage.name());
        assert_eq!(object["endpoint"], format!("{ENDPOINT}:3306"));
        assert_eq!((&object["user"], &object["pid"]), (&"dba".into(), &as_json.running.pid().into()));
        assert_eq!(object.as_object().unwrap().len(), 4);

        let port = free_port().to_string();
        let fixed = Tunnel::open(stage, &["--listen", &port]);
        assert_eq!(fixed.listener, format!("127.0.0.1:{port}"));
        assert_eq!(query(stage, &fixed.listener), "42", "{}", stage.name());
    });
}

/// Runs Debian's client with a token; says what it answered, or `None`, loudly, where there is none.
fn mariadb(stage: &Stage, arguments: &[&str]) -> Option<String> {
    if !stage.home.run("sh", ["-c", "command -v mariadb"]).stdout.contains('/') {
        let _ = writeln!(std::io::stderr(), "\nSKIPPED mariadb through a tunnel: it is not installed");
        return None;
    }
    let token = stage.home.rdsconn(["token", HOST]).succeeded().stdout;
    let password = stage.home.write_file("token.cnf", format!("[client]\npassword=\"{}\"\n", token.trim()));
    let files = format!("--defaults-file={}", password.display());
    let authority = format!("--ssl-ca={}", stage.ca.display());
    let all = [&[&*files, "--user=dba", &authority, "--skip-ssl-verify-server-cert"], arguments, &["-Ne", "select 42"]];
    Some(stage.home.run("mariadb", all.concat()).succeeded().stdout.trim().to_owned())
}

#[test]
fn a_real_client_goes_through_a_port_and_through_a_socket_file() {
    on_each(|stage| {
        let over_tcp = Tunnel::open(stage, &[]);
        let port = format!("--port={}", over_tcp.port());
        let answer = mariadb(stage, &["--protocol=tcp", "--host=127.0.0.1", &port]);
        assert!(answer.is_none_or(|answer| answer == "42"), "{}", stage.name());

        let path = stage.home.path("run/tunnels/orders.sock");
        let over_file = Tunnel::open(stage, &["--listen", &format!("unix:{}", path.display())]);
        let socket = format!("--socket={}", path.display());
        let answer = mariadb(stage, &["--protocol=socket", "--ssl", &socket]);
        assert!(answer.is_none_or(|answer| answer == "42"), "{}", stage.name());
        drop(over_file);
    });
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn t12_a_socket_file_is_private_and_goes_with_the_tunnel() {
    let stage = Stage::embedded();
    let service = echo();
    let path = stage.home.path("sockets/orders.sock");
    for listen in [format!("unix:{}", path.display()), "unix:~/sockets/orders.sock".to_owned()] {
        let tunnel = Tunnel::to_service(&stage, &service, &["--listen", &listen]);
        assert_eq!(tunnel.listener, format!("unix:{}", path.display()));
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        echoes(&mut UnixStream::connect(&path).unwrap());
        // A second one does not take it away.
        let output = stage.home.rdsconn(["tunnel", HOST, "--listen", &listen]).ended_with(5);
        assert!(output.stderr.contains("a program listens on it"), "{}", output.stderr);
        echoes(&mut UnixStream::connect(&path).unwrap());
        tunnel.running.signal(Signal::TERM);
        tunnel.running.finish().succeeded();
        assert!(!path.exists());
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 0, "nothing else is left");
    }
}

#[test]
fn t12_r16_a_tunnel_that_was_killed_leaves_no_listener_and_its_socket_is_reclaimed() {
    let stage = Stage::embedded();
    let service = echo();
    let path = stage.home.path("sockets/orders.sock");
    let listen = format!("unix:{}", path.display());
    let killed = Tunnel::to_service(&stage, &service, &["--listen", &listen]);
    let mut client = UnixStream::connect(&path).unwrap();
    echoes(&mut client);
    killed.running.signal(Signal::KILL);
    killed.running.finish().ended_with(137);
    assert!(path.exists(), "nobody could remove it");
    assert_eq!(UnixStream::connect(&path).unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    let tunnel = Tunnel::to_service(&stage, &service, &["--listen", &listen]);
    echoes(&mut UnixStream::connect(&path).unwrap());
    drop(tunnel);

    let killed = Tunnel::to_service(&stage, &service, &[]);
    let port = killed.port();
    echoes(&mut killed.connect());
    killed.running.signal(Signal::KILL);
    killed.running.finish().ended_with(137);
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
}

#[test]
fn r14_a_taken_port_is_told_with_its_holder_before_the_network_is_touched() {
    let stage = Stage::embedded();
    for address in ["127.0.0.1:0", "[::]:0"] {
        let Ok(holder) = TcpListener::bind(address) else { continue };
        let port = holder.local_addr().unwrap().port();
        let output = stage.home.rdsconn(["tunnel", HOST, "--listen", &format!("127.0.0.1:{port}")]).ended_with(5);
        let expected = format!("error: port {port} is taken by process {} (", std::process::id());
        assert!(output.stderr.starts_with(&expected), "{}", output.stderr);
        assert_eq!(output.stdout, "");
    }
    assert_eq!(stage.parts().bastion.visits().connections, 0);
}

#[test]
fn what_is_no_tunnel_of_ones_own_is_refused_before_the_network_is_touched() {
    let stage = Stage::embedded();
    let folder = stage.home.path("open");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let in_open_folder = format!("unix:{}/orders.sock", folder.display());
    let in_the_way = format!("unix:{}", stage.home.write_file("private/orders.sock", "mine").display());
    let table = [
        (2, &["--listen", "0.0.0.0:3307"][..], "is not the loopback address"),
        (2, &["--listen", "*:3307"], "is not the loopback address"),
        (2, &["--listen", "orders.sock"], "is neither 127.0.0.1:PORT nor unix:PATH"),
        (2, &["--route", "direct"], "so there is no tunnel to hold"),
        (2, &["-J", "none"], "so there is no tunnel to hold"),
        (5, &["--listen", &in_open_folder], "is open to others"),
        (5, &["--listen", &in_the_way], "is in the way"),
    ];
    for (code, arguments, expected) in table {
        let output = stage.home.rdsconn(["tunnel", HOST].iter().chain(arguments)).ended_with(code);
        assert!(output.stderr.contains(expected), "{arguments:?}: {}", output.stderr);
        assert!(output.stderr.contains("\nhint: "), "{arguments:?}: {}", output.stderr);
        assert_eq!(output.stdout, "");
    }
    assert_eq!(stage.parts().bastion.visits().connections, 0);
}

#[test]
fn r17_sigterm_lets_open_connections_finish_and_takes_no_new_ones() {
    on_each(|stage| {
        let service = echo();
        let tunnel = Tunnel::to_service(stage, &service, &["--drain", "600"]);
        let mut client = tunnel.connect();
        echoes(&mut client);
        tunnel.running.signal(Signal::TERM);
        tunnel.running.wait_for_error("waiting up to 600 s for 1 to end");
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, tunnel.port())).is_err());
        let arrived = round_trip(client, 7, 1_000_000).unwrap();
        assert_eq!(arrived, Arrived { bytes: 1_000_000, intact: true });
        tunnel.running.finish().succeeded();
    });
}

#[test]
fn r17_what_does_not_end_is_cut_after_the_drain_or_by_a_second_signal() {
    let stage = Stage::embedded();
    let service = echo();
    for (drain, again) in [("0.01", None), ("600", Some(Signal::TERM)), ("600", Some(Signal::INT))] {
        let tunnel = Tunnel::to_service(&stage, &service, &["--drain", drain]);
        let mut client = tunnel.connect();
        echoes(&mut client);
        tunnel.running.signal(Signal::TERM);
        tunnel.running.wait_for_error("to end");
        if let Some(signal) = again {
            tunnel.running.signal(signal);
        }
        tunnel.running.finish().ended_with(143);
        assert!(matches!(client.read(&mut [0]), Ok(0) | Err(_)));
    }
}

#[test]
fn r17_an_idle_tunnel_ends_at_once_and_well() {
    let stage = Stage::embedded();
    let tunnel = Tunnel::open(&stage, &["--drain", "600"]);
    tunnel.running.signal(Signal::TERM);
    let output = tunnel.running.finish().succeeded();
    assert_eq!(output.stderr, "");
}

#[test]
fn other_signals_end_a_tunnel_at_once() {
    let stage = Stage::embedded();
    let service = echo();
    for (signal, code) in [(Signal::INT, 130), (Signal::HUP, 129)] {
        let path = stage.home.path("sockets/orders.sock");
        let tunnel = Tunnel::to_service(&stage, &service, &["--listen", &format!("unix:{}", path.display())]);
        let mut client = UnixStream::connect(&path).unwrap();
        echoes(&mut client);
        tunnel.running.signal(signal);
        tunnel.running.finish().ended_with(code);
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        assert!(!path.exists(), "{code}");
    }
}

#[test]
fn a_signal_while_the_bastion_is_silent_ends_the_wait() {
    let stage = Stage::embedded();
    stage.parts().bastion.set_conduct(rdsconn_lab::embedded::Conduct::Silent);
    let running = stage.home.start_rdsconn(["tunnel", HOST]);
    assert!(stage.parts().bastion.wait_until(DEADLINE, |visits| visits.connections == 1));
    running.signal(Signal::TERM);
    let output = running.finish().ended_with(143);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
}
