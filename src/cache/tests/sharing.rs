//! T20, R11 within one process: who is served what, and how often AWS is asked.

use futures_util::future::join_all;
use proptest::prelude::*;

use super::super::tokens::Turn;
use super::*;

const WHO: [&str; 3] = ["dev", "prod", "prod-admin"];

#[derive(Debug, Clone, Copy)]
enum Step {
    Token,
    Fresh,
    Forget,
    Refused,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Token),
        1 => Just(Step::Fresh),
        1 => Just(Step::Forget),
        1 => Just(Step::Refused),
        1 => (0..900_u64).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Profiles that share an endpoint, used in any order, 500 times 20 steps: each is served only what it has signed.
    #[test]
    fn t20_profiles_that_share_an_endpoint_are_never_served_each_others_tokens(
        steps in proptest::collection::vec((0..3_usize, 0..2_usize, step()), 20)
    ) {
        let (home, endpoint) = (Home::new(), endpoint());
        let tokens = WHO.map(|who| cached(Issuer::new(who), home.cache(Storage::File)));
        for (who, user, step) in steps {
            let (tokens, request) = (&tokens[who], request(&endpoint, ["dba", "reader"][user]));
            let served = match step {
                Step::Token => run(tokens.token(request)).unwrap(),
                Step::Fresh => run(tokens.fresh(request)).unwrap(),
                Step::Forget => {
                    run(tokens.forget(request));
                    run(tokens.token(request)).unwrap()
                }
                Step::Refused => {
                    let token = run(tokens.token(request)).unwrap();
                    run(tokens.refused(request, &token));
                    run(tokens.token(request)).unwrap()
                }
                Step::Wait(seconds) => {
                    pass(Duration::from_secs(seconds));
                    continue;
                }
            };
            prop_assert!(matches!(step, Step::Token) || !served.may_be_stale);
            let expected = format!("{} {endpoint} {REGION} {} ", WHO[who], request.user);
            prop_assert!(text(&served).starts_with(&expected), "{} was served to {}", text(&served), expected);
        }
    }
}

#[test]
fn r11_many_at_once_have_one_token_minted() {
    let (home, endpoint) = (Home::new(), endpoint());
    let tokens = cached(Issuer::new("who"), home.cache(Storage::File));
    let served = run(join_all((0..64).map(|_| tokens.token(request(&endpoint, "dba")))));
    let first = text(served[0].as_ref().unwrap());
    assert!(served.iter().all(|token| text(token.as_ref().unwrap()) == first));
    assert_eq!(tokens.tokens.minted.get(), 1);
    assert_eq!(served.iter().filter(|token| token.as_ref().unwrap().may_be_stale).count(), 63);
    assert_eq!(home.files(".lock").len(), 0, "no lock outlives its use");
}

/// Threads that ask at the same moment, round after round: whichever way they meet, one mints.
#[test]
fn r11_no_moment_is_too_close() {
    const THREADS: usize = 4;
    let (home, start) = (Home::new(), std::sync::Barrier::new(THREADS));
    let minted = std::thread::scope(|scope| {
        let threads = [(); THREADS].map(|()| {
            scope.spawn(|| {
                let tokens = cached(Issuer::new("who"), home.cache(Storage::File));
                for round in 0..500 {
                    start.wait();
                    run(tokens.token(request(&endpoint(), &format!("user{round}")))).unwrap();
                }
                tokens.tokens.minted.get()
            })
        });
        threads.map(|thread| thread.join().unwrap())
    });
    assert_eq!(minted.iter().sum::<u32>(), 500, "{minted:?}");
    assert!(home.files(".lock").is_empty());
}

/// One after the other, they would fail as slowly as all of them together.
#[test]
fn r11_those_who_wait_for_one_that_fails_try_for_themselves() {
    let (home, endpoint) = (Home::new(), endpoint());
    let mut tokens = cached(Issuer::new("who"), home.cache(Storage::File));
    tokens.patience = Duration::from_mins(5);
    // The first fails; none of the others does before all of them have asked AWS.
    tokens.tokens.meeting = Some(tokio::sync::Barrier::new(15));
    tokens.tokens.fails.set(true);
    let served = run(async {
        let all = join_all((0..16).map(|_| tokens.token(request(&endpoint, "dba"))));
        tokio::time::timeout(Duration::from_mins(1), all).await.expect("they wait for each other")
    });
    tokens.tokens.meeting = None;
    assert!(served.iter().all(|token| matches!(token, Err(NoCredentials))));
    assert_eq!(tokens.tokens.minted.get(), 16);
    tokens.tokens.fails.set(false);
    assert!(!run(tokens.token(request(&endpoint, "dba"))).unwrap().may_be_stale);
    assert!(run(tokens.token(request(&endpoint, "dba"))).unwrap().may_be_stale);
    assert_eq!((tokens.tokens.minted.get(), home.files(".lock").len()), (17, 0));
}

/// A holder that is stopped, or asks AWS for ever, holds nobody up for longer than they are patient.
#[test]
fn r11_patience_with_a_holder_ends() {
    let (home, endpoint) = (Home::new(), endpoint());
    let tokens =
        CachedTokens { patience: Duration::from_millis(50), ..cached(Issuer::new("who"), home.cache(Storage::File)) };
    let key = Key::new(&identity("who", "login"), request(&endpoint, "dba"));
    let lock = tokens.cache.lock_file(&key).unwrap();
    assert!(lock.try_acquire());
    assert!(!run(tokens.token(request(&endpoint, "dba"))).unwrap().may_be_stale);
    assert!(run(tokens.token(request(&endpoint, "dba"))).unwrap().may_be_stale);
    // The thread that still waits takes the lock when it can be had, and gives it back.
    drop(lock);
    let lock = tokens.cache.lock_file(&key).unwrap();
    assert!(lock.acquire());
}

/// A lock whose file has gone is no lock: the next comer would have another.
#[test]
fn r11_a_lock_that_is_over_is_not_held() {
    let (home, endpoint) = (Home::new(), endpoint());
    let tokens = cached(Issuer::new("who"), home.cache(Storage::File));
    let key = Key::new(&identity("who", "login"), request(&endpoint, "dba"));
    run(async {
        let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
        let lock = tokens.cache.lock_file(&key).unwrap();
        assert!(lock.try_acquire());
        let mut turn = Box::pin(tokens.turn(&key, deadline));
        assert!(futures_util::poll!(&mut turn).is_pending());
        lock.release();
        assert!(matches!(turn.await, Turn::Again));
        assert!(matches!(tokens.turn(&key, deadline).await, Turn::Ours(_)));
    });
}

#[test]
fn a_minting_that_is_given_up_holds_nobody_up() {
    let (home, endpoint) = (Home::new(), endpoint());
    let tokens = cached(Issuer::new("who"), home.cache(Storage::File));
    run(async {
        let mut minting = Box::pin(tokens.token(request(&endpoint, "dba")));
        // As far as its first pause: it has the lock, and asks AWS.
        assert!(futures_util::poll!(&mut minting).is_pending());
        assert_eq!((tokens.tokens.minted.get(), home.files(".lock").len()), (1, 1));
        drop(minting);
        tokens.token(request(&endpoint, "dba")).await.unwrap();
    });
    assert_eq!((tokens.tokens.minted.get(), home.files(".lock").len()), (2, 0));
}

/// An SSO session is renewed by the loading of credentials: the token is kept for the renewed login, by which those who
/// waited look for it.
#[test]
fn r11_a_login_that_is_renewed_on_the_way_costs_no_second_token() {
    let (home, endpoint) = (Home::new(), endpoint());
    let tokens = cached(Issuer::new("who"), home.cache(Storage::File));
    tokens.tokens.renewed.set(Some("renewed"));
    let served = run(join_all((0..64).map(|_| tokens.token(request(&endpoint, "dba")))));
    assert!(served.iter().all(Result::is_ok));
    assert_eq!(tokens.tokens.minted.get(), 1);
    // After a logout, what was kept for it is not found.
    tokens.tokens.login.set("nobody");
    assert!(!run(tokens.token(request(&endpoint, "dba"))).unwrap().may_be_stale);
}

/// Who has signed is then anybody's guess.
#[test]
fn t20_settings_that_change_meanwhile_keep_no_token() {
    let (home, endpoint) = (Home::new(), endpoint());
    let tokens = cached(Issuer::new("dev"), home.cache(Storage::File));
    tokens.tokens.edited.set(Some("prod"));
    assert!(text(&run(tokens.token(request(&endpoint, "dba"))).unwrap()).starts_with("dev "));
    assert!(tokens.cache.list(now()).is_empty());
    let token = run(tokens.token(request(&endpoint, "dba"))).unwrap();
    assert!(!token.may_be_stale && text(&token).starts_with("prod "));
    tokens.tokens.identity.set(Some("dev"));
    assert!(!run(tokens.token(request(&endpoint, "dba"))).unwrap().may_be_stale);
}

#[test]
fn t20_without_an_identity_nothing_is_kept() {
    let (home, endpoint) = (Home::new(), endpoint());
    let tokens = cached(Issuer::new("who"), home.cache(Storage::Auto));
    tokens.tokens.identity.set(None);
    for _ in 0..3 {
        assert!(!run(tokens.token(request(&endpoint, "dba"))).unwrap().may_be_stale);
        assert!(!run(tokens.fresh(request(&endpoint, "dba"))).unwrap().may_be_stale);
        assert!(!run(tokens.forget(request(&endpoint, "dba"))));
    }
    assert!(tokens.tokens.minted.get() == 6 && tokens.cache.list(now()).is_empty());
}

/// One retry after error 1045: the refused token goes, but not one that somebody else has put in its place.
#[test]
fn a_refused_token_is_dropped_and_a_newer_one_stays() {
    let (home, endpoint) = (Home::new(), endpoint());
    let tokens = cached(Issuer::new("who"), home.cache(Storage::Auto));
    let request = request(&endpoint, "dba");
    run(async {
        tokens.token(request).await.unwrap();
        let [first, second] = [tokens.token(request).await.unwrap(), tokens.token(request).await.unwrap()];
        assert!(first.may_be_stale && second.may_be_stale);
        tokens.refused(request, &first).await;
        let newer = tokens.token(request).await.unwrap();
        assert!(!newer.may_be_stale);
        tokens.refused(request, &second).await;
        let kept = tokens.token(request).await.unwrap();
        assert!(kept.may_be_stale && text(&kept) == text(&newer));
        assert!(tokens.forget(request).await && !tokens.forget(request).await);
        assert!(!tokens.token(request).await.unwrap().may_be_stale);
    });
}

#[test]
fn a_fresh_one_is_minted_and_kept_in_place_of_the_old() {
    let (home, endpoint) = (Home::new(), endpoint());
    let tokens = cached(Issuer::new("who"), home.cache(Storage::Auto));
    let request = request(&endpoint, "dba");
    run(async {
        tokens.token(request).await.unwrap();
        let fresh = tokens.fresh(request).await.unwrap();
        let kept = tokens.token(request).await.unwrap();
        assert!(!fresh.may_be_stale && kept.may_be_stale && text(&kept) == text(&fresh));
    });
}
