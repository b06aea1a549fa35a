//! The contract of [`SealedRows`](countersign_domain::keys::reseal::SealedRows) for the secrets of factors.

use countersign_domain::identity::{Environment, Subject};
use countersign_domain::keys::KeyId;
use countersign_domain::keys::reseal::{Exchange, Exchanged, SealedRow};
use countersign_domain::two_factor::factor::{Binding, EnabledFactor, Factor};
use countersign_domain::two_factor::reseal::FactorPlace;
use countersign_domain::two_factor::secret::SealedSecret;

use super::{Case, Stores, case::cases};
use crate::arrange;
use crate::build::{
    NOW, SEALING_KEY, event_about_user, organization_id, pending_setup, setup_claim, subject, subject_in,
};
use crate::contention::{CONTENDERS, rounds, together};
use countersign_domain::audit::event::SecurityEvent;

const NEW_KEY: KeyId = KeyId(SEALING_KEY.0 + 1);

/// The cases. They begin with organizations 1 and 2 and no factor.
pub fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        rows_come_in_order_page_by_page,
        only_rows_of_the_key_come,
        an_exchange_changes_the_secret_and_nothing_else,
        what_is_not_the_old_value_is_left_alone,
        a_removed_factor_does_not_come_back,
        a_replaced_set_up_keeps_its_own_secret,
        another_users_row_is_left_alone,
        exchanges_of_one_call_are_judged_each_by_itself,
        of_many_exchanges_of_one_value_exactly_one_is_done,
        a_removal_among_exchanges_is_final,
        a_new_set_up_among_exchanges_keeps_its_own_secret,
    ]
}

fn new(text: &str) -> SealedSecret {
    SealedSecret { key: NEW_KEY, bytes: text.as_bytes().to_vec() }
}

fn exchange(row: &SealedRow<FactorPlace>, new: SealedSecret) -> Exchange<FactorPlace> {
    Exchange { place: row.place.clone(), old: row.sealed.clone(), new }
}

fn row(binding: &Binding) -> SealedRow<FactorPlace> {
    let place = FactorPlace { subject: binding.subject.clone(), factor: binding.id };
    SealedRow { place, sealed: binding.secret.clone() }
}

impl Stores {
    async fn sealed_row(&self, subject: &Subject) -> SealedRow<FactorPlace> {
        row(&arrange::pending(&*self.factors, subject, NOW).await.factor.binding)
    }

    async fn exchange_one(&self, exchange: Exchange<FactorPlace>) -> Exchanged {
        self.sealed.exchange(vec![exchange]).await.unwrap()[0]
    }

    async fn sealed_now(&self, subject: &Subject) -> Option<SealedSecret> {
        self.factors.find(subject).await.unwrap().map(|stored| match stored.factor {
            Factor::Pending(factor) => factor.binding.secret,
            Factor::Enabled(factor) => factor.binding.secret,
        })
    }

    async fn remove_factor(&self, subject: &Subject) -> bool {
        let audit = event_about_user(subject, SecurityEvent::Enabled, NOW);
        self.proofs.remove(subject, audit).await.unwrap()
    }
}

async fn rows_come_in_order_page_by_page(stores: Stores) {
    let (one, two) = (organization_id(1), organization_id(2));
    let mut expected = Vec::new();
    for place in [
        subject_in(one, Environment::Live, "a"),
        subject_in(one, Environment::Live, "b"),
        subject_in(one, Environment::Test, "a"),
        subject_in(two, Environment::Live, "a"),
        subject_in(two, Environment::Test, "0"),
    ] {
        expected.push(stores.sealed_row(&place).await);
    }
    for limit in [1, 2, 5, 500] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = stores.sealed.sealed_with(SEALING_KEY, after, limit).await.unwrap();
            assert!(page.len() <= limit.try_into().unwrap());
            let Some(last) = page.last() else { break };
            after = Some(last.place.clone());
            found.extend(page);
        }
        assert_eq!(found, expected, "pages of {limit}");
    }
}

async fn only_rows_of_the_key_come(stores: Stores) {
    let (pending, kept) = (stores.sealed_row(&subject("a")).await, subject("b"));
    let kept = row(&arrange::enabled(&*stores.factors, &kept, NOW).await.binding);
    assert_eq!(stores.exchange_one(exchange(&pending, new("a"))).await, Exchanged::Done);
    let with = |key| stores.sealed.sealed_with(key, None, 500);
    assert_eq!(with(SEALING_KEY).await.unwrap(), [kept]);
    assert_eq!(with(NEW_KEY).await.unwrap(), [SealedRow { sealed: new("a"), ..pending }]);
    assert_eq!(with(KeyId(9)).await.unwrap(), []);
}

async fn an_exchange_changes_the_secret_and_nothing_else(stores: Stores) {
    let alice = subject("alice");
    let before = arrange::enabled(&*stores.factors, &alice, NOW).await;
    let codes = stores.factors.find(&alice).await.unwrap().unwrap().backup_codes;
    let happened = stores.happened(alice.organization).await;
    assert_eq!(stores.exchange_one(exchange(&row(&before.binding), new("a"))).await, Exchanged::Done);
    let binding = Binding { secret: new("a"), ..before.binding.clone() };
    let stored = stores.factors.find(&alice).await.unwrap().unwrap();
    assert_eq!(stored.factor, Factor::Enabled(EnabledFactor { binding, ..before }));
    assert_eq!(stored.backup_codes, codes);
    assert_eq!(stores.happened(alice.organization).await, happened);
}

async fn what_is_not_the_old_value_is_left_alone(stores: Stores) {
    let alice = subject("alice");
    let there = stores.sealed_row(&alice).await;
    let other_bytes = SealedSecret { bytes: vec![1], ..there.sealed.clone() };
    let other_key = SealedSecret { key: NEW_KEY, ..there.sealed.clone() };
    for old in [other_bytes, other_key] {
        let wrong = Exchange { place: there.place.clone(), old, new: new("a") };
        assert_eq!(stores.exchange_one(wrong).await, Exchanged::Lost);
    }
    assert_eq!(stores.sealed_now(&alice).await, Some(there.sealed));
}

async fn a_removed_factor_does_not_come_back(stores: Stores) {
    let alice = subject("alice");
    let there = stores.sealed_row(&alice).await;
    assert!(stores.remove_factor(&alice).await);
    assert_eq!(stores.exchange_one(exchange(&there, new("a"))).await, Exchanged::Lost);
    assert_eq!(stores.sealed_now(&alice).await, None);
}

async fn a_replaced_set_up_keeps_its_own_secret(stores: Stores) {
    let alice = subject("alice");
    let before = stores.sealed_row(&alice).await;
    let after = stores.sealed_row(&alice).await;
    assert_eq!(stores.exchange_one(exchange(&before, new("a"))).await, Exchanged::Lost);
    // The same bytes in another factor are no reason either.
    let moved = Exchange { place: before.place, old: after.sealed.clone(), new: new("a") };
    assert_eq!(stores.exchange_one(moved).await, Exchanged::Lost);
    assert_eq!(stores.sealed_now(&alice).await, Some(after.sealed));
}

async fn another_users_row_is_left_alone(stores: Stores) {
    let alice = subject("alice");
    let there = stores.sealed_row(&alice).await;
    let others = [
        subject_in(organization_id(2), Environment::Live, "alice"),
        subject_in(organization_id(1), Environment::Test, "alice"),
        subject("Alice"),
    ];
    for other in others {
        let place = FactorPlace { subject: other, ..there.place.clone() };
        let wrong = Exchange { place, old: there.sealed.clone(), new: new("a") };
        assert_eq!(stores.exchange_one(wrong).await, Exchanged::Lost);
    }
    assert_eq!(stores.sealed_now(&alice).await, Some(there.sealed));
}

async fn exchanges_of_one_call_are_judged_each_by_itself(stores: Stores) {
    let (a, b) = (stores.sealed_row(&subject("a")).await, stores.sealed_row(&subject("b")).await);
    let batch = vec![exchange(&a, new("a")), exchange(&a, new("late")), exchange(&b, new("b"))];
    let outcomes = stores.sealed.exchange(batch).await.unwrap();
    assert_eq!(outcomes, [Exchanged::Done, Exchanged::Lost, Exchanged::Done]);
    assert_eq!(stores.sealed_now(&subject("a")).await, Some(new("a")));
    assert_eq!(stores.sealed.exchange(Vec::new()).await.unwrap(), []);
}

async fn of_many_exchanges_of_one_value_exactly_one_is_done(stores: Stores) {
    for round in 0..rounds() {
        let user = subject(&format!("user-{round}"));
        let there = stores.sealed_row(&user).await;
        let outcomes = together(CONTENDERS, |number| {
            let (stores, value) = (stores.clone(), new(&number.to_string()));
            let exchange = exchange(&there, value.clone());
            async move { (stores.exchange_one(exchange).await, value) }
        })
        .await;
        let done: Vec<_> = outcomes.into_iter().filter(|(outcome, _)| *outcome == Exchanged::Done).collect();
        assert_eq!(done.len(), 1);
        assert_eq!(stores.sealed_now(&user).await.as_ref(), Some(&done[0].1));
    }
}

async fn a_removal_among_exchanges_is_final(stores: Stores) {
    for round in 0..rounds() {
        let user = subject(&format!("user-{round}"));
        let there = stores.sealed_row(&user).await;
        let outcomes = together(CONTENDERS, |number| {
            let (stores, user, exchange) = (stores.clone(), user.clone(), exchange(&there, new("a")));
            async move {
                match number {
                    0 => stores.remove_factor(&user).await,
                    _ => stores.exchange_one(exchange).await == Exchanged::Done,
                }
            }
        })
        .await;
        assert!(outcomes[0], "there was a factor to remove");
        assert_eq!(stores.sealed_now(&user).await, None);
    }
}

async fn a_new_set_up_among_exchanges_keeps_its_own_secret(stores: Stores) {
    for round in 0..rounds() {
        let user = subject(&format!("user-{round}"));
        let there = stores.sealed_row(&user).await;
        let claim = setup_claim(&user, NOW);
        let setup = pending_setup(&user, claim.id, NOW);
        let stored = setup.factor.binding.secret.clone();
        let work = std::sync::Arc::new(std::sync::Mutex::new(Some((claim, setup))));
        together(CONTENDERS, |number| {
            let (stores, work, exchange) = (stores.clone(), work.clone(), exchange(&there, new("a")));
            async move {
                if number == 0 {
                    let (claim, setup) = work.lock().unwrap().take().unwrap();
                    arrange::stored(&*stores.factors, claim, setup).await;
                } else {
                    let _ = stores.exchange_one(exchange).await;
                }
            }
        })
        .await;
        assert_eq!(stores.sealed_now(&user).await, Some(stored));
    }
}
