//! `purge`: removes what has had its time.

use anyhow::Context as _;
use countersign_jobs::purge::purge;
use serde::Serialize;

use crate::commands::{Outcome, Session};
use crate::output::Report;
use crate::work::{Shown, stop_on_signal};

#[derive(Serialize)]
struct PurgeReport {
    what: &'static str,
    removed: u64,
}

impl Report for PurgeReport {
    const COLUMNS: &'static [&'static str] = &["what", "removed"];

    fn cells(&self) -> Vec<String> {
        vec![self.what.to_owned(), self.removed.to_string()]
    }
}

/// Removes everything that has expired until now.
pub(crate) async fn run(session: &Session) -> anyhow::Result<Outcome> {
    let stores = session.stores().await?;
    let stop = stop_on_signal()?;
    let mut reports = Vec::new();
    for kind in stores.expiring() {
        let mut shown = Shown::new(kind.name());
        let removed = purge(&*kind, &*session.clock, u32::MAX, &mut shown, &stop).await;
        let removed = removed.context("run `countersign purge` again; what is removed stays so")?;
        reports.push(PurgeReport { what: kind.name(), removed });
    }
    session.output.list(&reports)?;
    anyhow::ensure!(
        !stop.is_asked(),
        "stopped; run `countersign purge` again, and it goes on with what is left"
    );
    Ok(Outcome::Done)
}
