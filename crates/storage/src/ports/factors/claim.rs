//! The right to run a set-up, and how many a user may begin.

use countersign_domain::identity::SetupClaimId;
use countersign_domain::two_factor::ports::{SetupClaim, SetupClaimed};
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::is_enabled;
use crate::backend::{AnyConnection, directly};
use crate::column::{SubjectKey, subject_key, time};
use crate::prepared::prepared_update;
use crate::schema::setup_claims::{self, claim_id, lease_ends_at, setups, window_ends_at};
use crate::unit::{UnitFailure, UnitResult, insert_new};

pub(super) fn claim(c: &mut AnyConnection, claim: &SetupClaim) -> UnitResult<SetupClaimed> {
    let key = subject_key(&claim.subject);
    if is_enabled(c, &key)? {
        return Ok(SetupClaimed::AlreadyEnabled);
    }
    if claim.most > 0 && (take(c, &key, claim)? || begin(c, &key, claim)?) {
        return Ok(SetupClaimed::Won);
    }
    let held = hold(c, &key)?;
    // What stood in the way may be gone since.
    if claim.most > 0 && held.is_none() {
        return Err(UnitFailure::Conflict);
    }
    if claim.most > 0 && take(c, &key, claim)? {
        return Ok(SetupClaimed::Won);
    }
    Ok(refusal(held, claim))
}

/// When the lease and the window of a claim end. It is locked to the end of the transaction.
fn hold(c: &mut AnyConnection, key: &SubjectKey) -> QueryResult<Option<(Option<i64>, i64)>> {
    let row = setup_claims::table.find(key.clone()).select((lease_ends_at, window_ends_at));
    match c {
        AnyConnection::Sqlite(c) => row.get_result(c).optional(),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(c) => row.for_no_key_update().first(c).optional(),
    }
}

/// Takes a free claim and counts it, in one statement. A window that is over or in which nothing is counted begins
/// anew.
fn take(c: &mut AnyConnection, key: &SubjectKey, claim: &SetupClaim) -> QueryResult<bool> {
    let now = claim.now.as_micros();
    let is_free = claim_id.is_null().or(lease_ends_at.assume_not_null().le(now));
    let begins_anew = || window_ends_at.le(now).or(setups.eq(0));
    let has_room = begins_anew().or(setups.lt(i64::from(claim.most)));
    let taken = (
        claim_id.eq(Some(claim.id.to_string())),
        lease_ends_at.eq(Some(lease_end(claim))),
        setups.eq(case_when(begins_anew(), 1.into_sql::<BigInt>()).otherwise(setups + 1)),
        window_ends_at
            .eq(case_when(begins_anew(), window_end(claim).into_sql::<BigInt>()).otherwise(window_ends_at)),
    );
    let take = prepared_update!(is_of(key).and(is_free.and(has_room)), taken);
    Ok(directly!(c, |c| take.execute(c))? == 1)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn is_of(key: &SubjectKey) -> _ {
    let (organization, environment, user): (&String, &str, &String) = (&key.0, key.1, &key.2);
    setup_claims::organization_id
        .eq(organization)
        .and(setup_claims::environment.eq(environment))
        .and(setup_claims::user_id.eq(user))
}

/// The first claim of a user.
fn begin(c: &mut AnyConnection, key: &SubjectKey, claim: &SetupClaim) -> QueryResult<bool> {
    let row = (
        setup_claims::organization_id.eq(&key.0),
        setup_claims::environment.eq(key.1),
        setup_claims::user_id.eq(&key.2),
        claim_id.eq(Some(claim.id.to_string())),
        lease_ends_at.eq(Some(lease_end(claim))),
        window_ends_at.eq(window_end(claim)),
        setups.eq(1),
    );
    let insert = diesel::insert_into(setup_claims::table).values(row);
    insert_new(c, |c| directly!(c, |c| insert.execute(c)))
}

fn refusal(held: Option<(Option<i64>, i64)>, claim: &SetupClaim) -> SetupClaimed {
    match held {
        Some((Some(lease), _)) if time(lease) > claim.now => SetupClaimed::InProgress,
        Some((_, window)) if time(window) > claim.now => SetupClaimed::TooMany { retry_at: time(window) },
        _ => SetupClaimed::TooMany { retry_at: time(window_end(claim)) },
    }
}

fn lease_end(claim: &SetupClaim) -> i64 {
    claim.now.saturating_add(claim.lease).as_micros()
}

fn window_end(claim: &SetupClaim) -> i64 {
    claim.now.saturating_add(claim.window).as_micros()
}

/// Ends a claim and takes its count back.
pub(super) fn release(c: &mut AnyConnection, key: &SubjectKey, claim: SetupClaimId) -> QueryResult<()> {
    let is_held = is_of(key).and(claim_id.eq(claim.to_string()).and(setups.gt(0)));
    let released = (claim_id.eq(None::<String>), lease_ends_at.eq(None::<i64>), setups.eq(setups - 1));
    let release = prepared_update!(is_held, released);
    directly!(c, |c| release.execute(c)).map(drop)
}

/// Ends a claim whose set-up is being stored; `false` when it is not held.
pub(super) fn end(c: &mut AnyConnection, key: &SubjectKey, claim: SetupClaimId) -> QueryResult<bool> {
    let is_held = is_of(key).and(claim_id.eq(claim.to_string()));
    let end = prepared_update!(is_held, (claim_id.eq(None::<String>), lease_ends_at.eq(None::<i64>)));
    Ok(directly!(c, |c| end.execute(c))? == 1)
}
