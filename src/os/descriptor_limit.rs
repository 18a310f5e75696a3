//! How many descriptors this process may have open. Nothing is opened or closed here.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// For some ten thousand connections; macOS allows no more.
const ENOUGH: u64 = 10_240;

/// Raises the soft limit as far as the hard one allows, and no further than is of use: shells start programs with 1,024,
/// macOS with 256, for the sake of programs that still call `select`. Where the system does not allow it nothing changes.
pub fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Some(current) = raised(limit) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(current), ..limit });
    }
}

/// The soft limit to set, if it is worth it. `None` in a limit stands for no limit.
fn raised(Rlimit { current, maximum }: Rlimit) -> Option<u64> {
    let possible = maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
    current.is_some_and(|current| current < possible).then_some(possible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r26_the_limit_is_raised_and_never_lowered() {
        for (current, maximum, expected) in [
            (Some(1_024), Some(524_288), Some(ENOUGH)),
            (Some(256), None, Some(ENOUGH)),
            (Some(1_024), Some(4_096), Some(4_096)),
            (Some(64), Some(64), None),
            (Some(ENOUGH), None, None),
            (Some(20_000), Some(20_000), None),
            (None, None, None),
        ] {
            assert_eq!(raised(Rlimit { current, maximum }), expected, "{current:?} of {maximum:?}");
        }
    }
}
