//! Channels: what a bastion refuses, whole and half-closed streams, many at once, new keys under load, and lost sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::bastion_server::{Behaviour, RunningBastion};
use super::*;
use crate::backend::{Connection, Dialer, Traffic};
use crate::ssh::{Error, Loss, SshSession, connect};
use crate::target::Address;

/// A bastion that lets us in, and how to reach it.
pub(super) async fn ready(folder: &Path, change: impl FnOnce(&mut Behaviour)) -> (RunningBastion, Bastion) {
    let (host_key, user_key) = (ed25519(), ed25519());
    let public = host_key.public_key().clone();
    let mut behaviour = Behaviour::new(host_key, &[&user_key]);
    change(&mut behaviour);
    let server = behaviour.start().await;
    let bastion = bastion_at(server.address, folder);
    record_host_key(&bastion, &public);
    write_key(&folder.join("id"), &user_key);
    (server, bastion)
}

pub(super) async fn logged_in(bastion: Bastion, settings: &Settings) -> SshSession {
    connect(bastion, settings, Person::nobody()).await.unwrap()
}

fn address(host: &str, port: u16) -> Address {
    Address { host: host.to_owned(), port }
}

/// Two ends of a local connection: the driver's, and the one that is relayed.
pub(super) async fn local_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (driver, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    (driver.unwrap(), accepted.unwrap().0)
}

/// A database that runs `serve` for each connection.
async fn database<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Address
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(socket));
        }
    });
    address("127.0.0.1", port)
}

#[tokio::test]
async fn the_bastions_own_reason_for_a_refusal_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, bastion) = ready(folder.path(), |_| {}).await;
    let session = logged_in(bastion, &settings()).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = session.dial(&address("127.0.0.1", closed)).await.unwrap_err();
    assert!(matches!(&error, Error::DatabaseUnreachable { address, .. } if address.port == closed), "{error:?}");
    let error = session.dial(&address("forbidden", 3306)).await.unwrap_err();
    assert!(matches!(&error, Error::ForwardingProhibited { reason: Some(_), .. }), "{error:?}");
    let error = session.dial(&address("short", 3306)).await.unwrap_err();
    assert!(matches!(error, Error::ChannelRefused { .. }));
    // The session is none the worse for it.
    let echo = database(|mut socket| async move { drop(socket.shutdown().await) }).await;
    session.dial(&echo).await.unwrap();
}

#[tokio::test]
async fn a_bastion_that_never_answers_a_dial_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, bastion) = ready(folder.path(), |_| {}).await;
    let mut session = logged_in(bastion, &settings()).await;
    session.limits.dial = Duration::from_millis(50);
    let error = session.dial(&address("silent", 3306)).await.unwrap_err();
    assert!(matches!(error, Error::DialTimeout { .. }), "{error:?}");
}

#[tokio::test]
async fn the_driver_may_end_first_and_still_hears_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, bastion) = ready(folder.path(), |_| {}).await;
    let session = logged_in(bastion, &settings()).await;
    let server = database(|mut socket| async move {
        let mut question = Vec::new();
        socket.read_to_end(&mut question).await.unwrap();
        question.reverse();
        socket.write_all(&question).await.unwrap();
    });
    let connection = session.dial(&server.await).await.unwrap();
    let (mut driver, relayed) = local_pair().await;
    let driver = async {
        driver.write_all(b"abc").await.unwrap();
        driver.shutdown().await.unwrap();
        let mut answer = Vec::new();
        driver.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let (traffic, answer) = tokio::join!(connection.relay(relayed.into()), driver);
    assert_eq!(answer, b"cba");
    assert_eq!(traffic.unwrap(), Traffic { sent: 3, received: 3 });
}

#[tokio::test]
async fn the_database_may_end_first_and_still_hears_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, bastion) = ready(folder.path(), |_| {}).await;
    let session = logged_in(bastion, &settings()).await;
    let (heard, hearing) = tokio::sync::mpsc::unbounded_channel();
    let server = database(move |mut socket| {
        let heard = heard.clone();
        async move {
            socket.write_all(b"bye").await.unwrap();
            socket.shutdown().await.unwrap();
            let mut rest = Vec::new();
            socket.read_to_end(&mut rest).await.unwrap();
            heard.send(rest).unwrap();
        }
    });
    let connection = session.dial(&server.await).await.unwrap();
    let (mut driver, relayed) = local_pair().await;
    let driver = async {
        let mut hearing = hearing;
        let mut first = Vec::new();
        driver.read_to_end(&mut first).await.unwrap();
        assert_eq!(first, b"bye");
        driver.write_all(b"the rest").await.unwrap();
        driver.shutdown().await.unwrap();
        hearing.recv().await.unwrap()
    };
    let (traffic, rest) = tokio::join!(connection.relay(relayed.into()), driver);
    assert_eq!(rest, b"the rest");
    assert_eq!(traffic.unwrap(), Traffic { sent: 8, received: 3 });
}

#[tokio::test]
async fn a_driver_that_hangs_up_ends_the_relay_and_the_channel() {
    let folder = tempfile::tempdir().unwrap();
    let (bastion_server, bastion) = ready(folder.path(), |_| {}).await;
    let session = logged_in(bastion, &settings()).await;
    // A stream without end, for as long as somebody takes it.
    let server = database(|mut socket| async move { while socket.write_all(&[7; 10_000]).await.is_ok() {} });
    let connection = session.dial(&server.await).await.unwrap();
    let (mut driver, relayed) = local_pair().await;
    let hang_up = async {
        let mut some = [0; 1000];
        driver.read_exact(&mut some).await.unwrap();
        drop(driver);
    };
    let (traffic, ()) = tokio::join!(connection.relay(relayed.into()), hang_up);
    assert!(traffic.unwrap().received > 0);
    bastion_server.closed.notified().await;
    // Other channels of the session go on.
    echo_through(&session, &echo().await, 1, 100_000).await;
}

#[tokio::test]
async fn a_connection_that_is_dropped_closes_its_channel() {
    let folder = tempfile::tempdir().unwrap();
    let (bastion_server, bastion) = ready(folder.path(), |_| {}).await;
    let session = logged_in(bastion, &settings()).await;
    drop(session.dial(&echo().await).await.unwrap());
    bastion_server.closed.notified().await;
}

/// Bytes that say where they belong: a mix-up of streams or of order shows.
fn pattern(stream: usize, length: usize) -> Vec<u8> {
    let byte = |index: usize| u8::try_from((index / 251 + index * 31 + stream * 17) % 256).unwrap();
    (0..length).map(byte).collect()
}

async fn echo_through(session: &SshSession, echo: &Address, stream: usize, length: usize) {
    let connection = session.dial(echo).await.unwrap();
    let (driver, relayed) = local_pair().await;
    let expected = pattern(stream, length);
    let (mut from, mut to) = driver.into_split();
    let question = expected.clone();
    let asking = async move {
        to.write_all(&question).await.unwrap();
        to.shutdown().await.unwrap();
    };
    let hearing = async move {
        let mut answer = Vec::new();
        from.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let (traffic, (), answer) = tokio::join!(connection.relay(relayed.into()), asking, hearing);
    assert!(answer == expected, "stream {stream} came back changed");
    let length = length as u64;
    assert_eq!(traffic.unwrap(), Traffic { sent: length, received: length });
}

async fn echo() -> Address {
    let serve = |mut socket: TcpStream| async move {
        let (mut read, mut write) = socket.split();
        let _ = tokio::io::copy(&mut read, &mut write).await;
        let _ = write.shutdown().await;
    };
    database(serve).await
}

#[tokio::test]
async fn a_hundred_channels_at_once_keep_their_bytes_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, bastion) = ready(folder.path(), |_| {}).await;
    let session = logged_in(bastion, &settings()).await;
    let echo = echo().await;
    let lengths = [0, 1, 100, 65_534, 65_535, 65_536, 200_000];
    let streams = (0..100).map(|stream| echo_through(&session, &echo, stream, lengths[stream % lengths.len()]));
    futures_util::future::join_all(streams).await;
}

#[tokio::test]
async fn r6_new_keys_under_load_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, bastion) = ready(folder.path(), |_| {}).await;
    let settings = Settings { rekey_bytes: Some(100_000), ..settings() };
    let session = logged_in(bastion, &settings).await;
    let echo = echo().await;
    let streams = (0..4).map(|stream| echo_through(&session, &echo, stream, 1_000_000));
    futures_util::future::join_all(streams).await;
    // Eight million bytes, new keys every hundred thousand or so of each direction.
    assert!(session.key_exchanges() > 10, "{} key exchanges", session.key_exchanges());
}

#[tokio::test]
async fn r6_new_keys_at_the_servers_wish_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, bastion) = ready(folder.path(), |behaviour| behaviour.rekey_bytes = 100_000).await;
    let session = logged_in(bastion, &settings()).await;
    let echo = echo().await;
    let streams = (0..4).map(|stream| echo_through(&session, &echo, stream, 1_000_000));
    futures_util::future::join_all(streams).await;
    // Eight million bytes, new keys every hundred thousand or so of each direction.
    assert!(session.key_exchanges() > 10, "{} key exchanges", session.key_exchanges());
}

#[tokio::test]
async fn t22_channels_that_a_bastion_opens_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (server, bastion) = ready(folder.path(), |behaviour| behaviour.intrusive = true).await;
    let session = logged_in(bastion, &settings()).await;
    let echo = echo().await;
    let all_answered = || {
        let seen = server.seen.lock().unwrap();
        seen.refused_channels + seen.accepted_channels == 5
    };
    while !all_answered() {
        // Each of these makes the session go round.
        echo_through(&session, &echo, 1, 10).await;
    }
    assert_eq!(server.seen.lock().unwrap().refused_channels, 5);
}

/// A wire that can be frozen or cut.
pub(super) struct Wire {
    address: SocketAddr,
    frozen: Arc<AtomicBool>,
    cut: Arc<Notify>,
}

pub(super) async fn wire_to(server: SocketAddr) -> Wire {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (frozen, cut) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
    let (is_frozen, is_cut) = (Arc::clone(&frozen), Arc::clone(&cut));
    tokio::spawn(async move {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut far = TcpStream::connect(server).await.unwrap();
        let ((mut near_read, mut near_write), (mut far_read, mut far_write)) = (near.split(), far.split());
        let carry = async |read: &mut tokio::net::tcp::ReadHalf<'_>, write: &mut tokio::net::tcp::WriteHalf<'_>| {
            let mut buffer = vec![0; 65_536];
            while let Ok(length @ 1..) = read.read(&mut buffer).await {
                if is_frozen.load(Ordering::Relaxed) {
                    std::future::pending::<()>().await;
                }
                if write.write_all(&buffer[..length]).await.is_err() {
                    break;
                }
            }
        };
        tokio::select! {
            ((), ()) = async { tokio::join!(carry(&mut near_read, &mut far_write), carry(&mut far_read, &mut near_write)) } => {}
            () = is_cut.notified() => {}
        }
    });
    Wire { address, frozen, cut }
}

/// A relay whose session runs over a wire, after some bytes went through. Returns how the driver's read and the relay ended
/// when `hurt` was done to the wire.
async fn lose(settings: &Settings, hurt: impl FnOnce(&Wire)) -> (std::io::Result<Vec<u8>>, Result<Traffic, Error>) {
    let folder = tempfile::tempdir().unwrap();
    let (server, mut bastion) = ready(folder.path(), |_| {}).await;
    let wire = wire_to(server.address).await;
    bastion.host_key_alias = Some("the-bastion".to_owned());
    bastion.host_key_policy = HostKeyPolicy::AcceptNew;
    bastion.port = wire.address.port();
    let session = logged_in(bastion, settings).await;
    let server = database(|mut socket| async move {
        socket.write_all(b"half a ro").await.unwrap();
        std::future::pending::<()>().await;
    });
    let connection = session.dial(&server.await).await.unwrap();
    let (mut driver, relayed) = local_pair().await;
    let driver = async {
        let mut some = [0; 9];
        driver.read_exact(&mut some).await.unwrap();
        hurt(&wire);
        let mut rest = Vec::new();
        driver.read_to_end(&mut rest).await.map(|_| rest)
    };
    let (relayed, driver) = tokio::join!(connection.relay(relayed.into()), driver);
    (driver, relayed)
}

#[tokio::test]
async fn r1_a_cut_session_resets_the_driver_and_is_told() {
    let (driver, relayed) = lose(&settings(), |wire| wire.cut.notify_one()).await;
    assert_eq!(driver.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let error = relayed.unwrap_err();
    assert!(matches!(&error, Error::ConnectionLost { loss: Loss::Broken { .. }, .. }), "{error:?}");
}

#[tokio::test]
async fn r4_a_silent_server_is_given_up_after_the_probes() {
    let interval = Duration::from_millis(20);
    let settings = Settings { keepalive_interval: interval, keepalive_count: 3, ..settings() };
    let (driver, relayed) = lose(&settings, |wire| wire.frozen.store(true, Ordering::Relaxed)).await;
    assert_eq!(driver.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let error = relayed.unwrap_err();
    let expected = Loss::Silent { probes: 3, interval };
    assert!(matches!(&error, Error::ConnectionLost { loss, .. } if *loss == expected), "{error:?}");
}

#[tokio::test]
async fn dialling_through_a_closed_session_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (server, mut bastion) = ready(folder.path(), |_| {}).await;
    let wire = wire_to(server.address).await;
    bastion.host_key_policy = HostKeyPolicy::AcceptNew;
    bastion.port = wire.address.port();
    let session = logged_in(bastion, &settings()).await;
    wire.cut.notify_one();
    while !session.is_closed() {
        tokio::task::yield_now().await;
    }
    let error = session.dial(&address("127.0.0.1", 1)).await.unwrap_err();
    assert!(matches!(error, Error::ConnectionLost { .. }), "{error:?}");
}
