//! Take over a factor that another system issued: its user goes on with the authenticator that is set up already.

use std::sync::Arc;

use subtle::ConstantTimeEq;

use super::factor::{Binding, EnabledFactor, Factor};
use super::imported_code::ImportedCodeHashes;
use super::lockout::{AttemptCounter, FailureWindow};
use super::params::Parameters;
use super::ports::{FactorImported, FactorStore, ImportedFactor, SecretPlace, SecretSealer};
use super::secret::TotpSecret;
use super::status::TwoFactorStatus;
use crate::audit::event::{AuditEvent, Caller, SecurityEvent};
use crate::entropy::Entropy;
use crate::failure::PortFailure;
use crate::identity::{FactorId, Subject};
use crate::time::{Clock, TimeStep, Timestamp};

/// A factor as another system kept it.
#[derive(Debug)]
pub struct ForeignFactor {
    /// Whose.
    pub subject: Subject,
    /// The secret.
    pub secret: TotpSecret,
    /// How codes are computed.
    pub parameters: Parameters,
    /// The hashes of its backup codes.
    pub codes: ImportedCodeHashes,
    /// Since when 2FA is on there; when it is not known, since the import.
    pub enabled_at: Option<EnabledSince>,
}

/// An instant from 1970 to the present.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EnabledSince(Timestamp);

/// The instant lies in the future or before 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("2FA was turned on at an instant from 1970 to now")]
pub struct NotEnabledSince;

impl EnabledSince {
    /// An instant that is past at `now`.
    pub fn new(at: Timestamp, now: Timestamp) -> Result<Self, NotEnabledSince> {
        if (Timestamp::UNIX_EPOCH..=now).contains(&at) { Ok(Self(at)) } else { Err(NotEnabledSince) }
    }
}

/// What became of one factor of several.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportOutcome {
    /// It is stored.
    Imported(TwoFactorStatus),
    /// It was taken over before: the user's factor has its secret and its parameters.
    Unchanged,
    /// The user has another factor, which stays.
    AlreadyEnabled,
}

/// Why a factor was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A factor is enabled; it is never replaced.
    #[error("two-factor authentication is enabled already")]
    AlreadyEnabled,
    /// A port could not do its job.
    #[error(transparent)]
    Failure(#[from] PortFailure),
}

/// The use case.
pub struct ImportFactor {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for ids.
    pub entropy: Arc<dyn Entropy>,
    /// The factors.
    pub factors: Arc<dyn FactorStore>,
    /// Seals the secrets.
    pub sealer: Arc<dyn SecretSealer>,
}

impl ImportFactor {
    /// Takes over one factor.
    pub async fn run(&self, foreign: ForeignFactor, caller: &Caller) -> Result<TwoFactorStatus, ImportError> {
        match self.run_all(&[foreign], caller).await?.pop() {
            Some(ImportOutcome::Imported(status)) => Ok(status),
            Some(ImportOutcome::Unchanged | ImportOutcome::AlreadyEnabled) => {
                Err(ImportError::AlreadyEnabled)
            }
            None => Err(PortFailure::other("the store told nothing of a factor").into()),
        }
    }

    /// Takes over factors of one organization in one transaction; the outcomes are in their order. Importing the same
    /// factors again changes nothing.
    pub async fn run_all(
        &self,
        foreign: &[ForeignFactor],
        caller: &Caller,
    ) -> Result<Vec<ImportOutcome>, PortFailure> {
        // The present steps are spent.
        let now = self.clock.steady_now()?;
        let factors: Vec<_> =
            foreign.iter().map(|one| self.enabled(one, caller, now)).collect::<Result<_, _>>()?;
        let statuses: Vec<_> = factors
            .iter()
            .map(|imported| TwoFactorStatus::just_enabled(&imported.factor, imported.codes.count()))
            .collect();
        let stored = self.factors.import(factors).await?;
        let outcome = |((foreign, status), stored): ((&ForeignFactor, _), _)| match stored {
            FactorImported::Stored => ImportOutcome::Imported(status),
            FactorImported::AlreadyEnabled(factor) => self.beside(&factor, foreign),
        };
        Ok(foreign.iter().zip(statuses).zip(stored).map(outcome).collect())
    }

    /// What would become of each factor, as things stand now; nothing is stored.
    pub async fn rehearse(&self, foreign: &[ForeignFactor]) -> Result<Vec<ImportOutcome>, PortFailure> {
        let now = self.clock.steady_now()?;
        let mut outcomes = Vec::with_capacity(foreign.len());
        for one in foreign {
            let stored = self.factors.find(&one.subject).await?.map(|stored| stored.factor);
            outcomes.push(match stored {
                Some(Factor::Enabled(factor)) => self.beside(&factor, one),
                Some(Factor::Pending(_)) | None => {
                    let imported = self.enabled(one, &Caller::OPERATOR, now)?;
                    let status = TwoFactorStatus::just_enabled(&imported.factor, imported.codes.count());
                    ImportOutcome::Imported(status)
                }
            });
        }
        Ok(outcomes)
    }

    fn enabled(
        &self,
        foreign: &ForeignFactor,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<ImportedFactor, PortFailure> {
        let ForeignFactor { subject, secret, parameters, codes, enabled_at } = foreign;
        // The other system may have accepted whatever code could be accepted now.
        let last_step = TimeStep::last_acceptable(now, parameters.period.as_duration())
            .ok_or_else(|| PortFailure::unavailable("the clock is set before 1970"))?;
        let id = FactorId::mint(now, &*self.entropy)?;
        let sealed = self.sealer.seal(SecretPlace { subject, factor: id }, secret)?;
        let event = SecurityEvent::Imported { backup_codes: codes.count() };
        Ok(ImportedFactor {
            factor: EnabledFactor {
                binding: Binding { subject: subject.clone(), id, secret: sealed, parameters: *parameters },
                enabled_at: enabled_at.map_or(now, |EnabledSince(at)| at),
                last_step,
                totp_attempts: AttemptCounter::default(),
                backup_code_attempts: AttemptCounter::default(),
                recent_failures: FailureWindow::default(),
            },
            codes: codes.clone(),
            audit: AuditEvent::about_user(subject, event, caller, now, &*self.entropy)?,
        })
    }

    /// What a factor that is enabled means for one that another system kept. One that cannot be opened is another one.
    fn beside(&self, enabled: &EnabledFactor, foreign: &ForeignFactor) -> ImportOutcome {
        let Binding { subject, id, secret, parameters } = &enabled.binding;
        let opened = self.sealer.open(SecretPlace { subject, factor: *id }, secret);
        let is_same = *parameters == foreign.parameters
            && opened.is_ok_and(|opened| opened.expose().ct_eq(foreign.secret.expose()).into());
        if is_same { ImportOutcome::Unchanged } else { ImportOutcome::AlreadyEnabled }
    }
}
