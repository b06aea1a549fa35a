//! The counters of billing periods.

use countersign_domain::failure::PortFailure;
use countersign_domain::quota::snapshot::Usage;
use diesel::prelude::*;

use super::account::Account;
use crate::backend::{AnyConnection, directly};
use crate::column::number;
use crate::prepared::prepared;
use crate::schema::usage_periods;
use crate::unit::{UnitFailure, UnitResult, insert_new};

/// What a period has counted by itself.
#[derive(Queryable, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(in crate::ports) struct Counters {
    pub(super) turns_recorded: i64,
    pub(super) turns_consumed: i64,
    pub(super) begun: i64,
    pub(super) ended: i64,
}

/// The counters of the periods up to and with `last`, ascending. There are twelve in a year.
fn until(c: &mut AnyConnection, account: &Account, last: i64) -> QueryResult<Vec<(i64, Counters)>> {
    let periods = usage_periods::table
        .filter(usage_periods::organization_id.eq(&account.organization))
        .filter(usage_periods::environment.eq(account.environment))
        .filter(usage_periods::period_start.le(last))
        .order(usage_periods::period_start)
        .select((
            usage_periods::period_start,
            (
                usage_periods::turns_recorded,
                usage_periods::turns_consumed,
                usage_periods::relationships_begun,
                usage_periods::relationships_ended,
            ),
        ));
    directly!(c, |c| periods.load(c))
}

/// The counters of all periods, ascending.
pub(super) fn all(c: &mut AnyConnection, account: &Account) -> QueryResult<Vec<(i64, Counters)>> {
    until(c, account, i64::MAX)
}

/// Use in a period.
pub(in crate::ports) fn usage(c: &mut AnyConnection, account: &Account, period: i64) -> UnitResult<Usage> {
    let (own, carried) = own_and_carried(c, account, period)?;
    Ok(Usage {
        turns: number("turns_recorded", i128::from(own.turns_recorded) + i128::from(own.turns_consumed))?,
        active_relationships: number("relationships_begun", carried + i128::from(own.begun))?,
    })
}

/// The relationships of earlier periods that are active in this one too.
pub(in crate::ports) fn carried(c: &mut AnyConnection, account: &Account, period: i64) -> UnitResult<i64> {
    Ok(number("relationships_begun", own_and_carried(c, account, period)?.1)?)
}

/// What the period itself has counted, and the relationships that it began with.
fn own_and_carried(c: &mut AnyConnection, account: &Account, period: i64) -> QueryResult<(Counters, i128)> {
    let mut own = Counters::default();
    let mut carried = 0;
    for (start, counters) in until(c, account, period)? {
        if start == period {
            own = counters;
        } else {
            carried += i128::from(counters.begun) - i128::from(counters.ended);
        }
    }
    Ok((own, carried))
}

/// Makes sure that a period has counters, so that the statements below find a row.
pub(in crate::ports) fn ensure(c: &mut AnyConnection, account: &Account, period: i64) -> UnitResult<()> {
    if is_there(c, account, period)? {
        return Ok(());
    }
    let row = (
        usage_periods::organization_id.eq(&account.organization),
        usage_periods::environment.eq(account.environment),
        usage_periods::period_start.eq(period),
        usage_periods::turns_recorded.eq(0),
        usage_periods::turns_consumed.eq(0),
        usage_periods::relationships_begun.eq(0),
        usage_periods::relationships_ended.eq(0),
    );
    let is_new = insert_new(c, |c| diesel::insert_into(usage_periods::table).values(row).execute(c))?;
    if is_new || is_there(c, account, period)? { Ok(()) } else { Err(UnitFailure::Conflict) }
}

fn is_there(c: &mut AnyConnection, account: &Account, period: i64) -> QueryResult<bool> {
    let row = usage_periods::table.find((&account.organization, account.environment, period));
    let row = row.select(usage_periods::period_start);
    Ok(directly!(c, |c| row.get_result::<i64>(c)).optional()?.is_some())
}

/// Counts consumed turns, if no more than `highest` are used until then; `false` when they do not fit.
pub(in crate::ports) fn consume(
    c: &mut AnyConnection,
    account: &Account,
    period: i64,
    turns: i64,
    highest: i64,
) -> QueryResult<bool> {
    let row = usage_periods::table.find((&account.organization, account.environment, period));
    let used = usage_periods::turns_recorded + usage_periods::turns_consumed;
    let count = diesel::update(row.filter(used.le(highest)))
        .set(usage_periods::turns_consumed.eq(usage_periods::turns_consumed + turns))
        .returning(usage_periods::turns_consumed);
    let count = prepared!(count);
    Ok(directly!(c, |c| count.get_result::<i64>(c)).optional()?.is_some())
}

/// Takes turns back that this transaction has counted.
pub(in crate::ports) fn give_back(
    c: &mut AnyConnection,
    account: &Account,
    period: i64,
    turns: i64,
) -> QueryResult<()> {
    let row = usage_periods::table.find((&account.organization, account.environment, period));
    diesel::update(row)
        .set(usage_periods::turns_consumed.eq(usage_periods::turns_consumed - turns))
        .execute(c)?;
    Ok(())
}

/// Counts turns of a recorded event; a counter that is full refuses.
pub(super) fn record(c: &mut AnyConnection, account: &Account, period: i64, turns: i64) -> UnitResult<()> {
    ensure(c, account, period)?;
    let row = usage_periods::table.find((&account.organization, account.environment, period));
    let used = usage_periods::turns_recorded + usage_periods::turns_consumed;
    let counted = diesel::update(row.filter(used.le(i64::MAX - turns)))
        .set(usage_periods::turns_recorded.eq(usage_periods::turns_recorded + turns))
        .execute(c)?;
    if counted == 1 { Ok(()) } else { Err(PortFailure::other("a usage counter is full").into()) }
}

/// Counts one relationship that begins with a period, if no more than `highest` have begun with it until then.
pub(in crate::ports) fn begin(
    c: &mut AnyConnection,
    account: &Account,
    period: i64,
    highest: i64,
) -> QueryResult<bool> {
    let row = usage_periods::table.find((&account.organization, account.environment, period));
    let counted = diesel::update(row.filter(usage_periods::relationships_begun.le(highest)))
        .set(usage_periods::relationships_begun.eq(usage_periods::relationships_begun + 1))
        .execute(c)?;
    Ok(counted == 1)
}

/// Counts relationships that begin and end with a period, or, with negative numbers, that do so no more.
pub(in crate::ports) fn adjust(
    c: &mut AnyConnection,
    account: &Account,
    period: i64,
    begun: i64,
    ended: i64,
) -> UnitResult<()> {
    ensure(c, account, period)?;
    let row = usage_periods::table.find((&account.organization, account.environment, period));
    diesel::update(row)
        .set((
            usage_periods::relationships_begun.eq(usage_periods::relationships_begun + begun),
            usage_periods::relationships_ended.eq(usage_periods::relationships_ended + ended),
        ))
        .execute(c)?;
    Ok(())
}

/// Sets what can be counted again.
pub(super) fn set(c: &mut AnyConnection, account: &Account, period: i64, to: Counters) -> UnitResult<()> {
    ensure(c, account, period)?;
    let row = usage_periods::table.find((&account.organization, account.environment, period));
    diesel::update(row)
        .set((
            usage_periods::turns_recorded.eq(to.turns_recorded),
            usage_periods::relationships_begun.eq(to.begun),
            usage_periods::relationships_ended.eq(to.ended),
        ))
        .execute(c)?;
    Ok(())
}
