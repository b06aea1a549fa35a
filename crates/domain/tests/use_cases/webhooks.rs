//! Webhooks: making them, and delivering what happens.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::audit::ports::AuditLog as _;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{AuditEventId, Environment};
use countersign_domain::keys::KeyId;
use countersign_domain::time::Clock as _;
use countersign_domain::webhooks::address::{AddressPolicy, UrlRefusal};
use countersign_domain::webhooks::deliver::DeliverWebhooks;
use countersign_domain::webhooks::delivery::{
    AttemptOutcome, Delivery, DeliveryKey, DeliveryState, SendFailure,
};
use countersign_domain::webhooks::delivery_ports::{DeliveryQuery, Message};
use countersign_domain::webhooks::events::EventFilter;
use countersign_domain::webhooks::manage::{ManageWebhooks, NewWebhook, WebhookError};
use countersign_domain::webhooks::ports::{WebhookSealer, WebhookStore as _};
use countersign_domain::webhooks::secret::WebhookSecret;
use countersign_domain::webhooks::url::WebhookUrl;
use countersign_domain::webhooks::webhook::{
    MOST_WEBHOOKS, Webhook, WebhookChange, WebhookKey, WebhookStatus,
};
use countersign_testkit::build::{self, NOW, organization_id};
use countersign_testkit::clock::ManualClock;
use countersign_testkit::entropy::SeededEntropy;
use countersign_testkit::fakes::{MemoryStores, PlainSealer, ScriptedSender};

const ACCEPTED: AttemptOutcome = AttemptOutcome::Answered(204);
const BROKEN: AttemptOutcome = AttemptOutcome::Failed(SendFailure::NotConnected);

struct World {
    clock: Arc<ManualClock>,
    stores: MemoryStores,
    sender: Arc<ScriptedSender>,
    manage: ManageWebhooks,
    deliver: DeliverWebhooks,
}

impl World {
    fn new() -> Self {
        Self::sealing(Arc::new(PlainSealer::new()), Arc::new(PlainSealer::new()))
    }

    /// Secrets are sealed by one and opened by another.
    fn sealing(seals: Arc<dyn WebhookSealer>, opens: Arc<dyn WebhookSealer>) -> Self {
        let (clock, stores) = (Arc::new(ManualClock::new(NOW)), MemoryStores::new());
        let entropy = Arc::new(SeededEntropy::new(1));
        let sender = Arc::new(ScriptedSender::answering(ACCEPTED));
        let manage = ManageWebhooks {
            clock: clock.clone(),
            entropy: entropy.clone(),
            webhooks: stores.webhooks.clone(),
            deliveries: stores.webhooks.clone(),
            sealer: seals,
            addresses: AddressPolicy::Public,
        };
        let deliver = DeliverWebhooks {
            clock: clock.clone(),
            entropy,
            deliveries: stores.webhooks.clone(),
            sealer: opens,
            sender: sender.clone(),
        };
        Self { clock, stores, sender, manage, deliver }
    }

    /// A webhook that has nothing to do yet.
    async fn webhook(&self) -> (Webhook, WebhookSecret) {
        let made = self.manage.create(new("https://example.com/hook"), build::caller()).await.unwrap();
        self.try_all(&made.0.key).await;
        let _ = self.sender.sent();
        made
    }

    async fn happens(&self) -> AuditEventId {
        let event = SecurityEvent::UserTokenMinted;
        let event = build::event_about_organization(organization_id(1), event, self.clock.now());
        let id = event.id;
        self.stores.audit.append(event).await.unwrap();
        id
    }

    async fn try_all(&self, key: &WebhookKey) -> usize {
        let mut tried = 0;
        while self.deliver.one(key).await.unwrap().is_some() {
            tried += 1;
        }
        tried
    }

    /// Lets time pass until the delivery is finished; how often it was tried, and for how long.
    async fn until_finished(
        &self,
        key: &WebhookKey,
        event: AuditEventId,
    ) -> (usize, Duration, DeliveryState) {
        let (begin, mut tried) = (self.clock.now(), self.try_all(key).await);
        loop {
            match self.delivery(key, event).await.state {
                DeliveryState::Pending { next_attempt_at } => {
                    self.clock.advance(next_attempt_at.saturating_since(self.clock.now()));
                    tried += self.try_all(key).await;
                }
                finished => return (tried, self.clock.now().saturating_since(begin), finished),
            }
        }
    }

    async fn delivery(&self, webhook: &WebhookKey, event: AuditEventId) -> Delivery {
        let query = DeliveryQuery { webhook: *webhook, before: None, limit: 100 };
        let log = self.deliver.deliveries.page(query).await.unwrap();
        log.into_iter().find(|delivery| delivery.event == event).unwrap()
    }

    async fn status(&self, key: &WebhookKey) -> WebhookStatus {
        self.stores.webhooks.find(key).await.unwrap().unwrap().status
    }
}

fn new(url: &str) -> NewWebhook {
    NewWebhook {
        organization: organization_id(1),
        environment: Environment::Live,
        url: WebhookUrl::new(url).unwrap(),
        events: EventFilter::all(),
        description: None,
    }
}

fn secrets(message: &Message) -> Vec<&str> {
    message.secrets.iter().map(WebhookSecret::expose).collect()
}

#[tokio::test]
async fn what_happens_is_told_once_and_signed_with_the_secret_that_was_shown() {
    let world = World::new();
    let (webhook, secret) = world.webhook().await;
    let event = world.happens().await;
    assert_eq!(world.deliver.due(10).await.unwrap(), [webhook.key]);
    assert_eq!(world.deliver.one(&webhook.key).await.unwrap(), Some((ACCEPTED, DeliveryState::Delivered)));
    assert_eq!(world.deliver.one(&webhook.key).await.unwrap(), None);
    let sent = world.sender.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!((&sent[0].url, secrets(&sent[0])), (&webhook.url, vec![secret.expose()]));
    assert_eq!((sent[0].record.id, sent[0].record.name.as_str()), (event, "user_token.minted"));
}

#[tokio::test]
async fn a_url_inside_is_refused_when_a_webhook_is_made_or_changed() {
    let world = World::new();
    let made = async |url| world.manage.create(new(url), build::caller()).await;
    for (url, refusal) in [
        ("http://example.com", UrlRefusal::PlainHttp),
        ("https://127.0.0.1", UrlRefusal::Address),
        ("https://[fd00::1]/", UrlRefusal::Address),
        ("https://169.254.169.254/latest", UrlRefusal::Address),
    ] {
        assert!(matches!(made(url).await, Err(WebhookError::Url(why)) if why == refusal), "{url}");
        let (webhook, _) = world.webhook().await;
        let change = WebhookChange { url: WebhookUrl::new(url).ok(), ..WebhookChange::default() };
        let changed = world.manage.change(webhook.key, change, build::caller()).await;
        assert!(matches!(changed, Err(WebhookError::Url(why)) if why == refusal), "{url}");
    }
}

#[tokio::test]
async fn a_receiver_that_comes_back_gets_everything() {
    let world = World::new();
    let (webhook, _) = world.webhook().await;
    world.sender.answer(BROKEN);
    let event = world.happens().await;
    assert_eq!(world.try_all(&webhook.key).await, 1);
    for _ in 0..5 {
        world.clock.advance(Duration::from_mins(90));
        assert_eq!(world.try_all(&webhook.key).await, 1);
    }
    world.sender.answer(ACCEPTED);
    let (_, _, finished) = world.until_finished(&webhook.key, event).await;
    assert_eq!(finished, DeliveryState::Delivered);
    assert!(world.sender.sent().iter().all(|message| message.record.id == event));
    assert_eq!(world.status(&webhook.key).await, WebhookStatus::Active);
}

#[tokio::test]
async fn a_receiver_that_stays_away_is_given_up_after_three_days_and_a_test_brings_it_back() {
    let world = World::new();
    let (webhook, _) = world.webhook().await;
    let key = webhook.key;
    world.sender.answer(AttemptOutcome::Answered(500));
    let event = world.happens().await;
    let (tried, passed, finished) = world.until_finished(&key, event).await;
    assert_eq!(finished, DeliveryState::Abandoned);
    assert!((60..100).contains(&tried), "{tried}");
    assert!(passed <= Duration::from_hours(72) && passed > Duration::from_hours(70), "{passed:?}");
    assert_eq!(world.status(&key).await, WebhookStatus::Failing);
    let failing = SecurityEvent::WebhookFailing { webhook: key.id };
    assert_eq!(world.stores.audit.events().last().unwrap().event, failing);

    let _ = world.happens().await;
    assert_eq!(world.deliver.due(10).await.unwrap(), [], "a failing webhook is told of nothing");
    world.sender.answer(ACCEPTED);
    let test = world.manage.test(key, build::caller()).await.unwrap();
    assert_eq!(world.try_all(&key).await, 1);
    let tested = world.delivery(&key, test).await.state;
    assert_eq!((tested, world.status(&key).await), (DeliveryState::Delivered, WebhookStatus::Active));

    let delivery = DeliveryKey { webhook: key, event };
    world.manage.redeliver(delivery).await.unwrap();
    assert!(matches!(world.manage.redeliver(delivery).await, Err(WebhookError::StillPending)));
    let _ = world.sender.sent();
    assert_eq!(world.try_all(&key).await, 1);
    assert_eq!(world.sender.sent()[0].record.id, event);
}

#[tokio::test]
async fn during_a_rotation_both_secrets_sign_and_afterwards_the_new_one_alone() {
    let world = World::new();
    let (webhook, old) = world.webhook().await;
    let overlap = Duration::from_hours(24);
    let (new, until) = world.manage.rotate_secret(webhook.key, overlap, build::caller()).await.unwrap();
    assert_eq!(until, NOW.saturating_add(overlap));
    assert_ne!(new.expose(), old.expose());
    assert_eq!(world.try_all(&webhook.key).await, 1);
    assert_eq!(secrets(&world.sender.sent()[0]), [new.expose(), old.expose()]);
    world.clock.advance(overlap);
    let _ = world.happens().await;
    assert_eq!(world.try_all(&webhook.key).await, 1);
    assert_eq!(secrets(&world.sender.sent()[0]), [new.expose()]);
}

#[tokio::test]
async fn nobody_gets_more_than_a_week_of_two_secrets() {
    let world = World::new();
    let (webhook, _) = world.webhook().await;
    let (_, until) = world.manage.rotate_secret(webhook.key, Duration::MAX, build::caller()).await.unwrap();
    assert_eq!(until, NOW.saturating_add(ManageWebhooks::LONGEST_OVERLAP));
}

#[tokio::test]
async fn a_secret_that_cannot_be_opened_sends_nothing_and_gives_nothing_up() {
    let (seals, opens) = (PlainSealer::new(), PlainSealer::with_key(KeyId(99)));
    let world = World::sealing(Arc::new(seals), Arc::new(opens));
    let (webhook, _) = world.manage.create(new("https://example.com"), build::caller()).await.unwrap();
    let event = world.stores.audit.events()[0].id;
    for _ in 0..3 {
        let failed = world.deliver.one(&webhook.key).await;
        assert!(matches!(failed, Err(PortFailure::Unavailable(_))), "{failed:?}");
        assert_eq!(world.deliver.one(&webhook.key).await.unwrap(), None, "the lease holds");
        world.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(world.sender.sent().len(), 0);
    let pending = matches!(world.delivery(&webhook.key, event).await.state, DeliveryState::Pending { .. });
    assert!(pending && world.status(&webhook.key).await == WebhookStatus::Active);
}

#[tokio::test]
async fn a_removed_webhook_is_told_of_nothing_and_its_place_is_free() {
    let world = World::new();
    let mut made = Vec::new();
    for _ in 0..MOST_WEBHOOKS {
        made.push(world.webhook().await.0.key);
    }
    let one_more = world.manage.create(new("https://example.com"), build::caller()).await;
    assert!(matches!(one_more, Err(WebhookError::TooMany)));
    world.manage.remove(made[0], build::caller()).await.unwrap();
    assert!(matches!(world.manage.remove(made[0], build::caller()).await, Err(WebhookError::UnknownWebhook)));
    let _ = world.happens().await;
    assert!(!world.deliver.due(100).await.unwrap().contains(&made[0]));
    let _ = world.webhook().await;
}

#[tokio::test]
async fn every_change_is_in_the_trail_with_its_caller_and_without_the_url() {
    let world = World::new();
    let (webhook, _) = world.webhook().await;
    let (id, caller) = (webhook.key.id, build::caller());
    let url = WebhookUrl::new("https://example.com/SECRET-PATH").ok();
    let change = WebhookChange { url, paused: Some(true), ..WebhookChange::default() };
    let _ = world.manage.change(webhook.key, change, caller.clone()).await.unwrap();
    let _ = world.manage.rotate_secret(webhook.key, Duration::ZERO, caller.clone()).await.unwrap();
    world.manage.remove(webhook.key, caller.clone()).await.unwrap();
    let events = world.stores.audit.events();
    let told: Vec<_> = events.iter().map(|event| event.event.clone()).collect();
    let fields = vec!["url", "status"];
    let expected = [
        SecurityEvent::WebhookCreated { webhook: id },
        SecurityEvent::WebhookChanged { webhook: id, fields },
        SecurityEvent::WebhookSecretRotated { webhook: id },
        SecurityEvent::WebhookRemoved { webhook: id },
    ];
    assert_eq!(told, expected);
    assert!(events[1..].iter().all(|event| event.caller == caller));
    assert!(events.iter().all(|event| event.environment == Some(Environment::Live)));
    assert!(!format!("{events:?}").contains("SECRET-PATH"));
}
