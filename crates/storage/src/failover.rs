//! What a new primary may have forgotten.
//!
//! A replica that is promoted may lack the last writes that the primary before it has acknowledged, and with them
//! which codes were accepted. So the steps that could have been accepted before the change was noticed are refused until they
//! cannot be accepted any more anyway: a minute or so, in which users with later codes are served.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use countersign_domain::failure::PortFailure;
use countersign_domain::time::{TimeStep, Timestamp};

/// Before everything: no other primary was noticed.
const NEVER: i64 = i64::MIN;

/// When another server was last noticed to be the primary. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Failovers(Arc<AtomicI64>);

impl Default for Failovers {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(NEVER)))
    }
}

impl Failovers {
    /// Another server is the primary since `at` or a moment before.
    #[cfg(any(test, feature = "postgres"))]
    pub(crate) fn noticed(&self, at: Timestamp) {
        self.0.fetch_max(at.as_micros(), Ordering::SeqCst);
    }

    /// Refuses to accept a step that a primary before this one may have accepted already.
    pub(crate) fn check(&self, step: TimeStep, period: Duration) -> Result<(), PortFailure> {
        let noticed = Timestamp::from_micros(self.0.load(Ordering::SeqCst));
        // The step after the present one is accepted as well.
        let last = TimeStep::containing(noticed, period).map(|present| present.number().saturating_add(1));
        match last {
            Some(last) if step.number() <= last => Err(PortFailure::unavailable(
                "the code may have been accepted before the database failed over",
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(30);

    fn is_refused(failovers: &Failovers, step: u64) -> bool {
        matches!(failovers.check(TimeStep::new(step), PERIOD), Err(PortFailure::Unavailable(_)))
    }

    #[test]
    fn without_a_failover_every_step_is_good() {
        let failovers = Failovers::default();
        assert!(!is_refused(&failovers, 0) && !is_refused(&failovers, u64::MAX));
    }

    #[test]
    fn steps_that_could_have_been_accepted_before_a_failover_are_refused() {
        let failovers = Failovers::default();
        failovers.noticed(Timestamp::from_seconds(3_000));
        for (step, refused) in [(99, true), (100, true), (101, true), (102, false)] {
            assert_eq!(is_refused(&failovers, step), refused, "{step}");
        }
    }

    #[test]
    fn the_last_failover_counts_in_whatever_order_they_are_noticed() {
        let failovers = Failovers::default();
        failovers.noticed(Timestamp::from_seconds(3_000));
        failovers.noticed(Timestamp::from_seconds(30));
        assert!(is_refused(&failovers.clone(), 101));
    }
}
