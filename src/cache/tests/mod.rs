//! The cache on stand-ins for AWS, with a clock that tests turn, and with many processes.

#![expect(clippy::disallowed_methods, reason = "tests plant files and start themselves as programs")]

mod entries;
mod faults;
mod lifetimes;
mod processes;
mod sharing;
mod stores;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secrecy::{ExposeSecret as _, SecretString};

use super::entry::{Entry, Key};
use super::{Cache, CachedTokens, Storage};
use crate::backend::{AuthToken, Identity, TokenProvider, TokenRequest};
use crate::os::Environment;
use crate::target::Endpoint;

const REGION: &str = "us-east-1";

/// The endpoint that most tests share.
fn endpoint() -> Endpoint {
    Endpoint { host: "orders.cluster-c9abc.us-east-1.rds.amazonaws.com".to_owned(), port: 3306 }
}

fn request<'a>(endpoint: &'a Endpoint, user: &'a str) -> TokenRequest<'a> {
    TokenRequest { endpoint, region: REGION, user }
}

fn identity(settings: &str, login: &str) -> Identity {
    Identity { settings: settings.to_owned(), login: login.to_owned() }
}

fn text(token: &AuthToken) -> &str {
    token.secret.expose_secret()
}

/// A user's home in memory where that is possible, with tokens that end with the test.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn cache(&self, storage: Storage) -> Cache {
        cache_of(self.path(), storage)
    }

    /// The folder in which files are kept.
    fn tokens(&self) -> PathBuf {
        self.path().join(".cache/rdsconn/tokens")
    }

    /// The files in it that end so.
    fn files(&self, end: &str) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.tokens()) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.to_str().is_some_and(|path| path.ends_with(end)));
        files
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // What is in the kernel's keyring does not go with the folder.
        self.cache(Storage::Auto).clear();
    }
}

fn cache_of(home: &Path, storage: Storage) -> Cache {
    Cache::new(storage, &Environment::of([("HOME", home.to_str().unwrap())]))
}

/// Whether the kernel keeps secrets here; said loudly if it does not.
fn has_keyring(test: &str) -> bool {
    let name = format!("rdsconn-test-{}-{test}", std::process::id());
    let has = crate::os::keyring::write(&name, b"x", Duration::from_mins(1)) && crate::os::keyring::remove(&name);
    if !has {
        eprintln!("SKIPPED the keyring in {test}: this machine gives no persistent one");
    }
    has
}

thread_local! {
    static NOW: Cell<SystemTime> = Cell::new(UNIX_EPOCH + Duration::from_hours(500_000));
}

/// The clock that tests turn. Each test has a thread, and so a clock, of its own.
fn now() -> SystemTime {
    NOW.get()
}

fn pass(time: Duration) {
    NOW.set(now() + time);
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no credentials")]
struct NoCredentials;

/// A stand-in for AWS: its tokens tell who signed them for whom, and when.
#[derive(Debug)]
struct Issuer {
    identity: Cell<Option<&'static str>>,
    login: Cell<&'static str>,
    /// What the login becomes by minting.
    renewed: Cell<Option<&'static str>>,
    /// What the settings become while a token is minted.
    edited: Cell<Option<&'static str>>,
    /// When the credentials end.
    expiry: Cell<Option<SystemTime>>,
    fails: Cell<bool>,
    /// What all but the first minting wait for together.
    meeting: Option<tokio::sync::Barrier>,
    minted: Cell<u32>,
}

impl Issuer {
    fn new(identity: &'static str) -> Self {
        Self {
            identity: Cell::new(Some(identity)),
            login: Cell::new("login"),
            renewed: Cell::new(None),
            edited: Cell::new(None),
            expiry: Cell::new(None),
            fails: Cell::new(false),
            meeting: None,
            minted: Cell::new(0),
        }
    }
}

impl TokenProvider for Issuer {
    type Error = NoCredentials;

    async fn token(&self, request: TokenRequest<'_>) -> Result<AuthToken, NoCredentials> {
        self.minted.set(self.minted.get() + 1);
        let signer = self.identity.get().unwrap_or("unknown");
        // Others get their turn, as while AWS is asked.
        tokio::task::yield_now().await;
        if let (Some(meeting), 2..) = (&self.meeting, self.minted.get()) {
            meeting.wait().await;
        }
        if let Some(login) = self.renewed.take() {
            self.login.set(login);
        }
        if let Some(settings) = self.edited.take() {
            self.identity.set(Some(settings));
        }
        if self.fails.get() {
            return Err(NoCredentials);
        }
        let end = now() + Duration::from_mins(15);
        let end = self.expiry.get().map_or(end, |expiry| expiry.min(end));
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_secs();
        let secret = format!(
            "{signer} {} {} {} {} {}",
            request.endpoint,
            request.region,
            request.user,
            seconds(now()),
            self.minted.get()
        );
        let not_after = end - Duration::from_mins(1);
        Ok(AuthToken {
            user: request.user.to_owned(),
            secret: SecretString::from(secret),
            not_after,
            may_be_stale: false,
        })
    }

    async fn identity(&self) -> Option<Identity> {
        self.identity.get().map(|settings| identity(settings, self.login.get()))
    }
}

fn cached(issuer: Issuer, cache: Cache) -> CachedTokens<Issuer> {
    CachedTokens { clock: now, ..CachedTokens::new(issuer, cache, Duration::from_secs(10)) }
}

/// Runs on one thread, as the program does.
fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
