//! Where the audit trail is kept.

use std::net::IpAddr;

use async_trait::async_trait;

use super::event::AuditEvent;
use crate::failure::PortFailure;
use crate::identity::{AuditEventId, Environment, OrganizationId, RequestId, UserId};
use crate::time::Timestamp;

/// The audit trail.
///
/// Duty: append-only. An event that belongs to a change is stored by the port that makes the change, in the same
/// transaction; `append` is for events that change nothing else.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Appends one event.
    async fn append(&self, event: AuditEvent) -> Result<(), PortFailure>;

    /// The records that `query` asks for, in ascending order of their ids.
    async fn page(&self, query: AuditQuery) -> Result<Vec<AuditRecord>, PortFailure>;
}

/// Which records of an organization's trail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditQuery {
    /// Whose trail.
    pub organization: OrganizationId,
    /// Which part of it.
    pub part: TrailPart,
    /// Only what is about this user.
    pub user: Option<UserId>,
    /// Only what comes after this id.
    pub after: Option<AuditEventId>,
    /// At most this many.
    pub limit: u32,
}

impl AuditQuery {
    /// The first `limit` records of the whole trail.
    pub const fn whole(organization: OrganizationId, limit: u32) -> Self {
        Self { organization, part: TrailPart::Whole, user: None, after: None, limit }
    }
}

/// A part of an organization's trail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrailPart {
    /// Everything.
    Whole,
    /// What concerns one environment.
    Only(Environment),
    /// What concerns one environment, or the organization as a whole.
    WithOrganization(Environment),
}

impl TrailPart {
    /// What a key for `environment` may read: a live key is one of the organization's own systems, so it also reads what
    /// concerns the organization as a whole; a test key, which is handed around more freely, reads test data only.
    pub const fn of_key(environment: Environment) -> Self {
        match environment {
            Environment::Live => Self::WithOrganization(environment),
            Environment::Test => Self::Only(environment),
        }
    }

    /// Whether an event with this environment belongs to the part.
    pub fn contains(self, environment: Option<Environment>) -> bool {
        match self {
            Self::Whole => true,
            Self::Only(own) => environment == Some(own),
            Self::WithOrganization(own) => environment.is_none_or(|environment| environment == own),
        }
    }
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
    /// Who caused it: `user`, `operator`, `service`, or `api_key:` and the key's id.
    pub actor: String,
    /// The request, when there was one.
    pub request: Option<RequestId>,
    /// The client's address, when there was one.
    pub address: Option<IpAddr>,
    /// When.
    pub at: Timestamp,
}
