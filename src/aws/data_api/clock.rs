//! What time it is, and how to wait: a seam, so that waits of minutes can be tested in no time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Tells the time and waits.
pub(super) trait Clock: fmt::Debug + Send + Sync {
    /// This machine's time, which may be wrong.
    fn now(&self) -> SystemTime;
    /// Time that only ever goes forward.
    fn instant(&self) -> Instant;
    /// Waits.
    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The machine's.
#[derive(Debug)]
pub(super) struct Real;

impl Clock for Real {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(length))
    }
}
