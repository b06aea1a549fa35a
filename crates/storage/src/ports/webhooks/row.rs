//! A webhook as a row.

use countersign_domain::failure::PortFailure;
use countersign_domain::keys::KeyId;
use countersign_domain::two_factor::secret::SealedSecret;
use countersign_domain::webhooks::events::{EventFilter, EventPattern};
use countersign_domain::webhooks::url::WebhookUrl;
use countersign_domain::webhooks::webhook::{
    Description, StoredSecret, StoredSecrets, Webhook, WebhookKey, WebhookStatus,
};
use diesel::prelude::*;

use crate::column::{corrupt, number, parse, present, time};
use crate::schema::webhooks;

/// The key of what belongs to a webhook, in the order of the columns.
pub(crate) type KeyColumns = (String, &'static str, String);

pub(crate) fn key_columns(key: &WebhookKey) -> KeyColumns {
    (key.organization.to_string(), key.environment.as_str(), key.id.to_string())
}

/// The webhook that a row is or belongs to.
pub(crate) fn key(organization: &str, environment: &str, id: &str) -> Result<WebhookKey, PortFailure> {
    Ok(WebhookKey {
        organization: parse("webhooks.organization_id", organization)?,
        environment: parse("webhooks.environment", environment)?,
        id: parse("webhooks.id", id)?,
    })
}

/// A row of `webhooks`, in the order of its columns.
#[derive(Queryable, Insertable)]
#[diesel(table_name = webhooks, treat_none_as_default_value = false)]
pub(crate) struct WebhookRow {
    organization_id: String,
    environment: String,
    id: String,
    slot: i32,
    url: String,
    events: String,
    description: Option<String>,
    status: String,
    created_at: i64,
    secret_id: String,
    secret_key_id: i64,
    sealed_secret: Vec<u8>,
    old_secret_id: Option<String>,
    old_secret_key_id: Option<i64>,
    old_sealed_secret: Option<Vec<u8>>,
    old_secret_until: Option<i64>,
}

/// The columns that [`WebhookChange`](countersign_domain::webhooks::webhook::WebhookChange) may change.
#[derive(AsChangeset)]
#[diesel(table_name = webhooks, treat_none_as_null = true)]
pub(super) struct Changeable {
    url: String,
    events: String,
    description: Option<String>,
    status: &'static str,
}

impl Changeable {
    pub(super) fn of(webhook: &Webhook) -> Self {
        Self {
            url: webhook.url.as_str().to_owned(),
            events: events(&webhook.events),
            description: webhook.description.as_ref().map(|text| text.as_str().to_owned()),
            status: webhook.status.as_str(),
        }
    }
}

impl WebhookRow {
    pub(super) fn new(webhook: &Webhook, secret: &StoredSecret, slot: u8) -> Self {
        let (organization_id, environment, id) = key_columns(&webhook.key);
        let Changeable { url, events, description, status } = Changeable::of(webhook);
        Self {
            organization_id,
            environment: environment.to_owned(),
            id,
            slot: slot.into(),
            url,
            events,
            description,
            status: status.to_owned(),
            created_at: webhook.created_at.as_micros(),
            secret_id: secret.id.to_string(),
            secret_key_id: secret.sealed.key.0.into(),
            sealed_secret: secret.sealed.bytes.clone(),
            old_secret_id: None,
            old_secret_key_id: None,
            old_sealed_secret: None,
            old_secret_until: None,
        }
    }

    pub(crate) fn into_webhook(self) -> Result<Webhook, PortFailure> {
        let url = WebhookUrl::new(&self.url).map_err(|_| corrupt("webhooks.url"))?;
        let patterns = self.events.split(' ').map(|text| parse("webhooks.events", text));
        let events = EventFilter::new(patterns.collect::<Result<Vec<_>, _>>()?);
        let description = self.description.as_deref().map(Description::new).transpose();
        let status = WebhookStatus::parse(&self.status);
        Ok(Webhook {
            key: key(&self.organization_id, &self.environment, &self.id)?,
            url,
            events: events.map_err(|_| corrupt("webhooks.events"))?,
            description: description.map_err(|_| corrupt("webhooks.description"))?,
            status: status.ok_or_else(|| corrupt("webhooks.status"))?,
            created_at: time(self.created_at),
            old_secret_until: self.old_secret_until.map(time),
        })
    }

    pub(crate) fn secrets(&self) -> Result<StoredSecrets, PortFailure> {
        let current = secret(&self.secret_id, self.secret_key_id, &self.sealed_secret)?;
        let Some(until) = self.old_secret_until.map(time) else {
            return Ok(StoredSecrets { current, old: None });
        };
        let id = present("webhooks.old_secret_id", self.old_secret_id.as_deref())?;
        let key = present("webhooks.old_secret_key_id", self.old_secret_key_id)?;
        let bytes = present("webhooks.old_sealed_secret", self.old_sealed_secret.as_deref())?;
        Ok(StoredSecrets { current, old: Some((secret(id, key, bytes)?, until)) })
    }
}

fn events(filter: &EventFilter) -> String {
    filter.iter().map(EventPattern::as_str).collect::<Vec<_>>().join(" ")
}

fn secret(id: &str, key: i64, bytes: &[u8]) -> Result<StoredSecret, PortFailure> {
    let key = KeyId(number("webhooks.secret_key_id", key)?);
    let sealed = SealedSecret { key, bytes: bytes.to_vec() };
    Ok(StoredSecret { id: parse("webhooks.secret_id", id)?, sealed })
}
