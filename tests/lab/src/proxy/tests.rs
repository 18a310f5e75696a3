//! The proxy against plain sockets: delay, pipelining, cuts, silence and the count of round trips.

use std::io::{BufRead as _, BufReader, Read as _};

use super::*;

const DELAY: Duration = Duration::from_millis(20);

/// A server that answers each line with itself; `greeting` is sent first if it is not empty.
fn echo(greeting: &'static str) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            thread::spawn(move || {
                stream.write_all(greeting.as_bytes()).unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap());
                let mut line = Vec::new();
                while lines.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                    if stream.write_all(&line).is_err() {
                        return;
                    }
                    line.clear();
                }
            });
        }
    });
    address
}

struct Client {
    stream: TcpStream,
    lines: BufReader<TcpStream>,
}

impl Client {
    fn new(proxy: &Proxy) -> Self {
        let stream = TcpStream::connect(proxy.address()).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { lines: BufReader::new(stream.try_clone().unwrap()), stream }
    }

    fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }
}

#[test]
fn each_exchange_is_a_round_trip() {
    let proxy = Proxy::start(echo(""), DELAY);
    let started = Instant::now();
    let mut client = Client::new(&proxy);
    for count in 2..6 {
        client.say("ping\n");
        assert_eq!(client.hear(), "ping\n");
        assert_eq!(proxy.traffic().round_trips, count);
    }
    // Connecting and four exchanges: a lower bound cannot be broken by a slow machine.
    assert!(started.elapsed() >= DELAY * 2 * 5, "{:?}", started.elapsed());
    let traffic = proxy.traffic();
    assert_eq!((traffic.connections, traffic.bytes_to_server, traffic.bytes_to_client), (1, 20, 20));
}

#[test]
fn what_crosses_on_the_line_is_one_round_trip() {
    // The greeting and the first line are both on their way at once, as banners and key offers of SSH are.
    let proxy = Proxy::start(echo("hello\n"), Duration::from_millis(200));
    let mut client = Client::new(&proxy);
    client.say("first\n");
    assert_eq!((client.hear(), client.hear()), ("hello\n".to_owned(), "first\n".to_owned()));
    assert_eq!(proxy.traffic().round_trips, 2);

    // Many lines sent without waiting cost one more.
    client.say("a\n");
    client.say("b\n");
    client.say("c\n");
    for line in ["a\n", "b\n", "c\n"] {
        assert_eq!(client.hear(), line);
    }
    assert_eq!(proxy.traffic().round_trips, 3);
}

#[test]
fn the_delay_does_not_add_up() {
    // One hundred pieces, each sent on its own: a proxy that slept for each would take four seconds.
    let proxy = Proxy::start(echo(""), DELAY);
    let mut client = Client::new(&proxy);
    for _ in 0..100 {
        client.say("piece\n");
    }
    for _ in 0..100 {
        assert_eq!(client.hear(), "piece\n");
    }
    // Two, unless the machine was too busy to send them all in forty milliseconds.
    assert!(proxy.traffic().round_trips < 20, "{:?}", proxy.traffic());
}

#[test]
fn a_cut_lets_exactly_so_many_bytes_pass() {
    for reset in [false, true] {
        let proxy = Proxy::start(echo(""), Duration::ZERO);
        proxy.set_cut(Some(Cut { direction: Direction::ToClient, bytes: 7, reset }));
        let mut client = Client::new(&proxy);
        client.say("ping\nping\n");
        let mut got = Vec::new();
        let end = client.stream.read_to_end(&mut got);
        assert_eq!(end.is_err(), reset, "{end:?}");
        assert!(b"ping\npi".starts_with(&got), "{got:?}");
        if !reset {
            assert_eq!(got, b"ping\npi");
        }
        assert_eq!(proxy.traffic().bytes_to_client, 7);
    }
}

#[test]
fn a_cut_towards_the_server_ends_the_client_too() {
    let proxy = Proxy::start(echo(""), Duration::ZERO);
    proxy.set_cut(Some(Cut { direction: Direction::ToServer, bytes: 3, reset: false }));
    let mut client = Client::new(&proxy);
    client.say("ping\n");
    assert_eq!(client.hear(), "");
    assert_eq!(proxy.traffic().bytes_to_server, 3);
}

#[test]
fn silence_holds_everything_and_loses_nothing() {
    let proxy = Proxy::start(echo(""), Duration::ZERO);
    let mut client = Client::new(&proxy);
    client.say("before\n");
    assert_eq!(client.hear(), "before\n");
    proxy.freeze();
    client.say("during\n");
    client.stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let nothing = client.lines.read(&mut [0; 8]).unwrap_err();
    assert!(matches!(nothing.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    client.stream.set_read_timeout(None).unwrap();
    proxy.thaw();
    assert_eq!(client.hear(), "during\n");
}

#[test]
fn severed_connections_are_reset_and_new_ones_work() {
    let proxy = Proxy::start(echo("hello\n"), Duration::ZERO);
    let mut first = Client::new(&proxy);
    assert_eq!(first.hear(), "hello\n");
    proxy.sever();
    assert_eq!(first.lines.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(Client::new(&proxy).hear(), "hello\n");
}

#[test]
fn the_end_of_one_direction_travels_alone() {
    let proxy = Proxy::start(echo(""), DELAY);
    let mut client = Client::new(&proxy);
    client.say("last\n");
    client.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.hear(), "last\n");
}

#[test]
fn a_server_that_is_down_resets_the_client() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let proxy = Proxy::start(closed, Duration::ZERO);
    let error = Client::new(&proxy).stream.read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}
