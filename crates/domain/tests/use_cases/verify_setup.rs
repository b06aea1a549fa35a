//! Confirming a set-up.

use std::time::Duration;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::identity::{Environment, SetupId, Subject};
use countersign_domain::time::{TimeStep, Timestamp};
use countersign_domain::two_factor::factor::Factor;
use countersign_domain::two_factor::status::TwoFactorStatus;
use countersign_domain::two_factor::verify_setup::VerifySetupError;
use countersign_testkit::build::{
    NOW, code_at_instant, fresh_ulid, organization_id, subject, subject_in, wrong_code,
};

use crate::world::World;

const PERIOD: Duration = Duration::from_secs(30);

/// Tries the code of the instant `at`, now. Tells the step that it spent.
async fn confirmed_by_the_code_of(at: Timestamp) -> Result<TimeStep, VerifySetupError> {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.start(&alice).await.unwrap();
    world.verify(&alice, &code_at_instant(&started.secret, at)).await?;
    match world.stored(&alice).await {
        Some(Factor::Enabled(factor)) => Ok(factor.last_step),
        other => panic!("confirmed, but {other:?}"),
    }
}

/// Tries a wrong code, and tells how many attempts are left.
async fn left_after_a_wrong_code(world: &World, subject: &Subject, code: &str) -> u8 {
    match world.verify(subject, code).await {
        Err(VerifySetupError::InvalidCode { attempts_left }) => attempts_left,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_code_of_each_step_in_the_window_confirms_and_spends_that_step() {
    for at in [NOW.saturating_sub(PERIOD), NOW, NOW.saturating_add(PERIOD)] {
        let spent = confirmed_by_the_code_of(at).await.unwrap();
        assert_eq!(Some(spent), TimeStep::containing(at, PERIOD), "the code of {at}");
    }
}

#[tokio::test]
async fn codes_beyond_the_window_are_wrong() {
    for at in [NOW.saturating_sub(2 * PERIOD), NOW.saturating_add(2 * PERIOD)] {
        let refused = confirmed_by_the_code_of(at).await;
        assert!(matches!(refused, Err(VerifySetupError::InvalidCode { attempts_left: 4 })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_confirmed_set_up_is_in_force_with_ten_codes() {
    let (world, alice) = (World::new(), subject("alice"));
    let status = world.enable(&alice).await;
    assert_eq!(
        status,
        TwoFactorStatus::Enabled { enabled_at: NOW, backup_codes_remaining: 10, locked_until: None }
    );
    assert_eq!(world.status(&alice).await, status);
}

#[tokio::test]
async fn the_fifth_wrong_code_removes_the_set_up() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.start(&alice).await.unwrap();
    let wrong = wrong_code(&started.secret, NOW);
    for left in [4, 3, 2, 1, 0] {
        assert_eq!(left_after_a_wrong_code(&world, &alice, &wrong).await, left);
    }
    let gone = world.verify(&alice, &code_at_instant(&started.secret, NOW)).await;
    assert!(matches!(gone, Err(VerifySetupError::NoPendingSetup)), "{gone:?}");
    assert_eq!(world.status(&alice).await, TwoFactorStatus::Disabled);
    assert_eq!(world.stores.factors.count(), 0);
}

#[tokio::test]
async fn a_code_of_another_length_is_malformed_and_costs_nothing() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.start(&alice).await.unwrap();
    let told = world.events();
    for _ in 0..5 {
        for code in ["1234567", "12345678"] {
            let refused = world.verify(&alice, code).await;
            assert!(matches!(refused, Err(VerifySetupError::Malformed)), "{refused:?}");
        }
    }
    assert_eq!(world.events(), told);
    assert_eq!(left_after_a_wrong_code(&world, &alice, &wrong_code(&started.secret, NOW)).await, 4);
}

#[tokio::test]
async fn the_last_attempt_can_be_right() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.start(&alice).await.unwrap();
    for _ in 0..4 {
        let _ = left_after_a_wrong_code(&world, &alice, &wrong_code(&started.secret, NOW)).await;
    }
    world.verify(&alice, &code_at_instant(&started.secret, NOW)).await.unwrap();
}

#[tokio::test]
async fn the_confirming_code_confirms_nothing_again() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.start(&alice).await.unwrap();
    let code = code_at_instant(&started.secret, NOW);
    world.verify(&alice, &code).await.unwrap();
    let before = world.stored(&alice).await;
    for code in [code, wrong_code(&started.secret, NOW)] {
        let refused = world.verify(&alice, &code).await;
        assert!(matches!(refused, Err(VerifySetupError::AlreadyEnabled)), "{refused:?}");
    }
    assert_eq!(world.stored(&alice).await, before);
}

#[tokio::test]
async fn without_set_up_there_is_nothing_to_confirm() {
    let refused = World::new().verify(&subject("alice"), "123456").await;
    assert!(matches!(refused, Err(VerifySetupError::NoPendingSetup)), "{refused:?}");
}

#[tokio::test]
async fn codes_of_a_replaced_secret_are_wrong() {
    let (world, alice) = (World::new(), subject("alice"));
    let first = world.start(&alice).await.unwrap();
    let second = world.start(&alice).await.unwrap();
    assert_eq!(left_after_a_wrong_code(&world, &alice, &code_at_instant(&first.secret, NOW)).await, 4);
    world.verify(&alice, &code_at_instant(&second.secret, NOW)).await.unwrap();
}

#[tokio::test]
async fn naming_a_replaced_set_up_costs_no_attempt() {
    let (world, alice) = (World::new(), subject("alice"));
    let first = world.start(&alice).await.unwrap();
    let second = world.start(&alice).await.unwrap();
    for code in [code_at_instant(&first.secret, NOW), code_at_instant(&second.secret, NOW)] {
        let refused = world.verify_meaning(&alice, &code, Some(first.setup)).await;
        assert!(matches!(refused, Err(VerifySetupError::Replaced)), "{refused:?}");
    }
    assert_eq!(world.pending(&alice).await.attempts, 0);
    let code = code_at_instant(&second.secret, NOW);
    world.verify_meaning(&alice, &code, Some(second.setup)).await.unwrap();
}

#[tokio::test]
async fn a_set_up_can_be_confirmed_for_ten_minutes() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.start(&alice).await.unwrap();
    let last_moment = started.expires_at.saturating_sub(Duration::from_micros(1));
    assert_eq!(started.expires_at, NOW.saturating_add(Duration::from_mins(10)));
    world.clock.set(last_moment);
    world.verify(&alice, &code_at_instant(&started.secret, last_moment)).await.unwrap();
}

#[tokio::test]
async fn after_ten_minutes_a_set_up_has_expired_and_is_gone() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.start(&alice).await.unwrap();
    world.clock.set(started.expires_at);
    let code = code_at_instant(&started.secret, started.expires_at);
    let expired = world.verify(&alice, &code).await;
    assert!(matches!(expired, Err(VerifySetupError::Expired)), "{expired:?}");
    let gone = world.verify(&alice, &code).await;
    assert!(matches!(gone, Err(VerifySetupError::NoPendingSetup)), "{gone:?}");
}

#[tokio::test]
async fn a_code_confirms_the_set_up_of_its_own_user_only() {
    let world = World::new();
    let alice = subject("alice");
    let started = world.start(&alice).await.unwrap();
    let others = [
        subject("bob"),
        subject_in(organization_id(1), Environment::Test, "alice"),
        subject_in(organization_id(2), Environment::Live, "alice"),
    ];
    for other in others {
        world.start(&other).await.unwrap();
        let code = code_at_instant(&started.secret, NOW);
        assert_eq!(left_after_a_wrong_code(&world, &other, &code).await, 4);
    }
    assert_eq!(world.pending(&alice).await.attempts, 0);
}

#[tokio::test]
async fn the_trail_tells_each_attempt() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.start(&alice).await.unwrap();
    let _ = left_after_a_wrong_code(&world, &alice, &wrong_code(&started.secret, NOW)).await;
    let another = SetupId::new(fresh_ulid());
    let refused = world.verify_meaning(&alice, "123456", Some(another)).await;
    assert!(matches!(refused, Err(VerifySetupError::Replaced)), "{refused:?}");
    world.verify(&alice, &code_at_instant(&started.secret, NOW)).await.unwrap();
    let expected = [
        SecurityEvent::SetupStarted { setup: started.setup },
        SecurityEvent::SetupCodeRefused { attempts_left: 4 },
        SecurityEvent::Enabled,
    ];
    assert_eq!(world.events(), expected);
    for event in world.stores.audit.events() {
        assert_eq!((event.user.as_ref(), event.at), (Some(&alice.user), NOW));
    }
}

#[tokio::test]
async fn the_trail_tells_that_the_last_attempt_is_gone() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.start(&alice).await.unwrap();
    for _ in 0..5 {
        let _ = left_after_a_wrong_code(&world, &alice, &wrong_code(&started.secret, NOW)).await;
    }
    assert_eq!(world.events().last(), Some(&SecurityEvent::SetupCodeRefused { attempts_left: 0 }));
}
