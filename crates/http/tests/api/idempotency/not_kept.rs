//! A refusal that changed nothing is not kept: the same call is run anew.

use super::super::support::ports::Fault;
use super::*;

#[tokio::test]
async fn a_call_that_came_at_the_wrong_time_can_be_sent_again() {
    let world = World::new().await;
    let alice = Party::alice();
    let early = alice.post(&world, "verify-setup", "one", &json!({"code": "000000"})).await;
    assert_conflict(&early, "no_pending_setup");
    let secret = secret_of(&alice.post(&world, "setup", "two", &json!({})).await);
    let again = alice.post(&world, "verify-setup", "one", &json!({"code": "000000"})).await;
    assert_eq!((again.status, is_replayed(&again)), (422, false));
    let body = right(&world, &secret);
    assert_conflict(&alice.post(&world, "verify-setup", "one", &body).await, "idempotency_mismatch");
}

#[tokio::test]
async fn a_request_that_was_not_acceptable_leaves_its_key_free() {
    let world = World::new().await;
    let alice = Party::alice();
    for bad in [json!({"account_name": 7}), json!({"name": "x"}), json!([])] {
        assert!([400, 422].contains(&alice.post(&world, "setup", "one", &bad).await.status));
    }
    let call = Call::setup().header("idempotency-key", "one");
    assert_eq!(world.send(&call.clone().body("{}")).await.status, 415);
    let long = "x".repeat(9_000);
    assert_eq!(world.send(&call.clone().json(&long)).await.status, 413);
    assert_eq!(world.send(&call.chunked(&[long.as_bytes()])).await.status, 413);
    assert_eq!(alice.post(&world, "setup", "one", &json!({})).await.status, 200);
}

#[tokio::test]
async fn a_fault_of_ours_is_not_kept() {
    for fault in [Fault::Unavailable, Fault::Corrupt, Fault::Panic] {
        let world = World::new().await;
        let alice = Party::alice();
        world.usage.fail(fault);
        let failed = alice.post(&world, "setup", "one", &json!({})).await;
        assert!([500, 503].contains(&failed.status), "{}", failed.text());
        world.usage.recover();
        let again = alice.post(&world, "setup", "one", &json!({})).await;
        assert_eq!((again.status, is_replayed(&again)), (200, false), "{}", again.text());
    }
}

#[tokio::test]
async fn a_call_that_came_too_often_is_not_kept() {
    let world = World::new().await;
    let alice = Party::alice();
    for number in 0..10 {
        let answer = alice.post(&world, "setup", &format!("{number}"), &json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(alice.post(&world, "setup", "late", &json!({})).await.code(), "rate_limit_exceeded");
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(alice.post(&world, "setup", "late", &json!({})).await.status, 200);
}

#[tokio::test]
async fn a_locked_factor_is_looked_at_again_once_the_lock_is_over() {
    let world = World::new().await;
    let secret = enrolled(&world).await;
    let alice = Party::alice();
    for number in 0..5 {
        let body = wrong(&world, &secret);
        assert_eq!(alice.post(&world, "verify", &format!("{number}"), &body).await.code(), "invalid_code");
    }
    let body = json!({"code": wrong_code(&secret, world.clock.now())});
    assert_eq!(alice.post(&world, "verify", "locked", &body).await.code(), "factor_locked");
    world.clock.advance(Duration::from_mins(2));
    let again = alice.post(&world, "verify", "locked", &body).await;
    assert_eq!((again.status, is_replayed(&again)), (422, false), "{}", again.text());
}
