use countersign_domain::audit::event::{AuditEvent, SecurityEvent};
use countersign_domain::identity::Subject;
use countersign_domain::two_factor::reset::ResetReason;

use crate::arrange;
use crate::build::{NOW, event_about_user, imported_factor, subject};
use crate::contention::{CONTENDERS, rounds, together};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        nothing_is_removed_and_nothing_told_where_nothing_is,
        a_factor_is_removed_with_its_codes,
        a_pending_factor_is_removed_too,
        other_users_keep_theirs,
        of_many_removals_one_finds_the_factor,
        a_factor_that_takes_the_place_of_another_is_removed,
    ]
}

fn reset(subject: &Subject) -> AuditEvent {
    let reason = ResetReason::new("lost phone").unwrap();
    event_about_user(subject, SecurityEvent::Reset { reason }, NOW)
}

async fn nothing_is_removed_and_nothing_told_where_nothing_is(stores: Stores) {
    let alice = subject("alice");
    assert!(!stores.proofs.remove(&alice, reset(&alice)).await.unwrap());
    assert_eq!(stores.happened(alice.organization).await, Vec::<String>::new());
}

async fn a_factor_is_removed_with_its_codes(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    assert!(stores.proofs.remove(&alice, reset(&alice)).await.unwrap());
    assert_eq!(stores.factors.find(&alice).await.unwrap(), None);
    assert_eq!(stores.keys.keys_in_use().await.unwrap(), []);
    assert_eq!(stores.happened(alice.organization).await.last().unwrap(), "two_factor.reset");
    let _ = stores.enabled_user("alice").await;
}

async fn a_pending_factor_is_removed_too(stores: Stores) {
    let alice = subject("alice");
    let _ = arrange::pending(&*stores.factors, &alice, NOW).await;
    assert!(stores.proofs.remove(&alice, reset(&alice)).await.unwrap());
    assert_eq!(stores.factors.find(&alice).await.unwrap(), None);
}

async fn other_users_keep_theirs(stores: Stores) {
    let (alice, bob) = (stores.enabled_user("alice").await, stores.enabled_user("bob").await);
    let before = stores.factor(&bob).await;
    assert!(stores.proofs.remove(&alice, reset(&alice)).await.unwrap());
    assert_eq!(stores.factor(&bob).await, before);
}

async fn of_many_removals_one_finds_the_factor(stores: Stores) {
    let alice = stores.enabled_user("alice").await;
    let found = together(CONTENDERS, |_| {
        let (proofs, alice) = (stores.proofs.clone(), alice.clone());
        async move { proofs.remove(&alice, reset(&alice)).await.unwrap() }
    })
    .await;
    assert_eq!(found.into_iter().filter(|found| *found).count(), 1);
}

async fn a_factor_that_takes_the_place_of_another_is_removed(stores: Stores) {
    for round in 0..rounds() {
        let alice = subject(&format!("alice-{round}"));
        let _ = arrange::pending(&*stores.factors, &alice, NOW).await;
        let found = together(CONTENDERS, |number| {
            let (stores, alice) = (stores.clone(), alice.clone());
            async move {
                if number == CONTENDERS / 2 {
                    return stores.proofs.remove(&alice, reset(&alice)).await.unwrap();
                }
                let imported = imported_factor(&alice, &[], NOW);
                let _ = stores.factors.import(vec![imported]).await.unwrap();
                true
            }
        })
        .await;
        assert!(found.into_iter().all(|found| found), "there was a factor all the time");
    }
}
