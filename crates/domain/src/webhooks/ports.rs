//! Where webhooks and their secrets are kept.

use async_trait::async_trait;

use super::secret::WebhookSecret;
use super::webhook::{StoredSecret, Webhook, WebhookChange, WebhookKey};
use crate::audit::event::AuditEvent;
use crate::failure::PortFailure;
use crate::identity::{Environment, OrganizationId, WebhookId, WebhookSecretId};
use crate::time::Timestamp;
use crate::two_factor::secret::SealedSecret;

/// Keeps webhooks.
///
/// Duty: every method is atomic, and a change and its audit event are one transaction. Environments never see each other.
///
/// Whatever else appends an audit event puts it on the way to every webhook that [wants](Webhook::wants) it, in the same
/// transaction; of concurrent changes of the webhook, the event is told by the rules before or after each.
#[async_trait]
pub trait WebhookStore: Send + Sync {
    /// Stores a new webhook, unless the organization has [`super::webhook::MOST_WEBHOOKS`] in this environment. However
    /// many are made at the same time, there are never more.
    async fn create(
        &self,
        webhook: Webhook,
        secret: StoredSecret,
        audit: AuditEvent,
    ) -> Result<WebhookCreated, PortFailure>;

    /// One webhook.
    async fn find(&self, webhook: &WebhookKey) -> Result<Option<Webhook>, PortFailure>;

    /// Those that `query` asks for, in ascending order of their ids.
    async fn page(&self, query: WebhookQuery) -> Result<Vec<Webhook>, PortFailure>;

    /// Changes fields; tells the webhook afterwards. Of concurrent changes none is lost. `None` when there is no such
    /// webhook.
    async fn change(
        &self,
        webhook: &WebhookKey,
        change: WebhookChange,
        audit: AuditEvent,
    ) -> Result<Option<Webhook>, PortFailure>;

    /// Makes `secret` the present one, and the one before it the old one until `old_until`. One that was old already is
    /// forgotten. `false` when there is no such webhook.
    async fn rotate_secret(
        &self,
        webhook: &WebhookKey,
        secret: StoredSecret,
        old_until: Timestamp,
        audit: AuditEvent,
    ) -> Result<bool, PortFailure>;

    /// Removes a webhook with its secrets; `false` when there is none. From then on its deliveries are neither due nor shown;
    /// their rows may stay until they are old, because there may be very many of them.
    async fn remove(&self, webhook: &WebhookKey, audit: AuditEvent) -> Result<bool, PortFailure>;
}

/// The outcome of [`WebhookStore::create`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum WebhookCreated {
    /// It is stored.
    New,
    /// There are as many as there may be.
    TooMany,
}

/// Which webhooks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WebhookQuery {
    /// Whose.
    pub organization: OrganizationId,
    /// In which environment.
    pub environment: Environment,
    /// Only those that come after this id.
    pub after: Option<WebhookId>,
    /// At most this many.
    pub limit: u32,
}

/// Where a sealed secret belongs; it opens nowhere else.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WebhookSecretPlace {
    /// Whose secret.
    pub webhook: WebhookKey,
    /// Which one.
    pub secret: WebhookSecretId,
}

/// Seals the secrets of webhooks.
///
/// Duty: that of [`SecretSealer`](crate::two_factor::ports::SecretSealer), with the same keys for another purpose: nothing
/// that was sealed as one kind opens as the other.
pub trait WebhookSealer: Send + Sync {
    /// Seals with the present key.
    fn seal_webhook(
        &self,
        place: WebhookSecretPlace,
        secret: &WebhookSecret,
    ) -> Result<SealedSecret, PortFailure>;

    /// Opens with the key that the value names.
    fn open_webhook(
        &self,
        place: WebhookSecretPlace,
        sealed: &SealedSecret,
    ) -> Result<WebhookSecret, PortFailure>;
}
