//! A TCP proxy that behaves like a distance: a fixed delay each way, and faults on demand.
//!
//! The delay is a line, not a pause: every piece leaves exactly one delay after it came, however many are on the way, so
//! throughput is not reduced. Connecting costs a round trip too, as it does over a real distance. The proxy knows nothing
//! of what it carries.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak, mpsc};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the side that connected to the proxy.
    ToServer,
    /// To the side that connected to the proxy.
    ToClient,
}

/// Ends each connection after exactly `bytes` went in `direction`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The direction that is counted.
    pub direction: Direction,
    /// How many bytes still pass.
    pub bytes: u64,
    /// With a reset (an error for the peer) instead of an orderly end.
    pub reset: bool,
}

/// What has passed through the proxy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Connections accepted.
    pub connections: u64,
    /// Bytes sent on to the server.
    pub bytes_to_server: u64,
    /// Bytes sent on to the client.
    pub bytes_to_client: u64,
    /// The longest chain of round trips on any one connection, connecting included: how many times the client could not
    /// have gone on before something it waited for had come the whole way. Data that crosses on the line does not count
    /// twice. Meaningful only if the delay is long against the peers' own work.
    pub round_trips: u64,
}

/// A running proxy on a loopback port of its own. Dropping it ends every connection.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    delay: Duration,
    cut: Option<Cut>,
    frozen: bool,
    closed: bool,
    traffic: Traffic,
    open: Vec<Weak<Connection>>,
}

/// Both ends of one connection, and the round trips it has needed: a logical clock. Each piece is stamped when it is
/// sent; a peer that has received a stamp sends nothing earlier than it; an answer is one round trip later.
#[derive(Debug)]
struct Connection {
    client: TcpStream,
    server: OnceLock<TcpStream>,
    client_clock: AtomicU64,
    server_clock: AtomicU64,
    ended: AtomicBool,
}

impl Proxy {
    /// Listens on a free loopback port and passes every connection on to `target`, `delay` later each way.
    pub fn start(target: SocketAddr, delay: Duration) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let state = Mutex::new(State { delay, ..State::default() });
        let shared = Arc::new(Shared { target, state, changed: Condvar::new() });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accepting.accept(&listener));
        Self { shared, address }
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port clients connect to, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Changes the delay of connections made from now on.
    pub fn set_delay(&self, delay: Duration) {
        self.shared.lock().delay = delay;
    }

    /// Cuts connections made from now on, or no longer.
    pub fn set_cut(&self, cut: Option<Cut>) {
        self.shared.lock().cut = cut;
    }

    /// Holds everything back, on old and new connections, without closing any: a network gone silent.
    pub fn freeze(&self) {
        self.shared.lock().frozen = true;
    }

    /// Lets everything flow again, what was held back first.
    pub fn thaw(&self) {
        self.shared.lock().frozen = false;
        self.shared.changed.notify_all();
    }

    /// Resets every open connection; new ones are still accepted.
    pub fn sever(&self) {
        let open = std::mem::take(&mut self.shared.lock().open);
        open.iter().filter_map(Weak::upgrade).for_each(|connection| connection.end(true));
    }

    /// What passed since the start or the last [`Proxy::reset_traffic`].
    pub fn traffic(&self) -> Traffic {
        self.shared.lock().traffic
    }

    /// Sets all counts to nothing. Round trips of connections that stay open go on from where they were.
    pub fn reset_traffic(&self) {
        self.shared.lock().traffic = Traffic::default();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let open = {
            let mut state = self.shared.lock();
            state.closed = true;
            std::mem::take(&mut state.open)
        };
        self.shared.changed.notify_all();
        open.iter().filter_map(Weak::upgrade).for_each(|connection| connection.end(false));
        // Wakes the accepting thread, which then sees that it is over.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while the proxy is frozen; false if it was closed.
    fn pass(&self) -> bool {
        let state = self
            .changed
            .wait_while(self.lock(), |state| state.frozen && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        !state.closed
    }

    fn accept(self: Arc<Self>, listener: &TcpListener) {
        while let Ok((client, _)) = listener.accept() {
            let accepted = Instant::now();
            let connection = Arc::new(Connection {
                client,
                server: OnceLock::new(),
                // The handshake took one; the server was reached with it.
                client_clock: AtomicU64::new(1),
                server_clock: AtomicU64::new(1),
                ended: AtomicBool::new(false),
            });
            let (delay, cut) = {
                let mut state = self.lock();
                if state.closed {
                    return;
                }
                state.traffic.connections += 1;
                state.traffic.round_trips = state.traffic.round_trips.max(1);
                state.open.retain(|open| open.strong_count() > 0);
                state.open.push(Arc::downgrade(&connection));
                (state.delay, state.cut)
            };
            let shared = Arc::clone(&self);
            thread::spawn(move || shared.connect(&connection, accepted, delay, cut));
        }
    }

    /// The client's `connect` returned at once; over a distance it would have returned after two delays, and the server
    /// would have heard of it after three. What the client sent meanwhile counts as sent after two.
    fn connect(self: &Arc<Self>, connection: &Arc<Connection>, accepted: Instant, delay: Duration, cut: Option<Cut>) {
        // Without this the proxy's own kernel would add delays of its own.
        let _ = connection.client.set_nodelay(true);
        let outbound = self.follow(connection, Direction::ToServer, (accepted + delay * 2, delay));
        wait_until(accepted + delay * 3);
        if !self.pass() {
            return;
        }
        let Ok(server) = TcpStream::connect(self.target) else { return connection.end(true) };
        let _ = server.set_nodelay(true);
        // Nobody else sets it.
        let _ = connection.server.set(server);
        if connection.ended.load(Ordering::SeqCst) {
            return connection.end(false);
        }
        let inbound = self.follow(connection, Direction::ToClient, (accepted, delay));
        for (direction, line) in [(Direction::ToServer, outbound), (Direction::ToClient, inbound)] {
            let (shared, connection) = (Arc::clone(self), Arc::clone(connection));
            let cut = cut.filter(|cut| cut.direction == direction);
            thread::spawn(move || shared.write(&connection, direction, &line, cut));
        }
    }

    /// Reads one side on a thread of its own and puts what comes on the line.
    fn follow(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        direction: Direction,
        (earliest, delay): (Instant, Duration),
    ) -> mpsc::Receiver<Piece> {
        let (pieces, line) = mpsc::sync_channel(4096);
        let (shared, connection) = (Arc::clone(self), Arc::clone(connection));
        thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let count =
                    match connection.end_towards(direction.opposite()).map(|mut source| source.read(&mut buffer)) {
                        Some(Ok(count)) => count,
                        Some(Err(error)) if error.kind() == ErrorKind::Interrupted => continue,
                        _ => return connection.end(true),
                    };
                let due = Instant::now().max(earliest) + delay;
                let stamp = connection.stamp(direction);
                // An empty piece is the end of the stream, and travels like the rest.
                let sent = pieces.send(Piece { due, stamp, bytes: buffer[..count].to_vec() });
                if sent.is_err() || count == 0 || !shared.pass() {
                    return;
                }
            }
        });
        line
    }

    fn write(&self, connection: &Connection, direction: Direction, line: &mpsc::Receiver<Piece>, cut: Option<Cut>) {
        let Some(mut sink) = connection.end_towards(direction) else { return };
        let mut allowed = cut.map_or(u64::MAX, |cut| cut.bytes);
        for piece in line {
            wait_until(piece.due);
            if !self.pass() || connection.ended.load(Ordering::SeqCst) {
                return;
            }
            if piece.bytes.is_empty() {
                // The other direction may go on.
                let _ = sink.shutdown(Shutdown::Write);
                return;
            }
            let count = usize::try_from(allowed).unwrap_or(usize::MAX).min(piece.bytes.len());
            // Before the write: the answer may be there before this thread runs again.
            connection.received(direction, piece.stamp);
            self.count(direction, count as u64, piece.stamp);
            if sink.write_all(&piece.bytes[..count]).is_err() {
                return connection.end(true);
            }
            allowed -= count as u64;
            if let Some(cut) = cut.filter(|_| allowed == 0) {
                return connection.end(cut.reset);
            }
        }
    }

    fn count(&self, direction: Direction, bytes: u64, stamp: u64) {
        let traffic = &mut self.lock().traffic;
        match direction {
            Direction::ToServer => traffic.bytes_to_server += bytes,
            Direction::ToClient => {
                traffic.bytes_to_client += bytes;
                traffic.round_trips = traffic.round_trips.max(stamp);
            }
        }
    }
}

/// Bytes on the line.
struct Piece {
    due: Instant,
    stamp: u64,
    bytes: Vec<u8>,
}

impl Direction {
    fn opposite(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}

impl Connection {
    fn end_towards(&self, direction: Direction) -> Option<&TcpStream> {
        match direction {
            Direction::ToServer => self.server.get(),
            Direction::ToClient => Some(&self.client),
        }
    }

    /// The stamp of what is sent in `direction` now.
    fn stamp(&self, direction: Direction) -> u64 {
        match direction {
            Direction::ToServer => self.client_clock.load(Ordering::SeqCst),
            Direction::ToClient => self.server_clock.load(Ordering::SeqCst) + 1,
        }
    }

    /// Sets the clock of whoever receives a piece that went in `direction`.
    fn received(&self, direction: Direction, stamp: u64) {
        let clock = match direction {
            Direction::ToServer => &self.server_clock,
            Direction::ToClient => &self.client_clock,
        };
        clock.fetch_max(stamp, Ordering::SeqCst);
    }

    /// Ends both sides. A reset goes out when the last thread lets go of the socket, which an ended reading side makes
    /// them do; an orderly end would be seen first if it were sent here.
    fn end(&self, reset: bool) {
        self.ended.store(true, Ordering::SeqCst);
        for stream in std::iter::once(&self.client).chain(self.server.get()) {
            // A socket that is already closed is just as well.
            if reset {
                let _ = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
                let _ = stream.shutdown(Shutdown::Read);
            } else {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

fn wait_until(instant: Instant) {
    let left = instant.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        thread::sleep(left);
    }
}
