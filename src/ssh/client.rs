//! Our side of an SSH session as russh calls it: checks the host key and what was negotiated, refuses every channel that
//! a server would open to us, and remembers why a session ended.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use russh::client::{ChannelOpenHandle, DisconnectReason, Handler, Msg, Session};
use russh::keys::PublicKeyOrCertificate;
use russh::{Channel, ChannelId, ChannelOpenFailure, Names};
use secrecy::SecretString;
use tokio::sync::mpsc::UnboundedSender;

use super::algorithms::check_negotiated;
use super::bastion::Bastion;
use super::connect::CLOSED;
use super::error::{Error, Loss};
use super::host_key::{HostKeys, LearnedHostKey};
use crate::backend::{HostKeyQuestion, Questions};

/// What a session's task and its users both know.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Set while a person is asked about the host key.
    pub(super) asking: AtomicBool,
    /// Connections that go through the session now, or are being dialled.
    pub(super) connections: AtomicUsize,
    /// How often the stall limit has passed for one that was alone, and was waited for.
    pub(super) waits: AtomicUsize,
    /// Whether the login needed a person: a passphrase was asked for, or a key had to be touched.
    pub(super) needed_person: AtomicBool,
    /// How often keys were agreed upon.
    pub(super) key_exchanges: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    loss: Option<Loss>,
    message: Option<String>,
    learned: Option<LearnedHostKey>,
}

/// Longest text of a server that is kept.
const LONGEST_MESSAGE: usize = 2000;

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the session ended, if it has.
    pub(super) fn loss(&self) -> Option<Loss> {
        self.state().loss.clone()
    }

    /// The loss that ended a login. A server that hangs up because it has seen enough keys has refused us instead.
    pub(super) fn loss_before_login(&self) -> Option<Loss> {
        self.loss().filter(|loss| !matches!(loss, Loss::Disconnected { .. }))
    }

    /// What the server said: with its goodbye, else before the login.
    pub(super) fn message(&self) -> Option<String> {
        let state = self.state();
        match &state.loss {
            Some(Loss::Disconnected { message }) => Some(message.clone()),
            _ => state.message.clone(),
        }
    }

    /// The host key that was accepted for the first time.
    pub(super) fn learned(&self) -> Option<LearnedHostKey> {
        self.state().learned.clone()
    }
}

/// Questions of which the session remembers that they were asked.
pub(super) struct Remembered {
    /// Who is asked.
    pub(super) questions: Arc<dyn Questions>,
    /// Who remembers.
    pub(super) shared: Arc<Shared>,
}

impl Questions for Remembered {
    fn key_passphrase(&self, key: &Path, attempt: u32) -> Option<SecretString> {
        self.shared.needed_person.store(true, Ordering::Relaxed);
        self.questions.key_passphrase(key, attempt)
    }

    fn trust_host_key(&self, question: &HostKeyQuestion) -> bool {
        self.questions.trust_host_key(question)
    }
}

/// An error on the session's task.
#[derive(Debug)]
pub(super) enum Failure {
    /// The library's.
    Russh(russh::Error),
    /// Our own decision.
    Ours(Box<Error>),
}

impl From<russh::Error> for Failure {
    fn from(error: russh::Error) -> Self {
        Self::Russh(error)
    }
}

/// Our side of the session.
pub(super) struct Client {
    /// Whom we talk to.
    pub(super) bastion: Bastion,
    /// What known_hosts says of it.
    pub(super) host_keys: HostKeys,
    /// For an unknown host key.
    pub(super) questions: Arc<dyn Questions>,
    /// What the users of the session see.
    pub(super) shared: Arc<Shared>,
    /// The server's words about channels that it did not open.
    pub(super) refusals: UnboundedSender<String>,
    /// Probes and the time between them, to explain a silent server.
    pub(super) keepalive: (usize, Duration),
}

impl Client {
    fn loss(&self, error: &Failure) -> Option<Loss> {
        match error {
            Failure::Russh(russh::Error::KeepaliveTimeout) => {
                Some(Loss::Silent { probes: self.keepalive.0, interval: self.keepalive.1 })
            }
            // The server named no method to go on with: a refusal, told with the attempts.
            Failure::Russh(russh::Error::NoAuthMethod) => None,
            Failure::Russh(russh::Error::Disconnect | russh::Error::HUP) => {
                Some(Loss::Broken { message: CLOSED.to_owned() })
            }
            Failure::Russh(russh::Error::IO(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Some(Loss::Broken { message: CLOSED.to_owned() })
            }
            Failure::Russh(error) => Some(Loss::Broken { message: error.to_string() }),
            Failure::Ours(error) => Some(Loss::Broken { message: error.to_string() }),
        }
    }
}

fn cut(text: &str) -> String {
    text.trim().chars().take(LONGEST_MESSAGE).collect()
}

impl Handler for Client {
    type Error = Failure;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Failure> {
        // Certificates are not offered; one that comes nevertheless is not understood.
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else { return Ok(false) };
        self.shared.asking.store(true, Ordering::Relaxed);
        let decision = self.host_keys.decide(&self.bastion, key, &self.questions).await;
        self.shared.asking.store(false, Ordering::Relaxed);
        let learned = decision.map_err(|error| Failure::Ours(Box::new(error)))?;
        self.shared.state().learned = learned;
        Ok(true)
    }

    async fn kex_done(&mut self, _: Option<&[u8]>, names: &Names, _: &mut Session) -> Result<(), Failure> {
        self.shared.key_exchanges.fetch_add(1, Ordering::Relaxed);
        check_negotiated(&self.bastion.name, names).map_err(|error| Failure::Ours(Box::new(error)))
    }

    async fn auth_banner(&mut self, banner: &str, _: &mut Session) -> Result<(), Failure> {
        self.shared.state().message = Some(cut(banner));
        Ok(())
    }

    async fn channel_open_failure(
        &mut self,
        _: ChannelId,
        _: ChannelOpenFailure,
        description: &str,
        _: &str,
        _: &mut Session,
    ) -> Result<(), Failure> {
        // Nobody listens any more when the session is being dropped.
        let _ = self.refusals.send(cut(description));
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Failure>) -> Result<(), Failure> {
        match reason {
            DisconnectReason::ReceivedDisconnect(info) => {
                self.shared.state().loss = Some(Loss::Disconnected { message: cut(&info.message) });
                Ok(())
            }
            DisconnectReason::Error(error) => {
                self.shared.state().loss = self.loss(&error);
                Err(error)
            }
        }
    }

    // A server has no business opening channels to us: no forwarding, of agents least of all, was asked for. Each of these
    // would accept by default.

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Failure> {
        refuse(reply).await
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Failure> {
        refuse(reply).await
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Failure> {
        refuse(reply).await
    }

    async fn server_channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Failure> {
        refuse(reply).await
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Failure> {
        refuse(reply).await
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Failure> {
        refuse(reply).await
    }

    async fn server_channel_open_x11(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Failure> {
        refuse(reply).await
    }
}

async fn refuse(reply: ChannelOpenHandle) -> Result<(), Failure> {
    reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
    Ok(())
}
