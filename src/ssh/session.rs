//! A logged-in SSH session, and dialling through it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use russh::client::Handle;
use russh::{ChannelOpenFailure, Disconnect};
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;

use super::client::{Client, Shared};
use super::connect::CLOSED;
use super::distance::Distance;
use super::error::{Error, Loss};
use super::host_key::LearnedHostKey;
use super::relay::{Counted, SshConnection};
use crate::backend::Dialer;
use crate::target::Address;

/// A session with a bastion. Dropping it, and every connection dialled through it, ends it.
///
/// One slow reader stalls every channel of a session, because russh does not limit what it receives by channel. So give each
/// database connection a session of its own unless its reader never stops; see [`super::Settings::stall_limit`].
pub struct SshSession {
    handle: Handle<Client>,
    bastion: String,
    pub(super) limits: Limits,
    distance: Distance,
    shared: Arc<Shared>,
    refusals: Mutex<UnboundedReceiver<String>>,
    /// Dials under way: with more than one, the server's words cannot be told apart.
    dialling: AtomicUsize,
}

/// How long a session waits for others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// For a channel to be opened.
    pub(super) dial: Duration,
    /// For a local peer that takes nothing while others share the session.
    pub(super) stall: Duration,
}

impl std::fmt::Debug for SshSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SshSession").field("bastion", &self.bastion).finish_non_exhaustive()
    }
}

impl SshSession {
    pub(super) fn new(
        handle: Handle<Client>,
        bastion: String,
        limits: Limits,
        distance: Distance,
        shared: Arc<Shared>,
        refusals: UnboundedReceiver<String>,
    ) -> Self {
        let (refusals, dialling) = (Mutex::new(refusals), AtomicUsize::new(0));
        Self { handle, bastion, limits, distance, shared, refusals, dialling }
    }

    /// The host key that was accepted for the first time in this session, for a note to the user.
    pub fn learned_host_key(&self) -> Option<LearnedHostKey> {
        self.shared.learned()
    }

    /// How often both sides have agreed on keys.
    #[cfg(test)]
    pub(super) fn key_exchanges(&self) -> usize {
        self.shared.key_exchanges.load(Ordering::Relaxed)
    }

    /// How often the stall limit has passed for a connection that was alone on the session.
    #[cfg(test)]
    pub(super) fn waits(&self) -> usize {
        self.shared.waits.load(Ordering::Relaxed)
    }

    /// Says goodbye to the server. Relays that still run end with [`Error::ConnectionLost`].
    pub async fn close(self) {
        let goodbye = self.handle.disconnect(Disconnect::ByApplication, "", "");
        // A session that is gone needs none, and one that is stuck is not waited for.
        let _ = tokio::time::timeout(Duration::from_secs(1), goodbye).await;
    }

    /// The words the server gave for the refusal just received, if they can only belong to it.
    async fn server_words(&self) -> Option<String> {
        let mut refusals = self.refusals.lock().await;
        // Sent by the session's task right after the refusal itself; the limit is for a session that dies between the two.
        let words = tokio::time::timeout(Duration::from_secs(1), refusals.recv()).await.ok().flatten();
        words.filter(|words| !words.is_empty() && self.dialling.load(Ordering::Relaxed) == 1)
    }

    async fn refusal(&self, failure: ChannelOpenFailure, address: &Address) -> Error {
        let (bastion, address) = (self.bastion.clone(), address.clone());
        let words = self.server_words().await;
        let other = |reason: &str| match &words {
            Some(words) => format!("{reason}: {words}"),
            None => reason.to_owned(),
        };
        let reason = match failure {
            ChannelOpenFailure::ConnectFailed => {
                return Error::DatabaseUnreachable { bastion, address, reason: words };
            }
            ChannelOpenFailure::AdministrativelyProhibited => {
                return Error::ForwardingProhibited { bastion, address, reason: words };
            }
            ChannelOpenFailure::UnknownChannelType => other("it does not know TCP forwarding"),
            ChannelOpenFailure::ResourceShortage => other("it is short of resources"),
            ChannelOpenFailure::Other { code, .. } => other(&format!("reason {code}")),
        };
        Error::ChannelRefused { bastion, address, reason }
    }
}

/// Counts a dial for as long as it lasts.
struct Dialling<'a>(&'a AtomicUsize);

impl<'a> Dialling<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Dialling<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Dialer for SshSession {
    type Error = Error;
    type Connection = SshConnection;

    /// Has the bastion connect to an address (RFC 4254, 7.2). One round trip, and the bastion's own connection.
    async fn dial(&self, address: &Address) -> Result<SshConnection, Error> {
        let _dialling = Dialling::begin(&self.dialling);
        // Counted from now on: the answer may be behind what a stalled connection does not take.
        let (counted, has_company) = Counted::new(&self.shared);
        let limit = if has_company { self.limits.dial + self.limits.stall } else { self.limits.dial };
        let opening = self.handle.channel_open_direct_tcpip(&address.host, u32::from(address.port), "127.0.0.1", 0);
        let asked = Instant::now();
        match tokio::time::timeout(limit, opening).await {
            Ok(Ok(channel)) => {
                self.distance.learn(asked.elapsed());
                Ok(SshConnection::new(channel, self.bastion.clone(), counted, self.limits.stall))
            }
            Ok(Err(russh::Error::ChannelOpenFailure(failure))) => Err(self.refusal(failure, address).await),
            Ok(Err(_)) => {
                let loss = self.shared.loss().unwrap_or_else(|| Loss::Broken { message: CLOSED.to_owned() });
                Err(Error::ConnectionLost { bastion: self.bastion.clone(), loss })
            }
            Err(_) => Err(Error::DialTimeout { bastion: self.bastion.clone(), address: address.clone(), limit }),
        }
    }

    fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    fn is_repeatable(&self) -> bool {
        // A host key that could not be recorded would be asked about again.
        let is_recorded = self.shared.learned().is_none_or(|learned| learned.not_recorded.is_none());
        is_recorded && !self.shared.needed_person.load(Ordering::Relaxed)
    }
}
