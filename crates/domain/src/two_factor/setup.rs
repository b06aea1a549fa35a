//! Begin a set-up: make a secret and ten backup codes, store them sealed and hashed. 2FA stays off.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::backup_code::{BackupCodePlace, BackupCodeSet};
use super::factor::{Binding, PendingFactor, PendingLimits};
use super::otpauth::{AccountName, Issuer, otpauth_uri};
use super::params::Parameters;
use super::ports::{
    CodeHasher, FactorStore, PendingSetup, PendingStored, SecretPlace, SecretSealer, SetupClaim, SetupClaimed,
};
use super::secret::TotpSecret;
use crate::admission::organization::Organization;
use crate::audit::event::{AuditEvent, Caller, SecurityEvent};
use crate::entropy::{Entropy, EntropyUnavailable};
use crate::failure::PortFailure;
use crate::identity::{BackupSetId, FactorId, SetupClaimId, SetupId, Subject};
use crate::quota::meter::{PermitError, QuotaMeter, QuotaRefusal};
use crate::quota::rule::Operation;
use crate::time::{Clock, Timestamp};

/// How often and how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SetupLimits {
    /// Limits of a pending factor.
    pub pending: PendingLimits,
    /// Set-ups for one user within [`SetupLimits::window`]; 10.
    pub setups: u32,
    /// The window; one hour.
    pub window: Duration,
    /// How long a set-up may take before another one may begin; 30 seconds.
    pub lease: Duration,
}

impl Default for SetupLimits {
    fn default() -> Self {
        Self {
            pending: PendingLimits::default(),
            setups: 10,
            window: Duration::from_hours(1),
            lease: Duration::from_secs(30),
        }
    }
}

/// What the user is shown, this once.
#[derive(Debug)]
pub struct StartedSetup {
    /// The set-up, for `verify-setup`.
    pub setup: SetupId,
    /// The secret.
    pub secret: TotpSecret,
    /// The same as a URI to scan.
    pub otpauth_uri: Zeroizing<String>,
    /// How codes are computed.
    pub parameters: Parameters,
    /// Ten backup codes.
    pub backup_codes: BackupCodeSet,
    /// Until when it can be confirmed.
    pub expires_at: Timestamp,
}

/// Why no set-up was begun.
#[derive(Debug, thiserror::Error)]
pub enum StartSetupError {
    /// A factor is enabled; it has to be disabled first.
    #[error("two-factor authentication is enabled already")]
    AlreadyEnabled,
    /// Another set-up of this user is being made right now.
    #[error("another set-up is in progress")]
    InProgress,
    /// The user's set-ups are used up for now.
    #[error("too many set-ups")]
    TooMany {
        /// When the next one is possible.
        retry_at: Timestamp,
    },
    /// The organization's quota stops it.
    #[error(transparent)]
    Quota(QuotaRefusal),
    /// A port could not do its job.
    #[error(transparent)]
    Failure(#[from] PortFailure),
}

impl From<EntropyUnavailable> for StartSetupError {
    fn from(cause: EntropyUnavailable) -> Self {
        Self::Failure(cause.into())
    }
}

impl From<PermitError> for StartSetupError {
    fn from(error: PermitError) -> Self {
        match error {
            PermitError::Exhausted(refusal) => Self::Quota(refusal),
            PermitError::Failure(failure) => Self::Failure(failure),
        }
    }
}

/// The use case.
pub struct StartSetup {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The factors.
    pub factors: Arc<dyn FactorStore>,
    /// Seals the secret.
    pub sealer: Arc<dyn SecretSealer>,
    /// Hashes the backup codes.
    pub hasher: Arc<dyn CodeHasher>,
    /// The organization's quota.
    pub quota: Arc<QuotaMeter>,
    /// How often and how long.
    pub limits: SetupLimits,
}

impl StartSetup {
    /// Begins a set-up for `subject`, a user of `organization`, replacing one that is pending.
    ///
    /// The ten hashes are computed before any transaction is open and under a claim, so that concurrent calls
    /// for one user hash once. When the hasher is overloaded, the claim's count is given back.
    pub async fn run(
        &self,
        organization: &Organization,
        subject: Subject,
        account: AccountName,
        caller: &Caller,
    ) -> Result<StartedSetup, StartSetupError> {
        self.quota.permit(Operation::StartSetup, organization, subject.environment).await?;
        let claim = self.claim(&subject).await?;
        let made = self.make(organization, &subject, &account, caller, claim).await;
        if matches!(made, Err(StartSetupError::Failure(_))) {
            // Best effort: a claim that stays behind ends with its lease.
            let _ = self.factors.release_setup(&subject, claim).await;
        }
        made
    }

    async fn claim(&self, subject: &Subject) -> Result<SetupClaimId, StartSetupError> {
        let now = self.clock.now();
        let id = SetupClaimId::mint(now, &*self.entropy)?;
        let claim = SetupClaim {
            subject: subject.clone(),
            id,
            now,
            lease: self.limits.lease,
            most: self.limits.setups,
            window: self.limits.window,
        };
        match self.factors.claim_setup(claim).await? {
            SetupClaimed::Won => Ok(id),
            SetupClaimed::AlreadyEnabled => Err(StartSetupError::AlreadyEnabled),
            SetupClaimed::InProgress => Err(StartSetupError::InProgress),
            SetupClaimed::TooMany { retry_at } => Err(StartSetupError::TooMany { retry_at }),
        }
    }

    async fn make(
        &self,
        organization: &Organization,
        subject: &Subject,
        account: &AccountName,
        caller: &Caller,
        claim: SetupClaimId,
    ) -> Result<StartedSetup, StartSetupError> {
        let entropy = &*self.entropy;
        let secret = TotpSecret::generate(entropy)?;
        let codes = BackupCodeSet::generate(entropy)?;
        let set = BackupSetId::mint(self.clock.now(), entropy)?;
        let place = BackupCodePlace { subject: subject.clone(), set };
        let (backup_codes, hashed) = self.hasher.hash_set(place, codes).await?;

        // The user's ten minutes begin when the answer is ready, not when hashing began.
        let now = self.clock.now();
        let factor = self.pending_factor(organization, subject, &secret, now)?;
        let started = StartedSetup {
            setup: factor.setup,
            otpauth_uri: otpauth_uri(
                &Issuer::of(&organization.name),
                account,
                &secret,
                factor.binding.parameters,
            ),
            secret,
            parameters: factor.binding.parameters,
            backup_codes,
            expires_at: factor.expires_at,
        };
        let event = SecurityEvent::SetupStarted { setup: factor.setup };
        let audit = AuditEvent::about_user(subject, event, caller, now, entropy)?;
        let stored = self.factors.store_pending(PendingSetup { claim, factor, codes: hashed, audit }).await?;
        match stored {
            PendingStored::Stored => Ok(started),
            PendingStored::AlreadyEnabled => Err(StartSetupError::AlreadyEnabled),
            PendingStored::ClaimLost => Err(StartSetupError::InProgress),
        }
    }

    fn pending_factor(
        &self,
        organization: &Organization,
        subject: &Subject,
        secret: &TotpSecret,
        now: Timestamp,
    ) -> Result<PendingFactor, StartSetupError> {
        let id = FactorId::mint(now, &*self.entropy)?;
        let sealed = self.sealer.seal(SecretPlace { subject, factor: id }, secret)?;
        let parameters = Parameters { digits: organization.policy.digits.digits(), ..Parameters::default() };
        Ok(PendingFactor {
            binding: Binding { subject: subject.clone(), id, secret: sealed, parameters },
            setup: SetupId::mint(now, &*self.entropy)?,
            expires_at: now.saturating_add(self.limits.pending.lifetime),
            attempts: 0,
        })
    }
}
