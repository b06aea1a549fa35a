//! The contract of [`SealedRows`](countersign_domain::keys::reseal::SealedRows) for the secrets of webhooks.

use std::time::Duration;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::identity::Environment;
use countersign_domain::keys::KeyId;
use countersign_domain::keys::reseal::{Exchange, Exchanged, SealedRow};
use countersign_domain::two_factor::secret::SealedSecret;
use countersign_domain::webhooks::ports::WebhookSecretPlace;
use countersign_domain::webhooks::webhook::{StoredSecret, Webhook, WebhookKey};

use super::{Case, Stores, case::cases};
use crate::build::{NOW, SEALING_KEY, event_about_webhook, stored_secret, webhook};
use crate::contention::{CONTENDERS, rounds, together};

const NEW_KEY: KeyId = KeyId(SEALING_KEY.0 + 1);

/// The cases. They begin with no organization.
pub fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        both_secrets_of_webhooks_come_in_order_page_by_page,
        an_exchange_changes_the_secret_and_nothing_else,
        a_secret_that_was_rotated_meanwhile_is_exchanged_where_it_is,
        what_is_not_the_old_value_is_left_alone,
        a_removed_webhook_does_not_come_back,
        of_many_exchanges_of_one_value_exactly_one_is_done,
    ]
}

fn new(text: &str) -> SealedSecret {
    SealedSecret { key: NEW_KEY, bytes: text.as_bytes().to_vec() }
}

fn row(webhook: &WebhookKey, secret: &StoredSecret) -> SealedRow<WebhookSecretPlace> {
    let place = WebhookSecretPlace { webhook: *webhook, secret: secret.id };
    SealedRow { place, sealed: secret.sealed.clone() }
}

impl Stores {
    async fn a_webhook(&self) -> (Webhook, StoredSecret) {
        let organization = self.organization(1).await.id;
        self.webhook(webhook(organization, Environment::Live)).await
    }

    async fn rotate(&self, key: &WebhookKey) -> StoredSecret {
        let (secret, until) = (stored_secret(), NOW.saturating_add(Duration::from_hours(24)));
        let audit = event_about_webhook(key, SecurityEvent::WebhookSecretRotated { webhook: key.id }, NOW);
        assert!(self.webhooks.rotate_secret(key, secret.clone(), until, audit).await.unwrap());
        secret
    }

    async fn exchange_webhook(&self, row: &SealedRow<WebhookSecretPlace>, new: SealedSecret) -> Exchanged {
        let exchange = Exchange { place: row.place, old: row.sealed.clone(), new };
        self.sealed_webhooks.exchange(vec![exchange]).await.unwrap()[0]
    }
}

async fn both_secrets_of_webhooks_come_in_order_page_by_page(stores: Stores) {
    let mut expected = Vec::new();
    for number in [1, 2] {
        let organization = stores.organization(number).await.id;
        let (live, first) = stores.webhook(webhook(organization, Environment::Live)).await;
        let (test, second) = stores.webhook(webhook(organization, Environment::Test)).await;
        let third = stores.rotate(&live.key).await;
        expected.extend([row(&live.key, &first), row(&test.key, &second), row(&live.key, &third)]);
    }
    for limit in [1, 2, 5, 500] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = stores.sealed_webhooks.sealed_with(SEALING_KEY, after, limit).await.unwrap();
            assert!(page.len() <= limit.try_into().unwrap());
            let Some(last) = page.last() else { break };
            after = Some(last.place);
            found.extend(page);
        }
        assert_eq!(found, expected, "pages of {limit}");
    }
    assert_eq!(stores.sealed_webhooks.sealed_with(NEW_KEY, None, 500).await.unwrap(), []);
}

async fn an_exchange_changes_the_secret_and_nothing_else(stores: Stores) {
    let (made, first) = stores.a_webhook().await;
    let second = stores.rotate(&made.key).await;
    let before = stores.webhooks.find(&made.key).await.unwrap();
    let happened = stores.happened(made.key.organization).await;
    assert_eq!(stores.exchange_webhook(&row(&made.key, &second), new("2")).await, Exchanged::Done);
    assert_eq!(stores.exchange_webhook(&row(&made.key, &first), new("1")).await, Exchanged::Done);
    assert_eq!(stores.webhooks.find(&made.key).await.unwrap(), before);
    assert_eq!(stores.happened(made.key.organization).await, happened);
    let second = StoredSecret { sealed: new("2"), ..second };
    assert_eq!(stores.secrets(&made.key).await, [second, StoredSecret { sealed: new("1"), ..first }]);
}

async fn a_secret_that_was_rotated_meanwhile_is_exchanged_where_it_is(stores: Stores) {
    let (made, first) = stores.a_webhook().await;
    let found = row(&made.key, &first);
    let second = stores.rotate(&made.key).await;
    assert_eq!(stores.exchange_webhook(&found, new("1")).await, Exchanged::Done);
    assert_eq!(stores.secrets(&made.key).await, [second, StoredSecret { sealed: new("1"), ..first }]);
}

async fn what_is_not_the_old_value_is_left_alone(stores: Stores) {
    let (made, first) = stores.a_webhook().await;
    let there = row(&made.key, &first);
    let other_bytes = SealedSecret { bytes: vec![1], ..first.sealed.clone() };
    let other_key = SealedSecret { key: NEW_KEY, ..first.sealed.clone() };
    let other_secret = WebhookSecretPlace { secret: stored_secret().id, ..there.place };
    let elsewhere = WebhookKey { environment: Environment::Test, ..made.key };
    for wrong in [
        SealedRow { sealed: other_bytes, ..there.clone() },
        SealedRow { sealed: other_key, ..there.clone() },
        SealedRow { place: other_secret, ..there.clone() },
        row(&elsewhere, &first),
    ] {
        assert_eq!(stores.exchange_webhook(&wrong, new("1")).await, Exchanged::Lost);
    }
    assert_eq!(stores.secrets(&made.key).await, [first]);
}

async fn a_removed_webhook_does_not_come_back(stores: Stores) {
    let (made, first) = stores.a_webhook().await;
    let audit = event_about_webhook(&made.key, SecurityEvent::WebhookRemoved { webhook: made.key.id }, NOW);
    assert!(stores.webhooks.remove(&made.key, audit).await.unwrap());
    assert_eq!(stores.exchange_webhook(&row(&made.key, &first), new("1")).await, Exchanged::Lost);
    assert_eq!(stores.webhooks.find(&made.key).await.unwrap(), None);
}

async fn of_many_exchanges_of_one_value_exactly_one_is_done(stores: Stores) {
    let (made, mut present) = stores.a_webhook().await;
    for round in 0..rounds() {
        let there = row(&made.key, &present);
        let outcomes = together(CONTENDERS, |number| {
            let (stores, there) = (stores.clone(), there.clone());
            let value = new(&format!("{round}-{number}"));
            async move { (stores.exchange_webhook(&there, value.clone()).await, value) }
        })
        .await;
        let done: Vec<_> = outcomes.into_iter().filter(|(outcome, _)| *outcome == Exchanged::Done).collect();
        assert_eq!(done.len(), 1);
        present.sealed = done[0].1.clone();
        assert_eq!(stores.secrets(&made.key).await, [present.clone()]);
    }
}
