//! What the tests share: a database, a signer, and the driver's options as rdsconn sets them.

use std::time::SystemTime;

use mysql_async::{Conn, Error, Opts, OptsBuilder, SslOpts};
use rdsconn_lab::certificates::Certificates;
use rdsconn_lab::embedded::{Account, Database, DatabaseOptions, SAMPLE};
use rdsconn_lab::verifier::{AccessKey, LONGEST_LIFE, Verifier};

pub(crate) const ENDPOINT: &str = "orders.cluster-c9abc.us-east-1.rds.amazonaws.com";

/// An embedded database with a signer of tokens for it.
pub(crate) struct Rig {
    pub(crate) certificates: Certificates,
    pub(crate) key: AccessKey,
    pub(crate) verifier: Verifier,
    pub(crate) database: Database,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut DatabaseOptions)) -> Self {
        let certificates = Certificates::new(ENDPOINT, &[]);
        let key = AccessKey { id: "ASIALAB".into(), secret: "secret".into(), session_token: Some("s".repeat(900)) };
        let verifier = Verifier::new(ENDPOINT, 3306, "us-east-1", vec![key.clone()]);
        let mut options = DatabaseOptions::new(&certificates.server, verifier.clone());
        options.accounts.push(Account::password("plain", "p'w"));
        change(&mut options);
        let database = Database::start(options).unwrap();
        database.load(SAMPLE).unwrap();
        Self { certificates, key, verifier, database }
    }

    pub(crate) fn token(&self, user: &str) -> String {
        self.verifier.sign(&self.key, user, SystemTime::now(), LONGEST_LIFE)
    }

    pub(crate) fn options(&self, user: &str, password: &str) -> OptsBuilder {
        options(&self.certificates, self.database.address().port(), user, password).db_name(Some("orders"))
    }

    pub(crate) async fn log_in(&self, user: &str) -> Conn {
        Conn::new(Opts::from(self.options(user, &self.token(user)))).await.unwrap()
    }
}

/// The driver as rdsconn uses it, dialling loopback and verifying the endpoint.
pub(crate) fn options(certificates: &Certificates, port: u16, user: &str, password: &str) -> OptsBuilder {
    let ca = certificates.authority.pem().as_bytes().to_vec();
    let tls = SslOpts::default()
        .with_root_certs(vec![ca.into()])
        .with_disable_built_in_roots(true)
        .with_danger_tls_hostname_override(Some(ENDPOINT));
    OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(port)
        .user(Some(user))
        .pass(Some(password))
        .ssl_opts(tls)
        .enable_cleartext_plugin(true)
        .prefer_socket(false)
        .max_allowed_packet(Some(64 << 20))
        .wait_timeout(Some(28_800))
}

/// The number and state of the error that the server refused a login with.
pub(crate) fn server_error(result: Result<Conn, Error>) -> (u16, String) {
    match result {
        Err(Error::Server(error)) => (error.code, error.state),
        Err(other) => panic!("not a server's error: {other:?}"),
        Ok(_) => panic!("logged in"),
    }
}
