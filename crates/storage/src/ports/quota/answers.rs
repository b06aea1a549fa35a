//! What callers were told whose turns are counted.

use countersign_domain::failure::PortFailure;
use countersign_domain::quota::period::BillingPeriod;
use countersign_domain::quota::plan::Ceiling;
use countersign_domain::quota::quota_ports::Repeatable;
use countersign_domain::quota::snapshot::{QuotaSnapshot, Usage};
use countersign_domain::time::Timestamp;
use diesel::prelude::*;

use crate::backend::{AnyConnection, hold_if_free};
use crate::column::{number, storable, time};
use crate::ports::usage::account::Account;
use crate::schema::turn_answers;
use crate::unit::{UnitFailure, UnitResult, insert_new};

/// An answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Known {
    pub(super) turns: u32,
    pub(super) snapshot: QuotaSnapshot,
}

#[derive(Queryable, Insertable, AsChangeset, Clone, Copy)]
#[diesel(table_name = turn_answers, treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    turns: i64,
    turns_used: i64,
    turns_limit: Option<i64>,
    relationships_active: i64,
    relationships_limit: Option<i64>,
    period_start: i64,
    period_end: i64,
}

impl Row {
    fn of(answer: &Known) -> Result<Self, PortFailure> {
        let QuotaSnapshot { usage, turns, relationships, period } = answer.snapshot;
        Ok(Self {
            turns: answer.turns.into(),
            turns_used: storable(usage.turns)?,
            turns_limit: turns.limit().map(storable).transpose()?,
            relationships_active: storable(usage.active_relationships)?,
            relationships_limit: relationships.limit().map(storable).transpose()?,
            period_start: period.starts_at.as_micros(),
            period_end: period.ends_at.as_micros(),
        })
    }

    fn into_known(self) -> Result<Known, PortFailure> {
        let usage = Usage {
            turns: number("turns_used", self.turns_used)?,
            active_relationships: number("relationships_active", self.relationships_active)?,
        };
        let period = BillingPeriod { starts_at: time(self.period_start), ends_at: time(self.period_end) };
        let turns = ceiling("turns_limit", self.turns_limit)?;
        let relationships = ceiling("relationships_limit", self.relationships_limit)?;
        let snapshot = QuotaSnapshot { usage, turns, relationships, period };
        Ok(Known { turns: number("turns", self.turns)?, snapshot })
    }
}

fn ceiling(column: &'static str, limit: Option<i64>) -> Result<Ceiling, PortFailure> {
    Ok(match limit {
        Some(limit) => Ceiling::Limited(number(column, limit)?),
        None => Ceiling::Unlimited,
    })
}

/// The answer that is kept for a call.
pub(super) fn find(c: &mut AnyConnection, account: &Account, call: &Repeatable) -> UnitResult<Option<Known>> {
    let key = (&account.organization, account.environment, call.key.as_str());
    let row = turn_answers::table
        .find(key)
        .filter(turn_answers::kept_until.gt(call.at.as_micros()))
        .select((
            turn_answers::turns,
            turn_answers::turns_used,
            turn_answers::turns_limit,
            turn_answers::relationships_active,
            turn_answers::relationships_limit,
            turn_answers::period_start,
            turn_answers::period_end,
        ))
        .get_result::<Row>(c)
        .optional()?;
    Ok(row.map(Row::into_known).transpose()?)
}

/// Keeps an answer, if none is kept for the call; otherwise tells that one. One that is kept no more makes room.
pub(super) fn keep(
    c: &mut AnyConnection,
    account: &Account,
    call: &Repeatable,
    answer: &Known,
) -> UnitResult<Option<Known>> {
    let row = Row::of(answer)?;
    let until = turn_answers::kept_until.eq(call.kept_until.as_micros());
    let key = (
        turn_answers::organization_id.eq(&account.organization),
        turn_answers::environment.eq(account.environment),
        turn_answers::idempotency_key.eq(call.key.as_str()),
    );
    if insert_new(c, |c| diesel::insert_into(turn_answers::table).values((key, row, until)).execute(c))? {
        return Ok(None);
    }
    let over = turn_answers::table
        .find((&account.organization, account.environment, call.key.as_str()))
        .filter(turn_answers::kept_until.le(call.at.as_micros()));
    if diesel::update(over).set((row, until)).execute(c)? == 1 {
        return Ok(None);
    }
    match find(c, account, call)? {
        Some(known) => Ok(Some(known)),
        None => Err(UnitFailure::Conflict),
    }
}

/// Answers that are kept no more.
pub(super) fn over(
    c: &mut AnyConnection,
    now: Timestamp,
    limit: u32,
) -> QueryResult<Vec<(String, String, String)>> {
    turn_answers::table
        .filter(turn_answers::kept_until.le(now.as_micros()))
        .order(turn_answers::kept_until)
        .limit(limit.into())
        .select((turn_answers::organization_id, turn_answers::environment, turn_answers::idempotency_key))
        .load(c)
}

/// An answer that somebody is replacing is left for the next time.
pub(super) fn remove_over(
    c: &mut AnyConnection,
    key: &(String, String, String),
    now: Timestamp,
) -> QueryResult<usize> {
    let row = turn_answers::table.find(key.clone()).filter(turn_answers::kept_until.le(now.as_micros()));
    let is_free = hold_if_free!(c, row.clone().select(turn_answers::idempotency_key), String)?;
    if is_free { diesel::delete(row).execute(c) } else { Ok(0) }
}
