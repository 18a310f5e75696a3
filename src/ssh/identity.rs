//! Reads the key files that ssh_config names: public halves for offering, private ones for signing.
//!
//! A file that cannot be used is an [`Attempt`] with its reason, not an error: the next key may do. Private keys and
//! passphrases stay in this module and in the signature they make.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::keys::{PrivateKey, PublicKey, decode_secret_key};
use secrecy::{ExposeSecret, SecretString};

use super::attempt::{Attempt, AttemptOutcome};
use super::bastion::IdentityFile;
use super::host_key::fingerprint;
use crate::backend::Questions;
use crate::os::WholeFile;

/// No key file is larger.
const LARGEST_FILE: usize = 256 * 1024;

/// How often a passphrase is asked for, as in `ssh`.
const PASSPHRASE_ATTEMPTS: u32 = 3;

/// A key that a file offers.
#[derive(Debug)]
pub(super) struct Identity {
    /// The file.
    pub(super) path: PathBuf,
    /// Its public half, where it can be known without a passphrase.
    pub(super) public: Option<PublicKey>,
    /// Its private half.
    pub(super) private: Private,
}

/// The private half of a key file.
#[derive(Clone)]
pub(super) enum Private {
    /// Ready to sign.
    Plain(Arc<PrivateKey>),
    /// The file's text, still encrypted.
    Encrypted(Arc<SecretString>),
    /// The file has only the public half; the agent may hold the rest.
    Absent,
}

impl std::fmt::Debug for Private {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Encrypted(_) => "Encrypted",
            Self::Absent => "Absent",
        })
    }
}

/// Reads every identity file, in order. What cannot be used goes to `attempts`.
pub(super) fn read_all(files: &[IdentityFile], attempts: &mut Vec<Attempt>) -> Vec<Identity> {
    let mut identities = Vec::new();
    for file in files {
        match read(file) {
            Ok(identity) => identities.extend(identity),
            Err(outcome) => attempts.push(Attempt { key: file.path.display().to_string(), fingerprint: None, outcome }),
        }
    }
    identities
}

fn read(file: &IdentityFile) -> Result<Option<Identity>, AttemptOutcome> {
    let path = &file.path;
    let contents =
        WholeFile::read(path, LARGEST_FILE).map_err(|error| AttemptOutcome::Unreadable(error.to_string()))?;
    let Some(contents) = contents else {
        // The private half may be in the agent alone.
        return match public_beside(path) {
            Some(public) => Ok(Some(Identity { path: path.clone(), public: Some(public), private: Private::Absent })),
            None if file.is_default => Ok(None),
            None => Err(AttemptOutcome::Missing),
        };
    };
    let text = String::from_utf8(contents.bytes).map_err(|_| AttemptOutcome::Malformed("not text".to_owned()))?;
    let text = SecretString::from(text);
    if let Some(public) = public_in(text.expose_secret()) {
        return Ok(Some(Identity { path: path.clone(), public: Some(public), private: Private::Absent }));
    }
    // As `ssh` does: a file of ours that others can read is not secret any more. Somebody else's is not ours to judge.
    if contents.mode & 0o077 != 0 && contents.owner == rustix::process::getuid().as_raw() {
        return Err(AttemptOutcome::TooOpen { mode: contents.mode });
    }
    parse(path, text).map(Some)
}

fn parse(path: &Path, text: SecretString) -> Result<Identity, AttemptOutcome> {
    let identity = |public, private| Identity { path: path.to_owned(), public, private };
    // OpenSSH's own format has the public half in the clear, so the server can be asked before the person is.
    if let Ok(key) = PrivateKey::from_openssh(text.expose_secret()) {
        let public = key.public_key().clone();
        let is_encrypted = key.is_encrypted();
        let private = if is_encrypted { Private::Encrypted(Arc::new(text)) } else { Private::Plain(Arc::new(key)) };
        return Ok(identity(Some(public), private));
    }
    match decode_secret_key(text.expose_secret(), None) {
        Ok(key) => Ok(identity(Some(key.public_key().clone()), Private::Plain(Arc::new(key)))),
        Err(_) if text.expose_secret().contains("ENCRYPTED") => {
            Ok(identity(public_beside(path), Private::Encrypted(Arc::new(text))))
        }
        Err(error) => Err(AttemptOutcome::Malformed(error.to_string())),
    }
}

/// The public key in the file `PATH.pub`.
fn public_beside(path: &Path) -> Option<PublicKey> {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    let file = WholeFile::read(Path::new(&name), LARGEST_FILE).ok()??;
    public_in(std::str::from_utf8(&file.bytes).ok()?)
}

fn public_in(text: &str) -> Option<PublicKey> {
    PublicKey::from_openssh(text.lines().next()?.trim()).ok()
}

/// Asks for the passphrase of an encrypted key until it fits, at most three times.
pub(super) async fn decrypt(
    path: &Path,
    text: &Arc<SecretString>,
    questions: &Arc<dyn Questions>,
) -> Result<Arc<PrivateKey>, AttemptOutcome> {
    for attempt in 1..=PASSPHRASE_ATTEMPTS {
        let (path, text, questions) = (path.to_owned(), Arc::clone(text), Arc::clone(questions));
        // A person is slow, and so is the key derivation, on purpose.
        let tried = tokio::task::spawn_blocking(move || {
            let passphrase = questions.key_passphrase(&path, attempt)?;
            Some(decode_secret_key(text.expose_secret(), Some(passphrase.expose_secret())))
        });
        match tried.await {
            Ok(Some(Ok(key))) => return Ok(Arc::new(key)),
            Ok(Some(Err(_))) => {}
            Ok(None) | Err(_) => return Err(AttemptOutcome::NoPassphrase),
        }
    }
    Err(AttemptOutcome::WrongPassphrase)
}

impl Identity {
    /// A report of what came of this key.
    pub(super) fn attempt(&self, outcome: AttemptOutcome) -> Attempt {
        let fingerprint = self.public.as_ref().map(fingerprint);
        Attempt { key: self.path.display().to_string(), fingerprint, outcome }
    }
}
