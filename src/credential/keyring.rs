//! The operating system's keyring: the Secret Service on Linux, the keychain on macOS.
//!
//! Its libraries block, and on a machine without a desktop there may be nobody who answers: every call has a thread of its
//! own, and whoever waits for it waits only so long.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use keyring_core::{CredentialStore, Entry};
use secrecy::zeroize::Zeroizing;

use super::Asks;

/// Under which all our secrets are, in every keyring.
const SERVICE: &str = "rdsconn";

/// Why the keyring does not do what it is asked to.
#[derive(Debug, thiserror::Error)]
pub enum KeyringFault {
    /// There is none, or nobody who answers for it.
    #[error("there is no keyring, or it is not running")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It is locked, and was not unlocked.
    #[error("the keyring is locked")]
    Locked(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It has not answered.
    #[error("the keyring has not answered within {} s", limit.as_secs())]
    Silent {
        /// How long was waited.
        limit: Duration,
    },
    /// It has forgotten at once what it was given, or gives back something else.
    #[error("the keyring does not keep what it is given")]
    Forgetful,
    /// It failed.
    #[error("the keyring has failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// How long is waited for what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// For the keyring's service, which may have to be started.
    pub(super) connect: Duration,
    /// Before a person is told that a window may be waiting somewhere.
    pub(super) silence: Duration,
    /// For an answer: as long as a person needs to type the keyring's password.
    pub(super) answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), silence: Duration::from_secs(2), answer: Duration::from_mins(2) }
    }
}

/// How to get at the keyring.
#[derive(Debug, Clone)]
pub(super) struct Keyring {
    pub(super) connect: fn() -> keyring_core::Result<Arc<CredentialStore>>,
    pub(super) limits: Limits,
}

impl Default for Keyring {
    fn default() -> Self {
        Self { connect: platform::store, limits: Limits::default() }
    }
}

/// How far a call has come.
enum Step<T> {
    Connected,
    Done(keyring_core::Result<T>),
    Unavailable(keyring_core::Error),
}

impl Keyring {
    /// Keeps a secret under `user`, in place of what is there, and makes sure that it can be read again.
    pub(super) fn put(&self, user: &str, label: &str, secret: &[u8], asks: &dyn Asks) -> Result<(), KeyringFault> {
        let secret = Zeroizing::new(secret.to_vec());
        let label = label.to_owned();
        let kept = self.call(user, asks, move |store, user| {
            let entry = platform::entry(store, SERVICE, user, &label)?;
            entry.set_secret(&secret)?;
            Ok(Zeroizing::new(entry.get_secret()?) == secret)
        })?;
        if kept { Ok(()) } else { Err(KeyringFault::Forgetful) }
    }

    /// Reads a secret; `None` if there is none.
    pub(super) fn get(&self, user: &str, asks: &dyn Asks) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringFault> {
        self.call(user, asks, |store, user| match store.build(SERVICE, user, None)?.get_secret() {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Forgets a secret; `false` if there was none.
    pub(super) fn remove(&self, user: &str, asks: &dyn Asks) -> Result<bool, KeyringFault> {
        self.call(user, asks, |store, user| match store.build(SERVICE, user, None)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(keyring_core::Error::NoEntry) => Ok(false),
            Err(error) => Err(error),
        })
    }

    fn call<T: Send + 'static>(
        &self,
        user: &str,
        asks: &dyn Asks,
        work: impl FnOnce(&CredentialStore, &str) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<T, KeyringFault> {
        let (sender, steps) = mpsc::channel();
        let (connect, user) = (self.connect, user.to_owned());
        // One that hangs is left behind; it ends with the program.
        let thread = std::thread::Builder::new().name("keyring".to_owned());
        let thread = thread.spawn(move || run(connect, &user, work, &sender));
        thread.map_err(|error| KeyringFault::Unavailable(Box::new(error)))?;
        self.wait(&steps, asks)
    }

    fn wait<T>(&self, steps: &Receiver<Step<T>>, asks: &dyn Asks) -> Result<T, KeyringFault> {
        let Limits { connect, silence, answer } = self.limits;
        match steps.recv_timeout(connect) {
            Ok(Step::Connected) => {}
            Ok(Step::Done(done)) => return done.map_err(fault),
            Ok(Step::Unavailable(error)) => return Err(KeyringFault::Unavailable(Box::new(error))),
            Err(RecvTimeoutError::Timeout) => return Err(KeyringFault::Silent { limit: connect }),
            Err(RecvTimeoutError::Disconnected) => return Err(KeyringFault::Forgetful),
        }
        let step = steps.recv_timeout(silence).or_else(|_| {
            asks.waits_for_keyring();
            steps.recv_timeout(answer)
        });
        match step {
            Ok(Step::Done(done)) => done.map_err(fault),
            Ok(Step::Unavailable(error)) => Err(KeyringFault::Unavailable(Box::new(error))),
            Ok(Step::Connected) | Err(RecvTimeoutError::Disconnected) => Err(KeyringFault::Forgetful),
            Err(RecvTimeoutError::Timeout) => Err(KeyringFault::Silent { limit: answer }),
        }
    }
}

/// The thread of one call. Whoever waits for it may have gone.
fn run<T>(
    connect: fn() -> keyring_core::Result<Arc<CredentialStore>>,
    user: &str,
    work: impl FnOnce(&CredentialStore, &str) -> keyring_core::Result<T>,
    steps: &Sender<Step<T>>,
) {
    let last = match connect() {
        Ok(store) => {
            let _ = steps.send(Step::Connected);
            Step::Done(work(store.as_ref(), user))
        }
        Err(error) => Step::Unavailable(error),
    };
    let _ = steps.send(last);
}

fn fault(error: keyring_core::Error) -> KeyringFault {
    match error {
        keyring_core::Error::NoStorageAccess(error) => KeyringFault::Locked(error),
        keyring_core::Error::PlatformFailure(error) => KeyringFault::Failed(error),
        error => KeyringFault::Failed(Box::new(error)),
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use std::collections::HashMap;

    use super::{Arc, CredentialStore, Entry};

    pub(super) fn store() -> keyring_core::Result<Arc<CredentialStore>> {
        Ok(zbus_secret_service_keyring_store::Store::new()?)
    }

    /// The label is what a person sees in the keyring's own window.
    pub(super) fn entry(
        store: &CredentialStore,
        service: &str,
        user: &str,
        label: &str,
    ) -> keyring_core::Result<Entry> {
        store.build(service, user, Some(&HashMap::from([("label", label)])))
    }
}

#[cfg(target_os = "macos")]
mod platform {
    use super::{Arc, CredentialStore, Entry};

    pub(super) fn store() -> keyring_core::Result<Arc<CredentialStore>> {
        Ok(apple_native_keyring_store::keychain::Store::new()?)
    }

    /// The keychain shows service and user.
    pub(super) fn entry(
        store: &CredentialStore,
        service: &str,
        user: &str,
        _label: &str,
    ) -> keyring_core::Result<Entry> {
        store.build(service, user, None)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod platform {
    use super::{Arc, CredentialStore, Entry};

    pub(super) fn store() -> keyring_core::Result<Arc<CredentialStore>> {
        Err(keyring_core::Error::NotSupportedByStore("this system".to_owned()))
    }

    pub(super) fn entry(
        store: &CredentialStore,
        service: &str,
        user: &str,
        _label: &str,
    ) -> keyring_core::Result<Entry> {
        store.build(service, user, None)
    }
}
