//! Starting a set-up.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::two_factor::ports::SecretPlace;
use countersign_domain::two_factor::setup::StartSetupError;
use countersign_domain::two_factor::status::TwoFactorStatus;
use countersign_testkit::build::{self, NOW, subject};
use countersign_testkit::entropy::ExhaustibleEntropy;

use crate::world::World;

#[tokio::test]
async fn a_set_up_shows_everything_that_an_authenticator_needs() {
    let started = World::new().start(&subject("alice")).await.unwrap();
    assert_eq!(started.secret.expose().len(), 20);
    let secret = started.secret.to_base32();
    let uri = format!(
        "otpauth://totp/Example:alice?secret={}&issuer=Example&algorithm=SHA1&digits=6&period=30",
        *secret
    );
    assert_eq!(*started.otpauth_uri, uri);
    let codes: BTreeSet<_> = started.backup_codes.0.iter().map(|code| code.reveal().to_string()).collect();
    assert_eq!(codes.len(), 10);
}

#[tokio::test]
async fn two_factor_stays_off_until_a_code_proves_the_authenticator() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.start(&alice).await.unwrap();
    let expected = TwoFactorStatus::Pending { expires_at: started.expires_at };
    assert_eq!(world.status(&alice).await, expected);
}

#[tokio::test]
async fn what_is_stored_is_the_sealed_secret_of_this_factor() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.start(&alice).await.unwrap();
    let factor = world.pending(&alice).await;
    assert_eq!((factor.setup, factor.expires_at, factor.attempts), (started.setup, started.expires_at, 0));
    let place = SecretPlace { subject: &alice, factor: factor.binding.id };
    let opened = world.sealer.open(place, &factor.binding.secret).unwrap();
    assert_eq!(opened.expose(), started.secret.expose());
}

#[tokio::test]
async fn the_ten_minutes_begin_when_hashing_has_ended() {
    let (world, alice) = (World::with_closed_hasher(), subject("alice"));
    let starting = tokio::spawn({
        let (world, alice) = (world.clone(), alice.clone());
        async move { world.start(&alice).await }
    });
    world.hasher.reached(1).await;
    world.clock.advance(Duration::from_secs(20));
    world.hasher.open();
    let started = starting.await.unwrap().unwrap();
    assert_eq!(started.expires_at, NOW.saturating_add(Duration::from_secs(620)));
}

#[tokio::test]
async fn a_second_set_up_takes_the_place_of_the_first() {
    let (world, alice) = (World::new(), subject("alice"));
    let first = world.start(&alice).await.unwrap();
    let second = world.start(&alice).await.unwrap();
    assert_ne!(first.setup, second.setup);
    assert_ne!(first.secret.expose(), second.secret.expose());
    assert_eq!(world.pending(&alice).await.setup, second.setup);
    assert_eq!(world.stores.factors.count(), 1);
}

#[tokio::test]
async fn an_enabled_factor_is_refused_and_left_alone() {
    let (world, alice) = (World::new(), subject("alice"));
    let _ = world.enable(&alice).await;
    let before = (world.stored(&alice).await, world.events(), world.hasher.calls());
    let refused = world.start(&alice).await;
    assert!(matches!(refused, Err(StartSetupError::AlreadyEnabled)), "{refused:?}");
    assert_eq!((world.stored(&alice).await, world.events(), world.hasher.calls()), before);
}

#[tokio::test]
async fn each_user_has_ten_set_ups_in_an_hour() {
    let (world, alice) = (World::new(), subject("alice"));
    for minute in 0..10 {
        world.clock.set(NOW.saturating_add(Duration::from_mins(minute)));
        world.start(&alice).await.unwrap();
    }
    let hashed = world.hasher.calls();
    let in_an_hour = NOW.saturating_add(Duration::from_hours(1));
    match world.start(&alice).await {
        Err(StartSetupError::TooMany { retry_at }) => assert_eq!(retry_at, in_an_hour),
        other => panic!("the eleventh set-up: {other:?}"),
    }
    assert_eq!(world.hasher.calls(), hashed);
    world.start(&subject("bob")).await.unwrap();
    world.clock.set(in_an_hour);
    world.start(&alice).await.unwrap();
}

#[tokio::test]
async fn an_overloaded_hasher_costs_no_set_up() {
    let (world, alice) = (World::with_setups(1), subject("alice"));
    world.hasher.set_overloaded(true);
    for _ in 0..3 {
        let failed = world.start(&alice).await;
        assert!(matches!(failed, Err(StartSetupError::Failure(PortFailure::Unavailable(_)))), "{failed:?}");
    }
    assert_eq!((world.stores.factors.count(), world.events()), (0, vec![]));
    world.hasher.set_overloaded(false);
    world.start(&alice).await.unwrap();
}

#[tokio::test]
async fn without_randomness_nothing_is_stored_and_no_set_up_is_counted() {
    let mut steps = 0;
    loop {
        let (healthy, alice) = (World::with_setups(1), subject("alice"));
        let mut failing = healthy.clone();
        failing.entropy = std::sync::Arc::new(ExhaustibleEntropy::after(steps));
        match failing.start(&alice).await {
            Ok(_) => break,
            Err(StartSetupError::Failure(PortFailure::Unavailable(_))) => (),
            other => panic!("after {steps} draws: {other:?}"),
        }
        assert_eq!((healthy.stores.factors.count(), healthy.events()), (0, vec![]), "after {steps} draws");
        healthy.start(&alice).await.unwrap();
        steps += 1;
    }
    // At least the claim, the secret, ten codes, and the ids.
    assert!(steps >= 13, "randomness is drawn {steps} times only");
}

#[tokio::test]
async fn the_trail_says_who_started_which_set_up() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.start(&alice).await.unwrap();
    let [event] = &world.stores.audit.events()[..] else { panic!("one event") };
    assert_eq!(event.event, SecurityEvent::SetupStarted { setup: started.setup });
    assert_eq!((&event.user, event.organization), (&Some(alice.user), alice.organization));
    assert_eq!((event.environment, event.at), (Some(alice.environment), NOW));
    assert_eq!(
        (&event.caller.actor, event.caller.address),
        (&build::caller().actor, build::caller().address)
    );
}
