use std::sync::Mutex;

use async_trait::async_trait;
use countersign_domain::audit::event::{Actor, AuditEvent};
use countersign_domain::audit::ports::{AuditLog, AuditQuery, AuditRecord};
use countersign_domain::failure::PortFailure;

/// The audit trail in memory. Stores that write to it share it in an `Arc`.
#[derive(Default, Debug)]
pub struct MemoryAudit(Mutex<Vec<AuditEvent>>);

impl MemoryAudit {
    /// An empty trail.
    pub fn new() -> Self {
        Self::default()
    }

    /// All events, in the order in which they were appended.
    pub fn events(&self) -> Vec<AuditEvent> {
        self.0.lock().unwrap().clone()
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
        let mut stored = self.0.lock().unwrap();
        if events.iter().any(|event| stored.iter().any(|stored| stored.id == event.id)) {
            return Err(PortFailure::other("the id of the audit event is taken"));
        }
        stored.extend(events);
        Ok(change())
    }
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

fn record(event: AuditEvent) -> AuditRecord {
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
        },
        request: event.caller.request,
        address: event.caller.address,
        at: event.at,
    }
}
