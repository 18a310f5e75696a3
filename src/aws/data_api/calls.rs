//! One request to the service, made again only while it is known that the service did not accept it.

use std::future::Future;
use std::time::Duration;

use aws_sdk_rdsdata::config::http::HttpResponse;
use aws_sdk_rdsdata::error::{ProvideErrorMetadata, SdkError};

use super::super::CallFault;
use super::super::patience::{MOST_CALLS, MOST_TIME, jitter};
use super::clock::Clock;
use super::judge::{Again, Case, Verdict, judge};
use super::witness::Witness;
use super::{DataApiError, Limits, Observer, Wait};

/// The wait after the first call that came too soon; it doubles from call to call.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// How often a cluster that is resuming is asked.
const RESUMING_PAUSE: Duration = Duration::from_secs(2);

/// What all calls of a session have in common.
pub(super) struct Calls {
    pub(super) clock: Box<dyn Clock>,
    pub(super) limits: Limits,
    pub(super) observer: Option<Observer>,
    /// Whether the service has ever answered. Before that a network that is not there is a wrong setting, not a passing fault.
    pub(super) answered: bool,
}

impl Calls {
    /// Makes a request, and makes it again as long as that is safe and there is hope.
    pub(super) async fn make<T, E, F>(&mut self, case: Case<'_>, send: impl Fn(Witness) -> F) -> Result<T, DataApiError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let mut waits = Waits { begin: self.clock.instant(), calls: 1, spent: Duration::ZERO, waited: false };
        let outcome = loop {
            let witness = Witness::default();
            let error = match send(witness.clone()).await {
                Ok(answer) => {
                    self.answered = true;
                    break Ok(answer);
                }
                Err(error) => error,
            };
            self.answered |= witness.answer().is_some();
            let case = Case { limit: self.limits.call, now: self.clock.now(), ..case };
            match judge(error, &witness, &case) {
                Verdict::Final(error) => break Err(error),
                Verdict::Again(again) => {
                    if let Some(error) = self.pause(again, &mut waits, &case).await {
                        break Err(error);
                    }
                }
            }
        };
        if waits.waited {
            self.tell(Wait::Over);
        }
        outcome
    }

    /// Waits before the next try, or gives up.
    async fn pause(&self, again: Again, waits: &mut Waits, case: &Case<'_>) -> Option<DataApiError> {
        if matches!(again, Again::Resuming) {
            let waited = self.clock.instant().duration_since(waits.begin);
            let Some(left) = self.limits.resume.checked_sub(waited).filter(|left| !left.is_zero()) else {
                return Some(DataApiError::Resuming { waited });
            };
            waits.waited = true;
            self.tell(Wait::Resuming { waited, limit: self.limits.resume });
            self.clock.sleep(RESUMING_PAUSE.mul_f64(jitter()).min(left)).await;
            return None;
        }
        let pause = FIRST_PAUSE.mul_f64(jitter()) * 2_u32.pow(waits.calls - 1);
        let over = waits.calls == MOST_CALLS || waits.spent + pause > MOST_TIME;
        match again {
            Again::Throttled if over => {
                let fault = CallFault::Throttled { calls: waits.calls };
                return Some(DataApiError::Call { action: case.request.action(), fault });
            }
            Again::Unreached(source) if over || !self.answered => return Some(DataApiError::Unreachable(source)),
            Again::Throttled | Again::Resuming => self.tell(Wait::Throttled { pause }),
            Again::Unreached(_) => self.tell(Wait::Unreachable { pause }),
        }
        waits.calls += 1;
        waits.spent += pause;
        waits.waited = true;
        self.clock.sleep(pause).await;
        None
    }

    fn tell(&self, wait: Wait) {
        if let Some(observer) = &self.observer {
            observer(wait);
        }
    }
}

/// How long and how often one request has waited.
struct Waits {
    begin: tokio::time::Instant,
    /// Calls so far, but for those that found the cluster resuming.
    calls: u32,
    /// Time spent between them.
    spent: Duration,
    waited: bool,
}
