//! Use that a ceiling bounds.

mod answers;
pub(crate) mod combiner;
mod turns;

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::quota::allowance::Allowance;
use countersign_domain::quota::quota_ports::{
    Activation, ActivationDecision, Ended, QuotaStore, TurnConsumption, TurnsDecision,
};
use countersign_domain::quota::snapshot::QuotaSnapshot;
use countersign_domain::time::Timestamp;

use super::usage::account::Account;
use super::usage::counters;
use super::usage::spans::{self, Activating};
use crate::backend::AnyConnection;
use crate::database::Database;
use crate::unit::UnitResult;

#[async_trait]
impl QuotaStore for Database {
    async fn consume_turns(&self, consumption: TurnConsumption) -> Result<TurnsDecision, PortFailure> {
        combiner::consume(self, consumption).await
    }

    async fn activate(&self, activation: Activation) -> Result<ActivationDecision, PortFailure> {
        self.write(move |c| activate(c, &activation)).await
    }

    async fn end(&self, activation: Activation) -> Result<Ended, PortFailure> {
        self.write(move |c| end(c, &activation)).await
    }

    async fn purge_answers(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure> {
        let over = self.read(move |c| Ok(answers::over(c, now, limit)?)).await?;
        self.tidy(over, |key| &key.0, move |c, key| answers::remove_over(c, key, now)).await
    }
}

fn activate(c: &mut AnyConnection, activation: &Activation) -> UnitResult<ActivationDecision> {
    let Activation { allowance, relationship } = activation;
    let (account, period) = of(allowance);
    account.hold(c)?;
    counters::ensure(c, &account, period)?;
    let carried = counters::carried(c, &account, period)?;
    let highest = highest(allowance.relationships.highest_use_before(1)).saturating_sub(carried);
    let activating = spans::activate(c, &account, relationship.as_str(), period, highest)?;
    let snapshot = snapshot(c, allowance, &account)?;
    Ok(match activating {
        Activating::Done => ActivationDecision::Activated(snapshot),
        Activating::AlreadyActive => ActivationDecision::AlreadyActive(snapshot),
        Activating::NoRoom => ActivationDecision::Exhausted(snapshot),
    })
}

fn end(c: &mut AnyConnection, activation: &Activation) -> UnitResult<Ended> {
    let Activation { allowance, relationship } = activation;
    let (account, period) = of(allowance);
    account.hold(c)?;
    let was_active = spans::end(c, &account, relationship.as_str(), period)?;
    Ok(Ended { was_active, snapshot: snapshot(c, allowance, &account)? })
}

/// Whose use in which period.
fn of(allowance: &Allowance) -> (Account, i64) {
    (Account::new(allowance.organization, allowance.environment), allowance.period.starts_at.as_micros())
}

fn snapshot(c: &mut AnyConnection, allowance: &Allowance, account: &Account) -> UnitResult<QuotaSnapshot> {
    let usage = counters::usage(c, account, allowance.period.starts_at.as_micros())?;
    Ok(allowance.snapshot(usage))
}

/// The highest use that leaves room, as a number to compare a counter with: nothing fits below zero, and a counter goes no
/// further than `i64::MAX`.
fn highest(use_before: Option<u64>) -> i64 {
    use_before.map_or(-1, |highest| i64::try_from(highest).unwrap_or(i64::MAX - 1))
}
