//! `usage record`.

use std::path::Path;

use anyhow::Context as _;
use countersign_jobs::record_usage::{RecordUsage, UsageRecorded};
use serde::Serialize;

use super::rows;
use crate::commands::{Outcome, Session};
use crate::output::Report;
use crate::wiring::Stores;
use crate::work::{Shown, stop_on_signal};

#[derive(Serialize)]
struct RecordReport {
    recorded: u64,
    duplicates: u64,
    refused: u64,
}

impl From<UsageRecorded> for RecordReport {
    fn from(UsageRecorded { recorded, duplicates, refused }: UsageRecorded) -> Self {
        Self { recorded, duplicates, refused }
    }
}

impl Report for RecordReport {
    const COLUMNS: &'static [&'static str] = &["recorded", "duplicates", "refused"];

    fn cells(&self) -> Vec<String> {
        [self.recorded, self.duplicates, self.refused].iter().map(u64::to_string).collect()
    }
}

/// Counts what the file tells; refused rows are reported and the others are counted all the same.
pub(super) async fn run(session: &Session, stores: &Stores, file: &Path) -> anyhow::Result<Outcome> {
    let mut job = RecordUsage::new(stores.organizations.clone(), stores.usage.clone());
    let mut shown = Shown::new("recording usage");
    let mut lines = rows::rows(session.clock.now()).read(file);
    let mut stop = stop_on_signal()?;
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            () = stop.asked() => anyhow::bail!(how_to_go_on(&job)),
        };
        let Some(line) = line.transpose()? else { break };
        job.take(line, &mut shown).await.with_context(|| how_to_go_on(&job))?;
    }
    job.finish(&mut shown).await.with_context(|| how_to_go_on(&job))?;
    drop(shown);
    let report = RecordReport::from(job.recorded());
    session.output.one(&report)?;
    Ok(if report.refused > 0 { Outcome::RowsRefused } else { Outcome::Done })
}

/// How to go on after the work ended early.
fn how_to_go_on(job: &RecordUsage) -> String {
    let recorded = job.recorded().recorded;
    format!("stopped after {recorded} new rows; record the file again: what is counted counts once")
}
