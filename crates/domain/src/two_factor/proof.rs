//! The one path on which a code is consumed, for whatever purpose.
//!
//! Charge, then compare, then claim by a conditional write; a second use of the same code is refused. Verification,
//! disabling and new backup codes differ only in the effect that comes with a right code.

mod backup_code;

use std::sync::Arc;

use super::assertion::Method;
use super::backup_codes::BackupCodes;
use super::code::TotpCode;
use super::factor::{EnabledFactor, Factor};
use super::lockout::{FailureWindow, Lock, LockoutPolicy};
use super::matching::matched_step;
use super::params::Digits;
use super::ports::{FactorStore, SecretSealer};
use super::presented_code::{NotAPresentedCode, PresentedCode, TypedBackupCode};
use super::proof_ports::{
    CodeVerifier, Effect, ProofStore, TotpAttempt, TotpAttempted, TotpJudge, TotpOutcome, TotpVerdict,
};
use crate::audit::event::{AuditEvent, Caller, RefusalReason, SecurityEvent};
use crate::audit::ports::AuditLog;
use crate::entropy::Entropy;
use crate::failure::PortFailure;
use crate::identity::Subject;
use crate::time::{Clock, TimeStep, Timestamp};

/// A factor was proven.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Proof {
    /// With which kind of code.
    pub method: Method,
    /// When.
    pub at: Timestamp,
    /// Unused backup codes afterwards.
    pub backup_codes_remaining: u8,
}

/// Why a factor was not proven.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The code is wrong, was used before or has expired.
    #[error("the code is wrong")]
    InvalidCode {
        /// Wrong codes that are left before the next lock.
        attempts_left: u32,
    },
    /// The code has not the number of digits that the factor asks for.
    #[error("the code has a wrong number of digits")]
    Malformed,
    /// The text is no code that the factor could have.
    #[error(transparent)]
    NotACode(#[from] NotAPresentedCode),
    /// Too many wrong codes; nothing was looked at.
    #[error("the factor is locked")]
    Locked(Lock),
    /// There is no enabled factor.
    #[error("two-factor authentication is not enabled")]
    NotEnabled,
    /// A port could not do its job. The code may count as used.
    #[error(transparent)]
    Failure(#[from] PortFailure),
}

/// What a right code leads to.
#[derive(Clone, Debug)]
pub struct Purpose {
    /// What happens to the factor, in the same transaction.
    pub effect: Effect,
    /// What the audit trail says of it, given how the factor was proven.
    pub event: fn(Method) -> SecurityEvent,
}

/// A call that presents a code.
#[derive(Clone, Debug)]
pub struct Presentation {
    /// Whose factor.
    pub subject: Subject,
    /// When wrong TOTP codes lock.
    pub lockout: LockoutPolicy,
    /// What a right code leads to.
    pub purpose: Purpose,
    /// Who calls.
    pub caller: Caller,
}

impl Presentation {
    fn audit(
        &self,
        event: SecurityEvent,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<AuditEvent, PortFailure> {
        Ok(AuditEvent::about_user(&self.subject, event, &self.caller, now, entropy)?)
    }

    fn audit_all(
        &self,
        events: Vec<SecurityEvent>,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Vec<AuditEvent>, PortFailure> {
        events.into_iter().map(|event| self.audit(event, now, entropy)).collect()
    }
}

/// Consumes codes.
pub struct ProveFactor {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for ids.
    pub entropy: Arc<dyn Entropy>,
    /// The factors, to know which kinds of codes they take.
    pub factors: Arc<dyn FactorStore>,
    /// Charges and outcomes.
    pub proofs: Arc<dyn ProofStore>,
    /// Opens the secret.
    pub sealer: Arc<dyn SecretSealer>,
    /// Compares backup codes.
    pub verifier: Arc<dyn CodeVerifier>,
    /// The trail, for backup codes that were used before: nothing else changes when they are refused.
    pub audit: Arc<dyn AuditLog>,
}

impl ProveFactor {
    /// Consumes `code` for the purpose of `presentation`.
    ///
    /// What has not the shape of a code of ours is taken for an imported one, if the factor has those; otherwise it is
    /// refused for a look at the factor, without a charge.
    pub async fn run(&self, presentation: Presentation, code: PresentedCode) -> Result<Proof, ProofError> {
        match code {
            PresentedCode::Totp(code) => {
                let (digits, typed) = (code.digits(), TypedBackupCode::from(&code));
                match self.with_totp(&presentation, code).await {
                    Err(refusal @ (ProofError::Malformed | ProofError::Locked(_))) => {
                        let of_totp = self.beside_imported_codes(&presentation).await?;
                        if of_totp.is_none() || of_totp == digits {
                            return Err(refusal);
                        }
                        self.with_backup_code(&presentation, typed).await
                    }
                    decided => decided,
                }
            }
            PresentedCode::Backup(code) => {
                if code.own().is_none() && self.beside_imported_codes(&presentation).await?.is_none() {
                    return Err(NotAPresentedCode.into());
                }
                self.with_backup_code(&presentation, code).await
            }
        }
    }

    /// Consumes a TOTP code, where no other kind will do.
    pub async fn with_totp(&self, presentation: &Presentation, code: TotpCode) -> Result<Proof, ProofError> {
        let now = self.clock.steady_now().map_err(PortFailure::from)?;
        let attempt =
            TotpAttempt { subject: presentation.subject.clone(), now, policy: presentation.lockout };
        let judge = self.totp_judge(presentation.clone(), code, now);
        match self.proofs.attempt_totp(attempt, judge).await? {
            TotpAttempted::Locked(lock) => Err(ProofError::Locked(lock)),
            TotpAttempted::NotEnabled => Err(ProofError::NotEnabled),
            TotpAttempted::Malformed => Err(ProofError::Malformed),
            TotpAttempted::Refused { attempts_left } => Err(ProofError::InvalidCode { attempts_left }),
            TotpAttempted::Accepted { backup_codes_remaining } => {
                Ok(Proof { method: Method::Totp, at: now, backup_codes_remaining })
            }
        }
    }

    /// How many digits a TOTP code of the factor has, if its backup codes are imported ones.
    async fn beside_imported_codes(
        &self,
        presentation: &Presentation,
    ) -> Result<Option<Digits>, PortFailure> {
        Ok(match self.factors.find(&presentation.subject).await? {
            Some(stored) => match (stored.factor, stored.backup_codes) {
                (Factor::Enabled(factor), BackupCodes::Imported { .. }) => {
                    Some(factor.binding.parameters.digits)
                }
                _ => None,
            },
            None => None,
        })
    }

    fn totp_judge(&self, presentation: Presentation, code: TotpCode, now: Timestamp) -> TotpJudge {
        let (sealer, entropy) = (self.sealer.clone(), self.entropy.clone());
        Arc::new(move |factor: EnabledFactor| {
            let binding = &factor.binding;
            if code.digits() != Some(binding.parameters.digits) {
                return Ok(None);
            }
            let matched = matched_step(&*sealer, binding, &code, now)?;
            let outcome = decide(&factor, matched, &presentation);
            let mut events = vec![totp_event(&outcome, presentation.purpose.event)];
            if matches!(outcome, TotpOutcome::Refused { .. }) {
                events.extend(many_failures(factor.recent_failures.counted(now)));
            }
            Ok(Some(TotpVerdict { outcome, audit: presentation.audit_all(events, now, &*entropy)? }))
        })
    }
}

/// What there is to tell of a wrong code besides.
fn many_failures(recent: FailureWindow) -> Option<SecurityEvent> {
    recent.became_many().then_some(SecurityEvent::ManyFailures { failures: recent.failures })
}

fn decide(factor: &EnabledFactor, matched: Option<TimeStep>, presentation: &Presentation) -> TotpOutcome {
    let attempts_left = factor.totp_attempts.attempts_left(presentation.lockout);
    match matched {
        Some(step) if step > factor.last_step => {
            TotpOutcome::Accepted { step, effect: presentation.purpose.effect.clone() }
        }
        Some(_) => TotpOutcome::Replayed { attempts_left },
        None => TotpOutcome::Refused { attempts_left },
    }
}

fn totp_event(outcome: &TotpOutcome, accepted: fn(Method) -> SecurityEvent) -> SecurityEvent {
    let refused =
        |reason, attempts_left| SecurityEvent::CodeRefused { method: Method::Totp, reason, attempts_left };
    match *outcome {
        TotpOutcome::Accepted { .. } => accepted(Method::Totp),
        TotpOutcome::Replayed { attempts_left } => refused(RefusalReason::Replayed, attempts_left),
        TotpOutcome::Refused { attempts_left } => refused(RefusalReason::Wrong, attempts_left),
    }
}
