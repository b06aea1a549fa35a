//! The wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign_domain::time::{Clock, Timestamp};

/// The clock of the operating system.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter of the clock port")]
    fn now(&self) -> Timestamp {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Timestamp::UNIX_EPOCH.saturating_add(since),
            Err(before) => Timestamp::UNIX_EPOCH
                .saturating_sub(Duration::max(before.duration(), Duration::from_micros(1))),
        }
    }
}
