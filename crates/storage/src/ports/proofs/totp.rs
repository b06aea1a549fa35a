//! A TOTP code is tried: hold, judge, verdict.
//!
//! The factor is held from the look at it to the end of the transaction, so that guesses at it follow each other, and the
//! verdict is one statement on condition that the factor is the one that was judged.

use countersign_domain::failure::PortFailure;
use countersign_domain::time::{TimeStep, Timestamp};
use countersign_domain::two_factor::factor::EnabledFactor;
use countersign_domain::two_factor::lockout::AttemptCounter;
use countersign_domain::two_factor::proof_ports::{
    TotpAttempt, TotpAttempted, TotpJudge, TotpOutcome, TotpVerdict,
};
use diesel::prelude::*;

use super::effect;
use crate::backend::{AnyConnection, directly};
use crate::column::{SubjectKey, storable, subject_key};
use crate::failover::Failovers;
use crate::ports::audit;
use crate::ports::factors::hold_enabled;
use crate::ports::factors::row::is_of;
use crate::prepared::prepared_update;
use crate::schema::factors;
use crate::unit::UnitResult;

pub(super) fn attempt(
    c: &mut AnyConnection,
    attempt: &TotpAttempt,
    judge: &TotpJudge,
    failovers: &Failovers,
) -> UnitResult<TotpAttempted> {
    let key = subject_key(&attempt.subject);
    let Some((held, backup_codes)) = hold_enabled(c, &key)? else { return Ok(TotpAttempted::NotEnabled) };
    let charged = match held.totp_attempts.charge(attempt.policy, attempt.now) {
        Ok(charged) => charged,
        Err(lock) => return Ok(TotpAttempted::Locked(lock)),
    };
    let Some(TotpVerdict { outcome, audit }) =
        judge(EnabledFactor { totp_attempts: charged, ..held.clone() })?
    else {
        return Ok(TotpAttempted::Malformed);
    };
    let attempted = match outcome {
        TotpOutcome::Accepted { step, effect } => {
            failovers.check(step, held.binding.parameters.period.as_duration())?;
            claim(c, &key, &held, step)?;
            effect::apply(c, &key, &effect)?;
            effect::wipe_answers(c, &key, &effect, audit.first())?;
            TotpAttempted::Accepted { backup_codes_remaining: effect::unused_after(&effect, backup_codes)? }
        }
        TotpOutcome::Replayed { attempts_left } => TotpAttempted::Refused { attempts_left },
        TotpOutcome::Refused { attempts_left } => {
            count(c, &key, &held, charged, attempt)?;
            TotpAttempted::Refused { attempts_left }
        }
    };
    for event in &audit {
        audit::append(c, event)?;
    }
    Ok(attempted)
}

/// Spends the step, which clears the counter.
fn claim(c: &mut AnyConnection, key: &SubjectKey, held: &EnabledFactor, step: TimeStep) -> UnitResult<()> {
    let step = storable(step.number())?;
    let id = held.binding.id.to_string();
    let is_unspent =
        is_of(key).and(factors::factor_id.eq(&id)).and(factors::last_step.assume_not_null().lt(step));
    let cleared = (
        factors::last_step.eq(Some(step)),
        factors::totp_failures.eq(0),
        factors::totp_locked_until.eq(None::<i64>),
    );
    let claim = prepared_update!(is_unspent, cleared);
    one(directly!(c, |c| claim.execute(c))?, "the judge accepted a step that is spent")
}

/// Counts a wrong code: among the consecutive ones, which lock, and among those of the present window.
fn count(
    c: &mut AnyConnection,
    key: &SubjectKey,
    held: &EnabledFactor,
    charged: AttemptCounter,
    attempt: &TotpAttempt,
) -> UnitResult<()> {
    let id = held.binding.id.to_string();
    let is_uncounted = is_of(key)
        .and(factors::factor_id.eq(&id))
        .and(factors::totp_failures.eq(i64::from(held.totp_attempts.consecutive)));
    let window = held.recent_failures.counted(attempt.now);
    let counted = (
        factors::totp_failures.eq(i64::from(charged.consecutive)),
        factors::totp_locked_until.eq(charged.locked_until.map(Timestamp::as_micros)),
        factors::failures_since.eq(window.since.map(Timestamp::as_micros)),
        factors::recent_failures.eq(i64::from(window.failures)),
    );
    let count = prepared_update!(is_uncounted, counted);
    one(directly!(c, |c| count.execute(c))?, "another wrong code was counted while the factor was held")
}

fn one(changed: usize, otherwise: &'static str) -> UnitResult<()> {
    if changed == 1 { Ok(()) } else { Err(PortFailure::other(otherwise).into()) }
}
