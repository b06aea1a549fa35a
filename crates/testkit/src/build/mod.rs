//! Builders: valid values with as little to say as possible. All fields are public, so change what matters.

mod admission;
mod codes;
mod factor;
mod idempotency;
mod identity;
mod judge;
mod usage;
mod webhook;

pub use admission::{
    IssuedApiKey, api_key, known_key, organization, organization_on, plan, policy_revision, revocation,
};
pub use codes::{code_at_instant, code_with, imported_hash, imported_hashes, secret, typed_code, wrong_code};
pub use factor::{
    PEPPER_KEY, SEALING_KEY, backup_code_place, hashed_codes, imported_factor, pending_factor, pending_setup,
    setup_attempt, setup_claim,
};
pub use idempotency::{call_claim, kept_answer, named_call};
pub use identity::{
    NOW, caller, event_about_organization, event_about_user, fresh_ulid, organization_id, subject, subject_in,
};
pub use judge::{
    accepting_judge, confirming_judge, failing_judge, failing_totp_judge, refusing_judge,
    refusing_totp_judge, replaying_judge, stepping_judge,
};
pub use usage::{activation, allowance, consumption, period_at, relationship_event, repeatable, turns_event};
pub use webhook::{event_about_webhook, stored_secret, webhook, webhook_secret};
