use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::idempotency::key::IdempotencyKey;
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::quota::allowance::Allowance;
use countersign_domain::quota::ports::{
    Consumption, Recorded, RelationshipId, UsageEvent, UsageEventId, UsageStore,
};
use countersign_domain::quota::quota_ports::{
    Activation, ActivationDecision, Ended, QuotaStore, TurnConsumption, TurnsDecision,
};
use countersign_domain::quota::recount_ports::{Miscount, UsageRecount};
use countersign_domain::quota::snapshot::{QuotaSnapshot, Usage};
use countersign_domain::time::Timestamp;

/// Usage counters in memory.
#[derive(Default, Debug)]
pub struct MemoryUsage(Mutex<BTreeMap<(OrganizationId, Environment), Account>>);

#[derive(Default, Debug)]
struct Account {
    known: BTreeSet<UsageEventId>,
    turns: BTreeMap<Timestamp, u64>,
    /// Who was active by an event, in each period.
    recorded: BTreeMap<Timestamp, BTreeSet<RelationshipId>>,
    /// From which period to which one a relationship was activated.
    activated: BTreeMap<RelationshipId, Vec<(Timestamp, Option<Timestamp>)>>,
    answers: BTreeMap<IdempotencyKey, Answer>,
}

#[derive(Clone, Copy, Debug)]
struct Answer {
    turns: u32,
    snapshot: QuotaSnapshot,
    kept_until: Timestamp,
}

impl MemoryUsage {
    /// Nothing is used.
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(
        &self,
        organization: OrganizationId,
        environment: Environment,
        work: impl FnOnce(&mut Account) -> T,
    ) -> T {
        work(self.0.lock().unwrap().entry((organization, environment)).or_default())
    }

    fn within<T>(&self, allowance: &Allowance, work: impl FnOnce(&mut Account) -> T) -> T {
        self.with(allowance.organization, allowance.environment, work)
    }
}

impl Account {
    fn record(&mut self, event: UsageEvent) -> Recorded {
        if !self.known.insert(event.id) {
            return Recorded::Duplicate;
        }
        let period = event.period.starts_at;
        match event.consumption {
            Consumption::Turns(turns) => *self.turns.entry(period).or_default() += u64::from(turns),
            Consumption::Relationship(id) => {
                self.recorded.entry(period).or_default().insert(id);
            }
        }
        Recorded::Counted
    }

    fn usage(&self, period: Timestamp) -> Usage {
        let mut active: BTreeSet<_> = self.recorded.get(&period).into_iter().flatten().collect();
        active.extend(self.activated.keys().filter(|id| self.is_activated(id, period)));
        Usage {
            turns: self.turns.get(&period).copied().unwrap_or_default(),
            active_relationships: active.len().try_into().unwrap(),
        }
    }

    fn is_activated(&self, id: &RelationshipId, period: Timestamp) -> bool {
        let covers =
            |(first, last): &(_, Option<_>)| *first <= period && last.is_none_or(|last| period <= last);
        self.activated.get(id).is_some_and(|spans| spans.iter().any(covers))
    }

    fn snapshot(&self, allowance: &Allowance) -> QuotaSnapshot {
        allowance.snapshot(self.usage(allowance.period.starts_at))
    }

    fn consume(&mut self, consumption: &TurnConsumption) -> TurnsDecision {
        let TurnConsumption { allowance, turns, repeatable } = consumption;
        if let Some(call) = repeatable {
            match self.answers.get(&call.key).filter(|answer| answer.kept_until > call.at) {
                Some(answer) if answer.turns == turns.get() => {
                    return TurnsDecision::Repeated(answer.snapshot);
                }
                Some(_) => return TurnsDecision::OtherCall,
                None => {}
            }
        }
        let used = self.turns.entry(allowance.period.starts_at).or_default();
        let more = u64::from(turns.get());
        if allowance.turns.highest_use_before(more).is_none_or(|highest| *used > highest) {
            return TurnsDecision::Exhausted(self.snapshot(allowance));
        }
        *used += more;
        let snapshot = self.snapshot(allowance);
        if let Some(call) = repeatable {
            let answer = Answer { turns: turns.get(), snapshot, kept_until: call.kept_until };
            self.answers.insert(call.key.clone(), answer);
        }
        TurnsDecision::Counted(snapshot)
    }

    fn activate(&mut self, Activation { allowance, relationship: id }: Activation) -> ActivationDecision {
        let period = allowance.period.starts_at;
        let is_open = |spans: &Vec<(Timestamp, Option<_>)>| {
            spans.iter().any(|(first, last)| *first <= period && last.is_none())
        };
        if self.activated.get(&id).is_some_and(is_open) {
            return ActivationDecision::AlreadyActive(self.snapshot(&allowance));
        }
        let is_counted = self.is_activated(&id, period)
            || self.recorded.get(&period).is_some_and(|recorded| recorded.contains(&id));
        if !is_counted && allowance.relationships.is_reached(self.usage(period).active_relationships) {
            return ActivationDecision::Exhausted(self.snapshot(&allowance));
        }
        let spans = self.activated.entry(id).or_default();
        spans.retain(|(first, _)| *first <= period);
        match spans.iter_mut().find(|(_, last)| last.is_some_and(|last| period <= last)) {
            Some((_, last)) => *last = None,
            None => spans.push((period, None)),
        }
        ActivationDecision::Activated(self.snapshot(&allowance))
    }

    fn end(&mut self, Activation { allowance, relationship: id }: &Activation) -> Ended {
        let period = allowance.period.starts_at;
        let open =
            self.activated.get_mut(id).and_then(|spans| spans.iter_mut().find(|span| span.1.is_none()));
        let was_active = open.is_some();
        if let Some((first, last)) = open {
            *last = Some(period.max(*first));
        }
        Ended { was_active, snapshot: self.snapshot(allowance) }
    }

    fn purge(&mut self, now: Timestamp, limit: usize) -> usize {
        let over: Vec<_> = self.answers.iter().filter(|(_, answer)| answer.kept_until <= now).collect();
        let over: Vec<_> = over.into_iter().take(limit).map(|(key, _)| key.clone()).collect();
        over.iter().filter(|key| self.answers.remove(*key).is_some()).count()
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
        Ok(self.with(organization, environment, |account| account.usage(period_start)))
    }

    async fn record(
        &self,
        organization: OrganizationId,
        environment: Environment,
        events: Vec<UsageEvent>,
    ) -> Result<Vec<Recorded>, PortFailure> {
        Ok(self.with(organization, environment, |account| {
            events.into_iter().map(|event| account.record(event)).collect()
        }))
    }
}

/// Every number is made from what is kept, so none can be wrong.
#[async_trait]
impl UsageRecount for MemoryUsage {
    async fn miscounts(&self, _: OrganizationId, _: Environment) -> Result<Vec<Miscount>, PortFailure> {
        Ok(Vec::new())
    }

    async fn mend(&self, _: OrganizationId, _: Environment) -> Result<Vec<Miscount>, PortFailure> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl QuotaStore for MemoryUsage {
    async fn consume_turns(&self, consumption: TurnConsumption) -> Result<TurnsDecision, PortFailure> {
        Ok(self.within(&consumption.allowance, |account| account.consume(&consumption)))
    }

    async fn activate(&self, activation: Activation) -> Result<ActivationDecision, PortFailure> {
        let allowance = activation.allowance;
        Ok(self.within(&allowance, |account| account.activate(activation)))
    }

    async fn end(&self, activation: Activation) -> Result<Ended, PortFailure> {
        Ok(self.within(&activation.allowance, |account| account.end(&activation)))
    }

    async fn purge_answers(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure> {
        let mut left = usize::try_from(limit).unwrap();
        let mut purged = 0;
        for account in self.0.lock().unwrap().values_mut() {
            let count = account.purge(now, left);
            (left, purged) = (left - count, purged + count);
        }
        Ok(purged.try_into().unwrap())
    }
}
