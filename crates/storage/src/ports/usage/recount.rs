//! Counts again what has rows, and compares that with the counters.

use std::collections::{BTreeMap, BTreeSet};

use countersign_domain::failure::PortFailure;
use countersign_domain::quota::recount_ports::{Counter, Miscount};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::account::Account;
use super::counters::{self, Counters};
use crate::backend::AnyConnection;
use crate::column::{number, present, time};
use crate::schema::{relationships, usage_events};
use crate::unit::{UnitFailure, UnitResult};

type ByPeriod = BTreeMap<i64, Counters>;

/// The counters that are wrong.
pub(super) fn miscounts(c: &mut AnyConnection, account: &Account) -> UnitResult<Vec<Miscount>> {
    // One transaction, so that both sides are of the same instant.
    c.transaction::<_, UnitFailure, _>(|c| Ok(Recount::of(c, account)?.miscounts()?))
}

/// Sets the counters right; tells which were wrong.
pub(super) fn mend(c: &mut AnyConnection, account: &Account) -> UnitResult<Vec<Miscount>> {
    account.hold(c)?;
    let recount = Recount::of(c, account)?;
    let miscounts = recount.miscounts()?;
    let wrong: BTreeSet<_> = miscounts.iter().map(|miscount| miscount.period_start.as_micros()).collect();
    for period in wrong {
        counters::set(c, account, period, recount.counted.get(&period).copied().unwrap_or_default())?;
    }
    Ok(miscounts)
}

struct Recount {
    stored: ByPeriod,
    counted: ByPeriod,
}

impl Recount {
    fn of(c: &mut AnyConnection, account: &Account) -> UnitResult<Self> {
        let stored = counters::all(c, account)?.into_iter().collect();
        let mut counted = ByPeriod::new();
        for (period, turns) in recorded_turns(c, account)? {
            counted.entry(period).or_default().turns_recorded = turns;
        }
        for (period, begun) in begun(c, account)? {
            counted.entry(period).or_default().begun = begun;
        }
        for (period, ended) in ended(c, account)? {
            counted.entry(present("last_period", period)?).or_default().ended = ended;
        }
        Ok(Self { stored, counted })
    }

    fn miscounts(&self) -> Result<Vec<Miscount>, PortFailure> {
        let periods: BTreeSet<_> = self.stored.keys().chain(self.counted.keys()).copied().collect();
        let mut miscounts = Vec::new();
        for period in periods {
            let stored = self.stored.get(&period).copied().unwrap_or_default();
            let counted = self.counted.get(&period).copied().unwrap_or_default();
            for (counter, stored, counted) in [
                (Counter::RecordedTurns, stored.turns_recorded, counted.turns_recorded),
                (Counter::RelationshipsBegun, stored.begun, counted.begun),
                (Counter::RelationshipsEnded, stored.ended, counted.ended),
            ] {
                if stored != counted {
                    let (stored, counted) = (number("usage_periods", stored)?, number("count", counted)?);
                    miscounts.push(Miscount { period_start: time(period), counter, stored, counted });
                }
            }
        }
        Ok(miscounts)
    }
}

fn recorded_turns(c: &mut AnyConnection, account: &Account) -> QueryResult<Vec<(i64, i64)>> {
    usage_events::table
        .filter(usage_events::organization_id.eq(&account.organization))
        .filter(usage_events::environment.eq(account.environment))
        .filter(usage_events::turns.is_not_null())
        .group_by(usage_events::period_start)
        // The type of a sum is wider than what was added; the counter has refused what would not fit.
        .select((usage_events::period_start, sql::<BigInt>("CAST(SUM(turns) AS BIGINT)")))
        .load(c)
}

fn begun(c: &mut AnyConnection, account: &Account) -> QueryResult<Vec<(i64, i64)>> {
    relationships::table
        .filter(relationships::organization_id.eq(&account.organization))
        .filter(relationships::environment.eq(account.environment))
        .group_by(relationships::first_period)
        .select((relationships::first_period, count_star()))
        .load(c)
}

fn ended(c: &mut AnyConnection, account: &Account) -> QueryResult<Vec<(Option<i64>, i64)>> {
    relationships::table
        .filter(relationships::organization_id.eq(&account.organization))
        .filter(relationships::environment.eq(account.environment))
        .filter(relationships::last_period.is_not_null())
        .group_by(relationships::last_period)
        .select((relationships::last_period, count_star()))
        .load(c)
}
