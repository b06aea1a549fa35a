//! Quotas for the headers of refusals.
//!
//! Refusing has to stay cheap: an organization that calls too fast must not read its counters that fast as well. So
//! a snapshot serves for up to a second. Decisions never use it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_domain::admission::organization::Organization;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::quota::meter::QuotaMeter;
use countersign_domain::quota::snapshot::{QuotaSnapshot, Usage};
use countersign_domain::time::{Clock, Timestamp};

/// How long a snapshot serves.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// The most snapshots that are kept.
const MOST: usize = 4_096;

type Snapshots = HashMap<(OrganizationId, Environment), (Timestamp, QuotaSnapshot)>;

pub(crate) struct QuotaCache {
    clock: Arc<dyn Clock>,
    meter: Arc<QuotaMeter>,
    snapshots: Mutex<Snapshots>,
}

impl QuotaCache {
    pub(crate) fn new(clock: Arc<dyn Clock>, meter: Arc<QuotaMeter>) -> Self {
        Self { clock, meter, snapshots: Mutex::default() }
    }

    /// The organization's quota, at most a second old.
    pub(crate) async fn snapshot(
        &self,
        organization: &Organization,
        environment: Environment,
    ) -> Result<QuotaSnapshot, PortFailure> {
        let key = (organization.id, environment);
        let now = self.clock.now();
        if let Some(snapshot) = self.fresh(key, now) {
            return Ok(snapshot);
        }
        let snapshot = self.meter.snapshot(organization, environment).await?;
        self.keep(key, now, snapshot);
        Ok(snapshot)
    }

    /// Keeps what is known true after this node has used something: use only grows within a period, so the larger number
    /// is the later one.
    pub(crate) fn observe(&self, key: (OrganizationId, Environment), seen: QuotaSnapshot) {
        let mut snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((_, known)) = snapshots.get_mut(&key) else { return };
        if known.period == seen.period {
            let Usage { turns, active_relationships } = seen.usage;
            known.usage.turns = known.usage.turns.max(turns);
            known.usage.active_relationships = known.usage.active_relationships.max(active_relationships);
        }
    }

    fn fresh(&self, key: (OrganizationId, Environment), now: Timestamp) -> Option<QuotaSnapshot> {
        let snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let known = snapshots.get(&key).filter(|(taken_at, _)| is_fresh(*taken_at, now));
        // The next period begins with its first instant, not up to a second later.
        known.map(|(_, snapshot)| *snapshot).filter(|snapshot| now < snapshot.period.ends_at)
    }

    fn keep(&self, key: (OrganizationId, Environment), now: Timestamp, snapshot: QuotaSnapshot) {
        let mut snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        if snapshots.len() >= MOST {
            snapshots.retain(|_, (taken_at, _)| is_fresh(*taken_at, now));
        }
        if snapshots.len() >= MOST {
            snapshots.clear();
        }
        snapshots.insert(key, (now, snapshot));
    }
}

/// A snapshot from the future was taken before the clock was set back; it is not fresh.
fn is_fresh(taken_at: Timestamp, now: Timestamp) -> bool {
    taken_at <= now && now.saturating_since(taken_at) < FRESH_FOR
}
