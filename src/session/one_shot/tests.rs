//! The one-shot listener's promises: one peer, of this user, and nothing for anybody else.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

#[tokio::test]
async fn t11_the_port_closes_after_the_first_peer() {
    let listener = OneShot::bind().await.unwrap();
    let port = listener.port();
    let first = tokio::spawn(TcpStream::connect((Ipv4Addr::LOCALHOST, port)));
    let accepted = listener.accept().await.unwrap();
    assert_eq!(accepted.peer_addr().unwrap(), first.await.unwrap().unwrap().local_addr().unwrap());
    let refusal = loop {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
            Err(error) => break error,
            // A program that another test is just starting holds a copy of the listener until it runs. Nobody serves it.
            Ok(mut second) => {
                // Fails where it has been closed meanwhile.
                let _ = second.write_all(b"hello").await;
                assert!(!matches!(second.read(&mut [0]).await, Ok(1..)));
            }
        }
    };
    assert_eq!(refusal.kind(), io::ErrorKind::ConnectionRefused);
}

/// Connects to each port that it is told, and says what came of it: `connected` or `refused`, then what it was sent.
///
/// It speaks first: a connection that was made in the very moment in which the listener closed can be gone here while it
/// still seems open there, until something is sent on it. By a program of its own: the shell keeps what it could not write.
const INTRUDER: &str = "trap '' PIPE; while read -r port; do
    { echo connected; /bin/echo hello >&3; IFS= read -r -N 6 -u 3 got; echo \"got:$got\"; } 3<>/dev/tcp/127.0.0.1/$port || echo refused
done 2>/dev/null";

/// Another user's process.
struct Intruder {
    process: Child,
    ports: ChildStdin,
    reports: BufReader<ChildStdout>,
}

impl Intruder {
    /// `None`, said loudly, for whoever is not root and so cannot be somebody else.
    fn start() -> Option<Self> {
        if !rustix::process::getuid().is_root() {
            // Not eprintln!, which the test harness swallows.
            let _ = writeln!(io::stderr(), "\nSKIPPED t11: another user's process needs root");
            return None;
        }
        #[expect(clippy::disallowed_methods, reason = "a test's own program")]
        let mut process = std::process::Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-c", INTRUDER])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (ports, reports) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Some(Self { process, ports, reports })
    }

    fn try_port(&mut self, port: u16) {
        writeln!(self.ports, "{port}").unwrap();
    }

    fn report(&mut self) -> String {
        let mut line = String::new();
        self.reports.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Intruder {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Half of the races are won by the other user for certain, the rest by whoever is faster.
#[tokio::test]
async fn t11_another_user_wins_a_thousand_races_and_gets_nothing() {
    let Some(mut intruder) = Intruder::start() else { return };
    let mut connected = 0;
    for round in 0..1000 {
        let listener = OneShot::bind().await.unwrap();
        let port = listener.port();
        intruder.try_port(port);
        let first = (round % 2 == 0).then(|| intruder.report());
        let ours = tokio::spawn(TcpStream::connect((Ipv4Addr::LOCALHOST, port)));
        let mut accepted = listener.accept().await.unwrap();
        let ours = ours.await.unwrap().unwrap();
        assert_eq!(accepted.peer_addr().unwrap(), ours.local_addr().unwrap(), "round {round}");
        accepted.write_all(b"secret").await.unwrap();
        let first = first.unwrap_or_else(|| intruder.report());
        match first.as_str() {
            "connected" => {
                connected += 1;
                assert_eq!(intruder.report(), "got:", "round {round}");
            }
            other => assert_eq!((other, round % 2), ("refused", 1), "round {round}"),
        }
    }
    assert!(connected >= 500, "{connected}");
}
