//! [`MemoryFactors`] as the store of proofs.

use async_trait::async_trait;
use countersign_domain::audit::event::AuditEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::Subject;
use countersign_domain::time::TimeStep;
use countersign_domain::two_factor::backup_code::{BackupCodePlace, Slot};
use countersign_domain::two_factor::factor::{EnabledFactor, Factor};
use countersign_domain::two_factor::lockout::AttemptCounter;
use countersign_domain::two_factor::proof_ports::{
    BackupCodeAttempt, BackupCodeCharged, BackupCodeUse, Effect, ProofStore, StoredBackupCode, TotpAttempt,
    TotpAttempted, TotpJudge, TotpOutcome, UsedBackupCode,
};

use super::MemoryFactors;
use super::factors::{Row, Tables};

impl Row {
    fn enabled(&self) -> Option<&EnabledFactor> {
        match &self.factor {
            Factor::Enabled(factor) => Some(factor),
            Factor::Pending(_) => None,
        }
    }

    fn is_used(&self, slot: Slot) -> bool {
        self.used[usize::from(slot.number())]
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

    /// Applies the effect; tells how many backup codes are unused afterwards.
    fn apply(&mut self, subject: &Subject, effect: &Effect) -> u8 {
        match effect {
            Effect::Keep => {}
            Effect::Remove => {
                self.factors.remove(subject);
            }
            Effect::ReplaceBackupCodes(codes) => {
                let row = self.factors.get_mut(subject).unwrap();
                *row = Row::new(row.factor.clone(), (**codes).clone());
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
        self.audit.commit(verdict.audit, || {
            let backup_codes_remaining = match &verdict.outcome {
                TotpOutcome::Accepted { step, effect } => {
                    let totp_attempts = AttemptCounter::default();
                    tables.update(&subject, EnabledFactor { last_step: *step, totp_attempts, ..before });
                    tables.apply(&subject, effect)
                }
                TotpOutcome::Replayed { .. } => tables.update(&subject, before).unused(),
                TotpOutcome::Refused { .. } => tables.update(&subject, charged).unused(),
            };
            TotpAttempted::Judged { outcome: verdict.outcome, backup_codes_remaining }
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
        let row = tables.update(&subject, EnabledFactor { backup_code_attempts: attempts, ..before });
        let hash = row.codes.hashes[usize::from(slot.number())].clone();
        Ok(BackupCodeCharged::Charged(StoredBackupCode {
            place: BackupCodePlace { subject, set: row.codes.set },
            pepper: row.codes.pepper,
            hash: (!row.is_used(slot)).then_some(hash),
            attempts,
        }))
    }

    async fn use_backup_code(&self, used: UsedBackupCode) -> Result<BackupCodeUse, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        let Some(row) = tables.factors.get(&used.subject).cloned() else { return Ok(BackupCodeUse::Lost) };
        let Some(factor) = row.enabled().cloned() else { return Ok(BackupCodeUse::Lost) };
        if row.codes.set != used.set || row.is_used(used.slot) {
            return Ok(BackupCodeUse::Lost);
        }
        let period = factor.binding.parameters.period.as_duration();
        let now = TimeStep::containing(used.now, period).unwrap();
        let spent = TimeStep::new(now.number() + 1).max(factor.last_step);
        let backup_code_attempts = AttemptCounter::default();
        let spent = EnabledFactor { last_step: spent, backup_code_attempts, ..factor };
        tables.update(&used.subject, spent).used[usize::from(used.slot.number())] = true;
        let remaining = tables.apply(&used.subject, &used.effect);
        let concluded = (used.audit)(remaining)
            .and_then(|events| self.audit.commit_all(events, || BackupCodeUse::Won { remaining }));
        if concluded.is_err() {
            tables.factors.insert(used.subject, row);
        }
        concluded
    }

    async fn remove(&self, subject: &Subject, audit: AuditEvent) -> Result<bool, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        if !tables.factors.contains_key(subject) {
            return Ok(false);
        }
        self.audit.commit(audit, || tables.factors.remove(subject).is_some())
    }
}
