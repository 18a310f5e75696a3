//! A forwarder on a bastion that is told what to do: who is served, who is told what, and how it ends.

use std::sync::atomic::Ordering;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

use super::super::lanes::tests::{Bastion, Fault, database};
use super::*;
use crate::session::ListenAddress;

async fn forwarder(address: &ListenAddress, to: Address) -> (Forwarder<Bastion>, Bastion) {
    let bastion = Bastion::default();
    let lanes = Lanes::open_first(bastion.clone()).await.unwrap();
    let listener = Listener::bind(address).await.unwrap();
    (Forwarder::new(listener, lanes, to, |fault: &Fault| format!("sorry: {fault}").into_bytes(), None), bastion)
}

fn port(forwarder: &Forwarder<Bastion>) -> u16 {
    match forwarder.listener.address() {
        ListenAddress::Loopback(port) => port,
        ListenAddress::Socket(path) => panic!("{}", path.display()),
    }
}

async fn echoes(mut client: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin) {
    client.write_all(b"hello").await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "hello");
}

#[tokio::test]
async fn connections_are_served_over_tcp_and_over_a_socket_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("private/orders.sock");
    let (mut over_tcp, _bastion) = forwarder(&ListenAddress::default(), database()).await;
    let (mut over_file, _other) = forwarder(&ListenAddress::Socket(path.clone()), database()).await;
    let port = port(&over_tcp);
    let clients = async {
        for _ in 0..3 {
            echoes(TcpStream::connect(("127.0.0.1", port)).await.unwrap()).await;
            echoes(UnixStream::connect(&path).await.unwrap()).await;
        }
    };
    tokio::select! {
        () = clients => {}
        event = over_tcp.serve() => panic!("{event:?}"),
        event = over_file.serve() => panic!("{event:?}"),
    }
}

#[tokio::test]
async fn a_client_that_cannot_be_served_reads_why() {
    let (mut forwarder, _bastion) = forwarder(&ListenAddress::default(), Address { port: 1, ..database() }).await;
    let port = port(&forwarder);
    let client = async {
        let mut client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let mut words = String::new();
        client.read_to_string(&mut words).await.unwrap();
        words
    };
    let (words, event) = tokio::join!(client, forwarder.serve());
    assert_eq!(words, "sorry: the database is down");
    assert!(matches!(event, Event::Unserved(Fault("the database is down"))), "{event:?}");
}

#[tokio::test]
async fn r3_a_forwarder_outlives_its_bastion() {
    let (mut forwarder, bastion) = forwarder(&ListenAddress::default(), database()).await;
    let port = port(&forwarder);
    let connect = || TcpStream::connect(("127.0.0.1", port));
    bastion.0.generation.store(1, Ordering::Relaxed);
    bastion.0.is_down.store(true, Ordering::Relaxed);
    let (client, event) = tokio::join!(connect(), forwarder.serve());
    assert!(matches!(event, Event::Unserved(Fault("the bastion is down"))), "{event:?}");
    drop(client);
    bastion.0.is_down.store(false, Ordering::Relaxed);
    tokio::select! {
        () = async { echoes(connect().await.unwrap()).await } => {}
        event = forwarder.serve() => panic!("{event:?}"),
    }
}

#[tokio::test]
async fn r17_draining_waits_for_what_is_open_and_takes_nothing_new() {
    let (mut forwarder, _bastion) = forwarder(&ListenAddress::default(), database()).await;
    let port = port(&forwarder);
    let mut open = tokio::select! {
        open = async {
            let mut open = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            open.write_all(b"x").await.unwrap();
            open.read_u8().await.unwrap();
            open
        } => open,
        event = forwarder.serve() => panic!("{event:?}"),
    };
    assert_eq!(forwarder.open_connections(), 1);
    let last_words = async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            tokio::task::yield_now().await;
        }
        open.write_all(b"y").await.unwrap();
        assert_eq!(open.read_u8().await.unwrap(), b'y');
        drop(open);
    };
    let (cut, ()) = tokio::join!(forwarder.drain(Duration::from_mins(1)), last_words);
    assert_eq!(cut, 0);
}

#[tokio::test]
async fn r17_what_does_not_end_is_cut_and_counted() {
    let (mut forwarder, _bastion) = forwarder(&ListenAddress::default(), database()).await;
    let port = port(&forwarder);
    let mut open = tokio::select! {
        open = async {
            let mut open = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            open.write_all(b"x").await.unwrap();
            open.read_u8().await.unwrap();
            open
        } => open,
        event = forwarder.serve() => panic!("{event:?}"),
    };
    assert_eq!(forwarder.drain(Duration::from_millis(10)).await, 1);
    assert!(matches!(open.read(&mut [0]).await, Ok(0) | Err(_)));
}
