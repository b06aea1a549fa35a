//! Removes set-ups that nobody confirmed in time.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::failure::PortFailure;
use countersign_domain::time::Clock;
use countersign_domain::two_factor::ports::FactorStore;
use tokio::time::MissedTickBehavior;

/// How often.
const EVERY: Duration = Duration::from_mins(1);
/// How many in one transaction, so that no request waits long for it.
const BATCH: u32 = 500;
/// How many transactions at a time; what is left waits for the next minute.
const BATCHES: u32 = 100;

/// Purges every minute. Expired set-ups count as none meanwhile, so a failure is only logged.
pub(super) async fn for_ever(factors: Arc<dyn FactorStore>, clock: Arc<dyn Clock>) {
    let mut minutes = tokio::time::interval(EVERY);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        minutes.tick().await;
        match purge(&*factors, &*clock).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "expired set-ups are removed"),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "expired set-ups stay for now");
            }
        }
    }
}

async fn purge(factors: &dyn FactorStore, clock: &dyn Clock) -> Result<u32, PortFailure> {
    let mut removed = 0_u32;
    for _ in 0..BATCHES {
        let batch = factors.purge_expired(clock.now(), BATCH).await?;
        removed = removed.saturating_add(batch);
        if batch < BATCH {
            break;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use countersign_domain::time::Timestamp;
    use countersign_testkit::build;
    use countersign_testkit::clock::ManualClock;
    use countersign_testkit::fakes::{MemoryAudit, MemoryFactors};

    use super::*;

    #[tokio::test]
    async fn all_that_has_expired_goes_in_batches_and_the_rest_stays() {
        let factors = MemoryFactors::new(Arc::new(MemoryAudit::new()));
        let begun = Timestamp::from_seconds(1_000);
        let clock = ManualClock::new(begun);
        for number in 0..=BATCH {
            store(&factors, &format!("early-{number}"), begun).await;
        }
        clock.advance(Duration::from_mins(10));
        store(&factors, "late", clock.now()).await;
        assert_eq!(purge(&factors, &clock).await.unwrap(), BATCH + 1);
        assert_eq!(factors.count(), 1);
        assert_eq!(purge(&factors, &clock).await.unwrap(), 0);
    }

    async fn store(factors: &MemoryFactors, user: &str, now: Timestamp) {
        let subject = build::subject(user);
        let claim = build::setup_claim(&subject, now);
        let setup = build::pending_setup(&subject, claim.id, now);
        let _ = factors.claim_setup(claim).await.unwrap();
        let _ = factors.store_pending(setup).await.unwrap();
    }
}
