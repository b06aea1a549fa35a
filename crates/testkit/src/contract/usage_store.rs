//! The contract of [`UsageStore`](countersign_domain::quota::ports::UsageStore).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::quota::ports::{Recorded, UsageEvent};
use countersign_domain::quota::snapshot::Usage;
use countersign_domain::time::Timestamp;

use super::{Case, Stores, case::cases};
use crate::build::{NOW, organization_id, period_at, relationship_event, turns_event};
use crate::contention::{CONTENDERS, rounds, together};

/// The cases.
pub fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        nothing_recorded_is_no_use,
        turns_add_up,
        large_counts_add_up_exactly,
        an_event_without_turns_is_counted_as_nothing,
        a_relationship_counts_once_in_a_period,
        a_relationship_counts_again_in_the_next_period,
        periods_are_counted_apart,
        an_event_counts_once_for_ever,
        an_event_counts_once_within_a_batch,
        ids_are_compared_byte_by_byte,
        organizations_and_environments_are_counted_apart,
        one_of_many_that_record_the_same_event_counts,
        concurrent_events_are_all_counted,
        overlapping_batches_count_each_event_once,
        a_relationship_counts_once_among_many,
        nobody_sees_half_of_a_batch,
    ]
}

const LIVE: Environment = Environment::Live;
/// 2026-03-01, two periods later than [`NOW`].
const MARCH: Timestamp = Timestamp::from_seconds(1_772_323_200);

impl Stores {
    /// Records for organization 1, live.
    async fn record(&self, events: Vec<UsageEvent>) -> Vec<Recorded> {
        self.usage.record(organization_id(1), LIVE, events).await.unwrap()
    }

    async fn used_by(
        &self,
        organization: OrganizationId,
        environment: Environment,
        at: Timestamp,
    ) -> (u64, u64) {
        let usage = self.usage.usage(organization, environment, period_at(at).starts_at).await.unwrap();
        (usage.turns, usage.active_relationships)
    }

    /// Turns and relationships of organization 1, live, in the period of `at`.
    async fn used(&self, at: Timestamp) -> (u64, u64) {
        self.used_by(organization_id(1), LIVE, at).await
    }
}

async fn nothing_recorded_is_no_use(stores: Stores) {
    let _ = stores.organization(1).await;
    assert_eq!(stores.used(NOW).await, (0, 0));
    assert_eq!(stores.record(vec![]).await, []);
    assert_eq!(stores.used(NOW).await, (0, 0));
}

async fn turns_add_up(stores: Stores) {
    let _ = stores.organization(1).await;
    let events = vec![turns_event("a", 1, NOW), turns_event("b", 41, NOW)];
    assert_eq!(stores.record(events).await, [Recorded::Counted; 2]);
    assert_eq!(stores.used(NOW).await, (42, 0));
    assert_eq!(stores.record(vec![turns_event("c", 8, NOW)]).await, [Recorded::Counted]);
    assert_eq!(stores.used(NOW).await, (50, 0));
}

async fn large_counts_add_up_exactly(stores: Stores) {
    let _ = stores.organization(1).await;
    let events = (0..100).map(|number| turns_event(&number.to_string(), u32::MAX, NOW)).collect();
    assert_eq!(stores.record(events).await, [Recorded::Counted; 100]);
    assert_eq!(stores.used(NOW).await, (100 * u64::from(u32::MAX), 0));
}

async fn an_event_without_turns_is_counted_as_nothing(stores: Stores) {
    let _ = stores.organization(1).await;
    assert_eq!(stores.record(vec![turns_event("a", 0, NOW)]).await, [Recorded::Counted]);
    assert_eq!(stores.record(vec![turns_event("a", 5, NOW)]).await, [Recorded::Duplicate]);
    assert_eq!(stores.used(NOW).await, (0, 0));
}

async fn a_relationship_counts_once_in_a_period(stores: Stores) {
    let _ = stores.organization(1).await;
    let events = ["a", "b", "c"].map(|id| relationship_event(id, "r1", NOW)).to_vec();
    assert_eq!(stores.record(events).await, [Recorded::Counted; 3]);
    assert_eq!(stores.used(NOW).await, (0, 1));
    let events = vec![relationship_event("d", "r2", NOW), relationship_event("e", "r1", NOW)];
    assert_eq!(stores.record(events).await, [Recorded::Counted; 2]);
    assert_eq!(stores.used(NOW).await, (0, 2));
}

async fn a_relationship_counts_again_in_the_next_period(stores: Stores) {
    let _ = stores.organization(1).await;
    let events = vec![relationship_event("a", "r1", NOW), relationship_event("b", "r1", MARCH)];
    assert_eq!(stores.record(events).await, [Recorded::Counted; 2]);
    assert_eq!((stores.used(NOW).await, stores.used(MARCH).await), ((0, 1), (0, 1)));
}

async fn periods_are_counted_apart(stores: Stores) {
    let _ = stores.organization(1).await;
    let events = vec![turns_event("a", 3, NOW), turns_event("b", 4, MARCH)];
    assert_eq!(stores.record(events).await, [Recorded::Counted; 2]);
    assert_eq!((stores.used(NOW).await, stores.used(MARCH).await), ((3, 0), (4, 0)));
    let between = period_at(NOW).ends_at;
    assert_eq!(stores.used(between).await, (0, 0));
}

async fn an_event_counts_once_for_ever(stores: Stores) {
    let _ = stores.organization(1).await;
    assert_eq!(stores.record(vec![turns_event("a", 3, NOW)]).await, [Recorded::Counted]);
    let repetitions =
        [turns_event("a", 3, NOW), turns_event("a", 4, MARCH), relationship_event("a", "r1", NOW)];
    for event in repetitions {
        assert_eq!(stores.record(vec![event]).await, [Recorded::Duplicate]);
    }
    assert_eq!((stores.used(NOW).await, stores.used(MARCH).await), ((3, 0), (0, 0)));
}

async fn an_event_counts_once_within_a_batch(stores: Stores) {
    let _ = stores.organization(1).await;
    let batch = vec![turns_event("a", 3, NOW), turns_event("b", 10, NOW), turns_event("a", 3, NOW)];
    let first = [Recorded::Counted, Recorded::Counted, Recorded::Duplicate];
    assert_eq!(stores.record(batch.clone()).await, first);
    assert_eq!(stores.record(batch).await, [Recorded::Duplicate; 3]);
    let mixed = vec![turns_event("b", 10, NOW), turns_event("c", 100, NOW)];
    assert_eq!(stores.record(mixed).await, [Recorded::Duplicate, Recorded::Counted]);
    assert_eq!(stores.used(NOW).await, (113, 0));
}

async fn ids_are_compared_byte_by_byte(stores: Stores) {
    let _ = stores.organization(1).await;
    let longest = "a".repeat(255);
    let ids = ["event", "Event", "event ", " event", "eve%", "'", "\"", "\\", "1", "01", "1.0", &longest];
    let count = u64::try_from(ids.len()).unwrap();
    let turns = ids.map(|id| turns_event(id, 1, NOW)).to_vec();
    assert_eq!(stores.record(turns).await, [Recorded::Counted; 12]);
    let relationships = ids.map(|id| relationship_event(&format!("{id:.250} of"), id, NOW)).to_vec();
    assert_eq!(stores.record(relationships).await, [Recorded::Counted; 12]);
    assert_eq!(stores.used(NOW).await, (count, count));
}

async fn organizations_and_environments_are_counted_apart(stores: Stores) {
    let (one, two) = (stores.organization(1).await.id, stores.organization(2).await.id);
    let owners = [(one, LIVE), (one, Environment::Test), (two, LIVE), (two, Environment::Test)];
    for (turns, (organization, environment)) in (1..).zip(owners) {
        let events = vec![turns_event("a", turns, NOW), relationship_event("b", "r1", NOW)];
        let recorded = stores.usage.record(organization, environment, events).await.unwrap();
        assert_eq!(recorded, [Recorded::Counted; 2]);
    }
    for (turns, (organization, environment)) in (1..).zip(owners) {
        assert_eq!(stores.used_by(organization, environment, NOW).await, (turns, 1));
    }
}

async fn one_of_many_that_record_the_same_event_counts(stores: Stores) {
    let _ = stores.organization(1).await;
    for round in 0..rounds() {
        let event = turns_event(&format!("event {round}"), 7, NOW);
        let recorded = together(CONTENDERS, |_| {
            let (stores, event) = (stores.clone(), event.clone());
            async move { stores.record(vec![event]).await }
        })
        .await
        .concat();
        assert_eq!(recorded.iter().filter(|recorded| **recorded == Recorded::Counted).count(), 1);
        assert_eq!(recorded.len(), CONTENDERS);
        assert_eq!(stores.used(NOW).await, (7 * (u64::try_from(round).unwrap() + 1), 0));
    }
}

async fn concurrent_events_are_all_counted(stores: Stores) {
    let _ = stores.organization(1).await;
    let recorded = together(CONTENDERS, |number| {
        let stores = stores.clone();
        async move {
            let relationship = relationship_event(&format!("r {number}"), &number.to_string(), NOW);
            stores.record(vec![turns_event(&number.to_string(), 3, NOW), relationship]).await
        }
    })
    .await
    .concat();
    assert_eq!(recorded, [Recorded::Counted; 2 * CONTENDERS]);
    let contenders = u64::try_from(CONTENDERS).unwrap();
    assert_eq!(stores.used(NOW).await, (3 * contenders, contenders));
}

async fn overlapping_batches_count_each_event_once(stores: Stores) {
    let _ = stores.organization(1).await;
    let ids: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    let recorded = together(CONTENDERS, |number| {
        let mut events: Vec<_> = ids.iter().map(|id| turns_event(id, 1, NOW)).collect();
        // In opposite orders, so that whoever locks rows one by one runs into itself.
        if number % 2 == 0 {
            events.reverse();
        }
        let stores = stores.clone();
        async move { stores.record(events).await }
    })
    .await
    .concat();
    assert_eq!(recorded.iter().filter(|recorded| **recorded == Recorded::Counted).count(), 20);
    assert_eq!(stores.used(NOW).await, (20, 0));
}

async fn a_relationship_counts_once_among_many(stores: Stores) {
    let _ = stores.organization(1).await;
    let recorded = together(CONTENDERS, |number| {
        let stores = stores.clone();
        async move { stores.record(vec![relationship_event(&number.to_string(), "r1", NOW)]).await }
    })
    .await
    .concat();
    assert_eq!(recorded, [Recorded::Counted; CONTENDERS]);
    assert_eq!(stores.used(NOW).await, (0, 1));
}

async fn nobody_sees_half_of_a_batch(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let ended = Arc::new(AtomicBool::new(false));
    let reader = {
        let (usage, ended) = (stores.usage.clone(), ended.clone());
        tokio::spawn(async move {
            let mut seen: Vec<Usage> = Vec::new();
            while !ended.load(Ordering::SeqCst) {
                seen.push(usage.usage(organization, LIVE, period_at(NOW).starts_at).await.unwrap());
                tokio::task::yield_now().await;
            }
            seen
        })
    };
    for batch in 0..20 {
        let events = (0..10).map(|number| turns_event(&format!("{batch} {number}"), 1, NOW)).collect();
        assert_eq!(stores.record(events).await, [Recorded::Counted; 10]);
    }
    ended.store(true, Ordering::SeqCst);
    for usage in reader.await.unwrap() {
        assert_eq!(usage.turns % 10, 0, "{usage:?}");
    }
}
