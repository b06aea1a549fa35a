use countersign_domain::idempotency::ports::{CallClaim, CallClaimed};
use countersign_domain::time::Timestamp;

use super::answered;
use crate::build::{NOW, call_claim, kept_answer, named_call, subject};
use crate::contention::{CONTENDERS, rounds, together};
use crate::contract::{Case, Stores, case::cases};

pub(super) fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        of_many_claims_one_wins,
        of_many_claims_in_the_place_of_an_expired_one_one_wins,
        of_many_repetitions_one_runs_and_all_get_its_answer,
    ]
}

/// All claim the same call at `now`; tells the winner, after it was made sure that the others wait for it.
async fn contend(stores: &Stores, key: &str, now: Timestamp) -> CallClaim {
    let outcomes = together(CONTENDERS, |_| {
        let (answers, claim) = (stores.answers.clone(), call_claim(&named_call(&subject("alice"), key), now));
        async move { (claim.clone(), answers.claim_call(claim).await.unwrap()) }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) =
        outcomes.into_iter().partition(|(_, claimed)| *claimed == CallClaimed::Won);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|(_, claimed)| *claimed == CallClaimed::InProgress), "{lost:?}");
    won[0].0.clone()
}

async fn of_many_claims_one_wins(stores: Stores) {
    for round in 0..rounds() {
        let winner = contend(&stores, &format!("{round}"), NOW).await;
        assert!(stores.keep_answer(&kept_answer(&winner)).await);
    }
}

async fn of_many_claims_in_the_place_of_an_expired_one_one_wins(stores: Stores) {
    for round in 0..rounds() {
        let key = format!("{round}");
        let kept = stores.answered(&call_claim(&named_call(&subject("alice"), &key), NOW)).await;
        let winner = contend(&stores, &key, kept.expires_at).await;
        assert!(stores.keep_answer(&kept_answer(&winner)).await);
    }
}

async fn of_many_repetitions_one_runs_and_all_get_its_answer(stores: Stores) {
    for round in 0..rounds() {
        let call = named_call(&subject("alice"), &format!("{round}"));
        let outcomes = together(CONTENDERS, |_| {
            let (answers, call) = (stores.answers.clone(), call.clone());
            async move {
                let mut runs = Vec::new();
                loop {
                    let claim = call_claim(&call, NOW);
                    match answers.claim_call(claim.clone()).await.unwrap() {
                        CallClaimed::Won => {
                            let kept = kept_answer(&claim);
                            assert!(answers.keep_answer(kept.clone()).await.unwrap());
                            runs.push(kept);
                        }
                        CallClaimed::InProgress => tokio::task::yield_now().await,
                        found => return (runs, found),
                    }
                }
            }
        })
        .await;
        let runs: Vec<_> = outcomes.iter().flat_map(|(runs, _)| runs).collect();
        assert_eq!(runs.len(), 1);
        assert!(outcomes.iter().all(|(_, found)| *found == answered(runs[0])));
    }
}
