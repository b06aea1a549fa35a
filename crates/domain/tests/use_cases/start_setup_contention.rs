//! Many set-ups of one user at once.

use std::time::Duration;

use countersign_domain::two_factor::factor::Factor;
use countersign_domain::two_factor::setup::StartSetupError;
use countersign_testkit::build::{NOW, code_at_instant, subject};
use tokio::task::JoinSet;

use crate::world::World;

const CALLS: usize = 64;

/// While one call hashes, all others are told so at once and hash nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_set_ups_one_hashes_and_succeeds() {
    let (world, alice) = (World::with_closed_hasher(), subject("alice"));
    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        let (world, alice) = (world.clone(), alice.clone());
        calls.spawn(async move { world.start(&alice).await });
    }
    for _ in 1..CALLS {
        let refused = calls.join_next().await.unwrap().unwrap();
        assert!(matches!(refused, Err(StartSetupError::InProgress)), "{refused:?}");
    }
    world.hasher.open();
    let started = calls.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(world.hasher.calls(), 1);
    assert_eq!(world.pending(&alice).await.setup, started.setup);
    assert_eq!(world.events().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn set_ups_of_different_users_all_succeed() {
    let world = World::with_closed_hasher();
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        let world = world.clone();
        calls.spawn(async move { world.start(&subject(&format!("user {number}"))).await });
    }
    world.hasher.reached(CALLS).await;
    world.hasher.open();
    for started in calls.join_all().await {
        started.unwrap();
    }
    assert_eq!(world.stores.factors.count(), CALLS);
}

/// A set-up that takes longer than its lease does not overwrite the one that came after it.
#[tokio::test]
async fn a_set_up_that_takes_too_long_stores_nothing() {
    let (slow, alice) = (World::with_closed_hasher(), subject("alice"));
    let fast = World { hasher: World::new().hasher, ..slow.clone() };
    let starting = tokio::spawn({
        let (slow, alice) = (slow.clone(), alice.clone());
        async move { slow.start(&alice).await }
    });
    slow.hasher.reached(1).await;
    slow.clock.advance(slow.limits.lease + Duration::from_secs(1));
    let second = fast.start(&alice).await.unwrap();
    slow.hasher.open();
    let late = starting.await.unwrap();
    assert!(matches!(late, Err(StartSetupError::InProgress)), "{late:?}");
    assert_eq!(slow.pending(&alice).await.setup, second.setup);
}

/// The first set-up is confirmed while a second one hashes: 2FA stays on with the first.
#[tokio::test]
async fn a_set_up_that_was_overtaken_by_a_confirmation_stores_nothing() {
    let (slow, alice) = (World::with_closed_hasher(), subject("alice"));
    let fast = World { hasher: World::new().hasher, ..slow.clone() };
    let first = fast.start(&alice).await.unwrap();
    let starting = tokio::spawn({
        let (slow, alice) = (slow.clone(), alice.clone());
        async move { slow.start(&alice).await }
    });
    slow.hasher.reached(1).await;
    fast.verify(&alice, &code_at_instant(&first.secret, NOW)).await.unwrap();
    let enabled = fast.stored(&alice).await;
    slow.hasher.open();
    let late = starting.await.unwrap();
    assert!(matches!(late, Err(StartSetupError::AlreadyEnabled)), "{late:?}");
    assert!(matches!(enabled, Some(Factor::Enabled(_))));
    assert_eq!(fast.stored(&alice).await, enabled);
}
