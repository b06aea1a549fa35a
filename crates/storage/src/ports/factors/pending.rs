//! A pending factor takes the place of the one before it.

use countersign_domain::two_factor::backup_code::{HashedBackupCodes, Slot};
use countersign_domain::two_factor::ports::{PendingSetup, PendingStored};
use diesel::prelude::*;

use super::row::{FactorRow, PENDING};
use super::{claim, is_enabled};
use crate::backend::AnyConnection;
use crate::column::{SubjectKey, subject_key};
use crate::ports::audit;
use crate::schema::{backup_code_sets, backup_codes, factors};
use crate::unit::UnitResult;

pub(super) fn store(c: &mut AnyConnection, setup: &PendingSetup) -> UnitResult<PendingStored> {
    let key = subject_key(&setup.factor.binding.subject);
    if is_enabled(c, &key)? {
        return Ok(PendingStored::AlreadyEnabled);
    }
    if !claim::end(c, &key, setup.claim)? {
        return Ok(PendingStored::ClaimLost);
    }
    remove(c, &key)?;
    diesel::insert_into(factors::table).values(FactorRow::of_pending(&setup.factor)).execute(c)?;
    insert_codes(c, &key, &setup.codes)?;
    audit::append(c, &setup.audit)?;
    Ok(PendingStored::Stored)
}

/// Removes a pending factor; its codes go with it.
pub(super) fn remove(c: &mut AnyConnection, key: &SubjectKey) -> QueryResult<()> {
    let pending = factors::table.find(key.clone()).filter(factors::state.eq(PENDING));
    diesel::delete(pending).execute(c).map(drop)
}

/// Stores a set of ten codes; the subject has none.
pub(crate) fn insert_codes(
    c: &mut AnyConnection,
    key: &SubjectKey,
    codes: &HashedBackupCodes,
) -> QueryResult<()> {
    diesel::insert_into(backup_code_sets::table)
        .values((
            backup_code_sets::organization_id.eq(&key.0),
            backup_code_sets::environment.eq(key.1),
            backup_code_sets::user_id.eq(&key.2),
            backup_code_sets::set_id.eq(codes.set.to_string()),
            backup_code_sets::pepper_key_id.eq(i64::from(codes.pepper.0)),
        ))
        .execute(c)?;
    for (slot, hash) in Slot::all().zip(&codes.hashes) {
        diesel::insert_into(backup_codes::table)
            .values((
                backup_codes::organization_id.eq(&key.0),
                backup_codes::environment.eq(key.1),
                backup_codes::user_id.eq(&key.2),
                backup_codes::slot.eq(i32::from(slot.number())),
                backup_codes::hash.eq(hash.as_str()),
            ))
            .execute(c)?;
    }
    Ok(())
}
