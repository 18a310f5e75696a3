//! The one-shot loopback listener between a driver that can only dial TCP and a tunnel.
//!
//! It accepts one peer of this user and closes. Another user's process that is faster gets nothing (threat T11): on Linux the
//! kernel's socket table says who owns the other end of a loopback connection. Elsewhere the port is open to any local process
//! for the moment between bind and connect; what such a process would reach is the database's TLS port, without a token.

use std::io;
use std::net::Ipv4Addr;

use tokio::net::{TcpListener, TcpStream};

use super::listener::check_tcp;

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
            if check_tcp(peer, stream.local_addr()?).is_ok() {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
        }
    }
}

#[cfg(test)]
mod tests;
