//! The contract of [`KeyRegistry`](countersign_domain::keys::KeyRegistry).

use std::collections::BTreeSet;

use countersign_domain::keys::{KeyId, KeyPurpose, KeyRegistration};
use countersign_domain::two_factor::ports::PendingSetup;

use super::{Case, Stores, case::cases};
use crate::arrange::{self, SPENT_STEP};
use crate::build::{NOW, confirming_judge, known_key, pending_setup, setup_attempt, setup_claim, subject};
use crate::contention::{CONTENDERS, rounds, together};

/// The cases. They begin with organization 1 and no key.
pub fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        a_new_key_matches_and_goes_on_matching,
        another_key_of_the_same_name_differs_for_ever,
        purposes_and_names_are_apart,
        one_of_many_first_keys_wins,
        many_that_register_the_same_key_all_match,
        a_registered_key_is_not_in_use_for_that,
        the_keys_of_pending_and_enabled_factors_are_in_use,
        rows_are_counted_for_each_key,
    ]
}

const PURPOSES: [KeyPurpose; 3] = KeyPurpose::ALL;

async fn a_new_key_matches_and_goes_on_matching(stores: Stores) {
    for id in [0, 1, u32::MAX] {
        for purpose in PURPOSES {
            for _ in 0..3 {
                let key = known_key(purpose, id, 0xFF);
                assert_eq!(stores.keys.register(key).await.unwrap(), KeyRegistration::Matches);
            }
        }
    }
}

async fn another_key_of_the_same_name_differs_for_ever(stores: Stores) {
    let (first, second) = (known_key(KeyPurpose::Sealing, 1, 1), known_key(KeyPurpose::Sealing, 1, 2));
    assert_eq!(stores.keys.register(first).await.unwrap(), KeyRegistration::Matches);
    for _ in 0..2 {
        assert_eq!(stores.keys.register(second).await.unwrap(), KeyRegistration::Differs);
        assert_eq!(stores.keys.register(first).await.unwrap(), KeyRegistration::Matches);
    }
}

async fn purposes_and_names_are_apart(stores: Stores) {
    let mut fingerprint = 0;
    for purpose in PURPOSES {
        for id in 1..=3 {
            fingerprint += 1;
            let key = known_key(purpose, id, fingerprint);
            assert_eq!(stores.keys.register(key).await.unwrap(), KeyRegistration::Matches);
        }
    }
}

async fn one_of_many_first_keys_wins(stores: Stores) {
    for round in 0..rounds() {
        let id = u32::try_from(round).unwrap();
        let outcomes = together(CONTENDERS, |number| {
            let keys = stores.keys.clone();
            let key = known_key(KeyPurpose::Pepper, id, number.try_into().unwrap());
            async move { (key, keys.register(key).await.unwrap()) }
        })
        .await;
        let (winners, losers): (Vec<_>, Vec<_>) =
            outcomes.into_iter().partition(|(_, outcome)| *outcome == KeyRegistration::Matches);
        assert_eq!((winners.len(), losers.len()), (1, CONTENDERS - 1));
        assert_eq!(stores.keys.register(winners[0].0).await.unwrap(), KeyRegistration::Matches);
        assert_eq!(stores.keys.register(losers[0].0).await.unwrap(), KeyRegistration::Differs);
    }
}

async fn many_that_register_the_same_key_all_match(stores: Stores) {
    let outcomes = together(CONTENDERS, |_| {
        let keys = stores.keys.clone();
        async move { keys.register(known_key(KeyPurpose::Sealing, 1, 1)).await.unwrap() }
    })
    .await;
    assert_eq!(outcomes, [KeyRegistration::Matches; CONTENDERS]);
}

async fn a_registered_key_is_not_in_use_for_that(stores: Stores) {
    assert_eq!(stores.keys.keys_in_use().await.unwrap(), []);
    for purpose in PURPOSES {
        let _ = stores.keys.register(known_key(purpose, 1, 1)).await.unwrap();
    }
    assert_eq!(stores.keys.keys_in_use().await.unwrap(), []);
}

async fn the_keys_of_pending_and_enabled_factors_are_in_use(stores: Stores) {
    for (number, user) in (1..=3).zip(["alice", "bob", "carol"]) {
        let user = subject(user);
        let claim = setup_claim(&user, NOW);
        let mut setup: PendingSetup = pending_setup(&user, claim.id, NOW);
        setup.factor.binding.secret.key = KeyId(number);
        setup.codes.pepper = KeyId(10 * number);
        let _ = arrange::stored(&*stores.factors, claim, setup).await;
    }
    let expected: BTreeSet<_> = (1..=3)
        .flat_map(|number| [(KeyPurpose::Sealing, KeyId(number)), (KeyPurpose::Pepper, KeyId(10 * number))])
        .collect();
    let in_use = async || stores.keys.keys_in_use().await.unwrap().into_iter().collect::<BTreeSet<_>>();
    assert_eq!(in_use().await, expected);
    let bob = setup_attempt(&subject("bob"), NOW);
    let _ = stores.factors.attempt_setup(bob, confirming_judge(SPENT_STEP, NOW)).await.unwrap();
    assert_eq!(in_use().await, expected);
}

async fn rows_are_counted_for_each_key(stores: Stores) {
    let users: [PendingSetup; 3] = [
        arrange::pending(&*stores.factors, &subject("a"), NOW).await,
        arrange::pending(&*stores.factors, &subject("b"), NOW).await,
        arrange::pending(&*stores.factors, &subject("c"), NOW).await,
    ];
    let used = users[0].factor.binding.secret.key;
    for (purpose, id, rows) in [
        (KeyPurpose::Sealing, used, 3),
        (KeyPurpose::Pepper, users[0].codes.pepper, 3),
        (KeyPurpose::AssertionSigning, used, 0),
        (KeyPurpose::Sealing, KeyId(u32::MAX), 0),
        (KeyPurpose::Pepper, KeyId(0), 0),
    ] {
        assert_eq!(stores.keys.rows_using(purpose, id).await.unwrap(), rows, "{purpose:?} {id:?}");
    }
}
