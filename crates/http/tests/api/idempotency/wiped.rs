//! An answer that shows secrets is given again only while they are the factor's.

use super::*;

/// Sends a set-up under the key `one`, then makes `change`, then sends it again: it must be run anew.
async fn set_up_again_after(change: impl AsyncFnOnce(&World, &TotpSecret)) -> (Answer, Answer) {
    let world = World::new().await;
    let alice = Party::alice();
    let first = alice.post(&world, "setup", "one", &json!({})).await;
    assert_repeats(&first, &alice.post(&world, "setup", "one", &json!({})).await);
    change(&world, &secret_of(&first)).await;
    let again = alice.post(&world, "setup", "one", &json!({})).await;
    assert!(!is_replayed(&again), "{}", again.text());
    (first, again)
}

#[tokio::test]
async fn a_confirmed_set_up_is_not_shown_again() {
    let (_, again) = set_up_again_after(async |world, secret| {
        let body = right(world, secret);
        assert_eq!(Party::alice().post(world, "verify-setup", "two", &body).await.status, 200);
    })
    .await;
    assert_conflict(&again, "already_enabled");
}

#[tokio::test]
async fn a_replaced_set_up_is_not_shown_again() {
    let (first, again) = set_up_again_after(async |world, _| {
        assert_eq!(Party::alice().post(world, "setup", "two", &json!({})).await.status, 200);
    })
    .await;
    assert_ne!(again.json()["secret"], first.json()["secret"]);
}

#[tokio::test]
async fn an_exhausted_set_up_is_not_shown_again() {
    let (first, again) = set_up_again_after(async |world, secret| {
        for number in 0..5 {
            let body = wrong(world, secret);
            let key = format!("try-{number}");
            assert_eq!(Party::alice().post(world, "verify-setup", &key, &body).await.status, 422);
        }
    })
    .await;
    assert_ne!(again.json()["secret"], first.json()["secret"]);
}

#[tokio::test]
async fn a_set_up_that_was_reset_is_not_shown_again() {
    let (first, again) = set_up_again_after(async |world, _| {
        let reason = json!({"reason": "lost phone"});
        let reset = Party::platform(world).post(world, "reset", "two", &reason).await;
        assert_eq!(reset.json()["removed"], true);
    })
    .await;
    assert_ne!(again.json()["secret"], first.json()["secret"]);
}

#[tokio::test]
async fn a_set_up_is_not_shown_again_after_ten_minutes() {
    let (first, again) = set_up_again_after(async |world, _| {
        world.clock.advance(Duration::from_mins(10));
    })
    .await;
    assert_ne!(again.json()["secret"], first.json()["secret"]);
}

#[tokio::test]
async fn backup_codes_of_a_factor_that_was_turned_off_are_not_shown_again() {
    let world = World::new().await;
    let secret = enrolled(&world).await;
    let alice = Party::alice();
    let (body, codes) = (right(&world, &secret), "backup-codes");
    let first = alice.post(&world, codes, "one", &body).await;
    assert_repeats(&first, &alice.post(&world, codes, "one", &body).await);
    let backup_code = json!({"code": first.json()["backup_codes"][0]});
    assert_eq!(alice.post(&world, "disable", "two", &backup_code).await.status, 200);
    assert_conflict(&alice.post(&world, codes, "one", &body).await, "not_enabled");
}

#[tokio::test]
async fn backup_codes_that_were_replaced_are_not_shown_again() {
    let world = World::new().await;
    let secret = enrolled(&world).await;
    let alice = Party::alice();
    let first_body = right(&world, &secret);
    assert_eq!(alice.post(&world, "backup-codes", "one", &first_body).await.status, 200);
    world.clock.advance(Duration::from_mins(1));
    let second = alice.post(&world, "backup-codes", "two", &right(&world, &secret)).await;
    assert_eq!(second.status, 200, "{}", second.text());
    // The code of the first one is used up.
    assert_eq!(alice.post(&world, "backup-codes", "one", &first_body).await.code(), "invalid_code");
}
