//! What admission needs from outside.

use std::net::IpAddr;

use async_trait::async_trait;

use super::api_key::{ApiKey, ApiKeyDigest, ApiKeyId};
use super::bucket::{BucketDecision, BucketSpec};
use super::organization::{Organization, OrganizationStatus};
use crate::audit::event::{AuditEvent, Caller, SecurityEvent};
use crate::failure::PortFailure;
use crate::identity::{AuditEventId, Environment, OrganizationId, Subject};
use crate::quota::plan::{Plan, PlanId};
use crate::time::Timestamp;
use crate::two_factor::policy::{OrganizationPolicy, PolicyChange};

/// Keeps organizations.
///
/// Duty: ids are unique; a change and its audit event are one transaction.
#[async_trait]
pub trait OrganizationStore: Send + Sync {
    /// The organization with its plan. A change may be seen up to 5 seconds late.
    async fn find(&self, id: OrganizationId) -> Result<Option<Organization>, PortFailure>;

    /// All organizations by ascending id, up to `limit`, from the first one after `after`.
    async fn page(&self, after: Option<OrganizationId>, limit: u32)
    -> Result<Vec<Organization>, PortFailure>;

    /// Stores a new organization.
    async fn create(&self, organization: Organization, audit: AuditEvent) -> Result<Created, PortFailure>;

    /// Changes the status; `false` when there is no such organization.
    async fn set_status(
        &self,
        id: OrganizationId,
        status: OrganizationStatus,
        audit: AuditEvent,
    ) -> Result<bool, PortFailure>;

    /// Changes fields of the policy, with its audit event; tells the policy afterwards. Of concurrent changes none is
    /// lost: each is applied to what the one before it left. A change that changes nothing has no event. `None` when
    /// there is no such organization.
    async fn change_policy(
        &self,
        revision: PolicyRevision,
    ) -> Result<Option<OrganizationPolicy>, PortFailure>;
}

/// A policy is changed. What it was before shows only in the store, so the event is made there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyRevision {
    /// Whose policy.
    pub organization: OrganizationId,
    /// What changes.
    pub change: PolicyChange,
    /// When.
    pub at: Timestamp,
    /// The id of the audit event.
    pub event: AuditEventId,
    /// Who changes it.
    pub caller: Caller,
}

impl PolicyRevision {
    /// What the organization's audit trail says of it.
    pub fn audit(&self, old: OrganizationPolicy, new: OrganizationPolicy) -> AuditEvent {
        AuditEvent {
            id: self.event,
            organization: self.organization,
            environment: None,
            user: None,
            event: SecurityEvent::PolicyChanged { old, new },
            caller: self.caller.clone(),
            at: self.at,
        }
    }
}

/// The outcome of storing something new.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Created {
    /// It is stored.
    New,
    /// Something with the same identity is there; nothing changed.
    Exists,
    /// Something that it refers to (the plan, the organization) is not there.
    Dangling,
}

/// Keeps plans.
///
/// Duty: the built-in plans are there from the start; `put` replaces the whole plan at once.
#[async_trait]
pub trait PlanStore: Send + Sync {
    /// A plan.
    async fn find(&self, id: &PlanId) -> Result<Option<Plan>, PortFailure>;

    /// All plans by ascending name.
    async fn list(&self) -> Result<Vec<Plan>, PortFailure>;

    /// Makes or replaces a plan.
    async fn put(&self, plan: Plan) -> Result<(), PortFailure>;
}

/// Keeps API keys, by their digests.
///
/// Duty: ids and digests are unique over all organizations; a change and its audit event are one transaction.
#[async_trait]
pub trait ApiKeyStore: Send + Sync {
    /// The key with this digest, revoked or not. A revocation may be seen up to 5 seconds late.
    async fn find(&self, digest: &ApiKeyDigest) -> Result<Option<ApiKey>, PortFailure>;

    /// All keys of an organization, in the order in which they were made.
    async fn list(&self, organization: OrganizationId) -> Result<Vec<ApiKey>, PortFailure>;

    /// Stores a new key.
    async fn create(&self, key: ApiKey, audit: AuditEvent) -> Result<Created, PortFailure>;

    /// Revokes a key, with its audit event; the first revocation stays, and a later one has no event. `None` when there is no
    /// such key.
    async fn revoke(&self, revocation: Revocation) -> Result<Option<ApiKey>, PortFailure>;
}

/// An API key is revoked. Whose key it is shows only in the store, so the event is made there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revocation {
    /// Which key.
    pub key: ApiKeyId,
    /// When.
    pub at: Timestamp,
    /// The id of the audit event.
    pub event: AuditEventId,
    /// Who revokes it.
    pub caller: Caller,
}

impl Revocation {
    /// What the audit trail of the key's organization says of it.
    pub fn audit(&self, organization: OrganizationId) -> AuditEvent {
        AuditEvent {
            id: self.event,
            organization,
            environment: None,
            user: None,
            event: SecurityEvent::ApiKeyRevoked { key: self.key.clone() },
            caller: self.caller.clone(),
            at: self.at,
        }
    }
}

/// What a user token proves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserToken {
    /// The user.
    pub subject: Subject,
}

/// Why a bearer token is refused. The texts of [`TokenRefusal::Invalid`] are for the log: an answer tells nobody which
/// check failed.
#[derive(Debug, thiserror::Error)]
pub enum TokenRefusal {
    /// It was valid once.
    #[error("the token has expired")]
    Expired,
    /// It cannot be read, its signature is wrong, or a claim is not acceptable; the text is for the log.
    #[error("the token is not valid: {0}")]
    Invalid(&'static str),
    /// It could not be checked.
    #[error(transparent)]
    Failure(#[from] PortFailure),
}

/// Checks the tokens that the platform signs for its users.
///
/// Duty: only configured keys, each with its one algorithm; every claim that is present has the right type; no part
/// of a token ever reaches a log or an error.
#[async_trait]
pub trait UserTokenVerifier: Send + Sync {
    /// Checks `token` at the instant `now`.
    async fn verify(&self, token: &str, now: Timestamp) -> Result<UserToken, TokenRefusal>;
}

/// Whose bucket.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BucketKey {
    /// An organization's, one for each environment.
    Organization(OrganizationId, Environment),
    /// A client's; IPv6 addresses share one for each /64.
    Client(IpAddr),
}

impl BucketKey {
    /// The bucket of a client's address. An IPv4 address in IPv6 form is the same client.
    pub fn client(address: IpAddr) -> Self {
        Self::Client(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::from([a, b, c, d, 0, 0, 0, 0])
            }
            IpAddr::V4(v4) => IpAddr::V4(v4),
        })
    }
}

/// Token buckets.
///
/// Duty: decides as [`super::bucket::BucketState::take`] does; taking is atomic; memory is bounded whatever keys
/// come. An adapter that shares its buckets decides locally when the store is gone: it does not fail for that.
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Takes one token.
    async fn take(&self, key: BucketKey, spec: BucketSpec) -> Result<BucketDecision, PortFailure>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(text: &str) -> BucketKey {
        BucketKey::client(text.parse().unwrap())
    }

    #[test]
    fn ipv6_clients_share_a_bucket_by_their_64_bit_prefix() {
        assert_eq!(client("2001:db8:1:2::1"), client("2001:db8:1:2:ffff::9"));
        assert_ne!(client("2001:db8:1:2::1"), client("2001:db8:1:3::1"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
    }
}
