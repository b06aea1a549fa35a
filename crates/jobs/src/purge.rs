//! Removes what has had its time.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::idempotency::ports::IdempotencyStore;
use countersign_domain::quota::quota_ports::QuotaStore;
use countersign_domain::time::{Clock, Timestamp};
use countersign_domain::two_factor::ports::FactorStore;
use countersign_domain::webhooks::delivery::LOG_KEPT;
use countersign_domain::webhooks::delivery_ports::DeliveryStore;

use crate::{Event, Observer, Stop};

/// How many rows go in one transaction, so that no request waits long for it.
pub const BATCH: u32 = 500;

/// Rows of one kind that go when they have had their time. Until then they count for nothing.
#[async_trait]
pub trait Expiring: Send + Sync {
    /// What goes, as people call it, in the plural.
    fn name(&self) -> &'static str;

    /// Removes up to `limit` of those whose time is over at `now`; tells how many.
    async fn remove(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure>;
}

/// Set-ups that nobody confirmed in time.
pub struct ExpiredSetups(pub Arc<dyn FactorStore>);

#[async_trait]
impl Expiring for ExpiredSetups {
    fn name(&self) -> &'static str {
        "expired set-ups"
    }

    async fn remove(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure> {
        self.0.purge_expired(now, limit).await
    }
}

/// Answers of calls that can be sent again, and claims of calls that never ended.
pub struct ExpiredAnswers(pub Arc<dyn IdempotencyStore>);

#[async_trait]
impl Expiring for ExpiredAnswers {
    fn name(&self) -> &'static str {
        "expired answers"
    }

    async fn remove(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure> {
        self.0.purge_calls(now, limit).await
    }
}

/// Answers to consumed turns that are not kept any more.
pub struct ExpiredTurnAnswers(pub Arc<dyn QuotaStore>);

#[async_trait]
impl Expiring for ExpiredTurnAnswers {
    fn name(&self) -> &'static str {
        "answers to consumed turns"
    }

    async fn remove(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure> {
        self.0.purge_answers(now, limit).await
    }
}

/// Deliveries of webhooks that are too old for the log, and with them old secrets that sign no more.
pub struct OldDeliveries(pub Arc<dyn DeliveryStore>);

#[async_trait]
impl Expiring for OldDeliveries {
    fn name(&self) -> &'static str {
        "old deliveries of webhooks"
    }

    async fn remove(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure> {
        self.0.purge(now.saturating_sub(LOG_KEPT), now, limit).await
    }
}

/// Removes what has expired, in at most `batches` transactions, and tells how many rows. When more is left or the job is
/// stopped, the next run goes on.
pub async fn purge(
    kind: &dyn Expiring,
    clock: &dyn Clock,
    batches: u32,
    observer: &mut dyn Observer,
    stop: &Stop,
) -> Result<u64, PortFailure> {
    let mut removed = 0_u64;
    for _ in 0..batches {
        if stop.is_asked() {
            break;
        }
        let batch = kind.remove(clock.now(), BATCH).await?;
        removed = removed.saturating_add(batch.into());
        observer.observe(Event::Done { rows: batch.into() });
        if batch < BATCH {
            break;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use countersign_testkit::build;
    use countersign_testkit::clock::ManualClock;
    use countersign_testkit::fakes::{MemoryAudit, MemoryFactors};

    use super::*;
    use crate::Stopper;

    struct World {
        factors: Arc<MemoryFactors>,
        clock: ManualClock,
        stopper: Stopper,
        stop: Stop,
    }

    impl World {
        async fn with_expired(count: u32) -> Self {
            let factors = Arc::new(MemoryFactors::new(Arc::new(MemoryAudit::new())));
            let begun = Timestamp::from_seconds(1_000);
            for number in 0..count {
                store(&factors, &format!("early-{number}"), begun).await;
            }
            let clock = ManualClock::new(begun);
            clock.advance(Duration::from_mins(10));
            let (stopper, stop) = Stopper::new();
            Self { factors, clock, stopper, stop }
        }

        async fn purge(&self, batches: u32) -> u64 {
            let kind = ExpiredSetups(self.factors.clone());
            purge(&kind, &self.clock, batches, &mut (), &self.stop).await.unwrap()
        }
    }

    async fn store(factors: &MemoryFactors, user: &str, now: Timestamp) {
        let subject = build::subject(user);
        let claim = build::setup_claim(&subject, now);
        let setup = build::pending_setup(&subject, claim.id, now);
        let _ = factors.claim_setup(claim).await.unwrap();
        let _ = factors.store_pending(setup).await.unwrap();
    }

    #[tokio::test]
    async fn all_that_has_expired_goes_in_batches_and_the_rest_stays() {
        let world = World::with_expired(BATCH + 1).await;
        store(&world.factors, "late", world.clock.now()).await;
        assert_eq!(world.purge(100).await, u64::from(BATCH) + 1);
        assert_eq!(world.factors.count(), 1);
        assert_eq!(world.purge(100).await, 0);
    }

    #[tokio::test]
    async fn what_is_left_after_the_last_batch_goes_with_the_next_run() {
        let world = World::with_expired(BATCH + 1).await;
        assert_eq!(world.purge(1).await, BATCH.into());
        assert_eq!(world.purge(1).await, 1);
    }

    #[tokio::test]
    async fn answers_go_when_their_time_is_over() {
        let World { factors, clock, stop, .. } = World::with_expired(0).await;
        let claim = build::call_claim(&build::named_call(&build::subject("alice"), "one"), clock.now());
        let _ = factors.claim_call(claim.clone()).await.unwrap();
        assert!(factors.keep_answer(build::kept_answer(&claim)).await.unwrap());
        let kind = ExpiredAnswers(factors);
        for (wait, removed) in [(Duration::from_secs(599), 0), (Duration::from_secs(1), 1)] {
            clock.advance(wait);
            assert_eq!(purge(&kind, &clock, 1, &mut (), &stop).await.unwrap(), removed);
        }
    }

    #[tokio::test]
    async fn a_stopped_purge_removes_nothing_more() {
        let world = World::with_expired(1).await;
        let _ = world.stopper.stop();
        assert_eq!(world.purge(100).await, 0);
        assert_eq!(world.factors.count(), 1);
    }
}
