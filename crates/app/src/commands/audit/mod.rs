//! `audit`: the chain of seals over the audit trail.

mod export;
mod verify;

use clap::Subcommand;
use countersign_domain::audit::seal::SealTrails;
use countersign_domain::identity::OrganizationId;
use serde::Serialize;

use crate::commands::{Outcome, Session};
use crate::output::{Report, note};
use crate::wiring::Stores;

/// What may follow `audit`.
#[derive(Subcommand, Debug)]
pub(crate) enum Arguments {
    /// Seal everything that has happened until now; a running server does so every minute
    Seal,
    /// Write an organization's sealed events with their seals, a JSON document on each line
    Export(export::Export),
    /// Compare the trail with its seals: what was changed, moved or removed is named, and the exit code is 1
    Verify {
        /// Only this organization
        #[arg(long, value_name = "ID")]
        org: Option<OrganizationId>,
    },
}

#[derive(Serialize)]
struct SealReport {
    sealed: u64,
}

impl Report for SealReport {
    const COLUMNS: &'static [&'static str] = &["sealed"];

    fn cells(&self) -> Vec<String> {
        vec![self.sealed.to_string()]
    }
}

/// Does what follows `audit`.
pub(crate) async fn run(arguments: Arguments, session: &Session) -> anyhow::Result<Outcome> {
    let stores = session.stores().await?;
    match arguments {
        Arguments::Seal => seal(session, stores).await?,
        Arguments::Export(export) => return export::run(&stores, export).await,
        Arguments::Verify { org } => verify::run(session, &stores, org).await?,
    }
    Ok(Outcome::Done)
}

async fn seal(session: &Session, stores: Stores) -> anyhow::Result<()> {
    let sealed = SealTrails { chain: stores.chain }.until(session.clock.now()).await?;
    session.output.one(&SealReport { sealed: sealed.events })?;
    for (organization, failure) in &sealed.failures {
        let cause = std::error::Error::source(failure).map(ToString::to_string).unwrap_or_default();
        note(format_args!("{organization}: {failure}: {cause}"));
    }
    match sealed.failures.len() {
        0 => Ok(()),
        count => anyhow::bail!("the trails of {count} organizations could not be sealed"),
    }
}
