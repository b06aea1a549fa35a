//! What has had its time goes.

use countersign_domain::time::Timestamp;
use diesel::prelude::*;

use super::row::PENDING;
use crate::backend::AnyConnection;
use crate::schema::{factors, setup_claims};

type Key = (String, String, String);

/// Pending factors that have expired.
pub(super) fn expired(c: &mut AnyConnection, now: Timestamp, limit: u32) -> QueryResult<Vec<Key>> {
    factors::table
        .filter(factors::state.eq(PENDING))
        .filter(factors::expires_at.le(now.as_micros()))
        .order(factors::expires_at)
        .limit(limit.into())
        .select((factors::organization_id, factors::environment, factors::user_id))
        .load(c)
}

/// Removes a factor if it is still pending and expired. Answers that show its secrets are as old, and purged beside it.
pub(super) fn remove_expired(c: &mut AnyConnection, key: &Key, now: Timestamp) -> QueryResult<usize> {
    let row = factors::table.find(key.clone()).filter(factors::state.eq(PENDING));
    diesel::delete(row.filter(factors::expires_at.le(now.as_micros()))).execute(c)
}

/// Counts of set-ups whose window is over, and which nobody has claimed.
pub(super) fn over(c: &mut AnyConnection, now: Timestamp, limit: u32) -> QueryResult<Vec<Key>> {
    setup_claims::table
        .filter(setup_claims::window_ends_at.le(now.as_micros()))
        .filter(is_free(now.as_micros()))
        .limit(limit.into())
        .select((setup_claims::organization_id, setup_claims::environment, setup_claims::user_id))
        .load(c)
}

pub(super) fn remove_over(c: &mut AnyConnection, key: &Key, now: Timestamp) -> QueryResult<usize> {
    let row = setup_claims::table.find(key.clone()).filter(setup_claims::window_ends_at.le(now.as_micros()));
    diesel::delete(row.filter(is_free(now.as_micros()))).execute(c)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn is_free(now: i64) -> _ {
    setup_claims::lease_ends_at.is_null().or(setup_claims::lease_ends_at.assume_not_null().le(now))
}
