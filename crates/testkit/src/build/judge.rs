use std::sync::Arc;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::time::{TimeStep, Timestamp};
use countersign_domain::two_factor::factor::PendingLimits;
use countersign_domain::two_factor::ports::{SetupJudge, SetupOutcome, SetupVerdict};

use super::identity::event_about_user;

/// Finds every code right, as one of `step`.
pub fn confirming_judge(step: TimeStep, now: Timestamp) -> SetupJudge {
    Arc::new(move |factor| {
        let subject = factor.binding.subject.clone();
        let enabled = factor.confirm(step, now).map_err(PortFailure::other)?;
        let audit = event_about_user(&subject, SecurityEvent::Enabled, now);
        Ok(SetupVerdict { outcome: SetupOutcome::Confirmed(enabled), audit })
    })
}

/// Finds every code wrong; the fifth wrong one exhausts the set-up.
pub fn refusing_judge(now: Timestamp) -> SetupJudge {
    Arc::new(move |factor| {
        let (subject, limits) = (factor.binding.subject.clone(), PendingLimits::default());
        let attempts_left = factor.attempts_left(limits);
        let outcome = factor.refuse(limits).map_or(SetupOutcome::Exhausted, SetupOutcome::Refused);
        let audit = event_about_user(&subject, SecurityEvent::SetupCodeRefused { attempts_left }, now);
        Ok(SetupVerdict { outcome, audit })
    })
}

/// Cannot decide: [`PortFailure::Unavailable`].
pub fn failing_judge() -> SetupJudge {
    Arc::new(|_| Err(PortFailure::unavailable("the judge cannot open the secret")))
}
