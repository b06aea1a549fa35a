//! `migrate`: the database's tables.

use std::time::Duration;

use clap::Subcommand;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::commands::{Outcome, Session};
use crate::config::{Config, Span};
use crate::output::{Report, note};
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
    /// Wait until another process has applied every migration that this version needs
    Wait {
        /// How long at most, such as 30s or 10m
        #[arg(long = "for", value_name = "TIME", default_value = "10m")]
        longest: Span,
    },
}

/// How often the database is asked.
const PAUSE: Duration = Duration::from_secs(1);

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
        Arguments::Wait { longest } => wait(*longest, &session.config).await?,
    }
    let report = |migration: Migration| MigrationReport {
        id: migration.id,
        state: if migration.applied { "applied" } else { "pending" },
    };
    let status: Vec<_> = wiring::migrations(&session.config).await?.into_iter().map(report).collect();
    session.output.list(&status)?;
    Ok(Outcome::Done)
}

/// Waits for a rolling deployment: the new version of the program may start before the schema is there, or the database.
async fn wait(longest: Span, config: &Config) -> anyhow::Result<()> {
    let deadline = Instant::now() + longest.0;
    let mut told = String::new();
    while let Some(reason) = missing(config).await {
        anyhow::ensure!(
            Instant::now() < deadline,
            "not within {longest}: {reason}; run `countersign migrate up`"
        );
        if reason != told {
            note(format_args!("waiting: {reason}"));
            told = reason;
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

/// What the database still lacks.
async fn missing(config: &Config) -> Option<String> {
    let migrations = match wiring::migrations(config).await {
        Ok(migrations) => migrations,
        Err(error) => return Some(format!("{error:#}")),
    };
    let pending: Vec<_> = migrations.into_iter().filter(|one| !one.applied).map(|one| one.id).collect();
    if pending.is_empty() { None } else { Some(format!("migrations are missing: {}", pending.join(", "))) }
}
