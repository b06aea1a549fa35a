//! Consuming a backup code, of our own set or an imported one.

use std::sync::Arc;

use super::{Presentation, Proof, ProofError, ProveFactor, many_failures};
use crate::audit::event::{RefusalReason, SecurityEvent};
use crate::failure::PortFailure;
use crate::time::Timestamp;
use crate::two_factor::assertion::Method;
use crate::two_factor::backup_code::BackupCode;
use crate::two_factor::backup_codes::BackupCodeRef;
use crate::two_factor::lockout::LockoutPolicy;
use crate::two_factor::presented_code::{NotAPresentedCode, TypedBackupCode};
use crate::two_factor::proof_ports::{
    BackupCodeAttempt, BackupCodeCharged, BackupCodeUse, ImportedBackupCodes, RefusedBackupCode,
    ReservedVerification, StoredBackupCode, UsedBackupCode,
};

/// So few unused backup codes are worth an event of their own.
const FEW_BACKUP_CODES: u8 = 3;

impl ProveFactor {
    pub(super) async fn with_backup_code(
        &self,
        presentation: &Presentation,
        code: TypedBackupCode,
    ) -> Result<Proof, ProofError> {
        let policy = LockoutPolicy::BACKUP_CODES;
        // The place comes first: overload must not cost an attempt.
        let place = self.verifier.reserve().await?;
        // A right code spends the present steps.
        let now = self.clock.steady_now().map_err(PortFailure::from)?;
        let own = code.own();
        let slot = own.as_ref().map(BackupCode::slot);
        let attempt = BackupCodeAttempt { subject: presentation.subject.clone(), slot, now, policy };
        let (attempts, compared) = match self.proofs.charge_backup_code(attempt).await? {
            BackupCodeCharged::Charged(stored) => {
                let own = own.ok_or_else(|| PortFailure::other("a code without slot was charged as ours"))?;
                (stored.attempts, compare(place, own, stored).await?)
            }
            BackupCodeCharged::ChargedImported(stored) => {
                (stored.attempts, compare_with_imported(place, code, stored).await?)
            }
            BackupCodeCharged::Malformed => return Err(NotAPresentedCode.into()),
            BackupCodeCharged::Locked(lock) => return Err(ProofError::Locked(lock)),
            BackupCodeCharged::NotEnabled => return Err(ProofError::NotEnabled),
        };
        let method = Method::BackupCode;
        let reason = match compared {
            Ok(code) => match self.proofs.use_backup_code(self.used(presentation, code, now)).await? {
                BackupCodeUse::Won { remaining } => {
                    return Ok(Proof { method, at: now, backup_codes_remaining: remaining });
                }
                BackupCodeUse::Lost => RefusalReason::Replayed,
            },
            Err(reason) => reason,
        };
        let attempts_left = attempts.attempts_left(policy);
        let event = SecurityEvent::CodeRefused { method, reason, attempts_left };
        match reason {
            RefusalReason::Wrong => {
                self.proofs.refuse_backup_code(self.refused(presentation, event, now)).await?;
            }
            RefusalReason::Replayed => {
                self.audit.append(presentation.audit(event, now, &*self.entropy)?).await?;
            }
        }
        Err(ProofError::InvalidCode { attempts_left })
    }

    fn refused(
        &self,
        presentation: &Presentation,
        event: SecurityEvent,
        now: Timestamp,
    ) -> RefusedBackupCode {
        let (entropy, told) = (self.entropy.clone(), presentation.clone());
        RefusedBackupCode {
            subject: presentation.subject.clone(),
            now,
            audit: Arc::new(move |recent| {
                let events = std::iter::once(event.clone()).chain(many_failures(recent));
                told.audit_all(events.collect(), now, &*entropy)
            }),
        }
    }

    fn used(&self, presentation: &Presentation, code: BackupCodeRef, now: Timestamp) -> UsedBackupCode {
        let (entropy, told) = (self.entropy.clone(), presentation.clone());
        UsedBackupCode {
            subject: presentation.subject.clone(),
            code,
            now,
            effect: presentation.purpose.effect.clone(),
            audit: Arc::new(move |remaining| {
                let mut events = vec![
                    SecurityEvent::BackupCodeUsed { code: code.name(), remaining },
                    (told.purpose.event)(Method::BackupCode),
                ];
                if remaining <= FEW_BACKUP_CODES {
                    events.push(SecurityEvent::FewBackupCodes { remaining });
                }
                told.audit_all(events, now, &*entropy)
            }),
        }
    }
}

/// The code, if it is the one of its slot and unused.
async fn compare(
    place: Box<dyn ReservedVerification>,
    code: BackupCode,
    stored: StoredBackupCode,
) -> Result<Result<BackupCodeRef, RefusalReason>, PortFailure> {
    let used = BackupCodeRef::Own { set: stored.place.set, slot: code.slot() };
    let is_unused = stored.hash.is_some();
    Ok(match (place.verify(code, stored).await?, is_unused) {
        (true, true) => Ok(used),
        (false, true) => Err(RefusalReason::Wrong),
        (_, false) => Err(RefusalReason::Replayed),
    })
}

/// The imported code, if it is one. Whether it is unused shows when it is claimed.
async fn compare_with_imported(
    place: Box<dyn ReservedVerification>,
    code: TypedBackupCode,
    stored: ImportedBackupCodes,
) -> Result<Result<BackupCodeRef, RefusalReason>, PortFailure> {
    let factor = stored.factor;
    let found = place.find(code, stored).await?;
    Ok(found.map(|number| BackupCodeRef::Imported { factor, number }).ok_or(RefusalReason::Wrong))
}
