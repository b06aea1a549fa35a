//! The wall clock, watched by the one that nobody can set.

mod jump;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::health::Dependency;
use countersign_domain::time::{Clock, ClockJumped, Timestamp};

use self::jump::JumpDetector;

/// The clock of the operating system.
pub(crate) struct SystemClock {
    started: Instant,
    jumps: Mutex<JumpDetector>,
}

impl SystemClock {
    /// Watches from now on.
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), jumps: Mutex::new(JumpDetector::new(wall_clock())) }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        wall_clock()
    }

    fn steady_now(&self) -> Result<Timestamp, ClockJumped> {
        // Nothing panics under the lock. Both clocks are read under it, so that no wait comes between them.
        let mut jumps = self.jumps.lock().unwrap_or_else(PoisonError::into_inner);
        let (wall, running) = (wall_clock(), self.started.elapsed());
        if jumps.is_steady(wall, running) { Ok(wall) } else { Err(ClockJumped) }
    }
}

#[async_trait]
impl Dependency for SystemClock {
    fn name(&self) -> &'static str {
        "clock"
    }

    async fn check(&self) -> Result<(), PortFailure> {
        self.steady_now().map(drop).map_err(PortFailure::from)
    }
}

/// What the operating system's clock shows.
#[expect(clippy::disallowed_methods, reason = "this is the adapter of the clock port")]
pub(crate) fn wall_clock() -> Timestamp {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => Timestamp::UNIX_EPOCH.saturating_add(since),
        Err(before) => {
            Timestamp::UNIX_EPOCH.saturating_sub(Duration::max(before.duration(), Duration::from_micros(1)))
        }
    }
}
