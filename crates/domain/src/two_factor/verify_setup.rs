//! Confirm a set-up: the first right code turns 2FA on.

use std::sync::Arc;

use super::backup_code::CODES_PER_SET;
use super::code::TotpCode;
use super::factor::{PendingFactor, PendingLimits};
use super::matching::matched_step;
use super::ports::{
    FactorStore, SecretSealer, SetupAttempt, SetupAttempted, SetupJudge, SetupOutcome, SetupVerdict,
};
use super::status::TwoFactorStatus;
use crate::audit::event::{AuditEvent, Caller, SecurityEvent};
use crate::entropy::Entropy;
use crate::failure::PortFailure;
use crate::identity::{SetupId, Subject};
use crate::time::{Clock, TimeStep, Timestamp};

/// Why the set-up was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum VerifySetupError {
    /// The code is not one of the pending secret's.
    #[error("the code is wrong")]
    InvalidCode {
        /// Codes that may still be tried; at 0 the set-up is gone.
        attempts_left: u8,
    },
    /// The code has not the number of digits that the factor asks for.
    #[error("the code has a wrong number of digits")]
    Malformed,
    /// There is no set-up to confirm.
    #[error("no set-up is pending")]
    NoPendingSetup,
    /// The set-up was not confirmed in time.
    #[error("the set-up has expired")]
    Expired,
    /// Another set-up has taken the place of the one that the caller means.
    #[error("the set-up was replaced by another one")]
    Replaced,
    /// 2FA is on.
    #[error("two-factor authentication is enabled already")]
    AlreadyEnabled,
    /// A port could not do its job.
    #[error(transparent)]
    Failure(#[from] PortFailure),
}

/// The use case.
pub struct VerifySetup {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for ids.
    pub entropy: Arc<dyn Entropy>,
    /// The factors.
    pub factors: Arc<dyn FactorStore>,
    /// Opens the secret.
    pub sealer: Arc<dyn SecretSealer>,
    /// Attempts of a set-up.
    pub limits: PendingLimits,
}

impl VerifySetup {
    /// Tries `code` against the pending set-up, which must be `setup` when that is given.
    ///
    /// Charge, comparison and activation are one transaction of the store: of any number of concurrent calls with
    /// the right code exactly one succeeds.
    pub async fn run(
        &self,
        subject: Subject,
        code: TotpCode,
        setup: Option<SetupId>,
        caller: Caller,
    ) -> Result<TwoFactorStatus, VerifySetupError> {
        let now = self.clock.steady_now().map_err(PortFailure::from)?;
        let attempt = SetupAttempt { subject, setup, now, most: self.limits.attempts };
        match self.factors.attempt_setup(attempt, self.judge(code, caller, now)).await? {
            SetupAttempted::Judged(SetupOutcome::Confirmed(factor)) => {
                Ok(TwoFactorStatus::just_enabled(&factor, CODES_PER_SET))
            }
            SetupAttempted::Judged(SetupOutcome::Refused(factor)) => {
                Err(VerifySetupError::InvalidCode { attempts_left: factor.attempts_left(self.limits) })
            }
            SetupAttempted::Judged(SetupOutcome::Exhausted) => {
                Err(VerifySetupError::InvalidCode { attempts_left: 0 })
            }
            SetupAttempted::Malformed => Err(VerifySetupError::Malformed),
            SetupAttempted::NoPendingSetup => Err(VerifySetupError::NoPendingSetup),
            SetupAttempted::Expired => Err(VerifySetupError::Expired),
            SetupAttempted::Replaced => Err(VerifySetupError::Replaced),
            SetupAttempted::AlreadyEnabled => Err(VerifySetupError::AlreadyEnabled),
        }
    }

    fn judge(&self, code: TotpCode, caller: Caller, now: Timestamp) -> SetupJudge {
        let (sealer, entropy, limits) = (self.sealer.clone(), self.entropy.clone(), self.limits);
        Arc::new(move |factor: PendingFactor| {
            if code.digits() != Some(factor.binding.parameters.digits) {
                return Ok(None);
            }
            let subject = factor.binding.subject.clone();
            let matched = matched_step(&*sealer, &factor.binding, &code, now)?;
            let outcome = decide(factor, matched, limits, now)?;
            let event = match &outcome {
                SetupOutcome::Confirmed(_) => SecurityEvent::Enabled,
                SetupOutcome::Refused(factor) => {
                    SecurityEvent::SetupCodeRefused { attempts_left: factor.attempts_left(limits) }
                }
                SetupOutcome::Exhausted => SecurityEvent::SetupCodeRefused { attempts_left: 0 },
            };
            let audit = AuditEvent::about_user(&subject, event, &caller, now, &*entropy)?;
            Ok(Some(SetupVerdict { outcome, audit }))
        })
    }
}

fn decide(
    factor: PendingFactor,
    matched: Option<TimeStep>,
    limits: PendingLimits,
    now: Timestamp,
) -> Result<SetupOutcome, PortFailure> {
    match matched {
        Some(step) => factor.confirm(step, now).map(SetupOutcome::Confirmed).map_err(PortFailure::other),
        None => Ok(factor.refuse(limits).map_or(SetupOutcome::Exhausted, SetupOutcome::Refused)),
    }
}
