//! What the shell is wrapped around.

use std::sync::Arc;

use countersign_domain::admission::admit::Admission;
use countersign_domain::admission::ports::PlanStore;
use countersign_domain::audit::ports::AuditLog;
use countersign_domain::entropy::Entropy;
use countersign_domain::health::Dependency;
use countersign_domain::idempotency::answer_once::AnswerOnce;
use countersign_domain::quota::consume::ConsumeTurns;
use countersign_domain::quota::meter::QuotaMeter;
use countersign_domain::quota::relationships::ChangeRelationships;
use countersign_domain::time::Clock;
use countersign_domain::two_factor::change_policy::ChangePolicy;
use countersign_domain::two_factor::directory::UserDirectory;
use countersign_domain::two_factor::disable::DisableTwoFactor;
use countersign_domain::two_factor::import::ImportFactor;
use countersign_domain::two_factor::proof_ports::AssertionKeySet;
use countersign_domain::two_factor::regenerate::RegenerateBackupCodes;
use countersign_domain::two_factor::reset::ResetTwoFactor;
use countersign_domain::two_factor::setup::StartSetup;
use countersign_domain::two_factor::status::ReadStatus;
use countersign_domain::two_factor::verify::VerifyCode;
use countersign_domain::two_factor::verify_setup::VerifySetup;
use countersign_domain::webhooks::delivery_ports::DeliveryStore;
use countersign_domain::webhooks::manage::ManageWebhooks;
use countersign_domain::webhooks::ports::WebhookStore;

/// The use cases, and what the shell itself needs from outside.
pub struct Api {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for request ids.
    pub entropy: Arc<dyn Entropy>,
    /// Who may come in.
    pub admission: Arc<Admission>,
    /// Answers calls once, however often they are sent.
    pub answer_once: Arc<AnswerOnce>,
    /// Begins set-ups.
    pub start_setup: Arc<StartSetup>,
    /// Confirms set-ups.
    pub verify_setup: Arc<VerifySetup>,
    /// Proves second factors.
    pub verify_code: Arc<VerifyCode>,
    /// Makes new backup codes.
    pub regenerate_backup_codes: Arc<RegenerateBackupCodes>,
    /// Turns second factors off.
    pub disable: Arc<DisableTwoFactor>,
    /// Removes second factors without a code.
    pub reset: Arc<ResetTwoFactor>,
    /// Takes over factors of other systems.
    pub import: Arc<ImportFactor>,
    /// Changes the policies of organizations.
    pub change_policy: Arc<ChangePolicy>,
    /// Makes, changes and removes webhooks.
    pub manage_webhooks: Arc<ManageWebhooks>,
    /// The webhooks.
    pub webhooks: Arc<dyn WebhookStore>,
    /// What is on the way to them.
    pub deliveries: Arc<dyn DeliveryStore>,
    /// The keys that assertions are checked with.
    pub assertion_keys: Arc<dyn AssertionKeySet>,
    /// Reads the state of a second factor.
    pub read_status: Arc<ReadStatus>,
    /// Which users have a second factor.
    pub users: Arc<dyn UserDirectory>,
    /// What happened.
    pub audit: Arc<dyn AuditLog>,
    /// Reads quotas.
    pub quota: Arc<QuotaMeter>,
    /// Consumes turns.
    pub consume_turns: Arc<ConsumeTurns>,
    /// Begins and ends relationships.
    pub relationships: Arc<ChangeRelationships>,
    /// The plans.
    pub plans: Arc<dyn PlanStore>,
    /// What must work for the service to be ready.
    pub dependencies: Vec<Arc<dyn Dependency>>,
    /// Where the documentation of errors is, without a slash at the end: `<this>/errors#<code>`.
    pub documentation_url: String,
}
