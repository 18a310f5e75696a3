//! The login gate: the one place where a token or a password is handed to the driver.
//!
//! A token or a password goes out only over TLS whose certificate was verified for the endpoint. This holds by construction:
//! the driver's options are built here and nowhere else, TLS is always demanded, and the cleartext plugin is switched on only
//! where the certificate is verified. A server without TLS is refused by the driver before it is told anything.
//!
//! The one exception is asked for by name: `ssl_mode = "REQUIRED"`, which [`crate::target::Layers`] allows with
//! `auth = "password"` alone. There the certificate is not looked at, and whoever answers may learn what was typed:
//!
//! | plugin | `VERIFY_IDENTITY`, `VERIFY_CA` | `REQUIRED` |
//! |---|---|---|
//! | `mysql_native_password`, `client_ed25519` | a scramble | a scramble, for whoever answers |
//! | `caching_sha2_password` | a scramble; the password itself, inside TLS, when the server has not cached it | the same, for whoever answers |
//! | `mysql_clear_password` | the password itself, inside TLS | never |
//!
//! The password encrypted with a key that the server sends (RSA), which `caching_sha2_password` has for connections in clear,
//! never comes about: the driver takes that way only without TLS.
//!
//! Measured traps that are closed here: the driver sends the token in clear when the cleartext plugin is on without TLS; with
//! its default `prefer_socket` it asks the *server* for a socket path and logs in to that path on *this* machine, without TLS.

use std::io;
use std::time::Duration;

use mysql_async::{Conn, DriverError, IoError, Opts, OptsBuilder, SslOpts, TlsError};
use rustls::CertificateError;
use secrecy::ExposeSecret;

use super::{CertificateFault, Error, ServerFault, Session, trust};
use crate::backend::{Executor, Login};
use crate::target::{Address, Endpoint, SslMode};

/// The longest statement and the longest row: the default of servers, four times that of `mysql`, and a bound on what a server
/// can make this program hold. Given to the driver so that it does not spend a round trip on asking.
pub(super) const MAX_ALLOWED_PACKET: usize = 65 << 20;

/// The server's default, in seconds. The driver uses it for pools only; given so that it does not ask.
const WAIT_TIMEOUT: usize = 28_800;

/// `ER_ACCESS_DENIED_ERROR`.
const ACCESS_DENIED: u16 = 1045;

/// After this much silence the kernel probes the connection.
const TCP_KEEPALIVE: Duration = Duration::from_secs(10);

/// Logs in to MySQL and MariaDB servers over verified TLS.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gate {
    /// How long a server may be silent while a statement runs; `None` for ever, as `mysql` does.
    pub read_timeout: Option<Duration>,
}

impl Executor for Gate {
    type Error = Error;
    type Session = Session;

    fn is_access_denied(error: &Error) -> bool {
        matches!(error, Error::Refused { fault, .. } if fault.code == ACCESS_DENIED)
    }

    async fn login(&self, login: Login<'_>) -> Result<Session, Error> {
        let options = options(&login)?;
        let Ok(outcome) = tokio::time::timeout(login.timeout, Conn::new(options)).await else {
            return Err(Error::Timeout { endpoint: login.endpoint.clone(), seconds: login.timeout.as_secs() });
        };
        let connection = outcome.map_err(|error| classify(&login, error))?;
        Ok(Session::new(connection, self.read_timeout))
    }
}

fn options(login: &Login<'_>) -> Result<Opts, Error> {
    let tls = SslOpts::default()
        .with_root_certs(vec![trust::roots(login.ssl_ca.as_deref())?.into()])
        .with_disable_built_in_roots(true)
        .with_danger_tls_hostname_override(Some(login.certificate_name.to_owned()));
    let (tls, cleartext) = match login.ssl_mode {
        // The driver's own switch for "chain only" has no effect with its TLS library; whoever opens a target in that mode
        // learns the certificate's name from the first refusal and asks for that name.
        SslMode::VerifyIdentity | SslMode::VerifyCa => (tls, true),
        // Encrypted to whoever answers: enough for a scrambled password, never for one in clear.
        SslMode::Required => (tls.with_danger_accept_invalid_certs(true), false),
    };
    Ok(OptsBuilder::default()
        .ip_or_hostname(login.dial.host.clone())
        .tcp_port(login.dial.port)
        .user(Some(login.user))
        .pass(Some(login.password.expose_secret()))
        .db_name(login.database)
        .ssl_opts(tls)
        .enable_cleartext_plugin(cleartext)
        .prefer_socket(false)
        .tcp_keepalive(Some(TCP_KEEPALIVE))
        .tcp_nodelay(true)
        .max_allowed_packet(Some(MAX_ALLOWED_PACKET))
        .wait_timeout(Some(WAIT_TIMEOUT))
        .into())
}

/// Tells the driver's errors before and during login apart.
fn classify(login: &Login<'_>, error: mysql_async::Error) -> Error {
    let endpoint = login.endpoint.clone();
    match error {
        mysql_async::Error::Server(fault) => {
            Error::Refused { endpoint, user: Some(login.user.to_owned()), fault: ServerFault::from(fault) }
        }
        mysql_async::Error::Driver(DriverError::NoClientSslFlagFromServer) => Error::NoTls { endpoint },
        mysql_async::Error::Io(IoError::Io(source)) => from_io(login.endpoint, &login.dial, source),
        mysql_async::Error::Io(IoError::Tls(TlsError::Tls(source))) => from_tls(login.endpoint, source),
        mysql_async::Error::Io(IoError::Tls(source)) => Error::Tls { endpoint, source: Box::new(source) },
        mysql_async::Error::Driver(DriverError::CleartextPluginDisabled) => Error::WantsClear { endpoint },
        mysql_async::Error::Driver(
            source @ (DriverError::UnknownAuthPlugin { .. } | DriverError::MysqlOldPasswordDisabled),
        ) => Error::Plugin { endpoint, source: Box::new(source) },
        other => Error::Protocol { endpoint, source: Box::new(other) },
    }
}

pub(super) fn from_io(endpoint: &Endpoint, dialled: &Address, source: io::Error) -> Error {
    if let Some(tls) = source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return from_tls(endpoint, tls.clone());
    }
    // What the system reports has no inner error, or a text of its own; what the driver's parser reports is of these kinds.
    if matches!(source.kind(), io::ErrorKind::Other | io::ErrorKind::InvalidData) {
        return Error::Protocol { endpoint: endpoint.clone(), source: Box::new(source) };
    }
    Error::Unreachable { address: dialled.clone(), source }
}

pub(super) fn from_tls(endpoint: &Endpoint, source: rustls::Error) -> Error {
    let endpoint = endpoint.clone();
    let rustls::Error::InvalidCertificate(reason) = &source else {
        return Error::Tls { endpoint, source: Box::new(source) };
    };
    let fault = match reason {
        CertificateError::UnknownIssuer => CertificateFault::UnknownIssuer,
        CertificateError::NotValidForName => CertificateFault::WrongName { presented: Vec::new() },
        CertificateError::NotValidForNameContext { presented, .. } => {
            CertificateFault::WrongName { presented: presented.iter().map(|name| bare(name)).collect() }
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => CertificateFault::NotYetValid,
        _ => CertificateFault::Other,
    };
    Error::Certificate { endpoint, fault, source }
}

/// The TLS library gives names in the form `DnsName("…")`.
fn bare(name: &str) -> String {
    name.strip_prefix("DnsName(\"").and_then(|name| name.strip_suffix("\")")).unwrap_or(name).to_owned()
}

impl From<mysql_async::ServerError> for ServerFault {
    fn from(error: mysql_async::ServerError) -> Self {
        Self { code: error.code, state: error.state, message: error.message }
    }
}
