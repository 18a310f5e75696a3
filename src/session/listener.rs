//! Where the clients of a tunnel connect: a loopback port or a socket file, for this user only.
//!
//! On a loopback port the kernel's socket table says who owns the other end; a socket file asks the kernel directly, and
//! lies in a folder that nobody else enters.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::backend::Peer;
use crate::os::{PortOwner, PrivateSocket, PrivateSocketError, SocketOwner, port_owner, socket_owner};

/// How often the socket table is read for a peer that is not in it: it is read piece by piece while it changes.
const LOOKS: usize = 3;

/// What `--listen` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// `127.0.0.1:PORT`; port 0 is any that is free.
    Loopback(u16),
    /// `unix:PATH`.
    Socket(PathBuf),
}

impl Default for ListenAddress {
    fn default() -> Self {
        Self::Loopback(0)
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback(port) => write!(f, "127.0.0.1:{port}"),
            Self::Socket(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Why a text is no [`ListenAddress`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListenAddressError {
    /// It is neither form.
    #[error("{text:?} is neither 127.0.0.1:PORT nor unix:PATH")]
    Form {
        /// As given.
        text: String,
    },
    /// Other machines could connect.
    #[error("{text:?} is not the loopback address")]
    NotLoopback {
        /// As given.
        text: String,
    },
}

impl FromStr for ListenAddress {
    type Err = ListenAddressError;

    fn from_str(text: &str) -> Result<Self, ListenAddressError> {
        let form = || ListenAddressError::Form { text: text.to_owned() };
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() { Err(form()) } else { Ok(Self::Socket(path.into())) };
        }
        // A bare port, as `ssh -L` takes it.
        let (host, port) = text.rsplit_once(':').unwrap_or(("127.0.0.1", text));
        let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| is_number).ok_or_else(form)?;
        match host {
            "127.0.0.1" | "localhost" => Ok(Self::Loopback(port)),
            _ => Err(ListenAddressError::NotLoopback { text: text.to_owned() }),
        }
    }
}

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else has the port.
    #[error("port {port} is taken{}", owner_words(owner.as_ref()))]
    PortTaken {
        /// The port.
        port: u16,
        /// Who has it, if the system tells.
        owner: Option<PortOwner>,
    },
    /// The port cannot be had for another reason.
    #[error("port {port} cannot be listened to")]
    Port {
        /// The port.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The socket file cannot be had.
    #[error(transparent)]
    Socket(#[from] PrivateSocketError),
}

fn owner_words(owner: Option<&PortOwner>) -> String {
    owner.map(|owner| format!(" by {owner}")).unwrap_or_default()
}

/// A process of another user that has connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stranger {
    /// Its user id; `None` if it had gone when it was looked up.
    pub user: Option<u32>,
}

/// A listener that only this user's processes get through.
#[derive(Debug)]
pub struct Listener(Kind);

#[derive(Debug)]
enum Kind {
    Loopback(TcpListener, u16),
    Socket(UnixListener, PrivateSocket),
}

impl Listener {
    /// Begins to listen.
    pub async fn bind(address: &ListenAddress) -> Result<Self, ListenError> {
        match address {
            ListenAddress::Loopback(port) => loopback(*port).await,
            ListenAddress::Socket(path) => {
                let (listener, socket) = PrivateSocket::bind(path)?;
                let unusable = |source| PrivateSocketError::NotMade { path: path.clone(), source };
                listener.set_nonblocking(true).map_err(unusable)?;
                Ok(Self(Kind::Socket(UnixListener::from_std(listener).map_err(unusable)?, socket)))
            }
        }
    }

    /// Where it listens; in the form that `--listen` takes.
    pub fn address(&self) -> ListenAddress {
        match &self.0 {
            Kind::Loopback(_, port) => ListenAddress::Loopback(*port),
            Kind::Socket(_, socket) => ListenAddress::Socket(socket.path().to_owned()),
        }
    }

    /// The next peer, or the next stranger, whose connection is closed already. An error is the listener's own: what is
    /// wrong with one connection ends that one.
    pub(super) async fn accept(&self) -> io::Result<Result<Peer, Stranger>> {
        loop {
            let accepted = match &self.0 {
                Kind::Loopback(listener, _) => listener.accept().await.map(|(stream, peer)| checked_tcp(stream, peer)),
                Kind::Socket(listener, _) => listener.accept().await.map(|(stream, _)| checked_unix(stream)),
            };
            match accepted {
                Ok(Ok(peer)) => return Ok(peer),
                // Its client has gone meanwhile.
                Ok(Err(_)) => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn checked_tcp(stream: TcpStream, peer: SocketAddr) -> io::Result<Result<Peer, Stranger>> {
    if let Err(stranger) = check_tcp(peer, stream.local_addr()?) {
        return Ok(Err(stranger));
    }
    stream.set_nodelay(true)?;
    Ok(Ok(stream.into()))
}

fn checked_unix(stream: UnixStream) -> io::Result<Result<Peer, Stranger>> {
    let user = stream.peer_cred()?.uid();
    Ok(if user == own_user() { Ok(stream.into()) } else { Err(Stranger { user: Some(user) }) })
}

async fn loopback(port: u16) -> Result<Listener, ListenError> {
    let bound = async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = listener.local_addr()?.port();
        Ok(Listener(Kind::Loopback(listener, port)))
    };
    bound.await.map_err(|source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => ListenError::PortTaken { port, owner: port_owner(port) },
        _ => ListenError::Port { port, source },
    })
}

fn own_user() -> u32 {
    rustix::process::getuid().as_raw()
}

/// Whether the other end of a loopback connection is a process of this user.
pub(super) fn check_tcp(peer: SocketAddr, local: SocketAddr) -> Result<(), Stranger> {
    let owner = (0..LOOKS).map(|_| socket_owner(peer, local)).find(|owner| *owner != SocketOwner::Gone);
    match owner {
        Some(SocketOwner::User(user)) if user != own_user() => Err(Stranger { user: Some(user) }),
        Some(SocketOwner::User(_) | SocketOwner::Unknowable) => Ok(()),
        Some(SocketOwner::Gone) | None => Err(Stranger { user: None }),
    }
}

#[cfg(test)]
mod tests;
