//! `user show`.

use countersign_domain::identity::Subject;
use countersign_domain::two_factor::status::{ReadStatus, TwoFactorStatus};
use serde::Serialize;

use crate::commands::{Outcome, Session};
use crate::output::Report;
use crate::wiring::Stores;

#[derive(Serialize)]
struct UserReport {
    user_id: String,
    state: &'static str,
    enabled_at: Option<String>,
    pending_expires_at: Option<String>,
    backup_codes_remaining: Option<u8>,
    locked_until: Option<String>,
}

impl UserReport {
    fn of(subject: &Subject, status: TwoFactorStatus) -> Self {
        let none = Self {
            user_id: subject.user.to_string(),
            state: "disabled",
            enabled_at: None,
            pending_expires_at: None,
            backup_codes_remaining: None,
            locked_until: None,
        };
        match status {
            TwoFactorStatus::Disabled => none,
            TwoFactorStatus::Pending { expires_at } => {
                Self { state: "pending", pending_expires_at: Some(expires_at.to_string()), ..none }
            }
            TwoFactorStatus::Enabled { enabled_at, backup_codes_remaining, locked_until } => Self {
                state: "enabled",
                enabled_at: Some(enabled_at.to_string()),
                backup_codes_remaining: Some(backup_codes_remaining),
                locked_until: locked_until.map(|until| until.to_string()),
                ..none
            },
        }
    }
}

impl Report for UserReport {
    const COLUMNS: &'static [&'static str] =
        &["user id", "state", "enabled at", "pending until", "backup codes left", "locked until"];

    fn cells(&self) -> Vec<String> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            self.user_id.clone(),
            self.state.to_owned(),
            text(&self.enabled_at),
            text(&self.pending_expires_at),
            self.backup_codes_remaining.map(|left| left.to_string()).unwrap_or_default(),
            text(&self.locked_until),
        ]
    }
}

pub(super) async fn run(session: &Session, stores: &Stores, subject: Subject) -> anyhow::Result<Outcome> {
    let use_case = ReadStatus { clock: session.clock.clone(), factors: stores.factors.clone() };
    let status = use_case.of(&subject).await?;
    session.output.one(&UserReport::of(&subject, status))?;
    Ok(Outcome::Done)
}
