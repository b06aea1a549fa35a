//! One event for each security-relevant call. Events never hold a secret, a code, a token or a key.

use std::net::IpAddr;

use crate::admission::api_key::ApiKeyId;
use crate::entropy::{Entropy, EntropyUnavailable};
use crate::identity::{AuditEventId, Environment, OrganizationId, RequestId, SetupId, Subject, UserId};
use crate::quota::plan::PlanId;
use crate::time::Timestamp;

/// Who caused an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Actor {
    /// The user, with a token of the platform.
    User,
    /// The platform, with an API key.
    ApiKey(ApiKeyId),
    /// An operator at the command line.
    Operator,
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
    /// An organization was made.
    OrganizationCreated {
        /// Its plan.
        plan: PlanId,
    },
    /// An organization was suspended.
    OrganizationSuspended,
    /// An organization was resumed.
    OrganizationResumed,
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
}

impl SecurityEvent {
    /// The stable name of the event, as the trail stores it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SetupStarted { .. } => "two_factor.setup_started",
            Self::SetupCodeRefused { .. } => "two_factor.setup_code_refused",
            Self::Enabled => "two_factor.enabled",
            Self::OrganizationCreated { .. } => "organization.created",
            Self::OrganizationSuspended => "organization.suspended",
            Self::OrganizationResumed => "organization.resumed",
            Self::ApiKeyCreated { .. } => "api_key.created",
            Self::ApiKeyRevoked { .. } => "api_key.revoked",
            Self::UserTokenMinted => "user_token.minted",
        }
    }

    /// What else there is to say, as names and texts.
    pub fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::SetupStarted { setup } => vec![("setup_id", setup.to_string())],
            Self::SetupCodeRefused { attempts_left } => vec![("attempts_left", attempts_left.to_string())],
            Self::OrganizationCreated { plan } => vec![("plan", plan.to_string())],
            Self::ApiKeyCreated { key } | Self::ApiKeyRevoked { key } => {
                vec![("key_id", key.as_str().to_owned())]
            }
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
}
