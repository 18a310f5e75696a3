//! Signs an authentication request, with the agent or with a key from a file, once the server has said it would accept it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::signature::Signer as _;
use russh::keys::ssh_encoding::Encode as _;
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::{HashAlg, PrivateKey};
use tokio::net::UnixStream;

use super::attempt::AttemptOutcome;
use super::identity::{Private, decrypt};
use crate::backend::Questions;

/// The agent's socket.
pub(super) type Agent = AgentClient<UnixStream>;

/// Where the private half is.
pub(super) enum Source<'a> {
    /// In the agent.
    Agent(&'a mut Agent),
    /// In a file.
    File {
        /// The file.
        path: PathBuf,
        /// Its private half.
        private: Private,
    },
}

/// One key's signer.
pub(super) struct Signer<'a> {
    /// The private half.
    pub(super) source: Source<'a>,
    /// For a passphrase.
    pub(super) questions: &'a Arc<dyn Questions>,
    /// Set while a person may be busy with a passphrase or with the agent's own question, so that no time limit runs.
    pub(super) busy: &'a AtomicBool,
}

/// Why there is no signature.
#[derive(Debug)]
pub(super) enum NoSignature {
    /// The session is gone.
    SessionGone,
    /// The key cannot be used.
    Key(AttemptOutcome),
}

impl From<russh::SendError> for NoSignature {
    fn from(_: russh::SendError) -> Self {
        Self::SessionGone
    }
}

impl russh::Signer for Signer<'_> {
    type Error = NoSignature;

    async fn auth_sign(
        &mut self,
        key: &AgentIdentity,
        hash: Option<HashAlg>,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, NoSignature> {
        self.busy.store(true, Ordering::Relaxed);
        let signed = self.sign(key, hash, data).await;
        self.busy.store(false, Ordering::Relaxed);
        signed.map_err(NoSignature::Key)
    }
}

impl Signer<'_> {
    async fn sign(
        &mut self,
        key: &AgentIdentity,
        hash: Option<HashAlg>,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, AttemptOutcome> {
        match &mut self.source {
            Source::Agent(agent) => {
                let signed = agent.sign_request(key, hash, data).await;
                signed.map_err(|error| AttemptOutcome::Agent(error.to_string()))
            }
            Source::File { private: Private::Plain(private), .. } => sign_with(private, hash, data),
            Source::File { path, private: Private::Encrypted(text) } => {
                let private = decrypt(path, text, self.questions).await?;
                sign_with(&private, hash, data)
            }
            Source::File { private: Private::Absent, .. } => Err(AttemptOutcome::PublicOnly),
        }
    }
}

/// Appends the signature to the data that it signs, which is the form in which the request is sent (RFC 4252, 7).
fn sign_with(key: &PrivateKey, hash: Option<HashAlg>, mut data: Vec<u8>) -> Result<Vec<u8>, AttemptOutcome> {
    let failed = |error: &dyn std::fmt::Display| AttemptOutcome::Malformed(error.to_string());
    let signature = match key.key_data() {
        KeypairData::Rsa(rsa) => (rsa, hash).try_sign(&data),
        other => other.try_sign(&data),
    };
    let signature = signature.map_err(|error| failed(&error))?;
    let mut blob = Vec::new();
    signature.encode(&mut blob).map_err(|error| failed(&error))?;
    blob.encode(&mut data).map_err(|error| failed(&error))?;
    Ok(data)
}
