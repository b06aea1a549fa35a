//! Where the audit trail is kept.

use async_trait::async_trait;

use super::event::AuditEvent;
use crate::failure::PortFailure;
use crate::identity::{AuditEventId, Environment, OrganizationId, UserId};
use crate::time::Timestamp;

/// The audit trail.
///
/// Duty: append-only. An event that belongs to a change is stored by the port that makes the change, in the same
/// transaction; `append` is for events that change nothing else.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Appends one event.
    async fn append(&self, event: AuditEvent) -> Result<(), PortFailure>;

    /// Up to `limit` records of an organization in ascending order of their ids, from the first one after `after`.
    async fn page(
        &self,
        organization: OrganizationId,
        after: Option<AuditEventId>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, PortFailure>;
}

/// An event as the trail holds it: names and texts, so that events of newer and older versions can be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRecord {
    /// Its id.
    pub id: AuditEventId,
    /// Live or test data, if it concerns only one.
    pub environment: Option<Environment>,
    /// The user that it is about.
    pub user: Option<UserId>,
    /// What happened: [`super::event::SecurityEvent::name`].
    pub name: String,
    /// What else there is to say: [`super::event::SecurityEvent::details`].
    pub details: Vec<(String, String)>,
    /// Who caused it: `user`, `operator` or `api_key:` and the key's id.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}
