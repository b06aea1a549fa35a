//! How an attempt ended, and what that means for its webhook.

use countersign_domain::webhooks::delivery::{AttemptOutcome, DeliveryState};
use countersign_domain::webhooks::delivery_ports::Settlement;
use countersign_domain::webhooks::webhook::WebhookStatus;
use diesel::prelude::*;

use super::row::PENDING;
use crate::backend::AnyConnection;
use crate::column::number;
use crate::ports::audit;
use crate::ports::webhooks::{self as webhook_rows, KeyColumns, key_columns};
use crate::schema::webhook_deliveries::{
    self, attempts, last_attempt_at, last_failure, last_status, next_attempt_at, state,
};
use crate::schema::webhooks;
use crate::unit::UnitResult;

pub(super) fn settle(c: &mut AnyConnection, settlement: &Settlement) -> UnitResult<bool> {
    let key = key_columns(&settlement.delivery.webhook);
    if webhook_rows::hold(c, &key)?.is_none() || !conclude(c, &key, settlement)? {
        return Ok(false);
    }
    match settlement.state {
        DeliveryState::Pending { .. } => {}
        DeliveryState::Delivered => {
            turn(c, &key, WebhookStatus::Failing, WebhookStatus::Active)?;
        }
        DeliveryState::Abandoned => {
            if turn(c, &key, WebhookStatus::Active, WebhookStatus::Failing)? {
                audit::append(c, &settlement.failing)?;
            }
        }
    }
    Ok(true)
}

/// Stores the end of an attempt if its claim still holds.
fn conclude(c: &mut AnyConnection, key: &KeyColumns, settlement: &Settlement) -> UnitResult<bool> {
    let (organization, environment, webhook) = key.clone();
    let event = settlement.delivery.event.to_string();
    let next = match settlement.state {
        DeliveryState::Pending { next_attempt_at: at } => Some(at.as_micros()),
        DeliveryState::Delivered | DeliveryState::Abandoned => None,
    };
    let (status, failure) = match settlement.outcome {
        AttemptOutcome::Answered(status) => (Some(i32::from(status)), None),
        AttemptOutcome::Failed(failure) => (None, Some(failure.as_str())),
    };
    let attempt: i32 = number("webhook_deliveries.attempts", settlement.attempt)?;
    let claimed = webhook_deliveries::table
        .find((organization, environment, webhook, event))
        .filter(state.eq(PENDING))
        .filter(attempts.eq(attempt));
    let settled = diesel::update(claimed)
        .set((
            state.eq(settlement.state.as_str()),
            next_attempt_at.eq(next),
            last_attempt_at.eq(Some(settlement.at.as_micros())),
            last_status.eq(status),
            last_failure.eq(failure),
        ))
        .execute(c)?;
    Ok(settled == 1)
}

/// Changes the status of a webhook if it is `from`.
fn turn(
    c: &mut AnyConnection,
    key: &KeyColumns,
    from: WebhookStatus,
    to: WebhookStatus,
) -> QueryResult<bool> {
    let turned = diesel::update(webhooks::table.find(key.clone()).filter(webhooks::status.eq(from.as_str())))
        .set(webhooks::status.eq(to.as_str()))
        .execute(c)?;
    Ok(turned == 1)
}
