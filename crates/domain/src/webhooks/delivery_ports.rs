//! Where deliveries wait, and what sends them.

use async_trait::async_trait;

use super::delivery::{AttemptOutcome, Delivery, DeliveryKey, DeliveryState, TriedDelivery};
use super::secret::WebhookSecret;
use super::url::WebhookUrl;
use super::webhook::{StoredSecrets, WebhookKey};
use crate::audit::event::AuditEvent;
use crate::audit::ports::AuditRecord;
use crate::failure::PortFailure;
use crate::identity::{AuditEventId, OrganizationId};
use crate::time::Timestamp;

/// The outbox: deliveries, from the transaction of their event until they are in the log.
///
/// Duty: every method is atomic. A delivery that was queued is claimed until it is settled as delivered or abandoned, however
/// many processes end in the middle: at least once. Of concurrent claims of one delivery at most one holds, until its lease
/// ends.
#[async_trait]
pub trait DeliveryStore: Send + Sync {
    /// The deliveries of a webhook that `query` asks for, the newest first.
    async fn page(&self, query: DeliveryQuery) -> Result<Vec<Delivery>, PortFailure>;

    /// Appends `event` to the trail and queues it for this webhook alone, whatever that is told of otherwise; `false` when
    /// there is no such webhook.
    async fn queue(&self, webhook: &WebhookKey, event: AuditEvent) -> Result<bool, PortFailure>;

    /// Queues again what was delivered or abandoned.
    async fn requeue(&self, delivery: &DeliveryKey, now: Timestamp) -> Result<Requeued, PortFailure>;

    /// Up to `limit` webhooks that have a delivery which is due at `now`, those that wait longest first, so that none waits for
    /// ever behind others.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<WebhookKey>, PortFailure>;

    /// Claims one delivery of the webhook that is due at `now` until `lease_end`; `None` when there is none, or others
    /// were faster.
    async fn claim(
        &self,
        webhook: &WebhookKey,
        now: Timestamp,
        lease_end: Timestamp,
    ) -> Result<Option<ClaimedDelivery>, PortFailure>;

    /// Stores how an attempt ended, if its claim was not taken over: `false` if it was. A webhook whose delivery was
    /// abandoned becomes failing if it was active, with its event; one whose delivery succeeded is failing no more.
    async fn settle(&self, settlement: Settlement) -> Result<bool, PortFailure>;

    /// Removes deliveries that were queued before `before`, at most `limit` of them, and old secrets that sign no more at
    /// `now`; tells how many deliveries. It is atomic for each organization, and not over all of them.
    async fn purge(&self, before: Timestamp, now: Timestamp, limit: u32) -> Result<u32, PortFailure>;
}

/// Which deliveries of a webhook.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeliveryQuery {
    /// To whom.
    pub webhook: WebhookKey,
    /// Only those of events before this one.
    pub before: Option<AuditEventId>,
    /// At most this many.
    pub limit: u32,
}

/// The outcome of [`DeliveryStore::requeue`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Requeued {
    /// It is due.
    Queued,
    /// It is still on its way.
    Pending,
    /// There is no such delivery.
    Unknown,
}

/// A delivery, to be tried by whoever claimed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClaimedDelivery {
    /// Which.
    pub key: DeliveryKey,
    /// The number of this attempt, from 1 on; it names the claim.
    pub attempt: u32,
    /// What decides on its further life.
    pub tried: TriedDelivery,
    /// Where it goes.
    pub url: WebhookUrl,
    /// What it is signed with.
    pub secrets: StoredSecrets,
    /// What it tells.
    pub record: AuditRecord,
}

/// How an attempt ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settlement {
    /// Of which delivery.
    pub delivery: DeliveryKey,
    /// Under which claim.
    pub attempt: u32,
    /// When.
    pub at: Timestamp,
    /// How.
    pub outcome: AttemptOutcome,
    /// What becomes of the delivery.
    pub state: DeliveryState,
    /// What the trail says if this makes the webhook failing.
    pub failing: AuditEvent,
}

/// What is sent.
#[derive(Debug)]
pub struct Message {
    /// Where to.
    pub url: WebhookUrl,
    /// What to sign with: the present secret, and the old one while it signs.
    pub secrets: Vec<WebhookSecret>,
    /// Whose event.
    pub organization: OrganizationId,
    /// The event.
    pub record: AuditRecord,
}

/// Sends messages.
///
/// Duty: one attempt over HTTP within bounded time, to an address that was checked for this very attempt. Whatever the receiver
/// does is an outcome, never an error. Nothing of its answer but the status is kept.
#[async_trait]
pub trait WebhookSender: Send + Sync {
    /// Sends one message.
    async fn send(&self, message: Message) -> AttemptOutcome;
}
