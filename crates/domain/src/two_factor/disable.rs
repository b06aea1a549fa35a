//! Turn 2FA off, with a code.

use std::sync::Arc;

use super::lockout::LockoutPolicy;
use super::presented_code::PresentedCode;
use super::proof::{Presentation, ProofError, ProveFactor, Purpose};
use super::proof_ports::Effect;
use super::status::TwoFactorStatus;
use crate::audit::event::{Caller, SecurityEvent};
use crate::identity::Subject;

/// The use case.
pub struct DisableTwoFactor {
    /// Consumes the code.
    pub prove: Arc<ProveFactor>,
}

impl DisableTwoFactor {
    /// Consumes `code` and removes the factor with its codes, in one transaction.
    pub async fn run(
        &self,
        subject: Subject,
        code: PresentedCode,
        lockout: LockoutPolicy,
        caller: Caller,
    ) -> Result<TwoFactorStatus, ProofError> {
        let purpose = Purpose { effect: Effect::Remove, event: |method| SecurityEvent::Disabled { method } };
        self.prove.run(Presentation { subject, lockout, purpose, caller }, code).await?;
        Ok(TwoFactorStatus::Disabled)
    }
}
