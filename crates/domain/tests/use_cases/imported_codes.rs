//! Backup codes that another system issued.

use std::time::Duration;

use countersign_domain::audit::event::{RefusalReason, SecurityEvent};
use countersign_domain::time::Clock as _;
use countersign_domain::two_factor::assertion::Method;
use countersign_domain::two_factor::backup_codes::BackupCodeName;
use countersign_domain::two_factor::import::ForeignFactor;
use countersign_domain::two_factor::lockout::{Lock, LockoutPolicy};
use countersign_domain::two_factor::params::Parameters;
use countersign_domain::two_factor::proof::ProofError;
use countersign_domain::two_factor::regenerate::RegenerateBackupCodes;
use countersign_domain::two_factor::verify::Verified;
use countersign_testkit::build::{
    caller, code_at_instant, imported_hashes, secret, subject, typed_code, wrong_code,
};
use countersign_testkit::contention::together;

use crate::world::World;

/// One of the imported codes has the shape of ours, and one is longer than a TOTP code of this factor.
const CODES: [&str; 5] = ["a1b2-c3d4", "12345678", "7-1234-5678-9ABC-DEFG-Z", "four", "a b c d"];

/// Alice with these imported codes.
async fn world_with(codes: &[&str]) -> World {
    let world = World::new();
    let foreign = ForeignFactor {
        subject: subject("alice"),
        secret: secret(1),
        parameters: Parameters::default(),
        codes: imported_hashes(codes),
        enabled_at: None,
    };
    world.import().run(foreign, &caller()).await.unwrap();
    world
}

async fn present(world: &World, code: &str) -> Result<Verified, ProofError> {
    world.step_up(&subject("alice"), code).await
}

fn left(refused: Result<Verified, ProofError>) -> u32 {
    match refused {
        Err(ProofError::InvalidCode { attempts_left }) => attempts_left,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("accepted"),
    }
}

#[tokio::test]
async fn each_imported_code_is_accepted_once_whatever_it_looks_like() {
    let world = world_with(&CODES).await;
    for (used, code) in (1_u8..).zip(CODES) {
        let proof = present(&world, &format!(" {code} ")).await.unwrap().proof;
        assert_eq!((proof.method, proof.backup_codes_remaining), (Method::BackupCode, 5 - used), "{code}");
        assert_eq!(left(present(&world, code).await), 9, "{code}");
    }
    let events = world.events();
    let used = events.iter().filter_map(|event| match event {
        SecurityEvent::BackupCodeUsed { code: BackupCodeName::Imported(number), .. } => Some(number.number()),
        _ => None,
    });
    assert_eq!(used.collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    let replayed = RefusalReason::Replayed;
    let refusal =
        SecurityEvent::CodeRefused { method: Method::BackupCode, reason: replayed, attempts_left: 9 };
    assert_eq!(events.last(), Some(&refusal));
}

#[tokio::test]
async fn a_wrong_text_is_charged_and_compared_once() {
    let world = world_with(&CODES).await;
    for (tries, text) in
        (1_u32..).zip(["a1b2c3d4", "A1B2-C3D4", "87654321", "7-1234-5678-9ABC-DEFG-0", "12345"])
    {
        assert_eq!(left(present(&world, text).await), 10 - tries, "{text}");
    }
    assert_eq!(world.verifier.calls(), 5);
    present(&world, "a1b2-c3d4").await.unwrap();
    assert_eq!(left(present(&world, "wrong").await), 9);
}

#[tokio::test]
async fn a_text_of_as_many_digits_as_a_totp_code_is_nothing_else() {
    let world = world_with(&["123456", "12345678"]).await;
    world.clock.advance(Duration::from_mins(2));
    let wrong = wrong_code(&secret(1), world.clock.now());
    assert_eq!(left(present(&world, &wrong).await), 4);
    assert_eq!(world.verifier.calls(), 0);
}

#[tokio::test]
async fn imported_codes_of_digits_work_while_totp_is_locked() {
    let world = world_with(&CODES).await;
    let wrong = wrong_code(&secret(1), world.clock.now());
    for expected in [4, 3, 2, 1, 0] {
        assert_eq!(left(present(&world, &wrong).await), expected);
    }
    assert!(matches!(present(&world, &wrong).await, Err(ProofError::Locked(Lock::Until(_)))));
    assert_eq!(present(&world, "12345678").await.unwrap().proof.method, Method::BackupCode);
}

#[tokio::test]
async fn without_imported_codes_other_texts_cost_nothing() {
    let (with_own, without_codes) = (World::new(), world_with(&[]).await);
    let _ = with_own.enrolled(&subject("alice")).await;
    for world in [with_own, without_codes, World::new()] {
        let before = world.events().len();
        for text in ["a1b2-c3d4", "12345", "7-1234-5678-9ABC-DEFG-0"] {
            assert!(matches!(present(&world, text).await, Err(ProofError::NotACode(_))), "{text}");
        }
        assert_eq!((world.verifier.calls(), world.events().len()), (0, before));
    }
}

#[tokio::test]
async fn a_factor_without_backup_codes_takes_none_of_ours() {
    let world = world_with(&[]).await;
    let refused = present(&world, "7-1234-5678-9ABC-DEFG-Z").await;
    assert!(matches!(refused, Err(ProofError::NotACode(_))));
    assert_eq!(world.verifier.calls(), 0);
}

#[tokio::test]
async fn overload_costs_no_attempt() {
    let world = world_with(&CODES).await;
    world.verifier.set_overloaded(true);
    assert!(matches!(present(&world, "wrong").await, Err(ProofError::Failure(_))));
    world.verifier.set_overloaded(false);
    assert_eq!(left(present(&world, "wrong").await), 9);
}

#[tokio::test]
async fn the_tenth_wrong_text_locks_imported_codes() {
    let world = world_with(&CODES).await;
    for expected in (0..10).rev() {
        assert_eq!(left(present(&world, "wrong").await), expected);
    }
    assert!(matches!(present(&world, "a1b2-c3d4").await, Err(ProofError::Locked(Lock::Until(_)))));
    world.clock.advance(Duration::from_mins(1));
    present(&world, "a1b2-c3d4").await.unwrap();
}

#[tokio::test]
async fn new_codes_of_ours_void_the_imported_ones() {
    let world = world_with(&CODES).await;
    world.clock.advance(Duration::from_mins(1));
    let regenerate = RegenerateBackupCodes {
        clock: world.clock.clone(),
        entropy: world.entropy.clone(),
        factors: world.stores.factors.clone(),
        hasher: world.hasher.clone(),
        prove: world.prove(),
    };
    let code = typed_code(&code_at_instant(&secret(1), world.clock.now()));
    let codes = regenerate.run(subject("alice"), code, LockoutPolicy::TOTP, caller()).await.unwrap();
    assert!(matches!(present(&world, "a1b2-c3d4").await, Err(ProofError::NotACode(_))));
    // Of the same shape as ours, it is only a wrong one.
    assert_eq!(left(present(&world, "7-1234-5678-9ABC-DEFG-Z").await), 9);
    assert_eq!(present(&world, &codes.0[0].reveal()).await.unwrap().proof.backup_codes_remaining, 9);
}

#[tokio::test]
async fn of_many_uses_of_one_imported_code_at_once_exactly_one_is_accepted() {
    let world = world_with(&["once", "twice"]).await;
    let outcomes = together(64, |_| {
        let world = world.clone();
        async move { present(&world, "once").await.is_ok() }
    })
    .await;
    assert_eq!(outcomes.into_iter().filter(|accepted| *accepted).count(), 1);
}
