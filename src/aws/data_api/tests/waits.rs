//! Waits: for a paused cluster, for a service that asks for fewer calls, for a network that is gone for a moment.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::super::{DataApiError as E, Wait};
use super::stub::{Memory, Reply, Stub};
use crate::aws::CallFault;
use crate::backend::Statements as _;

fn resuming() -> Reply {
    Reply::error(400, "DatabaseResumingException", "The cluster is resuming")
}

#[tokio::test]
async fn r28_a_paused_cluster_is_waited_for_and_said_so() {
    let stub = Stub::of(vec![resuming(), resuming(), resuming(), Reply::done()]).await;
    let (session, clock) = stub.session();
    let heard = Rc::new(RefCell::new(Vec::new()));
    let hearing = Rc::clone(&heard);
    let mut session = session.observed(Box::new(move |wait| hearing.borrow_mut().push(wait)));
    session.execute(b"DELETE FROM t", &mut Memory::default()).await.unwrap();
    assert_eq!((stub.asked().len(), clock.waits().len()), (4, 3));
    let heard = heard.borrow();
    assert_eq!(heard.len(), 4);
    assert!(matches!(heard[0], Wait::Resuming { waited, limit } if waited.is_zero() && limit.as_secs() == 90));
    assert!(matches!(heard[2], Wait::Resuming { waited, .. } if waited.as_secs() >= 2));
    assert_eq!(heard[3], Wait::Over);
}

#[tokio::test]
async fn r28_a_cluster_that_stays_paused_is_given_up_after_its_time() {
    for (limit, fewest) in [(90, 30), (5, 2), (0, 1)] {
        let stub = Stub::of(vec![resuming()]).await;
        let (mut session, clock) = stub.session_with(|settings| settings.limits.resume = Duration::from_secs(limit));
        let found = session.execute(b"DELETE FROM t", &mut Memory::default()).await.unwrap_err();
        assert!(matches!(found, E::Resuming { waited } if waited == Duration::from_secs(limit)), "{found:?}");
        assert_eq!(clock.waits().iter().sum::<Duration>(), Duration::from_secs(limit));
        assert!(stub.asked().len() >= fewest, "{} of {fewest}", stub.asked().len());
    }
}

#[tokio::test]
async fn r12_throttled_calls_come_back_later_and_at_most_five_times() {
    for reply in [
        Reply::error(400, "ThrottlingException", "Rate exceeded"),
        Reply::error(429, "TooManyRequestsException", "slow down"),
        Reply::Http(429, vec![], "not now".into()),
    ] {
        let stub = Stub::of(vec![reply.clone()]).await;
        let (mut session, clock) = stub.session();
        let found = session.execute(b"DELETE FROM t", &mut Memory::default()).await.unwrap_err();
        assert!(matches!(found, E::Call { fault: CallFault::Throttled { calls: 5 }, .. }), "{found:?}");
        assert_eq!(stub.asked().len(), 5);
        let waits = clock.waits();
        assert_eq!(waits.len(), 4);
        assert!(waits.iter().sum::<Duration>() <= Duration::from_mins(1), "{waits:?}");
        for (wait, least) in waits.iter().zip([500, 1000, 2000, 4000]) {
            assert!((least..=3 * least).contains(&wait.as_millis()), "{waits:?}");
        }

        let stub = Stub::of(vec![reply.clone(), reply, Reply::done()]).await;
        let (mut session, _) = stub.session();
        session.execute(b"DELETE FROM t", &mut Memory::default()).await.unwrap();
        assert_eq!(stub.asked().len(), 3);
    }
}

#[tokio::test]
async fn r28_throttling_and_resuming_do_not_lift_each_other_s_limits() {
    let throttled = Reply::error(400, "ThrottlingException", "Rate exceeded");
    let stub =
        Stub::answering(Box::new(move |_, number| if number % 2 == 0 { resuming() } else { throttled.clone() })).await;
    let (mut session, _) = stub.session();
    let found = session.execute(b"DELETE FROM t", &mut Memory::default()).await.unwrap_err();
    assert!(matches!(found, E::Call { fault: CallFault::Throttled { calls: 5 }, .. }), "{found:?}");
    assert_eq!(stub.asked().len(), 10);
}

#[tokio::test]
async fn r28_a_network_that_goes_away_between_two_statements_is_tried_again_because_nothing_was_sent() {
    let stub = Stub::of_one_connection(Reply::done().with("connection", "close")).await;
    let (mut session, clock) = stub.session();
    session.execute(b"DELETE FROM t", &mut Memory::default()).await.unwrap();
    let found = session.execute(b"DELETE FROM t", &mut Memory::default()).await.unwrap_err();
    assert!(matches!(found, E::Unreachable(_)), "{found:?}");
    assert_eq!((stub.asked().len(), clock.waits().len()), (1, 4));
}
