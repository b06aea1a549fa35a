//! Change what an organization asks of its users' second factors.

use std::sync::Arc;

use super::policy::{OrganizationPolicy, PolicyChange};
use crate::admission::ports::{OrganizationStore, PolicyRevision};
use crate::audit::event::Caller;
use crate::entropy::Entropy;
use crate::failure::PortFailure;
use crate::identity::{AuditEventId, Environment, OrganizationId};
use crate::time::Clock;

/// Why a policy was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePolicyError {
    /// The policy is in force for live users, so test credentials never change it.
    #[error("the policy holds for live users too; call with a live API key")]
    LiveKeyNeeded,
    /// A port could not do its job.
    #[error(transparent)]
    Failure(#[from] PortFailure),
}

/// The use case.
pub struct ChangePolicy {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for ids.
    pub entropy: Arc<dyn Entropy>,
    /// The organizations.
    pub organizations: Arc<dyn OrganizationStore>,
}

impl ChangePolicy {
    /// Changes the policy of an organization that calls from `environment`; tells the policy afterwards.
    pub async fn run(
        &self,
        organization: OrganizationId,
        environment: Environment,
        change: PolicyChange,
        caller: Caller,
    ) -> Result<OrganizationPolicy, ChangePolicyError> {
        if environment != Environment::Live {
            return Err(ChangePolicyError::LiveKeyNeeded);
        }
        let at = self.clock.now();
        let event = AuditEventId::mint(at, &*self.entropy).map_err(PortFailure::from)?;
        let revision = PolicyRevision { organization, change, at, event, caller };
        let changed = self.organizations.change_policy(revision).await?;
        Ok(changed.ok_or_else(|| PortFailure::other("the calling organization is gone"))?)
    }
}
