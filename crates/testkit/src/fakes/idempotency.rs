//! [`MemoryFactors`] as the store of answers: what makes secrets void wipes them in the same step.

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::idempotency::call::{CallName, NamedCall};
use countersign_domain::idempotency::ports::{CallClaim, CallClaimed, IdempotencyStore, KeptAnswer};
use countersign_domain::identity::{Environment, OrganizationId, RequestId, Subject};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::secret::SealedSecret;

use super::MemoryFactors;
use super::factors::Tables;

pub(super) type CallKey = (OrganizationId, Environment, CallName);

/// A claim, and its answer once there is one.
#[derive(Debug)]
pub(super) struct CallRow {
    call: NamedCall,
    claim: RequestId,
    answer: Option<SealedSecret>,
    expires_at: Timestamp,
}

impl CallRow {
    fn shows_secrets_of(&self, subject: &Subject) -> bool {
        let call = &self.call;
        (call.organization, call.environment) == (subject.organization, subject.environment)
            && call.secrets_of.as_ref() == Some(&subject.user)
    }
}

fn key(call: &NamedCall) -> CallKey {
    (call.organization, call.environment, call.name)
}

impl Tables {
    /// Removes every claim and answer that shows secrets of the user, but for the claim of `spared`.
    pub(super) fn wipe_answers(&mut self, subject: &Subject, spared: Option<RequestId>) {
        self.calls.retain(|_, row| !row.shows_secrets_of(subject) || Some(row.claim) == spared);
    }

    /// The running call that `claim` holds.
    fn held(&mut self, call: &NamedCall, claim: RequestId) -> Option<&mut CallRow> {
        self.calls.get_mut(&key(call)).filter(|row| row.claim == claim && row.answer.is_none())
    }
}

#[async_trait]
impl IdempotencyStore for MemoryFactors {
    async fn claim_call(&self, claim: CallClaim) -> Result<CallClaimed, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        if let Some(row) = tables.calls.get(&key(&claim.call)).filter(|row| row.expires_at > claim.now) {
            return Ok(match &row.answer {
                _ if row.call.request != claim.call.request => CallClaimed::OtherCall,
                Some(answer) => CallClaimed::Answered { request: row.claim, answer: answer.clone() },
                None => CallClaimed::InProgress,
            });
        }
        let expires_at = claim.now.saturating_add(claim.lease);
        let row = CallRow { call: claim.call, claim: claim.request, answer: None, expires_at };
        tables.calls.insert(key(&row.call), row);
        Ok(CallClaimed::Won)
    }

    async fn keep_answer(&self, kept: KeptAnswer) -> Result<bool, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        let Some(row) = tables.held(&kept.call, kept.claim) else { return Ok(false) };
        (row.answer, row.expires_at) = (Some(kept.answer), kept.expires_at);
        Ok(true)
    }

    async fn release_call(&self, call: &NamedCall, claim: RequestId) -> Result<(), PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        if tables.held(call, claim).is_some() {
            tables.calls.remove(&key(call));
        }
        Ok(())
    }

    async fn purge_calls(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        let expired = tables.calls.iter().filter(|(_, row)| row.expires_at <= now).map(|(key, _)| *key);
        let expired: Vec<_> = expired.take(limit.try_into().unwrap()).collect();
        for key in &expired {
            tables.calls.remove(key);
        }
        Ok(expired.len().try_into().unwrap())
    }
}
