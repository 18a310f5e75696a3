//! The TCP stream under SSH, tuned for round trips and for large packets.

use std::io::{ErrorKind, IoSlice, IoSliceMut, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// One read of the socket for up to this many bytes of small packets.
const READ_AHEAD: usize = 16 * 1024;

/// The beginning of a packet, which tells its length. Read together with the end of a large one: so at full speed each packet
/// takes one system call and goes straight to where it is decrypted.
const BEGINNING: usize = 64;

/// Less than this is worth a copy to save a system call.
const LARGE: usize = 8 * 1024;

/// A TCP stream that reads ahead, and acknowledges at once when it has read all there is.
///
/// `sshd` sets TCP_NODELAY only when it runs a command, never for a connection that only forwards. Its small packets then
/// wait for our acknowledgement, which the kernel would delay by 40 ms: measured twice per login, and now and then in every
/// query. The kernel forgets the setting, so it is set again.
#[derive(Debug)]
pub(super) struct ReadAhead {
    socket: TcpStream,
    buffer: Box<[u8; READ_AHEAD]>,
    /// What of the buffer has not been taken.
    start: usize,
    end: usize,
}

impl ReadAhead {
    /// Prepares a connected socket for SSH.
    pub(super) fn new(socket: TcpStream) -> Self {
        // Only about speed: where the system refuses, things are slower.
        let _ = socket.set_nodelay(true);
        acknowledge_at_once(&socket);
        Self { socket, buffer: Box::new([0; READ_AHEAD]), start: 0, end: 0 }
    }

    /// Fills the empty buffer.
    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let mut buffer = ReadBuf::new(self.buffer.as_mut_slice());
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut buffer))?;
        (self.start, self.end) = (0, buffer.filled().len());
        if self.end < READ_AHEAD {
            acknowledge_at_once(&self.socket);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads into `wanted` and, when that is full, the beginning of the empty buffer.
    fn poll_read_large(&mut self, context: &mut Context<'_>, wanted: &mut [u8]) -> Poll<Result<usize>> {
        let beginning = &mut self.buffer[..BEGINNING];
        loop {
            ready!(self.socket.poll_read_ready(context))?;
            match self.socket.try_read_vectored(&mut [IoSliceMut::new(wanted), IoSliceMut::new(beginning)]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(length) => {
                    if length < wanted.len() + BEGINNING {
                        acknowledge_at_once(&self.socket);
                    }
                    (self.start, self.end) = (0, length.saturating_sub(wanted.len()));
                    return Poll::Ready(Ok(length.min(wanted.len())));
                }
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn acknowledge_at_once(socket: &TcpStream) {
    // Only about speed, too.
    let _ = rustix::net::sockopt::set_tcp_quickack(socket, true);
}

#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_: &TcpStream) {}

impl AsyncRead for ReadAhead {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, wanted: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        if this.start == this.end {
            if wanted.remaining() >= LARGE {
                let length = ready!(this.poll_read_large(context, wanted.initialize_unfilled()))?;
                wanted.advance(length);
                return Poll::Ready(Ok(()));
            }
            ready!(this.poll_fill(context))?;
        }
        let length = (this.end - this.start).min(wanted.remaining());
        wanted.put_slice(&this.buffer[this.start..this.start + length]);
        this.start += length;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ReadAhead {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (ReadAhead, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (ReadAhead::new(listener.accept().await.unwrap().0), far)
    }

    /// Lengths on both sides of each bound.
    fn lengths() -> Vec<usize> {
        let around = |bound: usize| [bound - 1, bound, bound + 1];
        [[1, 4, 16], around(BEGINNING), around(LARGE), around(READ_AHEAD), around(65_535 + 4)].concat()
    }

    #[tokio::test]
    async fn what_is_read_is_what_was_sent_in_whatever_pieces() {
        for sent_at_once in lengths() {
            let (mut near, mut far) = pair().await;
            let total: usize = lengths().iter().sum::<usize>() * 2;
            let sent: Vec<u8> = (0..251).cycle().take(total).collect();
            let expected = sent.clone();
            let sending = tokio::spawn(async move {
                for piece in sent.chunks(sent_at_once) {
                    far.write_all(piece).await.unwrap();
                }
            });
            let mut read = Vec::new();
            // Large ones after small ones, and small ones after large ones.
            for length in lengths().into_iter().chain(lengths().into_iter().rev()) {
                let mut piece = vec![0; length];
                near.read_exact(&mut piece).await.unwrap();
                read.append(&mut piece);
            }
            assert!(read == expected, "sent {sent_at_once} bytes at once");
            sending.await.unwrap();
            assert_eq!(near.read(&mut [0; 4]).await.unwrap(), 0, "the end");
            assert_eq!(near.read(&mut [0; LARGE]).await.unwrap(), 0, "the end again");
        }
    }

    #[tokio::test]
    async fn a_large_piece_that_is_cut_off_is_an_end_and_not_an_answer() {
        let (mut near, mut far) = pair().await;
        far.write_all(&[7; LARGE]).await.unwrap();
        drop(far);
        let error = near.read_exact(&mut [0; LARGE + 1]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }
}
