//! Connects to a bastion: TCP, SSH handshake, host key, login. Each stage has its own time limit.
//!
//! [`over`] works on any byte stream, so that a later hop can run inside a channel of an earlier one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use russh::client::{Config, Handle};
use russh::{AlgorithmKind, Limits, Preferred, SshId};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::Settings;
use super::algorithms::{Strictness, preferred};
use super::authentication::{Login, RsaHash};
use super::bastion::Bastion;
use super::client::{Client, Failure, Remembered, Shared};
use super::error::{ConnectStage, Error, Loss};
use super::heap::keep_heap;
use super::host_key::HostKeys;
use super::session::{Limits as SessionLimits, SshSession};
use super::stream::ReadAhead;
use crate::backend::Questions;
use crate::target::Address;

/// The largest packet russh takes; smaller ones cost throughput with a large window.
const PACKET: u32 = 65_535;

/// Packets that wait for one connection's relay: one of its batches. With russh's hundred a tunnel with 64 busy connections
/// was measured to take 330 MiB instead of 75, and 3% more processor time with one, because the caches hold no more.
const QUEUE: usize = 16;

/// When to agree on new keys: after 1 GiB each way, russh's own bound for safe nonces, and never by the clock. Like
/// OpenSSH's default. Tunnels that sat idle were reported to die at russh's default of one hour.
const REKEY_BYTES: usize = 1 << 30;
const REKEY_TIME: Duration = Duration::from_hours(10 * 365 * 24);

/// How long an address may stay silent before the next one is tried beside it (RFC 8305).
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// Connects and logs in.
pub async fn connect(
    bastion: Bastion,
    settings: &Settings,
    questions: Arc<dyn Questions>,
) -> Result<SshSession, Error> {
    let host_keys = HostKeys::read(&bastion)?;
    let first = attempt(&bastion, settings, &questions, &host_keys, Strictness::Negotiated).await;
    match first {
        // The server has no strict key exchange, but may have algorithms that are safe without it.
        Err(Error::WeakKeyExchange { .. }) => {
            attempt(&bastion, settings, &questions, &host_keys, Strictness::SafeWithoutStrict).await
        }
        other => other,
    }
}

async fn attempt(
    bastion: &Bastion,
    settings: &Settings,
    questions: &Arc<dyn Questions>,
    host_keys: &HostKeys,
    strictness: Strictness,
) -> Result<SshSession, Error> {
    keep_heap();
    let algorithms = preferred(bastion, host_keys, strictness)?;
    let socket = dial(bastion, settings.connect_timeout).await?;
    over(ReadAhead::new(socket), bastion, settings, questions, host_keys, algorithms).await
}

/// Speaks SSH on a stream that leads to the bastion.
async fn over<S>(
    stream: S,
    bastion: &Bastion,
    settings: &Settings,
    questions: &Arc<dyn Questions>,
    host_keys: &HostKeys,
    algorithms: Preferred,
) -> Result<SshSession, Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shared = Arc::new(Shared::default());
    let remembered = Remembered { questions: Arc::clone(questions), shared: Arc::clone(&shared) };
    let questions: &Arc<dyn Questions> = &(Arc::new(remembered) as Arc<dyn Questions>);
    let patience =
        Patience { bastion: bastion.name.clone(), limit: settings.connect_timeout, shared: Arc::clone(&shared) };
    let (failures, refusals) = mpsc::unbounded_channel();
    let client = Client {
        bastion: bastion.clone(),
        host_keys: host_keys.clone(),
        questions: Arc::clone(questions),
        shared: Arc::clone(&shared),
        refusals: failures,
        keepalive: (settings.keepalive_count, settings.keepalive_interval),
    };
    let handshake = russh::client::connect_stream(Arc::new(config(settings, algorithms)), stream, client);
    let handshake = patience.limit_unless(&shared.asking, ConnectStage::Handshake, handshake).await?;
    let mut handle: Handle<Client> = handshake.map_err(|failure| explain(failure, bastion, host_keys))?;
    let login = Login {
        handle: &mut handle,
        bastion,
        questions,
        patience,
        attempts: Vec::new(),
        methods: Vec::new(),
        rsa_hash: RsaHash::default(),
    };
    login.run().await?;
    let limits = SessionLimits { dial: settings.connect_timeout, stall: settings.stall_limit };
    Ok(SshSession::new(handle, bastion.name.clone(), limits, settings.distance.clone(), shared, refusals))
}

fn config(settings: &Settings, preferred: Preferred) -> Config {
    Config {
        // Says what speaks, for the bastion's logs; the version of the library stays out of it.
        client_id: SshId::Standard(concat!("SSH-2.0-rdsconn_", env!("CARGO_PKG_VERSION")).into()),
        limits: Limits::new(
            settings.rekey_bytes.unwrap_or(REKEY_BYTES),
            settings.rekey_bytes.unwrap_or(REKEY_BYTES),
            REKEY_TIME,
        ),
        window_size: settings.distance.window(),
        maximum_packet_size: PACKET,
        channel_buffer_size: QUEUE,
        preferred,
        keepalive_interval: Some(settings.keepalive_interval),
        keepalive_max: settings.keepalive_count,
        ..Config::default()
    }
}

/// Opens a TCP connection to the first address that answers. A silent address delays the next one only briefly.
async fn dial(bastion: &Bastion, limit: Duration) -> Result<TcpStream, Error> {
    let timeout = |stage| Error::Timeout { bastion: bastion.name.clone(), stage, limit };
    let lookup = tokio::time::timeout(limit, tokio::net::lookup_host((bastion.host.as_str(), bastion.port))).await;
    let found = lookup.map_err(|_| timeout(ConnectStage::NameResolution))?;
    let unresolved =
        |source| Error::NameResolution { bastion: bastion.name.clone(), host: bastion.host.clone(), source };
    let found = found.map_err(unresolved)?;
    let mut addresses = found.filter(|address| bastion.family.allows(address.ip()));
    let first = addresses.next().ok_or_else(|| unresolved(std::io::Error::other("no address of a usable family")))?;
    tokio::time::timeout(limit, race(first, addresses, bastion)).await.map_err(|_| timeout(ConnectStage::Dial))?
}

async fn race(
    first: SocketAddr,
    mut others: impl Iterator<Item = SocketAddr>,
    bastion: &Bastion,
) -> Result<TcpStream, Error> {
    let one = |address| async move { (address, TcpStream::connect(address).await) };
    let mut attempts = FuturesUnordered::new();
    attempts.push(one(first));
    let mut next = others.next();
    loop {
        tokio::select! {
            Some((address, result)) = attempts.next() => match (result, next) {
                (Ok(socket), _) => return Ok(socket),
                (Err(_), Some(other)) => {
                    attempts.push(one(other));
                    next = others.next();
                }
                (Err(source), None) if attempts.is_empty() => {
                    let address = Address { host: address.ip().to_string(), port: address.port() };
                    return Err(Error::Unreachable { bastion: bastion.name.clone(), address, source });
                }
                (Err(_), None) => {}
            },
            () = tokio::time::sleep(NEXT_ADDRESS), if next.is_some() => {
                attempts.extend(next.map(one));
                next = others.next();
            }
        }
    }
}

/// Puts a failed handshake into our own terms.
fn explain(failure: Failure, bastion: &Bastion, host_keys: &HostKeys) -> Error {
    let name = bastion.name.clone();
    let error = match failure {
        Failure::Ours(error) => return *error,
        Failure::Russh(error) => error,
    };
    match error {
        russh::Error::NoCommonAlgo { kind: AlgorithmKind::Key, theirs, .. }
            if !host_keys.recorded_types().is_empty() =>
        {
            Error::HostKeyTypeMissing {
                host: bastion.known_hosts_name(),
                recorded: host_keys.recorded_types().into_iter().map(ToOwned::to_owned).collect(),
                offered: theirs,
            }
        }
        russh::Error::NoCommonAlgo { kind, theirs, .. } => {
            let kind = match kind {
                AlgorithmKind::Kex => "key exchange",
                AlgorithmKind::Key => "host key algorithm",
                AlgorithmKind::Cipher => "cipher",
                AlgorithmKind::Compression => "way without compression",
                AlgorithmKind::Mac => "MAC",
            };
            Error::NoCommonAlgorithm { bastion: name, kind, offered: theirs }
        }
        russh::Error::Version => {
            Error::Protocol { bastion: name, message: "it does not identify itself as SSH 2.0".to_owned() }
        }
        russh::Error::Disconnect | russh::Error::HUP => {
            Error::ConnectionLost { bastion: name, loss: Loss::Broken { message: CLOSED.to_owned() } }
        }
        russh::Error::IO(error) => {
            Error::ConnectionLost { bastion: name, loss: Loss::Broken { message: error.to_string() } }
        }
        other => Error::Protocol { bastion: name, message: other.to_string() },
    }
}

/// What a closed connection is called.
pub(super) const CLOSED: &str = "the server closed the connection";

/// How long a server may be silent, and for whom it is waited.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    /// The bastion as named.
    pub(super) bastion: String,
    /// The limit for one stage, or one question to the server.
    pub(super) limit: Duration,
    /// What the session knows of itself.
    pub(super) shared: Arc<Shared>,
}

impl Patience {
    /// Waits no longer than the limit.
    pub(super) async fn limit<F: Future>(&self, stage: ConnectStage, work: F) -> Result<F::Output, Error> {
        self.limit_unless(&AtomicBool::new(false), stage, work).await
    }

    /// Waits no longer than the limit, but as long as it takes while `busy` says that a person is thinking.
    pub(super) async fn limit_unless<F: Future>(
        &self,
        busy: &AtomicBool,
        stage: ConnectStage,
        work: F,
    ) -> Result<F::Output, Error> {
        tokio::pin!(work);
        loop {
            match tokio::time::timeout(self.limit, &mut work).await {
                Ok(output) => return Ok(output),
                Err(_) if busy.load(Ordering::Relaxed) => {}
                Err(_) => return Err(Error::Timeout { bastion: self.bastion.clone(), stage, limit: self.limit }),
            }
        }
    }
}
