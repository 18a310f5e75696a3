//! Proves what a stream leads to, without a login: greeting, TLS handshake, certificate. Nothing secret is sent.
//!
//! No client that is started on 127.0.0.1 can check the endpoint's name, so this is done for it on the same way to the database
//! just before. Protocol: "Connection Phase" and `SSLRequest` in the MySQL client/server documentation.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::TlsConnector;

use super::gate::{from_io, from_tls};
use super::{Error, ServerFault, trust};
use crate::target::{Address, Endpoint, SslMode};

/// A greeting is some 100 bytes, an error message at most 512.
const LONGEST_GREETING: usize = 4096;

const PROTOCOL_VERSION: u8 = 10;
const ERROR_PACKET: u8 = 0xFF;

// Capability flags of the protocol.
const CLIENT_PROTOCOL_41: u32 = 0x0200;
const CLIENT_SSL: u32 = 0x0800;
const CLIENT_SECURE_CONNECTION: u32 = 0x8000;
const CLIENT_PLUGIN_AUTH: u32 = 0x0008_0000;

/// `utf8mb4_general_ci`.
const CHARACTER_SET: u8 = 45;

/// What is to be proved, and of whom.
#[derive(Debug, Clone, Copy)]
pub struct Inspection<'a> {
    /// The database, for messages.
    pub endpoint: &'a Endpoint,
    /// What the stream was opened to, for messages.
    pub address: &'a Address,
    /// The name the certificate must bear: the endpoint's.
    pub certificate_name: &'a str,
    /// The database user, for messages, where it is known already.
    pub user: Option<&'a str>,
    /// How the certificate is verified.
    pub ssl_mode: SslMode,
    /// Roots to trust beside the compiled-in ones.
    pub ssl_ca: Option<&'a Path>,
    /// For greeting and handshake together.
    pub timeout: Duration,
}

/// The certificate that was shown: verified as far as was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-1 of its DER form, which older MariaDB clients pin.
    pub sha1: [u8; 20],
    /// SHA-256 of its DER form.
    pub sha256: [u8; 32],
}

/// Verifies the certificate shown on `stream` as a login would, and hangs up.
pub async fn inspect<S>(stream: S, inspection: &Inspection<'_>) -> Result<Certificate, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Read before anything is sent: a bad file is not the server's fault.
    let config = config(inspection)?;
    let seen = tokio::time::timeout(inspection.timeout, handshake(stream, inspection, config)).await;
    seen.unwrap_or_else(|_| {
        Err(Error::Timeout { endpoint: inspection.endpoint.clone(), seconds: inspection.timeout.as_secs() })
    })
}

async fn handshake<S>(mut stream: S, inspection: &Inspection<'_>, config: ClientConfig) -> Result<Certificate, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let endpoint = inspection.endpoint;
    let broken = |source| from_io(endpoint, inspection.address, source);
    let greeting = read_packet(&mut stream).await.map_err(broken)?;
    match parse(&greeting) {
        Greeting::WithTls => {}
        Greeting::WithoutTls => return Err(Error::NoTls { endpoint: endpoint.clone() }),
        Greeting::Refusal(fault) => {
            return Err(Error::Refused { endpoint: endpoint.clone(), user: inspection.user.map(str::to_owned), fault });
        }
        Greeting::Unknown => {
            let source = "the first packet is not a greeting".into();
            return Err(Error::Protocol { endpoint: endpoint.clone(), source });
        }
    }
    stream.write_all(&ssl_request()).await.map_err(broken)?;
    let name = ServerName::try_from(inspection.certificate_name.to_owned())
        .map_err(|source| Error::Tls { endpoint: endpoint.clone(), source: Box::new(source) })?;
    let mut tls = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(broken)?;
    let shown =
        tls.get_ref().1.peer_certificates().and_then(<[_]>::first).map(|shown| Certificate {
            sha1: digest(&SHA1_FOR_LEGACY_USE_ONLY, shown),
            sha256: digest(&SHA256, shown),
        });
    // Whether the goodbye arrives does not matter.
    let _ = tls.shutdown().await;
    shown.ok_or_else(|| from_tls(endpoint, rustls::Error::NoCertificatesPresented))
}

fn digest<const N: usize>(algorithm: &'static Algorithm, certificate: &CertificateDer<'_>) -> [u8; N] {
    let mut print = [0; N];
    // As long as the algorithm's output.
    print.copy_from_slice(aws_lc_rs::digest::digest(algorithm, certificate).as_ref());
    print
}

/// Whether the first bytes of a connection hold the server's whole first packet, or can hold none.
pub fn is_whole_greeting(bytes: &[u8]) -> bool {
    let Some(header) = bytes.first_chunk::<4>() else { return false };
    let length = payload_length(*header);
    length > LONGEST_GREETING || bytes.len() >= 4 + length
}

/// Why a client that would log in without TLS where none is offered must not see this first packet. An error in place of a
/// greeting is no reason: nobody logs in after that.
pub fn greeting_objection(bytes: &[u8]) -> Option<&'static str> {
    let payload = bytes.first_chunk::<4>().and_then(|header| bytes.get(4..4 + payload_length(*header)));
    match payload.map(parse) {
        Some(Greeting::WithTls | Greeting::Refusal(_)) => None,
        Some(Greeting::WithoutTls) => Some("the server offers no TLS, without which no token is sent"),
        Some(Greeting::Unknown) | None => Some("the server does not follow the MySQL protocol"),
    }
}

/// The length of the payload that follows a packet's header.
fn payload_length([low, middle, high, _sequence]: [u8; 4]) -> usize {
    u32::from_le_bytes([low, middle, high, 0]) as usize
}

/// One packet's payload.
async fn read_packet(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).await?;
    let length = payload_length(header);
    if length > LONGEST_GREETING {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            "the first packet is too long for a greeting",
        ));
    }
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await?;
    Ok(payload)
}

/// What a server's first packet says.
#[derive(Debug, PartialEq, Eq)]
enum Greeting {
    WithTls,
    WithoutTls,
    /// It does not want to talk: too many connections, a blocked host.
    Refusal(ServerFault),
    Unknown,
}

fn parse(payload: &[u8]) -> Greeting {
    match payload.split_first() {
        Some((&PROTOCOL_VERSION, rest)) => capabilities(rest).map_or(Greeting::Unknown, |capabilities| {
            if capabilities & CLIENT_SSL == 0 { Greeting::WithoutTls } else { Greeting::WithTls }
        }),
        Some((&ERROR_PACKET, [low, high, text @ ..])) => {
            // The state follows a '#', but servers leave it out before they know the client's capabilities.
            let (state, message) = match text {
                [b'#', state @ ..] if state.len() >= 5 => state.split_at(5),
                _ => (&b"HY000"[..], text),
            };
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            let code = u16::from_le_bytes([*low, *high]);
            Greeting::Refusal(ServerFault { code, state: text(state), message: text(message) })
        }
        _ => Greeting::Unknown,
    }
}

/// The lower half of the capability flags: behind the version, the thread's number, 8 bytes of challenge and a filler.
fn capabilities(greeting: &[u8]) -> Option<u32> {
    let version = greeting.iter().position(|byte| *byte == 0)?;
    let flags = greeting.get(version + 1 + 4 + 8 + 1..)?;
    Some(u32::from(u16::from_le_bytes([*flags.first()?, *flags.get(1)?])))
}

fn ssl_request() -> Vec<u8> {
    let flags = CLIENT_PROTOCOL_41 | CLIENT_SSL | CLIENT_SECURE_CONNECTION | CLIENT_PLUGIN_AUTH;
    let mut packet = vec![32, 0, 0, 1];
    packet.extend(flags.to_le_bytes());
    packet.extend((1_u32 << 24).to_le_bytes());
    packet.push(CHARACTER_SET);
    packet.resize(4 + 32, 0);
    packet
}

fn config(inspection: &Inspection<'_>) -> Result<ClientConfig, Error> {
    let endpoint = inspection.endpoint;
    let tls = |source: Box<dyn std::error::Error + Send + Sync>| Error::Tls { endpoint: endpoint.clone(), source };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&trust::roots(inspection.ssl_ca)?) {
        let certificate = certificate.map_err(|error| tls(error.to_string().into()))?;
        roots.add(certificate).map_err(|error| tls(Box::new(error)))?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| tls(Box::new(error)))?;
    let verifier: Arc<dyn ServerCertVerifier> = match inspection.ssl_mode {
        SslMode::VerifyIdentity => verifier,
        SslMode::VerifyCa => Arc::new(Partly { verifier, verifies_chain: true }),
        SslMode::Required => Arc::new(Partly { verifier, verifies_chain: false }),
    };
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| tls(Box::new(error)))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Verifies everything but the name, `VERIFY_CA`; or nothing but that the server has the certificate's key, `REQUIRED`.
#[derive(Debug)]
struct Partly {
    verifier: Arc<WebPkiServerVerifier>,
    verifies_chain: bool,
}

impl ServerCertVerifier for Partly {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if !self.verifies_chain {
            return Ok(ServerCertVerified::assertion());
        }
        // The name is looked at last, so all else was good.
        match self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests;
