//! `user import`.

use std::path::Path;

use anyhow::Context as _;
use countersign_jobs::import_users::{ImportUsers, UsersImported};
use serde::Serialize;

use super::{Owner, rows};
use crate::commands::{Outcome, Session};
use crate::output::Report;
use crate::wiring::{self, Stores};
use crate::work::{Shown, stop_on_signal};

#[derive(Serialize)]
struct ImportReport {
    imported: u64,
    unchanged: u64,
    refused: u64,
}

impl From<UsersImported> for ImportReport {
    fn from(UsersImported { imported, unchanged, refused }: UsersImported) -> Self {
        Self { imported, unchanged, refused }
    }
}

impl Report for ImportReport {
    const COLUMNS: &'static [&'static str] = &["imported", "unchanged", "refused"];

    fn cells(&self) -> Vec<String> {
        [self.imported, self.unchanged, self.refused].iter().map(u64::to_string).collect()
    }
}

/// Takes over what the file tells; refused rows are reported and the others are taken over all the same.
pub(super) async fn run(
    session: &Session,
    stores: &Stores,
    file: &Path,
    owner: Owner,
    dry_run: bool,
) -> anyhow::Result<Outcome> {
    let mut job = ImportUsers::new(wiring::importer(session, stores).await?, dry_run);
    let mut shown = Shown::new("importing users");
    let mut lines = rows::rows(owner, session.clock.now()).read(file);
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
    let report = ImportReport::from(job.imported());
    session.output.one(&report)?;
    Ok(if report.refused > 0 { Outcome::RowsRefused } else { Outcome::Done })
}

/// How to go on after the work ended early.
fn how_to_go_on(job: &ImportUsers) -> String {
    let imported = job.imported().imported;
    format!("stopped after {imported} new users; import the file again: what is imported stays as it is")
}
