//! `keyring list`, and what every change shows at its end.

use countersign_domain::keys::{KeyPurpose, RingKey};
use serde::Serialize;

use crate::commands::{Outcome, Session};
use crate::output::Report;
use crate::wiring::{self, Stores};

#[derive(Serialize)]
struct KeyReport {
    purpose: &'static str,
    key: u32,
    state: &'static str,
    added_at: Option<String>,
    replaced_at: Option<String>,
    /// `null` for a purpose whose products are not stored.
    rows: Option<u64>,
}

impl KeyReport {
    fn new(key: RingKey, rows: Option<u64>) -> Self {
        let state = match key {
            RingKey { is_primary: true, .. } => "primary",
            RingKey { replaced_at: Some(_), .. } => "replaced",
            _ => "added",
        };
        Self {
            purpose: key.known.purpose.as_str(),
            key: key.known.id.0,
            state,
            added_at: key.added_at.map(|at| at.to_string()),
            replaced_at: key.replaced_at.map(|at| at.to_string()),
            rows,
        }
    }
}

impl Report for KeyReport {
    const COLUMNS: &'static [&'static str] = &["purpose", "key", "state", "added at", "replaced at", "rows"];

    fn cells(&self) -> Vec<String> {
        let optional = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        vec![
            self.purpose.to_owned(),
            self.key.to_string(),
            self.state.to_owned(),
            optional(self.added_at.clone()),
            optional(self.replaced_at.clone()),
            optional(self.rows.map(|rows| rows.to_string())),
        ]
    }
}

/// Shows the keys of the ring.
pub(super) async fn run(session: &Session, stores: &Stores) -> anyhow::Result<Outcome> {
    let mut reports = Vec::new();
    for key in wiring::ring_keys(&session.config)? {
        let rows = match key.known.purpose {
            KeyPurpose::AssertionSigning => None,
            purpose => Some(stores.key_registry.rows_using(purpose, key.known.id).await?),
        };
        reports.push(KeyReport::new(key, rows));
    }
    session.output.list(&reports)?;
    Ok(Outcome::Done)
}
