//! Consumed turns: whoever waits is decided together.

use std::num::NonZeroU32;

use countersign_domain::quota::allowance::Allowance;
use countersign_domain::quota::quota_ports::{Repeatable, TurnsDecision};
use countersign_domain::quota::snapshot::QuotaSnapshot;

use super::answers::{self, Known};
use super::{highest, of, snapshot};
use crate::backend::AnyConnection;
use crate::column::number;
use crate::ports::usage::account::Account;
use crate::ports::usage::counters;
use crate::unit::UnitResult;

/// A call that wants turns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Consumer {
    pub(super) turns: NonZeroU32,
    pub(super) repeatable: Option<Repeatable>,
}

/// Decides all consumers of one allowance, in their order: by one statement if all fit, and otherwise one after the other.
pub(super) fn decide(
    c: &mut AnyConnection,
    allowance: &Allowance,
    consumers: &[&Consumer],
) -> UnitResult<Vec<TurnsDecision>> {
    let (account, _) = of(allowance);
    let turns = Turns { allowance, account: &account };
    counters::ensure(c, &account, turns.period())?;
    let all = consumers.iter().map(|consumer| u64::from(consumer.turns.get())).sum();
    if turns.count(c, all)? {
        turns.share(c, consumers, all)
    } else {
        consumers.iter().map(|consumer| turns.decide_one(c, consumer)).collect()
    }
}

struct Turns<'a> {
    allowance: &'a Allowance,
    account: &'a Account,
}

impl Turns<'_> {
    fn period(&self) -> i64 {
        self.allowance.period.starts_at.as_micros()
    }

    /// Counts so many turns if they fit.
    fn count(&self, c: &mut AnyConnection, turns: u64) -> UnitResult<bool> {
        let highest = highest(self.allowance.turns.highest_use_before(turns));
        Ok(counters::consume(c, self.account, self.period(), number("turns", turns)?, highest)?)
    }

    /// Tells each consumer of turns that are all counted what was used after it. What repetitions had counted before is given
    /// back.
    fn share(
        &self,
        c: &mut AnyConnection,
        consumers: &[&Consumer],
        all: u64,
    ) -> UnitResult<Vec<TurnsDecision>> {
        let mut now = snapshot(c, self.allowance, self.account)?;
        let (mut used, mut given_back) = (now.usage.turns.saturating_sub(all), 0);
        let mut decisions = Vec::with_capacity(consumers.len());
        for consumer in consumers {
            let turns = u64::from(consumer.turns.get());
            now.usage.turns = used + turns;
            let decision = self.keep(c, consumer, now)?;
            if decision.is_counted() {
                used += turns;
            } else {
                given_back += turns;
            }
            decisions.push(decision);
        }
        if given_back > 0 {
            counters::give_back(c, self.account, self.period(), number("turns", given_back)?)?;
        }
        Ok(decisions)
    }

    fn decide_one(&self, c: &mut AnyConnection, consumer: &Consumer) -> UnitResult<TurnsDecision> {
        if let Some(known) = self.known(c, consumer)? {
            return Ok(known);
        }
        let turns = u64::from(consumer.turns.get());
        if self.count(c, turns)? {
            let now = snapshot(c, self.allowance, self.account)?;
            let decision = self.keep(c, consumer, now)?;
            if !decision.is_counted() {
                counters::give_back(c, self.account, self.period(), number("turns", turns)?)?;
            }
            return Ok(decision);
        }
        // On systems with several writers the same call may have taken the last room meanwhile.
        if let Some(known) = self.known(c, consumer)? {
            return Ok(known);
        }
        Ok(TurnsDecision::Exhausted(snapshot(c, self.allowance, self.account)?))
    }

    /// What the same call was told before.
    fn known(&self, c: &mut AnyConnection, consumer: &Consumer) -> UnitResult<Option<TurnsDecision>> {
        let Some(repeatable) = &consumer.repeatable else { return Ok(None) };
        let known = answers::find(c, self.account, repeatable)?;
        Ok(known.map(|known| repeated(&known, consumer)))
    }

    /// Keeps the answer of a call that is counted, unless it was counted before.
    fn keep(
        &self,
        c: &mut AnyConnection,
        consumer: &Consumer,
        now: QuotaSnapshot,
    ) -> UnitResult<TurnsDecision> {
        let Some(repeatable) = &consumer.repeatable else { return Ok(TurnsDecision::Counted(now)) };
        let answer = Known { turns: consumer.turns.get(), snapshot: now };
        let known = answers::keep(c, self.account, repeatable, &answer)?;
        Ok(known.map_or(TurnsDecision::Counted(now), |known| repeated(&known, consumer)))
    }
}

fn repeated(known: &Known, consumer: &Consumer) -> TurnsDecision {
    if known.turns == consumer.turns.get() {
        TurnsDecision::Repeated(known.snapshot)
    } else {
        TurnsDecision::OtherCall
    }
}
