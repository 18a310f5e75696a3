//! A tunnel under everything that can go wrong around it: other users, bastions and databases that go away, many clients,
//! storms of them, clients that do not read, and too few descriptors.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;

use rdsconn_lab::environment::Signal;
use rdsconn_lab::real::BastionOptions;
use rdsconn_lab::streams::{Arrived, Role, Service, fetch};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::stage::{HOST, Stage, on_each};
use crate::tunnel::{DEADLINE, Tunnel, echo, echoes, service_address};

/// Connects as somebody else to a port or a socket file, says something, and tells how many bytes come back.
const STRANGER: &str = "use IO::Socket::INET; use IO::Socket::UNIX;
    my $to = shift;
    my $socket = $to =~ m{^/} ? IO::Socket::UNIX->new(Peer => $to) : IO::Socket::INET->new(PeerAddr => $to);
    $socket or die qq{not connected: $!\\n};
    $SIG{PIPE} = 'IGNORE';
    syswrite $socket, 'hello';
    my $count = sysread $socket, my $got, 100;
    print 'got ', $count // 0, qq{\\n};";

#[test]
fn t11_another_user_gets_nothing_and_is_reported_once() {
    let skipped = |why: &str| drop(writeln!(std::io::stderr(), "\nSKIPPED t11 for tunnels: {why}"));
    if !rustix::process::getuid().is_root() {
        return skipped("another user's process needs root");
    }
    let stage = Stage::embedded();
    if stage.home.run("sh", ["-c", "command -v setpriv && command -v perl"]).code != 0 {
        return skipped("setpriv or perl is not installed");
    }
    let service = echo();
    let path = stage.home.path("sockets/orders.sock");
    let over_file = Tunnel::to_service(&stage, &service, &["--listen", &format!("unix:{}", path.display())]);
    let over_tcp = Tunnel::to_service(&stage, &service, &[]);
    let stranger = |to: &str| {
        let switch = ["--reuid=65534", "--regid=65534", "--clear-groups", "perl", "-e", STRANGER, to];
        stage.home.run("setpriv", switch)
    };
    let file = path.to_str().unwrap();
    assert!(stranger(file).stderr.contains("not connected"), "nobody else enters the folder");
    // As if all the permissions were lost.
    for open in [stage.home.home(), path.parent().unwrap(), &path] {
        std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    for _ in 0..3 {
        for to in [&over_tcp.listener, file] {
            assert_eq!(stranger(to).succeeded().stdout, "got 0\n", "{to}");
        }
    }
    assert_eq!(service.accounts(), [], "nothing was forwarded");
    echoes(&mut over_tcp.connect());
    echoes(&mut std::os::unix::net::UnixStream::connect(&path).unwrap());
    for tunnel in [over_tcp, over_file] {
        tunnel.running.signal(Signal::TERM);
        let output = tunnel.running.finish().succeeded();
        let told = "warning: a process of user 65534 has tried to use the tunnel, and was refused";
        assert_eq!(output.stderr.matches(told).count(), 1, "{}", output.stderr);
    }
}

/// A client whose socket was opened for IPv6, as Java's are.
#[test]
fn t11_a_client_of_ours_that_speaks_ipv6_is_no_stranger() {
    use rustix::net::{AddressFamily, SocketType};
    let stage = Stage::embedded();
    let service = echo();
    let tunnel = Tunnel::to_service(&stage, &service, &[]);
    let Ok(socket) = rustix::net::socket(AddressFamily::INET6, SocketType::STREAM, None) else { return };
    let to = std::net::Ipv4Addr::LOCALHOST.to_ipv6_mapped();
    rustix::net::connect(&socket, &std::net::SocketAddrV6::new(to, tunnel.port(), 0, 0)).unwrap();
    echoes(&mut TcpStream::from(socket));
}

/// This process is on both sides of the tunnel.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

#[test]
fn r18_five_hundred_connections_go_through_one_tunnel() {
    raise_descriptors();
    on_each(|stage| {
        let service = echo();
        let tunnel = Tunnel::to_service(stage, &service, &["--drain", "60"]);
        let mut clients: Vec<TcpStream> = (0..500).map(|_| tunnel.connect()).collect();
        for _ in 0..3 {
            clients.iter_mut().for_each(echoes);
        }
        drop(clients);
        tunnel.running.signal(Signal::TERM);
        let output = tunnel.running.finish().succeeded();
        assert!(!output.stderr.contains("warning"), "{}", output.stderr);
    });
}

#[test]
fn r25_a_storm_of_clients_that_go_away_leaves_nothing_behind() {
    raise_descriptors();
    on_each(|stage| {
        let service = echo();
        let tunnel = Tunnel::to_service(stage, &service, &["--drain", "60"]);
        for round in 0..1000 {
            let mut client = tunnel.connect();
            if round % 2 == 0 {
                client.write_all(b"and off").unwrap();
            }
        }
        echoes(&mut tunnel.connect());
        tunnel.running.signal(Signal::TERM);
        // All of them have ended, else it would be cut and say so.
        tunnel.running.finish().succeeded();
    });
}

#[test]
fn r19_a_client_that_does_not_read_holds_up_nobody() {
    const MUCH: u64 = 40_000_000;
    on_each(|stage| {
        let source = Service::start(Role::Source { bytes: MUCH }).unwrap();
        let tunnel = Tunnel::to_service(stage, &source, &[]);
        let mut stalled = tunnel.connect();
        let sent = |accounts: &[rdsconn_lab::streams::Account]| accounts.first().is_some_and(|one| one.sent > 8 << 20);
        assert!(source.wait_until(DEADLINE, sent));
        let others: Vec<_> = (0..9).map(|_| tunnel.connect()).collect();
        let reading: Vec<_> =
            others.into_iter().map(|mut client| std::thread::spawn(move || fetch(&mut client))).collect();
        let whole = Arrived { bytes: MUCH, intact: true };
        for reader in reading {
            assert_eq!(reader.join().unwrap().unwrap(), whole, "{}", stage.name());
        }
        assert!(source.accounts()[0].end.is_none(), "{}", stage.name());
        assert_eq!(fetch(&mut stalled).unwrap(), whole, "{}", stage.name());
    });
}

/// What a MySQL client would show: the text of the one error packet that came.
fn refusal(client: &mut TcpStream) -> String {
    let mut packet = Vec::new();
    client.read_to_end(&mut packet).unwrap();
    let (header, payload) = packet.split_at(4);
    assert_eq!(usize::from(u16::from_le_bytes([header[0], header[1]])), payload.len());
    assert_eq!((header[2], header[3], payload[0]), (0, 0, 0xff));
    String::from_utf8(payload[3..].to_vec()).unwrap()
}

#[test]
fn a_connection_that_cannot_be_served_reads_why_in_mysqls_own_form() {
    on_each(|stage| {
        let mut service = echo();
        let tunnel = Tunnel::to_service(stage, &service, &[]);
        echoes(&mut tunnel.connect());
        service.stop();
        let text = refusal(&mut tunnel.connect());
        assert!(text.starts_with("rdsconn: "), "{text}");
        assert!(text.contains(&format!("127.0.0.1:{}", service.address().port())), "{text}");
        tunnel.running.wait_for_error("warning: ");
    });
}

#[test]
fn r3_after_the_bastion_was_cut_off_the_next_connection_works() {
    let stage = Stage::embedded();
    let service = echo();
    let tunnel = Tunnel::to_service(&stage, &service, &[]);
    for _ in 0..20 {
        let mut client = tunnel.connect();
        echoes(&mut client);
        stage.parts().bastion.cut_all();
        assert!(client.read(&mut [0]).is_err(), "a loss is no orderly end");
        echoes(&mut tunnel.connect());
    }
}

#[test]
fn r3_a_bastion_that_is_killed_and_comes_back_is_used_again() {
    let Some(stage) = Stage::own_real() else { return };
    let service = echo();
    let tunnel = Tunnel::to_service(&stage, &service, &[]);
    let bastion = stage.servers.real().bastion();
    for _ in 0..3 {
        let mut client = tunnel.connect();
        echoes(&mut client);
        bastion.kill();
        assert!(client.read(&mut [0]).is_err(), "a loss is no orderly end");
        let text = refusal(&mut tunnel.connect());
        assert!(text.starts_with("rdsconn: "), "{text}");
        bastion.restart(&BastionOptions::default());
        echoes(&mut tunnel.connect());
    }
    drop(tunnel);
}

/// A tunnel to an echo, started where a shell has set limits, and the echo.
fn limited(stage: &Stage, limits: &str) -> (Tunnel, Service) {
    let service = echo();
    let to = service_address(stage, service.address().port());
    let script = format!("{limits} && exec \"$@\"");
    let program = stage.home.program().to_str().unwrap();
    let line = ["-c", &script, "sh", program, "tunnel", HOST, "--address", &to];
    (Tunnel::printed(stage.home.start("sh", line)), service)
}

/// What a shell allows every program is no limit for a tunnel, as long as the system allows more.
#[test]
fn r26_the_soft_limit_of_descriptors_is_raised() {
    let stage = Stage::embedded();
    let (tunnel, _service) = limited(&stage, "ulimit -S -n 64");
    let mut clients: Vec<TcpStream> = (0..100).map(|_| tunnel.connect()).collect();
    clients.iter_mut().for_each(echoes);
    tunnel.running.signal(Signal::TERM);
    drop(clients);
    let output = tunnel.running.finish().succeeded();
    assert!(!output.stderr.contains("warning"), "{}", output.stderr);
}

#[test]
fn r26_too_few_descriptors_are_told_once_and_pass() {
    let stage = Stage::embedded();
    let (tunnel, _service) = limited(&stage, "ulimit -n 64");
    for _ in 0..2 {
        let clients: Vec<TcpStream> = (0..100).map(|_| tunnel.connect()).collect();
        tunnel.running.wait_for_error("warning: no more connections can be taken for now");
        drop(clients);
        let mut client = tunnel.connect();
        // What was waiting is served first.
        echoes(&mut client);
    }
    tunnel.running.signal(Signal::TERM);
    let output = tunnel.running.finish().succeeded();
    assert_eq!(output.stderr.matches("no more connections can be taken").count(), 1, "{}", output.stderr);
}
