//! Ten new backup codes.

use std::time::Duration;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::identity::Subject;
use countersign_domain::time::Clock as _;
use countersign_domain::two_factor::assertion::Method;
use countersign_domain::two_factor::backup_code::BackupCodeSet;
use countersign_domain::two_factor::proof::ProofError;
use countersign_domain::two_factor::regenerate::RegenerateBackupCodes;
use countersign_testkit::build::{caller, code_at_instant, subject, typed_code, wrong_code};

use crate::world::World;

async fn regenerate(world: &World, subject: &Subject, code: &str) -> Result<BackupCodeSet, ProofError> {
    let use_case = RegenerateBackupCodes {
        clock: world.clock.clone(),
        entropy: world.entropy.clone(),
        factors: world.stores.factors.clone(),
        hasher: world.hasher.clone(),
        prove: world.prove(),
    };
    use_case.run(subject.clone(), typed_code(code), world.organization.policy.lockout(), caller()).await
}

#[tokio::test]
async fn new_codes_work_and_old_ones_are_void_at_once() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    world.clock.advance(Duration::from_secs(30));
    let code = code_at_instant(&started.secret, world.clock.now());
    let new = regenerate(&world, &alice, &code).await.unwrap();
    assert_eq!(world.events().last(), Some(&SecurityEvent::BackupCodesRegenerated { method: Method::Totp }));
    let old = world.step_up(&alice, &started.backup_codes.0[0].reveal()).await;
    assert!(matches!(old, Err(ProofError::InvalidCode { .. })));
    world.step_up(&alice, &new.0[0].reveal()).await.unwrap();
}

#[tokio::test]
async fn a_wrong_code_changes_nothing() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    let wrong = wrong_code(&started.secret, world.clock.now());
    assert!(matches!(regenerate(&world, &alice, &wrong).await, Err(ProofError::InvalidCode { .. })));
    world.step_up(&alice, &started.backup_codes.0[0].reveal()).await.unwrap();
}

#[tokio::test]
async fn nothing_is_hashed_for_a_code_that_cannot_be_right() {
    let (world, alice) = (World::new(), subject("alice"));
    assert!(matches!(regenerate(&world, &alice, "123456").await, Err(ProofError::NotEnabled)));
    let started = world.enrolled(&alice).await;
    let hashed = world.hasher.calls();
    assert!(matches!(regenerate(&world, &alice, "12345678").await, Err(ProofError::Malformed)));
    let wrong = wrong_code(&started.secret, world.clock.now());
    for _ in 0..5 {
        let _ = world.step_up(&alice, &wrong).await;
    }
    assert!(matches!(regenerate(&world, &alice, &wrong).await, Err(ProofError::Locked(_))));
    assert_eq!(world.hasher.calls(), hashed);
}

#[tokio::test]
async fn an_overloaded_hasher_leaves_the_code_unused() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    world.clock.advance(Duration::from_secs(30));
    let code = code_at_instant(&started.secret, world.clock.now());
    world.hasher.set_overloaded(true);
    assert!(matches!(regenerate(&world, &alice, &code).await, Err(ProofError::Failure(_))));
    world.hasher.set_overloaded(false);
    regenerate(&world, &alice, &code).await.unwrap();
}
