//! How often and when a busy service is asked again. What the service itself says is in `tests/it/auth_secret.rs`.

use super::*;

/// The pauses of one secret whose every call takes so long.
fn pauses(each: Duration, random: u8) -> Vec<Duration> {
    let (mut pauses, mut took) = (Vec::new(), each);
    while let Some(next) = pause(u32::try_from(pauses.len()).unwrap() + 1, took, random) {
        pauses.push(next);
        took += next + each;
    }
    pauses
}

/// R12: a service that is busy for as long as anybody asks is asked five times at most, within a minute.
#[test]
fn r12_a_busy_service_is_asked_five_times_within_a_minute() {
    for random in 0..=u8::MAX {
        for each in [0, 1, 5, 10, 20, 59, 61].map(Duration::from_secs) {
            let pauses = pauses(each, random);
            let whole: Duration = pauses.iter().sum();
            let calls = u32::try_from(pauses.len()).unwrap() + 1;
            assert!(calls <= 5, "{pauses:?}");
            // The last call begins within the time.
            assert!(whole + each * (calls - 1) <= MOST_TIME, "{each:?}: {pauses:?}");
        }
        let whole: Duration = pauses(Duration::ZERO, random).iter().sum();
        assert!(whole > Duration::from_secs(15), "throttling that lasts is outlasted: {whole:?}");
    }
}

#[test]
fn r12_the_pauses_of_many_differ() {
    let all: std::collections::BTreeSet<_> = (0..=u8::MAX).map(|random| pause(1, Duration::ZERO, random)).collect();
    assert_eq!(all.len(), 256);
    assert_eq!(all.first(), Some(&Some(FIRST_PAUSE / 2)));
    assert_eq!(all.last(), Some(&Some(FIRST_PAUSE)));
}

#[test]
fn only_what_may_pass_is_asked_again() {
    for (status, code, expected) in [
        (429, "", true),
        (503, "", true),
        (500, "InternalServiceError", true),
        (400, "ThrottlingException", true),
        (400, "AccessDeniedException", false),
        (400, "ResourceNotFoundException", false),
        (302, "", false),
        (200, "", false),
    ] {
        assert_eq!(is_busy(status, code), expected, "{status} {code}");
    }
}
