//! How often and when a busy service is asked again. For calls that change nothing: they are safe to repeat.

use std::future::Future;
use std::time::Duration;

use aws_sdk_rds::config::http::HttpResponse;
use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use tokio::time::Instant;

/// Calls for one answer, and how long they may take with the pauses between them (R12).
pub(super) const MOST_CALLS: u32 = 5;
pub(super) const MOST_TIME: Duration = Duration::from_mins(1);

/// The first pause. Each is five times as long as the one before; all together some half a minute.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// A call that did not succeed, and those before it.
pub(super) struct Failed<E> {
    /// The last failure.
    pub failure: SdkError<E, HttpResponse>,
    /// How many calls there were.
    pub calls: u32,
}

/// Calls until there is an answer that is worth something, or no more patience.
pub(super) async fn patiently<T, E, F>(call: impl Fn() -> F) -> Result<T, Failed<E>>
where
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    E: ProvideErrorMetadata,
{
    let (begun, mut calls) = (Instant::now(), 0);
    loop {
        calls += 1;
        let failure = match call().await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        match pause(calls, begun.elapsed(), random()).filter(|_| may_pass(&failure)) {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return Err(Failed { failure, calls }),
        }
    }
}

/// How long to wait after so many calls that took so long, or that it is enough. `random` makes it between half of the
/// pause and all of it, so that many who were refused together do not come back together.
fn pause(calls: u32, took: Duration, random: u8) -> Option<Duration> {
    let whole = FIRST_PAUSE * 5_u32.saturating_pow(calls - 1);
    let pause = whole / 2 + whole * u32::from(random) / 510;
    (calls < MOST_CALLS && took + pause <= MOST_TIME).then_some(pause)
}

/// From a half to one and a half, so that many who were turned away together do not come back together.
pub(super) fn jitter() -> f64 {
    0.5 + f64::from(random()) / 255.0
}

fn random() -> u8 {
    let mut byte = [u8::MAX];
    // Without randomness the pause is merely the same for all.
    let _ = aws_lc_rs::rand::fill(&mut byte);
    byte[0]
}

/// Whether the service was busy, or at fault itself: it may answer next time.
fn may_pass<E: ProvideErrorMetadata>(failure: &SdkError<E, HttpResponse>) -> bool {
    let status = failure.raw_response().map(|answer| answer.status().as_u16()).unwrap_or_default();
    let code = failure.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    is_busy(status, code)
}

pub(super) fn is_busy(status: u16, code: &str) -> bool {
    const CODES: [&str; 8] = [
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "SlowDown",
        "InternalServiceError",
        "InternalFailure",
        "ServiceUnavailable",
    ];
    status == 429 || (500..600).contains(&status) || CODES.contains(&code)
}

#[cfg(test)]
mod tests {
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
}
