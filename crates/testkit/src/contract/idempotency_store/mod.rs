//! The contract of [`IdempotencyStore`](countersign_domain::idempotency::ports::IdempotencyStore).

mod answer;
mod claim;
mod contention;
mod purge;
mod wipe;

use countersign_domain::idempotency::ports::{CallClaim, CallClaimed, KeptAnswer};

use super::{Case, Stores};
use crate::build::kept_answer;

/// The cases.
pub fn cases() -> Vec<Case<Stores>> {
    let tables = [claim::cases(), answer::cases(), contention::cases(), wipe::cases(), purge::cases()];
    tables.into_iter().flatten().collect()
}

impl Stores {
    async fn claim_call(&self, claim: &CallClaim) -> CallClaimed {
        self.answers.claim_call(claim.clone()).await.unwrap()
    }

    async fn keep_answer(&self, kept: &KeptAnswer) -> bool {
        self.answers.keep_answer(kept.clone()).await.unwrap()
    }

    /// Claims and answers a call.
    async fn answered(&self, claim: &CallClaim) -> KeptAnswer {
        assert_eq!(self.claim_call(claim).await, CallClaimed::Won);
        let kept = kept_answer(claim);
        assert!(self.keep_answer(&kept).await);
        kept
    }
}

fn answered(kept: &KeptAnswer) -> CallClaimed {
    CallClaimed::Answered { request: kept.claim, answer: kept.answer.clone() }
}
