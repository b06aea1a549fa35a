//! A pending factor takes the place of the one before it.

use countersign_domain::identity::RequestId;
use countersign_domain::two_factor::factor::Factor;
use countersign_domain::two_factor::ports::{PendingSetup, PendingStored};
use diesel::prelude::*;

use super::row::{FactorRow, PENDING};
use super::{claim, codes, hold};
use crate::backend::{AnyConnection, directly};
use crate::column::{SubjectKey, subject_key};
use crate::ports::{audit, idempotency};
use crate::schema::factors;
use crate::unit::{UnitResult, insert_new};

pub(super) fn store(c: &mut AnyConnection, setup: &PendingSetup) -> UnitResult<PendingStored> {
    let key = subject_key(&setup.factor.binding.subject);
    if let Some(Factor::Enabled(_)) = hold(c, &key)? {
        return Ok(PendingStored::AlreadyEnabled);
    }
    if !claim::end(c, &key, setup.claim)? {
        return Ok(PendingStored::ClaimLost);
    }
    let row = FactorRow::of_pending(&setup.factor);
    if !replace(c, &key, row, setup.audit.caller.request)? {
        // Only an import makes a factor without the claim, and an enabled one.
        return Ok(PendingStored::AlreadyEnabled);
    }
    codes::insert(c, &key, &setup.codes)?;
    audit::append(c, &setup.audit)?;
    Ok(PendingStored::Stored)
}

/// Puts a factor where none or a pending one is; `false` when there is another one. What belongs to the factor is locked after
/// it, here too: the answers that show the secrets of the one before, but for that of the request `spared`, go last.
pub(super) fn replace(
    c: &mut AnyConnection,
    key: &SubjectKey,
    row: FactorRow,
    spared: Option<RequestId>,
) -> QueryResult<bool> {
    delete(c, key)?;
    let insert = diesel::insert_into(factors::table).values(row);
    let is_stored = insert_new(c, |c| directly!(c, |c| insert.execute(c)))?;
    if is_stored {
        idempotency::wipe(c, key, spared)?;
    }
    Ok(is_stored)
}

/// Removes a pending factor, and the answers that show its secrets.
pub(super) fn remove(c: &mut AnyConnection, key: &SubjectKey) -> QueryResult<()> {
    delete(c, key)?;
    idempotency::wipe(c, key, None)
}

/// The codes of a factor go with it.
fn delete(c: &mut AnyConnection, key: &SubjectKey) -> QueryResult<()> {
    let pending = factors::table.find(key.clone()).filter(factors::state.eq(PENDING));
    let delete = diesel::delete(pending);
    directly!(c, |c| delete.execute(c)).map(drop)
}
