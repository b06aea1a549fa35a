//! What answering once needs from outside.

use std::time::Duration;

use async_trait::async_trait;

use super::answer::Answer;
use super::call::NamedCall;
use crate::failure::PortFailure;
use crate::identity::RequestId;
use crate::time::Timestamp;
use crate::two_factor::secret::SealedSecret;

/// Keeps the answers of calls.
///
/// Duty: each name has at most one claim or answer. What has expired counts as not there. Whoever changes a user's factor so
/// that secrets of it become void (a set-up is confirmed, replaced or exhausted; backup codes are replaced; a factor is
/// removed or imported) removes, in the same transaction, every claim and every answer with this user in
/// [`NamedCall::secrets_of`], but for the claim of the request that makes the change.
#[async_trait]
pub trait IdempotencyStore: Send + Sync {
    /// Claims a call, so that a repetition is not run beside it. Of concurrent claims for one name at most one wins. A
    /// claim that was neither answered nor released ends with its lease.
    async fn claim_call(&self, claim: CallClaim) -> Result<CallClaimed, PortFailure>;

    /// Keeps the answer in the place of the claim; `false`, and nothing is kept, when the claim is not held any more.
    async fn keep_answer(&self, kept: KeptAnswer) -> Result<bool, PortFailure>;

    /// Ends the claim without an answer. Without effect when it is not held.
    async fn release_call(&self, call: &NamedCall, claim: RequestId) -> Result<(), PortFailure>;

    /// Removes claims and answers that have expired at `now`, at most `limit` of them; tells how many.
    async fn purge_calls(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure>;
}

/// A request to run a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallClaim {
    /// Which call.
    pub call: NamedCall,
    /// The request that runs it; it is the name of the claim.
    pub request: RequestId,
    /// The present instant.
    pub now: Timestamp,
    /// How long the claim holds unless it is answered or released.
    pub lease: Duration,
}

/// The outcome of [`IdempotencyStore::claim_call`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum CallClaimed {
    /// The claim holds.
    Won,
    /// The call was answered.
    Answered {
        /// The request that was answered.
        request: RequestId,
        /// The answer.
        answer: SealedSecret,
    },
    /// The same call is running.
    InProgress,
    /// The name belongs to another call.
    OtherCall,
}

/// An answer to be kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptAnswer {
    /// Of which call.
    pub call: NamedCall,
    /// The claim under which it was run.
    pub claim: RequestId,
    /// The answer.
    pub answer: SealedSecret,
    /// From this instant on it is gone.
    pub expires_at: Timestamp,
}

/// Where a sealed answer belongs; it opens nowhere else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnswerPlace<'a> {
    /// Of which call.
    pub call: &'a NamedCall,
    /// The request that was answered.
    pub request: RequestId,
}

/// Seals answers.
///
/// Duty: that of [`SecretSealer`](crate::two_factor::ports::SecretSealer), with the same keys for another purpose: nothing
/// that was sealed as one kind opens as the other.
pub trait AnswerSealer: Send + Sync {
    /// Seals with the present key.
    fn seal_answer(&self, place: AnswerPlace<'_>, answer: &Answer) -> Result<SealedSecret, PortFailure>;

    /// Opens with the key that the value names.
    fn open_answer(&self, place: AnswerPlace<'_>, sealed: &SealedSecret) -> Result<Answer, PortFailure>;
}
