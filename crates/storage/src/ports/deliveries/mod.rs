//! The outbox of webhooks, and the log of what went out. [`fan_out`] is part of appending to the audit trail.

mod claim;
mod due;
mod row;
mod settle;

use async_trait::async_trait;
use countersign_domain::audit::event::AuditEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::time::Timestamp;
use countersign_domain::webhooks::delivery::{Delivery, DeliveryKey};
use countersign_domain::webhooks::delivery_ports::{
    ClaimedDelivery, DeliveryQuery, DeliveryStore, Requeued, Settlement,
};
use countersign_domain::webhooks::webhook::{WebhookKey, WebhookStatus};
use diesel::prelude::*;

use self::row::{DeliveryRow, PENDING};
use super::audit;
use super::webhooks::{self as rows, WebhookRow, key_columns};
use crate::backend::{AnyConnection, directly, hold_if_free};
use crate::database::Database;
use crate::schema::{webhook_deliveries, webhooks};
use crate::unit::UnitResult;

/// Puts an event on the way to every webhook that wants it. Without a webhook it is one step in an index.
pub(super) fn fan_out(c: &mut AnyConnection, event: &AuditEvent) -> UnitResult<()> {
    let told = webhooks::table
        .filter(webhooks::organization_id.eq(event.organization.to_string()))
        .filter(webhooks::status.eq(WebhookStatus::Active.as_str()));
    for row in directly!(c, |c| told.load::<WebhookRow>(c))? {
        let webhook = row.into_webhook()?;
        if webhook.wants(event.environment, event.event.name()) {
            insert(c, &webhook.key, event)?;
        }
    }
    Ok(())
}

fn insert(c: &mut AnyConnection, webhook: &WebhookKey, event: &AuditEvent) -> QueryResult<()> {
    let row = DeliveryRow::queued(webhook, event);
    diesel::insert_into(webhook_deliveries::table).values(row).execute(c).map(drop)
}

#[async_trait]
impl DeliveryStore for Database {
    async fn page(&self, query: DeliveryQuery) -> Result<Vec<Delivery>, PortFailure> {
        let key = key_columns(&query.webhook);
        // A tilde comes after every id.
        let before = query.before.map_or_else(|| "~".to_owned(), |id| id.to_string());
        let rows = self.read(move |c| {
            // The log of a removed webhook is there until it is old.
            if rows::find(c, &key)?.is_none() {
                return Ok(Vec::new());
            }
            Ok(webhook_deliveries::table
                .filter(row::of_webhook(&key))
                .filter(webhook_deliveries::event_id.lt(&before))
                .order(webhook_deliveries::event_id.desc())
                .limit(query.limit.into())
                .load::<DeliveryRow>(c)?)
        });
        rows.await?.into_iter().map(DeliveryRow::into_delivery).collect()
    }

    async fn queue(&self, webhook: &WebhookKey, event: AuditEvent) -> Result<bool, PortFailure> {
        let webhook = *webhook;
        self.write(move |c| {
            if rows::find(c, &key_columns(&webhook))?.is_none() {
                return Ok(false);
            }
            audit::insert(c, &event)?;
            insert(c, &webhook, &event)?;
            Ok(true)
        })
        .await
    }

    async fn requeue(&self, delivery: &DeliveryKey, now: Timestamp) -> Result<Requeued, PortFailure> {
        let delivery = *delivery;
        self.write(move |c| requeue(c, &delivery, now)).await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<WebhookKey>, PortFailure> {
        self.read(move |c| due::due(c, now, limit)).await
    }

    async fn claim(
        &self,
        webhook: &WebhookKey,
        now: Timestamp,
        lease_end: Timestamp,
    ) -> Result<Option<ClaimedDelivery>, PortFailure> {
        let webhook = *webhook;
        self.write(move |c| claim::claim(c, &webhook, now, lease_end)).await
    }

    async fn settle(&self, settlement: Settlement) -> Result<bool, PortFailure> {
        self.write(move |c| settle::settle(c, &settlement)).await
    }

    async fn purge(&self, before: Timestamp, now: Timestamp, limit: u32) -> Result<u32, PortFailure> {
        let over = self.read(move |c| Ok(rows::with_old_secrets(c, now, limit)?)).await?;
        let _ = self.tidy(over, |key| &key.0, move |c, key| rows::forget_old_secret(c, key, now)).await?;
        let old = self.read(move |c| Ok(old(c, before, limit)?)).await?;
        self.tidy(old, |key| &key.0, move |c, key| remove_old(c, key, before)).await
    }
}

fn requeue(c: &mut AnyConnection, delivery: &DeliveryKey, now: Timestamp) -> UnitResult<Requeued> {
    let webhook = key_columns(&delivery.webhook);
    if rows::find(c, &webhook)?.is_none() {
        return Ok(Requeued::Unknown);
    }
    let (organization, environment, webhook) = webhook;
    let key = (organization, environment, webhook, delivery.event.to_string());
    let finished = webhook_deliveries::table.find(key.clone()).filter(webhook_deliveries::state.ne(PENDING));
    let queued = diesel::update(finished)
        .set((
            webhook_deliveries::state.eq(PENDING),
            webhook_deliveries::queued_at.eq(now.as_micros()),
            webhook_deliveries::next_attempt_at.eq(Some(now.as_micros())),
        ))
        .execute(c)?;
    if queued == 1 {
        return Ok(Requeued::Queued);
    }
    let pending = webhook_deliveries::table.find(key.clone()).select(webhook_deliveries::state);
    let is_there = pending.get_result::<String>(c).optional()?.is_some();
    Ok(if is_there { Requeued::Pending } else { Requeued::Unknown })
}

type OldKey = (String, String, String, String);

fn old(c: &mut AnyConnection, before: Timestamp, limit: u32) -> QueryResult<Vec<OldKey>> {
    webhook_deliveries::table
        .filter(webhook_deliveries::queued_at.lt(before.as_micros()))
        .order(webhook_deliveries::queued_at)
        .limit(limit.into())
        .select((
            webhook_deliveries::organization_id,
            webhook_deliveries::environment,
            webhook_deliveries::webhook_id,
            webhook_deliveries::event_id,
        ))
        .load(c)
}

/// A delivery that somebody holds is left for the next time.
fn remove_old(c: &mut AnyConnection, key: &OldKey, before: Timestamp) -> QueryResult<usize> {
    let is_old = webhook_deliveries::queued_at.lt(before.as_micros());
    let row = webhook_deliveries::table.find(key.clone()).filter(is_old);
    let is_free = hold_if_free!(c, row.clone().select(webhook_deliveries::event_id), String)?;
    if is_free { diesel::delete(row).execute(c) } else { Ok(0) }
}
