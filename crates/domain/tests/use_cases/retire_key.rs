//! When may a key go?

use std::time::Duration;

use countersign_domain::keys::retire::{REST, RetireError, RetireKey};
use countersign_domain::keys::{KeyId, KeyPurpose, RingKey};
use countersign_domain::two_factor::assertion::LIFETIME;
use countersign_testkit::build::{NOW, PEPPER_KEY, SEALING_KEY, known_key, subject};

use crate::world::World;

/// A key that another one has replaced at `NOW`.
fn replaced(purpose: KeyPurpose, id: KeyId) -> RingKey {
    RingKey { known: known_key(purpose, id.0, 1), is_primary: false, added_at: None, replaced_at: Some(NOW) }
}

async fn check(world: &World, key: RingKey) -> Result<(), RetireError> {
    let use_case = RetireKey { clock: world.clock.clone(), registry: world.stores.keys.clone() };
    use_case.check(&key).await
}

#[tokio::test]
async fn the_primary_key_stays() {
    for purpose in KeyPurpose::ALL {
        let key = RingKey { is_primary: true, replaced_at: None, ..replaced(purpose, SEALING_KEY) };
        assert!(matches!(check(&World::new(), key).await, Err(RetireError::Primary)));
    }
}

#[tokio::test]
async fn a_key_stays_as_long_as_something_may_still_be_made_with_it() {
    let world = World::new();
    let key = replaced(KeyPurpose::AssertionSigning, KeyId(1));
    assert!(REST > LIFETIME, "its last assertion must have expired");
    world.clock.advance(REST.saturating_sub(Duration::from_micros(1)));
    match check(&world, key).await {
        Err(RetireError::Resting { until }) => assert_eq!(until, NOW.saturating_add(REST)),
        other => panic!("{other:?}"),
    }
    world.clock.advance(Duration::from_micros(1));
    check(&world, key).await.unwrap();
}

#[tokio::test]
async fn a_key_that_rows_depend_on_stays() {
    let world = World::new();
    world.start(&subject("alice")).await.unwrap();
    world.start(&subject("bob")).await.unwrap();
    world.clock.advance(REST);
    for (purpose, id) in [(KeyPurpose::Sealing, SEALING_KEY), (KeyPurpose::Pepper, PEPPER_KEY)] {
        let refused = check(&world, replaced(purpose, id)).await;
        assert!(matches!(refused, Err(RetireError::InUse { rows: 2 })), "{refused:?}");
        check(&world, replaced(purpose, KeyId(9))).await.unwrap();
    }
}

#[tokio::test]
async fn a_key_with_which_nothing_was_made_may_go_at_once() {
    let key = RingKey { added_at: Some(NOW), replaced_at: None, ..replaced(KeyPurpose::Sealing, KeyId(2)) };
    check(&World::new(), key).await.unwrap();
}
