//! The contract of [`WebhookStore`](countersign_domain::webhooks::ports::WebhookStore).

use std::time::Duration;

use countersign_domain::audit::event::{AuditEvent, SecurityEvent};
use countersign_domain::identity::{Environment, OrganizationId, WebhookId};
use countersign_domain::keys::KeyPurpose;
use countersign_domain::webhooks::events::EventFilter;
use countersign_domain::webhooks::ports::{WebhookCreated, WebhookQuery};
use countersign_domain::webhooks::url::WebhookUrl;
use countersign_domain::webhooks::webhook::{
    Description, MOST_WEBHOOKS, StoredSecret, Webhook, WebhookChange, WebhookKey, WebhookStatus,
};

use super::{Case, Stores, case::cases};
use crate::build::{NOW, SEALING_KEY, event_about_webhook, stored_secret, webhook};
use crate::contention::{CONTENDERS, rounds, together};

/// The cases.
pub fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        a_webhook_is_found_as_it_was_made,
        pages_are_in_the_order_of_ids_and_miss_none,
        organizations_and_environments_never_see_each_other,
        a_change_touches_only_what_it_names,
        a_change_that_changes_nothing_has_no_event,
        a_rotated_secret_stays_for_its_time_and_only_one_does,
        the_keys_of_both_secrets_are_in_use,
        a_removed_webhook_is_gone,
        what_is_not_there_is_not_changed,
        an_event_whose_id_is_taken_undoes_everything,
        of_many_that_are_made_at_once_there_are_never_too_many,
        of_concurrent_changes_none_is_lost,
    ]
}

impl Stores {
    /// A webhook with the secret that it has.
    pub(super) async fn webhook(&self, webhook: Webhook) -> (Webhook, StoredSecret) {
        let secret = stored_secret();
        let created = self.webhooks.create(webhook.clone(), secret.clone(), made(&webhook.key)).await;
        assert_eq!(created.unwrap(), WebhookCreated::New);
        (webhook, secret)
    }

    async fn webhooks_of(&self, organization: OrganizationId, environment: Environment) -> Vec<Webhook> {
        let query = WebhookQuery { organization, environment, after: None, limit: 100 };
        self.webhooks.page(query).await.unwrap()
    }
}

fn made(key: &WebhookKey) -> AuditEvent {
    event_about_webhook(key, SecurityEvent::WebhookCreated { webhook: key.id }, NOW)
}

fn changed(key: &WebhookKey) -> AuditEvent {
    event_about_webhook(key, SecurityEvent::WebhookChanged { webhook: key.id, fields: vec!["url"] }, NOW)
}

fn rotated(key: &WebhookKey) -> AuditEvent {
    event_about_webhook(key, SecurityEvent::WebhookSecretRotated { webhook: key.id }, NOW)
}

fn removed(key: &WebhookKey) -> AuditEvent {
    event_about_webhook(key, SecurityEvent::WebhookRemoved { webhook: key.id }, NOW)
}

async fn a_webhook_is_found_as_it_was_made(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let plain = webhook(organization, Environment::Live);
    let full = Webhook {
        events: EventFilter::new(["two_factor.*".parse().unwrap(), "api_key.created".parse().unwrap()])
            .unwrap(),
        description: Some(Description::new("M\u{fc}ller & S\u{f6}hne \"%_\\").unwrap()),
        url: WebhookUrl::new("http://127.0.0.1:9000/?a=b%20c").unwrap(),
        ..webhook(organization, Environment::Test)
    };
    for made in [plain, full] {
        assert_eq!(stores.webhooks.find(&made.key).await.unwrap(), None);
        let (made, _) = stores.webhook(made).await;
        assert_eq!(stores.webhooks.find(&made.key).await.unwrap(), Some(made));
    }
    let happened = stores.happened(organization).await;
    assert_eq!(happened[happened.len() - 2..], ["webhook.created", "webhook.created"]);
}

async fn pages_are_in_the_order_of_ids_and_miss_none(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(stores.webhook(webhook(organization, Environment::Live)).await.0);
    }
    let page = async |after: Option<WebhookId>, limit| {
        let query = WebhookQuery { organization, environment: Environment::Live, after, limit };
        stores.webhooks.page(query).await.unwrap()
    };
    assert_eq!(page(None, 2).await, made[..2]);
    assert_eq!(page(Some(made[1].key.id), 2).await, made[2..4]);
    assert_eq!(page(Some(made[3].key.id), 2).await, made[4..]);
    assert_eq!(page(Some(made[4].key.id), 2).await, []);
}

async fn organizations_and_environments_never_see_each_other(stores: Stores) {
    let (one, two) = (stores.organization(1).await.id, stores.organization(2).await.id);
    let (made, _) = stores.webhook(webhook(one, Environment::Live)).await;
    for elsewhere in [
        WebhookKey { environment: Environment::Test, ..made.key },
        WebhookKey { organization: two, ..made.key },
    ] {
        assert_eq!(stores.webhooks.find(&elsewhere).await.unwrap(), None);
        assert_eq!(stores.webhooks_of(elsewhere.organization, elsewhere.environment).await, []);
        assert!(!stores.webhooks.remove(&elsewhere, removed(&elsewhere)).await.unwrap());
        let paused = WebhookChange { paused: Some(true), ..WebhookChange::default() };
        let answer = stores.webhooks.change(&elsewhere, paused, changed(&elsewhere)).await;
        assert_eq!(answer.unwrap(), None);
    }
    assert_eq!(stores.webhooks.find(&made.key).await.unwrap(), Some(made));
}

async fn a_change_touches_only_what_it_names(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let (mut expected, _) = stores.webhook(webhook(organization, Environment::Live)).await;
    let changes = [
        WebhookChange { url: WebhookUrl::new("https://new.example").ok(), ..WebhookChange::default() },
        WebhookChange { description: Some(Description::new("noted").ok()), ..WebhookChange::default() },
        WebhookChange { paused: Some(true), ..WebhookChange::default() },
        WebhookChange {
            events: EventFilter::new(["webhook.*".parse().unwrap()]).ok(),
            ..WebhookChange::default()
        },
        WebhookChange { paused: Some(false), description: Some(None), ..WebhookChange::default() },
    ];
    for change in changes {
        expected = change.applied_to(expected);
        let key = expected.key;
        let answer = stores.webhooks.change(&key, change, changed(&key)).await.unwrap();
        assert_eq!(answer.as_ref(), Some(&expected));
        assert_eq!(stores.webhooks.find(&key).await.unwrap().as_ref(), Some(&expected));
    }
    let events = stores.happened(organization).await;
    assert_eq!(events.iter().filter(|name| *name == "webhook.changed").count(), 5);
}

async fn a_change_that_changes_nothing_has_no_event(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let (made, _) = stores.webhook(webhook(organization, Environment::Live)).await;
    let trail = stores.trail(organization).await;
    let same = WebhookChange { paused: Some(false), ..WebhookChange::default() };
    for change in [WebhookChange::default(), same] {
        let answer = stores.webhooks.change(&made.key, change, changed(&made.key)).await.unwrap();
        assert_eq!(answer.as_ref(), Some(&made));
    }
    assert_eq!(stores.trail(organization).await, trail);
}

async fn a_rotated_secret_stays_for_its_time_and_only_one_does(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let (made, first) = stores.webhook(webhook(organization, Environment::Live)).await;
    let key = made.key;
    let until = NOW.saturating_add(Duration::from_hours(24));
    let (second, third) = (stored_secret(), stored_secret());
    assert!(stores.webhooks.rotate_secret(&key, second.clone(), until, rotated(&key)).await.unwrap());
    assert_eq!(stores.secrets(&key).await, vec![second.clone(), first]);
    let later = until.saturating_add(Duration::from_hours(1));
    assert!(stores.webhooks.rotate_secret(&key, third.clone(), later, rotated(&key)).await.unwrap());
    assert_eq!(stores.secrets(&key).await, vec![third.clone(), second]);
    assert_eq!(stores.webhooks.find(&key).await.unwrap().unwrap().old_secret_until, Some(later));

    assert_eq!(stores.deliveries.purge(NOW, later, 100).await.unwrap(), 0);
    assert_eq!(stores.secrets(&key).await, vec![third]);
    assert_eq!(stores.webhooks.find(&key).await.unwrap(), Some(made));
}

async fn the_keys_of_both_secrets_are_in_use(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let with_key = |number| {
        let secret = stored_secret();
        StoredSecret {
            sealed: countersign_domain::two_factor::secret::SealedSecret {
                key: countersign_domain::keys::KeyId(number),
                bytes: secret.sealed.bytes,
            },
            ..secret
        }
    };
    let (made, _) = stores.webhook(webhook(organization, Environment::Live)).await;
    let sealing = |number| (KeyPurpose::Sealing, countersign_domain::keys::KeyId(number));
    let first = (KeyPurpose::Sealing, SEALING_KEY);
    assert_eq!(stores.keys.keys_in_use().await.unwrap(), [first]);
    let mut before = first;
    for number in [70, 71] {
        let rotation = stores.webhooks.rotate_secret(&made.key, with_key(number), NOW, rotated(&made.key));
        assert!(rotation.await.unwrap());
        let mut in_use = stores.keys.keys_in_use().await.unwrap();
        in_use.sort_unstable();
        let mut expected = [before, sealing(number)];
        expected.sort_unstable();
        assert_eq!(in_use, expected);
        before = sealing(number);
    }
}

async fn a_removed_webhook_is_gone(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let (made, _) = stores.webhook(webhook(organization, Environment::Live)).await;
    assert!(stores.webhooks.remove(&made.key, removed(&made.key)).await.unwrap());
    assert_eq!(stores.webhooks.find(&made.key).await.unwrap(), None);
    assert_eq!(stores.keys.keys_in_use().await.unwrap(), []);
    assert_eq!(stores.deliveries.due(NOW, 10).await.unwrap(), []);
    assert!(!stores.webhooks.remove(&made.key, removed(&made.key)).await.unwrap());
    assert_eq!(stores.happened(organization).await.last().unwrap(), "webhook.removed");
}

async fn what_is_not_there_is_not_changed(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let key = webhook(organization, Environment::Live).key;
    let paused = WebhookChange { paused: Some(true), ..WebhookChange::default() };
    assert_eq!(stores.webhooks.change(&key, paused, changed(&key)).await.unwrap(), None);
    assert!(!stores.webhooks.rotate_secret(&key, stored_secret(), NOW, rotated(&key)).await.unwrap());
    assert!(!stores.webhooks.remove(&key, removed(&key)).await.unwrap());
    assert_eq!(stores.happened(organization).await, ["organization.created"]);
}

async fn an_event_whose_id_is_taken_undoes_everything(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let (kept, secret) = stores.webhook(webhook(organization, Environment::Live)).await;
    let key = kept.key;
    let new = webhook(organization, Environment::Live);
    let taken = stores.taken(made(&new.key)).await;
    assert!(stores.webhooks.create(new.clone(), stored_secret(), taken.clone()).await.is_err());
    assert_eq!(stores.webhooks.find(&new.key).await.unwrap(), None);
    let paused = WebhookChange { paused: Some(true), ..WebhookChange::default() };
    assert!(stores.webhooks.change(&key, paused, taken.clone()).await.is_err());
    assert!(stores.webhooks.rotate_secret(&key, stored_secret(), NOW, taken.clone()).await.is_err());
    assert!(stores.webhooks.remove(&key, taken).await.is_err());
    assert_eq!(stores.webhooks.find(&key).await.unwrap(), Some(kept));
    assert_eq!(stores.secrets(&key).await, vec![secret]);
}

async fn of_many_that_are_made_at_once_there_are_never_too_many(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let created = together(CONTENDERS, |_| {
        let (webhooks, new) = (stores.webhooks.clone(), webhook(organization, Environment::Live));
        async move {
            let audit = made(&new.key);
            webhooks.create(new, stored_secret(), audit).await.unwrap()
        }
    })
    .await;
    let most = usize::from(MOST_WEBHOOKS);
    assert_eq!(created.iter().filter(|outcome| **outcome == WebhookCreated::New).count(), most);
    let there = stores.webhooks_of(organization, Environment::Live).await;
    assert_eq!(there.len(), most);
    // The other environment has room of its own, and a place that is left can be taken again.
    let _ = stores.webhook(webhook(organization, Environment::Test)).await;
    assert!(stores.webhooks.remove(&there[3].key, removed(&there[3].key)).await.unwrap());
    let _ = stores.webhook(webhook(organization, Environment::Live)).await;
}

async fn of_concurrent_changes_none_is_lost(stores: Stores) {
    let organization = stores.organization(1).await.id;
    for _ in 0..rounds() {
        let (made, _) = stores.webhook(webhook(organization, Environment::Live)).await;
        let key = made.key;
        let _ = together(CONTENDERS, |number| {
            let webhooks = stores.webhooks.clone();
            let change = match number % 3 {
                0 => WebhookChange { paused: Some(true), ..WebhookChange::default() },
                1 => WebhookChange {
                    url: WebhookUrl::new("https://new.example").ok(),
                    ..WebhookChange::default()
                },
                _ => WebhookChange {
                    description: Some(Description::new("new").ok()),
                    ..WebhookChange::default()
                },
            };
            async move { webhooks.change(&key, change, changed(&key)).await.unwrap() }
        })
        .await;
        let left = stores.webhooks.find(&key).await.unwrap().unwrap();
        let all = (left.status, left.url.as_str(), left.description.is_some());
        assert_eq!(all, (WebhookStatus::Paused, "https://new.example", true));
        assert!(stores.webhooks.remove(&key, removed(&key)).await.unwrap());
    }
}
