//! The inspection against the lab's databases, honest and hostile. Threat T1: what is not proved stops here.

use std::io::Write as _;

use rdsconn_lab::certificates::Certificates;
use rdsconn_lab::hostile::{HostileDatabase, HostileOptions, Tls};
use tokio::net::TcpStream;

use super::*;
use crate::mysql::CertificateFault;

const NAME: &str = "orders.cluster-c9abc.us-east-1.rds.amazonaws.com";

async fn met(tls: Tls, ssl_mode: SslMode, trust_the_lab: bool) -> (Result<Certificate, Error>, Certificates) {
    let certificates = Certificates::new(NAME, &[]);
    let options = HostileOptions { tls, ..HostileOptions::default() };
    let database = HostileDatabase::start(options, &certificates).unwrap();
    let mut ca = tempfile::NamedTempFile::new().unwrap();
    ca.write_all(certificates.authority.pem().as_bytes()).unwrap();
    let stream = TcpStream::connect(database.address()).await.unwrap();
    let address = Address { host: "127.0.0.1".to_owned(), port: database.address().port() };
    let inspection = Inspection {
        endpoint: &Endpoint { host: NAME.to_owned(), port: 3306 },
        address: &address,
        certificate_name: NAME,
        user: Some("dba"),
        ssl_mode,
        ssl_ca: trust_the_lab.then(|| ca.path()),
        timeout: Duration::from_secs(30),
    };
    let seen = inspect(stream, &inspection).await;
    assert!(!database.record().contains(b"dba"), "the user was named");
    (seen, certificates)
}

#[tokio::test]
async fn t1_a_proven_endpoint_gives_the_prints_of_its_certificate() {
    for mode in [SslMode::VerifyIdentity, SslMode::VerifyCa] {
        let (seen, certificates) = met(Tls::Good, mode, true).await;
        let shown = certificates.server.chain().remove(0);
        let seen = seen.unwrap();
        assert_eq!(seen.sha256, digest(&SHA256, &shown));
        assert_eq!(seen.sha1, digest(&SHA1_FOR_LEGACY_USE_ONLY, &shown));
    }
}

#[tokio::test]
async fn t1_what_is_not_the_endpoint_is_told_apart() {
    type Expected = fn(&Error) -> bool;
    let certificate = |error: &Error| matches!(error, Error::Certificate { .. });
    let cases: [(Tls, SslMode, Expected); 8] = [
        (Tls::Absent, SslMode::VerifyIdentity, |error| matches!(error, Error::NoTls { .. })),
        (Tls::SelfSigned, SslMode::VerifyIdentity, certificate),
        (Tls::SelfSigned, SslMode::VerifyCa, certificate),
        (Tls::OtherAuthority, SslMode::VerifyCa, |error| {
            matches!(error, Error::Certificate { fault: CertificateFault::UnknownIssuer, .. })
        }),
        (Tls::WrongName, SslMode::VerifyIdentity, |error| {
            matches!(error, Error::Certificate { fault: CertificateFault::WrongName { .. }, .. })
        }),
        (Tls::Expired, SslMode::VerifyIdentity, certificate),
        (Tls::Expired, SslMode::VerifyCa, |error| {
            matches!(error, Error::Certificate { fault: CertificateFault::Expired, .. })
        }),
        (Tls::Garbage, SslMode::VerifyIdentity, |error| matches!(error, Error::Tls { .. })),
    ];
    for (tls, mode, expected) in cases {
        let error = met(tls, mode, true).await.0.unwrap_err();
        assert!(expected(&error), "{tls:?} {mode:?}: {error:?}");
    }
    let untrusted = met(Tls::Good, SslMode::VerifyIdentity, false).await.0.unwrap_err();
    assert!(certificate(&untrusted), "{untrusted:?}");
    // The chain is all that was asked for.
    assert!(met(Tls::WrongName, SslMode::VerifyCa, true).await.0.is_ok());
}

#[test]
fn first_packets_are_told_apart() {
    let greeting = |flags: u16| {
        let mut packet = b"\x0a8.0.36\0\x01\0\0\0abcdefgh\0".to_vec();
        packet.extend(flags.to_le_bytes());
        packet
    };
    let refusal =
        |state: &str| ServerFault { code: 1040, state: state.to_owned(), message: "Too many connections".to_owned() };
    for (packet, expected) in [
        (greeting(0x0800), Greeting::WithTls),
        (greeting(0xF7FF), Greeting::WithoutTls),
        (b"\xff\x10\x04Too many connections".to_vec(), Greeting::Refusal(refusal("HY000"))),
        (b"\xff\x10\x04#08004Too many connections".to_vec(), Greeting::Refusal(refusal("08004"))),
        (b"\x0a8.0.36\0\x01\0\0\0abc".to_vec(), Greeting::Unknown),
        (b"\x09".to_vec(), Greeting::Unknown),
        (b"SSH-2.0-OpenSSH".to_vec(), Greeting::Unknown),
        (Vec::new(), Greeting::Unknown),
    ] {
        assert_eq!(parse(&packet), expected, "{packet:?}");
    }
}
