//! Many codes at once against one set-up.

use countersign_domain::identity::Subject;
use countersign_domain::two_factor::setup::StartedSetup;
use countersign_domain::two_factor::status::TwoFactorStatus;
use countersign_domain::two_factor::verify_setup::VerifySetupError;
use countersign_testkit::build::{NOW, code_at_instant, subject, wrong_code};
use countersign_testkit::contention::together;

use crate::world::World;

const CALLS: usize = 64;

type Verified = Result<TwoFactorStatus, VerifySetupError>;

async fn started(world: &World, subject: &Subject) -> StartedSetup {
    world.start(subject).await.unwrap()
}

async fn contend(world: &World, subject: &Subject, code: impl Fn(usize) -> String) -> Vec<Verified> {
    together(CALLS, |number| {
        let (world, subject, code) = (world.clone(), subject.clone(), code(number));
        async move { world.verify(&subject, &code).await }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_right_codes_one_confirms() {
    let (world, alice) = (World::new(), subject("alice"));
    let secret = started(&world, &alice).await.secret;
    let outcomes = contend(&world, &alice, |_| code_at_instant(&secret, NOW)).await;
    let (confirmed, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(confirmed.len(), 1);
    for outcome in refused {
        assert!(matches!(outcome, Err(VerifySetupError::AlreadyEnabled)), "{outcome:?}");
    }
    assert_eq!(world.events().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_wrong_codes_five_are_looked_at() {
    let (world, alice) = (World::new(), subject("alice"));
    let secret = started(&world, &alice).await.secret;
    let mut left = Vec::new();
    for outcome in contend(&world, &alice, |_| wrong_code(&secret, NOW)).await {
        match outcome {
            Err(VerifySetupError::InvalidCode { attempts_left }) => left.push(attempts_left),
            Err(VerifySetupError::NoPendingSetup) => (),
            other => panic!("{other:?}"),
        }
    }
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4]);
}

/// A guesser who fires all codes at once gets five looks, whether or not the right code is among them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn among_many_guesses_a_right_one_counts_like_any_other() {
    let (world, alice) = (World::new(), subject("alice"));
    let secret = started(&world, &alice).await.secret;
    let right_one = |number| {
        if number == CALLS / 2 { code_at_instant(&secret, NOW) } else { wrong_code(&secret, NOW) }
    };
    let outcomes = contend(&world, &alice, right_one).await;
    let confirmed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let wrong = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(VerifySetupError::InvalidCode { .. })))
        .count();
    assert!(wrong + confirmed <= 5, "{wrong} wrong codes were looked at, {confirmed} right ones");
    assert!(if confirmed == 1 { wrong < 5 } else { wrong == 5 });
}
