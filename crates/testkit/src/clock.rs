//! A clock that moves only when it is told to.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use countersign_domain::time::{Clock, ClockJumped, Timestamp};

/// A clock for tests; share it in an `Arc`.
#[derive(Debug)]
pub struct ManualClock {
    micros: AtomicI64,
    jumped: AtomicBool,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub const fn new(now: Timestamp) -> Self {
        Self { micros: AtomicI64::new(now.as_micros()), jumped: AtomicBool::new(false) }
    }

    /// Shows `now` from here on; that may be earlier than before.
    pub fn set(&self, now: Timestamp) {
        self.micros.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Moves on by `by`, saturating.
    pub fn advance(&self, by: Duration) {
        let moved = |micros| Some(Timestamp::from_micros(micros).saturating_add(by).as_micros());
        let _ = self.micros.fetch_update(Ordering::SeqCst, Ordering::SeqCst, moved);
    }

    /// Whether it counts as having jumped from here on; moving it by hand is no jump.
    pub fn set_jumped(&self, jumped: bool) {
        self.jumped.store(jumped, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }

    fn steady_now(&self) -> Result<Timestamp, ClockJumped> {
        if self.jumped.load(Ordering::SeqCst) { Err(ClockJumped) } else { Ok(self.now()) }
    }
}
