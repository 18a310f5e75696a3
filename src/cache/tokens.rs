//! A provider of tokens that keeps them, and lets one process mint where many want the same.

use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::Cache;
use super::entry::{Entry, Key};
use crate::backend::{AuthToken, Identity, TokenProvider, TokenRequest};
use crate::os::LockFile;

/// How often a lock may turn out to be over. Each time somebody else has got one step further, unless the file system is at
/// odds with itself.
const MOST_TRIES: u32 = 32;

/// The stack of a thread that only waits for a lock.
const SMALL_STACK: usize = 64 * 1024;

/// Hands out a kept token while it is good, and has another one minted when it is not.
#[derive(Debug)]
pub struct CachedTokens<T> {
    /// Mints what is not kept.
    pub tokens: T,
    /// Where tokens are kept.
    pub cache: Cache,
    /// How long another process may take that is minting the same token; then this one mints its own.
    pub patience: Duration,
    pub(super) clock: fn() -> SystemTime,
}

/// Whose turn it is to mint.
#[derive(Debug)]
pub(super) enum Turn {
    /// This process's, and the others wait.
    Ours(LockFile),
    /// This process's, with nobody waiting: there is no lock, its holder failed, or patience has ended.
    Alone,
    /// The lock was over by the time it was had.
    Again,
}

impl<T: TokenProvider> CachedTokens<T> {
    /// Keeps the tokens of `tokens` in `cache`.
    pub fn new(tokens: T, cache: Cache, patience: Duration) -> Self {
        Self { tokens, cache, patience, clock: SystemTime::now }
    }

    /// Has a token minted, whatever is kept, and keeps that one from now on.
    pub async fn fresh(&self, request: TokenRequest<'_>) -> Result<AuthToken, T::Error> {
        let identity = if self.cache.is_off() { None } else { self.tokens.identity().await };
        self.mint(request, identity.as_ref(), None).await
    }

    /// Drops what is kept for this request; `false` if there was nothing.
    pub async fn forget(&self, request: TokenRequest<'_>) -> bool {
        let identity = self.tokens.identity().await;
        identity.is_some_and(|identity| self.cache.remove(&Key::new(&identity, request), None))
    }

    async fn mint(
        &self,
        request: TokenRequest<'_>,
        identity: Option<&Identity>,
        lock: Option<LockFile>,
    ) -> Result<AuthToken, T::Error> {
        let begun = (self.clock)();
        let minted = self.tokens.token(request).await;
        let is_kept = match (&minted, identity) {
            (Ok(token), Some(before)) => self.keep(request, token, before, begun).await,
            _ => false,
        };
        match lock {
            Some(lock) if is_kept => lock.release(),
            Some(lock) => lock.release_failed(),
            None => {}
        }
        minted
    }

    async fn keep(&self, request: TokenRequest<'_>, token: &AuthToken, before: &Identity, begun: SystemTime) -> bool {
        // Settings that were changed meanwhile leave it open who signed. A login may have been renewed by the very loading of
        // the credentials: the next one will see the new one.
        let Some(identity) = self.tokens.identity().await.filter(|after| after.settings == before.settings) else {
            return false;
        };
        let (entry, now) = (Entry::new(Key::new(&identity, request), token, begun), (self.clock)());
        entry.is_usable(now) && self.cache.put(&entry, now)
    }

    pub(super) async fn turn(&self, key: &Key, deadline: Instant) -> Turn {
        let Some(lock) = self.cache.lock_file(key) else { return Turn::Alone };
        let lock = if lock.try_acquire() { Some(lock) } else { wait(lock, deadline).await };
        match lock {
            None => Turn::Alone,
            // One by one, as many as wait would fail as slowly as the first.
            Some(lock) if lock.holder_failed() => Turn::Alone,
            Some(lock) if lock.is_current() => Turn::Ours(lock),
            Some(_) => Turn::Again,
        }
    }
}

impl<T: TokenProvider> TokenProvider for CachedTokens<T> {
    type Error = T::Error;

    async fn token(&self, request: TokenRequest<'_>) -> Result<AuthToken, T::Error> {
        if self.cache.is_off() {
            return self.tokens.token(request).await;
        }
        let deadline = Instant::now() + self.patience;
        let (mut turn, mut tries) = (Turn::Again, 0);
        loop {
            // Told anew each time: while others minted, a login may have been renewed.
            let Some(identity) = self.tokens.identity().await else { return self.tokens.token(request).await };
            let key = Key::new(&identity, request);
            if let Some(entry) = self.cache.get(&key, (self.clock)()) {
                if let Turn::Ours(lock) = turn {
                    lock.release();
                }
                return Ok(entry.into_token());
            }
            turn = match turn {
                Turn::Ours(lock) => return self.mint(request, Some(&identity), Some(lock)).await,
                Turn::Alone => return self.mint(request, Some(&identity), None).await,
                // Whatever comes of it, the cache is looked at once more: somebody may have minted just now.
                Turn::Again if tries < MOST_TRIES => self.turn(&key, deadline).await,
                Turn::Again => Turn::Alone,
            };
            tries += 1;
        }
    }

    async fn identity(&self) -> Option<Identity> {
        self.tokens.identity().await
    }

    async fn refused(&self, request: TokenRequest<'_>, token: &AuthToken) {
        // Only this very one: somebody else may have put a fresh one in its place.
        if let Some(identity) = self.tokens.identity().await {
            self.cache.remove(&Key::new(&identity, request), Some(token));
        }
        self.tokens.refused(request, token).await;
    }
}

/// Waits for a lock until it is had. A thread of its own, and none of the runtime's, for which the program would wait at its
/// end; one that gets the lock when nobody wants it any more gives it back.
async fn wait(lock: LockFile, deadline: Instant) -> Option<LockFile> {
    let (had, hears) = oneshot::channel();
    let waiter = std::thread::Builder::new().stack_size(SMALL_STACK).spawn(move || {
        if lock.acquire() {
            drop(had.send(lock));
        }
    });
    waiter.ok()?;
    timeout_at(deadline, hears).await.ok()?.ok()
}
