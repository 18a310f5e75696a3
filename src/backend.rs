//! The seam: small traits on plain types between the flow and the rooms that name a vendor's library.
//!
//! No type of AWS, russh or mysql_async may appear here; nothing here does input or output.

use std::error::Error;
use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::{TcpStream, UnixStream};

use crate::target::{Address, Endpoint, SslMode};

/// Who logs in and with what: a signed IAM token, or a password from a secret or a person. Never printed by Debug or Display.
#[derive(Debug, Clone)]
pub struct AuthToken {
    /// The database user that it is for.
    pub user: String,
    /// The token or the password itself. Exposed only to the login gate, to clients' option files and to the command `token`.
    pub secret: SecretString,
    /// When it must no longer be offered: for a token the earlier of its own end and its credentials', less a margin; for a
    /// password when it has to be read again.
    pub not_after: SystemTime,
    /// Whether a fresh one may fare better if the server refuses this one: it was kept from an earlier request, or what it
    /// was read from may have changed since.
    pub may_be_stale: bool,
}

impl AuthToken {
    /// Whether it is the same user and the same secret, so that what one was refused the other is refused, too.
    pub fn is_same(&self, other: &Self) -> bool {
        self.user == other.user && self.secret.expose_secret() == other.secret.expose_secret()
    }
}

/// Who a provider's credentials belong to, as far as that can be told without asking anybody: two hashes in lower-case
/// hexadecimal. Not a secret, and nothing can be read from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Of everything in the files and the environment that decides who it is.
    pub settings: String,
    /// Of the login that those settings refer to, where there is one that is renewed from time to time.
    pub login: String,
}

/// Keys of AWS, as they are stored under a name.
#[derive(Debug)]
pub struct AccessKeys {
    /// Not a secret; AWS logs it with every call.
    pub access_key_id: String,
    /// Signs.
    pub secret_access_key: SecretString,
    /// Comes with temporary keys only.
    pub session_token: Option<SecretString>,
}

/// Where keys are stored. What it takes to open it, a passphrase perhaps, is asked for no sooner than they are needed.
pub trait KeySource: std::fmt::Debug + Send + Sync {
    /// The name that they are stored under.
    fn name(&self) -> &str;

    /// Something that changes whenever other keys are stored under the name, and tells nothing about them.
    fn version(&self) -> String;

    /// The keys.
    fn keys(&self) -> Result<AccessKeys, Box<dyn Error + Send + Sync>>;
}

/// What a token is signed for. Always the endpoint, never a dialled address or a listener.
#[derive(Debug, Clone, Copy)]
pub struct TokenRequest<'a> {
    /// The RDS name and port.
    pub endpoint: &'a Endpoint,
    /// The AWS region of the endpoint.
    pub region: &'a str,
    /// The database user.
    pub user: &'a str,
}

/// Mints tokens.
pub trait TokenProvider {
    /// Why no token can be had.
    type Error: Error + Send + Sync + 'static;

    /// Loads credentials and signs a token.
    fn token(&self, request: TokenRequest<'_>) -> impl Future<Output = Result<AuthToken, Self::Error>>;

    /// Whose tokens these are, told without the network. `None` where that cannot be known; then no token may be kept.
    fn identity(&self) -> impl Future<Output = Option<Identity>> {
        std::future::ready(None)
    }

    /// The server has refused this token: a provider that keeps tokens does not hand it out again.
    fn refused(&self, request: TokenRequest<'_>, token: &AuthToken) -> impl Future<Output = ()> {
        let _ = (request, token);
        std::future::ready(())
    }
}

/// Gives what one target is logged in to with, wherever that comes from.
pub trait PasswordProvider {
    /// Why there is none.
    type Error: Error + Send + Sync + 'static;

    /// Who logs in, and with what. Asked again, it may give another one.
    fn password(&self) -> impl Future<Output = Result<AuthToken, Self::Error>>;

    /// The server has refused this one: a provider that keeps them does not hand it out again.
    fn refused(&self, token: &AuthToken) -> impl Future<Output = ()> {
        let _ = token;
        std::future::ready(())
    }
}

/// Opens byte streams to an address, directly or from a bastion.
pub trait Dialer: Send + Sync + 'static {
    /// Why the address cannot be reached.
    type Error: Error + Send + Sync + 'static;
    /// One open stream.
    type Connection: Connection<Error = Self::Error>;

    /// Opens a stream; the remote side has accepted it when this returns.
    fn dial(&self, address: &Address) -> impl Future<Output = Result<Self::Connection, Self::Error>> + Send;

    /// Whether it is known to reach nothing any more.
    fn is_closed(&self) -> bool;

    /// Whether another one like it can be had without a person: nobody was asked anything, and nobody had to touch a key.
    fn is_repeatable(&self) -> bool;
}

/// Makes dialers, each independent of the others.
pub trait Connect: Send + Sync + 'static {
    /// What it makes.
    type Dialer: Dialer;

    /// Makes one more.
    fn connect(&self) -> impl Future<Output = Result<Self::Dialer, DialError<Self>>> + Send;
}

/// Why what a [`Connect`] leads to cannot be reached.
pub type DialError<C> = <<C as Connect>::Dialer as Dialer>::Error;

/// One open byte stream to the database.
pub trait Connection: Send + 'static {
    /// Why the stream broke.
    type Error: Error + Send + Sync + 'static;

    /// Waits for what the remote side says first, until `is_enough` of it is there or it ends. Nothing is lost: the local
    /// peer gets all of it when it is relayed.
    fn first_words(&mut self, is_enough: fn(&[u8]) -> bool) -> impl Future<Output = Result<&[u8], Self::Error>> + Send;

    /// Copies bytes between the stream and a local peer until both directions have ended. Where it fails the peer is reset,
    /// so that it does not take a loss for an orderly end.
    fn relay(self, peer: Peer) -> impl Future<Output = Result<Traffic, Self::Error>> + Send;
}

/// The local end of a tunnel: a driver's or a client's connection to a listener.
#[derive(Debug)]
pub enum Peer {
    /// Over loopback.
    Tcp(TcpStream),
    /// Over a socket file. Has no reset: the other end sees the stream end.
    Unix(UnixStream),
}

impl From<TcpStream> for Peer {
    fn from(stream: TcpStream) -> Self {
        Self::Tcp(stream)
    }
}

impl From<UnixStream> for Peer {
    fn from(stream: UnixStream) -> Self {
        Self::Unix(stream)
    }
}

/// Bytes that went through a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// From the local peer to the database.
    pub sent: u64,
    /// From the database to the local peer.
    pub received: u64,
}

/// Everything a login needs. The password goes out only after TLS was verified for `endpoint`.
#[derive(Debug)]
pub struct Login<'a> {
    /// What the driver dials: the address itself, or the loopback listener of a tunnel.
    pub dial: Address,
    /// The database, for messages.
    pub endpoint: &'a Endpoint,
    /// The name the certificate must bear: the endpoint's.
    pub certificate_name: &'a str,
    /// Database user.
    pub user: &'a str,
    /// Token or password.
    pub password: &'a SecretString,
    /// Default database.
    pub database: Option<&'a str>,
    /// How the certificate is verified.
    pub ssl_mode: SslMode,
    /// Roots to trust beside the compiled-in ones.
    pub ssl_ca: Option<PathBuf>,
    /// For dialling, TLS and authentication together.
    pub timeout: Duration,
}

/// Logs in and runs statements.
pub trait Executor {
    /// Why a login or a statement failed.
    type Error: Error + Send + Sync + 'static;
    /// One logged-in session.
    type Session: Statements<Error = Self::Error>;

    /// Whether the server refused the password, so that another one may fare better.
    fn is_access_denied(error: &Self::Error) -> bool;

    /// Logs in over verified TLS.
    fn login(&self, login: Login<'_>) -> impl Future<Output = Result<Self::Session, Self::Error>>;
}

/// A logged-in session that runs one statement after the other.
pub trait Statements {
    /// Why a statement failed.
    type Error: Error + Send + Sync + 'static;

    /// Runs one statement and hands every result to `sink` as it arrives. Never sends it twice.
    /// The bytes are the user's own: a dump may hold strings that are not UTF-8.
    fn execute(&mut self, sql: &[u8], sink: &mut dyn ResultSink) -> impl Future<Output = Result<(), Self::Error>>;
}

/// A named value for a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// What stands after the colon in the SQL: `[A-Za-z_][A-Za-z0-9_]*`, and case matters.
    pub name: String,
    /// What it stands for.
    pub value: ParameterValue,
}

/// What a named value is. The texts are checked to be what their kind says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterValue {
    /// NULL.
    Null,
    /// Any text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A finite double, in the notation of SQL.
    Double(String),
    /// TRUE or FALSE.
    Boolean(bool),
    /// An exact number: digits, perhaps with a sign and a point.
    Decimal(String),
    /// `2026-10-20`, a day that exists.
    Date(String),
    /// `12:30:00`, perhaps with up to six digits of a second.
    Time(String),
    /// `2026-10-20 12:30:00`, perhaps with up to six digits of a second.
    Timestamp(String),
    /// A JSON document.
    Json(String),
    /// `123e4567-e89b-12d3-a456-426614174000`.
    Uuid(String),
    /// Any bytes.
    Binary(Vec<u8>),
}

/// Takes results as they arrive. A statement gives zero or more result sets, each closed by [`ResultSink::end`].
pub trait ResultSink {
    /// A result set with columns begins.
    fn columns(&mut self, columns: &[Column]) -> std::io::Result<()>;
    /// One row. An error stops the statement: the reader has gone away or the disk is full.
    fn row(&mut self, row: &dyn Row) -> std::io::Result<()>;
    /// A result set, or a statement without one, is complete.
    fn end(&mut self, outcome: &Outcome) -> std::io::Result<()>;
}

/// One row of cells, exactly as the server sent them in text form; `None` is NULL.
pub trait Row {
    /// The bytes of cell `index`.
    fn cell(&self, index: usize) -> Option<&[u8]>;
}

/// Name and kind of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// As the server named it; may repeat.
    pub name: String,
    /// How its cells are to be read.
    pub kind: ColumnKind,
}

/// How the bytes of a cell are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Decimal digits with an optional sign, up to 64 bits, signed or unsigned.
    Integer,
    /// A double or a float in decimal notation.
    Float,
    /// Exact decimal digits.
    Decimal,
    /// Text in UTF-8, unless the server sent something else.
    Text,
    /// DATE, TIME, DATETIME, TIMESTAMP, YEAR, as text.
    Temporal,
    /// A JSON document.
    Json,
    /// BIT(n): the value's bytes, most significant first.
    Bit,
    /// Arbitrary bytes: BINARY, BLOB, GEOMETRY, VECTOR.
    Binary,
}

/// What the server said at the end of a result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Whether columns came before; else it was a statement without rows.
    pub has_rows: bool,
    /// Rows changed, for a statement without rows.
    pub affected_rows: u64,
    /// First generated AUTO_INCREMENT value, if any.
    pub last_insert_id: Option<u64>,
    /// How many warnings the server counted.
    pub warnings: u16,
    /// The server's remark, for example `Rows matched: 1  Changed: 1  Warnings: 0`.
    pub info: String,
}

/// A stage of the flow, for progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Name to target.
    Resolve,
    /// AWS credentials and token.
    Credentials,
    /// What RDS says about the cluster.
    Cluster,
    /// SSH connection and authentication.
    Bastion,
    /// Dialling, TLS and login.
    Database,
}

/// Hears of stages as they begin and end. Called from one thread; must not block.
pub trait Progress {
    /// A stage begins; `detail` names what it works on.
    fn begin(&self, stage: Stage, detail: &str);
    /// A stage is done; `detail` says what came of it.
    fn end(&self, stage: Stage, detail: &str);
}

/// Questions that only a person can answer. `None` or `false` where there is nobody to ask.
pub trait Questions: Send + Sync {
    /// The passphrase of a private key file. `attempt` counts from 1; how many there are is decided by whoever asks.
    fn key_passphrase(&self, key: &std::path::Path, attempt: u32) -> Option<SecretString>;
    /// Whether to trust a host key that no file knows.
    fn trust_host_key(&self, question: &HostKeyQuestion) -> bool;
}

/// What a person is shown of an unknown host key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKeyQuestion {
    /// The name under which the key would be recorded, for example `[bastion]:2222`.
    pub host: String,
    /// For example `ssh-ed25519`.
    pub algorithm: String,
    /// `SHA256:…` as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// The file the key would be added to.
    pub known_hosts: PathBuf,
}
