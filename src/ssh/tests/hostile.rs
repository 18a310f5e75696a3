//! Peers that are silent, talk nonsense, offer old algorithms or tamper with the handshake (T5, T18, R24).

use std::borrow::Cow;

use proptest::prelude::*;
use russh::{Preferred, cipher, kex, mac};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::bastion_server::Behaviour;
use super::*;
use crate::ssh::{ConnectStage, Error, SshSession, connect};

/// Answers every connection with some bytes, then hangs up or falls silent.
async fn peer_that_says(bytes: Vec<u8>, hangs_up: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.write_all(&bytes).await;
            if !hangs_up {
                kept.push(socket);
            }
        }
    });
    address
}

async fn meet(address: SocketAddr, settings: &Settings) -> Error {
    let folder = tempfile::tempdir().unwrap();
    connect(bastion_at(address, folder.path()), settings, Person::nobody()).await.unwrap_err()
}

#[tokio::test]
async fn t18_a_silent_peer_is_given_up() {
    for said in [&b""[..], b"SSH-2.0-x\r\n", b"SSH-2.0-", b"Welcome\r\n"] {
        let error = meet(peer_that_says(said.to_vec(), false).await, &impatient()).await;
        assert!(matches!(error, Error::Timeout { stage: ConnectStage::Handshake, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn t18_nonsense_is_an_error_and_not_a_wait() {
    let mut sixteen_megabytes = b"SSH-2.0-x\r\n".to_vec();
    sixteen_megabytes.extend([0x01, 0, 0, 0, 0, 20]);
    let table = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), true),
        (b"\x4a\0\0\0\x0a11.8.9-MariaDB\0".to_vec(), true),
        (vec![b'A'; 100_000], false),
        ("line\r\n".repeat(100).into_bytes(), false),
        (b"SSH-1.5-old\r\n".to_vec(), true),
        (sixteen_megabytes, false),
        (b"SSH-2.0-x\r\n".to_vec(), true),
        (Vec::new(), true),
    ];
    for (said, hangs_up) in table {
        let error = meet(peer_that_says(said.clone(), hangs_up).await, &settings()).await;
        let expected = matches!(error, Error::Protocol { .. } | Error::ConnectionLost { .. });
        assert!(expected, "{:?}: {error:?}", String::from_utf8_lossy(&said[..said.len().min(40)]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn r24_no_bytes_make_the_handshake_panic(
        packets in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..200)), 0..5),
        tail in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut said = b"SSH-2.0-x\r\n".to_vec();
        for (kind, payload) in packets {
            said.extend(packet(kind, &payload));
        }
        said.extend(tail);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { meet(peer_that_says(said, true).await, &settings()).await });
    }
}

/// An unencrypted packet (RFC 4253, 6).
fn packet(kind: u8, payload: &[u8]) -> Vec<u8> {
    let padding = 4 + (8 - (payload.len() + 1 + 5 + 4) % 8) % 8;
    let length = u32::try_from(payload.len() + 2 + padding).unwrap();
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.push(u8::try_from(padding).unwrap());
    bytes.push(kind);
    bytes.extend(payload);
    bytes.extend(vec![0; padding]);
    bytes
}

#[tokio::test]
async fn a_closed_port_and_a_name_that_does_not_exist_are_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert!(
        matches!(meet(closed, &settings()).await, Error::Unreachable { address, .. } if address.port == closed.port())
    );
    let folder = tempfile::tempdir().unwrap();
    let nowhere = Bastion { host: "no-such-host.invalid".to_owned(), ..bastion_at(closed, folder.path()) };
    let error = connect(nowhere, &settings(), Person::nobody()).await.unwrap_err();
    assert!(matches!(error, Error::NameResolution { .. }), "{error:?}");
    let no_family = Bastion { family: AddressFamily::Inet6, ..bastion_at(closed, folder.path()) };
    let error = connect(no_family, &settings(), Person::nobody()).await.unwrap_err();
    assert!(matches!(error, Error::NameResolution { .. }), "{error:?}");
}

/// Logs in to a server with these algorithms.
async fn negotiate(preferred: Preferred, change: impl FnOnce(&mut Bastion)) -> Result<SshSession, Error> {
    let folder = tempfile::tempdir().unwrap();
    let user_key = ed25519();
    let server = Behaviour { preferred, ..Behaviour::new(rsa(), &[&user_key]) }.start().await;
    let mut bastion = bastion_at(server.address, folder.path());
    bastion.host_key_policy = HostKeyPolicy::AcceptNew;
    change(&mut bastion);
    write_key(&folder.path().join("id"), &user_key);
    connect(bastion, &settings(), Person::nobody()).await
}

const STRICT: &[kex::Name] = &[kex::CURVE25519, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER];
const NOT_STRICT: &[kex::Name] = &[kex::CURVE25519];

/// What a server has, and whether we can talk to it.
type Negotiation = (&'static [kex::Name], &'static [cipher::Name], &'static [mac::Name], bool);

fn server_with(kex: &'static [kex::Name], cipher: &'static [cipher::Name], mac: &'static [mac::Name]) -> Preferred {
    Preferred { kex: Cow::Borrowed(kex), cipher: Cow::Borrowed(cipher), mac: Cow::Borrowed(mac), ..Preferred::DEFAULT }
}

#[tokio::test]
async fn t5_without_strict_key_exchange_only_what_is_safe_then_is_used() {
    let (gcm, chacha, ctr) = (&[cipher::AES_128_GCM], &[cipher::CHACHA20_POLY1305], &[cipher::AES_256_CTR]);
    let (plain, etm, both) = (&[mac::HMAC_SHA256], &[mac::HMAC_SHA256_ETM], &[mac::HMAC_SHA256_ETM, mac::HMAC_SHA256]);
    let table: [Negotiation; 9] = [
        (STRICT, gcm, etm, true),
        (STRICT, chacha, etm, true),
        (STRICT, ctr, etm, true),
        (NOT_STRICT, gcm, etm, true),
        (NOT_STRICT, chacha, plain, false),
        (NOT_STRICT, ctr, etm, false),
        (NOT_STRICT, ctr, plain, true),
        (NOT_STRICT, ctr, both, true),
        (NOT_STRICT, &[cipher::CHACHA20_POLY1305, cipher::AES_256_CTR], plain, true),
    ];
    for (kex, cipher, mac, works) in table {
        match negotiate(server_with(kex, cipher, mac), |_| {}).await {
            Ok(_) => assert!(works, "{kex:?} {cipher:?} {mac:?}"),
            Err(Error::NoCommonAlgorithm { .. }) => assert!(!works, "{kex:?} {cipher:?} {mac:?}"),
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn t5_a_server_with_only_old_algorithms_is_refused_by_name() {
    let gcm = &[cipher::AES_128_GCM];
    let sha1_host_key = Preferred {
        key: Cow::Borrowed(&[Algorithm::Rsa { hash: None }]),
        ..server_with(STRICT, gcm, &[mac::HMAC_SHA256])
    };
    let table = [
        ("host key algorithm", "ssh-rsa", sha1_host_key),
        ("key exchange", "group14-sha1", server_with(&[kex::DH_G14_SHA1], gcm, &[mac::HMAC_SHA256])),
        ("key exchange", "group1-sha1", server_with(&[kex::DH_G1_SHA1], gcm, &[mac::HMAC_SHA256])),
        ("cipher", "cbc", server_with(STRICT, &[cipher::AES_128_CBC], &[mac::HMAC_SHA256])),
        ("MAC", "hmac-sha1", server_with(STRICT, &[cipher::AES_128_CTR], &[mac::HMAC_SHA1])),
    ];
    for (expected, part, preferred) in table {
        let error = negotiate(preferred, |_| {}).await.unwrap_err();
        let Error::NoCommonAlgorithm { kind, offered, .. } = &error else { panic!("{error:?}") };
        assert_eq!(*kind, expected);
        assert!(offered.iter().any(|name| name.contains(part)), "{offered:?}");
    }
}

#[tokio::test]
async fn ssh_config_narrows_the_algorithms_and_never_widens_them() {
    let all =
        || server_with(STRICT, &[cipher::AES_128_GCM, cipher::AES_256_CTR], &[mac::HMAC_SHA256_ETM, mac::HMAC_SHA1]);
    let list = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    negotiate(all(), |bastion| bastion.allowed.cipher = list(&["aes256-ctr"])).await.unwrap();
    let error = negotiate(all(), |bastion| bastion.allowed.cipher = list(&["chacha20-poly1305@openssh.com"])).await;
    assert!(matches!(error, Err(Error::NoCommonAlgorithm { kind: "cipher", .. })), "{error:?}");
    let error = negotiate(all(), |bastion| bastion.allowed.cipher = list(&["aes128-cbc"])).await;
    assert!(matches!(error, Err(Error::UnsupportedDirective { .. })), "{error:?}");
    // Without a MAC of ours only ciphers that need none are left.
    negotiate(all(), |bastion| bastion.allowed.mac = list(&["hmac-sha1"])).await.unwrap();
    let error = negotiate(all(), |bastion| bastion.allowed.user_key = list(&["rsa-sha2-512"])).await;
    assert!(matches!(error, Err(Error::AuthenticationRefused { .. })), "{error:?}");
}

/// Passes a connection on and slips an IGNORE message in behind the server's first packet, as Terrapin does.
async fn tampering_wire_to(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut far = TcpStream::connect(server).await.unwrap();
        let (mut near_read, mut near_write) = near.split();
        let (mut far_read, mut far_write) = far.split();
        let tamper = async {
            let mut identification = Vec::new();
            while !identification.ends_with(b"\n") {
                identification.push(far_read.read_u8().await.unwrap());
            }
            near_write.write_all(&identification).await.unwrap();
            let length = far_read.read_u32().await.unwrap();
            let mut rest = vec![0; length as usize];
            far_read.read_exact(&mut rest).await.unwrap();
            near_write.write_u32(length).await.unwrap();
            near_write.write_all(&rest).await.unwrap();
            near_write.write_all(&packet(2, &[0, 0, 0, 0])).await.unwrap();
            let _ = tokio::io::copy(&mut far_read, &mut near_write).await;
        };
        tokio::join!(tamper, async { drop(tokio::io::copy(&mut near_read, &mut far_write).await) });
    });
    address
}

#[tokio::test]
async fn t5_a_packet_slipped_into_the_handshake_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let user_key = ed25519();
    let server = Behaviour::new(ed25519(), &[&user_key]).start().await;
    let mut bastion = bastion_at(tampering_wire_to(server.address).await, folder.path());
    bastion.host_key_policy = HostKeyPolicy::AcceptNew;
    write_key(&folder.path().join("id"), &user_key);
    let error = connect(bastion, &settings(), Person::nobody()).await.unwrap_err();
    assert!(matches!(&error, Error::Protocol { message, .. } if message.contains("strict")), "{error:?}");
}
