//! Turning 2FA off, with a code and without.

use std::time::Duration;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::identity::Subject;
use countersign_domain::time::Clock as _;
use countersign_domain::two_factor::assertion::Method;
use countersign_domain::two_factor::disable::{DisableError, DisableTwoFactor};
use countersign_domain::two_factor::policy::OrganizationPolicy;
use countersign_domain::two_factor::presented_code::PresentedCode;
use countersign_domain::two_factor::proof::ProofError;
use countersign_domain::two_factor::reset::{ResetReason, ResetTwoFactor};
use countersign_domain::two_factor::status::TwoFactorStatus;
use countersign_testkit::build::{caller, code_at_instant, subject};
use countersign_testkit::contention::{CONTENDERS, together};

use crate::world::World;

async fn disable(world: &World, subject: &Subject, code: &str) -> Result<TwoFactorStatus, DisableError> {
    let code = PresentedCode::parse(code).unwrap();
    let use_case = DisableTwoFactor { prove: world.prove() };
    use_case.run(subject.clone(), code, world.organization.policy, caller()).await
}

async fn reset(world: &World, subject: &Subject) -> bool {
    let use_case = ResetTwoFactor {
        clock: world.clock.clone(),
        entropy: world.entropy.clone(),
        proofs: world.stores.factors.clone(),
    };
    use_case.run(subject, ResetReason::new(" lost phone ").unwrap(), &caller()).await.unwrap()
}

#[tokio::test]
async fn a_totp_code_or_a_backup_code_turns_2fa_off_and_a_new_set_up_is_possible() {
    for with_backup_code in [false, true] {
        let (world, alice) = (World::new(), subject("alice"));
        let started = world.enrolled(&alice).await;
        world.clock.advance(Duration::from_secs(30));
        let totp = code_at_instant(&started.secret, world.clock.now());
        let code = if with_backup_code { started.backup_codes.0[0].reveal().to_string() } else { totp };
        assert_eq!(disable(&world, &alice, &code).await.unwrap(), TwoFactorStatus::Disabled);
        let method = if with_backup_code { Method::BackupCode } else { Method::Totp };
        assert!(world.events().contains(&SecurityEvent::Disabled { method }));
        assert_eq!(world.stores.factors.count(), 0);
        world.enrolled(&alice).await;
    }
}

#[tokio::test]
async fn a_wrong_or_used_code_turns_nothing_off() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    let spent = code_at_instant(&started.secret, world.clock.now());
    let refused = disable(&world, &alice, &spent).await;
    assert!(matches!(refused, Err(DisableError::Proof(ProofError::InvalidCode { .. }))), "{refused:?}");
    assert_eq!(world.stores.factors.count(), 1);
}

#[tokio::test]
async fn where_2fa_is_required_no_code_is_looked_at_and_the_platform_can_still_reset() {
    let (mut world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    world.clock.advance(Duration::from_secs(30));
    let from = world.clock.now().saturating_add(Duration::from_secs(30));
    world.organization.policy =
        OrganizationPolicy { require_2fa: true, enforce_after: Some(from), ..OrganizationPolicy::default() };
    world.clock.set(from);
    let (before, told) = (world.stored(&alice).await, world.events());
    let right = code_at_instant(&started.secret, from);
    let backup_code = started.backup_codes.0[0].reveal();
    for code in [right.as_str(), "000000", "12345678", &backup_code] {
        let refused = disable(&world, &alice, code).await;
        assert!(matches!(refused, Err(DisableError::Required)), "{refused:?}");
    }
    assert_eq!((world.stored(&alice).await, world.events()), (before, told));
    world.step_up(&alice, &right).await.unwrap();
    assert!(reset(&world, &alice).await);
}

#[tokio::test]
async fn before_a_requirement_begins_2fa_can_be_turned_off() {
    let (mut world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    world.clock.advance(Duration::from_secs(30));
    let from = world.clock.now().saturating_add(Duration::from_micros(1));
    world.organization.policy =
        OrganizationPolicy { require_2fa: true, enforce_after: Some(from), ..OrganizationPolicy::default() };
    let code = code_at_instant(&started.secret, world.clock.now());
    assert_eq!(disable(&world, &alice, &code).await.unwrap(), TwoFactorStatus::Disabled);
}

#[tokio::test]
async fn of_many_disables_with_one_code_one_succeeds() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    world.clock.advance(Duration::from_secs(30));
    let code = code_at_instant(&started.secret, world.clock.now());
    let outcomes = together(CONTENDERS, |_| {
        let (world, alice, code) = (world.clone(), alice.clone(), code.clone());
        async move { disable(&world, &alice, &code).await.is_ok() }
    })
    .await;
    assert_eq!(outcomes.into_iter().filter(|succeeded| *succeeded).count(), 1);
}

#[tokio::test]
async fn a_reset_needs_no_code_and_a_second_one_finds_nothing() {
    let (world, alice) = (World::new(), subject("alice"));
    let _ = world.enrolled(&alice).await;
    assert!(reset(&world, &alice).await);
    let reason = ResetReason::new("lost phone").unwrap();
    assert_eq!(world.events().last(), Some(&SecurityEvent::Reset { reason }));
    let told = world.events().len();
    assert!(!reset(&world, &alice).await);
    assert_eq!(world.events().len(), told);
}

#[test]
fn a_reason_is_given_and_readable() {
    for bad in ["", "   ", "a\u{202E}b", "a\0b", &"x".repeat(501)] {
        assert!(ResetReason::new(bad).is_err(), "{bad:?}");
    }
}
