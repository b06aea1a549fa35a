use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::quota::ports::{
    Consumption, Recorded, RelationshipId, UsageEvent, UsageEventId, UsageStore,
};
use countersign_domain::quota::snapshot::Usage;
use countersign_domain::time::Timestamp;

/// Usage counters in memory.
#[derive(Default, Debug)]
pub struct MemoryUsage(Mutex<BTreeMap<(OrganizationId, Environment), Counters>>);

#[derive(Default, Debug)]
struct Counters {
    known: BTreeSet<UsageEventId>,
    turns: BTreeMap<Timestamp, u64>,
    relationships: BTreeMap<Timestamp, BTreeSet<RelationshipId>>,
}

impl MemoryUsage {
    /// Nothing is used.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Counters {
    fn record(&mut self, event: UsageEvent) -> Recorded {
        if !self.known.insert(event.id) {
            return Recorded::Duplicate;
        }
        let period = event.period.starts_at;
        match event.consumption {
            Consumption::Turns(turns) => *self.turns.entry(period).or_default() += u64::from(turns),
            Consumption::Relationship(id) => {
                self.relationships.entry(period).or_default().insert(id);
            }
        }
        Recorded::Counted
    }

    fn usage(&self, period: Timestamp) -> Usage {
        let active = self.relationships.get(&period).map_or(0, BTreeSet::len);
        Usage {
            turns: self.turns.get(&period).copied().unwrap_or_default(),
            active_relationships: active.try_into().unwrap(),
        }
    }
}

#[async_trait]
impl UsageStore for MemoryUsage {
    async fn usage(
        &self,
        organization: OrganizationId,
        environment: Environment,
        period_start: Timestamp,
    ) -> Result<Usage, PortFailure> {
        let counters = self.0.lock().unwrap();
        let found = counters.get(&(organization, environment));
        Ok(found.map(|counters| counters.usage(period_start)).unwrap_or_default())
    }

    async fn record(
        &self,
        organization: OrganizationId,
        environment: Environment,
        events: Vec<UsageEvent>,
    ) -> Result<Vec<Recorded>, PortFailure> {
        let mut counters = self.0.lock().unwrap();
        let counters = counters.entry((organization, environment)).or_default();
        Ok(events.into_iter().map(|event| counters.record(event)).collect())
    }
}
