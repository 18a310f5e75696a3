//! Half-closed, reset and idle connections behave through `rdsconn tunnel` as through `ssh -L` on the same `sshd`: what the
//! client and the server see of each is written down through both, and has to be the same.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use rdsconn_lab::environment::Running;
use rdsconn_lab::real::BASTION_ALIAS;
use rustix::net::sockopt::set_socket_linger;

use crate::stage::Stage;
use crate::tunnel::{DEADLINE, Tunnel, free_port, service_address};

/// More than every window and buffer on the way.
const MUCH: usize = 80_000_000;

/// Both ends of one connection through a tunnel, and what they have seen.
struct Ends {
    client: Option<TcpStream>,
    server: Option<TcpStream>,
    seen: Vec<String>,
}

/// One of the two.
#[derive(Clone, Copy, Debug)]
enum Side {
    Client,
    Server,
}

use Side::{Client, Server};

impl Ends {
    fn of(&self, side: Side) -> &TcpStream {
        match side {
            Client => self.client.as_ref().unwrap(),
            Server => self.server.as_ref().unwrap(),
        }
    }

    fn says(&mut self, side: Side, words: &str) {
        let result = self.of(side).write_all(words.as_bytes());
        self.seen.push(format!("{side:?} says {words}: {result:?}"));
    }

    /// Reads so many bytes.
    fn hears(&mut self, side: Side, count: usize) {
        let mut words = vec![0; count];
        let result = self.of(side).read_exact(&mut words);
        self.seen.push(format!("{side:?} hears {}: {result:?}", String::from_utf8_lossy(&words)));
    }

    /// Reads to the end, or to what comes in its place.
    fn hears_the_end(&mut self, side: Side) {
        let mut words = Vec::new();
        let result = self.of(side).read_to_end(&mut words).map_err(|error| error.kind());
        self.seen.push(format!("{side:?} hears {} and {result:?}", String::from_utf8_lossy(&words)));
    }

    fn says_no_more(&mut self, side: Side) {
        self.of(side).shutdown(Shutdown::Write).unwrap();
    }

    fn closes(&mut self, side: Side) {
        match side {
            Client => self.client = None,
            Server => self.server = None,
        }
    }

    fn resets(&mut self, side: Side) {
        set_socket_linger(self.of(side), Some(Duration::ZERO)).unwrap();
        self.closes(side);
    }

    /// Writes until nobody takes it any more. Whether that is told as a reset or as a broken pipe depends on the moment.
    fn talks_to_the_wall(&mut self, side: Side) {
        let piece = vec![b'x'; 100_000];
        let end = (0..MUCH / piece.len()).find_map(|_| self.of(side).write_all(&piece).err().map(|error| error.kind()));
        let end = end.map(|kind| match kind {
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => "is broken off".to_owned(),
            other => format!("ends with {other:?}"),
        });
        self.seen.push(format!("{side:?} talks and {end:?}"));
    }
}

type Behaviour = (&'static str, fn(&mut Ends));

/// What applications do to connections.
const BEHAVIOURS: [Behaviour; 12] = [
    ("question, half close, answer", |ends| {
        ends.says(Client, "question");
        ends.says_no_more(Client);
        ends.hears_the_end(Server);
        ends.says(Server, "answer");
        ends.closes(Server);
        ends.hears_the_end(Client);
    }),
    ("half close of the server, then more from the client", |ends| {
        ends.says(Server, "bye");
        ends.says_no_more(Server);
        ends.hears_the_end(Client);
        ends.says(Client, "but");
        ends.hears(Server, 3);
        ends.says(Client, "wait");
        ends.closes(Client);
        ends.hears_the_end(Server);
    }),
    ("half close without a word, then a greeting", |ends| {
        ends.says_no_more(Client);
        ends.hears_the_end(Server);
        ends.says(Server, "greeting");
        ends.hears(Client, 8);
        ends.says_no_more(Server);
        ends.hears_the_end(Client);
    }),
    ("the client closes without a word", |ends| {
        ends.closes(Client);
        ends.hears_the_end(Server);
    }),
    ("the server closes without a word", |ends| {
        ends.closes(Server);
        ends.hears_the_end(Client);
    }),
    ("the client closes after the last word", |ends| {
        ends.says(Server, "greeting");
        ends.hears(Client, 8);
        ends.says(Client, "quit");
        ends.closes(Client);
        ends.hears_the_end(Server);
        ends.talks_to_the_wall(Server);
    }),
    ("the client resets", |ends| {
        ends.says(Client, "half a ");
        ends.hears(Server, 7);
        ends.resets(Client);
        ends.hears_the_end(Server);
        ends.talks_to_the_wall(Server);
    }),
    ("the server resets", |ends| {
        ends.says(Server, "half a ");
        ends.hears(Client, 7);
        ends.resets(Server);
        ends.hears_the_end(Client);
        ends.talks_to_the_wall(Client);
    }),
    ("the server closes and the client goes on", |ends| {
        ends.says(Server, "bye");
        ends.closes(Server);
        ends.hears_the_end(Client);
        ends.talks_to_the_wall(Client);
    }),
    ("the client closes with words unread", |ends| {
        ends.says(Server, "you never read this");
        ends.hears(Client, 3);
        ends.closes(Client);
        ends.hears_the_end(Server);
    }),
    ("both close by halves", |ends| {
        ends.says(Client, "over");
        ends.says_no_more(Client);
        ends.says(Server, "out");
        ends.says_no_more(Server);
        ends.hears_the_end(Client);
        ends.hears_the_end(Server);
    }),
    ("the client resets while it is spoken to", |ends| {
        let mut server = ends.of(Server).try_clone().unwrap();
        let talking = std::thread::spawn(move || {
            let piece = [b'x'; 100_000];
            (0..MUCH / piece.len()).any(|_| server.write_all(&piece).is_err())
        });
        ends.hears(Client, 5);
        ends.resets(Client);
        ends.seen.push(format!("the server is broken off: {}", talking.join().unwrap()));
    }),
];

/// Plays everything through the port of a tunnel that leads to this listener.
fn transcripts(port: u16, database: &TcpListener) -> Vec<(&'static str, Vec<String>)> {
    let ready = |stream: TcpStream| {
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Some(stream)
    };
    // Open all the while, and silent while the others come and go.
    let mut idle = open(port, database, ready);
    let play = |(name, behaviour): &Behaviour| {
        let mut ends = open(port, database, ready);
        behaviour(&mut ends);
        (*name, ends.seen)
    };
    let mut all: Vec<_> = BEHAVIOURS.iter().map(play).collect();
    idle.says(Client, "still here?");
    idle.hears(Server, 11);
    idle.says(Server, "yes");
    idle.hears(Client, 3);
    all.push(("idle", idle.seen));
    all
}

fn open(port: u16, database: &TcpListener, ready: impl Fn(TcpStream) -> Option<TcpStream>) -> Ends {
    let client = ready(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap());
    Ends { client, server: ready(database.accept().unwrap().0), seen: Vec::new() }
}

fn start_ssh(stage: &Stage, port: u16, to: u16) -> Running {
    let config = stage.home.path(".ssh/config");
    let forward = format!("{port}:127.0.0.1:{to}");
    let options = ["-v", "-N", "-o", "ExitOnForwardFailure=yes", "-F", config.to_str().unwrap(), "-L", &forward];
    let ssh = stage.home.start("ssh", options.iter().chain(&[BASTION_ALIAS]));
    // Only now does it listen.
    ssh.wait_for_error("Entering interactive session");
    ssh
}

#[test]
fn connections_end_as_they_do_through_ssh() {
    let Some(stage) = Stage::real() else { return };
    let database = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = database.local_addr().unwrap().port();
    let port = free_port();
    let ssh = start_ssh(&stage, port, to);
    let through_ssh = transcripts(port, &database);
    drop(ssh);
    let tunnel = Tunnel::open(&stage, &["--address", &service_address(&stage, to)]);
    let through_ours = transcripts(tunnel.port(), &database);
    for (ours, theirs) in through_ours.iter().zip(&through_ssh) {
        assert_eq!(ours, theirs);
    }
}
