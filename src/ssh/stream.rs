//! The TCP stream under SSH, tuned for round trips.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio::net::TcpStream;

/// One read of the socket for up to this many bytes: at full speed fewer system calls than packets.
const READ_AHEAD: usize = 256 * 1024;

/// A TCP stream that acknowledges at once what it has read.
///
/// `sshd` sets TCP_NODELAY only when it runs a command, never for a connection that only forwards. Its small packets then
/// wait for our acknowledgement, which the kernel would delay by 40 ms: measured twice per login, and now and then in every
/// query. The kernel forgets the setting, so it is set again after each read.
#[derive(Debug)]
pub(super) struct QuickAck(TcpStream);

/// Prepares a connected socket for SSH.
pub(super) fn tuned(socket: TcpStream) -> BufReader<QuickAck> {
    // Both are only about speed: where the system refuses, things are slower.
    let _ = socket.set_nodelay(true);
    let stream = QuickAck(socket);
    stream.acknowledge_at_once();
    BufReader::with_capacity(READ_AHEAD, stream)
}

impl QuickAck {
    #[cfg(target_os = "linux")]
    fn acknowledge_at_once(&self) {
        let _ = rustix::net::sockopt::set_tcp_quickack(&self.0, true);
    }

    #[cfg(not(target_os = "linux"))]
    fn acknowledge_at_once(&self) {}
}

impl AsyncRead for QuickAck {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let result = Pin::new(&mut self.0).poll_read(context, buffer);
        if result.is_ready() {
            self.acknowledge_at_once();
        }
        result
    }
}

impl AsyncWrite for QuickAck {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}
