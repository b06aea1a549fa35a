//! Factors with their backup codes, and the claims of set-ups.

mod attempt;
mod claim;
pub(super) mod codes;
mod import;
mod page;
mod pending;
mod purge;
pub(super) mod row;

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{SetupClaimId, Subject};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::backup_codes::BackupCodes;
use countersign_domain::two_factor::factor::{EnabledFactor, Factor};
use countersign_domain::two_factor::ports::{
    ArchivedFactor, FactorImported, FactorPage, FactorStore, ImportedFactor, PendingSetup, PendingStored,
    SetupAttempt, SetupAttempted, SetupClaim, SetupClaimed, SetupJudge, StoredFactor,
};
use diesel::prelude::*;

use self::row::FactorRow;
use crate::backend::{AnyConnection, directly};
use crate::column::{SubjectKey, subject_key};
use crate::database::Database;
use crate::schema::factors;
use crate::unit::UnitResult;

#[async_trait]
impl FactorStore for Database {
    async fn find(&self, subject: &Subject) -> Result<Option<StoredFactor>, PortFailure> {
        let key = subject_key(subject);
        self.read(move |c| Ok(find_row(c, &key)?.map(FactorRow::into_stored).transpose()?)).await
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
        let failovers = self.failovers().clone();
        self.write(move |c| attempt::attempt(c, &attempt, &judge, &failovers)).await
    }

    async fn import(&self, factors: Vec<ImportedFactor>) -> Result<Vec<FactorImported>, PortFailure> {
        self.write(move |c| import::import_all(c, &factors)).await
    }

    async fn archived(&self, page: FactorPage) -> Result<Vec<ArchivedFactor>, PortFailure> {
        self.read(move |c| c.transaction(|c| page::page(c, &page))).await
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure> {
        let expired = self.read(move |c| Ok(purge::expired(c, now, limit)?)).await?;
        let removed =
            self.tidy(expired, |key| &key.0, move |c, key| purge::remove_expired(c, key, now)).await?;
        let over = self.read(move |c| Ok(purge::over(c, now, limit)?)).await?;
        let _ = self.tidy(over, |key| &key.0, move |c, key| purge::remove_over(c, key, now)).await?;
        Ok(removed)
    }
}

/// What came of a charge.
pub(super) enum Charge {
    /// This factor was charged, and is locked by that.
    Charged(FactorRow),
    /// Nothing could be charged; this is what there is, and nobody changes it before the transaction ends.
    Refused(Option<Factor>),
}

/// Charges a factor by one conditional statement. When there is nothing to charge, the factor is held and it is tried
/// again, so that a refusal speaks of what stands and not of what somebody changes meanwhile.
pub(super) fn charge_or_hold(
    c: &mut AnyConnection,
    key: &SubjectKey,
    charge: impl Fn(&mut AnyConnection) -> QueryResult<Option<FactorRow>>,
) -> UnitResult<Charge> {
    if let Some(row) = charge(c)? {
        return Ok(Charge::Charged(row));
    }
    let held = hold(c, key)?;
    Ok(charge(c)?.map_or(Charge::Refused(held), Charge::Charged))
}

/// Reads a factor and locks it to the end of the transaction. What belongs to a factor is locked after it, always.
pub(super) fn hold(c: &mut AnyConnection, key: &SubjectKey) -> UnitResult<Option<Factor>> {
    Ok(hold_row(c, key)?.map(FactorRow::into_factor).transpose()?)
}

/// Holds an enabled factor, with what it has of backup codes.
pub(super) fn hold_enabled(
    c: &mut AnyConnection,
    key: &SubjectKey,
) -> UnitResult<Option<(EnabledFactor, BackupCodes)>> {
    match hold_row(c, key)?.map(FactorRow::into_stored).transpose()? {
        Some(StoredFactor { factor: Factor::Enabled(factor), backup_codes }) => {
            Ok(Some((factor, backup_codes)))
        }
        _ => Ok(None),
    }
}

/// The same without a look at what the row says.
pub(super) fn hold_row(c: &mut AnyConnection, key: &SubjectKey) -> QueryResult<Option<FactorRow>> {
    let row = factors::table.find(key.clone());
    match c {
        AnyConnection::Sqlite(c) => row.get_result(c).optional(),
        // A row that was replaced while it was waited for is found by looking again.
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(c) => match row.clone().for_no_key_update().first(c).optional()? {
            None => row.for_no_key_update().first(c).optional(),
            held => Ok(held),
        },
    }
}

pub(super) fn find(c: &mut AnyConnection, key: &SubjectKey) -> UnitResult<Option<Factor>> {
    Ok(find_row(c, key)?.map(FactorRow::into_factor).transpose()?)
}

fn find_row(c: &mut AnyConnection, key: &SubjectKey) -> QueryResult<Option<FactorRow>> {
    let row = factors::table.find(key.clone());
    directly!(c, |c| row.get_result(c)).optional()
}

fn is_enabled(c: &mut AnyConnection, key: &SubjectKey) -> UnitResult<bool> {
    Ok(matches!(find(c, key)?, Some(Factor::Enabled(_))))
}
