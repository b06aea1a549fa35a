//! `audit verify`.

use countersign_domain::audit::verify::{Finding, Verified, VerifyTrail};
use countersign_domain::identity::OrganizationId;
use serde::Serialize;

use crate::commands::org::all;
use crate::commands::{Session, existing_organization};
use crate::output::{Report, note};
use crate::wiring::Stores;

#[derive(Serialize)]
struct TrailReport {
    organization: String,
    sealed: u64,
    unsealed: u64,
    head: String,
    findings: Vec<FindingReport>,
}

#[derive(Serialize)]
struct FindingReport {
    kind: &'static str,
    message: String,
}

impl From<Finding> for FindingReport {
    fn from(finding: Finding) -> Self {
        Self { kind: finding.kind(), message: finding.to_string() }
    }
}

impl TrailReport {
    fn new(organization: OrganizationId, verified: Verified) -> Self {
        Self {
            organization: organization.to_string(),
            sealed: verified.sealed,
            unsealed: verified.waiting,
            head: verified.head.to_string(),
            findings: verified.findings.into_iter().map(FindingReport::from).collect(),
        }
    }
}

impl Report for TrailReport {
    const COLUMNS: &'static [&'static str] = &["organization", "sealed", "unsealed", "findings", "head"];

    fn cells(&self) -> Vec<String> {
        let (sealed, unsealed) = (self.sealed.to_string(), self.unsealed.to_string());
        vec![self.organization.clone(), sealed, unsealed, self.findings.len().to_string(), self.head.clone()]
    }
}

/// Verifies one trail or all of them. Every finding is named on standard error; any finding is a failure.
pub(super) async fn run(
    session: &Session,
    stores: &Stores,
    organization: Option<OrganizationId>,
) -> anyhow::Result<()> {
    let organizations = match organization {
        Some(id) => vec![existing_organization(stores, id).await?],
        None => all(stores).await?,
    };
    let verify = VerifyTrail { chain: stores.chain.clone() };
    let mut reports = Vec::new();
    for organization in organizations {
        let verified = verify.of(organization.id).await?;
        reports.push(TrailReport::new(organization.id, verified));
    }
    session.output.list(&reports)?;
    let broken: Vec<_> = reports.iter().filter(|report| !report.findings.is_empty()).collect();
    for report in &broken {
        for finding in &report.findings {
            note(format_args!("{}: {}", report.organization, finding.message));
        }
    }
    match broken.len() {
        0 => Ok(()),
        count => anyhow::bail!("{count} of {} audit trails are not what was sealed", reports.len()),
    }
}
