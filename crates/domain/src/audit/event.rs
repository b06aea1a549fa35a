//! One event for each security-relevant call. Events never hold a secret, a code, a token or a key.

use std::net::IpAddr;

use crate::admission::api_key::ApiKeyId;
use crate::entropy::{Entropy, EntropyUnavailable};
use crate::identity::{
    AuditEventId, Environment, OrganizationId, RequestId, SetupId, Subject, UserId, WebhookId,
};
use crate::quota::plan::PlanId;
use crate::time::Timestamp;
use crate::two_factor::assertion::Method;
use crate::two_factor::backup_codes::BackupCodeName;
use crate::two_factor::export::ExportForm;
use crate::two_factor::policy::OrganizationPolicy;
use crate::two_factor::reset::ResetReason;
use crate::webhooks::webhook::WebhookKey;

/// Who caused an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Actor {
    /// The user, with a token of the platform.
    User,
    /// The platform, with an API key.
    ApiKey(ApiKeyId),
    /// An operator at the command line.
    Operator,
    /// This service by itself.
    Service,
}

/// Where a call came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// The request, when there was one.
    pub request: Option<RequestId>,
    /// The client's address, when there was one.
    pub address: Option<IpAddr>,
}

impl Caller {
    /// An operator at the command line.
    pub const OPERATOR: Self = Self { actor: Actor::Operator, request: None, address: None };

    /// This service by itself.
    pub const SERVICE: Self = Self { actor: Actor::Service, request: None, address: None };
}

/// Why a code was refused. Only the trail knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefusalReason {
    /// It is no code of the factor.
    Wrong,
    /// It was a code of the factor and is used up.
    Replayed,
}

impl RefusalReason {
    /// `wrong` or `replayed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Replayed => "replayed",
        }
    }
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecurityEvent {
    /// A set-up was begun.
    SetupStarted {
        /// Which.
        setup: SetupId,
    },
    /// A code did not confirm a set-up.
    SetupCodeRefused {
        /// Codes that could still be tried.
        attempts_left: u8,
    },
    /// A set-up was confirmed: 2FA is on.
    Enabled,
    /// A factor was proven for a step-up.
    Verified {
        /// With which kind of code.
        method: Method,
    },
    /// A code was refused.
    CodeRefused {
        /// Which kind of code.
        method: Method,
        /// Why, which no answer tells.
        reason: RefusalReason,
        /// Wrong codes that were left before the next lock.
        attempts_left: u32,
    },
    /// So many codes of a factor were wrong in the last weeks that somebody may be guessing between its owner's sign-ins.
    ManyFailures {
        /// How many.
        failures: u32,
    },
    /// A backup code was used.
    BackupCodeUsed {
        /// Which.
        code: BackupCodeName,
        /// Unused codes afterwards.
        remaining: u8,
    },
    /// Few backup codes are left.
    FewBackupCodes {
        /// How many.
        remaining: u8,
    },
    /// New backup codes took the place of the old ones.
    BackupCodesRegenerated {
        /// With which kind of code the factor was proven.
        method: Method,
    },
    /// 2FA was turned off with a code.
    Disabled {
        /// With which kind of code.
        method: Method,
    },
    /// A factor was removed without a code.
    Reset {
        /// The reason that was given.
        reason: ResetReason,
    },
    /// A factor that another system issued was taken over: 2FA is on.
    Imported {
        /// With how many backup codes.
        backup_codes: usize,
    },
    /// The factors of all users of an environment were handed out.
    FactorsExported {
        /// Live or test users.
        environment: Environment,
        /// Whether anybody can read them.
        form: ExportForm,
    },
    /// An organization was made.
    OrganizationCreated {
        /// Its plan.
        plan: PlanId,
    },
    /// An organization was suspended.
    OrganizationSuspended,
    /// An organization was resumed.
    OrganizationResumed,
    /// An organization's policy was changed.
    PolicyChanged {
        /// What it was.
        old: OrganizationPolicy,
        /// What it is.
        new: OrganizationPolicy,
    },
    /// An API key was made or imported.
    ApiKeyCreated {
        /// Which.
        key: ApiKeyId,
    },
    /// An API key was revoked.
    ApiKeyRevoked {
        /// Which.
        key: ApiKeyId,
    },
    /// A user token was minted at the command line.
    UserTokenMinted,
    /// A webhook was made.
    WebhookCreated {
        /// Which.
        webhook: WebhookId,
    },
    /// A webhook was changed.
    WebhookChanged {
        /// Which.
        webhook: WebhookId,
        /// The fields that were given. Their values may hold what nobody else should read.
        fields: Vec<&'static str>,
    },
    /// A webhook got a new signing secret.
    WebhookSecretRotated {
        /// Which.
        webhook: WebhookId,
    },
    /// A webhook was removed.
    WebhookRemoved {
        /// Which.
        webhook: WebhookId,
    },
    /// A webhook is tried out; only that webhook is told.
    WebhookTest {
        /// Which.
        webhook: WebhookId,
    },
    /// A webhook could not be told of an event for so long that nothing more is sent to it.
    WebhookFailing {
        /// Which.
        webhook: WebhookId,
    },
}

impl SecurityEvent {
    /// The stable name of the event, as the trail stores it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SetupStarted { .. } => "two_factor.setup_started",
            Self::SetupCodeRefused { .. } => "two_factor.setup_code_refused",
            Self::Enabled => "two_factor.enabled",
            Self::Verified { .. } => "two_factor.verified",
            Self::CodeRefused { .. } => "two_factor.code_refused",
            Self::ManyFailures { .. } => "two_factor.many_failures",
            Self::BackupCodeUsed { .. } => "two_factor.backup_code_used",
            Self::FewBackupCodes { .. } => "two_factor.few_backup_codes",
            Self::BackupCodesRegenerated { .. } => "two_factor.backup_codes_regenerated",
            Self::Disabled { .. } => "two_factor.disabled",
            Self::Reset { .. } => "two_factor.reset",
            Self::Imported { .. } => "two_factor.imported",
            Self::FactorsExported { .. } => "two_factor.exported",
            Self::OrganizationCreated { .. } => "organization.created",
            Self::OrganizationSuspended => "organization.suspended",
            Self::OrganizationResumed => "organization.resumed",
            Self::PolicyChanged { .. } => "organization.policy_changed",
            Self::ApiKeyCreated { .. } => "api_key.created",
            Self::ApiKeyRevoked { .. } => "api_key.revoked",
            Self::UserTokenMinted => "user_token.minted",
            Self::WebhookCreated { .. } => "webhook.created",
            Self::WebhookChanged { .. } => "webhook.changed",
            Self::WebhookSecretRotated { .. } => "webhook.secret_rotated",
            Self::WebhookRemoved { .. } => "webhook.removed",
            Self::WebhookTest { .. } => "webhook.test",
            Self::WebhookFailing { .. } => "webhook.failing",
        }
    }

    /// What else there is to say, as names and texts.
    pub fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::SetupStarted { setup } => vec![("setup_id", setup.to_string())],
            Self::SetupCodeRefused { attempts_left } => vec![("attempts_left", attempts_left.to_string())],
            Self::Verified { method }
            | Self::BackupCodesRegenerated { method }
            | Self::Disabled { method } => {
                vec![("method", method.as_str().to_owned())]
            }
            Self::CodeRefused { method, reason, attempts_left } => vec![
                ("method", method.as_str().to_owned()),
                ("reason", reason.as_str().to_owned()),
                ("attempts_left", attempts_left.to_string()),
            ],
            Self::BackupCodeUsed { code, remaining } => {
                let (kind, number) = match code {
                    BackupCodeName::Own(slot) => ("slot", slot.number()),
                    BackupCodeName::Imported(number) => ("imported", number.number()),
                };
                vec![(kind, number.to_string()), ("remaining", remaining.to_string())]
            }
            Self::Imported { backup_codes } => vec![("backup_codes", backup_codes.to_string())],
            Self::ManyFailures { failures } => vec![("failures", failures.to_string())],
            Self::FewBackupCodes { remaining } => vec![("remaining", remaining.to_string())],
            Self::Reset { reason } => vec![("reason", reason.as_str().to_owned())],
            Self::FactorsExported { environment, form } => {
                vec![("environment", environment.to_string()), ("form", form.as_str().to_owned())]
            }
            Self::OrganizationCreated { plan } => vec![("plan", plan.to_string())],
            Self::PolicyChanged { old, new } => old.differences(new),
            Self::ApiKeyCreated { key } | Self::ApiKeyRevoked { key } => {
                vec![("key_id", key.as_str().to_owned())]
            }
            Self::WebhookChanged { webhook, fields } => {
                vec![("webhook_id", webhook.to_string()), ("fields", fields.join(", "))]
            }
            Self::WebhookCreated { webhook }
            | Self::WebhookSecretRotated { webhook }
            | Self::WebhookRemoved { webhook }
            | Self::WebhookTest { webhook }
            | Self::WebhookFailing { webhook } => vec![("webhook_id", webhook.to_string())],
            Self::Enabled
            | Self::OrganizationSuspended
            | Self::OrganizationResumed
            | Self::UserTokenMinted => Vec::new(),
        }
    }
}

/// One row of the trail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEvent {
    /// Its id.
    pub id: AuditEventId,
    /// Whose trail.
    pub organization: OrganizationId,
    /// Live or test data; `None` for what concerns the organization as a whole.
    pub environment: Option<Environment>,
    /// The user that it is about.
    pub user: Option<UserId>,
    /// What happened.
    pub event: SecurityEvent,
    /// Who caused it, and from where.
    pub caller: Caller,
    /// When.
    pub at: Timestamp,
}

impl AuditEvent {
    /// An event about a user's factor.
    pub fn about_user(
        subject: &Subject,
        event: SecurityEvent,
        caller: &Caller,
        at: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Self, EntropyUnavailable> {
        Ok(Self {
            id: AuditEventId::mint(at, entropy)?,
            organization: subject.organization,
            environment: Some(subject.environment),
            user: Some(subject.user.clone()),
            event,
            caller: caller.clone(),
            at,
        })
    }

    /// An event about an organization as a whole.
    pub fn about_organization(
        organization: OrganizationId,
        event: SecurityEvent,
        caller: &Caller,
        at: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Self, EntropyUnavailable> {
        Ok(Self {
            id: AuditEventId::mint(at, entropy)?,
            organization,
            environment: None,
            user: None,
            event,
            caller: caller.clone(),
            at,
        })
    }

    /// An event about a webhook.
    pub fn about_webhook(
        webhook: &WebhookKey,
        event: SecurityEvent,
        caller: &Caller,
        at: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Self, EntropyUnavailable> {
        let about = Self::about_organization(webhook.organization, event, caller, at, entropy)?;
        Ok(Self { environment: Some(webhook.environment), ..about })
    }
}
