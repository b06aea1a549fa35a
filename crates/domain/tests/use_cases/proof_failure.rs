//! What happens to codes when a port fails: never "wrong code", and nothing is charged that need not be.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::keys::KeyId;
use countersign_domain::time::{Clock as _, Timestamp};
use countersign_domain::two_factor::proof::ProofError;
use countersign_testkit::build::{code_at_instant, subject};
use countersign_testkit::fakes::PlainSealer;

use crate::world::World;

#[tokio::test]
async fn a_secret_that_cannot_be_opened_is_no_wrong_code() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    world.clock.advance(Duration::from_secs(30));
    let code = code_at_instant(&started.secret, world.clock.now());
    let without_key = World { sealer: Arc::new(PlainSealer::with_key(KeyId(9))), ..world.clone() };
    for _ in 0..6 {
        assert!(matches!(without_key.step_up(&alice, &code).await, Err(ProofError::Failure(_))));
    }
    world.step_up(&alice, &code).await.unwrap();
}

#[tokio::test]
async fn a_clock_before_1970_is_no_wrong_code() {
    let (world, alice) = (World::new(), subject("alice"));
    let _ = world.enrolled(&alice).await;
    world.clock.set(Timestamp::from_seconds(-1));
    assert!(matches!(world.step_up(&alice, "123456").await, Err(ProofError::Failure(_))));
}

#[tokio::test]
async fn overload_charges_no_attempt() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    let code = started.backup_codes.0[2].reveal();
    world.verifier.set_overloaded(true);
    for _ in 0..20 {
        assert!(matches!(world.step_up(&alice, &code).await, Err(ProofError::Failure(_))));
    }
    world.verifier.set_overloaded(false);
    world.step_up(&alice, &code).await.unwrap();
}
