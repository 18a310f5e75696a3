//! The embedded bastion: an SSH server that forwards connections and does nothing else. It resolves names from its own
//! table, so that a client may ask for an RDS endpoint that exists nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use russh::server::Config;
use russh::{MethodKind, MethodSet};
use tokio::sync::Notify;

use super::keys::Key;
use super::visitor::Visitor;
use crate::wire::lock;

/// How the bastion behaves; may be changed while it runs and holds for what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// As it should.
    Proper,
    /// Channels are refused as `AllowTcpForwarding no` does: administratively prohibited.
    ForwardingProhibited,
    /// No key is good enough.
    EveryoneRefused,
    /// Connections are accepted and then nothing is ever said.
    Silent,
}

/// What kind of bastion to be.
#[derive(Clone)]
pub struct BastionOptions {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The only user.
    pub user: String,
    /// Keys that may log in, as `authorized_keys` lines.
    pub authorized: Vec<String>,
    /// The names and ports it forwards to, lower case. Everything else cannot be connected to.
    pub routes: BTreeMap<(String, u16), SocketAddr>,
    /// Its own key.
    pub host_key: Key,
    /// What is shown before the login.
    pub banner: Option<String>,
}

impl BastionOptions {
    /// A bastion for user `ops` with one key, that reaches nothing yet.
    pub fn new(client: &Key) -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            user: "ops".to_owned(),
            authorized: vec![client.public_line()],
            routes: BTreeMap::new(),
            host_key: Key::generate(),
            banner: None,
        }
    }
}

/// What happened so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visits {
    /// TCP connections accepted.
    pub connections: u64,
    /// Logins that succeeded.
    pub sessions: u64,
    /// Destinations that clients asked for, in order, refused ones too.
    pub asked: Vec<(String, u16)>,
    /// Channels that are open now.
    pub channels: u64,
    /// Channels of other kinds that clients asked for: shells, agents, X11.
    pub other_channels: u64,
}

pub(super) struct Shared {
    pub(super) options: BastionOptions,
    pub(super) authorized: BTreeSet<String>,
    pub(super) conduct: Mutex<Conduct>,
    pub(super) routes: Mutex<BTreeMap<(String, u16), SocketAddr>>,
    pub(super) visits: Mutex<Visits>,
    /// Bytes that may still be forwarded to clients.
    pub(super) allowance: AtomicU64,
    host_key: Mutex<Key>,
    sockets: Mutex<Vec<std::net::TcpStream>>,
    stop: Notify,
}

/// A running bastion; dropping it ends every session.
pub struct Bastion {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Bastion {
    /// Starts one on a thread and a runtime of its own.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(options: BastionOptions) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(options.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let shared = Arc::new(Shared {
            // Without comments, which do not belong to the key.
            authorized: options.authorized.iter().map(|line| without_comment(line)).collect(),
            conduct: Mutex::new(Conduct::Proper),
            routes: Mutex::new(options.routes.clone()),
            visits: Mutex::default(),
            allowance: AtomicU64::new(u64::MAX),
            host_key: Mutex::new(options.host_key.clone()),
            sockets: Mutex::default(),
            stop: Notify::new(),
            options,
        });
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = of_thread.stop.notified() => {}
                    () = accept(listener, &of_thread) => {}
                }
            });
            runtime.shutdown_background();
        });
        Ok(Self { shared, address, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The only user.
    pub fn user(&self) -> &str {
        &self.shared.options.user
    }

    /// `[127.0.0.1]:2222 ssh-ed25519 AAAA…`, without a line end.
    pub fn known_hosts_line(&self) -> String {
        format!("[{}]:{} {}", self.address.ip(), self.address.port(), lock(&self.shared.host_key).public_line())
    }

    /// The fingerprint of the key it shows now.
    pub fn fingerprint(&self) -> String {
        lock(&self.shared.host_key).fingerprint()
    }

    /// Behaves differently from now on.
    pub fn set_conduct(&self, conduct: Conduct) {
        *lock(&self.shared.conduct) = conduct;
    }

    /// Shows another key to new connections.
    pub fn set_host_key(&self, key: Key) {
        *lock(&self.shared.host_key) = key;
    }

    /// Forwards `host:port` to an address from now on.
    pub fn route(&self, host: &str, port: u16, to: SocketAddr) {
        lock(&self.shared.routes).insert((host.to_ascii_lowercase(), port), to);
    }

    /// Forgets a name.
    pub fn unroute(&self, host: &str, port: u16) {
        lock(&self.shared.routes).remove(&(host.to_ascii_lowercase(), port));
    }

    /// After so many more forwarded bytes towards clients, over all channels, the connection that carries the next one is
    /// cut. Fewer of them may arrive, never more.
    pub fn cut_after(&self, bytes: u64) {
        self.shared.allowance.store(bytes, Ordering::SeqCst);
    }

    /// Cuts every connection without a goodbye; new ones are accepted.
    pub fn cut_all(&self) {
        for socket in lock(&self.shared.sockets).drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// What happened so far.
    pub fn visits(&self) -> Visits {
        lock(&self.shared.visits).clone()
    }

    /// Waits until what happened is as wanted; says whether that came true in time.
    pub fn wait_until(&self, deadline: Duration, wanted: impl Fn(&Visits) -> bool) -> bool {
        let ends = Instant::now() + deadline;
        loop {
            if wanted(&self.visits()) {
                return true;
            }
            if Instant::now() >= ends {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Ends the server: its port refuses connections from now on.
    pub fn stop(&mut self) {
        self.shared.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.cut_all();
    }
}

impl Drop for Bastion {
    fn drop(&mut self) {
        self.stop();
    }
}

fn without_comment(line: &str) -> String {
    line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

async fn accept(listener: std::net::TcpListener, shared: &Arc<Shared>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        lock(&shared.visits).connections += 1;
        // A handle on the socket, to cut it below the protocol.
        let Ok(stream) = stream.into_std() else { continue };
        let (Ok(cutter), Ok(kept)) = (stream.try_clone(), stream.try_clone()) else { continue };
        lock(&shared.sockets).push(kept);
        if *lock(&shared.conduct) == Conduct::Silent {
            continue;
        }
        let Ok(stream) = tokio::net::TcpStream::from_std(stream) else { continue };
        let _ = stream.set_nodelay(true);
        let configuration = Arc::new(Config {
            methods: MethodSet::from(&[MethodKind::PublicKey][..]),
            // Guessing is no danger here, and every refusal would cost a second.
            auth_rejection_time: Duration::ZERO,
            keys: vec![lock(&shared.host_key).private()],
            inactivity_timeout: None,
            window_size: 8 << 20,
            maximum_packet_size: 65_535,
            ..Config::default()
        });
        let visitor = Visitor::new(Arc::clone(shared), cutter);
        tokio::spawn(async move {
            // An error is a client that left or was refused.
            if let Ok(session) = russh::server::run_stream(configuration, stream, visitor).await {
                let _ = session.await;
            }
        });
    }
}
