//! A small MySQL client that blocks, for programs of the lab that log in themselves: TLS first, then a password or a token,
//! then text queries. It checks what its caller says it checks, and refuses what its caller says it refuses.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls::{Error as TlsError, StreamOwned};

use crate::embedded::native_answer;
use crate::packets::{Greeting, Login, Packets, capability, tls_request, values};

const CLEAR: &str = "mysql_clear_password";
const NATIVE: &str = "mysql_native_password";
/// `max_allowed_packet` of a client.
const LIMIT: usize = 64 << 20;

/// What is demanded of the connection before the login, in the words of `--ssl-mode`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// `DISABLED`.
    Disabled,
    /// `REQUIRED`: encrypted, with anybody.
    Required,
    /// `VERIFY_CA`: somebody whose certificate these roots (PEM) vouch for.
    VerifyCa(Vec<u8>),
    /// `VERIFY_IDENTITY`: the host that was dialled.
    VerifyIdentity(Vec<u8>),
}

/// Where to log in, and how.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The account.
    pub user: String,
    /// Password or token.
    pub password: String,
    /// The database to start in.
    pub database: Option<String>,
    /// What TLS must prove.
    pub tls: Tls,
    /// Whether the password may be sent as it is, when the server asks for that.
    pub cleartext: bool,
}

/// Why there is no session, or no answer.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// The server said no.
    #[error("ERROR {code} ({state}): {message}")]
    Server {
        /// MySQL's number.
        code: u16,
        /// The SQL state.
        state: String,
        /// The server's words.
        message: String,
    },
    /// The server asks for the password as it is, which was not allowed.
    #[error("ERROR 2059 (HY000): Authentication plugin 'mysql_clear_password' cannot be loaded: plugin not enabled")]
    CleartextNotEnabled,
    /// The server offers no TLS, or not what is demanded of it.
    #[error("ERROR 2026 (HY000): SSL connection error: {0}")]
    Tls(String),
    /// Not what a server says, or nothing any more.
    #[error("ERROR 2013 (HY000): Lost connection to MySQL server: {0}")]
    Io(#[from] io::Error),
}

/// One result: rows with headings, or just a count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The headings; empty where the statement has no rows.
    pub columns: Vec<String>,
    /// Rows; `None` is NULL.
    pub rows: Vec<Vec<Option<Vec<u8>>>>,
}

/// A connection that is logged in.
pub struct Session {
    packets: Packets<Channel>,
}

impl Session {
    /// Connects and logs in.
    ///
    /// # Errors
    /// See [`DriverError`].
    pub fn log_in(to: &Destination) -> Result<Self, DriverError> {
        let socket = TcpStream::connect((to.host.as_str(), to.port))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(Duration::from_mins(1)))?;
        let mut packets = Packets::new(Channel::Clear(socket));
        let first = read(&mut packets)?;
        let greeting = Greeting::decode(&first).ok_or_else(|| nonsense("no greeting"))?;
        // Without DEPRECATE_EOF: the older way of ending rows is spoken by every server.
        let capabilities = capability::PROTOCOL_41
            | capability::SECURE_CONNECTION
            | capability::PLUGIN_AUTH
            | capability::PLUGIN_AUTH_LENENC_DATA
            | capability::MULTI_STATEMENTS
            | 1 << 17;
        let mut flags = capabilities & greeting.capabilities;
        if to.database.is_some() {
            // MariaDB takes the flags of the first packet, the request for TLS, and not those of the login.
            flags |= capability::CONNECT_WITH_DB;
        }
        if to.tls != Tls::Disabled {
            if greeting.capabilities & capability::SSL == 0 {
                return Err(DriverError::Tls("SSL is required but the server doesn't support it".to_owned()));
            }
            flags |= capability::SSL;
            packets.send(&tls_request(flags))?;
            let (channel, sequence) = packets.into_parts();
            packets = Packets::resume(channel.secure(to)?, sequence);
        }
        let login = Login {
            capabilities: flags,
            user: to.user.clone(),
            answer: native_answer(&to.password, &greeting.scramble),
            database: to.database.clone(),
            plugin: Some(NATIVE.to_owned()),
            attributes: Vec::new(),
        };
        packets.send(&login.encode())?;
        let mut session = Self { packets };
        session.authenticate(to)?;
        Ok(session)
    }

    fn authenticate(&mut self, to: &Destination) -> Result<(), DriverError> {
        loop {
            let said = read(&mut self.packets)?;
            match said.first() {
                Some(0x00) => return Ok(()),
                Some(0xfe) => {
                    let rest = said.get(1..).unwrap_or_default();
                    let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
                    let plugin = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
                    let challenge = rest.get(end + 1..).unwrap_or_default();
                    let challenge = challenge.strip_suffix(&[0]).unwrap_or(challenge);
                    let answer = match plugin.as_str() {
                        CLEAR if !to.cleartext => return Err(DriverError::CleartextNotEnabled),
                        CLEAR => [to.password.as_bytes(), &[0]].concat(),
                        NATIVE => native_answer(&to.password, challenge),
                        other => return Err(nonsense(&format!("the plugin {other} is not known here"))),
                    };
                    self.packets.send(&answer)?;
                }
                _ => return Err(nonsense("neither yes nor no to a login")),
            }
        }
    }

    /// Runs SQL; one answer for each statement in it.
    ///
    /// # Errors
    /// The server's, for the first statement that fails; else see [`DriverError`].
    pub fn query(&mut self, sql: &str) -> Result<Vec<Answer>, DriverError> {
        self.packets.reset_sequence();
        self.packets.send(&[&[3], sql.as_bytes()].concat())?;
        let mut answers = Vec::new();
        loop {
            let (answer, more) = self.answer()?;
            answers.push(answer);
            if !more {
                return Ok(answers);
            }
        }
    }

    fn answer(&mut self) -> Result<(Answer, bool), DriverError> {
        const MORE: u16 = crate::packets::STATUS_MORE_RESULTS;
        let mut answer = Answer::default();
        let first = read(&mut self.packets)?;
        if first.first() == Some(&0) {
            // An OK packet: two counts, then the status.
            let rest = first.get(1..).unwrap_or_default();
            let skip = |bytes: &[u8]| match bytes.first() {
                Some(0xfc) => 3,
                Some(0xfd) => 4,
                Some(0xfe) => 9,
                _ => 1,
            };
            let at = skip(rest);
            let at = at + skip(rest.get(at..).unwrap_or_default());
            let status = rest.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_le_bytes);
            return Ok((answer, status & MORE != 0));
        }
        loop {
            let packet = read(&mut self.packets)?;
            if is_end(&packet) {
                break;
            }
            // Catalogue, database, table, its original, the name.
            let name = values(&packet).into_iter().nth(4).flatten().unwrap_or_default();
            answer.columns.push(String::from_utf8_lossy(&name).into_owned());
        }
        loop {
            let packet = read(&mut self.packets)?;
            if is_end(&packet) {
                let status = packet.get(3..5).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_le_bytes);
                return Ok((answer, status & MORE != 0));
            }
            answer.rows.push(values(&packet));
        }
    }
}

/// An EOF packet, and not a row that begins with a very long value.
fn is_end(packet: &[u8]) -> bool {
    packet.first() == Some(&0xfe) && packet.len() < 9
}

/// The next packet, unless it is an error.
fn read(packets: &mut Packets<Channel>) -> Result<Vec<u8>, DriverError> {
    let packet = packets.read(LIMIT)?.ok_or(io::ErrorKind::UnexpectedEof).map_err(io::Error::from)?;
    let Some((0xff, rest)) = packet.split_first() else { return Ok(packet) };
    let (code, rest) = rest.split_at_checked(2).ok_or_else(|| nonsense("half an error"))?;
    let code = code.try_into().map_or(0, u16::from_le_bytes);
    let (state, message) =
        match rest.split_first().and_then(|(mark, rest)| rest.split_at_checked(5).filter(|_| *mark == b'#')) {
            Some((state, message)) => (String::from_utf8_lossy(state).into_owned(), message),
            None => ("HY000".to_owned(), rest),
        };
    Err(DriverError::Server { code, state, message: String::from_utf8_lossy(message).into_owned() })
}

fn nonsense(what: &str) -> DriverError {
    DriverError::Io(io::Error::new(io::ErrorKind::InvalidData, what))
}

enum Channel {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Channel {
    fn secure(self, to: &Destination) -> Result<Self, DriverError> {
        let Self::Clear(mut socket) = self else { return Err(nonsense("encrypted already")) };
        let tls = |error: TlsError| DriverError::Tls(error.to_string());
        let name = ServerName::try_from(to.host.clone()).map_err(|error| DriverError::Tls(error.to_string()))?;
        let mut connection = ClientConnection::new(Arc::new(configuration(&to.tls)?), name).map_err(tls)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket).map_err(|error| DriverError::Tls(error.to_string()))?;
        }
        Ok(Self::Tls(Box::new(StreamOwned::new(connection, socket))))
    }
}

impl Read for Channel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Channel {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.write(buffer),
            Self::Tls(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Clear(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

fn configuration(demand: &Tls) -> Result<ClientConfig, DriverError> {
    let tls = |error: &dyn std::fmt::Display| DriverError::Tls(error.to_string());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    let (Tls::VerifyCa(pem) | Tls::VerifyIdentity(pem)) = demand else {
        return finish(provider, Arc::new(Lenient { inner: None }));
    };
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(|error| tls(&error))?).map_err(|error| tls(&error))?;
    }
    let strict = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let strict = strict.build().map_err(|error| tls(&error))?;
    match demand {
        Tls::VerifyCa(_) => finish(provider, Arc::new(Lenient { inner: Some(strict) })),
        _ => finish(provider, strict),
    }
}

fn finish(
    provider: Arc<rustls::crypto::CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, DriverError> {
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| DriverError::Tls(error.to_string()))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// What MySQL's clients do below `VERIFY_IDENTITY`: the chain, if there are roots, and never the name.
#[derive(Debug)]
struct Lenient {
    inner: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(inner) = &self.inner else { return Ok(ServerCertVerified::assertion()) };
        match inner.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            // The name is looked at last, when everything else was good.
            Err(TlsError::InvalidCertificate(
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
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
