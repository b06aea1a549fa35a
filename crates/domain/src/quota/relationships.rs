//! The use cases: begin and end a relationship that counts against the quota.

use std::sync::Arc;

use super::allowance::Allowance;
use super::meter::{PermitError, QuotaRefusal};
use super::ports::RelationshipId;
use super::quota_ports::{Activation, ActivationDecision, Ended, QuotaStore};
use super::rule::QuotaComponent;
use super::snapshot::QuotaSnapshot;
use crate::admission::organization::Organization;
use crate::failure::PortFailure;
use crate::identity::Environment;
use crate::time::Clock;

/// The use cases.
pub struct ChangeRelationships {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The counters.
    pub quotas: Arc<dyn QuotaStore>,
}

/// A relationship that is active.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Activated {
    /// Whether it was not active before.
    pub is_new: bool,
    /// The quota afterwards.
    pub snapshot: QuotaSnapshot,
}

impl ChangeRelationships {
    /// Makes a relationship active, from the present billing period on until it is ended.
    pub async fn activate(
        &self,
        organization: &Organization,
        environment: Environment,
        relationship: RelationshipId,
    ) -> Result<Activated, PermitError> {
        let allowance = Allowance::at(self.clock.now(), organization, environment);
        match self.quotas.activate(Activation { allowance, relationship }).await? {
            ActivationDecision::Activated(snapshot) => Ok(Activated { is_new: true, snapshot }),
            ActivationDecision::AlreadyActive(snapshot) => Ok(Activated { is_new: false, snapshot }),
            ActivationDecision::Exhausted(snapshot) => {
                let component = QuotaComponent::ActiveRelationships;
                Err(PermitError::Exhausted(QuotaRefusal { component, snapshot }))
            }
        }
    }

    /// Ends a relationship; its place is free from the next billing period on.
    pub async fn end(
        &self,
        organization: &Organization,
        environment: Environment,
        relationship: RelationshipId,
    ) -> Result<Ended, PortFailure> {
        let allowance = Allowance::at(self.clock.now(), organization, environment);
        self.quotas.end(Activation { allowance, relationship }).await
    }
}
