use std::sync::Arc;

use countersign_domain::audit::event::{AuditEvent, RefusalReason, SecurityEvent};
use countersign_domain::failure::PortFailure;
use countersign_domain::time::{TimeStep, Timestamp};
use countersign_domain::two_factor::assertion::Method;
use countersign_domain::two_factor::factor::{EnabledFactor, PendingLimits};
use countersign_domain::two_factor::lockout::LockoutPolicy;
use countersign_domain::two_factor::ports::{SetupJudge, SetupOutcome, SetupVerdict};
use countersign_domain::two_factor::proof_ports::{Effect, TotpJudge, TotpOutcome, TotpVerdict};

use super::identity::event_about_user;

/// Finds every code right, as one of `step`.
pub fn confirming_judge(step: TimeStep, now: Timestamp) -> SetupJudge {
    Arc::new(move |factor| {
        let subject = factor.binding.subject.clone();
        let enabled = factor.confirm(step, now).map_err(PortFailure::other)?;
        let audit = event_about_user(&subject, SecurityEvent::Enabled, now);
        Ok(Some(SetupVerdict { outcome: SetupOutcome::Confirmed(enabled), audit }))
    })
}

/// Finds every code wrong; the fifth wrong one exhausts the set-up.
pub fn refusing_judge(now: Timestamp) -> SetupJudge {
    Arc::new(move |factor| {
        let (subject, limits) = (factor.binding.subject.clone(), PendingLimits::default());
        let attempts_left = factor.attempts_left(limits);
        let outcome = factor.refuse(limits).map_or(SetupOutcome::Exhausted, SetupOutcome::Refused);
        let audit = event_about_user(&subject, SecurityEvent::SetupCodeRefused { attempts_left }, now);
        Ok(Some(SetupVerdict { outcome, audit }))
    })
}

/// Cannot decide: [`PortFailure::Unavailable`].
pub fn failing_judge() -> SetupJudge {
    Arc::new(|_| Err(PortFailure::unavailable("the judge cannot open the secret")))
}

/// Finds every TOTP code right, as one of `step`, with this effect.
pub fn accepting_judge(step: TimeStep, effect: Effect, now: Timestamp) -> TotpJudge {
    Arc::new(move |factor| {
        let event = SecurityEvent::Verified { method: Method::Totp };
        let audit = event_about_user(&factor.binding.subject, event, now);
        Ok(Some(TotpVerdict {
            outcome: TotpOutcome::Accepted { step, effect: effect.clone() },
            audit: vec![audit],
        }))
    })
}

/// Finds every TOTP code wrong.
pub fn refusing_totp_judge(now: Timestamp) -> TotpJudge {
    Arc::new(move |factor| {
        let attempts_left = factor.totp_attempts.attempts_left(LockoutPolicy::TOTP);
        let audit = refusal(&factor, RefusalReason::Wrong, attempts_left, now);
        Ok(Some(TotpVerdict { outcome: TotpOutcome::Refused { attempts_left }, audit: vec![audit] }))
    })
}

/// Finds every TOTP code used up.
pub fn replaying_judge(now: Timestamp) -> TotpJudge {
    Arc::new(move |factor| {
        let attempts_left = factor.totp_attempts.attempts_left(LockoutPolicy::TOTP);
        let audit = refusal(&factor, RefusalReason::Replayed, attempts_left, now);
        Ok(Some(TotpVerdict { outcome: TotpOutcome::Replayed { attempts_left }, audit: vec![audit] }))
    })
}

/// Finds every code right whose `step` is larger than the last one, and used up otherwise: what the domain decides of
/// a right code.
pub fn stepping_judge(step: TimeStep, now: Timestamp) -> TotpJudge {
    let (fresh, used) = (accepting_judge(step, Effect::Keep, now), replaying_judge(now));
    Arc::new(move |factor| if step > factor.last_step { fresh(factor) } else { used(factor) })
}

fn refusal(factor: &EnabledFactor, reason: RefusalReason, attempts_left: u32, now: Timestamp) -> AuditEvent {
    let event = SecurityEvent::CodeRefused { method: Method::Totp, reason, attempts_left };
    event_about_user(&factor.binding.subject, event, now)
}

/// Cannot decide on a TOTP code: [`PortFailure::Unavailable`].
pub fn failing_totp_judge() -> TotpJudge {
    Arc::new(|_| Err(PortFailure::unavailable("the judge cannot open the secret")))
}
