//! Serves a listener: each local connection that comes in is taken through a lane to the database.
//!
//! Only this user's processes are served (threat T11). A connection that cannot be served is told why in the words that the
//! command line has for it; what becomes of each connection is told to whoever listens to events.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::lanes::Lanes;
use super::listener::{Listener, Stranger};
use crate::backend::{Connect, Connection as _, DialError, Peer};
use crate::target::Address;

/// How long to wait before the next look at a listener that fails: descriptors come back when connections end.
const BREATH: Duration = Duration::from_millis(100);

/// How often it is told that a listener fails: under load it does so again and again.
const TOLD_AGAIN: Duration = Duration::from_mins(1);

/// How long a client that is refused may take to read why.
const FAREWELL: Duration = Duration::from_secs(1);

/// What happens at a listener.
#[derive(Debug)]
pub enum Event<E> {
    /// Somebody else's process has connected, and got nothing. Told once for each user.
    Stranger(Stranger),
    /// The bastion or the database could not be reached for a connection.
    Unserved(E),
    /// The database's first words were not acceptable, and no client has heard them.
    Guarded,
    /// A connection broke.
    Broken(E),
    /// The listener fails for now: too many open files, most likely. Told now and then.
    Listener(io::Error),
}

/// The words for a client that cannot be served, ready to be sent to it.
type Refusal<E> = Arc<dyn Fn(&E) -> Vec<u8> + Send + Sync>;

/// What must hold of the first words of a database before a client hears them.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// Whether there is enough of them to judge.
    pub is_enough: fn(&[u8]) -> bool,
    /// What the client gets instead, if they are not acceptable.
    pub judge: fn(&[u8]) -> Option<Vec<u8>>,
}

/// A listener, and where it leads.
pub struct Forwarder<C: Connect> {
    listener: Listener,
    way: Arc<WayOut<C>>,
    connections: JoinSet<Option<Event<DialError<C>>>>,
    strangers: BTreeSet<Option<u32>>,
    /// When the listener's failure was told.
    failed: Option<Instant>,
}

struct WayOut<C: Connect> {
    lanes: Arc<Lanes<C>>,
    address: Address,
    refusal: Refusal<DialError<C>>,
    guard: Option<Guard>,
    /// Connections that the guard has refused, of which nobody has been told yet.
    guarded: AtomicUsize,
}

impl<C: Connect> std::fmt::Debug for Forwarder<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forwarder").field("listener", &self.listener).finish_non_exhaustive()
    }
}

impl<C: Connect> Forwarder<C> {
    /// Serves nobody yet. `refusal` makes the bytes that a client gets in place of the database's; `guard` stands between
    /// the two until the database has said its first words.
    pub fn new(
        listener: Listener,
        lanes: Arc<Lanes<C>>,
        address: Address,
        refusal: impl Fn(&DialError<C>) -> Vec<u8> + Send + Sync + 'static,
        guard: Option<Guard>,
    ) -> Self {
        let guarded = AtomicUsize::new(0);
        let way = Arc::new(WayOut { lanes, address, refusal: Arc::new(refusal), guard, guarded });
        Self { listener, way, connections: JoinSet::new(), strangers: BTreeSet::new(), failed: None }
    }

    /// Serves until something happens that is worth telling. May be dropped and called again; open connections go on.
    pub async fn serve(&mut self) -> Event<DialError<C>> {
        loop {
            tokio::select! {
                Some(ended) = self.connections.join_next() => {
                    if let Some(event) = self.told(ended) {
                        return event;
                    }
                }
                accepted = self.listener.accept() => match accepted {
                    Ok(Ok(peer)) => {
                        self.connections.spawn(serve(Arc::clone(&self.way), peer));
                    }
                    Ok(Err(stranger)) => {
                        if self.strangers.insert(stranger.user) {
                            return Event::Stranger(stranger);
                        }
                    }
                    Err(error) => {
                        if self.failed.is_none_or(|told| told.elapsed() >= TOLD_AGAIN) {
                            self.failed = Some(Instant::now());
                            return Event::Listener(error);
                        }
                        tokio::time::sleep(BREATH).await;
                    }
                },
            }
        }
    }

    /// The next connection that the guard has refused and nobody has been told of: a client that was refused may end before
    /// [`Self::serve`] says so. Waits for no other.
    pub async fn guarded(&mut self) -> Option<Event<DialError<C>>> {
        while self.way.guarded.load(Ordering::SeqCst) > 0 {
            let ended = self.connections.join_next().await?;
            if let Some(event @ Event::Guarded) = self.told(ended) {
                return Some(event);
            }
        }
        None
    }

    fn told(&self, ended: Result<Option<Event<DialError<C>>>, JoinError>) -> Option<Event<DialError<C>>> {
        // A task that panicked has ended the program; one that was cut has nothing to tell.
        let event = ended.ok().flatten();
        if matches!(event, Some(Event::Guarded)) {
            self.way.guarded.fetch_sub(1, Ordering::SeqCst);
        }
        event
    }

    /// How many connections are open.
    pub fn open_connections(&self) -> usize {
        self.connections.len()
    }

    /// Takes no more connections from now on. Its future waits for the open ones, and gives how many it cut off after `limit`.
    pub fn drain(self, limit: Duration) -> impl Future<Output = usize> {
        let Self { listener, mut connections, .. } = self;
        drop(listener);
        async move {
            let all = async { while connections.join_next().await.is_some() {} };
            // At the limit, what has not ended is counted and cut.
            let _ = tokio::time::timeout(limit, all).await;
            let cut = connections.len();
            connections.shutdown().await;
            cut
        }
    }
}

async fn serve<C: Connect>(way: Arc<WayOut<C>>, mut peer: Peer) -> Option<Event<DialError<C>>> {
    let opened = async {
        let (mut connection, place) = way.lanes.dial(&way.address).await?;
        let objection = match way.guard {
            Some(Guard { is_enough, judge }) => judge(connection.first_words(is_enough).await?),
            None => None,
        };
        Ok((connection, place, objection))
    };
    match opened.await {
        Ok((connection, _place, None)) => connection.relay(peer).await.err().map(Event::Broken),
        Ok((_, _, Some(words))) => {
            way.guarded.fetch_add(1, Ordering::SeqCst);
            refuse(&mut peer, &words).await;
            Some(Event::Guarded)
        }
        Err(error) => {
            refuse(&mut peer, &(way.refusal)(&error)).await;
            Some(Event::Unserved(error))
        }
    }
}

/// Says why, and waits for the client to have read it: to hang up at once could take the words back.
async fn refuse(peer: &mut Peer, words: &[u8]) {
    let farewell = async {
        match peer {
            Peer::Tcp(stream) => say(stream, words).await,
            Peer::Unix(stream) => say(stream, words).await,
        }
    };
    // A client that does not listen misses something.
    let _ = tokio::time::timeout(FAREWELL, farewell).await;
}

async fn say(stream: &mut (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin), words: &[u8]) -> io::Result<()> {
    stream.write_all(words).await?;
    stream.shutdown().await?;
    tokio::io::copy(stream, &mut tokio::io::sink()).await.map(drop)
}

#[cfg(test)]
mod tests;
