//! Servers for tests of a tunnel, which know no MySQL: streams whose every byte can be checked, readers and writers that
//! stall on demand, half-closed and reset connections; and the ends that a test or a client program holds of them.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;

use crate::wire::lock;

mod bytes;
mod ends;
#[cfg(test)]
mod tests;

pub use bytes::{Digest, Fingerprint, Flow};
pub use ends::{Arrived, Check, deliver, fetch, round_trip};

/// What a service does with each connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sends eight bytes, the seed of this connection, then that many bytes of its [`Flow`], and closes. Connections have
    /// different seeds, so that bytes of one that turn up on another are noticed.
    Source {
        /// How many bytes follow the seed.
        bytes: u64,
    },
    /// Reads to the end; then answers with the [`Fingerprint`] of what it read, and closes.
    Sink,
    /// Gives every byte back until the client has no more, then closes.
    Echo,
}

/// When and how a connection breaks off what its role says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// Neither reads nor writes after so many bytes, until [`Service::release`].
    Stall(u64),
    /// Resets the connection after so many bytes.
    Reset(u64),
}

impl Mishap {
    fn after(self) -> u64 {
        match self {
            Self::Stall(bytes) | Self::Reset(bytes) => bytes,
        }
    }
}

/// How a connection ended, from the service's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client closed its half, and everything it was owed was sent.
    Orderly,
    /// Broken off by the client, or by what is between.
    Broken(io::ErrorKind),
    /// Reset by the service itself.
    Reset,
}

/// What one connection carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Bytes from the client.
    pub received: u64,
    /// Bytes to the client, as far as the system took them.
    pub sent: u64,
    /// None while it lasts.
    pub end: Option<End>,
}

#[derive(Default)]
struct State {
    accounts: Vec<Account>,
    sockets: Vec<TcpStream>,
    released: bool,
}

struct Shared {
    role: Role,
    mishap: Option<Mishap>,
    state: Mutex<State>,
    changed: Condvar,
    stopping: AtomicBool,
}

/// A running service; dropping it ends every connection.
pub struct Service {
    shared: Arc<Shared>,
    address: SocketAddr,
    listener: Option<JoinHandle<()>>,
}

impl Service {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(role: Role) -> io::Result<Self> {
        Self::launch(role, None)
    }

    /// The same, and every connection breaks off as told.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn with_mishap(role: Role, mishap: Mishap) -> io::Result<Self> {
        Self::launch(role, Some(mishap))
    }

    fn launch(role: Role, mishap: Option<Mishap>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            role,
            mishap,
            state: Mutex::default(),
            changed: Condvar::new(),
            stopping: AtomicBool::new(false),
        });
        let of_listener = Arc::clone(&shared);
        let listener = std::thread::spawn(move || accept(&listener, &of_listener));
        Ok(Self { shared, address, listener: Some(listener) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets stalled connections, and those to come, go on.
    pub fn release(&self) {
        lock(&self.shared.state).released = true;
        self.shared.changed.notify_all();
    }

    /// Every connection so far, in the order they were accepted.
    pub fn accounts(&self) -> Vec<Account> {
        lock(&self.shared.state).accounts.clone()
    }

    /// Waits until the connections are as wanted; says whether that came true in time.
    pub fn wait_until(&self, limit: Duration, wanted: impl Fn(&[Account]) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        let mut state = lock(&self.shared.state);
        while !wanted(&state.accounts) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Ends the service: its port refuses connections from now on.
    pub fn stop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.release();
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        for socket in lock(&self.shared.state).sockets.drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Service {
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
        let Ok(kept) = stream.try_clone() else { continue };
        let number = {
            let mut state = lock(&shared.state);
            state.sockets.push(kept);
            state.accounts.push(Account { received: 0, sent: 0, end: None });
            state.accounts.len() - 1
        };
        shared.changed.notify_all();
        let mut connection = Connection { stream, shared: Arc::clone(shared), number };
        std::thread::spawn(move || {
            let end = match connection.serve() {
                Ok(end) => end,
                Err(error) => End::Broken(error.kind()),
            };
            if end != End::Reset {
                // Not only dropped: the service keeps a handle.
                let _ = connection.stream.shutdown(Shutdown::Both);
            }
            connection.change(|account| account.end = Some(end));
        });
    }
}

struct Connection {
    stream: TcpStream,
    shared: Arc<Shared>,
    number: usize,
}

impl Connection {
    fn serve(&mut self) -> io::Result<End> {
        let mut buffer = vec![0; 64 * 1024];
        match self.shared.role {
            Role::Source { bytes } => {
                let seed = self.number as u64 + 1;
                let mut flow = Flow::new(seed);
                self.send(&seed.to_be_bytes())?;
                let mut left = bytes;
                while left > 0 {
                    let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
                    let piece = buffer.get_mut(..count).unwrap_or_default();
                    flow.fill(piece);
                    left -= count as u64;
                    if self.send(&buffer[..count])? {
                        return self.reset();
                    }
                }
                self.stream.shutdown(Shutdown::Write)?;
                // Whether the client takes it all is seen by its own end of the stream.
                while self.receive(&mut buffer)?.is_some_and(|count| count > 0) {}
                Ok(End::Orderly)
            }
            Role::Sink => {
                let mut digest = Digest::new();
                loop {
                    match self.receive(&mut buffer)? {
                        Some(0) => break,
                        Some(count) => digest.add(&buffer[..count]),
                        None => return self.reset(),
                    }
                }
                self.send(&digest.finish().encode())?;
                Ok(End::Orderly)
            }
            Role::Echo => loop {
                match self.receive(&mut buffer)? {
                    Some(0) => return Ok(End::Orderly),
                    Some(count) => {
                        self.send(&buffer[..count])?;
                    }
                    None => return self.reset(),
                }
            },
        }
    }

    /// The next bytes; 0 at the end, `None` when it is time to reset the connection.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let carried = self.account().received;
        if matches!(self.shared.role, Role::Sink | Role::Echo) && self.breaks_off(carried) {
            return Ok(None);
        }
        let count = self.stream.read(buffer)?;
        self.change(|account| account.received += count as u64);
        Ok(Some(count))
    }

    /// Says whether it is time to reset the connection.
    fn send(&mut self, bytes: &[u8]) -> io::Result<bool> {
        let carried = self.account().sent;
        if matches!(self.shared.role, Role::Source { .. }) && self.breaks_off(carried) {
            return Ok(true);
        }
        self.stream.write_all(bytes)?;
        self.change(|account| account.sent += bytes.len() as u64);
        Ok(false)
    }

    /// Stalls here if it is time to; says whether to reset the connection instead.
    fn breaks_off(&self, carried: u64) -> bool {
        match self.shared.mishap {
            Some(mishap) if carried >= mishap.after() => {
                if let Mishap::Reset(_) = mishap {
                    return true;
                }
                let state = lock(&self.shared.state);
                drop(self.shared.changed.wait_while(state, |state| !state.released));
                false
            }
            _ => false,
        }
    }

    fn reset(&self) -> io::Result<End> {
        // Closed with nothing lingering, a connection is reset. The service's own handle has to go, too.
        set_socket_linger(&self.stream, Some(Duration::ZERO))?;
        let local = self.stream.peer_addr()?;
        lock(&self.shared.state).sockets.retain(|socket| socket.peer_addr().ok() != Some(local));
        Ok(End::Reset)
    }

    fn account(&self) -> Account {
        let state = lock(&self.shared.state);
        state.accounts.get(self.number).copied().unwrap_or(Account { received: 0, sent: 0, end: None })
    }

    fn change(&self, change: impl FnOnce(&mut Account)) {
        if let Some(account) = lock(&self.shared.state).accounts.get_mut(self.number) {
            change(account);
        }
        self.shared.changed.notify_all();
    }
}

/// A stream that can be read and written by two threads and closed by halves: TCP, and the socket files that a tunnel
/// may listen on.
pub trait Duplex: Read + Write + Send + Sized + 'static {
    /// A second handle on the same stream.
    ///
    /// # Errors
    /// When the system gives no more descriptors.
    fn second(&self) -> io::Result<Self>;

    /// Says that no more will be written.
    ///
    /// # Errors
    /// When the stream has gone.
    fn end_writing(&self) -> io::Result<()>;
}

impl Duplex for TcpStream {
    fn second(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn end_writing(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Duplex for UnixStream {
    fn second(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn end_writing(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}
