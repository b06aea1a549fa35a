//! Ten new backup codes, with a fresh TOTP code; the old ones are void at once.

use std::sync::Arc;

use super::backup_code::{BackupCodePlace, BackupCodeSet};
use super::code::TotpCode;
use super::factor::Factor;
use super::lockout::LockoutPolicy;
use super::ports::{CodeHasher, FactorStore};
use super::proof::{Presentation, ProofError, ProveFactor, Purpose};
use super::proof_ports::Effect;
use crate::audit::event::{Caller, SecurityEvent};
use crate::entropy::Entropy;
use crate::failure::PortFailure;
use crate::identity::{BackupSetId, Subject};
use crate::time::Clock;

/// The use case.
pub struct RegenerateBackupCodes {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The factors.
    pub factors: Arc<dyn FactorStore>,
    /// Hashes the new codes.
    pub hasher: Arc<dyn CodeHasher>,
    /// Consumes the code.
    pub prove: Arc<ProveFactor>,
}

impl RegenerateBackupCodes {
    /// Consumes `code` and swaps the whole set, in one transaction. The ten hashes are computed before it opens; nothing
    /// is hashed for a user whose factor is not enabled or is locked, or for a code of another length.
    pub async fn run(
        &self,
        subject: Subject,
        code: TotpCode,
        lockout: LockoutPolicy,
        caller: Caller,
    ) -> Result<BackupCodeSet, ProofError> {
        self.refuse_in_vain(&subject, &code, lockout).await?;
        let codes = BackupCodeSet::generate(&*self.entropy).map_err(PortFailure::from)?;
        let set = BackupSetId::mint(self.clock.now(), &*self.entropy).map_err(PortFailure::from)?;
        let place = BackupCodePlace { subject: subject.clone(), set };
        let (codes, hashed) = self.hasher.hash_set(place, codes).await?;
        let purpose = Purpose {
            effect: Effect::ReplaceBackupCodes(Box::new(hashed)),
            event: |method| SecurityEvent::BackupCodesRegenerated { method },
        };
        let presentation = Presentation { subject, lockout, purpose, caller };
        self.prove.with_totp(&presentation, code).await?;
        Ok(codes)
    }

    /// A look ahead, so that nobody makes us hash in vain; the decision itself falls in the transaction.
    async fn refuse_in_vain(
        &self,
        subject: &Subject,
        code: &TotpCode,
        lockout: LockoutPolicy,
    ) -> Result<(), ProofError> {
        let stored = self.factors.find(subject).await?;
        let Some(Factor::Enabled(factor)) = stored.map(|stored| stored.factor) else {
            return Err(ProofError::NotEnabled);
        };
        match factor.totp_attempts.lock(lockout, self.clock.now()) {
            Some(lock) => Err(ProofError::Locked(lock)),
            None if code.digits() != Some(factor.binding.parameters.digits) => Err(ProofError::Malformed),
            None => Ok(()),
        }
    }
}
