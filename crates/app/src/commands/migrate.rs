//! `migrate`: the database's tables.

use clap::Subcommand;
use serde::Serialize;

use crate::commands::{Outcome, Session};
use crate::output::Report;
use crate::wiring::{self, Migration};

/// What may follow `migrate`.
#[derive(Subcommand, Clone, Copy, Debug)]
pub(crate) enum Arguments {
    /// Apply every migration that is missing
    Up,
    /// Take the newest migration back; its data is lost
    Down,
    /// Show which migrations are applied
    Status,
}

#[derive(Serialize)]
struct MigrationReport {
    id: String,
    state: &'static str,
}

impl Report for MigrationReport {
    const COLUMNS: &'static [&'static str] = &["id", "state"];

    fn cells(&self) -> Vec<String> {
        vec![self.id.clone(), self.state.to_owned()]
    }
}

/// Migrates, and shows where that leaves the database.
pub(crate) async fn run(arguments: &Arguments, session: &Session) -> anyhow::Result<Outcome> {
    match arguments {
        Arguments::Up => wiring::migrate_up(&session.config).await?,
        Arguments::Down => wiring::migrate_down(&session.config).await?,
        Arguments::Status => {}
    }
    let report = |migration: Migration| MigrationReport {
        id: migration.id,
        state: if migration.applied { "applied" } else { "pending" },
    };
    let status: Vec<_> = wiring::migrations(&session.config).await?.into_iter().map(report).collect();
    session.output.list(&status)?;
    Ok(Outcome::Done)
}
