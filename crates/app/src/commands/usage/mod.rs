//! `usage`: what organizations have used.

mod record;
mod rollup;
mod rows;
mod show;

use std::path::PathBuf;

use clap::Subcommand;
use countersign_domain::identity::{Environment, OrganizationId};

use crate::commands::{Outcome, Session};

/// What may follow `usage`.
#[derive(Subcommand, Debug)]
pub(crate) enum Arguments {
    /// Count what a file tells: NDJSON, or CSV with a header line
    ///
    /// Each row has `organization`, `event_id` and either `turns` or `relationship_id`; `environment` is `live` and
    /// `at` is now where they are absent. An event id counts once: recording a file again changes nothing.
    Record {
        /// The file; `-` is standard input
        file: PathBuf,
    },
    /// Count again what rows tell of, and compare it with the counters
    Rollup {
        /// Only this organization
        #[arg(long, value_name = "ID")]
        org: Option<OrganizationId>,
        /// Set wrong counters right
        #[arg(long)]
        repair: bool,
    },
    /// Show what an organization has used in the present billing period
    Show {
        /// The organization
        #[arg(long, value_name = "ID")]
        org: OrganizationId,
        /// Live or test use
        #[arg(long, default_value = "live")]
        env: Environment,
    },
}

/// Does what follows `usage`.
pub(crate) async fn run(arguments: Arguments, session: &Session) -> anyhow::Result<Outcome> {
    let stores = session.stores().await?;
    match arguments {
        Arguments::Record { file } => record::run(session, &stores, &file).await,
        Arguments::Rollup { org, repair } => rollup::run(session, &stores, org, repair).await,
        Arguments::Show { org, env } => show::run(session, stores, org, env).await,
    }
}
