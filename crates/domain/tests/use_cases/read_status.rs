//! Reading the state of a second factor.

use std::time::Duration;

use countersign_domain::two_factor::status::TwoFactorStatus;
use countersign_testkit::build::{NOW, subject};

use crate::world::World;

#[tokio::test]
async fn without_factor_it_is_disabled() {
    let world = World::new();
    world.start(&subject("bob")).await.unwrap();
    assert_eq!(world.status(&subject("alice")).await, TwoFactorStatus::Disabled);
}

#[tokio::test]
async fn a_set_up_is_pending_until_the_instant_of_its_expiry() {
    let (world, alice) = (World::new(), subject("alice"));
    let expires_at = world.start(&alice).await.unwrap().expires_at;
    assert_eq!(expires_at, NOW.saturating_add(Duration::from_mins(10)));
    world.clock.set(expires_at.saturating_sub(Duration::from_micros(1)));
    assert_eq!(world.status(&alice).await, TwoFactorStatus::Pending { expires_at });
    world.clock.set(expires_at);
    assert_eq!(world.status(&alice).await, TwoFactorStatus::Disabled);
}

#[tokio::test]
async fn an_enabled_factor_stays_enabled() {
    let (world, alice) = (World::new(), subject("alice"));
    let enabled = world.enable(&alice).await;
    world.clock.advance(Duration::from_hours(24 * 1_000));
    assert_eq!(world.status(&alice).await, enabled);
    assert_eq!(
        enabled,
        TwoFactorStatus::Enabled { enabled_at: NOW, backup_codes_remaining: 10, locked_until: None }
    );
}
