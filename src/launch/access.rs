//! The facts of an opened way to a database, as far as a client needs them.

use std::path::PathBuf;

use crate::target::{Address, Endpoint, SslMode};

/// An opened way to a database: where a client connects, as whom, and what it may trust.
#[derive(Debug, Clone)]
pub struct Access {
    /// Where the client connects: the listener of a tunnel (always a numeric loopback address, never `localhost`, which
    /// clients take for a unix socket), or the address itself on a direct route.
    pub connect: Address,
    /// Whether `connect` is a listener of ours; else the client dials the database itself.
    pub is_tunnel: bool,
    /// The RDS name and port.
    pub endpoint: Endpoint,
    /// What is dialled from the bastion or directly.
    pub address: Address,
    /// Database user.
    pub user: String,
    /// Default database.
    pub database: Option<String>,
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
    /// SHA-1, the only one that older clients can pin.
    pub sha1: [u8; 20],
    /// SHA-256.
    pub sha256: [u8; 32],
}

impl Access {
    /// Whether the name that the client connects to is the one that the certificate bears, so that the client itself can
    /// check it. On a tunnel it never is.
    pub(super) fn shows_the_name(&self) -> bool {
        !self.is_tunnel && self.connect.host.eq_ignore_ascii_case(&self.endpoint.host)
    }
}
