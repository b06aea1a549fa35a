//! Make, change and remove webhooks.

use std::sync::Arc;
use std::time::Duration;

use super::address::{AddressPolicy, UrlRefusal};
use super::delivery::DeliveryKey;
use super::delivery_ports::{DeliveryStore, Requeued};
use super::events::EventFilter;
use super::ports::{WebhookCreated, WebhookSealer, WebhookSecretPlace, WebhookStore};
use super::secret::WebhookSecret;
use super::url::WebhookUrl;
use super::webhook::{Description, StoredSecret, Webhook, WebhookChange, WebhookKey, WebhookStatus};
use crate::audit::event::{AuditEvent, Caller, SecurityEvent};
use crate::entropy::Entropy;
use crate::failure::PortFailure;
use crate::identity::{AuditEventId, Environment, OrganizationId, WebhookId, WebhookSecretId};
use crate::time::{Clock, Timestamp};

/// Why a webhook was not made, changed or used.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// There is none of this id in the caller's environment.
    #[error("there is no such webhook")]
    UnknownWebhook,
    /// The webhook has no delivery of this id.
    #[error("the webhook has no such delivery; the log holds 30 days")]
    UnknownDelivery,
    /// The URL may not be used here.
    #[error(transparent)]
    Url(#[from] UrlRefusal),
    /// There are as many as there may be.
    #[error("an organization has at most 16 webhooks in an environment; remove one first")]
    TooMany,
    /// The delivery is on its way anyway.
    #[error("the delivery is still on its way; it is tried again by itself")]
    StillPending,
    /// A port could not do its job.
    #[error(transparent)]
    Failure(#[from] PortFailure),
}

/// A webhook to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewWebhook {
    /// Whose.
    pub organization: OrganizationId,
    /// It is told of what happens here.
    pub environment: Environment,
    /// Where its deliveries go.
    pub url: WebhookUrl,
    /// Of what it is told.
    pub events: EventFilter,
    /// What is noted about it.
    pub description: Option<Description>,
}

/// The use case.
pub struct ManageWebhooks {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for secrets and ids.
    pub entropy: Arc<dyn Entropy>,
    /// The webhooks.
    pub webhooks: Arc<dyn WebhookStore>,
    /// Their deliveries.
    pub deliveries: Arc<dyn DeliveryStore>,
    /// Seals their secrets.
    pub sealer: Arc<dyn WebhookSealer>,
    /// Where they may be sent to.
    pub addresses: AddressPolicy,
}

impl ManageWebhooks {
    /// How long the old secret signs, too, when nobody says otherwise.
    pub const OVERLAP: Duration = Duration::from_hours(24);
    /// The longest time that may be asked for.
    pub const LONGEST_OVERLAP: Duration = Duration::from_hours(7 * 24);

    /// Makes a webhook; its secret is shown this once.
    pub async fn create(
        &self,
        new: NewWebhook,
        caller: Caller,
    ) -> Result<(Webhook, WebhookSecret), WebhookError> {
        self.addresses.check(&new.url)?;
        let now = self.clock.now();
        let id = WebhookId::mint(now, &*self.entropy).map_err(PortFailure::from)?;
        let NewWebhook { organization, environment, url, events, description } = new;
        let key = WebhookKey { organization, environment, id };
        let (status, created_at) = (WebhookStatus::Active, now);
        let webhook = Webhook { key, url, events, description, status, created_at, old_secret_until: None };
        let (secret, stored) = self.secret(key, now)?;
        let audit = self.audit(&key, SecurityEvent::WebhookCreated { webhook: id }, &caller, now)?;
        match self.webhooks.create(webhook.clone(), stored, audit).await? {
            WebhookCreated::New => Ok((webhook, secret)),
            WebhookCreated::TooMany => Err(WebhookError::TooMany),
        }
    }

    /// Changes fields of a webhook; tells it afterwards.
    pub async fn change(
        &self,
        webhook: WebhookKey,
        change: WebhookChange,
        caller: Caller,
    ) -> Result<Webhook, WebhookError> {
        if let Some(url) = &change.url {
            self.addresses.check(url)?;
        }
        let event = SecurityEvent::WebhookChanged { webhook: webhook.id, fields: change.fields() };
        let audit = self.audit(&webhook, event, &caller, self.clock.now())?;
        self.webhooks.change(&webhook, change, audit).await?.ok_or(WebhookError::UnknownWebhook)
    }

    /// Gives a webhook a new secret, shown this once; the old one signs, too, for `overlap`. Tells until when.
    pub async fn rotate_secret(
        &self,
        webhook: WebhookKey,
        overlap: Duration,
        caller: Caller,
    ) -> Result<(WebhookSecret, Timestamp), WebhookError> {
        let now = self.clock.now();
        let old_until = now.saturating_add(overlap.min(Self::LONGEST_OVERLAP));
        let (secret, stored) = self.secret(webhook, now)?;
        let event = SecurityEvent::WebhookSecretRotated { webhook: webhook.id };
        let audit = self.audit(&webhook, event, &caller, now)?;
        let rotated = self.webhooks.rotate_secret(&webhook, stored, old_until, audit).await?;
        if rotated { Ok((secret, old_until)) } else { Err(WebhookError::UnknownWebhook) }
    }

    /// Removes a webhook with everything that waits for it.
    pub async fn remove(&self, webhook: WebhookKey, caller: Caller) -> Result<(), WebhookError> {
        let event = SecurityEvent::WebhookRemoved { webhook: webhook.id };
        let audit = self.audit(&webhook, event, &caller, self.clock.now())?;
        let removed = self.webhooks.remove(&webhook, audit).await?;
        if removed { Ok(()) } else { Err(WebhookError::UnknownWebhook) }
    }

    /// Sends a webhook an event that says nothing, whatever it is told of otherwise; the event's id.
    pub async fn test(&self, webhook: WebhookKey, caller: Caller) -> Result<AuditEventId, WebhookError> {
        let event = SecurityEvent::WebhookTest { webhook: webhook.id };
        let audit = self.audit(&webhook, event, &caller, self.clock.now())?;
        let id = audit.id;
        let queued = self.deliveries.queue(&webhook, audit).await?;
        if queued { Ok(id) } else { Err(WebhookError::UnknownWebhook) }
    }

    /// Sends an event once more that was delivered or given up.
    pub async fn redeliver(&self, delivery: DeliveryKey) -> Result<(), WebhookError> {
        match self.deliveries.requeue(&delivery, self.clock.now()).await? {
            Requeued::Queued => Ok(()),
            Requeued::Pending => Err(WebhookError::StillPending),
            Requeued::Unknown => Err(WebhookError::UnknownDelivery),
        }
    }

    fn secret(
        &self,
        webhook: WebhookKey,
        now: Timestamp,
    ) -> Result<(WebhookSecret, StoredSecret), PortFailure> {
        let secret = WebhookSecret::generate(&*self.entropy)?;
        let id = WebhookSecretId::mint(now, &*self.entropy)?;
        let sealed = self.sealer.seal_webhook(WebhookSecretPlace { webhook, secret: id }, &secret)?;
        Ok((secret, StoredSecret { id, sealed }))
    }

    fn audit(
        &self,
        webhook: &WebhookKey,
        event: SecurityEvent,
        caller: &Caller,
        at: Timestamp,
    ) -> Result<AuditEvent, PortFailure> {
        Ok(AuditEvent::about_webhook(webhook, event, caller, at, &*self.entropy)?)
    }
}
