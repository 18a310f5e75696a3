//! R8, R9: a token is offered only while it is good, over years of a clock that tests turn.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;

const HOUR: u64 = 3600;

/// What a server would say: younger than 15 minutes, with a minute to spare, on credentials with a minute to spare.
fn assert_is_good(token: &AuthToken, expiry: SystemTime) {
    let signed: u64 = text(token).split(' ').nth(4).unwrap().parse().unwrap();
    let age = now().duration_since(UNIX_EPOCH + Duration::from_secs(signed)).expect("signed in the future");
    assert!(age <= Duration::from_mins(14), "{age:?} old");
    assert!(now() + Duration::from_mins(1) <= expiry, "on credentials that end in {:?}", expiry.duration_since(now()));
    assert!(now() <= token.not_after);
}

/// Numbers that are the same in each run.
fn runner() -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn random(runner: &mut TestRunner, below: u64) -> u64 {
    (0..below).new_tree(runner).unwrap().current()
}

/// R8 and R9: a session is dropped at a random age of 0 to 60 minutes and opened again, for 10,000 hours and more than 10,000
/// times, with credentials that end whenever they like.
#[test]
fn r8_r9_ten_thousand_hours_without_a_stale_token() {
    let (home, mut runner) = (Home::new(), runner());
    let tokens = cached(Issuer::new("who"), home.cache(Storage::File));
    let (begun, endpoint) = (now(), endpoint());
    let (mut expiry, mut kept, mut opened) = (now(), 0_u32, 0_u32);
    run(async {
        while now() < begun + Duration::from_secs(10_000 * HOUR) {
            if expiry < now() + Duration::from_mins(2) {
                // The next credentials: of a role, an SSO session, or of a program that gives short ones.
                let life = [5 * 60, 15 * 60, HOUR, 12 * HOUR];
                let life = life[usize::try_from(random(&mut runner, 4)).unwrap()];
                expiry = now() + Duration::from_secs(life);
                tokens.tokens.expiry.set(Some(expiry));
            }
            let user = ["dba", "reader"][usize::try_from(random(&mut runner, 2)).unwrap()];
            let token = tokens.token(request(&endpoint, user)).await.unwrap();
            assert_is_good(&token, expiry.max(now() + Duration::from_mins(1)));
            assert!(text(&token).contains(&format!(" {user} ")));
            kept += u32::from(token.may_be_stale);
            opened += 1;
            // Bursts, and pauses of up to an hour.
            let pause = if random(&mut runner, 3) == 0 { random(&mut runner, 90) } else { random(&mut runner, HOUR) };
            pass(Duration::from_secs(pause));
        }
    });
    assert_eq!(opened, kept + tokens.tokens.minted.get());
    assert!(opened > 10_000 && kept > opened / 10, "{kept} of {opened} were kept ones");
}

/// The exact second at which a kept token is let go: 14 minutes after its signing, or a minute before its credentials end.
#[test]
fn r8_a_token_is_kept_to_its_last_minute_and_no_longer() {
    for (life, kept_for) in [(None, 840), (Some(HOUR), 840), (Some(900), 840), (Some(300), 240), (Some(61), 1)] {
        let home = Home::new();
        let tokens = cached(Issuer::new("who"), home.cache(Storage::File));
        let (begun, endpoint) = (now(), endpoint());
        tokens.tokens.expiry.set(life.map(|life| begun + Duration::from_secs(life)));
        run(async {
            assert!(!tokens.token(request(&endpoint, "dba")).await.unwrap().may_be_stale);
            for (second, is_kept) in [(0, true), (kept_for - 1, true), (kept_for, false)] {
                NOW.set(begun + Duration::from_secs(second));
                assert_eq!(
                    tokens.token(request(&endpoint, "dba")).await.unwrap().may_be_stale,
                    is_kept,
                    "{life:?} {second}"
                );
            }
        });
        NOW.set(begun);
    }
}

/// What is over before it could be used is not even written.
#[test]
fn r8_a_token_that_is_over_is_not_kept() {
    let home = Home::new();
    let tokens = cached(Issuer::new("who"), home.cache(Storage::File));
    tokens.tokens.expiry.set(Some(now() + Duration::from_mins(1)));
    assert!(!run(tokens.token(request(&endpoint(), "dba"))).unwrap().may_be_stale);
    assert!(home.files(".token").is_empty() && tokens.cache.take_fault().is_none());
}

/// R10: whichever way the clock is set, no token is offered that was signed after now.
#[test]
fn r10_a_clock_that_is_set_loses_tokens_and_offers_no_wrong_one() {
    for seconds in [1, 30, 600, 86_400] {
        let home = Home::new();
        let tokens = cached(Issuer::new("who"), home.cache(Storage::File));
        let endpoint = endpoint();
        run(async {
            tokens.token(request(&endpoint, "dba")).await.unwrap();
            NOW.set(now() - Duration::from_secs(seconds));
            let token = tokens.token(request(&endpoint, "dba")).await.unwrap();
            assert!(!token.may_be_stale);
            assert_is_good(&token, now() + Duration::from_hours(1));
            pass(Duration::from_secs(seconds));
            let token = tokens.token(request(&endpoint, "dba")).await.unwrap();
            assert_eq!(token.may_be_stale, seconds < 840);
            assert_is_good(&token, now() + Duration::from_hours(1));
        });
    }
}
