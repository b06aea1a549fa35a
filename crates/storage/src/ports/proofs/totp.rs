//! A TOTP code is tried: charge, judge, verdict.

use countersign_domain::failure::PortFailure;
use countersign_domain::time::TimeStep;
use countersign_domain::two_factor::factor::{EnabledFactor, Factor};
use countersign_domain::two_factor::lockout::AttemptCounter;
use countersign_domain::two_factor::proof_ports::{
    Effect, TotpAttempt, TotpAttempted, TotpJudge, TotpOutcome, TotpVerdict,
};
use diesel::prelude::*;

use super::{effect, failures};
use crate::backend::{AnyConnection, directly};
use crate::column::{SubjectKey, storable, subject_key};
use crate::failover::Failovers;
use crate::ports::audit;
use crate::ports::factors::row::{ENABLED, FactorRow};
use crate::ports::factors::{Charge, charge_or_hold, codes};
use crate::prepared::prepared;
use crate::schema::factors;
use crate::unit::UnitResult;

pub(super) fn attempt(
    c: &mut AnyConnection,
    attempt: &TotpAttempt,
    judge: &TotpJudge,
    failovers: &Failovers,
) -> UnitResult<TotpAttempted> {
    let key = subject_key(&attempt.subject);
    let row = match charge_or_hold(c, &key, |c| charge(c, &key, attempt))? {
        Charge::Charged(row) => row,
        Charge::Refused(held) => return refusal(attempt, held),
    };
    let mut factor = row.into_enabled()?;
    let charged = AttemptCounter::charged(factor.totp_attempts.consecutive, attempt.policy, attempt.now);
    factor.totp_attempts = charged;
    let Some(TotpVerdict { outcome, audit }) = judge(factor.clone())? else {
        give_back(c, &key)?;
        return Ok(TotpAttempted::Malformed);
    };
    let attempted = match outcome {
        TotpOutcome::Accepted { step, effect } => {
            failovers.check(step, factor.binding.parameters.period.as_duration())?;
            accept(c, &key, &factor, step, &effect)?;
            effect::wipe_answers(c, &key, &effect, audit.first())?;
            TotpAttempted::Accepted { backup_codes_remaining: codes::unused(c, &key)? }
        }
        TotpOutcome::Replayed { attempts_left } => {
            give_back(c, &key)?;
            TotpAttempted::Refused { attempts_left }
        }
        TotpOutcome::Refused { attempts_left } => {
            lock(c, &key, charged)?;
            let _ = failures::count(c, &key, attempt.now)?;
            TotpAttempted::Refused { attempts_left }
        }
    };
    for event in &audit {
        audit::append(c, event)?;
    }
    Ok(attempted)
}

/// Charges one attempt in one statement; `None` when the factor is not enabled or is locked.
fn charge(c: &mut AnyConnection, key: &SubjectKey, attempt: &TotpAttempt) -> QueryResult<Option<FactorRow>> {
    let now = attempt.now.as_micros();
    let is_open =
        factors::totp_locked_until.is_null().or(factors::totp_locked_until.assume_not_null().le(now));
    let chargeable = factors::table
        .find(key.clone())
        .filter(factors::state.eq(ENABLED))
        .filter(factors::totp_failures.lt(i64::from(attempt.policy.hard_limit)))
        .filter(is_open);
    let charge = diesel::update(chargeable)
        .set(factors::totp_failures.eq(factors::totp_failures + 1))
        .returning(factors::all_columns);
    let charge = prepared!(charge);
    directly!(c, |c| charge.get_result(c)).optional()
}

fn refusal(attempt: &TotpAttempt, held: Option<Factor>) -> UnitResult<TotpAttempted> {
    let Some(Factor::Enabled(factor)) = held else { return Ok(TotpAttempted::NotEnabled) };
    let lock = factor.totp_attempts.lock(attempt.policy, attempt.now);
    Ok(TotpAttempted::Locked(
        lock.ok_or_else(|| PortFailure::other("a factor without a lock was not charged"))?,
    ))
}

fn accept(
    c: &mut AnyConnection,
    key: &SubjectKey,
    factor: &EnabledFactor,
    step: TimeStep,
    effect: &Effect,
) -> UnitResult<()> {
    let step = storable(step.number())?;
    let unspent = factors::table
        .find(key.clone())
        .filter(factors::factor_id.eq(factor.binding.id.to_string()))
        .filter(factors::last_step.assume_not_null().lt(step));
    let claim = diesel::update(unspent)
        .set((
            factors::last_step.eq(Some(step)),
            factors::totp_failures.eq(0),
            factors::totp_locked_until.eq(None::<i64>),
        ))
        .returning(factors::last_step);
    let claim = prepared!(claim);
    if directly!(c, |c| claim.get_result::<Option<i64>>(c)).optional()?.is_none() {
        return Err(PortFailure::other("the judge accepted a step that is spent").into());
    }
    Ok(effect::apply(c, key, effect)?)
}

fn give_back(c: &mut AnyConnection, key: &SubjectKey) -> QueryResult<()> {
    let charged = factors::table.find(key.clone()).filter(factors::totp_failures.gt(0));
    diesel::update(charged).set(factors::totp_failures.eq(factors::totp_failures - 1)).execute(c).map(drop)
}

fn lock(c: &mut AnyConnection, key: &SubjectKey, charged: AttemptCounter) -> QueryResult<()> {
    let Some(until) = charged.locked_until else { return Ok(()) };
    diesel::update(factors::table.find(key.clone()))
        .set(factors::totp_locked_until.eq(Some(until.as_micros())))
        .execute(c)
        .map(drop)
}
