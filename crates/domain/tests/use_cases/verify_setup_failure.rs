//! What cannot be decided is a failure: never "wrong code", and never a charge.

use std::sync::Arc;

use countersign_domain::failure::PortFailure;
use countersign_domain::keys::KeyId;
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::verify_setup::VerifySetupError;
use countersign_testkit::build::{NOW, code_at_instant, subject, wrong_code};
use countersign_testkit::clock::ManualClock;
use countersign_testkit::entropy::FailingEntropy;
use countersign_testkit::fakes::PlainSealer;

use crate::world::World;

/// Starts a set-up in a sound world, tries right and wrong codes in the world that `spoil` makes of it, and
/// makes sure that the sound world knows nothing of them.
async fn fails_without_a_trace(spoil: impl Fn(&mut World)) {
    let (sound, alice) = (World::new(), subject("alice"));
    let started = sound.start(&alice).await.unwrap();
    let before = (sound.stored(&alice).await, sound.events());
    let mut spoilt = sound.clone();
    spoil(&mut spoilt);
    for _ in 0..5 {
        for code in [code_at_instant(&started.secret, NOW), wrong_code(&started.secret, NOW)] {
            let failed = spoilt.verify(&alice, &code).await;
            let unavailable = matches!(failed, Err(VerifySetupError::Failure(PortFailure::Unavailable(_))));
            assert!(unavailable, "{failed:?}");
        }
    }
    assert_eq!((sound.stored(&alice).await, sound.events()), before);
    sound.clock.set(NOW);
    sound.verify(&alice, &code_at_instant(&started.secret, NOW)).await.unwrap();
}

#[tokio::test]
async fn a_secret_that_cannot_be_opened() {
    fails_without_a_trace(|world| world.sealer = Arc::new(PlainSealer::with_key(KeyId(99)))).await;
}

#[tokio::test]
async fn a_clock_before_1970() {
    fails_without_a_trace(|world| world.clock.set(Timestamp::from_micros(-1))).await;
}

#[tokio::test]
async fn a_clock_that_jumped() {
    let jumped = |world: &mut World| {
        world.clock = Arc::new(ManualClock::new(NOW));
        world.clock.set_jumped(true);
    };
    fails_without_a_trace(jumped).await;
}

#[tokio::test]
async fn no_randomness_for_the_audit_event() {
    fails_without_a_trace(|world| world.entropy = Arc::new(FailingEntropy)).await;
}
