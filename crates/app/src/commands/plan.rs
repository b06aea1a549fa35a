//! `plan`: how fast an organization may call, and how much it may use.

use std::num::NonZeroU32;
use std::str::FromStr;

use clap::{Args, Subcommand};
use countersign_domain::admission::bucket::BucketSpec;
use countersign_domain::quota::plan::{Ceiling, Plan, PlanId};
use serde::Serialize;

use crate::commands::org::plan_id;
use crate::commands::{Outcome, Session, WrongUsage};
use crate::output::Report;

/// What may follow `plan`.
#[derive(Subcommand, Debug)]
pub(crate) enum Arguments {
    /// Show all plans
    List,
    /// Change a plan, or make it; in force within 5 seconds
    Set(Change),
}

/// What changes; the rest stays. A new plan needs all four numbers.
#[derive(Args, Debug)]
pub(crate) struct Change {
    /// The plan
    #[arg(value_parser = plan_id)]
    id: PlanId,
    /// Requests per second of an organization
    #[arg(long, value_name = "N")]
    requests_per_second: Option<NonZeroU32>,
    /// How many of them may come at once
    #[arg(long, value_name = "N")]
    burst: Option<NonZeroU32>,
    /// Turns in a billing period, or `unlimited`
    #[arg(long, value_name = "N")]
    turns: Option<Limit>,
    /// Active relationships in a billing period, or `unlimited`
    #[arg(long, value_name = "N")]
    relationships: Option<Limit>,
    /// Whether an exhausted quota leaves set-ups possible
    #[arg(long, value_name = "BOOL")]
    security_calls_exempt: Option<bool>,
}

/// A ceiling as it is typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Limit(Ceiling);

impl FromStr for Limit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text == "unlimited" {
            return Ok(Self(Ceiling::Unlimited));
        }
        // Databases count in signed 64-bit numbers.
        let number = text.parse::<u64>().ok().filter(|number| i64::try_from(*number).is_ok());
        number.map(|number| Self(Ceiling::Limited(number))).ok_or("it is a whole number or `unlimited`")
    }
}

#[derive(Serialize)]
struct PlanReport {
    id: String,
    requests_per_second: u32,
    burst: u32,
    turns: Option<u64>,
    relationships: Option<u64>,
    security_calls_exempt: bool,
}

impl From<&Plan> for PlanReport {
    fn from(plan: &Plan) -> Self {
        Self {
            id: plan.id.to_string(),
            requests_per_second: plan.rate.per_second.get(),
            burst: plan.rate.burst.get(),
            turns: plan.turns.limit(),
            relationships: plan.relationships.limit(),
            security_calls_exempt: plan.security_calls_exempt,
        }
    }
}

impl Report for PlanReport {
    const COLUMNS: &'static [&'static str] =
        &["id", "requests per second", "burst", "turns", "relationships", "security calls exempt"];

    fn cells(&self) -> Vec<String> {
        let limit =
            |limit: Option<u64>| limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
        vec![
            self.id.clone(),
            self.requests_per_second.to_string(),
            self.burst.to_string(),
            limit(self.turns),
            limit(self.relationships),
            self.security_calls_exempt.to_string(),
        ]
    }
}

/// Does what follows `plan`.
pub(crate) async fn run(arguments: Arguments, session: &Session) -> anyhow::Result<Outcome> {
    let plans = session.stores().await?.plans;
    match arguments {
        Arguments::List => {
            let all: Vec<_> = plans.list().await?.iter().map(PlanReport::from).collect();
            session.output.list(&all)?;
        }
        Arguments::Set(change) => {
            let plan = change.applied_to(plans.find(&change.id).await?)?;
            let report = PlanReport::from(&plan);
            plans.put(plan).await?;
            session.output.one(&report)?;
        }
    }
    Ok(Outcome::Done)
}

impl Change {
    fn applied_to(&self, plan: Option<Plan>) -> Result<Plan, WrongUsage> {
        match plan {
            Some(plan) => Ok(self.changed(plan)),
            None => self.new_plan(),
        }
    }

    fn changed(&self, plan: Plan) -> Plan {
        Plan {
            id: plan.id,
            rate: BucketSpec {
                per_second: self.requests_per_second.unwrap_or(plan.rate.per_second),
                burst: self.burst.unwrap_or(plan.rate.burst),
            },
            turns: self.turns.map_or(plan.turns, |limit| limit.0),
            relationships: self.relationships.map_or(plan.relationships, |limit| limit.0),
            security_calls_exempt: self.security_calls_exempt.unwrap_or(plan.security_calls_exempt),
        }
    }

    fn new_plan(&self) -> Result<Plan, WrongUsage> {
        let (Some(per_second), Some(burst), Some(turns), Some(relationships)) =
            (self.requests_per_second, self.burst, self.turns, self.relationships)
        else {
            return Err(WrongUsage(format!(
                "there is no plan {}; to make it, give --requests-per-second, --burst, --turns and --relationships",
                self.id
            )));
        };
        Ok(Plan {
            id: self.id.clone(),
            rate: BucketSpec { per_second, burst },
            turns: turns.0,
            relationships: relationships.0,
            security_calls_exempt: self.security_calls_exempt.unwrap_or(false),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(turns: Option<Limit>) -> Change {
        Change {
            id: PlanId::new("free").unwrap(),
            requests_per_second: None,
            burst: None,
            turns,
            relationships: None,
            security_calls_exempt: None,
        }
    }

    #[test]
    fn a_change_leaves_the_rest_as_it_is() {
        let [free, ..] = Plan::built_in();
        let changed = change(Some(Limit(Ceiling::Unlimited))).applied_to(Some(free.clone())).unwrap();
        assert_eq!(changed, Plan { turns: Ceiling::Unlimited, ..free });
    }

    #[test]
    fn a_new_plan_needs_all_numbers() {
        let error = change(None).applied_to(None).unwrap_err().to_string();
        for flag in ["--requests-per-second", "--burst", "--turns", "--relationships"] {
            assert!(error.contains(flag), "{error}");
        }
    }

    #[test]
    fn a_limit_is_a_number_that_databases_can_count_to() {
        assert_eq!("unlimited".parse(), Ok(Limit(Ceiling::Unlimited)));
        assert_eq!("0".parse(), Ok(Limit(Ceiling::Limited(0))));
        assert_eq!("9223372036854775807".parse(), Ok(Limit(Ceiling::Limited(i64::MAX.unsigned_abs()))));
        for bad in ["9223372036854775808", "-1", "", "many"] {
            assert!(bad.parse::<Limit>().is_err(), "{bad}");
        }
    }
}
