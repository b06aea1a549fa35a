//! Removes what has had its time.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::time::Clock;
use countersign_jobs::Stopper;
use countersign_jobs::purge::{Expiring, purge};
use tokio::time::MissedTickBehavior;

/// How often.
const EVERY: Duration = Duration::from_mins(1);
/// How many transactions of each kind at a time; what is left waits for the next minute.
const BATCHES: u32 = 100;

/// Purges every minute. What has expired counts for nothing meanwhile, so a failure is only logged.
pub(super) async fn for_ever(expiring: Vec<Arc<dyn Expiring>>, clock: Arc<dyn Clock>) {
    let (_never, stop) = Stopper::new();
    let mut minutes = tokio::time::interval(EVERY);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        minutes.tick().await;
        for kind in &expiring {
            let what = kind.name();
            match purge(&**kind, &*clock, BATCHES, &mut (), &stop).await {
                Ok(0) => {}
                Ok(removed) => tracing::info!(removed, what, "expired rows are removed"),
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, what, "expired rows stay for now");
                }
            }
        }
    }
}
