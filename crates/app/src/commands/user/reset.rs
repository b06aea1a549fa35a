//! `user reset`.

use countersign_domain::audit::event::Caller;
use countersign_domain::identity::Subject;
use countersign_domain::two_factor::reset::{ResetReason, ResetTwoFactor};
use serde::Serialize;

use crate::commands::{Outcome, Session};
use crate::output::Report;
use crate::wiring::Stores;

#[derive(Serialize)]
struct ResetReport {
    user_id: String,
    removed: bool,
}

impl Report for ResetReport {
    const COLUMNS: &'static [&'static str] = &["user id", "removed"];

    fn cells(&self) -> Vec<String> {
        vec![self.user_id.clone(), self.removed.to_string()]
    }
}

pub(super) async fn run(
    session: &Session,
    stores: &Stores,
    subject: Subject,
    reason: ResetReason,
) -> anyhow::Result<Outcome> {
    let use_case = ResetTwoFactor {
        clock: session.clock.clone(),
        entropy: session.entropy.clone(),
        proofs: stores.proofs.clone(),
    };
    let removed = use_case.run(&subject, reason, &Caller::OPERATOR).await?;
    session.output.one(&ResetReport { user_id: subject.user.to_string(), removed })?;
    Ok(Outcome::Done)
}
