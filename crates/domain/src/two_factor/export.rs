//! Hand out the factors of an organization, secrets included, so that another system can take them over.

use std::sync::Arc;

use super::backup_code::BackupCodeHash;
use super::factor::{Binding, Factor};
use super::params::Parameters;
use super::ports::{ArchivedCodes, ArchivedFactor, FactorPage, FactorStore, SecretPlace, SecretSealer};
use super::secret::TotpSecret;
use crate::audit::event::{AuditEvent, Caller, SecurityEvent};
use crate::audit::ports::AuditLog;
use crate::entropy::Entropy;
use crate::failure::PortFailure;
use crate::identity::{Environment, OrganizationId, UserId};
use crate::time::{Clock, Timestamp};

/// In which form secrets leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportForm {
    /// Only the holder of a key elsewhere can read them.
    Sealed,
    /// Anybody can.
    Clear,
}

impl ExportForm {
    /// `sealed` or `clear`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Clear => "clear",
        }
    }
}

/// A user with a factor.
#[derive(Debug)]
pub struct ExportedUser {
    /// The user.
    pub user: UserId,
    /// The factor; a failure when its secret cannot be opened.
    pub factor: Result<ExportedFactor, PortFailure>,
}

/// A factor as another system can take it over.
#[derive(Debug)]
pub struct ExportedFactor {
    /// The secret.
    pub secret: TotpSecret,
    /// How codes are computed.
    pub parameters: Parameters,
    /// Since when 2FA is on; `None` while the set-up is not confirmed.
    pub enabled_at: Option<Timestamp>,
    /// Its backup codes.
    pub codes: ExportedCodes,
}

/// The backup codes of a factor that leaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExportedCodes {
    /// The hashes of unused imported ones; there may be none.
    Hashes(Vec<BackupCodeHash>),
    /// Codes of ours. Their hashes stand behind a pepper that stays here, so they are of no use elsewhere.
    Peppered,
}

/// The use case.
pub struct ExportFactors {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for ids.
    pub entropy: Arc<dyn Entropy>,
    /// The factors.
    pub factors: Arc<dyn FactorStore>,
    /// Opens the secrets.
    pub sealer: Arc<dyn SecretSealer>,
    /// The trail.
    pub audit: Arc<dyn AuditLog>,
}

impl ExportFactors {
    /// Tells the trail that an export begins. It comes before the first page, so that no secret leaves untold.
    pub async fn announce(
        &self,
        organization: OrganizationId,
        environment: Environment,
        form: ExportForm,
        caller: &Caller,
    ) -> Result<(), PortFailure> {
        let event = SecurityEvent::FactorsExported { environment, form };
        let now = self.clock.now();
        let audit = AuditEvent::about_organization(organization, event, caller, now, &*self.entropy)?;
        self.audit.append(audit).await
    }

    /// The users of a page with their factors, in the order of their ids. One that cannot be opened does not keep the others
    /// back.
    pub async fn page(&self, page: FactorPage) -> Result<Vec<ExportedUser>, PortFailure> {
        let archived = self.factors.archived(page).await?;
        Ok(archived.into_iter().map(|archived| self.exported(archived)).collect())
    }

    fn exported(&self, ArchivedFactor { factor, codes }: ArchivedFactor) -> ExportedUser {
        let (binding, enabled_at) = match factor {
            Factor::Pending(pending) => (pending.binding, None),
            Factor::Enabled(enabled) => (enabled.binding, Some(enabled.enabled_at)),
        };
        let Binding { subject, id, secret, parameters } = binding;
        let opened = self.sealer.open(SecretPlace { subject: &subject, factor: id }, &secret);
        let codes = match codes {
            ArchivedCodes::Own => ExportedCodes::Peppered,
            ArchivedCodes::Imported(hashes) => ExportedCodes::Hashes(hashes),
        };
        let factor = opened.map(|secret| ExportedFactor { secret, parameters, enabled_at, codes });
        ExportedUser { user: subject.user, factor }
    }
}
