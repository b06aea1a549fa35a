//! Run a call once, and give its answer to every repetition.

use std::sync::Arc;
use std::time::Duration;

use super::answer::Answer;
use super::call::NamedCall;
use super::ports::{AnswerPlace, AnswerSealer, CallClaim, CallClaimed, IdempotencyStore, KeptAnswer};
use crate::failure::PortFailure;
use crate::identity::RequestId;
use crate::time::Clock;

/// How long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnswerLimits {
    /// How long a call may run before a repetition is run in its place; 30 seconds.
    pub lease: Duration,
    /// How long an answer is kept; 10 minutes, as long as a set-up may be pending.
    pub lifetime: Duration,
}

impl Default for AnswerLimits {
    fn default() -> Self {
        Self { lease: Duration::from_secs(30), lifetime: Duration::from_mins(10) }
    }
}

/// What is to be done with a call.
#[derive(Debug)]
#[must_use]
pub enum Begun {
    /// Run it; then keep its answer, or give the call up.
    First,
    /// It was run; this is its answer.
    Repeated(Answer),
}

/// Why a call is neither run nor answered.
#[derive(Debug, thiserror::Error)]
pub enum RepetitionError {
    /// The first call with this key is still running.
    #[error("the first call with this idempotency key is still running")]
    InProgress,
    /// The key was used for another call.
    #[error("the idempotency key was used for another request")]
    OtherCall,
    /// A port could not do its job.
    #[error(transparent)]
    Failure(#[from] PortFailure),
}

/// The use case. Between [`AnswerOnce::begin`] and [`AnswerOnce::keep`] the caller runs the call.
pub struct AnswerOnce {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The answers.
    pub store: Arc<dyn IdempotencyStore>,
    /// Seals them.
    pub sealer: Arc<dyn AnswerSealer>,
    /// How long.
    pub limits: AnswerLimits,
}

impl AnswerOnce {
    /// Claims `call` for `request`, or finds its answer.
    pub async fn begin(&self, call: &NamedCall, request: RequestId) -> Result<Begun, RepetitionError> {
        let (now, lease) = (self.clock.now(), self.limits.lease);
        let claim = CallClaim { call: call.clone(), request, now, lease };
        match self.store.claim_call(claim).await? {
            CallClaimed::Won => Ok(Begun::First),
            CallClaimed::Answered { request, answer } => {
                let place = AnswerPlace { call, request };
                Ok(Begun::Repeated(self.sealer.open_answer(place, &answer)?))
            }
            CallClaimed::InProgress => Err(RepetitionError::InProgress),
            CallClaimed::OtherCall => Err(RepetitionError::OtherCall),
        }
    }

    /// Keeps the answer of a call that was run for `request`. One that came too late, or whose secrets are void
    /// already, is not kept.
    pub async fn keep(
        &self,
        call: &NamedCall,
        request: RequestId,
        answer: &Answer,
    ) -> Result<(), PortFailure> {
        let answer = self.sealer.seal_answer(AnswerPlace { call, request }, answer)?;
        let expires_at = self.clock.now().saturating_add(self.limits.lifetime);
        let kept = KeptAnswer { call: call.clone(), claim: request, answer, expires_at };
        self.store.keep_answer(kept).await.map(drop)
    }

    /// Gives up a call that was run for `request` and changed nothing: a repetition is run anew.
    pub async fn give_up(&self, call: &NamedCall, request: RequestId) -> Result<(), PortFailure> {
        self.store.release_call(call, request).await
    }
}
