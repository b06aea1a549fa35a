//! Factors with their backup codes, and the claims of set-ups.

mod attempt;
mod claim;
mod pending;
mod purge;
pub(super) mod row;

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{SetupClaimId, Subject};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::factor::Factor;
use countersign_domain::two_factor::ports::{
    FactorStore, PendingSetup, PendingStored, SetupAttempt, SetupAttempted, SetupClaim, SetupClaimed,
    SetupJudge, StoredFactor,
};
use diesel::prelude::*;

pub(super) use self::pending::insert_codes;
use self::row::FactorRow;
use crate::backend::AnyConnection;
use crate::column::{SubjectKey, number, subject_key};
use crate::database::Database;
use crate::schema::{backup_codes, factors};
use crate::unit::UnitResult;

#[async_trait]
impl FactorStore for Database {
    async fn find(&self, subject: &Subject) -> Result<Option<StoredFactor>, PortFailure> {
        let key = subject_key(subject);
        // One transaction, so that the factor and the count are of one moment.
        self.read(move |c| c.transaction(|c| stored(c, &key))).await
    }

    async fn claim_setup(&self, claim: SetupClaim) -> Result<SetupClaimed, PortFailure> {
        self.write(move |c| claim::claim(c, &claim)).await
    }

    async fn store_pending(&self, setup: PendingSetup) -> Result<PendingStored, PortFailure> {
        self.write(move |c| pending::store(c, &setup)).await
    }

    async fn release_setup(&self, subject: &Subject, claim: SetupClaimId) -> Result<(), PortFailure> {
        let key = subject_key(subject);
        self.write(move |c| Ok(claim::release(c, &key, claim)?)).await
    }

    async fn attempt_setup(
        &self,
        attempt: SetupAttempt,
        judge: SetupJudge,
    ) -> Result<SetupAttempted, PortFailure> {
        self.write(move |c| attempt::attempt(c, &attempt, &judge)).await
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure> {
        self.write(move |c| purge::purge(c, now, limit)).await
    }
}

fn stored(c: &mut AnyConnection, key: &SubjectKey) -> UnitResult<Option<StoredFactor>> {
    let Some(factor) = find(c, key)? else { return Ok(None) };
    Ok(Some(StoredFactor { factor, backup_codes_remaining: unused_codes(c, key)? }))
}

/// Backup codes of the subject that are not used.
pub(super) fn unused_codes(c: &mut AnyConnection, key: &SubjectKey) -> UnitResult<u8> {
    let unused: i64 = backup_codes::table
        .filter(backup_codes::organization_id.eq(&key.0))
        .filter(backup_codes::environment.eq(key.1))
        .filter(backup_codes::user_id.eq(&key.2))
        .filter(backup_codes::used_at.is_null())
        .count()
        .get_result(c)?;
    Ok(number("backup_codes", unused)?)
}

pub(super) fn find(c: &mut AnyConnection, key: &SubjectKey) -> UnitResult<Option<Factor>> {
    let row = factors::table.find(key.clone()).first::<FactorRow>(c).optional()?;
    Ok(row.map(FactorRow::into_factor).transpose()?)
}

fn is_enabled(c: &mut AnyConnection, key: &SubjectKey) -> UnitResult<bool> {
    Ok(matches!(find(c, key)?, Some(Factor::Enabled(_))))
}
