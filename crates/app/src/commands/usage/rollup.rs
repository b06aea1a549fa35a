//! `usage rollup`.

use countersign_domain::identity::OrganizationId;
use countersign_jobs::recount_usage::{RecountUsage, Wrong};
use serde::Serialize;

use crate::commands::org::all;
use crate::commands::{Outcome, Session, existing_organization};
use crate::output::Report;
use crate::wiring::Stores;
use crate::work::{Shown, stop_on_signal};

#[derive(Serialize)]
struct WrongReport {
    organization: String,
    environment: &'static str,
    period_start: String,
    counter: &'static str,
    stored: u64,
    counted: u64,
}

impl From<Wrong> for WrongReport {
    fn from(Wrong { organization, environment, miscount }: Wrong) -> Self {
        Self {
            organization: organization.to_string(),
            environment: environment.as_str(),
            period_start: miscount.period_start.to_string(),
            counter: miscount.counter.as_str(),
            stored: miscount.stored,
            counted: miscount.counted,
        }
    }
}

impl Report for WrongReport {
    const COLUMNS: &'static [&'static str] =
        &["organization", "environment", "period start", "counter", "stored", "counted"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.organization.clone(),
            self.environment.to_owned(),
            self.period_start.clone(),
            self.counter.to_owned(),
            self.stored.to_string(),
            self.counted.to_string(),
        ]
    }
}

/// Lists the counters that are wrong. That is a failure, unless they are repaired.
pub(super) async fn run(
    session: &Session,
    stores: &Stores,
    organization: Option<OrganizationId>,
    repair: bool,
) -> anyhow::Result<Outcome> {
    let organizations = match organization {
        Some(id) => vec![existing_organization(stores, id).await?],
        None => all(stores).await?,
    };
    let organizations: Vec<_> = organizations.iter().map(|organization| organization.id).collect();
    let stop = stop_on_signal()?;
    let job = RecountUsage { recount: stores.recount.clone(), repair };
    let wrong = job.run(&organizations, &mut Shown::new("counting usage again"), &stop).await?;
    let reports: Vec<_> = wrong.into_iter().map(WrongReport::from).collect();
    session.output.list(&reports)?;
    anyhow::ensure!(!stop.is_asked(), "stopped before the end; run it again");
    match reports.len() {
        0 => Ok(Outcome::Done),
        _ if repair => Ok(Outcome::Done),
        count => anyhow::bail!(
            "{count} counters are not what the recorded rows tell; `countersign usage rollup --repair` sets them right"
        ),
    }
}
