//! Webhooks with their secrets.

mod row;

use async_trait::async_trait;
use countersign_domain::audit::event::AuditEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::time::Timestamp;
use countersign_domain::webhooks::ports::{WebhookCreated, WebhookQuery, WebhookStore};
use countersign_domain::webhooks::webhook::{
    MOST_WEBHOOKS, StoredSecret, Webhook, WebhookChange, WebhookKey,
};
use diesel::prelude::*;

use self::row::Changeable;
pub(super) use self::row::{KeyColumns, WebhookRow, key, key_columns};
use super::audit;
use crate::backend::{AnyConnection, hold_if_free};
use crate::database::Database;
use crate::schema::webhooks::{
    self, old_sealed_secret, old_secret_id, old_secret_key_id, old_secret_until, sealed_secret, secret_id,
    secret_key_id,
};
use crate::unit::{UnitResult, insert_new};

#[async_trait]
impl WebhookStore for Database {
    async fn create(
        &self,
        webhook: Webhook,
        secret: StoredSecret,
        audit: AuditEvent,
    ) -> Result<WebhookCreated, PortFailure> {
        self.write(move |c| create(c, &webhook, &secret, &audit)).await
    }

    async fn find(&self, webhook: &WebhookKey) -> Result<Option<Webhook>, PortFailure> {
        let key = key_columns(webhook);
        let row = self.read(move |c| find(c, &key)).await?;
        row.map(WebhookRow::into_webhook).transpose()
    }

    async fn page(&self, query: WebhookQuery) -> Result<Vec<Webhook>, PortFailure> {
        // No id is the empty text, so everything comes after it.
        let after = query.after.map(|id| id.to_string()).unwrap_or_default();
        let rows = self.read(move |c| {
            Ok(webhooks::table
                .filter(webhooks::organization_id.eq(query.organization.to_string()))
                .filter(webhooks::environment.eq(query.environment.as_str()))
                .filter(webhooks::id.gt(&after))
                .order(webhooks::id)
                .limit(query.limit.into())
                .load::<WebhookRow>(c)?)
        });
        rows.await?.into_iter().map(WebhookRow::into_webhook).collect()
    }

    async fn change(
        &self,
        webhook: &WebhookKey,
        change: WebhookChange,
        audit: AuditEvent,
    ) -> Result<Option<Webhook>, PortFailure> {
        let key = key_columns(webhook);
        self.write(move |c| self::change(c, &key, &change, &audit)).await
    }

    async fn rotate_secret(
        &self,
        webhook: &WebhookKey,
        secret: StoredSecret,
        old_until: Timestamp,
        audit: AuditEvent,
    ) -> Result<bool, PortFailure> {
        let key = key_columns(webhook);
        self.write(move |c| rotate(c, &key, &secret, old_until, &audit)).await
    }

    async fn remove(&self, webhook: &WebhookKey, audit: AuditEvent) -> Result<bool, PortFailure> {
        let key = key_columns(webhook);
        self.write(move |c| {
            if diesel::delete(webhooks::table.find(key.clone())).execute(c)? == 0 {
                return Ok(false);
            }
            audit::append(c, &audit)?;
            Ok(true)
        })
        .await
    }
}

pub(super) fn find(c: &mut AnyConnection, key: &KeyColumns) -> UnitResult<Option<WebhookRow>> {
    Ok(webhooks::table.find(key.clone()).get_result(c).optional()?)
}

/// Reads a webhook and locks it to the end of the transaction. Its deliveries are locked after it, always, so that nobody
/// waits in a circle with those who change or remove it.
pub(super) fn hold(c: &mut AnyConnection, key: &KeyColumns) -> UnitResult<Option<WebhookRow>> {
    let row = webhooks::table.find(key.clone());
    let held = match c {
        AnyConnection::Sqlite(c) => row.get_result(c),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(c) => row.for_no_key_update().get_result(c),
    };
    Ok(held.optional()?)
}

/// Takes the first slot that is free; a slot that somebody else takes at the same time is not.
fn create(
    c: &mut AnyConnection,
    webhook: &Webhook,
    secret: &StoredSecret,
    audit: &AuditEvent,
) -> UnitResult<WebhookCreated> {
    for slot in 0..MOST_WEBHOOKS {
        let row = WebhookRow::new(webhook, secret, slot);
        if insert_new(c, |c| diesel::insert_into(webhooks::table).values(row).execute(c))? {
            audit::append(c, audit)?;
            return Ok(WebhookCreated::New);
        }
    }
    Ok(WebhookCreated::TooMany)
}

fn change(
    c: &mut AnyConnection,
    key: &KeyColumns,
    change: &WebhookChange,
    audit: &AuditEvent,
) -> UnitResult<Option<Webhook>> {
    let Some(held) = hold(c, key)? else { return Ok(None) };
    let old = held.into_webhook()?;
    let new = change.applied_to(old.clone());
    if new != old {
        diesel::update(webhooks::table.find(key.clone())).set(Changeable::of(&new)).execute(c)?;
        audit::append(c, audit)?;
    }
    Ok(Some(new))
}

fn rotate(
    c: &mut AnyConnection,
    key: &KeyColumns,
    secret: &StoredSecret,
    old_until: Timestamp,
    audit: &AuditEvent,
) -> UnitResult<bool> {
    let rotated = diesel::update(webhooks::table.find(key.clone()))
        .set((
            old_secret_id.eq(secret_id.nullable()),
            old_secret_key_id.eq(secret_key_id.nullable()),
            old_sealed_secret.eq(sealed_secret.nullable()),
            old_secret_until.eq(Some(old_until.as_micros())),
            secret_id.eq(secret.id.to_string()),
            secret_key_id.eq(i64::from(secret.sealed.key.0)),
            sealed_secret.eq(&secret.sealed.bytes),
        ))
        .execute(c)?;
    if rotated == 1 {
        audit::append(c, audit)?;
    }
    Ok(rotated == 1)
}

/// Webhooks with old secrets that sign no more at `now`, at most `limit` of them.
pub(super) fn with_old_secrets(
    c: &mut AnyConnection,
    now: Timestamp,
    limit: u32,
) -> QueryResult<Vec<(String, String, String)>> {
    webhooks::table
        .filter(old_secret_until.le(now.as_micros()))
        .limit(limit.into())
        .select((webhooks::organization_id, webhooks::environment, webhooks::id))
        .load(c)
}

/// Forgets the old secret of a webhook. One that somebody holds is left for the next time.
pub(super) fn forget_old_secret(
    c: &mut AnyConnection,
    key: &(String, String, String),
    now: Timestamp,
) -> QueryResult<usize> {
    let row = webhooks::table.find(key.clone()).filter(old_secret_until.le(now.as_micros()));
    if !hold_if_free!(c, row.clone().select(webhooks::id), String)? {
        return Ok(0);
    }
    diesel::update(row)
        .set((
            old_secret_id.eq(None::<String>),
            old_secret_key_id.eq(None::<i64>),
            old_sealed_secret.eq(None::<Vec<u8>>),
            old_secret_until.eq(None::<i64>),
        ))
        .execute(c)
}
