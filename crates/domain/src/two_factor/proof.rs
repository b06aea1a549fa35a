//! The one path on which a code is consumed, for whatever purpose.
//!
//! Charge, then compare, then claim by a conditional write; a second use of the same code is refused. Verification,
//! disabling and new backup codes differ only in the effect that comes with a right code.

use std::sync::Arc;

use super::assertion::Method;
use super::backup_code::{BackupCode, Slot};
use super::code::TotpCode;
use super::factor::EnabledFactor;
use super::lockout::{Lock, LockoutPolicy};
use super::matching::matched_step;
use super::ports::SecretSealer;
use super::presented_code::PresentedCode;
use super::proof_ports::{
    BackupCodeAttempt, BackupCodeCharged, BackupCodeUse, CodeVerifier, Effect, ProofStore, StoredBackupCode,
    TotpAttempt, TotpAttempted, TotpJudge, TotpOutcome, TotpVerdict, UsedBackupCode,
};
use crate::audit::event::{AuditEvent, Caller, RefusalReason, SecurityEvent};
use crate::audit::ports::AuditLog;
use crate::entropy::Entropy;
use crate::failure::PortFailure;
use crate::identity::Subject;
use crate::time::{Clock, TimeStep, Timestamp};

/// So few unused backup codes are worth an event of their own.
const FEW_BACKUP_CODES: u8 = 3;

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
}

/// Consumes codes.
pub struct ProveFactor {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for ids.
    pub entropy: Arc<dyn Entropy>,
    /// Charges and outcomes.
    pub proofs: Arc<dyn ProofStore>,
    /// Opens the secret.
    pub sealer: Arc<dyn SecretSealer>,
    /// Compares backup codes.
    pub verifier: Arc<dyn CodeVerifier>,
    /// The trail, for refused backup codes: their charge is committed before they are compared.
    pub audit: Arc<dyn AuditLog>,
}

impl ProveFactor {
    /// Consumes `code` for the purpose of `presentation`.
    pub async fn run(&self, presentation: Presentation, code: PresentedCode) -> Result<Proof, ProofError> {
        match code {
            PresentedCode::Totp(code) => self.with_totp(presentation, code).await,
            PresentedCode::Backup(code) => self.with_backup_code(presentation, code).await,
        }
    }

    async fn with_totp(&self, presentation: Presentation, code: TotpCode) -> Result<Proof, ProofError> {
        let now = self.clock.steady_now().map_err(PortFailure::from)?;
        let attempt =
            TotpAttempt { subject: presentation.subject.clone(), now, policy: presentation.lockout };
        let judge = self.totp_judge(presentation, code, now);
        match self.proofs.attempt_totp(attempt, judge).await? {
            TotpAttempted::Locked(lock) => Err(ProofError::Locked(lock)),
            TotpAttempted::NotEnabled => Err(ProofError::NotEnabled),
            TotpAttempted::Malformed => Err(ProofError::Malformed),
            TotpAttempted::Judged { outcome: TotpOutcome::Accepted { .. }, backup_codes_remaining } => {
                Ok(Proof { method: Method::Totp, at: now, backup_codes_remaining })
            }
            TotpAttempted::Judged {
                outcome: TotpOutcome::Replayed { attempts_left } | TotpOutcome::Refused { attempts_left },
                ..
            } => Err(ProofError::InvalidCode { attempts_left }),
        }
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
            let event = totp_event(&outcome, presentation.purpose.event);
            Ok(Some(TotpVerdict { outcome, audit: presentation.audit(event, now, &*entropy)? }))
        })
    }

    async fn with_backup_code(
        &self,
        presentation: Presentation,
        code: BackupCode,
    ) -> Result<Proof, ProofError> {
        let policy = LockoutPolicy::BACKUP_CODES;
        // The place comes first: overload must not cost an attempt.
        let place = self.verifier.reserve().await?;
        // A right code spends the present steps.
        let now = self.clock.steady_now().map_err(PortFailure::from)?;
        let slot = code.slot();
        let attempt = BackupCodeAttempt { subject: presentation.subject.clone(), slot, now, policy };
        let stored = match self.proofs.charge_backup_code(attempt).await? {
            BackupCodeCharged::Charged(stored) => stored,
            BackupCodeCharged::Locked(lock) => return Err(ProofError::Locked(lock)),
            BackupCodeCharged::NotEnabled => return Err(ProofError::NotEnabled),
        };
        let attempts_left = stored.attempts.attempts_left(policy);
        let used = self.used_backup_code(&presentation, &stored, slot, now);
        let was_used = stored.hash.is_none();
        let reason = if place.verify(code, stored).await? && !was_used {
            match self.proofs.use_backup_code(used).await? {
                BackupCodeUse::Won { remaining } => {
                    let method = Method::BackupCode;
                    return Ok(Proof { method, at: now, backup_codes_remaining: remaining });
                }
                BackupCodeUse::Lost => RefusalReason::Replayed,
            }
        } else if was_used {
            RefusalReason::Replayed
        } else {
            RefusalReason::Wrong
        };
        let event = SecurityEvent::CodeRefused { method: Method::BackupCode, reason, attempts_left };
        self.audit.append(presentation.audit(event, now, &*self.entropy)?).await?;
        Err(ProofError::InvalidCode { attempts_left })
    }

    fn used_backup_code(
        &self,
        presentation: &Presentation,
        stored: &StoredBackupCode,
        slot: Slot,
        now: Timestamp,
    ) -> UsedBackupCode {
        let (entropy, told) = (self.entropy.clone(), presentation.clone());
        UsedBackupCode {
            subject: presentation.subject.clone(),
            set: stored.place.set,
            slot,
            now,
            effect: presentation.purpose.effect.clone(),
            audit: Arc::new(move |remaining| {
                let mut events = vec![
                    SecurityEvent::BackupCodeUsed { slot, remaining },
                    (told.purpose.event)(Method::BackupCode),
                ];
                if remaining <= FEW_BACKUP_CODES {
                    events.push(SecurityEvent::FewBackupCodes { remaining });
                }
                events.into_iter().map(|event| told.audit(event, now, &*entropy)).collect()
            }),
        }
    }
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
