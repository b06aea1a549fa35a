//! Deliver what waits.

use std::sync::Arc;
use std::time::Duration;

use super::delivery::{AttemptOutcome, DeliveryState};
use super::delivery_ports::{ClaimedDelivery, DeliveryStore, Message, Settlement, WebhookSender};
use super::ports::{WebhookSealer, WebhookSecretPlace};
use super::webhook::{StoredSecret, WebhookKey};
use crate::audit::event::{AuditEvent, Caller, SecurityEvent};
use crate::entropy::Entropy;
use crate::failure::PortFailure;
use crate::time::Clock;

/// How long a claim holds: several times what an attempt may take.
const LEASE: Duration = Duration::from_mins(1);

/// The use case.
pub struct DeliverWebhooks {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for jitter and ids.
    pub entropy: Arc<dyn Entropy>,
    /// The outbox.
    pub deliveries: Arc<dyn DeliveryStore>,
    /// Opens the signing secrets.
    pub sealer: Arc<dyn WebhookSealer>,
    /// Sends.
    pub sender: Arc<dyn WebhookSender>,
}

impl DeliverWebhooks {
    /// Up to `limit` webhooks for which something is due.
    pub async fn due(&self, limit: u32) -> Result<Vec<WebhookKey>, PortFailure> {
        self.deliveries.due(self.clock.now(), limit).await
    }

    /// Tries one delivery to a webhook that is due, and stores how that ended; `None` when none was due any more.
    ///
    /// When a secret cannot be opened, or the outcome cannot be stored, the claim ends with its lease and the delivery is
    /// tried again: a receiver may see it twice, and knows it by its id.
    pub async fn one(
        &self,
        webhook: &WebhookKey,
    ) -> Result<Option<(AttemptOutcome, DeliveryState)>, PortFailure> {
        let now = self.clock.now();
        let claimed = self.deliveries.claim(webhook, now, now.saturating_add(LEASE)).await?;
        let Some(claimed) = claimed else { return Ok(None) };
        let outcome = self.sender.send(self.message(&claimed)?).await;
        let settlement = self.settlement(&claimed, outcome)?;
        let state = settlement.state;
        self.deliveries.settle(settlement).await?;
        Ok(Some((outcome, state)))
    }

    fn message(&self, claimed: &ClaimedDelivery) -> Result<Message, PortFailure> {
        let webhook = claimed.key.webhook;
        let open = |stored: &StoredSecret| {
            self.sealer.open_webhook(WebhookSecretPlace { webhook, secret: stored.id }, &stored.sealed)
        };
        let secrets = claimed.secrets.signing(self.clock.now()).map(open).collect::<Result<_, _>>()?;
        let (url, record) = (claimed.url.clone(), claimed.record.clone());
        Ok(Message { url, secrets, organization: webhook.organization, record })
    }

    fn settlement(
        &self,
        claimed: &ClaimedDelivery,
        outcome: AttemptOutcome,
    ) -> Result<Settlement, PortFailure> {
        let (at, webhook) = (self.clock.now(), claimed.key.webhook);
        let mut random = [0; 2];
        self.entropy.fill(&mut random)?;
        let state = claimed.tried.conclude(outcome, at, u16::from_be_bytes(random));
        let event = SecurityEvent::WebhookFailing { webhook: webhook.id };
        let failing = AuditEvent::about_webhook(&webhook, event, &Caller::SERVICE, at, &*self.entropy)?;
        Ok(Settlement { delivery: claimed.key, attempt: claimed.attempt, at, outcome, state, failing })
    }
}
