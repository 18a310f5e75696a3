//! How far away a bastion is, and how much may be on its way from there. Numbers only; nothing is read or asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What each connection may have, however far the bastion is. russh renews a window when half of it is used up, so only half
/// is sure to come with each round trip.
const BYTES_A_SECOND: u64 = 512 << 20;

/// For a bastion next door, and its caches: `sshd` reads ahead as much as the window allows. With 8 MiB for each of many
/// connections it was measured to take a third more processor time, and we with 2 MiB a tenth more than with this.
const LEAST: u64 = 1 << 20;

/// Measured best at 40 ms (68 MB/s against 26 with 2 MiB), and enough for a bastion that is not known yet.
const MOST: u64 = 8 << 20;

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
        let nanoseconds = self.0.load(Ordering::Relaxed);
        let sent_meanwhile = u128::from(nanoseconds) * u128::from(BYTES_A_SECOND) / 1_000_000_000;
        let window = u64::try_from(2 * sent_meanwhile).unwrap_or(u64::MAX).clamp(LEAST, MOST);
        u32::try_from(window).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r19_the_window_is_what_a_bastion_can_send_until_more_is_allowed() {
        let distance = Distance::default();
        assert_eq!(distance.window(), 8 << 20, "not known");
        let shared = distance.clone();
        for (answered_after, mebibytes) in [
            (Duration::MAX, 8),
            (Duration::from_millis(40), 8),
            (Duration::from_secs(1) / 128, 8),
            (Duration::from_secs(1) / 256, 4),
            (Duration::from_secs(1) / 512, 2),
            (Duration::from_micros(700), 1),
            (Duration::ZERO, 1),
            // A later answer that took long says nothing of the way.
            (Duration::from_millis(40), 1),
        ] {
            distance.learn(answered_after);
            assert_eq!(shared.window(), mebibytes << 20, "{answered_after:?}");
        }
    }
}
