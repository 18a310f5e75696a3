//! Logs in to a bastion with public keys: first those of the agent that ssh_config names, then the agent's others, then the
//! key files.
//!
//! The method `none` is never sent: it would cost a round trip to learn what the first key teaches as well. Every key is
//! offered before it signs, because russh 0.65 has no other way; that costs one round trip, and it means that a passphrase
//! is asked for only if the server would accept the key.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use russh::client::{AuthResult, Handle};
use russh::keys::agent::AgentIdentity;
use russh::keys::{Algorithm, HashAlg, PublicKey};

use super::attempt::{Attempt, AttemptOutcome};
use super::bastion::Bastion;
use super::client::Client;
use super::connect::Patience;
use super::error::{ConnectStage, Error};
use super::host_key::{fingerprint, rsa_bits};
use super::identity::{Identity, Private, decrypt, read_all};
use super::signer::{Agent, NoSignature, Signer, Source};
use crate::backend::Questions;

/// Everything one login works with.
pub(super) struct Login<'a> {
    /// The session, past its key exchange.
    pub(super) handle: &'a mut Handle<Client>,
    /// Whom we log in to, and as whom.
    pub(super) bastion: &'a Bastion,
    /// For passphrases.
    pub(super) questions: &'a Arc<dyn Questions>,
    /// How long the server may take to answer one request.
    pub(super) patience: Patience,
    /// What has been tried.
    pub(super) attempts: Vec<Attempt>,
    /// The methods the server named last.
    pub(super) methods: Vec<String>,
    /// What RSA keys sign with, once it is known.
    pub(super) rsa_hash: RsaHash,
}

/// The hash that RSA keys sign with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum RsaHash {
    /// The server has not been asked.
    #[default]
    NotAsked,
    /// SHA-2.
    Safe(HashAlg),
    /// The server takes SHA-1 only.
    OnlySha1,
}

/// What one key has brought.
enum Step {
    LoggedIn,
    NextKey,
    /// The server does not go on with public keys.
    Enough,
}

impl Login<'_> {
    /// Tries one key after the other until the server lets us in.
    pub(super) async fn run(mut self) -> Result<(), Error> {
        let identities = read_all(&self.bastion.identities, &mut self.attempts);
        let mut agent = self.open_agent().await;
        let held = self.agent_keys(agent.as_mut(), &identities).await;
        if let Some(agent) = agent.as_mut() {
            for (key, comment) in &held {
                match self.try_agent_key(agent, key, comment).await? {
                    Step::LoggedIn => return Ok(()),
                    Step::NextKey => {}
                    Step::Enough => return Err(self.refused()),
                }
            }
        }
        for identity in identities {
            if identity.public.as_ref().is_some_and(|public| held.iter().any(|(key, _)| same_key(key, public))) {
                continue;
            }
            match self.try_file(&identity).await? {
                Step::LoggedIn => return Ok(()),
                Step::NextKey => {}
                Step::Enough => break,
            }
        }
        Err(self.refused())
    }

    async fn open_agent(&mut self) -> Option<Agent> {
        let socket = self.bastion.agent.as_deref()?;
        match Agent::connect_uds(socket).await {
            Ok(mut agent) => {
                // Lets an agent apply keys that are tied to destinations. Older agents do not know the message.
                if let Some(binding) = self.handle.agent_session_binding() {
                    let _ = self.patience.limit(ConnectStage::Authentication, agent.bind_session(binding, false)).await;
                }
                Some(agent)
            }
            Err(error) => {
                self.note_agent(socket, &error);
                None
            }
        }
    }

    fn note_agent(&mut self, socket: &Path, error: &dyn std::fmt::Display) {
        let key = format!("agent {}", socket.display());
        self.attempts.push(Attempt { key, fingerprint: None, outcome: AttemptOutcome::Agent(error.to_string()) });
    }

    /// The agent's keys in the order in which they are offered: those that ssh_config names, then, if it allows, the rest.
    async fn agent_keys(&mut self, agent: Option<&mut Agent>, identities: &[Identity]) -> Vec<(PublicKey, String)> {
        let Some(agent) = agent else { return Vec::new() };
        let listed = self.patience.limit(ConnectStage::Authentication, agent.request_identities()).await;
        let listed = match listed {
            Ok(Ok(listed)) => listed,
            Ok(Err(error)) => return self.no_agent_keys(&error),
            Err(error) => return self.no_agent_keys(&error),
        };
        let mut held: Vec<(PublicKey, String)> = listed
            .into_iter()
            .filter_map(|identity| match identity {
                AgentIdentity::PublicKey { key, comment } => Some((key, comment)),
                // Certificates come with a later issue; their plain keys are listed by themselves.
                AgentIdentity::Certificate { .. } => None,
            })
            .collect();
        let place = |key: &PublicKey| {
            let named = |identity: &Identity| identity.public.as_ref().is_some_and(|public| same_key(public, key));
            identities.iter().position(named)
        };
        if self.bastion.identities_only {
            held.retain(|(key, _)| place(key).is_some());
        }
        held.sort_by_key(|(key, _)| place(key).unwrap_or(usize::MAX));
        held
    }

    fn no_agent_keys(&mut self, error: &dyn std::fmt::Display) -> Vec<(PublicKey, String)> {
        if let Some(socket) = self.bastion.agent.as_deref() {
            self.note_agent(socket, error);
        }
        Vec::new()
    }

    async fn try_agent_key(&mut self, agent: &mut Agent, key: &PublicKey, comment: &str) -> Result<Step, Error> {
        let offered = self.offer(key, Source::Agent(agent)).await?;
        let attempt =
            |outcome| Attempt { key: format!("agent {comment}"), fingerprint: Some(fingerprint(key)), outcome };
        Ok(self.note(offered, attempt))
    }

    /// Notes what came of a key that did not let us in.
    fn note(&mut self, offered: Result<Step, AttemptOutcome>, attempt: impl FnOnce(AttemptOutcome) -> Attempt) -> Step {
        let (step, outcome) = match offered {
            Ok(Step::LoggedIn) => return Step::LoggedIn,
            Ok(step) => (step, AttemptOutcome::Refused),
            Err(outcome) => (Step::NextKey, outcome),
        };
        self.attempts.push(attempt(outcome));
        step
    }

    async fn try_file(&mut self, identity: &Identity) -> Result<Step, Error> {
        let (public, private) = match (&identity.public, &identity.private) {
            (_, Private::Absent) => {
                self.attempts.push(identity.attempt(AttemptOutcome::PublicOnly));
                return Ok(Step::NextKey);
            }
            // Old formats hide the public half, too: there the person has to be asked first.
            (None, Private::Encrypted(text)) => match decrypt(&identity.path, text, self.questions).await {
                Ok(key) => (key.public_key().clone(), Private::Plain(key)),
                Err(outcome) => {
                    self.attempts.push(identity.attempt(outcome));
                    return Ok(Step::NextKey);
                }
            },
            (None, Private::Plain(key)) => (key.public_key().clone(), identity.private.clone()),
            (Some(public), private) => (public.clone(), private.clone()),
        };
        let offered = self.offer(&public, Source::File { path: identity.path.clone(), private }).await?;
        Ok(self.note(offered, |outcome| identity.attempt(outcome)))
    }

    /// Offers one key and signs if the server would take it. The inner error is the key's, the outer one the connection's.
    async fn offer(&mut self, key: &PublicKey, source: Source<'_>) -> Result<Result<Step, AttemptOutcome>, Error> {
        let hash = match self.hash_for(key).await? {
            Ok(hash) => hash,
            Err(outcome) => return Ok(Err(outcome)),
        };
        let busy = AtomicBool::new(false);
        let mut signer = Signer { source, questions: self.questions, busy: &busy };
        let request = self.handle.authenticate_publickey_with(&self.bastion.user, key.clone(), hash, &mut signer);
        let answer = self.patience.limit_unless(&busy, ConnectStage::Authentication, request).await?;
        match answer {
            Ok(AuthResult::Success) => {
                if matches!(key.algorithm(), Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256) {
                    // Somebody has touched it.
                    self.patience.shared.needed_person.store(true, Ordering::Relaxed);
                }
                Ok(Ok(Step::LoggedIn))
            }
            Ok(AuthResult::Failure { remaining_methods, partial_success }) => {
                self.methods = remaining_methods.iter().map(|method| <&str>::from(method).to_owned()).collect();
                if partial_success {
                    return Err(Error::FurtherAuthentication {
                        bastion: self.bastion.name.clone(),
                        user: self.bastion.user.clone(),
                        methods: std::mem::take(&mut self.methods),
                    });
                }
                let goes_on = self.methods.iter().any(|method| method == "publickey");
                Ok(Ok(if goes_on { Step::NextKey } else { Step::Enough }))
            }
            Err(NoSignature::Key(outcome)) => Ok(Err(outcome)),
            Err(NoSignature::SessionGone) => Ok(Ok(Step::Enough)),
        }
    }

    /// The hash an RSA key signs with; SHA-1 is never used. Refuses keys that ssh_config or their length rules out.
    async fn hash_for(&mut self, key: &PublicKey) -> Result<Result<Option<HashAlg>, AttemptOutcome>, Error> {
        let allowed = self.bastion.allowed.user_key.as_deref();
        let is_allowed = |name: &str| allowed.is_none_or(|list| list.iter().any(|entry| entry == name));
        if !matches!(key.algorithm(), Algorithm::Rsa { .. }) {
            let allowed = is_allowed(key.algorithm().as_str());
            return Ok(if allowed { Ok(None) } else { Err(AttemptOutcome::AlgorithmNotAllowed) });
        }
        if rsa_bits(key).is_some_and(|bits| bits < self.bastion.least_rsa_bits) {
            return Ok(Err(AttemptOutcome::AlgorithmNotAllowed));
        }
        if self.rsa_hash == RsaHash::NotAsked {
            // Comes with the server's first packets; a server that names no algorithms is given SHA-512.
            let best = self.patience.limit(ConnectStage::Authentication, self.handle.best_supported_rsa_hash());
            self.rsa_hash = match best.await? {
                Ok(Some(Some(best))) => RsaHash::Safe(best),
                Ok(Some(None)) => RsaHash::OnlySha1,
                Ok(None) | Err(_) => RsaHash::Safe(HashAlg::Sha512),
            };
        }
        Ok(match self.rsa_hash {
            RsaHash::Safe(hash) if is_allowed(Algorithm::Rsa { hash: Some(hash) }.as_str()) => Ok(Some(hash)),
            _ => Err(AttemptOutcome::AlgorithmNotAllowed),
        })
    }

    fn refused(self) -> Error {
        if let Some(loss) = self.patience.shared.loss_before_login() {
            return Error::ConnectionLost { bastion: self.bastion.name.clone(), loss };
        }
        Error::AuthenticationRefused {
            bastion: self.bastion.name.clone(),
            user: self.bastion.user.clone(),
            attempts: self.attempts,
            methods: self.methods,
            message: self.patience.shared.message(),
        }
    }
}

fn same_key(one: &PublicKey, other: &PublicKey) -> bool {
    one.key_data() == other.key_data()
}
