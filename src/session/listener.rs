//! The one-shot loopback listener between a driver that can only dial TCP and a tunnel.
//!
//! It accepts one peer of this user and closes. Another user's process that is faster gets nothing (threat T11): on Linux the
//! kernel's socket table says who owns the other end of a loopback connection. Elsewhere the port is open to any local process
//! for the moment between bind and connect; what such a process would reach is the database's TLS port, without a token.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};

use crate::os::{SocketOwner, socket_owner};

/// How often the socket table is read for a peer that is not in it.
const LOOKS: usize = 3;

/// A loopback listener for exactly one peer.
#[derive(Debug)]
pub(super) struct OneShot {
    listener: TcpListener,
    port: u16,
}

impl OneShot {
    pub(super) async fn bind() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the peer; closes the port when it has come. Connections of other users are dropped.
    pub(super) async fn accept(self) -> io::Result<TcpStream> {
        loop {
            let (stream, peer) = self.listener.accept().await?;
            if is_ours(peer, stream.local_addr()?) {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
        }
    }
}

fn is_ours(peer: SocketAddr, local: SocketAddr) -> bool {
    // The table is read piece by piece while it changes, so a line that is there can be missed.
    let owner = (0..LOOKS).map(|_| socket_owner(peer, local)).find(|owner| *owner != SocketOwner::Gone);
    match owner.unwrap_or(SocketOwner::Gone) {
        SocketOwner::User(uid) => uid == rustix::process::getuid().as_raw(),
        SocketOwner::Gone => false,
        SocketOwner::Unknowable => true,
    }
}

#[cfg(test)]
mod tests;
