//! Turn 2FA off, with a code.

use std::sync::Arc;

use super::policy::OrganizationPolicy;
use super::presented_code::PresentedCode;
use super::proof::{Presentation, ProofError, ProveFactor, Purpose};
use super::proof_ports::Effect;
use super::status::TwoFactorStatus;
use crate::audit::event::{Caller, SecurityEvent};
use crate::identity::Subject;

/// Why 2FA was not turned off.
#[derive(Debug, thiserror::Error)]
pub enum DisableError {
    /// The organization requires 2FA; only a reset by the platform removes a factor.
    #[error("the organization requires two-factor authentication")]
    Required,
    /// The code was not accepted.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// The use case.
pub struct DisableTwoFactor {
    /// Consumes the code.
    pub prove: Arc<ProveFactor>,
}

impl DisableTwoFactor {
    /// Consumes `code` and removes the factor with its codes, in one transaction. While the organization requires 2FA
    /// the code is not looked at.
    pub async fn run(
        &self,
        subject: Subject,
        code: PresentedCode,
        policy: OrganizationPolicy,
        caller: Caller,
    ) -> Result<TwoFactorStatus, DisableError> {
        if policy.requires_2fa(self.prove.clock.now()) {
            return Err(DisableError::Required);
        }
        let lockout = policy.lockout();
        let purpose = Purpose { effect: Effect::Remove, event: |method| SecurityEvent::Disabled { method } };
        self.prove.run(Presentation { subject, lockout, purpose, caller }, code).await?;
        Ok(TwoFactorStatus::Disabled)
    }
}
