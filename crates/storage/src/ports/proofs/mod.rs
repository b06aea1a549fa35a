//! Codes that are tried against enabled factors, and what a right one leads to.

mod backup_code;
mod effect;
mod failures;
mod totp;

use async_trait::async_trait;
use countersign_domain::audit::event::AuditEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::Subject;
use countersign_domain::two_factor::proof_ports::{
    BackupCodeAttempt, BackupCodeCharged, BackupCodeUse, ProofStore, RefusedBackupCode, TotpAttempt,
    TotpAttempted, TotpJudge, UsedBackupCode,
};
use diesel::prelude::*;

use super::{audit, idempotency};
use crate::backend::AnyConnection;
use crate::column::{SubjectKey, subject_key};
use crate::database::Database;
use crate::ports::factors::hold_row;
use crate::schema::factors;
use crate::unit::UnitResult;

#[async_trait]
impl ProofStore for Database {
    async fn attempt_totp(
        &self,
        attempt: TotpAttempt,
        judge: TotpJudge,
    ) -> Result<TotpAttempted, PortFailure> {
        let failovers = self.failovers().clone();
        self.write(move |c| totp::attempt(c, &attempt, &judge, &failovers)).await
    }

    async fn charge_backup_code(&self, attempt: BackupCodeAttempt) -> Result<BackupCodeCharged, PortFailure> {
        self.write(move |c| backup_code::charge(c, &attempt)).await
    }

    async fn use_backup_code(&self, used: UsedBackupCode) -> Result<BackupCodeUse, PortFailure> {
        self.write(move |c| backup_code::consume(c, &used)).await
    }

    async fn refuse_backup_code(&self, refused: RefusedBackupCode) -> Result<(), PortFailure> {
        self.write(move |c| failures::refuse(c, &refused)).await
    }

    async fn remove(&self, subject: &Subject, audit: AuditEvent) -> Result<bool, PortFailure> {
        let key = subject_key(subject);
        self.write(move |c| remove(c, &key, &audit)).await
    }
}

fn remove(c: &mut AnyConnection, key: &SubjectKey, event: &AuditEvent) -> UnitResult<bool> {
    // A factor that is replaced meanwhile is waited for, and found: a mere deletion would find neither.
    let _ = hold_row(c, key)?;
    let removed = diesel::delete(factors::table.find(key.clone())).execute(c)? == 1;
    idempotency::wipe(c, key, None)?;
    if removed {
        audit::append(c, event)?;
    }
    Ok(removed)
}
