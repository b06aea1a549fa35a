use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_domain::audit::event::{Actor, AuditEvent, Caller, SecurityEvent};
use countersign_domain::identity::{AuditEventId, Environment, OrganizationId, RequestId, Subject, UserId};
use countersign_domain::time::Timestamp;
use ulid::Ulid;

/// The instant at which tests take place: 2026-01-15T12:00:00Z.
pub const NOW: Timestamp = Timestamp::from_seconds(1_768_478_400);

/// An id that no other call in this process gets; later ones are greater.
pub fn fresh_ulid() -> Ulid {
    Ulid::from_parts(NOW.as_micros().unsigned_abs() / 1_000, u128::from(next()))
}

/// The organization with this number.
pub fn organization_id(number: u64) -> OrganizationId {
    OrganizationId::new(Ulid::from_parts(1, u128::from(number)))
}

/// A user of organization 1, live.
pub fn subject(user: &str) -> Subject {
    subject_in(organization_id(1), Environment::Live, user)
}

/// A user.
pub fn subject_in(organization: OrganizationId, environment: Environment, user: &str) -> Subject {
    Subject { organization, environment, user: UserId::new(user).unwrap() }
}

/// A user who calls from the loopback interface with a request of their own.
pub fn caller() -> Caller {
    Caller {
        actor: Actor::User,
        request: Some(RequestId::new(fresh_ulid())),
        address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    }
}

/// An event about a user, with an id greater than all before.
pub fn event_about_user(subject: &Subject, event: SecurityEvent, at: Timestamp) -> AuditEvent {
    AuditEvent {
        id: AuditEventId::new(fresh_ulid()),
        organization: subject.organization,
        environment: Some(subject.environment),
        user: Some(subject.user.clone()),
        event,
        caller: caller(),
        at,
    }
}

/// An event about an organization as a whole, caused by an operator, with an id greater than all before.
pub fn event_about_organization(
    organization: OrganizationId,
    event: SecurityEvent,
    at: Timestamp,
) -> AuditEvent {
    AuditEvent {
        id: AuditEventId::new(fresh_ulid()),
        organization,
        environment: None,
        user: None,
        event,
        caller: Caller::OPERATOR,
        at,
    }
}

fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
