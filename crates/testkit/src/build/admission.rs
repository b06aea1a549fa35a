use countersign_domain::admission::api_key::{ApiKey, ApiKeyDigest, ApiKeyId, ApiKeyPrefix, NewApiKey};
use countersign_domain::admission::organization::{Organization, OrganizationStatus};
use countersign_domain::admission::ports::{PolicyRevision, Revocation};
use countersign_domain::admission::scope::Scope;
use countersign_domain::audit::event::Caller;
use countersign_domain::identity::{AuditEventId, Environment, OrganizationId, OrganizationName};
use countersign_domain::keys::{KeyCheckValue, KeyId, KeyPurpose, KnownKey};
use countersign_domain::quota::period::AnchorDay;
use countersign_domain::quota::plan::Plan;
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::policy::{OrganizationPolicy, PolicyChange};
use zeroize::Zeroizing;

use super::identity::{NOW, fresh_ulid, organization_id};
use crate::entropy::SeededEntropy;

/// The built-in plan of this name.
pub fn plan(name: &str) -> Plan {
    Plan::built_in().into_iter().find(|plan| plan.id.as_str() == name).expect("a built-in plan")
}

/// Organization 1, `Example`, on the plan `free`.
pub fn organization() -> Organization {
    organization_on(organization_id(1), plan("free"))
}

/// An active organization on `plan`, made at [`NOW`], with billing periods from the first of the month.
pub fn organization_on(id: OrganizationId, plan: Plan) -> Organization {
    Organization {
        id,
        name: OrganizationName::new("Example").unwrap(),
        plan,
        status: OrganizationStatus::Active,
        anchor_day: AnchorDay::new(1).unwrap(),
        policy: OrganizationPolicy::default(),
        created_at: NOW,
    }
}

/// A stored key and the bearer token that belongs to it.
#[derive(Debug)]
pub struct IssuedApiKey {
    /// As it is stored.
    pub key: ApiKey,
    /// As its holder sends it.
    pub token: Zeroizing<String>,
}

/// A key with all scopes, made at [`NOW`], with the default prefix.
pub fn api_key(organization: OrganizationId, environment: Environment) -> IssuedApiKey {
    let entropy = SeededEntropy::new(fresh_ulid().random().try_into().unwrap());
    let new = NewApiKey::generate(&ApiKeyPrefix::default(), environment, &entropy).unwrap();
    let key = ApiKey {
        id: new.id,
        organization,
        environment,
        scopes: Scope::ALL.iter().copied().collect(),
        digest: ApiKeyDigest::of(&new.key),
        created_at: NOW,
        revoked_at: None,
    };
    IssuedApiKey { key, token: new.key }
}

/// A configured key whose fingerprint is sixteen times `fingerprint`.
pub fn known_key(purpose: KeyPurpose, id: u32, fingerprint: u8) -> KnownKey {
    KnownKey { purpose, id: KeyId(id), check: KeyCheckValue([fingerprint; 16]) }
}

/// A revocation by an operator.
pub fn revocation(key: &ApiKeyId, at: Timestamp) -> Revocation {
    Revocation { key: key.clone(), at, event: AuditEventId::new(fresh_ulid()), caller: Caller::OPERATOR }
}

/// A change of the policy at [`NOW`], by an operator.
pub fn policy_revision(organization: OrganizationId, change: PolicyChange) -> PolicyRevision {
    let event = AuditEventId::new(fresh_ulid());
    PolicyRevision { organization, change, at: NOW, event, caller: Caller::OPERATOR }
}
