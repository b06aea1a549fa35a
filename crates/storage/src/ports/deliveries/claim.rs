//! One node takes a delivery for the time of an attempt.

use countersign_domain::time::Timestamp;
use countersign_domain::webhooks::delivery::{DeliveryKey, TriedDelivery};
use countersign_domain::webhooks::delivery_ports::ClaimedDelivery;
use countersign_domain::webhooks::webhook::{WebhookKey, WebhookStatus};
use diesel::prelude::*;

use super::row::{self, PENDING};
use crate::backend::AnyConnection;
use crate::column::{number, time};
use crate::ports::audit;
use crate::ports::webhooks::{self as webhook_rows, KeyColumns, key_columns};
use crate::schema::webhook_deliveries::{self, attempts, event_id, next_attempt_at, queued_at, state};
use crate::unit::UnitResult;

/// How many deliveries are tried to be claimed: so many other nodes may be faster before this one gives way.
const CANDIDATES: i64 = 4;

pub(super) fn claim(
    c: &mut AnyConnection,
    webhook: &WebhookKey,
    now: Timestamp,
    lease_end: Timestamp,
) -> UnitResult<Option<ClaimedDelivery>> {
    let key = key_columns(webhook);
    let Some(row) = webhook_rows::hold(c, &key)? else { return Ok(None) };
    let secrets = row.secrets()?;
    let found = row.into_webhook()?;
    if found.status == WebhookStatus::Paused {
        return Ok(None);
    }
    let Some((event, attempt, queued)) = take(c, &key, now, lease_end)? else { return Ok(None) };
    let Some(record) = audit::find(c, &key.0, &event)? else {
        // Purged from the trail: there is nothing left to tell.
        let (organization, environment, id) = key;
        diesel::delete(webhook_deliveries::table.find((organization, environment, id, event))).execute(c)?;
        return Ok(None);
    };
    Ok(Some(ClaimedDelivery {
        key: DeliveryKey { webhook: *webhook, event: record.id },
        attempt,
        tried: TriedDelivery { queued_at: queued },
        url: found.url,
        secrets,
        record,
    }))
}

/// Takes a delivery that is due in one conditional statement: its event, the number of the attempt, and when it was
/// queued.
fn take(
    c: &mut AnyConnection,
    key: &KeyColumns,
    now: Timestamp,
    lease_end: Timestamp,
) -> UnitResult<Option<(String, u32, Timestamp)>> {
    let is_due = || state.eq(PENDING).and(next_attempt_at.assume_not_null().le(now.as_micros()));
    let candidates = webhook_deliveries::table
        .filter(row::of_webhook(key))
        .filter(is_due())
        .order(next_attempt_at)
        .limit(CANDIDATES)
        .select(event_id)
        .load::<String>(c)?;
    for event in candidates {
        let (organization, environment, webhook) = key.clone();
        let one = webhook_deliveries::table.find((organization, environment, webhook, event.clone()));
        let taken = diesel::update(one.filter(is_due()))
            .set((attempts.eq(attempts + 1), next_attempt_at.eq(Some(lease_end.as_micros()))))
            .returning((attempts, queued_at))
            .get_result::<(i32, i64)>(c)
            .optional()?;
        if let Some((attempt, queued)) = taken {
            let attempt = number::<_, u32>("webhook_deliveries.attempts", attempt)?;
            return Ok(Some((event, attempt, time(queued))));
        }
    }
    Ok(None)
}
