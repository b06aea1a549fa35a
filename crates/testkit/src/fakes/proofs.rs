//! [`MemoryFactors`] as the store of proofs.

use async_trait::async_trait;
use countersign_domain::audit::event::AuditEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{RequestId, Subject};
use countersign_domain::time::TimeStep;
use countersign_domain::two_factor::backup_code::{BackupCodeHash, BackupCodePlace, Slot};
use countersign_domain::two_factor::backup_codes::BackupCodes;
use countersign_domain::two_factor::factor::{EnabledFactor, Factor};
use countersign_domain::two_factor::lockout::AttemptCounter;
use countersign_domain::two_factor::proof_ports::{
    BackupCodeAttempt, BackupCodeCharged, BackupCodeUse, Effect, ImportedBackupCode, ImportedBackupCodes,
    ProofStore, RefusedBackupCode, StoredBackupCode, TotpAttempt, TotpAttempted, TotpJudge, TotpOutcome,
    UsedBackupCode,
};

use super::MemoryFactors;
use super::codes::Codes;
use super::factors::{Row, Tables};

impl Row {
    fn enabled(&self) -> Option<&EnabledFactor> {
        match &self.factor {
            Factor::Enabled(factor) => Some(factor),
            Factor::Pending(_) => None,
        }
    }

    /// What an attempt on the enabled `factor` is compared with, if a code of that shape can be one of its codes.
    fn compared(&self, factor: &EnabledFactor, slot: Option<Slot>) -> Option<BackupCodeCharged> {
        let (subject, attempts) = (factor.binding.subject.clone(), factor.backup_code_attempts);
        match &self.codes {
            Codes::Own { set, used } => {
                let place = usize::from(slot?.number());
                let hash = (!used[place]).then(|| set.hashes[place].clone());
                let (place, pepper) = (BackupCodePlace { subject, set: set.set }, set.pepper);
                Some(BackupCodeCharged::Charged(StoredBackupCode { place, pepper, hash, attempts }))
            }
            Codes::Imported { .. } if self.codes.state() == BackupCodes::None => None,
            Codes::Imported { hashes, used } => {
                let code = |((number, hash), used): ((_, &BackupCodeHash), &bool)| ImportedBackupCode {
                    number,
                    hash: hash.clone(),
                    is_used: *used,
                };
                let codes = hashes.iter().zip(used).map(code).collect();
                let factor = factor.binding.id;
                Some(BackupCodeCharged::ChargedImported(ImportedBackupCodes { factor, codes, attempts }))
            }
        }
    }
}

impl Tables {
    fn enabled(&self, subject: &Subject) -> Option<&EnabledFactor> {
        self.factors.get(subject).and_then(Row::enabled)
    }

    fn update(&mut self, subject: &Subject, factor: EnabledFactor) -> &mut Row {
        let row = self.factors.get_mut(subject).unwrap();
        row.factor = Factor::Enabled(factor);
        row
    }

    /// Applies the effect; tells how many backup codes are unused afterwards. `request` is the one that has it.
    fn apply(&mut self, subject: &Subject, effect: &Effect, request: Option<RequestId>) -> u8 {
        match effect {
            Effect::Keep => {}
            Effect::Remove => {
                self.factors.remove(subject);
                self.wipe_answers(subject, request);
            }
            Effect::ReplaceBackupCodes(codes) => {
                let row = self.factors.get_mut(subject).unwrap();
                row.codes = Codes::own((**codes).clone());
                self.wipe_answers(subject, request);
            }
        }
        self.factors.get(subject).map_or(0, Row::unused)
    }
}

#[async_trait]
impl ProofStore for MemoryFactors {
    async fn attempt_totp(
        &self,
        attempt: TotpAttempt,
        judge: TotpJudge,
    ) -> Result<TotpAttempted, PortFailure> {
        let TotpAttempt { subject, now, policy } = attempt;
        let mut tables = self.tables.lock().unwrap();
        let Some(before) = tables.enabled(&subject).cloned() else { return Ok(TotpAttempted::NotEnabled) };
        let charged = match before.totp_attempts.charge(policy, now) {
            Ok(totp_attempts) => EnabledFactor { totp_attempts, ..before.clone() },
            Err(lock) => return Ok(TotpAttempted::Locked(lock)),
        };
        let Some(verdict) = judge(charged.clone())? else { return Ok(TotpAttempted::Malformed) };
        let request = verdict.audit.first().and_then(|event| event.caller.request);
        self.audit.commit_all(verdict.audit, || match verdict.outcome {
            TotpOutcome::Accepted { step, effect } => {
                let totp_attempts = AttemptCounter::default();
                tables.update(&subject, EnabledFactor { last_step: step, totp_attempts, ..before });
                let backup_codes_remaining = tables.apply(&subject, &effect, request);
                TotpAttempted::Accepted { backup_codes_remaining }
            }
            TotpOutcome::Replayed { attempts_left } => {
                tables.update(&subject, before);
                TotpAttempted::Refused { attempts_left }
            }
            TotpOutcome::Refused { attempts_left } => {
                let recent_failures = before.recent_failures.counted(now);
                tables.update(&subject, EnabledFactor { recent_failures, ..charged });
                TotpAttempted::Refused { attempts_left }
            }
        })
    }

    async fn charge_backup_code(&self, attempt: BackupCodeAttempt) -> Result<BackupCodeCharged, PortFailure> {
        let BackupCodeAttempt { subject, slot, now, policy } = attempt;
        let mut tables = self.tables.lock().unwrap();
        let Some(before) = tables.enabled(&subject).cloned() else {
            return Ok(BackupCodeCharged::NotEnabled);
        };
        let attempts = match before.backup_code_attempts.charge(policy, now) {
            Ok(attempts) => attempts,
            Err(lock) => return Ok(BackupCodeCharged::Locked(lock)),
        };
        let charged = EnabledFactor { backup_code_attempts: attempts, ..before };
        let Some(compared) = tables.factors[&subject].compared(&charged, slot) else {
            return Ok(BackupCodeCharged::Malformed);
        };
        tables.update(&subject, charged);
        Ok(compared)
    }

    async fn use_backup_code(&self, used: UsedBackupCode) -> Result<BackupCodeUse, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        let Some(row) = tables.factors.get(&used.subject).cloned() else { return Ok(BackupCodeUse::Lost) };
        let Some(factor) = row.enabled().cloned() else { return Ok(BackupCodeUse::Lost) };
        let mut codes = row.codes.clone();
        if !codes.claim(factor.binding.id, used.code) {
            return Ok(BackupCodeUse::Lost);
        }
        let period = factor.binding.parameters.period.as_duration();
        let spent = TimeStep::last_acceptable(used.now, period).unwrap().max(factor.last_step);
        let backup_code_attempts = AttemptCounter::default();
        let spent = EnabledFactor { last_step: spent, backup_code_attempts, ..factor };
        tables.update(&used.subject, spent).codes = codes;
        let remaining = tables.apply(&used.subject, &used.effect, None);
        let concluded = (used.audit)(remaining)
            .and_then(|events| self.audit.commit_all(events, || BackupCodeUse::Won { remaining }));
        if concluded.is_err() {
            tables.factors.insert(used.subject, row);
        }
        concluded
    }

    async fn refuse_backup_code(&self, refused: RefusedBackupCode) -> Result<(), PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        let factor = tables.enabled(&refused.subject).cloned();
        let recent = factor.as_ref().map(|factor| factor.recent_failures.counted(refused.now));
        self.audit.commit_all((refused.audit)(recent.unwrap_or_default())?, || {
            if let (Some(factor), Some(recent_failures)) = (factor, recent) {
                tables.update(&refused.subject, EnabledFactor { recent_failures, ..factor });
            }
        })
    }

    async fn remove(&self, subject: &Subject, audit: AuditEvent) -> Result<bool, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        if !tables.factors.contains_key(subject) {
            tables.wipe_answers(subject, None);
            return Ok(false);
        }
        self.audit.commit(audit, || {
            tables.wipe_answers(subject, None);
            tables.factors.remove(subject).is_some()
        })
    }
}
