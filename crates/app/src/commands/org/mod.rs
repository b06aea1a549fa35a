//! `org`: organizations.

mod policy;

use clap::Subcommand;
use countersign_domain::admission::organization::{Organization, OrganizationStatus};
use countersign_domain::admission::ports::Created;
use countersign_domain::audit::event::{AuditEvent, Caller, SecurityEvent};
use countersign_domain::identity::{NotAnOrganizationName, OrganizationId, OrganizationName};
use countersign_domain::quota::period::AnchorDay;
use countersign_domain::quota::plan::{NotAPlanId, PlanId};
use countersign_domain::two_factor::policy::OrganizationPolicy;
use serde::Serialize;

use crate::commands::{Outcome, Session, existing_organization};
use crate::output::Report;
use crate::wiring::Stores;

/// How many organizations are read at a time.
const PAGE: u32 = 500;

/// What may follow `org`.
#[derive(Subcommand, Debug)]
pub(crate) enum Arguments {
    /// Make an organization
    Create {
        /// What it is called; authenticators show it
        #[arg(long, value_parser = organization_name)]
        name: OrganizationName,
        /// Its plan
        #[arg(long, value_parser = plan_id, default_value = "free")]
        plan: PlanId,
    },
    /// Show all organizations
    List,
    /// Show an organization
    Show {
        /// Its id
        id: OrganizationId,
    },
    /// Refuse an organization's calls with 403
    Suspend {
        /// Its id
        id: OrganizationId,
    },
    /// Serve a suspended organization's calls again
    Resume {
        /// Its id
        id: OrganizationId,
    },
    /// What an organization asks of its users' second factors
    #[command(subcommand)]
    Policy(policy::Arguments),
}

pub(crate) fn organization_name(text: &str) -> Result<OrganizationName, NotAnOrganizationName> {
    OrganizationName::new(text)
}

pub(crate) fn plan_id(text: &str) -> Result<PlanId, NotAPlanId> {
    PlanId::new(text)
}

#[derive(Serialize)]
struct OrganizationReport {
    id: String,
    name: String,
    plan: String,
    status: &'static str,
    created_at: String,
}

impl From<Organization> for OrganizationReport {
    fn from(organization: Organization) -> Self {
        Self {
            id: organization.id.to_string(),
            name: organization.name.as_str().to_owned(),
            plan: organization.plan.id.to_string(),
            status: organization.status.as_str(),
            created_at: organization.created_at.to_string(),
        }
    }
}

impl Report for OrganizationReport {
    const COLUMNS: &'static [&'static str] = &["id", "name", "plan", "status", "created at"];

    fn cells(&self) -> Vec<String> {
        let (plan, status) = (self.plan.clone(), self.status.to_owned());
        vec![self.id.clone(), self.name.clone(), plan, status, self.created_at.clone()]
    }
}

/// Does what follows `org`.
pub(crate) async fn run(arguments: Arguments, session: &Session) -> anyhow::Result<Outcome> {
    let stores = session.stores().await?;
    match arguments {
        Arguments::Create { name, plan } => {
            let id = OrganizationId::mint(session.clock.now(), &*session.entropy)?;
            let (organization, _) = create(session, &stores, id, name, plan).await?;
            session.output.one(&OrganizationReport::from(organization))?;
        }
        Arguments::List => list(session, &stores).await?,
        Arguments::Show { id } => show(session, &stores, id).await?,
        Arguments::Suspend { id } => set_status(session, &stores, id, OrganizationStatus::Suspended).await?,
        Arguments::Resume { id } => set_status(session, &stores, id, OrganizationStatus::Active).await?,
        Arguments::Policy(arguments) => policy::run(arguments, session, &stores).await?,
    }
    Ok(Outcome::Done)
}

/// Makes an organization on `plan`, unless there is one with this id.
pub(crate) async fn create(
    session: &Session,
    stores: &Stores,
    id: OrganizationId,
    name: OrganizationName,
    plan: PlanId,
) -> anyhow::Result<(Organization, Created)> {
    let unknown_plan = || anyhow::anyhow!("there is no plan {plan}; `countersign plan list` shows them");
    let found = stores.plans.find(&plan).await?.ok_or_else(unknown_plan)?;
    let now = session.clock.now();
    let organization = Organization {
        id,
        name,
        plan: found,
        status: OrganizationStatus::Active,
        anchor_day: AnchorDay::of(now),
        policy: OrganizationPolicy::default(),
        created_at: now,
    };
    let event = SecurityEvent::OrganizationCreated { plan: plan.clone() };
    let audit = AuditEvent::about_organization(id, event, &Caller::OPERATOR, now, &*session.entropy)?;
    match stores.organizations.create(organization.clone(), audit).await? {
        Created::Dangling => Err(unknown_plan()),
        created => Ok((organization, created)),
    }
}

async fn list(session: &Session, stores: &Stores) -> anyhow::Result<()> {
    let reports: Vec<_> = all(stores).await?.into_iter().map(OrganizationReport::from).collect();
    session.output.list(&reports)?;
    Ok(())
}

/// All organizations, in the order of their ids.
pub(crate) async fn all(stores: &Stores) -> anyhow::Result<Vec<Organization>> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = stores.organizations.page(after, PAGE).await?;
        after = page.last().map(|organization| organization.id);
        if after.is_none() {
            return Ok(found);
        }
        found.extend(page);
    }
}

async fn show(session: &Session, stores: &Stores, id: OrganizationId) -> anyhow::Result<()> {
    let organization = existing_organization(stores, id).await?;
    session.output.one(&OrganizationReport::from(organization))?;
    Ok(())
}

async fn set_status(
    session: &Session,
    stores: &Stores,
    id: OrganizationId,
    status: OrganizationStatus,
) -> anyhow::Result<()> {
    let event = match status {
        OrganizationStatus::Active => SecurityEvent::OrganizationResumed,
        OrganizationStatus::Suspended => SecurityEvent::OrganizationSuspended,
    };
    let now = session.clock.now();
    let audit = AuditEvent::about_organization(id, event, &Caller::OPERATOR, now, &*session.entropy)?;
    // When there is none, `show` says so.
    stores.organizations.set_status(id, status, audit).await?;
    show(session, stores, id).await
}
