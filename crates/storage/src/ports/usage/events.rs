//! Events that have happened, each counted once.

use countersign_domain::quota::ports::{Consumption, Recorded, UsageEvent};
use diesel::prelude::*;

use super::account::Account;
use super::{counters, spans};
use crate::backend::AnyConnection;
use crate::schema::usage_events;
use crate::unit::{UnitResult, insert_new};

/// Counts the events that are new. Batches of one account follow each other, so that two which name the same events in
/// different orders do not wait for each other.
pub(super) fn record(
    c: &mut AnyConnection,
    account: &Account,
    events: &[UsageEvent],
) -> UnitResult<Vec<Recorded>> {
    account.hold(c)?;
    events.iter().map(|event| record_one(c, account, event)).collect()
}

fn record_one(c: &mut AnyConnection, account: &Account, event: &UsageEvent) -> UnitResult<Recorded> {
    if !is_new(c, account, event)? {
        return Ok(Recorded::Duplicate);
    }
    let period = event.period.starts_at.as_micros();
    match &event.consumption {
        Consumption::Turns(turns) => counters::record(c, account, period, (*turns).into())?,
        Consumption::Relationship(relationship) => {
            spans::record(c, account, relationship.as_str(), period)?;
        }
    }
    Ok(Recorded::Counted)
}

fn is_new(c: &mut AnyConnection, account: &Account, event: &UsageEvent) -> QueryResult<bool> {
    let (turns, relationship) = match &event.consumption {
        Consumption::Turns(turns) => (Some(i64::from(*turns)), None),
        Consumption::Relationship(relationship) => (None, Some(relationship.as_str())),
    };
    let row = (
        usage_events::organization_id.eq(&account.organization),
        usage_events::environment.eq(account.environment),
        usage_events::event_id.eq(event.id.as_str()),
        usage_events::happened_at.eq(event.at.as_micros()),
        usage_events::period_start.eq(event.period.starts_at.as_micros()),
        usage_events::turns.eq(turns),
        usage_events::relationship_id.eq(relationship),
    );
    insert_new(c, |c| diesel::insert_into(usage_events::table).values(row).execute(c))
}
