//! Remove a factor without a code, for a user who has lost everything. It opens nothing, so it works without any key.

use std::sync::Arc;

use super::proof_ports::ProofStore;
use crate::audit::event::{AuditEvent, Caller, SecurityEvent};
use crate::entropy::Entropy;
use crate::failure::PortFailure;
use crate::identity::{Subject, is_displayable};
use crate::time::Clock;

/// Why a factor is reset: 1 to 500 characters, none of them a control or a bidirectional one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResetReason(String);

/// The text is not acceptable as a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reason is 1 to 500 characters, without control or bidirectional characters")]
pub struct NotAResetReason;

impl ResetReason {
    /// Validates `text`; space around it is taken off.
    pub fn new(text: &str) -> Result<Self, NotAResetReason> {
        let text = text.trim();
        if is_displayable(text, 500) { Ok(Self(text.to_owned())) } else { Err(NotAResetReason) }
    }

    /// The reason.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The use case.
pub struct ResetTwoFactor {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for ids.
    pub entropy: Arc<dyn Entropy>,
    /// The factors.
    pub proofs: Arc<dyn ProofStore>,
}

impl ResetTwoFactor {
    /// Removes the subject's factor; `false` when there was none, which a repetition may find.
    pub async fn run(
        &self,
        subject: &Subject,
        reason: ResetReason,
        caller: &Caller,
    ) -> Result<bool, PortFailure> {
        let event = SecurityEvent::Reset { reason };
        let audit = AuditEvent::about_user(subject, event, caller, self.clock.now(), &*self.entropy)?;
        self.proofs.remove(subject, audit).await
    }
}
