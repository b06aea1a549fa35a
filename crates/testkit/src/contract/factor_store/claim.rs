//! Claiming the right to run a set-up, and counting set-ups.

use std::time::Duration;

use countersign_domain::identity::{SetupClaimId, Subject};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::ports::{PendingStored, SetupClaim, SetupClaimed};

use crate::arrange;
use crate::build::{NOW, fresh_ulid, pending_setup, setup_claim, subject};
use crate::contention::{CONTENDERS, rounds, together};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        a_claim_alone_makes_no_factor,
        while_a_claim_holds_no_second_one_does,
        a_claim_ends_with_its_lease,
        a_stored_claim_has_ended,
        a_released_claim_has_ended_and_is_not_counted,
        releasing_a_claim_that_is_not_held_has_no_effect,
        set_ups_are_counted_within_the_window,
        the_window_opens_again,
        a_lapsed_claim_stays_counted,
        a_refused_claim_is_not_counted,
        an_enabled_factor_refuses_claims,
        a_pending_factor_does_not,
        one_of_many_claims_wins,
        concurrent_claims_of_different_users_all_win,
    ]
}

fn at_most(most: u32, subject: &Subject, now: Timestamp) -> SetupClaim {
    SetupClaim { most, ..setup_claim(subject, now) }
}

fn later(by: Duration) -> Timestamp {
    NOW.saturating_add(by)
}

impl Stores {
    async fn claim(&self, claim: SetupClaim) -> SetupClaimed {
        self.factors.claim_setup(claim).await.unwrap()
    }

    /// Claims at `now`, where at most `most` set-ups are possible, and stores a set-up.
    async fn set_up(&self, most: u32, subject: &Subject, now: Timestamp) -> SetupClaimed {
        let claim = at_most(most, subject, now);
        let setup = pending_setup(subject, claim.id, now);
        let claimed = self.claim(claim).await;
        if claimed == SetupClaimed::Won {
            assert_eq!(self.factors.store_pending(setup).await.unwrap(), PendingStored::Stored);
        }
        claimed
    }
}

async fn a_claim_alone_makes_no_factor(stores: Stores) {
    let alice = subject("alice");
    assert_eq!(stores.claim(setup_claim(&alice, NOW)).await, SetupClaimed::Won);
    assert_eq!(stores.find(&alice).await, None);
    assert_eq!(stores.events_about(&alice).await, [""; 0]);
}

async fn while_a_claim_holds_no_second_one_does(stores: Stores) {
    let alice = subject("alice");
    let claim = setup_claim(&alice, NOW);
    let last_moment = later(claim.lease).saturating_sub(Duration::from_micros(1));
    assert_eq!(stores.claim(claim).await, SetupClaimed::Won);
    for now in [NOW, last_moment] {
        assert_eq!(stores.claim(setup_claim(&alice, now)).await, SetupClaimed::InProgress);
    }
}

async fn a_claim_ends_with_its_lease(stores: Stores) {
    let alice = subject("alice");
    let first = setup_claim(&alice, NOW);
    let (first_id, end) = (first.id, later(first.lease));
    assert_eq!(stores.claim(first).await, SetupClaimed::Won);
    assert_eq!(stores.claim(setup_claim(&alice, end)).await, SetupClaimed::Won);
    // The first one comes too late with its result.
    let late = pending_setup(&alice, first_id, end);
    assert_eq!(stores.factors.store_pending(late).await.unwrap(), PendingStored::ClaimLost);
    assert_eq!(stores.find(&alice).await, None);
}

async fn a_stored_claim_has_ended(stores: Stores) {
    let alice = subject("alice");
    let setup = arrange::pending(&*stores.factors, &alice, NOW).await;
    assert_eq!(stores.claim(setup_claim(&alice, NOW)).await, SetupClaimed::Won);
    let again = pending_setup(&alice, setup.claim, NOW);
    assert_eq!(stores.factors.store_pending(again).await.unwrap(), PendingStored::ClaimLost);
}

async fn a_released_claim_has_ended_and_is_not_counted(stores: Stores) {
    let alice = subject("alice");
    for _ in 0..3 {
        let claim = at_most(1, &alice, NOW);
        let id = claim.id;
        assert_eq!(stores.claim(claim).await, SetupClaimed::Won);
        stores.factors.release_setup(&alice, id).await.unwrap();
        let late = pending_setup(&alice, id, NOW);
        assert_eq!(stores.factors.store_pending(late).await.unwrap(), PendingStored::ClaimLost);
    }
    assert_eq!(stores.find(&alice).await, None);
}

async fn releasing_a_claim_that_is_not_held_has_no_effect(stores: Stores) {
    let alice = subject("alice");
    let released = at_most(3, &alice, NOW);
    let (released_id, foreign) = (released.id, SetupClaimId::new(fresh_ulid()));
    stores.factors.release_setup(&alice, foreign).await.unwrap();
    assert_eq!(stores.set_up(3, &alice, NOW).await, SetupClaimed::Won);
    assert_eq!(stores.claim(released).await, SetupClaimed::Won);
    for _ in 0..3 {
        stores.factors.release_setup(&alice, released_id).await.unwrap();
    }
    // One is counted; the released one is not, and gave back no more than its own count.
    assert_eq!(stores.set_up(3, &alice, NOW).await, SetupClaimed::Won);
    assert_eq!(stores.claim(at_most(3, &alice, NOW)).await, SetupClaimed::Won);
    stores.factors.release_setup(&alice, foreign).await.unwrap();
    assert_eq!(stores.claim(at_most(3, &alice, NOW)).await, SetupClaimed::InProgress);
}

async fn set_ups_are_counted_within_the_window(stores: Stores) {
    let alice = subject("alice");
    let window = setup_claim(&alice, NOW).window;
    for minute in 0..3 {
        let now = later(Duration::from_mins(minute));
        assert_eq!(stores.set_up(3, &alice, now).await, SetupClaimed::Won);
    }
    let too_many = SetupClaimed::TooMany { retry_at: later(window) };
    assert_eq!(stores.set_up(3, &alice, later(Duration::from_mins(3))).await, too_many);
    let last_moment = later(window).saturating_sub(Duration::from_micros(1));
    assert_eq!(stores.set_up(3, &alice, last_moment).await, too_many);
}

async fn the_window_opens_again(stores: Stores) {
    let alice = subject("alice");
    let window = setup_claim(&alice, NOW).window;
    for _ in 0..2 {
        assert_eq!(stores.set_up(2, &alice, NOW).await, SetupClaimed::Won);
    }
    for _ in 0..2 {
        assert_eq!(stores.set_up(2, &alice, later(window)).await, SetupClaimed::Won);
    }
    let too_many = SetupClaimed::TooMany { retry_at: later(window * 2) };
    assert_eq!(stores.set_up(2, &alice, later(window)).await, too_many);
}

async fn a_lapsed_claim_stays_counted(stores: Stores) {
    let alice = subject("alice");
    let claim = at_most(1, &alice, NOW);
    let (end, retry_at) = (later(claim.lease), later(claim.window));
    assert_eq!(stores.claim(claim).await, SetupClaimed::Won);
    assert_eq!(stores.claim(at_most(1, &alice, end)).await, SetupClaimed::TooMany { retry_at });
}

async fn a_refused_claim_is_not_counted(stores: Stores) {
    let alice = subject("alice");
    let claim = at_most(2, &alice, NOW);
    let setup = pending_setup(&alice, claim.id, NOW);
    assert_eq!(stores.claim(claim).await, SetupClaimed::Won);
    for _ in 0..5 {
        assert_eq!(stores.claim(at_most(2, &alice, NOW)).await, SetupClaimed::InProgress);
    }
    assert_eq!(stores.factors.store_pending(setup).await.unwrap(), PendingStored::Stored);
    assert_eq!(stores.set_up(2, &alice, NOW).await, SetupClaimed::Won);
}

async fn an_enabled_factor_refuses_claims(stores: Stores) {
    let alice = subject("alice");
    let enabled = arrange::enabled(&*stores.factors, &alice, NOW).await;
    assert_eq!(stores.claim(setup_claim(&alice, NOW)).await, SetupClaimed::AlreadyEnabled);
    let years_later = later(Duration::from_hours(24 * 1_000));
    assert_eq!(stores.claim(setup_claim(&alice, years_later)).await, SetupClaimed::AlreadyEnabled);
    assert_eq!(stores.find(&alice).await, Some(super::stored_enabled(enabled)));
}

async fn a_pending_factor_does_not(stores: Stores) {
    let alice = subject("alice");
    let setup = arrange::pending(&*stores.factors, &alice, NOW).await;
    assert_eq!(stores.claim(setup_claim(&alice, NOW)).await, SetupClaimed::Won);
    assert_eq!(stores.find(&alice).await, Some(super::stored_pending(setup.factor)));
}

async fn one_of_many_claims_wins(stores: Stores) {
    for round in 0..rounds() {
        let alice = subject(&format!("alice {round}"));
        let claims = together(CONTENDERS, |_| {
            let (factors, claim) = (stores.factors.clone(), at_most(2, &alice, NOW));
            async move { (claim.id, factors.claim_setup(claim).await.unwrap()) }
        })
        .await;
        let won: Vec<_> = claims.iter().filter(|(_, claimed)| *claimed == SetupClaimed::Won).collect();
        let refused = claims.iter().filter(|(_, claimed)| *claimed == SetupClaimed::InProgress).count();
        assert_eq!((won.len(), refused), (1, CONTENDERS - 1));
        // It is the winner's claim that holds, and only the winner is counted.
        let setup = pending_setup(&alice, won[0].0, NOW);
        assert_eq!(stores.factors.store_pending(setup).await.unwrap(), PendingStored::Stored);
        assert_eq!(stores.set_up(2, &alice, NOW).await, SetupClaimed::Won);
        assert!(matches!(stores.set_up(2, &alice, NOW).await, SetupClaimed::TooMany { .. }));
    }
}

async fn concurrent_claims_of_different_users_all_win(stores: Stores) {
    let claims = together(CONTENDERS, |number| {
        let (factors, claim) =
            (stores.factors.clone(), setup_claim(&subject(&format!("user {number}")), NOW));
        async move { factors.claim_setup(claim).await.unwrap() }
    })
    .await;
    assert_eq!(claims, vec![SetupClaimed::Won; CONTENDERS]);
}
