//! Every pair of calls about one factor, run against each other on every database system, and a model of what may have come of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails by a panic"
)]

mod model;
#[path = "../support/mod.rs"]
mod support;
mod world;

use countersign_testkit::contention::{rounds, together};
use countersign_testkit::on_every_engine;

use crate::model::{Start, check};
use crate::support::Engine;
use crate::world::{Call, World};

on_every_engine!(Engine; of_an_enabled_factor, of_a_pending_factor);

/// Of each kind of call.
const CONTENDERS: usize = 16;

async fn race(world: World, start: Start, pair: [Call; 2]) {
    let outcomes = together(2 * CONTENDERS, |number| {
        let (world, call) = (world.clone(), pair[number % 2]);
        async move { (call, world.make(call).await) }
    })
    .await;
    let happened = world.events().await;
    assert!(world.secret_opens().await, "{start:?}, {pair:?}: the secret of another factor is stored");
    check(start, pair, &outcomes, world.status().await, &happened);
    // The next race finds nothing of this one.
    world.make(Call::Reset).await;
}

async fn all_pairs(engine: Engine, start: Start) {
    let (empty, mut number) = (World::empty(engine), 0);
    for _ in 0..rounds() {
        for (place, first) in Call::ALL.into_iter().enumerate() {
            for second in Call::ALL.into_iter().skip(place) {
                number += 1;
                race(empty.begin(number, start).await, start, [first, second]).await;
            }
        }
    }
}

async fn of_an_enabled_factor(engine: Engine) {
    all_pairs(engine, Start::Enabled).await;
}

async fn of_a_pending_factor(engine: Engine) {
    all_pairs(engine, Start::Pending).await;
}
