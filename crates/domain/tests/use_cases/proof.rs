//! Presenting codes: what is accepted, and what counts.

use std::time::Duration;

use countersign_domain::audit::event::{RefusalReason, SecurityEvent};
use countersign_domain::failure::PortFailure;
use countersign_domain::time::Clock as _;
use countersign_domain::two_factor::assertion::Method;
use countersign_domain::two_factor::lockout::Lock;
use countersign_domain::two_factor::proof::ProofError;
use countersign_domain::two_factor::setup::StartedSetup;
use countersign_domain::two_factor::verify::Verified;
use countersign_testkit::build::{NOW, code_at_instant, subject, wrong_code};
use countersign_testkit::contention::together;

use crate::world::World;

const PERIOD: Duration = Duration::from_secs(30);

fn left(refused: Result<Verified, ProofError>) -> u32 {
    match refused {
        Err(ProofError::InvalidCode { attempts_left }) => attempts_left,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("accepted"),
    }
}

/// The code of the present step.
fn current(world: &World, started: &StartedSetup) -> String {
    code_at_instant(&started.secret, world.clock.now())
}

#[tokio::test]
async fn a_fresh_code_proves_the_factor_once() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    world.clock.advance(PERIOD);
    let code = current(&world, &started);
    let verified = world.step_up(&alice, &code).await.unwrap();
    assert_eq!((verified.proof.method, verified.proof.backup_codes_remaining), (Method::Totp, 10));
    assert!(verified.assertion.contains("alice"));
    assert_eq!(left(world.step_up(&alice, &code).await), 4);
}

#[tokio::test]
async fn the_code_that_confirmed_the_set_up_signs_nobody_in() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    let refused = world.step_up(&alice, &current(&world, &started)).await;
    assert_eq!(left(refused), 4);
    let reason = RefusalReason::Replayed;
    let event = SecurityEvent::CodeRefused { method: Method::Totp, reason, attempts_left: 4 };
    assert_eq!(world.events().last(), Some(&event));
}

#[tokio::test]
async fn an_older_step_is_dead_once_a_newer_one_was_accepted() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    world.clock.advance(2 * PERIOD);
    let older = code_at_instant(&started.secret, world.clock.now().saturating_sub(PERIOD));
    world.step_up(&alice, &current(&world, &started)).await.unwrap();
    assert_eq!(left(world.step_up(&alice, &older).await), 4);
}

#[tokio::test]
async fn a_right_code_between_wrong_ones_clears_the_count() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    for _ in 0..3 {
        world.clock.advance(PERIOD);
        let wrong = wrong_code(&started.secret, world.clock.now());
        for expected in [4, 3, 2, 1] {
            assert_eq!(left(world.step_up(&alice, &wrong).await), expected);
        }
        world.step_up(&alice, &current(&world, &started)).await.unwrap();
    }
}

#[tokio::test]
async fn while_locked_right_and_wrong_codes_look_the_same_and_are_not_consumed() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    world.clock.advance(PERIOD);
    let wrong = wrong_code(&started.secret, world.clock.now());
    for expected in [4, 3, 2, 1, 0] {
        assert_eq!(left(world.step_up(&alice, &wrong).await), expected);
    }
    let until = world.clock.now().saturating_add(Duration::from_mins(1));
    for code in [wrong, current(&world, &started)] {
        let locked = world.step_up(&alice, &code).await;
        assert!(matches!(locked, Err(ProofError::Locked(Lock::Until(at))) if at == until));
    }
    world.clock.advance(Duration::from_mins(1));
    world.step_up(&alice, &current(&world, &started)).await.unwrap();
}

#[tokio::test]
async fn each_backup_code_proves_the_factor_once_and_costs_one_hash_whatever_the_outcome() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    for (used, code) in (1_u8..).zip(&started.backup_codes.0) {
        let calls = world.verifier.calls();
        let verified = world.step_up(&alice, &code.reveal()).await.unwrap();
        assert_eq!(verified.proof.method, Method::BackupCode);
        assert_eq!(verified.proof.backup_codes_remaining, 10 - used);
        assert_eq!(left(world.step_up(&alice, &code.reveal()).await), 9);
        assert_eq!(world.verifier.calls(), calls + 2);
    }
}

#[tokio::test]
async fn a_backup_code_of_somebody_else_is_wrong() {
    let (world, alice, bob) = (World::new(), subject("alice"), subject("bob"));
    let _ = world.enrolled(&alice).await;
    let of_bob = world.enrolled(&bob).await;
    assert_eq!(left(world.step_up(&alice, &of_bob.backup_codes.0[0].reveal()).await), 9);
    let event = SecurityEvent::CodeRefused {
        method: Method::BackupCode,
        reason: RefusalReason::Wrong,
        attempts_left: 9,
    };
    assert_eq!(world.events().last(), Some(&event));
}

#[tokio::test]
async fn the_use_of_a_backup_code_is_told_and_few_left_are_told_too() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    for code in &started.backup_codes.0[..7] {
        world.step_up(&alice, &code.reveal()).await.unwrap();
    }
    let few = world.events().into_iter().filter(|event| event.name() == "two_factor.few_backup_codes");
    assert_eq!(few.collect::<Vec<_>>(), [SecurityEvent::FewBackupCodes { remaining: 3 }]);
    let used = world.events().into_iter().filter(|event| event.name() == "two_factor.backup_code_used");
    assert_eq!(used.count(), 7);
}

#[tokio::test]
async fn a_totp_code_seen_before_a_backup_code_was_used_is_dead() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    world.clock.advance(PERIOD);
    let captured = current(&world, &started);
    world.step_up(&alice, &started.backup_codes.0[0].reveal()).await.unwrap();
    assert_eq!(left(world.step_up(&alice, &captured).await), 4);
    world.clock.advance(2 * PERIOD);
    world.step_up(&alice, &current(&world, &started)).await.unwrap();
}

#[tokio::test]
async fn without_an_enabled_factor_nothing_is_hashed() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.start(&alice).await.unwrap();
    let code = started.backup_codes.0[0].reveal();
    assert!(matches!(world.step_up(&alice, &code).await, Err(ProofError::NotEnabled)));
    let totp = code_at_instant(&started.secret, NOW);
    assert!(matches!(world.step_up(&alice, &totp).await, Err(ProofError::NotEnabled)));
    assert_eq!(world.verifier.calls(), 0);
}

#[tokio::test]
async fn a_code_of_another_length_is_malformed_and_costs_nothing() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    assert!(matches!(world.step_up(&alice, "12345678").await, Err(ProofError::Malformed)));
    world.clock.advance(PERIOD);
    assert_eq!(left(world.step_up(&alice, &wrong_code(&started.secret, world.clock.now())).await), 4);
}

#[tokio::test]
async fn of_64_uses_of_one_code_at_once_exactly_one_is_accepted_and_nobody_is_locked_out() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    for code in [None, Some(started.backup_codes.0[5].reveal())] {
        world.clock.advance(3 * PERIOD);
        let code = code.map_or_else(|| current(&world, &started), |code| code.to_string());
        let outcomes = together(64, |_| {
            let (world, alice, code) = (world.clone(), alice.clone(), code.clone());
            async move { world.step_up(&alice, &code).await.is_ok() }
        })
        .await;
        assert_eq!(outcomes.into_iter().filter(|accepted| *accepted).count(), 1);
    }
    world.clock.advance(3 * PERIOD);
    world.step_up(&alice, &current(&world, &started)).await.unwrap();
}

#[tokio::test]
async fn while_the_clock_jumps_no_code_is_looked_at_charged_or_spent() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    world.clock.advance(PERIOD);
    let (totp, backup) = (current(&world, &started), started.backup_codes.0[0].reveal());
    world.clock.set_jumped(true);
    for code in [totp.as_str(), backup.as_str(), &wrong_code(&started.secret, world.clock.now())] {
        let refused = world.step_up(&alice, code).await;
        assert!(matches!(refused, Err(ProofError::Failure(PortFailure::Unavailable(_)))), "{code}");
    }
    world.clock.set_jumped(false);
    let verified = world.step_up(&alice, &totp).await.unwrap();
    assert_eq!(verified.proof.backup_codes_remaining, 10);
}

fn many_failures(world: &World) -> usize {
    let many = SecurityEvent::ManyFailures { failures: 30 };
    world.events().iter().filter(|event| **event == many).count()
}

#[tokio::test]
async fn guessing_between_the_owners_sign_ins_is_told_once() {
    let (world, alice) = (World::new(), subject("alice"));
    let started = world.enrolled(&alice).await;
    for round in 1..=12 {
        world.clock.advance(PERIOD);
        let wrong = wrong_code(&started.secret, world.clock.now());
        for _ in 0..4 {
            let _ = left(world.step_up(&alice, &wrong).await);
        }
        world.step_up(&alice, &current(&world, &started)).await.unwrap();
        assert_eq!(many_failures(&world), usize::from(round >= 8), "round {round}");
    }
    world.clock.advance(Duration::from_hours(30 * 24));
    let wrong = wrong_code(&started.secret, world.clock.now());
    for _ in 0..8 {
        for _ in 0..4 {
            let _ = left(world.step_up(&alice, &wrong).await);
        }
        world.clock.advance(PERIOD);
        world.step_up(&alice, &current(&world, &started)).await.unwrap();
    }
    assert_eq!(many_failures(&world), 2);
}

#[tokio::test]
async fn wrong_backup_codes_count_with_wrong_totp_codes_and_used_ones_do_not() {
    let (world, alice, bob) = (World::new(), subject("alice"), subject("bob"));
    let (started, of_bob) = (world.enrolled(&alice).await, world.enrolled(&bob).await);
    let used = started.backup_codes.0[0].reveal();
    world.step_up(&alice, &used).await.unwrap();
    for round in 1..=8 {
        let _ = left(world.step_up(&alice, &used).await);
        for _ in 0..4 {
            let _ = left(world.step_up(&alice, &of_bob.backup_codes.0[9].reveal()).await);
        }
        assert_eq!(many_failures(&world), usize::from(round >= 8), "round {round}");
        world.step_up(&alice, &started.backup_codes.0[round].reveal()).await.unwrap();
    }
}
