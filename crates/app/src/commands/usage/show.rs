//! `usage show`.

use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::quota::meter::QuotaMeter;
use countersign_domain::quota::snapshot::QuotaSnapshot;
use serde::Serialize;

use crate::commands::{Outcome, Session, existing_organization};
use crate::output::Report;
use crate::wiring::Stores;

#[derive(Serialize)]
struct Component {
    used: u64,
    limit: Option<u64>,
}

#[derive(Serialize)]
struct Period {
    starts_at: String,
    ends_at: String,
}

#[derive(Serialize)]
struct UsageReport {
    turns: Component,
    active_relationships: Component,
    period: Period,
}

impl From<QuotaSnapshot> for UsageReport {
    fn from(snapshot: QuotaSnapshot) -> Self {
        let QuotaSnapshot { usage, turns, relationships, period } = snapshot;
        Self {
            turns: Component { used: usage.turns, limit: turns.limit() },
            active_relationships: Component {
                used: usage.active_relationships,
                limit: relationships.limit(),
            },
            period: Period { starts_at: period.starts_at.to_string(), ends_at: period.ends_at.to_string() },
        }
    }
}

impl Report for UsageReport {
    const COLUMNS: &'static [&'static str] = &["turns", "active relationships", "period"];

    fn cells(&self) -> Vec<String> {
        let of = |component: &Component| match component.limit {
            Some(limit) => format!("{} of {limit}", component.used),
            None => format!("{}, unlimited", component.used),
        };
        let period = format!("{} to {}", self.period.starts_at, self.period.ends_at);
        vec![of(&self.turns), of(&self.active_relationships), period]
    }
}

/// Shows the usage object.
pub(super) async fn run(
    session: &Session,
    stores: Stores,
    organization: OrganizationId,
    environment: Environment,
) -> anyhow::Result<Outcome> {
    let organization = existing_organization(&stores, organization).await?;
    let meter = QuotaMeter { clock: session.clock.clone(), usage: stores.usage };
    let snapshot = meter.snapshot(&organization, environment).await?;
    session.output.one(&UsageReport::from(snapshot))?;
    Ok(Outcome::Done)
}
