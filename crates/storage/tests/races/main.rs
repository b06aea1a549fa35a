//! Every pair of calls about one factor, run against each other on SQLite, and a model of what may have come of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails by a panic"
)]

mod model;
#[path = "../sqlite/support.rs"]
mod support;
mod world;

use countersign_testkit::contention::{rounds, together};

use crate::model::{Start, check};
use crate::world::{Call, World};

/// Of each kind of call.
const CONTENDERS: usize = 16;

async fn race(start: Start, pair: [Call; 2]) {
    let world = World::begin(start).await;
    let outcomes = together(2 * CONTENDERS, |number| {
        let (world, call) = (world.clone(), pair[number % 2]);
        async move { (call, world.make(call).await) }
    })
    .await;
    let happened = world.events().await;
    assert!(world.secret_opens().await, "{start:?}, {pair:?}: the secret of another factor is stored");
    check(start, pair, &outcomes, world.status().await, &happened);
}

async fn all_pairs(start: Start) {
    for _ in 0..rounds() {
        for (place, first) in Call::ALL.into_iter().enumerate() {
            for second in Call::ALL.into_iter().skip(place) {
                race(start, [first, second]).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_an_enabled_factor() {
    all_pairs(Start::Enabled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_pending_factor() {
    all_pairs(Start::Pending).await;
}
