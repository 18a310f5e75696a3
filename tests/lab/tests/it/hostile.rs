//! Each hostile server does what its name says, shown with clients that do not defend themselves as well as with the
//! driver's options as rdsconn sets them. T1, T2, T3, T6, T18, R1, R24.

use std::io::Read as _;
use std::net::TcpStream;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, Opts, SslOpts};
use rdsconn_lab::certificates::Certificates;
use rdsconn_lab::hostile::{
    Answer, HostileBastion, HostileDatabase, HostileOptions, Login, Opening, SshTrick, Tls, row_text,
};

use crate::rig::{ENDPOINT, options};

const CANARY: &str = "canary-token-5f1c";

struct Rig {
    certificates: Certificates,
    server: HostileDatabase,
}

impl Rig {
    fn new(hostile: HostileOptions) -> Self {
        let certificates = Certificates::new(ENDPOINT, &[]);
        let server = HostileDatabase::start(hostile, &certificates).unwrap();
        Self { certificates, server }
    }

    fn answering(answer: Answer) -> Self {
        Self::new(HostileOptions { answer, ..HostileOptions::default() })
    }

    fn options(&self) -> mysql_async::OptsBuilder {
        options(&self.certificates, self.server.address().port(), "dba", CANARY)
    }

    async fn connect(&self) -> Result<Conn, Error> {
        Conn::new(Opts::from(self.options())).await
    }

    fn has_canary(&self) -> bool {
        self.server.record().contains(CANARY.as_bytes())
    }
}

#[tokio::test]
async fn t1_the_canary_arrives_over_good_tls_only() {
    for tls in
        [Tls::Absent, Tls::SelfSigned, Tls::WrongName, Tls::OtherAuthority, Tls::Expired, Tls::Garbage, Tls::Good]
    {
        for login in [Login::InitialPlugin, Login::Switch, Login::SwitchTwice, Login::SwitchInCommandPhase] {
            let rig = Rig::new(HostileOptions { tls, login, ..HostileOptions::default() });
            let connected = rig.connect().await;
            if let Ok(mut connection) = connected {
                assert_eq!(tls, Tls::Good, "{login:?}");
                // A switch in the command phase looks like a number of columns to the driver, and it panics over it.
                let _ = tokio::spawn(async move { connection.query_drop("select 1").await }).await;
            }
            // The driver answers one switch, and only while it logs in.
            assert_eq!(rig.has_canary(), tls == Tls::Good && login == Login::Switch, "{tls:?} {login:?}");
        }
    }
}

/// The finding that makes the gate necessary: the driver itself does not look at the transport.
#[tokio::test]
async fn t1_without_tls_options_the_driver_gives_the_canary_away() {
    let rig = Rig::new(HostileOptions { tls: Tls::Absent, ..HostileOptions::default() });
    Conn::new(Opts::from(rig.options().ssl_opts(None::<SslOpts>))).await.unwrap();
    assert!(rig.has_canary());
}

#[tokio::test]
async fn t2_a_named_socket_is_dialled_by_the_drivers_default_and_not_by_ours() {
    let folder = tempfile::tempdir().unwrap();
    for preferred in [true, false] {
        let path = folder.path().join(format!("socket-{preferred}"));
        let listener = UnixListener::bind(&path).unwrap();
        listener.set_nonblocking(true).unwrap();
        let rig = Rig::answering(Answer::Socket(path));
        let asks = rig.options().prefer_socket(preferred).max_allowed_packet(None).wait_timeout(None);
        // Nobody greets on the socket: closing it ends the wait of the driver that dialled it.
        let connecting = tokio::spawn(Conn::new(Opts::from(asks)));
        if preferred {
            let dialled = tokio::net::UnixListener::from_std(listener).unwrap();
            drop(dialled.accept().await.unwrap());
            connecting.await.unwrap().unwrap();
        } else {
            connecting.await.unwrap().unwrap();
            assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        }
    }
}

#[tokio::test]
async fn t3_a_request_for_a_local_file_is_made_and_refused() {
    let rig = Rig::answering(Answer::LocalInfile("/etc/passwd".to_owned()));
    let mut connection = rig.connect().await.unwrap();
    assert!(connection.query_drop("select 1").await.is_err());
    assert_eq!(rig.server.file_bytes(), 0);
    assert_eq!(rig.server.queries(), [b"select 1".to_vec()]);
}

#[tokio::test]
async fn r1_results_break_off_where_they_are_told_to() {
    let rig = Rig::answering(Answer::Rows(1000));
    let rows: Vec<String> = rig.connect().await.unwrap().query("select text").await.unwrap();
    assert_eq!(rows, (0..1000).map(row_text).collect::<Vec<_>>());
    for reset in [true, false] {
        for bytes in [0, 1, 40, 10_000, 200_001] {
            let rig = Rig::answering(Answer::Cut { bytes, reset });
            let mut connection = rig.connect().await.unwrap();
            let mut seen = 0;
            let mut received = 0;
            let end = async {
                let mut result = connection.query_iter("select text").await?;
                while let Some(row) = result.next().await? {
                    let text: String = mysql_async::from_row(row);
                    assert_eq!(text, row_text(seen));
                    received += text.len();
                    seen += 1;
                }
                Ok::<(), Error>(())
            };
            assert!(matches!(end.await, Err(Error::Io(_))), "{bytes} {reset}");
            assert!(received <= bytes);
        }
    }
}

#[tokio::test]
async fn r24_nonsense_is_an_error_not_a_result() {
    let escapes = format!("\x1b]0;owned\x07{}", "x".repeat(100_000));
    for answer in [Answer::WrongSequence, Answer::Error(1105, escapes)] {
        let rig = Rig::answering(answer.clone());
        let mut connection = rig.connect().await.unwrap();
        let result = connection.query_drop("select 1").await;
        match (answer, result) {
            (Answer::Error(code, text), Err(Error::Server(error))) => {
                assert_eq!((error.code, error.message), (code, text));
            }
            (Answer::WrongSequence, Err(Error::Io(_))) => {}
            (answer, result) => panic!("{answer:?}: {result:?}"),
        }
    }
    let rig = Rig::answering(Answer::Trickle(Duration::ZERO));
    let rows: Vec<String> = rig.connect().await.unwrap().query("select text").await.unwrap();
    assert_eq!(rows.len(), 3);
}

#[tokio::test]
async fn openings_are_what_they_are_called() {
    for (opening, code) in [
        (Opening::Error(1040, "Too many connections".to_owned()), Some(1040)),
        (Opening::Error(1129, "Host is blocked".to_owned()), Some(1129)),
        (Opening::Close, None),
        (Opening::WrongSequence, None),
    ] {
        let rig = Rig::new(HostileOptions { opening: opening.clone(), ..HostileOptions::default() });
        match (rig.connect().await, code) {
            (Err(Error::Server(error)), Some(code)) => assert_eq!(error.code, code),
            (Err(Error::Io(_)), None) => {}
            (result, _) => panic!("{opening:?}: {result:?}"),
        }
        assert!(!rig.has_canary());
    }
    let slow = Rig::new(HostileOptions { opening: Opening::Trickle(Duration::ZERO), ..HostileOptions::default() });
    slow.connect().await.unwrap();
}

/// What a server sends first, up to `limit` bytes, and whether more could come: read with a deadline.
fn first_bytes(stream: &mut TcpStream, limit: usize) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut bytes = Vec::new();
    let _ = stream.take(limit as u64).read_to_end(&mut bytes);
    bytes
}

#[test]
fn silence_and_floods_are_what_they_are_called() {
    for (opening, expected) in [
        (Opening::Silence, 0),
        (Opening::LongHeader, 5),
        (Opening::Garbage, 4096),
        (Opening::EndlessPacket, 40_000_000),
    ] {
        let rig = Rig::new(HostileOptions { opening: opening.clone(), ..HostileOptions::default() });
        let mut stream = TcpStream::connect(rig.server.address()).unwrap();
        assert_eq!(first_bytes(&mut stream, 40_000_000).len(), expected, "{opening:?}");
    }
    for (trick, least, start) in [
        (SshTrick::Silence, 0, ""),
        (SshTrick::Close, 0, ""),
        (SshTrick::Garbage, 4096, ""),
        (SshTrick::EndlessLines, 1_000_000, "Welcome"),
        (SshTrick::EndlessLine, 1_000_000, "xxxx"),
        (SshTrick::SilenceAfterVersion, 23, "SSH-2.0-OpenSSH_9.2p1\r\n"),
        (SshTrick::GarbageAfterVersion, 23 + 4096, "SSH-2.0"),
        (SshTrick::LongPacket, 23 + 6, "SSH-2.0"),
        (SshTrick::OldVersion, 16, "SSH-1.5"),
    ] {
        let bastion = HostileBastion::start(trick).unwrap();
        let mut stream = TcpStream::connect(bastion.address()).unwrap();
        let bytes = first_bytes(&mut stream, 1_000_000);
        assert!(bytes.len() >= least && bytes.starts_with(start.as_bytes()), "{trick:?}: {}", bytes.len());
    }
}

#[test]
fn an_ssh_server_that_leaves_in_the_key_exchange_is_noticed() {
    let bastion = HostileBastion::start(SshTrick::CloseAfterKeyExchange).unwrap();
    let port = bastion.address().port().to_string();
    let run = std::process::Command::new("ssh")
        .args(["-F", "none", "-o", "BatchMode=yes", "-p", &port, "nobody@127.0.0.1", "true"])
        .output();
    let Ok(output) = run else {
        eprintln!("SKIPPED: no `ssh` program here");
        return;
    };
    assert_eq!(output.status.code(), Some(255));
    assert!(bastion.record().contains(b"SSH-2.0-OpenSSH") && bastion.record().len() > 500);
}
