//! What tells of something done is kept, and done once.

use super::*;

#[tokio::test]
async fn a_repeated_set_up_hashes_once_and_shows_the_same() {
    let world = World::new().await;
    for (number, party) in [Party::alice(), Party::platform(&world)].into_iter().enumerate() {
        let body = json!({"account_name": "alice@example.com"});
        let first = party.post(&world, "setup", "one", &body).await;
        assert_eq!(first.status, 200, "{}", first.text());
        for _ in 0..2 {
            assert_repeats(&first, &party.post(&world, "setup", "one", &body).await);
        }
        assert_eq!(world.hasher.calls(), number + 1);
    }
}

#[tokio::test]
async fn a_set_up_without_a_body_is_repeated_too() {
    let world = World::new().await;
    let call = Call::setup().header("idempotency-key", "one");
    let first = world.send(&call).await;
    assert_eq!(first.status, 200, "{}", first.text());
    assert_repeats(&first, &world.send(&call).await);
}

#[tokio::test]
async fn a_repeated_confirmation_is_not_told_that_it_is_done_already() {
    let world = World::new().await;
    let alice = Party::alice();
    let secret = secret_of(&alice.post(&world, "setup", "one", &json!({})).await);
    let body = right(&world, &secret);
    let first = alice.post(&world, "verify-setup", "two", &body).await;
    assert_eq!(first.json()["state"], "enabled", "{}", first.text());
    assert_repeats(&first, &alice.post(&world, "verify-setup", "two", &body).await);
}

#[tokio::test]
async fn a_lost_assertion_is_given_again_though_the_code_is_used_up() {
    let world = World::new().await;
    let secret = enrolled(&world).await;
    for party in [Party::alice(), Party::platform(&world)] {
        let body = right(&world, &secret);
        let first = party.post(&world, "verify", "one", &body).await;
        assert!(first.json()["assertion"].is_string(), "{}", first.text());
        assert_repeats(&first, &party.post(&world, "verify", "one", &body).await);
        let other = party.post(&world, "verify", "two", &body).await;
        assert_eq!((other.status, other.code().as_str()), (422, "invalid_code"));
        world.clock.advance(Duration::from_mins(1));
    }
}

#[tokio::test]
async fn lost_backup_codes_are_given_again() {
    let world = World::new().await;
    let secret = enrolled(&world).await;
    let (alice, body) = (Party::alice(), right(&world, &secret));
    let first = alice.post(&world, "backup-codes", "one", &body).await;
    assert_eq!(first.json()["backup_codes"].as_array().unwrap().len(), 10, "{}", first.text());
    assert_repeats(&first, &alice.post(&world, "backup-codes", "one", &body).await);
}

#[tokio::test]
async fn a_repeated_disable_and_a_repeated_reset_leave_what_came_after_them() {
    let world = World::new().await;
    let secret = enrolled(&world).await;
    let (alice, platform) = (Party::alice(), Party::platform(&world));
    let body = right(&world, &secret);
    let disabled = alice.post(&world, "disable", "one", &body).await;
    assert_eq!(disabled.json()["state"], "disabled", "{}", disabled.text());
    let reason = json!({"reason": "lost phone"});
    assert_eq!(alice.post(&world, "setup", "two", &json!({})).await.status, 200);
    let reset = platform.post(&world, "reset", "one", &reason).await;
    assert_eq!(reset.json()["removed"], true);

    // The user sets up anew before the repetitions come.
    assert_eq!(alice.post(&world, "setup", "three", &json!({})).await.status, 200);
    assert_repeats(&reset, &platform.post(&world, "reset", "one", &reason).await);
    assert_repeats(&disabled, &alice.post(&world, "disable", "one", &body).await);
    assert_eq!(state(&world).await, "pending");
}

#[tokio::test]
async fn a_repeated_wrong_code_is_charged_once_and_told_the_same() {
    let world = World::new().await;
    let alice = Party::alice();
    let pending = secret_of(&alice.post(&world, "setup", "one", &json!({})).await);
    let body = wrong(&world, &pending);
    let first = alice.post(&world, "verify-setup", "two", &body).await;
    assert_eq!(first.json()["error"]["details"]["attempts_left"], 4, "{}", first.text());
    for _ in 0..6 {
        assert_repeats(&first, &alice.post(&world, "verify-setup", "two", &body).await);
    }
    let body = right(&world, &pending);
    assert_eq!(alice.post(&world, "verify-setup", "three", &body).await.status, 200);

    world.clock.advance(Duration::from_mins(1));
    let body = wrong(&world, &pending);
    let first = alice.post(&world, "verify", "four", &body).await;
    assert_repeats(&first, &alice.post(&world, "verify", "four", &body).await);
    let next = alice.post(&world, "verify", "five", &body).await;
    assert_eq!(next.json()["error"]["details"]["attempts_left"], 3);
}

#[tokio::test]
async fn an_answer_is_kept_for_ten_minutes() {
    let world = World::new().await;
    let secret = enrolled(&world).await;
    let (alice, body) = (Party::alice(), right(&world, &secret));
    let first = alice.post(&world, "verify", "one", &body).await;
    world.clock.advance(Duration::from_secs(599));
    assert_repeats(&first, &alice.post(&world, "verify", "one", &body).await);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(alice.post(&world, "verify", "one", &body).await.code(), "invalid_code");
}
