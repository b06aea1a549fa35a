//! From which billing period to which one relationships are active. Spans of one relationship never overlap; whoever
//! changes them holds the account.

use diesel::prelude::*;

use super::account::Account;
use super::counters::{adjust, begin};
use crate::backend::AnyConnection;
use crate::schema::relationships;
use crate::unit::UnitResult;

/// A span.
#[derive(Queryable, Clone, Copy, PartialEq, Eq, Debug)]
struct Span {
    first: i64,
    /// `None` while the relationship is active.
    last: Option<i64>,
}

/// What became of activating a relationship.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::ports) enum Activating {
    Done,
    AlreadyActive,
    NoRoom,
}

/// Makes a relationship active from `period` on, if it is counted there already or no more than `highest` have begun
/// with that period until then.
pub(in crate::ports) fn activate(
    c: &mut AnyConnection,
    account: &Account,
    id: &str,
    period: i64,
    highest: i64,
) -> UnitResult<Activating> {
    match covering(c, account, id, period)? {
        Some(Span { last: None, .. }) => return Ok(Activating::AlreadyActive),
        Some(Span { first, last: Some(last) }) => {
            set_last(c, account, id, first, None)?;
            adjust(c, account, last, 0, -1)?;
        }
        None if begin(c, account, period, highest)? => {
            insert(c, account, id, Span { first: period, last: None })?;
        }
        None => return Ok(Activating::NoRoom),
    }
    absorb_later(c, account, id, period)?;
    Ok(Activating::Done)
}

/// Ends a relationship with `period`; `false` when it is not active.
pub(in crate::ports) fn end(
    c: &mut AnyConnection,
    account: &Account,
    id: &str,
    period: i64,
) -> UnitResult<bool> {
    let open = relationships::table
        .filter(relationships::organization_id.eq(&account.organization))
        .filter(relationships::environment.eq(account.environment))
        .filter(relationships::relationship_id.eq(id))
        .filter(relationships::last_period.is_null())
        .select(relationships::first_period)
        .get_result::<i64>(c)
        .optional()?;
    let Some(first) = open else { return Ok(false) };
    // On a node whose clock is ahead it may have begun with a period that is still to come here.
    let last = period.max(first);
    set_last(c, account, id, first, Some(last))?;
    adjust(c, account, last, 0, 1)?;
    Ok(true)
}

/// Counts a relationship as active in `period` if it is not so already.
pub(super) fn record(c: &mut AnyConnection, account: &Account, id: &str, period: i64) -> UnitResult<()> {
    if covering(c, account, id, period)?.is_none() {
        insert(c, account, id, Span { first: period, last: Some(period) })?;
        adjust(c, account, period, 1, 1)?;
    }
    Ok(())
}

fn covering(c: &mut AnyConnection, account: &Account, id: &str, period: i64) -> QueryResult<Option<Span>> {
    let reaches =
        relationships::last_period.is_null().or(relationships::last_period.assume_not_null().ge(period));
    relationships::table
        .filter(relationships::organization_id.eq(&account.organization))
        .filter(relationships::environment.eq(account.environment))
        .filter(relationships::relationship_id.eq(id))
        .filter(relationships::first_period.le(period))
        .filter(reaches)
        .select((relationships::first_period, relationships::last_period))
        .get_result(c)
        .optional()
}

/// A span without an end takes in all that begin after `period`.
fn absorb_later(c: &mut AnyConnection, account: &Account, id: &str, period: i64) -> UnitResult<()> {
    let later = relationships::table
        .filter(relationships::organization_id.eq(&account.organization))
        .filter(relationships::environment.eq(account.environment))
        .filter(relationships::relationship_id.eq(id))
        .filter(relationships::first_period.gt(period))
        .select((relationships::first_period, relationships::last_period))
        .load::<Span>(c)?;
    for Span { first, last } in later {
        let key = (&account.organization, account.environment, id, first);
        diesel::delete(relationships::table.find(key)).execute(c)?;
        adjust(c, account, first, -1, 0)?;
        if let Some(last) = last {
            adjust(c, account, last, 0, -1)?;
        }
    }
    Ok(())
}

fn insert(c: &mut AnyConnection, account: &Account, id: &str, span: Span) -> QueryResult<()> {
    diesel::insert_into(relationships::table)
        .values((
            relationships::organization_id.eq(&account.organization),
            relationships::environment.eq(account.environment),
            relationships::relationship_id.eq(id),
            relationships::first_period.eq(span.first),
            relationships::last_period.eq(span.last),
        ))
        .execute(c)?;
    Ok(())
}

fn set_last(
    c: &mut AnyConnection,
    account: &Account,
    id: &str,
    first: i64,
    last: Option<i64>,
) -> QueryResult<()> {
    let row = relationships::table.find((&account.organization, account.environment, id, first));
    diesel::update(row).set(relationships::last_period.eq(last)).execute(c)?;
    Ok(())
}
