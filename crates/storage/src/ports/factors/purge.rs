//! What has had its time goes.

use countersign_domain::time::Timestamp;
use diesel::prelude::*;

use super::row::PENDING;
use crate::backend::AnyConnection;
use crate::column::number;
use crate::schema::{factors, setup_claims};
use crate::unit::UnitResult;

/// Removes expired pending factors, and counts of set-ups whose window is over; tells how many factors. Rows are locked
/// in the order of their keys, factors before claims, so that nobody waits for each other.
pub(super) fn purge(c: &mut AnyConnection, now: Timestamp, limit: u32) -> UnitResult<u32> {
    let expired = factors::table
        .filter(factors::state.eq(PENDING))
        .filter(factors::expires_at.le(now.as_micros()))
        .order(factors::expires_at)
        .limit(limit.into())
        .select((factors::organization_id, factors::environment, factors::user_id))
        .load::<(String, String, String)>(c)?;
    let mut purged = 0;
    for key in sorted(expired) {
        let row = factors::table.find(key).filter(factors::state.eq(PENDING));
        // Answers that show its secrets are as old, and purged beside it.
        purged += diesel::delete(row.filter(factors::expires_at.le(now.as_micros()))).execute(c)?;
    }
    purge_claims(c, now, limit)?;
    Ok(number::<usize, u32>("purged rows", purged)?)
}

fn sorted(mut keys: Vec<(String, String, String)>) -> Vec<(String, String, String)> {
    keys.sort_unstable();
    keys
}

fn purge_claims(c: &mut AnyConnection, now: Timestamp, limit: u32) -> Result<(), diesel::result::Error> {
    let is_free = || {
        setup_claims::lease_ends_at
            .is_null()
            .or(setup_claims::lease_ends_at.assume_not_null().le(now.as_micros()))
    };
    let over = setup_claims::table
        .filter(setup_claims::window_ends_at.le(now.as_micros()))
        .filter(is_free())
        .limit(limit.into())
        .select((setup_claims::organization_id, setup_claims::environment, setup_claims::user_id))
        .load::<(String, String, String)>(c)?;
    for key in sorted(over) {
        let row = setup_claims::table.find(key).filter(setup_claims::window_ends_at.le(now.as_micros()));
        diesel::delete(row.filter(is_free())).execute(c)?;
    }
    Ok(())
}
