use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_domain::audit::event::AuditEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::AuditEventId;
use countersign_domain::keys::reseal::{Exchange, Exchanged, SealedRow, SealedRows};
use countersign_domain::keys::{KeyId, KeyPurpose};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::secret::SealedSecret;
use countersign_domain::webhooks::delivery::{
    Delivery, DeliveryKey, DeliveryState, LastAttempt, TriedDelivery,
};
use countersign_domain::webhooks::delivery_ports::{
    ClaimedDelivery, DeliveryQuery, DeliveryStore, Requeued, Settlement,
};
use countersign_domain::webhooks::ports::{WebhookCreated, WebhookQuery, WebhookSecretPlace, WebhookStore};
use countersign_domain::webhooks::webhook::{
    MOST_WEBHOOKS, StoredSecret, StoredSecrets, Webhook, WebhookChange, WebhookKey, WebhookStatus,
};

use super::audit::{MemoryAudit, record};

/// Webhooks and their deliveries in memory; the outbox is kept by the [`MemoryAudit`] whose events it holds.
#[derive(Debug)]
pub struct MemoryWebhooks {
    audit: Arc<MemoryAudit>,
    tables: Arc<Mutex<Outbox>>,
}

#[derive(Default, Debug)]
pub(super) struct Outbox {
    webhooks: BTreeMap<WebhookKey, (Webhook, StoredSecrets)>,
    deliveries: BTreeMap<DeliveryKey, Delivery>,
}

impl Outbox {
    /// Puts an event on the way to every webhook that wants it.
    pub(super) fn fan_out(&mut self, event: &AuditEvent) {
        let wants = |webhook: &&Webhook| {
            webhook.key.organization == event.organization
                && webhook.wants(event.environment, event.event.name())
        };
        let told = self.webhooks.values().map(|(webhook, _)| webhook).filter(wants);
        let told: Vec<_> = told.map(|webhook| webhook.key).collect();
        for webhook in told {
            self.put(webhook, event);
        }
    }

    fn put(&mut self, webhook: WebhookKey, event: &AuditEvent) {
        let delivery = Delivery {
            event: event.id,
            name: event.event.name().to_owned(),
            queued_at: event.at,
            attempts: 0,
            last: None,
            state: DeliveryState::Pending { next_attempt_at: event.at },
        };
        self.deliveries.insert(DeliveryKey { webhook, event: event.id }, delivery);
    }

    fn due(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, DeliveryKey)> {
        self.deliveries.iter().filter_map(move |(key, delivery)| match delivery.state {
            DeliveryState::Pending { next_attempt_at } if next_attempt_at <= now => {
                let paused = self.webhooks[&key.webhook].0.status == WebhookStatus::Paused;
                (!paused).then_some((next_attempt_at, *key))
            }
            _ => None,
        })
    }

    fn turn(&mut self, webhook: &WebhookKey, from: WebhookStatus, to: WebhookStatus) -> bool {
        let status = &mut self.webhooks.get_mut(webhook).unwrap().0.status;
        let turned = *status == from;
        if turned {
            *status = to;
        }
        turned
    }
}

impl MemoryWebhooks {
    /// No webhooks yet, over the events of `audit`.
    pub fn new(audit: Arc<MemoryAudit>) -> Self {
        Self { tables: audit.outbox(), audit }
    }

    pub(super) fn keys_in_use(&self) -> Vec<(KeyPurpose, KeyId)> {
        let tables = self.tables.lock().unwrap();
        let secrets = tables.webhooks.values().map(|(_, secrets)| secrets.clone());
        let all = secrets.flat_map(|secrets| [Some(secrets.current), secrets.old.map(|(secret, _)| secret)]);
        all.flatten().map(|secret| (KeyPurpose::Sealing, secret.sealed.key)).collect()
    }

    fn change_row<T>(
        &self,
        webhook: &WebhookKey,
        audit: AuditEvent,
        change: impl FnOnce(&mut Outbox) -> T,
    ) -> Result<Option<T>, PortFailure> {
        self.audit.commit_in_outbox(audit, |outbox, event| {
            let changed = outbox.webhooks.contains_key(webhook).then(|| change(outbox))?;
            outbox.fan_out(event);
            Some(changed)
        })
    }
}

#[async_trait]
impl WebhookStore for MemoryWebhooks {
    async fn create(
        &self,
        webhook: Webhook,
        secret: StoredSecret,
        audit: AuditEvent,
    ) -> Result<WebhookCreated, PortFailure> {
        let secrets = StoredSecrets { current: secret, old: None };
        let place = |key: &WebhookKey| (key.organization, key.environment);
        let created = self.audit.commit_in_outbox(audit, |outbox, event| {
            let there = outbox.webhooks.keys().filter(|key| place(key) == place(&webhook.key)).count();
            (there < MOST_WEBHOOKS.into()).then(|| {
                outbox.webhooks.insert(webhook.key, (webhook, secrets));
                outbox.fan_out(event);
            })
        })?;
        Ok(created.map_or(WebhookCreated::TooMany, |()| WebhookCreated::New))
    }

    async fn find(&self, webhook: &WebhookKey) -> Result<Option<Webhook>, PortFailure> {
        Ok(self.tables.lock().unwrap().webhooks.get(webhook).map(|(webhook, _)| webhook.clone()))
    }

    async fn page(&self, query: WebhookQuery) -> Result<Vec<Webhook>, PortFailure> {
        let tables = self.tables.lock().unwrap();
        let wanted = |webhook: &&Webhook| {
            let key = webhook.key;
            (key.organization, key.environment) == (query.organization, query.environment)
                && Some(key.id) > query.after
        };
        let found = tables.webhooks.values().map(|(webhook, _)| webhook).filter(wanted);
        Ok(found.take(query.limit.try_into().unwrap()).cloned().collect())
    }

    async fn change(
        &self,
        webhook: &WebhookKey,
        change: WebhookChange,
        audit: AuditEvent,
    ) -> Result<Option<Webhook>, PortFailure> {
        let Some(old) = self.find(webhook).await? else { return Ok(None) };
        if change.applied_to(old.clone()) == old {
            return Ok(Some(old));
        }
        self.change_row(webhook, audit, |outbox| {
            let (row, _) = outbox.webhooks.get_mut(webhook).unwrap();
            *row = change.applied_to(row.clone());
            row.clone()
        })
    }

    async fn rotate_secret(
        &self,
        webhook: &WebhookKey,
        secret: StoredSecret,
        old_until: Timestamp,
        audit: AuditEvent,
    ) -> Result<bool, PortFailure> {
        let rotated = self.change_row(webhook, audit, |outbox| {
            let (row, secrets) = outbox.webhooks.get_mut(webhook).unwrap();
            let old = std::mem::replace(&mut secrets.current, secret);
            (secrets.old, row.old_secret_until) = (Some((old, old_until)), Some(old_until));
        })?;
        Ok(rotated.is_some())
    }

    async fn remove(&self, webhook: &WebhookKey, audit: AuditEvent) -> Result<bool, PortFailure> {
        let removed = self.change_row(webhook, audit, |outbox| {
            outbox.webhooks.remove(webhook);
            outbox.deliveries.retain(|key, _| key.webhook != *webhook);
        })?;
        Ok(removed.is_some())
    }
}

#[async_trait]
impl DeliveryStore for MemoryWebhooks {
    async fn page(&self, query: DeliveryQuery) -> Result<Vec<Delivery>, PortFailure> {
        let tables = self.tables.lock().unwrap();
        let before = |event: AuditEventId| query.before.is_none_or(|before| event < before);
        let log = tables.deliveries.iter().rev();
        let found = log.filter(|(key, _)| key.webhook == query.webhook && before(key.event));
        Ok(found.take(query.limit.try_into().unwrap()).map(|(_, delivery)| delivery.clone()).collect())
    }

    async fn queue(&self, webhook: &WebhookKey, event: AuditEvent) -> Result<bool, PortFailure> {
        let queued = self.audit.commit_in_outbox(event, |outbox, event| {
            outbox.webhooks.contains_key(webhook).then(|| outbox.put(*webhook, event))
        })?;
        Ok(queued.is_some())
    }

    async fn requeue(&self, delivery: &DeliveryKey, now: Timestamp) -> Result<Requeued, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        let Some(found) = tables.deliveries.get_mut(delivery) else { return Ok(Requeued::Unknown) };
        if matches!(found.state, DeliveryState::Pending { .. }) {
            return Ok(Requeued::Pending);
        }
        (found.queued_at, found.state) = (now, DeliveryState::Pending { next_attempt_at: now });
        Ok(Requeued::Queued)
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<WebhookKey>, PortFailure> {
        let mut waiting: Vec<_> = self.tables.lock().unwrap().due(now).collect();
        waiting.sort_unstable();
        let mut due: Vec<WebhookKey> = Vec::new();
        for (_, delivery) in waiting {
            if !due.contains(&delivery.webhook) {
                due.push(delivery.webhook);
            }
        }
        due.truncate(limit.try_into().unwrap());
        Ok(due)
    }

    async fn claim(
        &self,
        webhook: &WebhookKey,
        now: Timestamp,
        lease_end: Timestamp,
    ) -> Result<Option<ClaimedDelivery>, PortFailure> {
        let events = self.audit.events.lock().unwrap();
        let mut tables = self.tables.lock().unwrap();
        let Some((_, key)) = tables.due(now).filter(|(_, key)| key.webhook == *webhook).min() else {
            return Ok(None);
        };
        let (found, secrets) = tables.webhooks[webhook].clone();
        let delivery = tables.deliveries.get_mut(&key).unwrap();
        delivery.attempts += 1;
        delivery.state = DeliveryState::Pending { next_attempt_at: lease_end };
        let (attempt, tried) = (delivery.attempts, TriedDelivery { queued_at: delivery.queued_at });
        let record = record(events.iter().find(|event| event.id == key.event).unwrap().clone());
        Ok(Some(ClaimedDelivery { key, attempt, tried, url: found.url, secrets, record }))
    }

    async fn settle(&self, settlement: Settlement) -> Result<bool, PortFailure> {
        let failing = {
            let mut tables = self.tables.lock().unwrap();
            let webhook = settlement.delivery.webhook;
            let Some(delivery) = tables.deliveries.get_mut(&settlement.delivery) else { return Ok(false) };
            let claimed = matches!(delivery.state, DeliveryState::Pending { .. });
            if !claimed || delivery.attempts != settlement.attempt {
                return Ok(false);
            }
            delivery.last = Some(LastAttempt { at: settlement.at, outcome: settlement.outcome });
            delivery.state = settlement.state;
            match settlement.state {
                DeliveryState::Pending { .. } => false,
                DeliveryState::Delivered => {
                    tables.turn(&webhook, WebhookStatus::Failing, WebhookStatus::Active);
                    false
                }
                DeliveryState::Abandoned => {
                    tables.turn(&webhook, WebhookStatus::Active, WebhookStatus::Failing)
                }
            }
        };
        if failing {
            self.audit.commit(settlement.failing, || ())?;
        }
        Ok(true)
    }

    async fn purge(&self, before: Timestamp, now: Timestamp, limit: u32) -> Result<u32, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        for (webhook, secrets) in tables.webhooks.values_mut() {
            if webhook.old_secret_until.is_some_and(|until| until <= now) {
                (webhook.old_secret_until, secrets.old) = (None, None);
            }
        }
        let old = tables.deliveries.iter().filter(|(_, delivery)| delivery.queued_at < before);
        let old: Vec<_> = old.map(|(key, _)| *key).take(limit.try_into().unwrap()).collect();
        for key in &old {
            tables.deliveries.remove(key);
        }
        Ok(old.len().try_into().unwrap())
    }
}

impl Outbox {
    fn sealed(&mut self) -> impl Iterator<Item = (WebhookSecretPlace, &mut SealedSecret)> {
        self.webhooks.iter_mut().flat_map(|(key, (_, secrets))| {
            let StoredSecrets { current, old } = secrets;
            let all = std::iter::once(current).chain(old.as_mut().map(|(secret, _)| secret));
            all.map(|secret| (WebhookSecretPlace { webhook: *key, secret: secret.id }, &mut secret.sealed))
        })
    }

    fn exchange(&mut self, exchange: Exchange<WebhookSecretPlace>) -> Exchanged {
        let Exchange { place, old, new } = exchange;
        match self.sealed().find(|(there, sealed)| *there == place && **sealed == old) {
            Some((_, sealed)) => {
                *sealed = new;
                Exchanged::Done
            }
            None => Exchanged::Lost,
        }
    }
}

#[async_trait]
impl SealedRows<WebhookSecretPlace> for MemoryWebhooks {
    async fn sealed_with(
        &self,
        key: KeyId,
        after: Option<WebhookSecretPlace>,
        limit: u32,
    ) -> Result<Vec<SealedRow<WebhookSecretPlace>>, PortFailure> {
        let order = |place: &WebhookSecretPlace| (place.webhook.organization, place.secret);
        let mut tables = self.tables.lock().unwrap();
        let rows = tables.sealed().filter(|(_, sealed)| sealed.key == key);
        let mut rows: Vec<_> =
            rows.map(|(place, sealed)| SealedRow { place, sealed: sealed.clone() }).collect();
        rows.retain(|row| after.as_ref().is_none_or(|after| order(&row.place) > order(after)));
        rows.sort_by_key(|row| order(&row.place));
        rows.truncate(limit.try_into().unwrap());
        Ok(rows)
    }

    async fn exchange(
        &self,
        exchanges: Vec<Exchange<WebhookSecretPlace>>,
    ) -> Result<Vec<Exchanged>, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        Ok(exchanges.into_iter().map(|exchange| tables.exchange(exchange)).collect())
    }
}
