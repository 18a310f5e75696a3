//! The RDS Data API over plain HTTP on loopback: SQL in, rows out, on the lab's databases.
//!
//! It checks what the service checks (signature, clock, ARNs, the secret, which logs in for real), has the service's limits
//! and its errors, and can be told to fail as the service and the network fail. It keeps a list of the requests it saw.
//!
//! Sources: the API reference "RDS Data API", "Using RDS Data API" of the Aurora User Guide, the shapes in
//! aws-sdk-rdsdata, and texts of errors that users have reported in public. Nothing was compared with the real service.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::certificates::Certificates;
use crate::embedded;
use crate::real::{ENDPOINT, RealLab};
use crate::wire::lock;

pub use faults::{Fault, Injection};
pub use journal::{Operation, Seen};
pub use options::{
    CLUSTER_ARN, DataApiOptions, Limits, OTHER_SECRET_ARN, Rendering, SECRET_ARN, Secret, Temporal, Upstream,
};

use journal::Journal;

mod columns;
mod connection;
mod errors;
mod faults;
mod fields;
mod http;
mod journal;
mod options;
mod parameters;
mod requests;
mod service;
mod signature;
mod statements;
mod transactions;

/// What the server's tasks share.
struct Shared {
    options: Mutex<DataApiOptions>,
    faults: Mutex<Vec<Injection>>,
    journal: Journal,
    transactions: transactions::Transactions,
    connections: connection::Connections,
    address: SocketAddr,
}

impl Shared {
    fn options(&self) -> DataApiOptions {
        lock(&self.options).clone()
    }
}

/// A running server; dropping it ends every connection, and every transaction with a rollback.
pub struct DataApi {
    shared: Arc<Shared>,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl DataApi {
    /// Starts a server on a free port of loopback.
    ///
    /// # Errors
    /// When no port or thread can be had.
    pub fn start(options: DataApiOptions) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let shared = Arc::new(Shared {
            options: Mutex::new(options),
            faults: Mutex::default(),
            journal: Journal::default(),
            transactions: transactions::Transactions::default(),
            connections: connection::Connections::default(),
            address: listener.local_addr()?,
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let stop = Arc::new(Notify::new());
        let (of_thread, stopped) = (Arc::clone(&shared), Arc::clone(&stop));
        let thread = std::thread::Builder::new().name("data-api".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = stopped.notified() => (),
                    () = http::accept(listener, &of_thread) => (),
                }
            });
            of_thread.transactions.clear();
            of_thread.connections.clear();
            runtime.shutdown_timeout(Duration::from_secs(5));
        })?;
        Ok(Self { shared, stop, thread: Some(thread) })
    }

    /// A server on the embedded database, with [`CLUSTER_ARN`], and the login of its master user in [`SECRET_ARN`].
    ///
    /// # Panics
    /// When no port can be had.
    pub fn on_embedded(database: &embedded::Database, certificates: &Certificates) -> Self {
        let upstream = Upstream {
            port: database.address().port(),
            server_name: ENDPOINT.to_owned(),
            ca: certificates.authority.pem().into(),
            prepares: false,
        };
        Self::start(DataApiOptions::new(upstream)).expect("a Data API server")
    }

    /// The same on the real lab's MariaDB.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn on_real(lab: &RealLab) -> Self {
        let upstream = Upstream {
            port: lab.database().port(),
            server_name: ENDPOINT.to_owned(),
            ca: lab.certificates().authority.pem().into(),
            prepares: true,
        };
        Self::start(DataApiOptions::new(upstream)).expect("a Data API server")
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// What clients are given as `AWS_ENDPOINT_URL_RDS_DATA`.
    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// Changes what the server is, for requests from now on: its clock, its secrets, its limits.
    pub fn change(&self, change: impl FnOnce(&mut DataApiOptions)) {
        change(&mut lock(&self.shared.options));
    }

    /// Lets requests fail. Injections are looked at in the order in which they were made.
    pub fn inject(&self, injection: impl Into<Injection>) {
        lock(&self.shared.faults).push(injection.into());
    }

    /// Takes back every fault that has not happened yet.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// Every request so far, in the order in which they arrived.
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.journal.all()
    }

    /// How often an operation was asked for.
    pub fn count(&self, operation: Operation) -> usize {
        self.shared.journal.all().iter().filter(|seen| seen.operation == Some(operation)).count()
    }

    /// The statements of all `Execute` requests, in order.
    pub fn statements(&self) -> Vec<String> {
        self.shared.journal.all().into_iter().filter_map(|seen| seen.sql).collect()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.shared.journal.clear();
    }

    /// How many TCP connections were accepted.
    pub fn connections(&self) -> usize {
        self.shared.journal.connections()
    }

    /// Transactions that are neither committed nor rolled back.
    pub fn open_transactions(&self) -> usize {
        self.shared.transactions.count()
    }

    /// Waits until the requests are as wanted; says whether that came true in time.
    pub fn wait_until(&self, deadline: Duration, wanted: impl Fn(&[Seen]) -> bool) -> bool {
        comes_true(deadline, || wanted(&self.requests()))
    }

    /// Waits until so many transactions are open; says whether that came true in time.
    pub fn wait_for_transactions(&self, deadline: Duration, count: usize) -> bool {
        comes_true(deadline, || self.open_transactions() == count)
    }

    /// What a person needs to use it, as names and values of shell variables.
    pub fn assignments(&self) -> [(&'static str, String); 3] {
        let options = self.shared.options();
        let secret = options.secrets.first().map(|secret| secret.arn.clone()).unwrap_or_default();
        [
            ("LAB_DATA_API_URL", self.url()),
            ("LAB_DATA_API_CLUSTER_ARN", options.cluster_arn),
            ("LAB_DATA_API_SECRET_ARN", secret),
        ]
    }
}

fn comes_true(deadline: Duration, wanted: impl Fn() -> bool) -> bool {
    let ends = Instant::now() + deadline;
    while !wanted() {
        if Instant::now() >= ends {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

impl Drop for DataApi {
    fn drop(&mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            // It cannot have panicked without a test having failed for it.
            let _ = thread.join();
        }
    }
}
