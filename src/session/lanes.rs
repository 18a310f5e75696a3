//! Which SSH session a connection goes through.
//!
//! A *lane* is one session with the connections on it. One that does not read stalls all others of its lane, so each
//! connection gets a lane of its own as long as there are lanes to be had; the next one is warmed while nobody waits for it.
//! Where a login needs a person there is one lane for all. A lane that has died is forgotten, and the next connection opens
//! another: nothing has to be noticed in time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::backend::{Connect, DialError, Dialer};
use crate::target::Address;

/// Lanes at a time. Beyond that they are shared: each is a process on the bastion.
const MOST: usize = 64;

/// Logins at a time: sshd turns away some of those that are not logged in yet when there are ten (`MaxStartups`).
const LOGINS: usize = 4;

/// How long after a login that has failed no other is tried, as long as there is a lane.
const REST: Duration = Duration::from_secs(10);

/// The lanes to one bastion.
pub struct Lanes<C: Connect> {
    connect: C,
    state: Mutex<State<C::Dialer>>,
    most: AtomicUsize,
    logins: Semaphore,
    /// Told when a login has ended, well or not.
    changed: Notify,
}

struct State<D> {
    open: Vec<Lane<D>>,
    /// Lanes to be: their logins are under way.
    opening: usize,
    /// A login has failed: no more lanes before this time, if there are any.
    rests_until: Option<Instant>,
}

impl<D: Dialer> State<D> {
    /// Whether there may be no more lanes than there are, dead ones forgotten.
    fn is_full(&mut self, most: usize) -> bool {
        self.open.retain(|lane| !lane.dialer.is_closed());
        let rests = !self.open.is_empty() && self.rests_until.is_some_and(|until| Instant::now() < until);
        rests || self.open.len() + self.opening >= most
    }
}

/// One session, shared by its connections.
struct Lane<D> {
    dialer: Arc<D>,
    load: Arc<AtomicUsize>,
}

impl<D> Clone for Lane<D> {
    fn clone(&self) -> Self {
        Self { dialer: Arc::clone(&self.dialer), load: Arc::clone(&self.load) }
    }
}

/// A connection's place on a lane, given back when it is dropped.
#[derive(Debug)]
pub struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<C: Connect> std::fmt::Debug for Lanes<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lanes").field("open", &self.state().open.len()).finish_non_exhaustive()
    }
}

impl<C: Connect> Lanes<C> {
    /// Opens the first lane: whoever has to be asked is asked now.
    pub async fn open_first(connect: C) -> Result<Arc<Self>, DialError<C>> {
        let first = connect.connect().await?;
        let most = if first.is_repeatable() { MOST } else { 1 };
        let lane = Lane { dialer: Arc::new(first), load: Arc::default() };
        Ok(Arc::new(Self {
            connect,
            state: Mutex::new(State { open: vec![lane], opening: 0, rests_until: None }),
            most: AtomicUsize::new(most),
            logins: Semaphore::new(LOGINS),
            changed: Notify::new(),
        }))
    }

    /// Dials an address on a lane. A lane that turns out to be dead is replaced, once.
    pub async fn dial(self: &Arc<Self>, address: &Address) -> Result<(Connection<C>, Place), DialError<C>> {
        let (lane, place, is_new) = self.lane().await?;
        match lane.dialer.dial(address).await {
            Ok(connection) => {
                self.warm();
                Ok((connection, place))
            }
            Err(_) if lane.dialer.is_closed() && !is_new => {
                drop(place);
                let (lane, place, _) = self.lane().await?;
                Ok((lane.dialer.dial(address).await?, place))
            }
            Err(error) => Err(error),
        }
    }

    /// How many sessions are open.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.state().open.len()
    }

    /// How many connections there are.
    #[cfg(test)]
    pub(super) fn load(&self) -> usize {
        self.state().open.iter().map(|lane| lane.load.load(Ordering::Relaxed)).sum()
    }

    fn state(&self) -> MutexGuard<'_, State<C::Dialer>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle lane, else a new one, else a place on the least loaded. Says whether it is new.
    async fn lane(&self) -> Result<(Lane<C::Dialer>, Place, bool), DialError<C>> {
        loop {
            let changed = self.changed.notified();
            if let Some((lane, place)) = self.take(|load, _| load == 0) {
                return Ok((lane, place, false));
            }
            let _turn = self.turn().await;
            // What has become idle meanwhile serves, too; so does any when there are enough.
            if let Some((lane, place)) = self.take(|load, is_full| load == 0 || is_full) {
                return Ok((lane, place, false));
            }
            if let Some(login) = Login::begin(self) {
                return match login.finish(1).await {
                    Ok(lane) => {
                        let place = Place(Arc::clone(&lane.load));
                        Ok((lane, place, true))
                    }
                    // Better together than not at all.
                    Err(error) => self.take(|_, _| true).map(|(lane, place)| (lane, place, true)).ok_or(error),
                };
            }
            // All there may be are being opened.
            changed.await;
        }
    }

    /// The least loaded lane that is alive, if it is acceptable by its load and by whether there may be no more lanes.
    fn take(&self, is_acceptable: impl Fn(usize, bool) -> bool) -> Option<(Lane<C::Dialer>, Place)> {
        let mut state = self.state();
        let is_full = state.is_full(self.most.load(Ordering::Relaxed));
        let lane = state.open.iter().min_by_key(|lane| lane.load.load(Ordering::Relaxed))?;
        if !is_acceptable(lane.load.load(Ordering::Relaxed), is_full) {
            return None;
        }
        lane.load.fetch_add(1, Ordering::Relaxed);
        Some((lane.clone(), Place(Arc::clone(&lane.load))))
    }

    /// Nobody closes the semaphore, so there is always a turn in the end.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.logins.acquire().await.ok()
    }

    /// Opens a spare lane beside, if there is none and there may be one.
    fn warm(self: &Arc<Self>) {
        {
            let state = self.state();
            if state.opening > 0 || state.open.iter().any(|lane| lane.load.load(Ordering::Relaxed) == 0) {
                return;
            }
        }
        let lanes = Arc::clone(self);
        tokio::spawn(async move {
            // Those who wait for a lane go first. If it fails, the next connection will say why.
            if let Ok(_turn) = lanes.logins.try_acquire()
                && let Some(login) = Login::begin(&lanes)
            {
                let _ = login.finish(0).await;
            }
        });
    }
}

/// A login under way, counted as a lane until it has ended or been given up.
struct Login<'a, C: Connect>(&'a Lanes<C>);

impl<'a, C: Connect> Login<'a, C> {
    /// `None` when there may be no more lanes.
    fn begin(lanes: &'a Lanes<C>) -> Option<Self> {
        let mut state = lanes.state();
        if state.is_full(lanes.most.load(Ordering::Relaxed)) {
            return None;
        }
        state.opening += 1;
        Some(Self(lanes))
    }

    /// Logs in and adds the lane, with this many connections on it.
    async fn finish(self, load: usize) -> Result<Lane<C::Dialer>, DialError<C>> {
        let dialer = self.0.connect.connect().await.inspect_err(|_| {
            self.0.state().rests_until = Some(Instant::now() + REST);
        })?;
        if !dialer.is_repeatable() {
            self.0.most.store(1, Ordering::Relaxed);
        }
        let lane = Lane { dialer: Arc::new(dialer), load: Arc::new(AtomicUsize::new(load)) };
        self.0.state().open.push(lane.clone());
        Ok(lane)
    }
}

impl<C: Connect> Drop for Login<'_, C> {
    fn drop(&mut self) {
        self.0.state().opening -= 1;
        self.0.changed.notify_waiters();
    }
}

/// What a lane gives.
type Connection<C> = <<C as Connect>::Dialer as Dialer>::Connection;

#[cfg(test)]
pub(super) mod tests;
