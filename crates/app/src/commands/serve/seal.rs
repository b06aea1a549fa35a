//! Seals the audit trail.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::audit::chain_ports::AuditChain;
use countersign_domain::audit::seal::SealTrails;
use countersign_domain::time::Clock;
use tokio::time::MissedTickBehavior;

/// How often.
const EVERY: Duration = Duration::from_mins(1);
/// How old an event is before it is sealed, so that calls which run at the same time get numbers in the order of their
/// ids.
const MARGIN: Duration = Duration::from_secs(10);

/// Seals every minute. Events wait for their seal meanwhile, so a failure is only logged.
pub(super) async fn for_ever(chain: Arc<dyn AuditChain>, clock: Arc<dyn Clock>) {
    let seal = SealTrails { chain };
    let mut minutes = tokio::time::interval(EVERY);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        minutes.tick().await;
        match seal.until(clock.now().saturating_sub(MARGIN)).await {
            Ok(sealed) => {
                if sealed.events > 0 {
                    tracing::debug!(events = sealed.events, "audit events are sealed");
                }
                for (organization, error) in &sealed.failures {
                    let error: &dyn std::error::Error = error;
                    tracing::error!(%organization, error, "the audit trail cannot be sealed");
                }
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "audit events wait for their seal");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::audit::event::SecurityEvent;
    use countersign_domain::audit::ports::AuditLog as _;
    use countersign_domain::time::Timestamp;
    use countersign_testkit::build::{self, NOW};
    use countersign_testkit::clock::ManualClock;
    use countersign_testkit::fakes::MemoryAudit;

    use super::*;

    /// What is sealed of the trail of organization 1.
    async fn sealed(trail: &MemoryAudit) -> usize {
        trail.links(build::organization_id(1), 0, u32::MAX).await.unwrap().len()
    }

    async fn happened(trail: &MemoryAudit, at: Timestamp) {
        let event = build::event_about_user(&build::subject("alice"), SecurityEvent::Enabled, at);
        trail.append(event).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_old_enough_is_sealed_at_the_start_and_the_rest_a_minute_later() {
        let trail = Arc::new(MemoryAudit::new());
        let clock = Arc::new(ManualClock::new(NOW));
        happened(&trail, NOW.saturating_sub(MARGIN)).await;
        happened(&trail, NOW).await;
        let sealing = tokio::spawn(for_ever(trail.clone(), clock.clone()));
        // Time stands still but for sleeps, which pass at once; this one ends before the next round.
        tokio::time::sleep(EVERY / 2).await;
        assert_eq!(sealed(&trail).await, 1);

        clock.advance(EVERY);
        happened(&trail, clock.now()).await;
        assert_eq!(sealed(&trail).await, 1, "nothing is sealed between the rounds");
        tokio::time::sleep(EVERY).await;
        assert_eq!(sealed(&trail).await, 2);
        sealing.abort();
    }
}
