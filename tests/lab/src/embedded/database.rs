//! The embedded database: listens on loopback, serves each client on a thread of its own. What RDS would keep in its logs
//! can be asked for.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustls::ServerConfig;

use super::processes::{Process, Processes, Running};
use super::sql::Engine;
use super::sql::session::{Failure, Identity, Session, Sink, statements};
use super::{connection, login};
use crate::certificates::ServerCertificate;
use crate::packets::Column;
use crate::verifier::Verifier;
use crate::wire::{Record, Wire, lock};

/// The lab's data, in words that MySQL and MariaDB understand too.
pub const SAMPLE: &str = include_str!("../sample.sql");

/// How an account proves who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// `AWSAuthenticationPlugin`: with a token.
    Iam,
    /// `mysql_native_password`.
    Password(String),
    /// `caching_sha2_password`, the default since 8.0: the first login of a server's life needs the password itself.
    CachingSha2(String),
}

/// One database user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Case matters.
    pub user: String,
    /// How it logs in.
    pub authentication: Authentication,
    /// Every change is refused with 1142.
    pub read_only: bool,
}

impl Account {
    /// An account that logs in with a token.
    pub fn iam(user: &str) -> Self {
        Self { user: user.to_owned(), authentication: Authentication::Iam, read_only: false }
    }

    /// An account that logs in with a password.
    pub fn password(user: &str, password: &str) -> Self {
        let authentication = Authentication::Password(password.to_owned());
        Self { user: user.to_owned(), authentication, read_only: false }
    }

    /// An account that logs in with a password of the newer kind.
    pub fn caching_sha2(user: &str, password: &str) -> Self {
        let authentication = Authentication::CachingSha2(password.to_owned());
        Self { user: user.to_owned(), authentication, read_only: false }
    }

    /// The same account, allowed to read only.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }
}

/// What kind of server to be.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own, as on the real server")]
pub struct DatabaseOptions {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Certificate and key.
    pub tls: Arc<ServerConfig>,
    /// What tokens are checked with.
    pub verifier: Verifier,
    /// Who may log in.
    pub accounts: Vec<Account>,
    /// What `@@version` says.
    pub version: String,
    /// The plugin that the greeting names: `mysql_native_password` before 8.4, `caching_sha2_password` since.
    pub plugin: String,
    /// IAM authentication is enabled on the instance; if not, logins end with 1524.
    pub iam: bool,
    /// Clear connections are refused with 3159; else an IAM user gets 1045 there.
    pub require_secure_transport: bool,
    /// Offer to end rows with OK packets.
    pub deprecate_eof: bool,
    /// Keep every byte received, to be searched for secrets.
    pub record: bool,
}

impl DatabaseOptions {
    /// An RDS for MySQL 8.0 instance with the users of the real lab: `dba` and `reader` (who may not change anything) by
    /// IAM, `app` with [`crate::real::APP_PASSWORD`], and `master` with [`crate::real::MASTER_PASSWORD`].
    pub fn new(certificate: &ServerCertificate, verifier: Verifier) -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            tls: server_tls(certificate),
            verifier,
            accounts: vec![
                Account::iam("dba"),
                Account::iam("reader").read_only(),
                Account::password("app", crate::real::APP_PASSWORD),
                Account::password(crate::real::MASTER_USER, crate::real::MASTER_PASSWORD),
            ],
            version: "8.0.40".to_owned(),
            plugin: "mysql_native_password".to_owned(),
            iam: true,
            require_secure_transport: true,
            deprecate_eof: true,
            record: false,
        }
    }
}

/// TLS for a server that presents this certificate.
pub(crate) fn server_tls(certificate: &ServerCertificate) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let configuration = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has both versions of TLS")
        .with_no_client_auth()
        .with_single_cert(certificate.chain(), certificate.key())
        .expect("the key belongs to the certificate");
    Arc::new(configuration)
}

/// A login that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSeen {
    /// The account.
    pub user: String,
    /// Over TLS.
    pub secure: bool,
    /// The plugin that the client's first answer was for.
    pub first_plugin: Option<String>,
    /// The server had to ask for another plugin, which costs a round trip.
    pub switched: bool,
    /// The server asked for the password itself, inside TLS.
    pub full: bool,
    /// Connection attributes.
    pub attributes: Vec<(String, String)>,
}

pub(super) struct Shared {
    pub(super) options: DatabaseOptions,
    pub(super) verifier: Mutex<Verifier>,
    pub(super) engine: Arc<Engine>,
    pub(super) processes: Arc<Processes>,
    pub(super) refusals: Mutex<Vec<String>>,
    pub(super) tls_failures: Mutex<Vec<String>>,
    pub(super) logins: Mutex<Vec<LoginSeen>>,
    /// Passwords set since the start.
    accounts: Mutex<Vec<Account>>,
    /// Who has logged in with the password itself.
    pub(super) sha2_cache: Mutex<BTreeSet<String>>,
    record: Record,
    connections: AtomicU32,
    stopping: AtomicBool,
}

/// A running server; dropping it ends every connection.
pub struct Database {
    shared: Arc<Shared>,
    address: SocketAddr,
    listener: Option<JoinHandle<()>>,
}

impl Database {
    /// Starts a server with an empty set of databases.
    ///
    /// # Errors
    /// When no port or temporary folder can be had.
    pub fn start(options: DatabaseOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            verifier: Mutex::new(options.verifier.clone()),
            engine: Arc::new(Engine::new()?),
            processes: Arc::default(),
            refusals: Mutex::default(),
            tls_failures: Mutex::default(),
            logins: Mutex::default(),
            accounts: Mutex::new(options.accounts.clone()),
            sha2_cache: Mutex::default(),
            record: Record::default(),
            connections: AtomicU32::new(0),
            stopping: AtomicBool::new(false),
            options,
        });
        let of_listener = Arc::clone(&shared);
        let listener = std::thread::spawn(move || accept(&listener, &of_listener));
        Ok(Self { shared, address, listener: Some(listener) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs SQL as the server's own administrator.
    ///
    /// # Errors
    /// The first statement that fails, with the server's words.
    pub fn load(&self, sql: &str) -> Result<(), String> {
        let socket = TcpStream::connect(self.address).map_err(|error| error.to_string())?;
        let process = Arc::new(Process::new(0, socket));
        let identity = Identity {
            id: 0,
            user: "rdsadmin".to_owned(),
            host: "localhost".to_owned(),
            version: self.shared.options.version.clone(),
            read_only: false,
            cipher: None,
        };
        let (engine, processes) = (Arc::clone(&self.shared.engine), Arc::clone(&self.shared.processes));
        let mut session = Session::open(engine, processes, process, identity).map_err(|fault| fault.message)?;
        for statement in statements(sql.as_bytes()) {
            session.run(&statement, sql.as_bytes(), &mut Nowhere).map_err(|failure| match failure {
                Failure::Fault(fault) => format!("{}: {} in: {}", fault.code, fault.message, statement.text),
                Failure::Wire(error) => error.to_string(),
            })?;
        }
        Ok(())
    }

    /// Checks tokens with another verifier from now on: another clock, other keys.
    pub fn set_verifier(&self, verifier: Verifier) {
        *lock(&self.shared.verifier) = verifier;
    }

    /// Changes an account, or adds one: `ALTER USER`, as rotation does it.
    pub fn set_account(&self, account: Account) {
        lock(&self.shared.sha2_cache).remove(&account.user);
        let mut accounts = lock(&self.shared.accounts);
        accounts.retain(|known| known.user != account.user);
        accounts.push(account);
    }

    /// Why logins were refused, as RDS's `iam-db-auth-error` log says it: `user: reason`.
    pub fn refusals(&self) -> Vec<String> {
        lock(&self.shared.refusals).clone()
    }

    /// TLS handshakes that failed: the alert of a client that did not like the certificate.
    pub fn tls_failures(&self) -> Vec<String> {
        lock(&self.shared.tls_failures).clone()
    }

    /// Logins that succeeded, in order.
    pub fn logins(&self) -> Vec<LoginSeen> {
        lock(&self.shared.logins).clone()
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> u32 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Open connections and what each is doing.
    pub fn running(&self) -> Vec<Running> {
        self.shared.processes.running()
    }

    /// Waits until the open connections are as wanted; says whether that came true in time.
    pub fn wait_until(&self, deadline: Duration, wanted: impl Fn(&[Running]) -> bool) -> bool {
        let ends = Instant::now() + deadline;
        loop {
            if wanted(&self.running()) {
                return true;
            }
            if Instant::now() >= ends {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Everything received so far, if [`DatabaseOptions::record`] is set.
    pub fn record(&self) -> &Record {
        &self.shared.record
    }

    /// Cuts every connection without a goodbye; new ones are still accepted.
    pub fn cut_all(&self) {
        self.shared.processes.kill_all();
    }

    /// Ends the server: its port refuses connections from now on.
    pub fn stop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        self.shared.processes.kill_all();
    }
}

impl Shared {
    pub(super) fn account(&self, user: &str) -> Option<Account> {
        lock(&self.accounts).iter().find(|account| account.user == user).cloned()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.stop();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(socket) = stream.try_clone() else { continue };
        let id = shared.connections.fetch_add(1, Ordering::SeqCst) + 1;
        let process = Arc::new(Process::new(id, socket));
        shared.processes.add(&process);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            let record = shared.options.record.then(|| shared.record.clone());
            // An error here is a client that left; the next one is served all the same.
            if let Ok(Some(admitted)) = login::admit(Wire::new(stream, record), id, &shared) {
                let _ = connection::serve(admitted, &process, &shared);
            }
            shared.processes.remove(id);
        });
    }
}

struct Nowhere;

impl Sink for Nowhere {
    fn columns(&mut self, _: &[Column]) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}
