//! Lanes on a bastion that counts its logins, and fails, dies and needs a person when told to.

use std::sync::atomic::{AtomicBool, AtomicU32};

use super::*;
use crate::backend::{self, Peer, Traffic};

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub(in crate::session) struct Fault(pub(in crate::session) &'static str);

/// What a test does to the bastion, and sees of it.
#[derive(Debug, Default)]
pub(in crate::session) struct Conduct {
    pub(in crate::session) logins: AtomicU32,
    /// Those that failed, too.
    tries: AtomicU32,
    /// Logins under way, and the most there were at a time.
    under_way: AtomicU32,
    most_under_way: AtomicU32,
    pub(in crate::session) needs_person: AtomicBool,
    pub(in crate::session) is_down: AtomicBool,
    /// Every session that was open when this changed is dead.
    pub(in crate::session) generation: AtomicU32,
    logged_in: Notify,
}

#[derive(Debug, Clone, Default)]
pub(in crate::session) struct Bastion(pub(in crate::session) Arc<Conduct>);

#[derive(Debug)]
pub(in crate::session) struct Session {
    conduct: Arc<Conduct>,
    number: u32,
    generation: u32,
}

/// Echoes.
#[derive(Debug)]
pub(in crate::session) struct Echo {
    /// The session it goes through.
    session: u32,
}

impl Connect for Bastion {
    type Dialer = Session;

    async fn connect(&self) -> Result<Session, Fault> {
        let under_way = self.0.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.most_under_way.fetch_max(under_way, Ordering::Relaxed);
        self.0.tries.fetch_add(1, Ordering::Relaxed);
        // Lets the others in.
        tokio::task::yield_now().await;
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
        if self.0.is_down.load(Ordering::Relaxed) {
            return Err(Fault("the bastion is down"));
        }
        let number = self.0.logins.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.logged_in.notify_waiters();
        Ok(Session { conduct: Arc::clone(&self.0), number, generation: self.0.generation.load(Ordering::Relaxed) })
    }
}

impl Dialer for Session {
    type Error = Fault;
    type Connection = Echo;

    async fn dial(&self, address: &Address) -> Result<Echo, Fault> {
        if self.is_closed() {
            return Err(Fault("the session is gone"));
        }
        if address.port == 1 { Err(Fault("the database is down")) } else { Ok(Echo { session: self.number }) }
    }

    fn is_closed(&self) -> bool {
        self.generation != self.conduct.generation.load(Ordering::Relaxed)
    }

    fn is_repeatable(&self) -> bool {
        !self.conduct.needs_person.load(Ordering::Relaxed)
    }
}

impl backend::Connection for Echo {
    type Error = Fault;

    async fn first_words(&mut self, is_enough: fn(&[u8]) -> bool) -> Result<&[u8], Fault> {
        assert!(is_enough(b"hello"));
        Ok(b"hello")
    }

    async fn relay(self, peer: Peer) -> Result<Traffic, Fault> {
        let copied = match peer {
            Peer::Tcp(mut peer) => {
                let (mut read, mut write) = peer.split();
                tokio::io::copy(&mut read, &mut write).await
            }
            Peer::Unix(mut peer) => {
                let (mut read, mut write) = peer.split();
                tokio::io::copy(&mut read, &mut write).await
            }
        };
        let count = copied.map_err(|_| Fault("the peer is gone"))?;
        Ok(Traffic { sent: count, received: count })
    }
}

pub(in crate::session) fn database() -> Address {
    Address { host: "orders".to_owned(), port: 3306 }
}

#[tokio::test]
async fn each_connection_has_a_lane_of_its_own_and_leaves_it_to_the_next() {
    let bastion = Bastion::default();
    let lanes = Lanes::open_first(bastion.clone()).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(lanes.dial(&database()).await.unwrap());
    }
    let mut sessions: Vec<u32> = held.iter().map(|(connection, _)| connection.session).collect();
    sessions.sort_unstable();
    sessions.dedup();
    assert_eq!(sessions.len(), 10);
    held.truncate(9);
    let before = bastion.0.logins.load(Ordering::Relaxed);
    for _ in 0..5 {
        drop(lanes.dial(&database()).await.unwrap());
    }
    assert!(bastion.0.logins.load(Ordering::Relaxed) <= before + 1, "what is idle serves, beside one that is warmed");
}

#[tokio::test]
async fn the_next_lane_is_warmed_while_nobody_waits_for_it() {
    let bastion = Bastion::default();
    let lanes = Lanes::open_first(bastion.clone()).await.unwrap();
    let logged_in = bastion.0.logged_in.notified();
    let _held = lanes.dial(&database()).await.unwrap();
    logged_in.await;
    assert_eq!(bastion.0.logins.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn r18_more_connections_than_lanes_share_them_evenly_and_log_in_a_few_at_a_time() {
    let bastion = Bastion::default();
    let lanes = Lanes::open_first(bastion.clone()).await.unwrap();
    let mut dials = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let lanes = Arc::clone(&lanes);
        dials.spawn(async move { lanes.dial(&database()).await });
    }
    let held: Vec<_> = dials.join_all().await.into_iter().map(Result::unwrap).collect();
    assert_eq!(lanes.len(), MOST);
    let mut load = std::collections::BTreeMap::<u32, usize>::new();
    for (connection, _) in &held {
        *load.entry(connection.session).or_default() += 1;
    }
    assert!(load.len() == MOST && load.values().all(|load| *load <= 500 / MOST + 1), "{load:?}");
    assert!(bastion.0.most_under_way.load(Ordering::Relaxed) as usize <= LOGINS);
}

#[tokio::test]
async fn where_a_login_needs_a_person_there_is_one_lane_for_all() {
    let bastion = Bastion::default();
    bastion.0.needs_person.store(true, Ordering::Relaxed);
    let lanes = Lanes::open_first(bastion.clone()).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(lanes.dial(&database()).await.unwrap());
    }
    assert_eq!(bastion.0.logins.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn r3_after_the_bastion_has_gone_the_next_connection_logs_in_again() {
    let bastion = Bastion::default();
    let lanes = Lanes::open_first(bastion.clone()).await.unwrap();
    let _held = lanes.dial(&database()).await.unwrap();
    bastion.0.generation.store(1, Ordering::Relaxed);
    lanes.dial(&database()).await.unwrap();
    bastion.0.generation.store(2, Ordering::Relaxed);
    bastion.0.is_down.store(true, Ordering::Relaxed);
    assert_eq!(lanes.dial(&database()).await.unwrap_err(), Fault("the bastion is down"));
    bastion.0.is_down.store(false, Ordering::Relaxed);
    lanes.dial(&database()).await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_down_costs_no_lane() {
    let bastion = Bastion::default();
    let lanes = Lanes::open_first(bastion.clone()).await.unwrap();
    for _ in 0..10 {
        let error = lanes.dial(&Address { host: "orders".to_owned(), port: 1 }).await.unwrap_err();
        assert_eq!(error, Fault("the database is down"));
    }
    assert_eq!((lanes.len(), bastion.0.logins.load(Ordering::Relaxed)), (1, 1));
}

#[tokio::test]
async fn many_that_find_the_only_lane_dead_wait_for_one_login() {
    let bastion = Bastion::default();
    bastion.0.needs_person.store(true, Ordering::Relaxed);
    let lanes = Lanes::open_first(bastion.clone()).await.unwrap();
    bastion.0.generation.store(1, Ordering::Relaxed);
    let mut dials = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let lanes = Arc::clone(&lanes);
        dials.spawn(async move { lanes.dial(&database()).await });
    }
    assert!(dials.join_all().await.iter().all(Result::is_ok));
    assert_eq!(bastion.0.logins.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn where_nobody_more_is_let_in_the_lanes_there_are_are_shared() {
    let bastion = Bastion::default();
    let lanes = Lanes::open_first(bastion.clone()).await.unwrap();
    let _first = lanes.dial(&database()).await.unwrap();
    lanes.warm();
    tokio::task::yield_now().await;
    bastion.0.is_down.store(true, Ordering::Relaxed);
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(lanes.dial(&database()).await.unwrap());
    }
    let failed = bastion.0.tries.load(Ordering::Relaxed) - bastion.0.logins.load(Ordering::Relaxed);
    assert!((1..=LOGINS).contains(&(failed as usize)), "nobody is asked for each: {failed}");
    // After a while it is tried again.
    bastion.0.is_down.store(false, Ordering::Relaxed);
    let before = lanes.len();
    assert!(lanes.state().rests_until.take().is_some_and(|until| until <= Instant::now() + REST));
    held.push(lanes.dial(&database()).await.unwrap());
    assert!(lanes.len() > before);
}

#[tokio::test]
async fn r25_whoever_goes_away_while_waiting_for_a_lane_leaves_nothing_behind() {
    for needs_person in [false, true] {
        let bastion = Bastion::default();
        bastion.0.needs_person.store(needs_person, Ordering::Relaxed);
        let lanes = Lanes::open_first(bastion.clone()).await.unwrap();
        // The only lane has gone: all wait for logins.
        bastion.0.generation.store(1, Ordering::Relaxed);
        let mut dials = tokio::task::JoinSet::new();
        for _ in 0..1000 {
            let lanes = Arc::clone(&lanes);
            dials.spawn(async move { lanes.dial(&database()).await });
        }
        // Then some wait for a turn, some are in the middle of a login, and some have a place.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        dials.abort_all();
        while dials.join_next().await.is_some() {}
        assert_eq!((lanes.load(), lanes.state().opening), (0, 0));
        assert_eq!(lanes.logins.available_permits(), LOGINS);
        // And it goes on.
        let held = lanes.dial(&database()).await.unwrap();
        assert_eq!(lanes.load(), 1);
        drop(held);
        assert_eq!(lanes.load(), 0);
    }
}
