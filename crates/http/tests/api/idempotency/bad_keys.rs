//! Keys that are none.

use countersign_domain::admission::scope::Scope;
use countersign_domain::identity::Environment;

use super::super::platform::key;
use super::*;

#[tokio::test]
async fn a_key_that_is_not_acceptable_is_refused_by_its_name() {
    let world = World::new().await;
    let long = "k".repeat(256);
    for bad in ["", "\u{e9}", "a\tb", &long] {
        let answer = world.send(&Call::setup().header("idempotency-key", bad)).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "validation_error"), "{bad:?}");
        let problem = ("/Idempotency-Key".to_owned(), "not_acceptable".to_owned());
        assert_eq!(answer.problems(), [problem]);
    }
    let twice = Call::setup().header("idempotency-key", "one").header("idempotency-key", "one");
    let answer = world.send(&twice).await;
    assert_eq!(answer.problems(), [("/Idempotency-Key".to_owned(), "duplicate_field".to_owned())]);
    assert_eq!(world.hasher.calls(), 0);
}

#[tokio::test]
async fn nobody_is_told_about_keys_who_may_not_call() {
    let world = World::new().await;
    let call = || Call::post("/v1/users/alice/2fa/setup").header("idempotency-key", "");
    let reader = key(&world, Environment::Live, &[Scope::TwoFactorRead]).await;
    assert_eq!(world.send(&call()).await.status, 401);
    assert_eq!(world.send(&call().token(&reader)).await.status, 403);
    assert_eq!(world.send(&call().token(&world.api_key)).await.status, 422);
    world.drain_organization().await;
    assert_eq!(world.send(&call().token(&world.api_key)).await.status, 429);
}
