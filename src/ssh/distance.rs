//! How far away a bastion is, and how much may be on its way from there. Numbers only; nothing is read or asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// 8 MiB was measured best at 40 ms (68 MB/s against 26 with 2 MiB).
const FAR_WINDOW: u32 = 8 << 20;

/// What `ssh` allows. russh renews a window when half of it is used, so 1 MiB for each round trip is sure: 250 MB/s and more
/// from a bastion that is near.
///
/// `sshd` reads ahead as much as the window allows. With 8 MiB for each of many connections that falls out of its caches:
/// with 8 and with 64 of them it was measured to take a third more processor time.
const NEAR_WINDOW: u32 = 2 << 20;

/// Round trips that are shorter are near.
const NEAR: Duration = Duration::from_millis(4);

/// The shortest answer time of a bastion so far. Clones share it, so that later sessions know what earlier ones have seen.
#[derive(Debug, Clone)]
pub struct Distance(Arc<AtomicU64>);

impl Default for Distance {
    /// Not known yet.
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(u64::MAX)))
    }
}

impl Distance {
    /// Takes the time from a request to its answer into account. It may contain more than the way.
    pub(super) fn learn(&self, answered_after: Duration) {
        let nanoseconds = u64::try_from(answered_after.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_min(nanoseconds, Ordering::Relaxed);
    }

    /// Bytes that a channel of the next session lets the bastion send ahead. Large until the bastion is known to be near.
    pub(super) fn window(&self) -> u32 {
        if Duration::from_nanos(self.0.load(Ordering::Relaxed)) < NEAR { NEAR_WINDOW } else { FAR_WINDOW }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r19_the_window_is_small_only_for_a_bastion_that_is_known_to_be_near() {
        let distance = Distance::default();
        assert_eq!(distance.window(), FAR_WINDOW, "not known");
        let shared = distance.clone();
        for (answered_after, window) in [
            (Duration::MAX, FAR_WINDOW),
            (Duration::from_millis(40), FAR_WINDOW),
            (NEAR, FAR_WINDOW),
            (Duration::from_micros(700), NEAR_WINDOW),
            // A later answer that took long says nothing of the way.
            (Duration::from_millis(40), NEAR_WINDOW),
        ] {
            distance.learn(answered_after);
            assert_eq!(shared.window(), window, "{answered_after:?}");
        }
    }
}
