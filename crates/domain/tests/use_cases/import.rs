//! Taking over the factors of another system.

use std::time::Duration;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::identity::Subject;
use countersign_domain::time::{Clock as _, TimeStep, Timestamp};
use countersign_domain::two_factor::factor::{EnabledFactor, Factor};
use countersign_domain::two_factor::import::{
    EnabledSince, ForeignFactor, ImportError, ImportOutcome, NotEnabledSince,
};
use countersign_domain::two_factor::params::{Algorithm, Digits, Parameters, Period};
use countersign_domain::two_factor::proof::ProofError;
use countersign_domain::two_factor::status::TwoFactorStatus;
use countersign_testkit::build::{NOW, caller, code_with, imported_hashes, secret, subject};
use countersign_testkit::contention::together;

use crate::world::World;

/// What no set-up of ours makes.
fn unusual() -> Parameters {
    Parameters {
        algorithm: Algorithm::Sha512,
        digits: Digits::Eight,
        period: Period::from_seconds(60).unwrap(),
    }
}

fn foreign(subject: &Subject, number: u8, parameters: Parameters) -> ForeignFactor {
    let codes = imported_hashes(&["code-one", "code-two"]);
    ForeignFactor { subject: subject.clone(), secret: secret(number), parameters, codes, enabled_at: None }
}

async fn enabled(world: &World, subject: &Subject) -> EnabledFactor {
    match world.stored(subject).await {
        Some(Factor::Enabled(factor)) => factor,
        other => panic!("not enabled: {other:?}"),
    }
}

#[tokio::test]
async fn the_user_goes_on_with_the_same_authenticator() {
    for parameters in [Parameters::default(), unusual()] {
        let (world, alice) = (World::new(), subject("alice"));
        let status = world.import().run(foreign(&alice, 1, parameters), &caller()).await.unwrap();
        let expected =
            TwoFactorStatus::Enabled { enabled_at: NOW, backup_codes_remaining: 2, locked_until: None };
        assert_eq!((status, world.status(&alice).await), (expected, expected));
        assert_eq!(world.events(), [SecurityEvent::Imported { backup_codes: 2 }]);
        world.clock.advance(2 * parameters.period.as_duration());
        let code = code_with(&secret(1), parameters, world.clock.now());
        assert_eq!(world.step_up(&alice, &code).await.unwrap().proof.backup_codes_remaining, 2);
    }
}

#[tokio::test]
async fn a_code_that_the_other_system_may_have_accepted_is_spent() {
    let (world, alice) = (World::new(), subject("alice"));
    world.import().run(foreign(&alice, 1, unusual()), &caller()).await.unwrap();
    let period = unusual().period.as_duration();
    assert_eq!(Some(enabled(&world, &alice).await.last_step), TimeStep::last_acceptable(NOW, period));
    for instant in [NOW.saturating_sub(period), NOW, NOW.saturating_add(period)] {
        let code = code_with(&secret(1), unusual(), instant);
        assert!(matches!(
            world.step_up(&alice, &code).await,
            Err(ProofError::InvalidCode { attempts_left: 4 })
        ));
    }
}

#[tokio::test]
async fn an_enabled_factor_is_never_replaced_and_a_pending_one_is() {
    let (world, alice, bob) = (World::new(), subject("alice"), subject("bob"));
    let _ = world.enrolled(&alice).await;
    let before = world.stored(&alice).await;
    let refused = world.import().run(foreign(&alice, 1, unusual()), &caller()).await;
    assert!(matches!(refused, Err(ImportError::AlreadyEnabled)), "{refused:?}");
    assert_eq!(world.stored(&alice).await, before);

    world.start(&bob).await.unwrap();
    world.import().run(foreign(&bob, 1, unusual()), &caller()).await.unwrap();
    assert_eq!(enabled(&world, &bob).await.binding.parameters, unusual());
    let again = world.import().run(foreign(&bob, 1, unusual()), &caller()).await;
    assert!(matches!(again, Err(ImportError::AlreadyEnabled)), "{again:?}");
}

#[tokio::test]
async fn a_batch_tells_what_is_new_what_was_there_and_what_differs() {
    let (world, parameters) = (World::new(), Parameters::default());
    let _ = world.enrolled(&subject("enrolled")).await;
    let batch = [
        foreign(&subject("alice"), 1, parameters),
        foreign(&subject("enrolled"), 1, parameters),
        foreign(&subject("alice"), 1, parameters),
        foreign(&subject("alice"), 2, parameters),
        foreign(&subject("alice"), 1, unusual()),
        foreign(&subject("bob"), 3, parameters),
    ];
    let outcomes = world.import().run_all(&batch, &caller()).await.unwrap();
    let kinds: Vec<_> = outcomes.iter().map(|outcome| format!("{outcome:?}")).collect();
    assert!(kinds[0].starts_with("Imported") && kinds[5].starts_with("Imported"), "{kinds:?}");
    let refused = [ImportOutcome::AlreadyEnabled, ImportOutcome::AlreadyEnabled];
    assert_eq!(outcomes[1..5], [refused[0], ImportOutcome::Unchanged, refused[0], refused[1]]);
    let again = world.import().run_all(&batch[..1], &caller()).await.unwrap();
    assert_eq!(again, [ImportOutcome::Unchanged]);
    let told = world.events().into_iter().filter(|event| event.name() == "two_factor.imported");
    assert_eq!(told.count(), 2);
}

#[tokio::test]
async fn the_day_on_which_2fa_was_turned_on_is_kept() {
    let (world, alice) = (World::new(), subject("alice"));
    let at = Timestamp::from_seconds(1_600_000_000);
    let enabled_at = Some(EnabledSince::new(at, NOW).unwrap());
    world
        .import()
        .run(ForeignFactor { enabled_at, ..foreign(&alice, 1, unusual()) }, &caller())
        .await
        .unwrap();
    assert_eq!(enabled(&world, &alice).await.enabled_at, at);
}

#[test]
fn nobody_turned_2fa_on_in_the_future_or_before_1970() {
    let moment = Duration::from_micros(1);
    for at in [NOW.saturating_add(moment), Timestamp::UNIX_EPOCH.saturating_sub(moment)] {
        assert_eq!(EnabledSince::new(at, NOW), Err(NotEnabledSince));
    }
    assert!(EnabledSince::new(NOW, NOW).is_ok() && EnabledSince::new(Timestamp::UNIX_EPOCH, NOW).is_ok());
}

#[tokio::test]
async fn of_many_imports_at_once_one_is_stored() {
    let (world, alice) = (World::new(), subject("alice"));
    let outcomes = together(32, |number| {
        let (world, alice) = (world.clone(), alice.clone());
        let foreign = foreign(&alice, u8::try_from(number).unwrap(), Parameters::default());
        async move { world.import().run(foreign, &caller()).await.is_ok() }
    })
    .await;
    assert_eq!(outcomes.into_iter().filter(|stored| *stored).count(), 1);
    assert_eq!(world.events().len(), 1);
}
