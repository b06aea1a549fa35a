//! The use case: may this operation go on, and what is left?

use std::sync::Arc;

use super::allowance::Allowance;
use super::ports::UsageStore;
use super::rule::{Operation, QuotaComponent, stopped_by};
use super::snapshot::QuotaSnapshot;
use crate::admission::organization::Organization;
use crate::failure::PortFailure;
use crate::identity::Environment;
use crate::time::Clock;

/// Reads an organization's quota and applies the rule to it.
pub struct QuotaMeter {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The counters.
    pub usage: Arc<dyn UsageStore>,
}

/// A quota that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the quota of {} is used up", component.as_str())]
pub struct QuotaRefusal {
    /// Which part.
    pub component: QuotaComponent,
    /// The whole picture.
    pub snapshot: QuotaSnapshot,
}

/// Why an operation may not go on.
#[derive(Debug, thiserror::Error)]
pub enum PermitError {
    /// The quota is used up.
    #[error(transparent)]
    Exhausted(QuotaRefusal),
    /// The counters could not be read.
    #[error(transparent)]
    Failure(#[from] PortFailure),
}

impl QuotaMeter {
    /// Use, ceilings and period now.
    pub async fn snapshot(
        &self,
        organization: &Organization,
        environment: Environment,
    ) -> Result<QuotaSnapshot, PortFailure> {
        let allowance = Allowance::at(self.clock.now(), organization, environment);
        let usage = self.usage.usage(organization.id, environment, allowance.period.starts_at).await?;
        Ok(allowance.snapshot(usage))
    }

    /// Whether `operation` may go on.
    pub async fn permit(
        &self,
        operation: Operation,
        organization: &Organization,
        environment: Environment,
    ) -> Result<(), PermitError> {
        let snapshot = self.snapshot(organization, environment).await?;
        match stopped_by(operation, &snapshot, organization.plan.security_calls_exempt) {
            Some(component) => Err(PermitError::Exhausted(QuotaRefusal { component, snapshot })),
            None => Ok(()),
        }
    }
}
