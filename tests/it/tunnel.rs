//! `rdsconn tunnel`: what it prints, whom it serves, how it ends, and what it leaves behind.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use rdsconn_lab::environment::{Running, Signal};
use rdsconn_lab::real::ENDPOINT;

use crate::stage::{HOST, Stage, on_each};

/// A tunnel, and its first line.
fn hold(stage: &Stage, arguments: &[&str]) -> (Running, String) {
    let all: Vec<&str> = ["tunnel", HOST].into_iter().chain(arguments.iter().copied()).collect();
    let tunnel = stage.home.start_rdsconn(&all);
    tunnel.wait_for("\n");
    let line = tunnel.so_far().trim_end().to_owned();
    (tunnel, line)
}

fn port(line: &str) -> u16 {
    line.strip_prefix("127.0.0.1:").unwrap().parse().unwrap()
}

/// Runs a statement through a listener as any client would: with the token, and without knowing of the bastion.
#[track_caller]
fn asks(stage: &Stage, line: &str) {
    let output = stage.query(&["--route", "direct", "--address", line, "-N", "select current_user()"]).succeeded();
    assert_eq!(output.stdout, "dba@%\n");
}

/// A connection that the database has greeted.
fn greeted(mut stream: impl std::io::Read) -> Vec<u8> {
    let mut greeting = vec![0; 5];
    stream.read_exact(&mut greeting).unwrap();
    assert_eq!(greeting[4], 10, "the protocol's version");
    greeting
}

#[test]
fn it_prints_its_listener_and_serves_one_client_after_the_other() {
    on_each(|stage| {
        let (tunnel, line) = hold(stage, &[]);
        for _ in 0..3 {
            asks(stage, &line);
        }
        tunnel.signal(Signal::INT);
        let output = tunnel.finish().ended_with(130);
        assert_eq!(output.stdout, format!("{line}\n"));
        assert!(TcpStream::connect(("127.0.0.1", port(&line))).is_err(), "nobody listens any more");
    });
}

#[test]
fn json_names_listener_endpoint_user_and_process() {
    let stage = Stage::embedded();
    let (tunnel, line) = hold(&stage, &["--json", "-u", "reader"]);
    let object: serde_json::Value = serde_json::from_str(&line).unwrap();
    let listener = object["listener"].as_str().unwrap();
    greeted(TcpStream::connect(listener).unwrap());
    assert_eq!(object["endpoint"], format!("{ENDPOINT}:3306"));
    assert_eq!(object["user"], "reader");
    assert_eq!(object["pid"], tunnel.pid());
    assert_eq!(object.as_object().unwrap().len(), 4);
}

#[test]
fn r14_a_taken_port_is_an_error_that_says_who_holds_it() {
    let stage = Stage::embedded();
    let (first, line) = hold(&stage, &[]);
    let output = stage.home.rdsconn(["tunnel", HOST, "--listen", &line]).ended_with(5);
    let expected = format!("error: port {} is taken by process {} (", port(&line), first.pid());
    assert!(output.stderr.starts_with(&expected), "{}", output.stderr);
    assert_eq!(stage.parts().bastion.visits().sessions, 1, "known before the bastion is asked");
}

#[test]
fn what_cannot_be_listened_to_is_refused_before_the_network_is_touched() {
    let stage = Stage::embedded();
    for address in ["0.0.0.0:3307", "[::]:3307", "192.168.1.7:3307", "unix:", "tcp:3307", "127.0.0.1:x"] {
        stage.home.rdsconn(["tunnel", HOST, "--listen", address]).ended_with(2);
    }
    let direct = stage.home.rdsconn(["tunnel", HOST, "-J", "none"]).ended_with(2);
    assert!(direct.stderr.contains("there is no tunnel to hold"), "{}", direct.stderr);
    assert_eq!(stage.parts().bastion.visits().sessions, 0);
}

#[test]
fn a_socket_file_is_private_serves_and_goes_with_the_tunnel() {
    let stage = Stage::embedded();
    let path = stage.home.path("run/orders.sock");
    let (tunnel, line) = hold(&stage, &["--listen", &format!("unix:{}", path.display())]);
    assert_eq!(line, format!("unix:{}", path.display()));
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    greeted(UnixStream::connect(&path).unwrap());
    tunnel.signal(Signal::TERM);
    tunnel.finish().succeeded();
    assert!(!path.exists());
}

#[test]
fn t12_a_socket_that_a_killed_tunnel_left_is_reclaimed_and_a_living_one_is_not() {
    let stage = Stage::embedded();
    let path = stage.home.path("run/orders.sock");
    let listen = format!("unix:{}", path.display());
    for _ in 0..3 {
        let (tunnel, _) = hold(&stage, &["--listen", &listen]);
        greeted(UnixStream::connect(&path).unwrap());
        let second = stage.home.rdsconn(["tunnel", HOST, "--listen", &listen]).ended_with(5);
        assert!(second.stderr.contains("is taken: a program listens on it"), "{}", second.stderr);
        tunnel.signal(Signal::KILL);
        tunnel.finish().ended_with(137);
        assert!(path.exists() && UnixStream::connect(&path).is_err(), "what is left is dead");
    }
}

#[test]
fn r16_a_killed_tunnel_leaves_no_listener_and_no_session() {
    let stage = Stage::embedded();
    let (tunnel, line) = hold(&stage, &[]);
    let client = TcpStream::connect(&line).unwrap();
    greeted(&client);
    tunnel.signal(Signal::KILL);
    tunnel.finish().ended_with(137);
    assert!(TcpStream::connect(&line).is_err());
    assert!(matches!((&client).read(&mut [0; 256]), Ok(_) | Err(_)));
    let mut rest = Vec::new();
    // Whatever was on its way comes, and then the end.
    let _ = (&client).read_to_end(&mut rest);
}

#[test]
fn r17_sigterm_waits_for_open_connections_and_takes_no_new_ones() {
    let stage = Stage::embedded();
    let (tunnel, line) = hold(&stage, &["--drain", "60"]);
    let client = TcpStream::connect(&line).unwrap();
    greeted(&client);
    tunnel.signal(Signal::TERM);
    tunnel.wait_for_error("waiting up to 60 s for 1 to end");
    assert!(TcpStream::connect(&line).is_err(), "no new ones");
    drop(client);
    tunnel.finish().succeeded();
}

#[test]
fn r17_what_does_not_end_in_time_is_cut_and_said_by_the_exit_code() {
    let stage = Stage::embedded();
    for second_signal in [false, true] {
        let (tunnel, line) = hold(&stage, &["--drain", if second_signal { "60" } else { "0.05" }]);
        let client = TcpStream::connect(&line).unwrap();
        greeted(&client);
        tunnel.signal(Signal::TERM);
        if second_signal {
            tunnel.wait_for_error("waiting up to");
            tunnel.signal(Signal::TERM);
        }
        tunnel.finish().ended_with(143);
        let mut rest = Vec::new();
        let _ = (&client).read_to_end(&mut rest);
    }
}

#[test]
fn r3_the_next_connection_reaches_a_bastion_that_has_come_back() {
    let stage = Stage::embedded();
    let (tunnel, line) = hold(&stage, &[]);
    asks(&stage, &line);
    stage.parts().bastion.cut_all();
    asks(&stage, &line);
    tunnel.signal(Signal::INT);
    tunnel.finish().ended_with(130);
}

#[test]
fn a_database_that_is_down_is_told_to_the_client_and_to_the_user() {
    let stage = Stage::embedded();
    let (tunnel, line) = hold(&stage, &[]);
    stage.parts().bastion.unroute(ENDPOINT, 3306);
    let mut words = Vec::new();
    TcpStream::connect(&line).unwrap().read_to_end(&mut words).unwrap();
    let words = String::from_utf8_lossy(&words);
    assert!(words.contains("rdsconn: ") && words.contains(ENDPOINT), "{words}");
    tunnel.wait_for_error("warning: ");
}

#[test]
fn t11_another_user_gets_nothing_and_is_reported_once() {
    if !rustix_is_root() {
        let _ = writeln!(std::io::stderr(), "\nSKIPPED t11: another user's process needs root");
        return;
    }
    let stage = Stage::embedded();
    let (tunnel, line) = hold(&stage, &[]);
    let port = port(&line).to_string();
    let before = stage.parts().database.connections();
    for _ in 0..20 {
        let script = "exec 3<>/dev/tcp/127.0.0.1/$0; head -c 1 <&3 | wc -c";
        let intruder = Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-c", script, &port])
            .current_dir("/")
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&intruder.stdout).trim(), "0", "{intruder:?}");
    }
    asks(&stage, &line);
    tunnel.signal(Signal::INT);
    let output = tunnel.finish().ended_with(130);
    assert_eq!(output.stderr.matches("a process of user 65534").count(), 1, "{}", output.stderr);
    assert_eq!(stage.parts().database.connections(), before + 1, "the other user reached nothing");
}

fn rustix_is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.strip_prefix("Uid:").is_some_and(|ids| ids.split_whitespace().next() == Some("0")))
}

#[test]
fn r18_five_hundred_connections_at_once_are_all_served() {
    let stage = Stage::embedded();
    let (tunnel, line) = hold(&stage, &[]);
    let clients: Vec<TcpStream> = std::thread::scope(|scope| {
        let opening: Vec<_> = (0..500)
            .map(|_| {
                scope.spawn(|| {
                    let client = TcpStream::connect(&line).unwrap();
                    greeted(&client);
                    client
                })
            })
            .collect();
        opening.into_iter().map(|client| client.join().unwrap()).collect()
    });
    assert_eq!(clients.len(), 500);
    assert!(stage.parts().bastion.visits().sessions <= 65, "{}", stage.parts().bastion.visits().sessions);
    drop(clients);
    tunnel.signal(Signal::TERM);
    tunnel.finish().succeeded();
}
