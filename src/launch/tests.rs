//! What each client gets, in tables, and what real clients make of it where they are installed.

use std::path::PathBuf;

use super::*;
use crate::target::{Address, Auth, Endpoint, SslMode};

const HOST: &str = "orders.cluster-c9abc.us-east-1.rds.amazonaws.com";

/// A tunnel to a cluster whose certificate was verified.
pub(super) fn access() -> Access {
    Access {
        connect: Address { host: "127.0.0.1".into(), port: 40001 },
        is_tunnel: true,
        endpoint: Endpoint { host: HOST.into(), port: 3306 },
        address: Address { host: HOST.into(), port: 3306 },
        user: "dba".into(),
        database: Some("shop".into()),
        auth: Auth::Iam,
        ssl_mode: SslMode::VerifyIdentity,
        ca_file: PathBuf::from("/run/user/1/rdsconn/a/ca.pem"),
        certificate: Some(CertificatePrints { sha1: [0x1a; 20], sha256: [0x2b; 32] }),
        option_file: PathBuf::from("/run/user/1/rdsconn/a/option"),
    }
}
