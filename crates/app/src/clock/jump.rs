//! Whether the wall clock runs as evenly as the monotonic one.

use std::time::Duration;

use countersign_domain::time::Timestamp;

/// A smaller step is no jump: leap seconds, and what NTP corrects at once.
const SMALLEST_JUMP: Duration = Duration::from_secs(5);
/// NTP makes a clock at most 500 millionths faster or slower while it corrects it; twice that is no jump either.
const DRIFT: u32 = 1_000;
/// How long the clock has to run evenly after a jump.
const SETTLING: Duration = Duration::from_secs(30);

/// Compares the two clocks each time it is asked.
#[derive(Debug)]
pub(super) struct JumpDetector {
    /// What both clocks showed last.
    last: (Timestamp, Duration),
    /// What the monotonic clock shows when the last jump is forgotten.
    settled_at: Duration,
}

impl JumpDetector {
    /// Begins with the wall clock at `wall` and the monotonic clock at zero.
    pub(super) fn new(wall: Timestamp) -> Self {
        Self { last: (wall, Duration::ZERO), settled_at: Duration::ZERO }
    }

    /// Whether there was no jump in the last half minute, when the clocks show `wall` and `running` now.
    pub(super) fn is_steady(&mut self, wall: Timestamp, running: Duration) -> bool {
        let (last_wall, last_running) = self.last;
        let passed = running.saturating_sub(last_running);
        let expected = last_wall.saturating_add(passed);
        let off = wall.saturating_since(expected).max(expected.saturating_since(wall));
        if off > SMALLEST_JUMP.saturating_add(passed / DRIFT) {
            tracing::error!(was = %expected, is = %wall, "the clock jumped; codes are not looked at until it has run evenly for 30 seconds");
            self.settled_at = running.saturating_add(SETTLING);
        }
        self.last = (wall, running);
        running >= self.settled_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    #[test]
    fn an_even_clock_is_steady_however_seldom_it_is_looked_at() {
        let mut detector = JumpDetector::new(NOON);
        for running in [0, 1, 60, 90_000] {
            assert!(detector.is_steady(NOON.saturating_add(seconds(running)), seconds(running)));
        }
    }

    #[test]
    fn a_jump_in_either_direction_is_found_and_forgotten_after_half_a_minute() {
        for jumped in [NOON.saturating_add(seconds(3_600)), NOON.saturating_sub(seconds(3_600))] {
            let mut detector = JumpDetector::new(NOON);
            assert!(!detector.is_steady(jumped, seconds(0)));
            assert!(!detector.is_steady(jumped.saturating_add(seconds(29)), seconds(29)));
            assert!(detector.is_steady(jumped.saturating_add(seconds(30)), seconds(30)));
        }
    }

    #[test]
    fn a_jump_back_to_the_right_time_is_a_jump_as_well() {
        let mut detector = JumpDetector::new(NOON);
        assert!(!detector.is_steady(NOON.saturating_add(seconds(3_600)), seconds(0)));
        assert!(!detector.is_steady(NOON.saturating_add(seconds(20)), seconds(20)));
        assert!(!detector.is_steady(NOON.saturating_add(seconds(49)), seconds(49)));
        assert!(detector.is_steady(NOON.saturating_add(seconds(50)), seconds(50)));
    }

    #[test]
    fn small_steps_and_slow_corrections_are_no_jumps() {
        let mut detector = JumpDetector::new(NOON);
        assert!(detector.is_steady(NOON.saturating_add(seconds(5)), seconds(0)));
        // A day at 500 millionths too fast.
        let day = NOON.saturating_add(seconds(5 + 86_400 + 43));
        assert!(detector.is_steady(day, seconds(86_400)));
    }
}
