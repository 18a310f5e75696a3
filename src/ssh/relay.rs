//! Copies bytes between an SSH channel and a local socket.
//!
//! Written on the split halves of the channel: received packets go straight from russh's queue to the socket, which was
//! measured a third faster than its stream adapter. Memory is bounded by the channel's queue and one buffer.

use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt as _;
use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::client::Shared;
use super::error::{Error, Loss};
use crate::backend::{Connection, Peer, Traffic};

/// As much as one packet carries.
const PIECE: usize = 64 * 1024;

/// An open channel to a database.
pub struct SshConnection {
    read: ChannelReadHalf,
    write: CloseOnDrop,
    /// What has been read ahead.
    first: Vec<u8>,
    bastion: String,
    shared: Arc<Shared>,
    /// How long the local peer may take nothing while others share the session.
    stall_limit: Duration,
    _counted: Counted,
}

impl std::fmt::Debug for SshConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SshConnection").field("bastion", &self.bastion).finish_non_exhaustive()
    }
}

impl SshConnection {
    pub(super) fn new(channel: Channel<Msg>, bastion: String, counted: Counted, stall_limit: Duration) -> Self {
        let (read, write) = channel.split();
        let shared = Arc::clone(&counted.0);
        Self {
            read,
            write: CloseOnDrop(Some(write)),
            first: Vec::new(),
            bastion,
            shared,
            stall_limit,
            _counted: counted,
        }
    }
}

/// Counts a connection of a session for as long as it lasts, from the moment it is dialled.
pub(super) struct Counted(Arc<Shared>);

impl Counted {
    /// The connection, and whether there are others.
    pub(super) fn new(shared: &Arc<Shared>) -> (Self, bool) {
        let others = shared.connections.fetch_add(1, Ordering::Relaxed);
        (Self(Arc::clone(shared)), others > 0)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The writing half; russh leaves a channel open when it is dropped.
struct CloseOnDrop(Option<ChannelWriteHalf<Msg>>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        let (Some(write), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) else { return };
        runtime.spawn(async move {
            // Fails when the session is gone, and the channel with it.
            let _ = write.close().await;
        });
    }
}

/// How one direction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Both sides have said all, or one has hung up: nothing can follow.
    Finished,
    /// The session is gone.
    Lost,
    /// The local peer takes nothing, and keeps the session from the others.
    Stalled,
}

impl Connection for SshConnection {
    type Error = Error;

    async fn first_words(&mut self, is_enough: fn(&[u8]) -> bool) -> Result<&[u8], Error> {
        while !is_enough(&self.first) {
            match self.read.wait().await {
                Some(ChannelMsg::Data { data }) => self.first.extend_from_slice(&data),
                Some(ChannelMsg::Eof | ChannelMsg::Close) => break,
                Some(_) => {}
                None => {
                    let loss = self.shared.loss().unwrap_or(Loss::ClosedHere);
                    return Err(Error::ConnectionLost { bastion: self.bastion.clone(), loss });
                }
            }
        }
        Ok(&self.first)
    }

    /// Ends well when both directions have ended, or when either peer has closed its connection. A session that is lost
    /// meanwhile resets `peer`, so that nobody takes the loss for an orderly end.
    async fn relay(mut self, mut peer: Peer) -> Result<Traffic, Error> {
        let (sent, received) = (AtomicU64::new(0), AtomicU64::new(0));
        let end = match &mut peer {
            Peer::Tcp(stream) => {
                let (from_peer, to_peer) = stream.split();
                self.both_ways(from_peer, to_peer, &sent, &received).await
            }
            Peer::Unix(stream) => {
                let (from_peer, to_peer) = stream.split();
                self.both_ways(from_peer, to_peer, &sent, &received).await
            }
        };
        if end == End::Finished {
            return Ok(Traffic { sent: sent.into_inner(), received: received.into_inner() });
        }
        if let Peer::Tcp(stream) = &peer {
            // Sends a reset instead of an end; where that fails the socket is broken already.
            let _ = stream.set_zero_linger();
        }
        let bastion = self.bastion;
        if end == End::Stalled {
            return Err(Error::Stalled { bastion, limit: self.stall_limit });
        }
        let loss = self.shared.loss().unwrap_or(Loss::ClosedHere);
        Err(Error::ConnectionLost { bastion, loss })
    }
}

impl SshConnection {
    async fn both_ways(
        &mut self,
        from_peer: impl AsyncRead + Unpin,
        mut to_peer: impl AsyncWrite + Unpin,
        sent: &AtomicU64,
        received: &AtomicU64,
    ) -> End {
        let local_done = AtomicBool::new(false);
        let patience = Patience { limit: self.stall_limit, shared: &self.shared };
        let mut first = Batch::new(std::mem::take(&mut self.first).into());
        match patience.write_all(&mut to_peer, &mut first).await {
            Ok(()) => {}
            Err(Unwritten::Stalled) => return End::Stalled,
            Err(Unwritten::PeerGone) => return End::Finished,
        }
        let download = download(&mut self.read, to_peer, received, &local_done, patience);
        let upload = upload(from_peer, self.write.0.as_ref(), sent, &local_done);
        tokio::pin!(download);
        tokio::select! {
            end = &mut download => end,
            // After our half has ended, what remains is for the other one to say.
            upload = upload => match upload {
                Upload::Ended => download.await,
                Upload::PeerGone => End::Finished,
            },
        }
    }
}

/// How long a peer that takes nothing is waited for: what the bastion sends to others of the session waits behind it, because
/// russh does not limit what it receives by channel. Alone on its session a peer may take as long as it likes.
#[derive(Clone, Copy)]
struct Patience<'a> {
    limit: Duration,
    shared: &'a Shared,
}

/// Why not all of it was written.
enum Unwritten {
    Stalled,
    PeerGone,
}

impl Patience<'_> {
    async fn write_all(self, peer: &mut (impl AsyncWrite + Unpin), batch: &mut Batch) -> Result<(), Unwritten> {
        let mut slices: Vec<IoSlice<'_>> = batch.packets.iter().map(|packet| IoSlice::new(packet)).collect();
        let mut rest = slices.as_mut_slice();
        // Empty ones would be taken for a peer that takes nothing.
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            match tokio::time::timeout(self.limit, peer.write_vectored(rest)).await {
                Ok(Ok(count)) if count > 0 => IoSlice::advance_slices(&mut rest, count),
                Ok(_) => return Err(Unwritten::PeerGone),
                Err(_) if self.shared.connections.load(Ordering::Relaxed) > 1 => return Err(Unwritten::Stalled),
                Err(_) => drop(self.shared.waits.fetch_add(1, Ordering::Relaxed)),
            }
        }
        Ok(())
    }
}

/// Channel to peer, to the end of the channel. What has arrived meanwhile is written together: packets are 32 KiB, and a
/// system call for each was measured to cost a fifth of the throughput.
async fn download(
    channel: &mut ChannelReadHalf,
    mut peer: impl AsyncWrite + Unpin,
    received: &AtomicU64,
    local_done: &AtomicBool,
    patience: Patience<'_>,
) -> End {
    let mut ended = false;
    let mut next = After::Unknown;
    loop {
        let message = match std::mem::replace(&mut next, After::Unknown) {
            After::Unknown => channel.wait().await,
            After::Message(message) => message,
        };
        match message {
            Some(ChannelMsg::Data { data }) if !ended => {
                let mut batch = Batch::new(data);
                next = batch.fill(channel);
                match patience.write_all(&mut peer, &mut batch).await {
                    Ok(()) => {}
                    Err(Unwritten::Stalled) => return End::Stalled,
                    Err(Unwritten::PeerGone) => return End::Finished,
                }
                received.fetch_add(batch.length, Ordering::Relaxed);
            }
            Some(ChannelMsg::Eof) => {
                ended = true;
                // The server closes the channel when it has had our end, too; waiting for that would cost a round trip.
                if peer.shutdown().await.is_err() || local_done.load(Ordering::Relaxed) {
                    return End::Finished;
                }
            }
            Some(ChannelMsg::Close) => return End::Finished,
            Some(_) => {}
            None => return End::Lost,
        }
    }
}

/// What follows the packets of a batch.
enum After {
    /// It has not come yet.
    Unknown,
    /// This, or the end of the session.
    Message(Option<ChannelMsg>),
}

/// Packets that are written together.
struct Batch {
    packets: Vec<Bytes>,
    /// Bytes in all.
    length: u64,
}

impl Batch {
    /// What a connection's queue holds when it is full.
    const FULL: u64 = 512 * 1024;

    fn new(first: Bytes) -> Self {
        Self { length: first.len() as u64, packets: vec![first] }
    }

    /// Adds what is there already, up to what is something else.
    fn fill(&mut self, channel: &mut ChannelReadHalf) -> After {
        while self.length < Self::FULL {
            match channel.wait().now_or_never() {
                Some(Some(ChannelMsg::Data { data })) => {
                    self.length += data.len() as u64;
                    self.packets.push(data);
                }
                Some(other) => return After::Message(other),
                None => break,
            }
        }
        After::Unknown
    }
}

/// How the way from the peer ended.
enum Upload {
    /// The peer has said all it has to say, or the channel takes no more.
    Ended,
    /// The peer's connection is broken.
    PeerGone,
}

/// Peer to channel, to the end of the peer's stream. Waits while the channel's window is full.
async fn upload(
    mut peer: impl AsyncRead + Unpin,
    channel: Option<&ChannelWriteHalf<Msg>>,
    sent: &AtomicU64,
    local_done: &AtomicBool,
) -> Upload {
    let Some(channel) = channel else { return Upload::Ended };
    // Neither cleared before it is filled nor copied: what has been sent is taken back for the next piece.
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(PIECE);
        let length = match peer.read_buf(&mut buffer).await {
            Ok(0) => break,
            Ok(length) => length,
            Err(_) => return Upload::PeerGone,
        };
        if channel.data_bytes(buffer.split()).await.is_err() {
            return Upload::Ended;
        }
        sent.fetch_add(length as u64, Ordering::Relaxed);
    }
    local_done.store(true, Ordering::Relaxed);
    // Fails when the session is gone, which the other direction reports.
    let _ = channel.eof().await;
    Upload::Ended
}
