//! Servers on one database that work on the same rows wait for each other, and never in a circle: nobody is refused.

use std::sync::Arc;

use countersign_domain::identity::Subject;
use countersign_domain::two_factor::ports::{FactorImported, FactorStore as _};
use countersign_storage::Database;
use countersign_testkit::build::{NOW, imported_factor, subject};
use countersign_testkit::contention::{rounds, together};
use countersign_testkit::on_every_engine;

use crate::support::{Engine, TestDatabase};

on_every_engine!(
    Engine;
    imports_of_the_same_users_in_opposite_orders_are_both_answered,
);

/// Two servers on one database.
fn servers(engine: Engine) -> (TestDatabase, [Arc<Database>; 2]) {
    let place = TestDatabase::migrated(engine);
    let servers = [Arc::new(place.open()), Arc::new(place.open())];
    (place, servers)
}

/// Those who want to wait in a circle need some time in which each has begun and none has ended.
const USERS: usize = 24;

async fn imports_of_the_same_users_in_opposite_orders_are_both_answered(engine: Engine) {
    let (_place, servers) = servers(engine);
    for round in 0..8 * rounds() {
        let users: Vec<Subject> =
            (0..USERS).map(|number| subject(&format!("user {round} {number}"))).collect();
        let import = |number: usize| {
            let mut batch: Vec<_> = users.iter().map(|user| imported_factor(user, &["one"], NOW)).collect();
            if number == 1 {
                batch.reverse();
            }
            let server = servers[number].clone();
            async move { server.import(batch).await.unwrap() }
        };
        let mut outcomes = together(2, import).await;
        outcomes[1].reverse();
        for (one, other) in outcomes[0].iter().zip(&outcomes[1]) {
            let stored = [one, other].map(|outcome| usize::from(*outcome == FactorImported::Stored));
            assert_eq!(stored.iter().sum::<usize>(), 1, "{one:?}, {other:?}");
        }
    }
}
