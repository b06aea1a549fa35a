//! `keyring reseal`.

use anyhow::Context as _;
use countersign_domain::keys::KeyPurpose;
use countersign_jobs::reseal::Resealed;
use countersign_jobs::{Event, Observer as _};
use serde::Serialize;

use super::settled;
use crate::commands::{Outcome, Session};
use crate::output::Report;
use crate::wiring::{self, Resealing, Stores};
use crate::work::{Shown, stop_on_signal};

#[derive(Serialize, Default)]
struct ResealReport {
    resealed: u64,
    refused: u64,
}

impl ResealReport {
    fn add(&mut self, Resealed { done, refused }: Resealed) {
        self.resealed = self.resealed.saturating_add(done);
        self.refused = self.refused.saturating_add(refused);
    }
}

impl Report for ResealReport {
    const COLUMNS: &'static [&'static str] = &["resealed", "refused"];

    fn cells(&self) -> Vec<String> {
        vec![self.resealed.to_string(), self.refused.to_string()]
    }
}

/// Seals everything anew that is not sealed with the primary key. Rows that cannot be opened are named.
pub(super) async fn run(session: &Session, stores: &Stores) -> anyhow::Result<Outcome> {
    settled::wait_for_servers(session).await?;
    let Resealing { kinds, old_keys } = wiring::resealing(session, stores).await?;
    let (mut rows, stop) = (0_u64, stop_on_signal()?);
    for key in &old_keys {
        rows = rows.saturating_add(stores.key_registry.rows_using(KeyPurpose::Sealing, *key).await?);
    }
    let mut shown = Shown::new("sealing anew");
    shown.observe(Event::Begun { rows: Some(rows) });
    let mut report = ResealReport::default();
    for old in &old_keys {
        for kind in &kinds {
            let resealed = kind.reseal(*old, &mut shown, &stop).await;
            report.add(
                resealed.context("run `countersign keyring reseal` again; it goes on with what is left")?,
            );
        }
    }
    drop(shown);
    session.output.one(&report)?;
    if stop.is_asked() {
        anyhow::bail!("stopped; run `countersign keyring reseal` again, and it goes on with what is left");
    }
    Ok(if report.refused > 0 { Outcome::RowsRefused } else { Outcome::Done })
}
