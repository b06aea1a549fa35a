use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_domain::audit::chain::ChainHash;
use countersign_domain::audit::chain_ports::{
    AuditChain, Link, LinkedRecord, ListEntry, Listed, Strays, Unsealed,
};
use countersign_domain::audit::event::{Actor, AuditEvent};
use countersign_domain::audit::ports::{AuditLog, AuditQuery, AuditRecord};
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{AuditEventId, OrganizationId};
use countersign_domain::time::Timestamp;

use super::webhooks::Outbox;

/// The audit trail in memory. Stores that write to it share it in an `Arc`.
#[derive(Default, Debug)]
pub struct MemoryAudit {
    pub(super) events: Mutex<Vec<AuditEvent>>,
    seals: Mutex<Vec<Seal>>,
    outbox: Arc<Mutex<Outbox>>,
}

#[derive(Clone, Debug)]
struct Seal {
    organization: OrganizationId,
    number: u64,
    event: AuditEventId,
    hash: ChainHash,
}

impl MemoryAudit {
    /// An empty trail.
    pub fn new() -> Self {
        Self::default()
    }

    /// All events, in the order in which they were appended.
    pub fn events(&self) -> Vec<AuditEvent> {
        self.events.lock().unwrap().clone()
    }

    /// Appends `event` together with `change`: neither happens when the event's id is taken.
    pub(super) fn commit<T>(&self, event: AuditEvent, change: impl FnOnce() -> T) -> Result<T, PortFailure> {
        self.commit_all(vec![event], change)
    }

    /// Appends `events` together with `change`: nothing happens when the id of one is taken.
    pub(super) fn commit_all<T>(
        &self,
        events: Vec<AuditEvent>,
        change: impl FnOnce() -> T,
    ) -> Result<T, PortFailure> {
        let mut stored = self.events.lock().unwrap();
        refuse_taken(&stored, &events)?;
        let mut outbox = self.outbox.lock().unwrap();
        for event in &events {
            outbox.fan_out(event);
        }
        stored.extend(events);
        Ok(change())
    }

    /// What is on the way to webhooks.
    pub(super) fn outbox(&self) -> Arc<Mutex<Outbox>> {
        self.outbox.clone()
    }

    /// Appends `event` if `change` changes something in the outbox; it tells whoever is to be told.
    pub(super) fn commit_in_outbox<T>(
        &self,
        event: AuditEvent,
        change: impl FnOnce(&mut Outbox, &AuditEvent) -> Option<T>,
    ) -> Result<Option<T>, PortFailure> {
        let mut stored = self.events.lock().unwrap();
        refuse_taken(&stored, std::slice::from_ref(&event))?;
        let changed = change(&mut self.outbox.lock().unwrap(), &event);
        if changed.is_some() {
            stored.push(event);
        }
        Ok(changed)
    }
}

fn refuse_taken(stored: &[AuditEvent], events: &[AuditEvent]) -> Result<(), PortFailure> {
    if events.iter().any(|event| stored.iter().any(|stored| stored.id == event.id)) {
        return Err(PortFailure::other("the id of the audit event is taken"));
    }
    Ok(())
}

#[async_trait]
impl AuditLog for MemoryAudit {
    async fn append(&self, event: AuditEvent) -> Result<(), PortFailure> {
        self.commit(event, || ())
    }

    async fn page(&self, query: AuditQuery) -> Result<Vec<AuditRecord>, PortFailure> {
        let mut found = self.events();
        found.retain(|event| {
            event.organization == query.organization
                && query.part.contains(event.environment)
                && (query.user.is_none() || event.user == query.user)
                && Some(event.id) > query.after
        });
        found.sort_by_key(|event| event.id);
        found.truncate(query.limit.try_into().unwrap());
        Ok(found.into_iter().map(record).collect())
    }
}

impl MemoryAudit {
    /// The events without a seal, in the order of their ids.
    fn waiting(&self, seals: &[Seal]) -> Vec<AuditEvent> {
        let mut waiting = self.events();
        waiting.retain(|event| seals.iter().all(|seal| seal.event != event.id));
        waiting.sort_by_key(|event| event.id);
        waiting
    }
}

/// Nothing is ever lost, stray or missing on a list here: the lists are made of the events when they are asked for.
#[async_trait]
impl AuditChain for MemoryAudit {
    async fn to_seal(
        &self,
        until: Timestamp,
        after: Option<OrganizationId>,
        limit: u32,
    ) -> Result<Vec<OrganizationId>, PortFailure> {
        let mut waiting = self.waiting(&self.seals.lock().unwrap());
        waiting.retain(|event| event.at <= until && Some(event.organization) > after);
        let organizations: BTreeSet<_> = waiting.into_iter().map(|event| event.organization).collect();
        Ok(organizations.into_iter().take(limit.try_into().unwrap()).collect())
    }

    async fn seal(
        &self,
        organization: OrganizationId,
        until: Timestamp,
        limit: u32,
    ) -> Result<u32, PortFailure> {
        let mut seals = self.seals.lock().unwrap();
        let mut waiting = self.waiting(&seals);
        waiting.retain(|event| event.organization == organization && event.at <= until);
        waiting.truncate(limit.try_into().unwrap());
        let sealed = u32::try_from(waiting.len()).unwrap();
        for event in waiting {
            let last = seals.iter().rfind(|seal| seal.organization == organization);
            let (number, head) = last.map_or((0, ChainHash::GENESIS), |seal| (seal.number, seal.hash));
            let (number, id) = (number + 1, event.id);
            let hash = head.next(organization, number, &record(event));
            seals.push(Seal { organization, number, event: id, hash });
        }
        Ok(sealed)
    }

    async fn links(
        &self,
        organization: OrganizationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Link>, PortFailure> {
        let mut seals = self.seals.lock().unwrap().clone();
        seals.retain(|seal| seal.organization == organization && seal.number > after);
        seals.truncate(limit.try_into().unwrap());
        let events = self.events();
        let link = |Seal { number, event, hash, .. }| {
            let stored = events.iter().find(|stored| stored.id == event).cloned();
            let record = stored.map_or(LinkedRecord::Missing, |event| LinkedRecord::Stored(record(event)));
            Link { number, event, hash, record }
        };
        Ok(seals.into_iter().map(link).collect())
    }

    async fn unsealed(&self, organization: OrganizationId, _: u32) -> Result<Unsealed, PortFailure> {
        let mut waiting = self.waiting(&self.seals.lock().unwrap());
        waiting.retain(|event| event.organization == organization);
        Ok(Unsealed { waiting: waiting.len().try_into().unwrap(), ..Unsealed::default() })
    }

    async fn strays(
        &self,
        _: OrganizationId,
        _: Option<AuditEventId>,
        _: u32,
    ) -> Result<Strays, PortFailure> {
        Ok(Strays::default())
    }

    async fn unlisted(&self, _: OrganizationId, _: u64, _: u64) -> Result<Vec<AuditEventId>, PortFailure> {
        Ok(Vec::new())
    }

    async fn listed(
        &self,
        organization: OrganizationId,
        after: Option<ListEntry>,
        limit: u32,
    ) -> Result<Vec<Listed>, PortFailure> {
        let seals = self.seals.lock().unwrap();
        let is_sealed = |event: &AuditEvent| seals.iter().any(|seal| seal.event == event.id);
        let mut events = self.events();
        events.retain(|event| event.organization == organization && is_sealed(event));
        let entries =
            events.into_iter().filter_map(|event| Some(ListEntry { user: event.user?, event: event.id }));
        let entries: BTreeSet<_> = entries.filter(|entry| Some(entry) > after.as_ref()).collect();
        let listed = entries.into_iter().map(|entry| Listed { entry, is_theirs: true });
        Ok(listed.take(limit.try_into().unwrap()).collect())
    }
}

pub(super) fn record(event: AuditEvent) -> AuditRecord {
    AuditRecord {
        id: event.id,
        environment: event.environment,
        user: event.user,
        name: event.event.name().to_owned(),
        details: event.event.details().into_iter().map(|(name, text)| (name.to_owned(), text)).collect(),
        actor: match event.caller.actor {
            Actor::User => "user".to_owned(),
            Actor::ApiKey(id) => format!("api_key:{}", id.as_str()),
            Actor::Operator => "operator".to_owned(),
            Actor::Service => "service".to_owned(),
        },
        request: event.caller.request,
        address: event.caller.address,
        at: event.at,
    }
}
