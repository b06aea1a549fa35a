//! A pending factor takes the place of the one before it.

use countersign_domain::identity::RequestId;
use countersign_domain::two_factor::factor::Factor;
use countersign_domain::two_factor::ports::{PendingSetup, PendingStored};
use diesel::prelude::*;

use super::row::{FactorRow, PENDING};
use super::{claim, codes, hold};
use crate::backend::AnyConnection;
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
    remove(c, &key, setup.audit.caller.request)?;
    let row = FactorRow::of_pending(&setup.factor);
    if !insert_new(c, |c| diesel::insert_into(factors::table).values(row).execute(c))? {
        // Only an import makes a factor without the claim, and an enabled one.
        return Ok(PendingStored::AlreadyEnabled);
    }
    codes::insert(c, &key, &setup.codes)?;
    audit::append(c, &setup.audit)?;
    Ok(PendingStored::Stored)
}

/// Removes a pending factor; its codes go with it, and the answers that show them, but for that of the request `spared`.
pub(super) fn remove(c: &mut AnyConnection, key: &SubjectKey, spared: Option<RequestId>) -> QueryResult<()> {
    let pending = factors::table.find(key.clone()).filter(factors::state.eq(PENDING));
    diesel::delete(pending).execute(c)?;
    idempotency::wipe(c, key, spared)
}
