//! A code is tried against a pending factor: charge, judge, verdict.

use countersign_domain::failure::PortFailure;
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::factor::{EnabledFactor, Factor};
use countersign_domain::two_factor::ports::{
    SetupAttempt, SetupAttempted, SetupJudge, SetupOutcome, SetupVerdict,
};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::row::{ENABLED, FactorRow, PENDING, is_of};
use super::{Charge, charge_or_hold, pending};
use crate::backend::{AnyConnection, directly};
use crate::column::{SubjectKey, storable, subject_key};
use crate::failover::Failovers;
use crate::ports::{audit, idempotency};
use crate::prepared::{prepared, prepared_update};
use crate::schema::factors;
use crate::unit::UnitResult;

pub(super) fn attempt(
    c: &mut AnyConnection,
    attempt: &SetupAttempt,
    judge: &SetupJudge,
    failovers: &Failovers,
) -> UnitResult<SetupAttempted> {
    let key = subject_key(&attempt.subject);
    let row = match charge_or_hold(c, &key, |c| charge(c, &key, attempt))? {
        Charge::Charged(row) => row,
        Charge::Refused(held) => return refusal(c, &key, attempt, held),
    };
    let Some(SetupVerdict { outcome, audit }) = judge(row.into_pending()?)? else {
        give_back(c, &key)?;
        return Ok(SetupAttempted::Malformed);
    };
    match &outcome {
        SetupOutcome::Confirmed(factor) => {
            failovers.check(factor.last_step, factor.binding.parameters.period.as_duration())?;
            enable(c, &key, factor)?;
            idempotency::wipe(c, &key, None)?;
        }
        SetupOutcome::Refused(_) => {}
        SetupOutcome::Exhausted => pending::remove(c, &key)?,
    }
    audit::append(c, &audit)?;
    Ok(SetupAttempted::Judged(outcome))
}

/// Charges one attempt in one statement; `None` when there is nothing that could be charged.
fn charge(c: &mut AnyConnection, key: &SubjectKey, attempt: &SetupAttempt) -> QueryResult<Option<FactorRow>> {
    let is_meant = factors::setup_id
        .assume_not_null()
        .eq(attempt.setup.map(|setup| setup.to_string()).unwrap_or_default())
        .or(attempt.setup.is_none().into_sql::<Bool>());
    let chargeable = factors::table
        .find(key.clone())
        .filter(factors::state.eq(PENDING))
        .filter(factors::attempts.lt(i32::from(attempt.most)))
        .filter(factors::expires_at.gt(attempt.now.as_micros()))
        .filter(is_meant);
    let charge = diesel::update(chargeable)
        .set(factors::attempts.eq(factors::attempts + 1))
        .returning(factors::all_columns);
    let charge = prepared!(charge);
    directly!(c, |c| charge.get_result(c)).optional()
}

fn give_back(c: &mut AnyConnection, key: &SubjectKey) -> QueryResult<()> {
    let charged = factors::table.find(key.clone()).filter(factors::attempts.assume_not_null().gt(0));
    diesel::update(charged).set(factors::attempts.eq(factors::attempts - 1)).execute(c).map(drop)
}

fn refusal(
    c: &mut AnyConnection,
    key: &SubjectKey,
    attempt: &SetupAttempt,
    held: Option<Factor>,
) -> UnitResult<SetupAttempted> {
    let factor = match held {
        Some(Factor::Enabled(_)) => return Ok(SetupAttempted::AlreadyEnabled),
        None => return Ok(SetupAttempted::NoPendingSetup),
        Some(Factor::Pending(factor)) => factor,
    };
    if attempt.setup.is_some_and(|setup| setup != factor.setup) {
        return Ok(SetupAttempted::Replaced);
    }
    pending::remove(c, key)?;
    // Without an attempt left it is as good as gone: the limit was lowered since the last one.
    let is_expired = factor.is_expired(attempt.now);
    Ok(if is_expired { SetupAttempted::Expired } else { SetupAttempted::NoPendingSetup })
}

fn enable(c: &mut AnyConnection, key: &SubjectKey, factor: &EnabledFactor) -> UnitResult<()> {
    let is_charged =
        is_of(key).and(factors::state.eq(PENDING)).and(factors::factor_id.eq(factor.binding.id.to_string()));
    let enabled = (
        factors::state.eq(ENABLED),
        factors::enabled_at.eq(Some(Timestamp::as_micros(factor.enabled_at))),
        factors::last_step.eq(Some(storable(factor.last_step.number())?)),
        factors::setup_id.eq(None::<String>),
        factors::expires_at.eq(None::<i64>),
        factors::attempts.eq(None::<i32>),
    );
    let enable = prepared_update!(is_charged, enabled);
    let enabled = directly!(c, |c| enable.execute(c))?;
    if enabled == 1 {
        Ok(())
    } else {
        Err(PortFailure::other("the judged factor is not the charged one").into())
    }
}
