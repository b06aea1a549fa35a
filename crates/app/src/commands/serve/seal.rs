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
