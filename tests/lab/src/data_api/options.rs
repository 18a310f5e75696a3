//! What a Data API server is: its cluster, secrets, keys and limits, and the database behind it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::real::{MASTER_PASSWORD, MASTER_USER, REGION, session_key, static_key};
use crate::verifier::{AccessKey, Clock};

/// The cluster of every server that is not told otherwise.
pub const CLUSTER_ARN: &str = "arn:aws:rds:us-east-1:111122223333:cluster:orders";
/// The cluster's managed master secret, in the shape that RDS gives it.
pub const SECRET_ARN: &str =
    "arn:aws:secretsmanager:us-east-1:111122223333:secret:rds!cluster-1b2c3d4e-5f60-4718-92a3-b4c5d6e7f809-AbCdEf";
/// A secret made by hand, in the wider shape of the console, for the user `app`.
pub const OTHER_SECRET_ARN: &str = "arn:aws:secretsmanager:us-east-1:111122223333:secret:orders/app-GhIjKl";

/// A secret that the service can read.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Its whole ARN.
    pub arn: String,
    /// What it holds; the service wants JSON with `username` and `password`.
    pub text: String,
}

/// Leaves the text out: a failing test must not print it.
impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Secret").field("arn", &self.arn).finish_non_exhaustive()
    }
}

impl Secret {
    /// What RDS keeps in a managed master secret.
    pub fn managed(arn: &str, user: &str, password: &str) -> Self {
        let text = serde_json::json!({"username": user, "password": password}).to_string();
        Self { arn: arn.to_owned(), text }
    }

    /// What the console makes for a login to RDS, and a rotation function rewrites.
    pub fn of_console(arn: &str, user: &str, password: &str) -> Self {
        let text = serde_json::json!({
            "username": user, "password": password, "engine": "mysql", "host": crate::real::ENDPOINT, "port": 3306,
            "dbClusterIdentifier": "orders"
        });
        Self { arn: arn.to_owned(), text: text.to_string() }
    }
}

/// The database that runs the statements, on loopback and over TLS.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    /// The name in its certificate.
    pub server_name: String,
    /// Who vouches for that, in PEM.
    pub ca: Vec<u8>,
    /// It can prepare statements; else values are written into them.
    pub prepares: bool,
}

/// Where the service gives up.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of values in one response; 1 MiB.
    pub response: usize,
    /// Bytes of values in one row; 64 KiB.
    pub row: usize,
    /// Bytes of one request; 4 MiB.
    pub request: usize,
    /// How long a call takes before it is answered with a timeout; 45 s.
    pub call: Duration,
    /// How long a transaction may do nothing; 3 minutes.
    pub transaction_idle: Duration,
    /// How long a transaction may last; 24 hours.
    pub transaction_life: Duration,
    /// How far a signer's clock may be off; 5 minutes.
    pub clock: Duration,
}

/// How dates with a time are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temporal {
    /// As the server sends them: `2026-01-02 03:04:05`, `2026-01-02 03:04:05.500000`.
    Plain,
    /// As Java prints a timestamp: `2026-01-02 03:04:05.0`, `2026-01-02 03:04:05.5`; and metadata without their scale.
    Jdbc,
}

/// What the documents leave open about values. The service can be any of these, and a client is right on all of them.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
pub struct Rendering {
    /// Dates with a time.
    pub temporal: Temporal,
    /// `TINYINT(1)` is a boolean whose type is called BIT, as with `tinyInt1isBit` of the JDBC drivers.
    pub tiny_as_boolean: bool,
    /// YEAR is a date, the first of January, as with `yearIsDateType` of MySQL's JDBC driver.
    pub year_as_date: bool,
    /// FLOAT is widened bit by bit, 0.1 to 0.10000000149011612, and not by its digits.
    pub widen_floats: bool,
    /// A small DECIMAL is `-1E-10`, as `BigDecimal.toString` has it.
    pub decimal_exponents: bool,
    /// An `UPDATE` counts the rows it found, and not those it changed.
    pub found_rows: bool,
    /// What is too large is a `BadRequestException`, as Serverless v1 said it; else an `UnsupportedResultException`.
    pub size_is_bad_request: bool,
}

impl Rendering {
    /// As Java's drivers have it, in everything that could spoil a value.
    pub fn jdbc() -> Self {
        Self {
            temporal: Temporal::Jdbc,
            tiny_as_boolean: true,
            year_as_date: true,
            widen_floats: true,
            decimal_exponents: true,
            found_rows: true,
            size_is_bad_request: true,
        }
    }

    /// As the database itself has it.
    pub fn plain() -> Self {
        Self {
            temporal: Temporal::Plain,
            tiny_as_boolean: false,
            year_as_date: false,
            widen_floats: false,
            decimal_exponents: false,
            found_rows: true,
            size_is_bad_request: false,
        }
    }
}

/// What kind of server to be.
#[derive(Clone)]
pub struct DataApiOptions {
    /// The one cluster it knows.
    pub cluster_arn: String,
    /// Its HTTP endpoint is enabled.
    pub http_endpoint: bool,
    /// Its region, for which requests are signed.
    pub region: String,
    /// The secrets that can be read.
    pub secrets: Vec<Secret>,
    /// Who may call it.
    pub keys: Vec<AccessKey>,
    /// The database.
    pub upstream: Upstream,
    /// Where it gives up.
    pub limits: Limits,
    /// How values are written.
    pub rendering: Rendering,
    /// Its clock, which is in the `Date` of its answers too.
    pub now: Clock,
}

impl DataApiOptions {
    /// The service with the real limits and the lab's keys, on this database.
    pub fn new(upstream: Upstream) -> Self {
        Self {
            cluster_arn: CLUSTER_ARN.to_owned(),
            http_endpoint: true,
            region: REGION.to_owned(),
            secrets: vec![
                Secret::managed(SECRET_ARN, MASTER_USER, MASTER_PASSWORD),
                Secret::of_console(OTHER_SECRET_ARN, "app", crate::real::APP_PASSWORD),
            ],
            keys: vec![static_key(), session_key()],
            upstream,
            limits: Limits {
                response: 1 << 20,
                row: 64 << 10,
                request: 4 << 20,
                call: Duration::from_secs(45),
                transaction_idle: Duration::from_mins(3),
                transaction_life: Duration::from_hours(24),
                clock: Duration::from_mins(5),
            },
            rendering: Rendering::plain(),
            now: Arc::new(SystemTime::now),
        }
    }

    /// Puts the server's clock ahead of everybody else's.
    pub fn set_clock_ahead(&mut self, by: Duration) {
        self.now = Arc::new(move || SystemTime::now() + by);
    }

    /// Puts the server's clock behind everybody else's.
    pub fn set_clock_behind(&mut self, by: Duration) {
        self.now = Arc::new(move || SystemTime::now() - by);
    }
}
