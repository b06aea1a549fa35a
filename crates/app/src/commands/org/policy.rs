//! `org policy`: what an organization asks of its users' second factors.

use std::str::FromStr;

use clap::{Args, Subcommand};
use countersign_domain::audit::event::Caller;
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::change_policy::ChangePolicy;
use countersign_domain::two_factor::policy::{
    CodeLength, LockLength, MaxAttempts, OrganizationPolicy, PolicyChange,
};
use serde::Serialize;

use crate::commands::{Session, existing_organization};
use crate::output::Report;
use crate::wiring::Stores;

/// What may follow `org policy`.
#[derive(Subcommand, Debug)]
pub(crate) enum Arguments {
    /// Show an organization's policy
    Show {
        /// The organization
        id: OrganizationId,
    },
    /// Change an organization's policy; in force within 5 seconds
    Set {
        /// The organization
        id: OrganizationId,
        /// What changes
        #[command(flatten)]
        change: Change,
    },
}

/// What changes; the rest stays.
#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
pub(crate) struct Change {
    /// Whether users need a second factor: where they do, they cannot turn it off
    #[arg(long, value_name = "BOOL")]
    require_2fa: Option<bool>,
    /// From when on they need it, such as 2027-01-01T00:00:00Z, or `now`
    #[arg(long, value_name = "INSTANT")]
    enforce_after: Option<Start>,
    /// Wrong TOTP codes in a row that lock for the first time, 3 to 10
    #[arg(long, value_name = "N", value_parser = max_attempts)]
    max_attempts: Option<MaxAttempts>,
    /// How long the first lock is, 30 to 3600
    #[arg(long, value_name = "N", value_parser = lock)]
    lock_seconds: Option<LockLength>,
    /// How many digits the codes of new factors have, 6 or 8
    #[arg(long, value_name = "N", value_parser = digits)]
    digits: Option<CodeLength>,
}

/// The beginning of a requirement as it is typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Start(Option<Timestamp>);

impl FromStr for Start {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text == "now" {
            return Ok(Self(None));
        }
        text.parse().map(|at| Self(Some(at))).map_err(|_| "it is an RFC 3339 instant or `now`")
    }
}

fn max_attempts(text: &str) -> Result<MaxAttempts, &'static str> {
    text.parse().ok().and_then(MaxAttempts::new).ok_or("it is 3 to 10 wrong codes")
}

fn lock(text: &str) -> Result<LockLength, &'static str> {
    text.parse().ok().and_then(LockLength::from_seconds).ok_or("it is 30 to 3600 seconds")
}

fn digits(text: &str) -> Result<CodeLength, &'static str> {
    text.parse().ok().and_then(CodeLength::from_count).ok_or("it is 6 or 8")
}

#[derive(Serialize)]
struct PolicyReport {
    require_2fa: bool,
    enforce_after: Option<String>,
    max_attempts: u8,
    lock_seconds: u16,
    digits: u8,
}

impl From<OrganizationPolicy> for PolicyReport {
    fn from(policy: OrganizationPolicy) -> Self {
        Self {
            require_2fa: policy.require_2fa,
            enforce_after: policy.enforce_after.map(|from| from.to_string()),
            max_attempts: policy.max_attempts.number(),
            lock_seconds: policy.lock.as_seconds(),
            digits: policy.digits.digits().count(),
        }
    }
}

impl Report for PolicyReport {
    const COLUMNS: &'static [&'static str] =
        &["require 2fa", "enforce after", "max attempts", "lock seconds", "digits"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.require_2fa.to_string(),
            self.enforce_after.clone().unwrap_or_else(|| "at once".to_owned()),
            self.max_attempts.to_string(),
            self.lock_seconds.to_string(),
            self.digits.to_string(),
        ]
    }
}

/// Does what follows `org policy`.
pub(super) async fn run(arguments: Arguments, session: &Session, stores: &Stores) -> anyhow::Result<()> {
    let policy = match arguments {
        Arguments::Show { id } => existing_organization(stores, id).await?.policy,
        Arguments::Set { id, change } => set(id, change, session, stores).await?,
    };
    session.output.one(&PolicyReport::from(policy))?;
    Ok(())
}

async fn set(
    id: OrganizationId,
    change: Change,
    session: &Session,
    stores: &Stores,
) -> anyhow::Result<OrganizationPolicy> {
    let id = existing_organization(stores, id).await?.id;
    let change_policy = ChangePolicy {
        clock: session.clock.clone(),
        entropy: session.entropy.clone(),
        organizations: stores.organizations.clone(),
    };
    let change = PolicyChange {
        require_2fa: change.require_2fa,
        enforce_after: change.enforce_after.map(|start| start.0),
        max_attempts: change.max_attempts,
        lock: change.lock_seconds,
        digits: change.digits,
    };
    // Operators act on the live organization, as with everything at the command line.
    Ok(change_policy.run(id, Environment::Live, change, Caller::OPERATOR).await?)
}
