//! The secrets of factors as something that is sealed anew when the key changes.

use std::fmt;
use std::sync::Arc;

use super::ports::{SecretPlace, SecretSealer};
use super::secret::SealedSecret;
use crate::identity::{FactorId, OrganizationId, Subject};
use crate::keys::reseal::{Reseal, SealedPlace, SealedRows};

/// Whose secret, and of which factor.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FactorPlace {
    /// Whose.
    pub subject: Subject,
    /// Of which factor.
    pub factor: FactorId,
}

impl SealedPlace for FactorPlace {
    fn organization(&self) -> OrganizationId {
        self.subject.organization
    }
}

impl fmt::Display for FactorPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Subject { organization, environment, user } = &self.subject;
        write!(f, "organization {organization}, {environment}, user {user}")
    }
}

impl Reseal<FactorPlace> {
    /// Seals the secrets of factors anew with the present key of `sealer`.
    pub fn of_factors(rows: Arc<dyn SealedRows<FactorPlace>>, sealer: Arc<dyn SecretSealer>) -> Self {
        let seal_anew = Arc::new(move |place: &FactorPlace, sealed: &SealedSecret| {
            let place = SecretPlace { subject: &place.subject, factor: place.factor };
            sealer.seal(place, &sealer.open(place, sealed)?)
        });
        Self { name: "TOTP secrets", rows, seal_anew }
    }
}
