//! Calls with idempotency keys: claims and answers. [`wipe`] is called by the units that make secrets of a factor void.

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::idempotency::call::NamedCall;
use countersign_domain::idempotency::ports::{CallClaim, CallClaimed, IdempotencyStore, KeptAnswer};
use countersign_domain::identity::RequestId;
use countersign_domain::keys::KeyId;
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::secret::SealedSecret;
use diesel::prelude::*;

use crate::backend::{AnyConnection, directly, hold_if_free};
use crate::column::{SubjectKey, number, parse, present};
use crate::database::Database;
use crate::schema::idempotent_calls::{self, dsl};
use crate::unit::{UnitResult, insert_new};

/// The key of a call, in the order of the columns.
type CallKey = (String, &'static str, Vec<u8>);

#[async_trait]
impl IdempotencyStore for Database {
    async fn claim_call(&self, claim: CallClaim) -> Result<CallClaimed, PortFailure> {
        self.write(move |c| self::claim(c, &claim)).await
    }

    async fn keep_answer(&self, kept: KeptAnswer) -> Result<bool, PortFailure> {
        self.write(move |c| Ok(keep(c, &kept)?)).await
    }

    async fn release_call(&self, call: &NamedCall, claim: RequestId) -> Result<(), PortFailure> {
        let key = key(call);
        self.write(move |c| {
            diesel::delete(idempotent_calls::table.find(key.clone()))
                .filter(dsl::claim_id.eq(claim.to_string()))
                .filter(dsl::sealed_answer.is_null())
                .execute(c)?;
            Ok(())
        })
        .await
    }

    async fn purge_calls(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure> {
        let expired = self.read(move |c| Ok(expired(c, now, limit)?)).await?;
        self.tidy(expired, |key| &key.0, move |c, key| remove_expired(c, key, now)).await
    }
}

fn key(call: &NamedCall) -> CallKey {
    (call.organization.to_string(), call.environment.as_str(), call.name.0.to_vec())
}

fn claim(c: &mut AnyConnection, claim: &CallClaim) -> UnitResult<CallClaimed> {
    if begin(c, claim)? || take_over(c, claim)? {
        return Ok(CallClaimed::Won);
    }
    found(c, claim)
}

/// The first call of this name.
fn begin(c: &mut AnyConnection, claim: &CallClaim) -> QueryResult<bool> {
    let call = &claim.call;
    let row = (
        dsl::organization_id.eq(call.organization.to_string()),
        dsl::environment.eq(call.environment.as_str()),
        dsl::name.eq(call.name.0.to_vec()),
        dsl::request_digest.eq(call.request.0.to_vec()),
        dsl::claim_id.eq(claim.request.to_string()),
        dsl::secrets_of.eq(call.secrets_of.as_ref().map(ToString::to_string)),
        dsl::expires_at.eq(lease_end(claim)),
    );
    insert_new(c, |c| diesel::insert_into(idempotent_calls::table).values(row).execute(c))
}

/// Takes the place of what has expired, in one statement.
fn take_over(c: &mut AnyConnection, claim: &CallClaim) -> QueryResult<bool> {
    let call = &claim.call;
    let expired = idempotent_calls::table.find(key(call)).filter(dsl::expires_at.le(claim.now.as_micros()));
    let taken = diesel::update(expired)
        .set((
            dsl::request_digest.eq(call.request.0.to_vec()),
            dsl::claim_id.eq(claim.request.to_string()),
            dsl::secrets_of.eq(call.secrets_of.as_ref().map(ToString::to_string)),
            dsl::sealing_key_id.eq(None::<i64>),
            dsl::sealed_answer.eq(None::<Vec<u8>>),
            dsl::expires_at.eq(lease_end(claim)),
        ))
        .execute(c)?;
    Ok(taken == 1)
}

/// What stands in the way of a claim.
fn found(c: &mut AnyConnection, claim: &CallClaim) -> UnitResult<CallClaimed> {
    let row = idempotent_calls::table
        .find(key(&claim.call))
        .select((dsl::request_digest, dsl::claim_id, dsl::sealing_key_id, dsl::sealed_answer))
        .get_result::<(Vec<u8>, String, Option<i64>, Option<Vec<u8>>)>(c)
        .optional()?;
    Ok(match row {
        Some((request, ..)) if request != claim.call.request.0 => CallClaimed::OtherCall,
        Some((_, answered, sealing_key, Some(bytes))) => {
            let sealing_key = present("idempotent_calls.sealing_key_id", sealing_key)?;
            let key = KeyId(number("idempotent_calls.sealing_key_id", sealing_key)?);
            let request = parse("idempotent_calls.claim_id", &answered)?;
            CallClaimed::Answered { request, answer: SealedSecret { key, bytes } }
        }
        // One that was there a moment ago and is not any more was just given up.
        Some((.., None)) | None => CallClaimed::InProgress,
    })
}

fn keep(c: &mut AnyConnection, kept: &KeptAnswer) -> QueryResult<bool> {
    let held = idempotent_calls::table
        .find(key(&kept.call))
        .filter(dsl::claim_id.eq(kept.claim.to_string()))
        .filter(dsl::sealed_answer.is_null());
    let stored = diesel::update(held)
        .set((
            dsl::sealing_key_id.eq(Some(i64::from(kept.answer.key.0))),
            dsl::sealed_answer.eq(Some(kept.answer.bytes.clone())),
            dsl::expires_at.eq(kept.expires_at.as_micros()),
        ))
        .execute(c)?;
    Ok(stored == 1)
}

fn expired(c: &mut AnyConnection, now: Timestamp, limit: u32) -> QueryResult<Vec<(String, String, Vec<u8>)>> {
    idempotent_calls::table
        .filter(dsl::expires_at.le(now.as_micros()))
        .order(dsl::expires_at)
        .limit(limit.into())
        .select((dsl::organization_id, dsl::environment, dsl::name))
        .load(c)
}

/// A call whose answer somebody voids or replaces is left for the next time.
fn remove_expired(
    c: &mut AnyConnection,
    key: &(String, String, Vec<u8>),
    now: Timestamp,
) -> QueryResult<usize> {
    let row = idempotent_calls::table.find(key.clone()).filter(dsl::expires_at.le(now.as_micros()));
    if hold_if_free!(c, row.clone().select(dsl::claim_id), String)? {
        diesel::delete(row).execute(c)
    } else {
        Ok(0)
    }
}

fn lease_end(claim: &CallClaim) -> i64 {
    claim.now.saturating_add(claim.lease).as_micros()
}

/// Removes every claim and answer that shows secrets of the user, within the unit that makes those secrets void. The claim
/// of `spared`, the request that does so, stays: its answer is about to show the new ones.
pub(super) fn wipe(c: &mut AnyConnection, key: &SubjectKey, spared: Option<RequestId>) -> QueryResult<()> {
    // No id is the empty text.
    let spared = spared.map(|request| request.to_string()).unwrap_or_default();
    let wipe = diesel::delete(idempotent_calls::table)
        .filter(dsl::organization_id.eq(&key.0))
        .filter(dsl::environment.eq(key.1))
        .filter(dsl::secrets_of.eq(&key.2))
        .filter(dsl::claim_id.ne(spared));
    directly!(c, |c| wipe.execute(c)).map(drop)
}
