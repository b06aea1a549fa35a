//! The contract of [`DeliveryStore`](countersign_domain::webhooks::delivery_ports::DeliveryStore), and of the duty of
//! everything that appends an audit event to queue its deliveries.

use std::time::Duration;

use countersign_domain::audit::event::{AuditEvent, SecurityEvent};
use countersign_domain::identity::{AuditEventId, Environment, OrganizationId};
use countersign_domain::time::Timestamp;
use countersign_domain::webhooks::delivery::{
    AttemptOutcome, Delivery, DeliveryKey, DeliveryState, LastAttempt, SendFailure,
};
use countersign_domain::webhooks::delivery_ports::{ClaimedDelivery, DeliveryQuery, Requeued, Settlement};
use countersign_domain::webhooks::events::EventFilter;
use countersign_domain::webhooks::webhook::{
    StoredSecret, Webhook, WebhookChange, WebhookKey, WebhookStatus,
};

use super::{Case, Stores, case::cases};
use crate::arrange;
use crate::build::{
    NOW, event_about_organization, event_about_user, event_about_webhook, fresh_ulid, subject_in, webhook,
};
use crate::contention::{CONTENDERS, rounds, together};

const LEASE_END: Timestamp = Timestamp::from_micros(NOW.as_micros() + 60_000_000);

/// The cases.
pub fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        an_event_is_queued_for_every_webhook_that_wants_it,
        a_change_of_another_store_is_queued_with_its_event,
        a_change_that_fails_queues_nothing,
        a_claimed_delivery_has_everything_that_an_attempt_needs,
        a_claim_holds_until_its_lease_ends,
        the_webhook_that_waits_longest_comes_first,
        every_webhook_is_found_whatever_waits_for_the_others,
        an_attempt_that_failed_is_due_again_when_it_says,
        a_delivered_event_is_not_due_any_more,
        a_webhook_that_is_given_up_is_failing_and_one_success_mends_it,
        only_the_holder_of_the_claim_settles,
        a_paused_webhook_gets_nothing_until_it_is_resumed,
        a_single_webhook_can_be_told,
        what_is_finished_can_be_queued_again,
        the_log_shows_the_newest_first,
        old_entries_of_the_log_go_in_batches,
        nothing_is_shown_of_a_removed_webhook,
        of_many_claims_each_delivery_has_one,
        of_many_settlements_one_counts,
        a_removal_and_all_that_goes_on_beside_it_succeed,
    ]
}

impl Stores {
    async fn active(&self, organization: OrganizationId, environment: Environment) -> WebhookKey {
        let (made, _) = self.webhook(webhook(organization, environment)).await;
        self.finish(&made.key).await;
        made.key
    }

    /// Delivers whatever waits for the webhook.
    async fn finish(&self, key: &WebhookKey) {
        while let Some(claimed) = self.claim_delivery(key, NOW).await {
            assert!(
                self.settle_delivery(&claimed, AttemptOutcome::Answered(200), DeliveryState::Delivered).await
            );
        }
    }

    async fn claim_delivery(&self, key: &WebhookKey, now: Timestamp) -> Option<ClaimedDelivery> {
        self.deliveries.claim(key, now, LEASE_END).await.unwrap()
    }

    async fn settle_delivery(
        &self,
        claimed: &ClaimedDelivery,
        outcome: AttemptOutcome,
        state: DeliveryState,
    ) -> bool {
        self.deliveries.settle(settlement(claimed, outcome, state)).await.unwrap()
    }

    async fn log(&self, key: &WebhookKey) -> Vec<Delivery> {
        let query = DeliveryQuery { webhook: *key, before: None, limit: 100 };
        self.deliveries.page(query).await.unwrap()
    }

    async fn on_the_way(&self, key: &WebhookKey) -> Vec<String> {
        let mut pending = self.log(key).await;
        pending.retain(|delivery| matches!(delivery.state, DeliveryState::Pending { .. }));
        pending.into_iter().rev().map(|delivery| delivery.name).collect()
    }

    async fn happens(&self, organization: OrganizationId) -> AuditEventId {
        let event = event_about_organization(organization, SecurityEvent::UserTokenMinted, NOW);
        let id = event.id;
        self.audit.append(event).await.unwrap();
        id
    }

    /// The secrets of a webhook, the present one first, as an attempt would get them.
    pub(super) async fn secrets(&self, key: &WebhookKey) -> Vec<StoredSecret> {
        assert!(self.deliveries.queue(key, tried_out(key)).await.unwrap());
        let claimed = self.claim_delivery(key, LEASE_END).await.unwrap();
        let old = claimed.secrets.old.map(|(secret, _)| secret);
        std::iter::once(claimed.secrets.current).chain(old).collect()
    }
}

fn tried_out(key: &WebhookKey) -> AuditEvent {
    event_about_webhook(key, SecurityEvent::WebhookTest { webhook: key.id }, NOW)
}

fn settlement(claimed: &ClaimedDelivery, outcome: AttemptOutcome, state: DeliveryState) -> Settlement {
    let webhook = claimed.key.webhook;
    let failing = SecurityEvent::WebhookFailing { webhook: webhook.id };
    Settlement {
        delivery: claimed.key,
        attempt: claimed.attempt,
        at: NOW,
        outcome,
        state,
        failing: event_about_webhook(&webhook, failing, NOW),
    }
}

async fn an_event_is_queued_for_every_webhook_that_wants_it(stores: Stores) {
    let (one, two) = (stores.organization(1).await.id, stores.organization(2).await.id);
    let picky = EventFilter::new(["two_factor.*".parse().unwrap()]).unwrap();
    let picky = Webhook { events: picky, ..webhook(one, Environment::Live) };
    let picky = stores.webhook(picky).await.0.key;
    let live = stores.active(one, Environment::Live).await;
    let test = stores.active(one, Environment::Test).await;
    let elsewhere = stores.active(two, Environment::Live).await;
    stores.finish(&live).await;
    let alice = |environment| subject_in(one, environment, "alice");
    for event in [
        event_about_user(&alice(Environment::Live), SecurityEvent::Enabled, NOW),
        event_about_user(&alice(Environment::Test), SecurityEvent::Enabled, NOW),
        event_about_organization(one, SecurityEvent::UserTokenMinted, NOW),
    ] {
        stores.audit.append(event).await.unwrap();
    }
    assert_eq!(stores.on_the_way(&picky).await, ["two_factor.enabled"]);
    assert_eq!(stores.on_the_way(&live).await, ["two_factor.enabled", "user_token.minted"]);
    assert_eq!(stores.on_the_way(&test).await, ["two_factor.enabled"]);
    assert_eq!(stores.on_the_way(&elsewhere).await, Vec::<String>::new());
}

async fn a_change_of_another_store_is_queued_with_its_event(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let key = stores.active(organization, Environment::Live).await;
    let _ =
        arrange::enabled(&*stores.factors, &subject_in(organization, Environment::Live, "alice"), NOW).await;
    assert_eq!(stores.on_the_way(&key).await, ["two_factor.setup_started", "two_factor.enabled"]);
}

async fn a_change_that_fails_queues_nothing(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let alice = subject_in(organization, Environment::Live, "alice");
    let _ = arrange::enabled(&*stores.factors, &alice, NOW).await;
    let key = stores.active(organization, Environment::Live).await;
    let taken = stores.taken(event_about_user(&alice, SecurityEvent::Enabled, NOW)).await;
    stores.finish(&key).await;
    assert!(stores.proofs.remove(&alice, taken).await.is_err());
    assert_eq!(stores.on_the_way(&key).await, Vec::<String>::new());
}

async fn a_claimed_delivery_has_everything_that_an_attempt_needs(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let (made, secret) = stores.webhook(webhook(organization, Environment::Live)).await;
    stores.finish(&made.key).await;
    let event = stores.happens(organization).await;
    assert_eq!(stores.deliveries.due(NOW, 10).await.unwrap(), [made.key]);
    let early = Timestamp::from_micros(NOW.as_micros() - 1);
    assert_eq!(stores.deliveries.due(early, 10).await.unwrap(), []);
    assert_eq!(stores.claim_delivery(&made.key, early).await, None);
    let claimed = stores.claim_delivery(&made.key, NOW).await.unwrap();
    assert_eq!(claimed.key, DeliveryKey { webhook: made.key, event });
    assert_eq!((claimed.attempt, claimed.tried.queued_at), (1, NOW));
    assert_eq!((claimed.url, claimed.secrets.current, claimed.secrets.old), (made.url, secret, None));
    let record = stores.trail(organization).await.pop().unwrap();
    assert_eq!(claimed.record, record);
}

async fn a_claim_holds_until_its_lease_ends(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let key = stores.active(organization, Environment::Live).await;
    let _ = stores.happens(organization).await;
    assert_eq!(stores.claim_delivery(&key, NOW).await.unwrap().attempt, 1);
    let within = Timestamp::from_micros(LEASE_END.as_micros() - 1);
    assert_eq!(stores.deliveries.due(within, 10).await.unwrap(), []);
    assert_eq!(stores.claim_delivery(&key, within).await, None);
    assert_eq!(stores.deliveries.due(LEASE_END, 10).await.unwrap(), [key]);
    assert_eq!(stores.claim_delivery(&key, LEASE_END).await.unwrap().attempt, 2);
}

async fn the_webhook_that_waits_longest_comes_first(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let one = stores.active(organization, Environment::Live).await;
    let two = stores.active(organization, Environment::Live).await;
    stores.finish(&one).await;
    let (early, late) =
        (Timestamp::from_micros(NOW.as_micros() - 2), Timestamp::from_micros(NOW.as_micros() - 1));
    for (key, at) in [(two, early), (one, late), (one, NOW), (two, NOW)] {
        let event = AuditEvent { at, ..tried_out(&key) };
        assert!(stores.deliveries.queue(&key, event).await.unwrap());
    }
    let due = async |limit| stores.deliveries.due(NOW, limit).await.unwrap();
    assert_eq!((due(10).await, due(1).await), (vec![two, one], vec![two]));
}

async fn every_webhook_is_found_whatever_waits_for_the_others(stores: Stores) {
    let mut keys = Vec::new();
    for organization in [stores.organization(1).await.id, stores.organization(2).await.id] {
        for environment in [Environment::Live, Environment::Test, Environment::Live] {
            keys.push(stores.webhook(webhook(organization, environment)).await.0.key);
        }
    }
    for key in &keys {
        stores.finish(key).await;
    }
    // From the fewest to the most, in another order than that of their ids, and each a moment after the one before.
    keys.rotate_left(2);
    let at = |moment: usize| Timestamp::from_micros(NOW.as_micros() + i64::try_from(moment).unwrap());
    for (place, key) in keys.iter().enumerate() {
        for waiting in 0..=place {
            let event = AuditEvent { at: at(place + waiting), ..tried_out(key) };
            assert!(stores.deliveries.queue(key, event).await.unwrap());
        }
    }
    for (now, found) in keys.iter().enumerate() {
        let due = stores.deliveries.due(at(now), 10).await.unwrap();
        assert_eq!(due, keys.get(..=now).unwrap(), "{found:?}");
    }
}

async fn an_attempt_that_failed_is_due_again_when_it_says(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let key = stores.active(organization, Environment::Live).await;
    let event = stores.happens(organization).await;
    let claimed = stores.claim_delivery(&key, NOW).await.unwrap();
    let next_attempt_at = NOW.saturating_add(Duration::from_secs(10));
    let (outcome, again) =
        (AttemptOutcome::Failed(SendFailure::TimedOut), DeliveryState::Pending { next_attempt_at });
    assert!(stores.settle_delivery(&claimed, outcome, again).await);
    let last = Some(LastAttempt { at: NOW, outcome });
    let name = "user_token.minted".to_owned();
    let expected = Delivery { event, name, queued_at: NOW, attempts: 1, last, state: again };
    assert_eq!(stores.log(&key).await[0], expected);
    assert_eq!(stores.claim_delivery(&key, NOW).await, None);
    assert_eq!(stores.claim_delivery(&key, next_attempt_at).await.unwrap().attempt, 2);
}

async fn a_delivered_event_is_not_due_any_more(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let key = stores.active(organization, Environment::Live).await;
    let _ = stores.happens(organization).await;
    let claimed = stores.claim_delivery(&key, NOW).await.unwrap();
    let outcome = AttemptOutcome::Answered(204);
    assert!(stores.settle_delivery(&claimed, outcome, DeliveryState::Delivered).await);
    let logged = stores.log(&key).await.swap_remove(0);
    let last = Some(LastAttempt { at: NOW, outcome });
    assert_eq!((logged.state, logged.last), (DeliveryState::Delivered, last));
    assert_eq!(stores.deliveries.due(LEASE_END, 10).await.unwrap(), []);
    assert_eq!(stores.claim_delivery(&key, LEASE_END).await, None);
}

async fn a_webhook_that_is_given_up_is_failing_and_one_success_mends_it(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let key = stores.active(organization, Environment::Live).await;
    let other = stores.active(organization, Environment::Live).await;
    let status = async || stores.webhooks.find(&key).await.unwrap().unwrap().status;
    let _ = (stores.happens(organization).await, stores.happens(organization).await);
    stores.finish(&other).await;
    for _ in 0..2 {
        let claimed = stores.claim_delivery(&key, NOW).await;
        let Some(claimed) = claimed else { break };
        let outcome = AttemptOutcome::Answered(500);
        assert!(stores.settle_delivery(&claimed, outcome, DeliveryState::Abandoned).await);
        assert_eq!(status().await, WebhookStatus::Failing);
    }
    // The other webhook is told, once.
    assert_eq!(stores.on_the_way(&other).await, ["webhook.failing"]);
    let before = stores.log(&key).await.len();
    let _ = stores.happens(organization).await;
    assert_eq!(stores.log(&key).await.len(), before, "a failing webhook is told of nothing");
    assert!(stores.deliveries.queue(&key, tried_out(&key)).await.unwrap());
    stores.finish(&key).await;
    assert_eq!(status().await, WebhookStatus::Active);
}

async fn only_the_holder_of_the_claim_settles(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let key = stores.active(organization, Environment::Live).await;
    let _ = stores.happens(organization).await;
    let first = stores.claim_delivery(&key, NOW).await.unwrap();
    let second = stores.claim_delivery(&key, LEASE_END).await.unwrap();
    let outcome = AttemptOutcome::Answered(500);
    assert!(!stores.settle_delivery(&first, outcome, DeliveryState::Abandoned).await);
    assert_eq!(stores.webhooks.find(&key).await.unwrap().unwrap().status, WebhookStatus::Active);
    assert!(stores.settle_delivery(&second, AttemptOutcome::Answered(200), DeliveryState::Delivered).await);
    assert!(!stores.settle_delivery(&second, outcome, DeliveryState::Abandoned).await);
    assert_eq!(stores.log(&key).await[0].state, DeliveryState::Delivered);
}

async fn a_paused_webhook_gets_nothing_until_it_is_resumed(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let key = stores.active(organization, Environment::Live).await;
    let _ = stores.happens(organization).await;
    let set = async |paused| {
        let change = WebhookChange { paused: Some(paused), ..WebhookChange::default() };
        let event = SecurityEvent::WebhookChanged { webhook: key.id, fields: change.fields() };
        let audit = event_about_webhook(&key, event, NOW);
        let _ = stores.webhooks.change(&key, change, audit).await.unwrap();
    };
    set(true).await;
    let _ = stores.happens(organization).await;
    assert_eq!(stores.deliveries.due(NOW, 10).await.unwrap(), []);
    assert_eq!(stores.claim_delivery(&key, NOW).await, None);
    assert_eq!(stores.on_the_way(&key).await, ["user_token.minted"]);
    set(false).await;
    assert_eq!(stores.deliveries.due(NOW, 10).await.unwrap(), [key]);
    assert_eq!(stores.on_the_way(&key).await, ["user_token.minted", "webhook.changed"]);
}

async fn a_single_webhook_can_be_told(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let key = stores.active(organization, Environment::Live).await;
    let other = stores.active(organization, Environment::Live).await;
    stores.finish(&key).await;
    let event = tried_out(&key);
    assert!(stores.deliveries.queue(&key, event.clone()).await.unwrap());
    assert_eq!(stores.on_the_way(&key).await, ["webhook.test"]);
    assert_eq!(stores.on_the_way(&other).await, Vec::<String>::new());
    assert_eq!(stores.trail(organization).await.pop().unwrap().id, event.id);
    let nowhere = webhook(organization, Environment::Live).key;
    let unknown = tried_out(&nowhere);
    assert!(!stores.deliveries.queue(&nowhere, unknown).await.unwrap());
    assert_eq!(stores.trail(organization).await.pop().unwrap().id, event.id);
}

async fn what_is_finished_can_be_queued_again(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let key = stores.active(organization, Environment::Live).await;
    let event = stores.happens(organization).await;
    let delivery = DeliveryKey { webhook: key, event };
    let later = NOW.saturating_add(Duration::from_hours(80));
    let requeue = async |delivery| stores.deliveries.requeue(&delivery, later).await.unwrap();
    assert_eq!(requeue(delivery).await, Requeued::Pending);
    stores.finish(&key).await;
    assert_eq!(requeue(delivery).await, Requeued::Queued);
    assert_eq!(stores.claim_delivery(&key, NOW).await, None);
    let claimed = stores.claim_delivery(&key, later).await.unwrap();
    assert_eq!((claimed.key, claimed.attempt, claimed.tried.queued_at), (delivery, 2, later));
    let unknown = DeliveryKey { event: AuditEventId::new(fresh_ulid()), ..delivery };
    assert_eq!(requeue(unknown).await, Requeued::Unknown);
}

async fn the_log_shows_the_newest_first(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let key = stores.active(organization, Environment::Live).await;
    let other = stores.active(organization, Environment::Live).await;
    let mut events = Vec::new();
    for _ in 0..5 {
        events.push(stores.happens(organization).await);
    }
    events.reverse();
    let page = async |webhook, before, limit| {
        let query = DeliveryQuery { webhook, before, limit };
        let page = stores.deliveries.page(query).await.unwrap();
        page.into_iter().map(|delivery| delivery.event).collect::<Vec<_>>()
    };
    assert_eq!(page(key, None, 2).await, events[..2]);
    assert_eq!(page(key, Some(events[1]), 2).await, events[2..4]);
    assert_eq!(page(other, None, 5).await, events);
    let test = WebhookKey { environment: Environment::Test, ..key };
    assert_eq!(page(test, None, 5).await, []);
}

async fn old_entries_of_the_log_go_in_batches(stores: Stores) {
    let (mut keys, mut there) = (Vec::new(), 0);
    for number in [1, 2] {
        let organization = stores.organization(number).await.id;
        let key = stores.active(organization, Environment::Live).await;
        for _ in 0..2 {
            let _ = stores.happens(organization).await;
        }
        there += u32::try_from(stores.log(&key).await.len()).unwrap();
        keys.push(key);
    }
    let purge = async |before| stores.deliveries.purge(before, NOW, there - 1).await.unwrap();
    assert_eq!(purge(NOW).await, 0);
    let later = Timestamp::from_micros(NOW.as_micros() + 1);
    assert_eq!((purge(later).await, purge(later).await, purge(later).await), (there - 1, 1, 0));
    for key in keys {
        assert_eq!(stores.log(&key).await, []);
    }
}

async fn nothing_is_shown_of_a_removed_webhook(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let key = stores.active(organization, Environment::Live).await;
    let _ = stores.happens(organization).await;
    let event = stores.log(&key).await.pop().unwrap().event;
    let removed = event_about_webhook(&key, SecurityEvent::WebhookRemoved { webhook: key.id }, NOW);
    assert!(stores.webhooks.remove(&key, removed).await.unwrap());
    assert_eq!(stores.log(&key).await, []);
    assert_eq!(stores.deliveries.due(LEASE_END, 10).await.unwrap(), []);
    assert_eq!(stores.claim_delivery(&key, LEASE_END).await, None);
    let delivery = DeliveryKey { webhook: key, event };
    assert_eq!(stores.deliveries.requeue(&delivery, NOW).await.unwrap(), Requeued::Unknown);
}

async fn of_many_claims_each_delivery_has_one(stores: Stores) {
    let organization = stores.organization(1).await.id;
    for _ in 0..rounds() {
        let key = stores.active(organization, Environment::Live).await;
        for _ in 0..3 {
            let _ = stores.happens(organization).await;
        }
        let claims = together(CONTENDERS, |_| {
            let deliveries = stores.deliveries.clone();
            async move { deliveries.claim(&key, NOW, LEASE_END).await.unwrap() }
        })
        .await;
        let mut claimed: Vec<_> = claims.into_iter().flatten().map(|claim| claim.key.event).collect();
        claimed.sort_unstable();
        let held = claimed.len();
        claimed.dedup();
        assert_eq!((held, claimed.len()), (3, 3));
        let removed = SecurityEvent::WebhookRemoved { webhook: key.id };
        assert!(stores.webhooks.remove(&key, event_about_webhook(&key, removed, NOW)).await.unwrap());
    }
}

async fn of_many_settlements_one_counts(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let key = stores.active(organization, Environment::Live).await;
    let _ = stores.happens(organization).await;
    let claimed = stores.claim_delivery(&key, NOW).await.unwrap();
    let settled = together(CONTENDERS, |_| {
        let settlement = settlement(&claimed, AttemptOutcome::Answered(500), DeliveryState::Abandoned);
        let deliveries = stores.deliveries.clone();
        async move { deliveries.settle(settlement).await.unwrap() }
    })
    .await;
    assert_eq!(settled.into_iter().filter(|counts| *counts).count(), 1);
    let failing = stores.happened(organization).await;
    assert_eq!(failing.iter().filter(|name| *name == "webhook.failing").count(), 1);
}

async fn a_removal_and_all_that_goes_on_beside_it_succeed(stores: Stores) {
    let organization = stores.organization(1).await.id;
    for _ in 0..rounds() {
        let mut keys = Vec::new();
        for _ in 0..CONTENDERS / 8 {
            keys.push(stores.active(organization, Environment::Live).await);
        }
        for _ in 0..8 {
            let _ = stores.happens(organization).await;
        }
        let mut claims = Vec::new();
        for number in 0..CONTENDERS {
            claims.push(stores.claim_delivery(&keys[number / 8], NOW).await.unwrap());
        }
        let _ = together(CONTENDERS, |number| {
            let (stores, claimed) = (stores.clone(), claims[number].clone());
            async move { stores.bring_on(number % 8, &claimed).await }
        })
        .await;
        assert_eq!(stores.deliveries.due(LEASE_END, 10).await.unwrap(), []);
    }
}

impl Stores {
    /// One of the things that may happen to a webhook at any time.
    async fn bring_on(&self, which: usize, claimed: &ClaimedDelivery) {
        let key = &claimed.key.webhook;
        match which {
            3 => {
                let removed = SecurityEvent::WebhookRemoved { webhook: key.id };
                let event = event_about_webhook(key, removed, NOW);
                assert!(self.webhooks.remove(key, event).await.unwrap());
            }
            5 => drop(self.claim_delivery(key, LEASE_END).await),
            6 => drop(self.deliveries.purge(LEASE_END, LEASE_END, 8).await.unwrap()),
            _ => {
                let outcome = AttemptOutcome::Answered(500);
                let _ = self.settle_delivery(claimed, outcome, DeliveryState::Abandoned).await;
            }
        }
    }
}
