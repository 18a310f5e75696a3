//! Times as people and other programs read them.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The time in RFC 3339, in UTC and whole seconds, for example `2026-11-21T02:15:00Z`.
pub fn timestamp(moment: SystemTime) -> String {
    let moment = OffsetDateTime::from(moment);
    let whole = moment.replace_nanosecond(0).unwrap_or(moment);
    // Only years past 9999 have no such form.
    whole.format(&Rfc3339).unwrap_or_else(|_| whole.unix_timestamp().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn known_moments() {
        for (seconds, expected) in [(0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z")] {
            let moment = UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_millis(900);
            assert_eq!(timestamp(moment), expected);
        }
    }
}
