//! `usage record`.

use std::path::Path;

use countersign_jobs::record_usage::RecordUsage;

use super::rows;
use crate::commands::from_file::{self, FromFile};
use crate::commands::{Outcome, Session};
use crate::wiring::Stores;

impl FromFile for RecordUsage {
    const DOING: &'static str = "recording usage";
    const COLUMNS: &'static [&'static str] = &["recorded", "duplicates", "refused"];
    const AGAIN: &'static str = "new rows; record the file again: what is counted counts once";
}

/// Counts what the file tells.
pub(super) async fn run(session: &Session, stores: &Stores, file: &Path) -> anyhow::Result<Outcome> {
    let job = RecordUsage::new(stores.organizations.clone(), stores.usage.clone());
    from_file::run(session, job, rows::rows(session.clock.now()), file).await
}
