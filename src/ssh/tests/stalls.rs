//! R19: a reader that takes nothing hurts itself alone. One stalled and nine running transfers, each on a session of its own
//! and all on one, through the bastion in this process and through a real `sshd`.

use std::io::ErrorKind;
use std::time::Instant;

use rdsconn_lab::streams::{Account, Arrived, Role, Service, fetch};
use tokio::task::JoinHandle;

use super::dialling::{local_pair, logged_in, ready};
use super::real_sshd::Sshd;
use super::*;
use crate::backend::{Connection as _, Dialer as _, Traffic};
use crate::ssh::{Error, SshSession};
use crate::target::Address;

/// More than every window and buffer between the two ends.
const MUCH: u64 = 40_000_000;
/// More than a channel's window: who has sent this much and no more waits for the reader.
const WINDOW: u64 = 8 << 20;
/// What the running transfers carry.
const SOME: u64 = 3_000_000;
/// Only a failing test waits for it.
const DEADLINE: Duration = Duration::from_mins(1);

/// Plays a case through the bastion in this process, and through a real one where it is installed.
async fn on_each(case: impl AsyncFn(Bastion)) {
    let folder = tempfile::tempdir().unwrap();
    let (_server, bastion) = ready(folder.path(), |_| {}).await;
    case(bastion).await;
    if let Some(sshd) = Sshd::start(ed25519(), "").await {
        case(sshd.bastion()).await;
    }
}

fn source(bytes: u64) -> (Service, Address) {
    let service = Service::start(Role::Source { bytes }).unwrap();
    let address = address_of(&service);
    (service, address)
}

fn address_of(service: &Service) -> Address {
    Address { host: "127.0.0.1".to_owned(), port: service.address().port() }
}

/// A transfer that is relayed, and the end of it that a client would hold.
struct Transfer {
    client: std::net::TcpStream,
    relay: JoinHandle<Result<Traffic, Error>>,
}

async fn dialled(session: &SshSession, address: &Address) -> Transfer {
    let connection = session.dial(address).await.unwrap();
    let (client, relayed) = local_pair().await;
    let client = client.into_std().unwrap();
    client.set_nonblocking(false).unwrap();
    Transfer { client, relay: tokio::spawn(connection.relay(relayed.into())) }
}

/// Reads a transfer to its end, beside the runtime.
fn reading(mut client: std::net::TcpStream) -> JoinHandle<std::io::Result<Arrived>> {
    tokio::task::spawn_blocking(move || fetch(&mut client))
}

impl Transfer {
    async fn arrives_whole(self, bytes: u64) {
        assert_eq!(reading(self.client).await.unwrap().unwrap(), Arrived { bytes, intact: true });
        // The seed comes first.
        assert_eq!(self.relay.await.unwrap().unwrap().received, bytes + 8);
    }
}

async fn all_arrive_whole(transfers: Vec<Transfer>) {
    futures_util::future::join_all(transfers.into_iter().map(|transfer| transfer.arrives_whole(SOME))).await;
}

/// Waits until a condition holds, while the runtime goes on.
async fn until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < deadline, "it never came true");
        tokio::task::yield_now().await;
    }
}

/// Waits until the only connection of a service has filled what is between it and a reader that takes nothing.
async fn until_stalled(service: &Service) {
    until(|| service.accounts().first().is_some_and(|account| account.sent > WINDOW)).await;
}

fn is_unfinished(account: Account) -> bool {
    account.end.is_none() && account.sent < MUCH
}

#[tokio::test]
async fn r19_on_a_session_of_its_own_a_stalled_reader_may_take_all_the_time_it_likes() {
    on_each(async |bastion| {
        let settings = Settings {
            stall_limit: Duration::from_millis(5),
            keepalive_interval: Duration::from_millis(50),
            keepalive_count: 3,
            ..settings()
        };
        let ((much, to_much), (_some, to_some)) = (source(MUCH), source(SOME));
        let alone = logged_in(bastion.clone(), &settings).await;
        let stalled = dialled(&alone, &to_much).await;
        until_stalled(&much).await;
        let mut sessions = Vec::new();
        let mut running = Vec::new();
        for _ in 0..9 {
            let session = logged_in(bastion.clone(), &self::settings()).await;
            running.push(dialled(&session, &to_some).await);
            sessions.push(session);
        }
        all_arrive_whole(running).await;
        let waits = alone.waits();
        // Longer than the probes of a silent server would go on.
        until(|| alone.waits() > waits + 60).await;
        assert!(is_unfinished(much.accounts()[0]), "{:?}", much.accounts());
        assert!(!stalled.relay.is_finished());
        stalled.arrives_whole(MUCH).await;
    })
    .await;
}

#[tokio::test]
async fn r19_on_a_shared_session_a_stalled_reader_is_cut_and_the_others_live() {
    on_each(async |bastion| {
        // Long enough for a reader that is only slow.
        let limit = Duration::from_millis(300);
        let session = logged_in(bastion, &Settings { stall_limit: limit, ..settings() }).await;
        let ((much, to_much), (_some, to_some)) = (source(MUCH), source(SOME));
        let stalled = dialled(&session, &to_much).await;
        let mut running = Vec::new();
        for _ in 0..9 {
            running.push(dialled(&session, &to_some).await);
        }
        // These may be done before the other stalls; one that is idle keeps it company.
        let silent = Service::start(Role::Echo).unwrap();
        let _idle = dialled(&session, &address_of(&silent)).await;
        all_arrive_whole(running).await;
        let error = stalled.relay.await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Stalled { limit: told, .. } if told == limit), "{error:?}");
        // What had arrived may be read, and then comes no orderly end.
        let end = reading(stalled.client).await.unwrap();
        assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
        // The database is let go, too.
        until(|| much.accounts()[0].end.is_some()).await;
    })
    .await;
}

#[tokio::test]
async fn r19_a_connection_that_comes_later_is_company_as_soon_as_it_is_dialled() {
    on_each(async |bastion| {
        let settings = Settings { stall_limit: Duration::from_millis(20), ..settings() };
        let session = logged_in(bastion, &settings).await;
        let ((much, to_much), (_some, to_some)) = (source(MUCH), source(SOME));
        let stalled = dialled(&session, &to_much).await;
        until_stalled(&much).await;
        until(|| session.waits() > 2).await;
        // The bastion's answer is behind what the stalled one does not take.
        let late = dialled(&session, &to_some);
        let (late, cut) = tokio::join!(late, stalled.relay);
        assert!(matches!(cut.unwrap().unwrap_err(), Error::Stalled { .. }));
        late.arrives_whole(SOME).await;
    })
    .await;
}

#[tokio::test]
async fn r19_a_reader_that_pauses_for_less_than_the_limit_is_not_cut() {
    on_each(async |bastion| {
        let session = logged_in(bastion, &settings()).await;
        let ((much, to_much), (_some, to_some)) = (source(MUCH), source(SOME));
        let paused = dialled(&session, &to_much).await;
        let other = dialled(&session, &to_some).await;
        until_stalled(&much).await;
        tokio::join!(paused.arrives_whole(MUCH), other.arrives_whole(SOME));
    })
    .await;
}
