//! The facts of an opened way to a database, as far as a client needs them.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::target::{Address, Auth, Endpoint, SslMode};

/// An opened way to a database: where a client connects, as whom, and what it may trust.
#[derive(Debug, Clone)]
pub struct Access {
    /// Where the client connects: the listener of a tunnel (always a numeric loopback address, never `localhost`, which
    /// clients take for a unix socket), or the address itself on a direct route.
    pub connect: Address,
    /// Whether `connect` is a listener of ours; else the client dials the database itself. Some clients fall back to a
    /// connection in clear where a server offers no TLS ([`super::ClientCommand::insists_on_tls`]): behind a listener,
    /// whoever forwards must refuse such a server.
    pub is_tunnel: bool,
    /// The RDS name and port.
    pub endpoint: Endpoint,
    /// What is dialled from the bastion or directly.
    pub address: Address,
    /// Database user.
    pub user: String,
    /// Default database.
    pub database: Option<String>,
    /// Where the password comes from: a token is sent as it is, which a client must be told to allow.
    pub auth: Auth,
    /// How the certificate is to be verified. `REQUIRED` is for passwords only, which the caller has seen to.
    pub ssl_mode: SslMode,
    /// PEM file with every root that may have signed the endpoint's certificate. Must be readable when the client starts,
    /// and each time it connects again.
    pub ca_file: PathBuf,
    /// The certificate that the endpoint has just shown, verified by us. Given only where every later connection will be
    /// shown the same one: reader, custom and proxy endpoints lead to different servers.
    pub certificate: Option<CertificatePrints>,
    /// Where the option file will be when the client starts. The password is in it and nowhere else.
    pub option_file: PathBuf,
}

/// Fingerprints of a DER certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificatePrints {
    /// SHA-1, the only one that MariaDB's older library compares.
    pub sha1: [u8; 20],
    /// SHA-256.
    pub sha256: [u8; 32],
}

impl CertificatePrints {
    /// SHA-1 in upper-case hexadecimal digits.
    pub(super) fn sha1_digits(&self) -> String {
        digits(&self.sha1)
    }

    /// SHA-256 in upper-case hexadecimal digits.
    pub(super) fn sha256_digits(&self) -> String {
        digits(&self.sha256)
    }
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

impl Access {
    /// Whether the client itself is to check the name on the certificate: it must be asked for, and the name that the
    /// client connects to must be the one that the certificate bears. On a tunnel it never is.
    pub(super) fn verifies_name(&self) -> bool {
        let is_name = self.connect.host.eq_ignore_ascii_case(&self.endpoint.host);
        self.ssl_mode == SslMode::VerifyIdentity && !self.is_tunnel && is_name
    }

    /// Whether the client verifies the certificate at all.
    pub(super) fn verifies(&self) -> bool {
        self.ssl_mode != SslMode::Required
    }

    /// Whether the password is sent as it is, inside TLS that was verified. A person's password never is.
    pub(super) fn sends_token(&self) -> bool {
        self.auth == Auth::Iam && self.verifies()
    }
}
