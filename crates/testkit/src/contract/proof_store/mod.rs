//! The contract of [`ProofStore`](countersign_domain::two_factor::proof_ports::ProofStore).

mod backup_code;
mod imported_code;
mod removal;
mod totp;

use countersign_domain::identity::Subject;
use countersign_domain::two_factor::backup_code::Slot;
use countersign_domain::two_factor::factor::{EnabledFactor, Factor};
use countersign_domain::two_factor::lockout::LockoutPolicy;
use countersign_domain::two_factor::proof_ports::{
    BackupCodeAttempt, BackupCodeCharged, StoredBackupCode, TotpAttempt, TotpAttempted, TotpJudge,
};

use super::{Case, Stores};
use crate::arrange;
use crate::build::{NOW, subject};

/// The cases.
pub fn cases() -> Vec<Case<Stores>> {
    [totp::cases(), backup_code::cases(), imported_code::cases(), removal::cases()]
        .into_iter()
        .flatten()
        .collect()
}

impl Stores {
    /// A user whose factor is enabled.
    async fn enabled_user(&self, name: &str) -> Subject {
        let user = subject(name);
        let _ = arrange::enabled(&*self.factors, &user, NOW).await;
        user
    }

    async fn factor(&self, subject: &Subject) -> EnabledFactor {
        match self.factors.find(subject).await.unwrap().map(|stored| stored.factor) {
            Some(Factor::Enabled(factor)) => factor,
            other => panic!("not enabled: {other:?}"),
        }
    }

    async fn unused_codes(&self, subject: &Subject) -> u8 {
        self.factors.find(subject).await.unwrap().unwrap().backup_codes.unused()
    }

    async fn totp(&self, subject: &Subject, judge: TotpJudge) -> TotpAttempted {
        self.proofs.attempt_totp(totp_attempt(subject), judge).await.unwrap()
    }

    async fn charged(&self, subject: &Subject, slot: u8) -> StoredBackupCode {
        match self.proofs.charge_backup_code(backup_code_attempt(subject, slot)).await.unwrap() {
            BackupCodeCharged::Charged(stored) => stored,
            other => panic!("not charged: {other:?}"),
        }
    }
}

fn totp_attempt(subject: &Subject) -> TotpAttempt {
    TotpAttempt { subject: subject.clone(), now: NOW, policy: LockoutPolicy::TOTP }
}

fn backup_code_attempt(subject: &Subject, slot: u8) -> BackupCodeAttempt {
    BackupCodeAttempt {
        subject: subject.clone(),
        slot: Slot::new(slot),
        now: NOW,
        policy: LockoutPolicy::BACKUP_CODES,
    }
}
