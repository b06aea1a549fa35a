//! An organization's policy: how it is changed, and what it changes.

use std::time::Duration;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::Environment;
use countersign_domain::time::Clock as _;
use countersign_domain::two_factor::change_policy::{ChangePolicy, ChangePolicyError};
use countersign_domain::two_factor::params::{Digits, Parameters};
use countersign_domain::two_factor::policy::{
    CodeLength, LockLength, MaxAttempts, OrganizationPolicy, PolicyChange,
};
use countersign_domain::two_factor::proof::ProofError;
use countersign_testkit::arrange;
use countersign_testkit::build::{NOW, caller, code_with, organization_id, subject, wrong_code};

use crate::world::World;

async fn change(
    world: &World,
    environment: Environment,
    change: PolicyChange,
) -> Result<OrganizationPolicy, ChangePolicyError> {
    let use_case = ChangePolicy {
        clock: world.clock.clone(),
        entropy: world.entropy.clone(),
        organizations: world.stores.organizations.clone(),
    };
    use_case.run(world.organization.id, environment, change, caller()).await
}

fn required() -> PolicyChange {
    PolicyChange { require_2fa: Some(true), ..PolicyChange::default() }
}

#[tokio::test]
async fn a_change_is_stored_and_told_with_what_was_before() {
    let world = World::new();
    arrange::organization(&*world.stores.organizations, world.organization.clone()).await;
    let new = change(&world, Environment::Live, required()).await.unwrap();
    let old = OrganizationPolicy::default();
    assert_eq!(new, OrganizationPolicy { require_2fa: true, ..old });
    let told = world.stores.audit.events().pop().unwrap();
    assert_eq!(told.event, SecurityEvent::PolicyChanged { old, new });
    assert_eq!((told.organization, told.at), (organization_id(1), NOW));
}

#[tokio::test]
async fn test_credentials_never_change_what_holds_for_live_users() {
    let world = World::new();
    arrange::organization(&*world.stores.organizations, world.organization.clone()).await;
    let told = world.events();
    let refused = change(&world, Environment::Test, required()).await;
    assert!(matches!(refused, Err(ChangePolicyError::LiveKeyNeeded)), "{refused:?}");
    assert_eq!(world.events(), told);
}

#[tokio::test]
async fn an_organization_that_is_gone_is_a_failure() {
    let refused = change(&World::new(), Environment::Live, required()).await;
    assert!(matches!(refused, Err(ChangePolicyError::Failure(PortFailure::Other(_)))), "{refused:?}");
}

#[tokio::test]
async fn new_factors_have_codes_of_the_length_that_the_policy_asks_for_and_old_ones_keep_theirs() {
    let (mut world, alice, bob) = (World::new(), subject("alice"), subject("bob"));
    let of_bob = world.enrolled(&bob).await;
    world.organization.policy.digits = CodeLength::Eight;
    let started = world.start(&alice).await.unwrap();
    assert!(started.otpauth_uri.contains("digits=8"));
    let eight = Parameters { digits: Digits::Eight, ..Parameters::default() };
    assert_eq!(started.parameters, eight);
    world.verify(&alice, &code_with(&started.secret, eight, NOW)).await.unwrap();

    world.clock.advance(Duration::from_mins(1));
    let now = world.clock.now();
    world.step_up(&alice, &code_with(&started.secret, eight, now)).await.unwrap();
    let six = code_with(&of_bob.secret, Parameters::default(), now);
    world.step_up(&bob, &six).await.unwrap();
}

#[tokio::test]
async fn the_policy_says_how_many_wrong_codes_lock_and_for_how_long() {
    let (mut world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    world.organization.policy.max_attempts = MaxAttempts::new(3).unwrap();
    world.organization.policy.lock = LockLength::from_seconds(90).unwrap();
    let wrong = wrong_code(&started.secret, NOW);
    for left in [2, 1, 0] {
        let refused = world.step_up(&alice, &wrong).await.map(drop);
        assert!(
            matches!(refused, Err(ProofError::InvalidCode { attempts_left }) if attempts_left == left),
            "{refused:?}"
        );
    }
    let locked = world.step_up(&alice, &wrong).await.map(drop);
    let until = NOW.saturating_add(Duration::from_secs(90));
    assert!(matches!(locked, Err(ProofError::Locked(lock)) if lock.until() == Some(until)), "{locked:?}");
}
