//! May this call come in? First who calls, then how fast, then whether the organization is served at all.

use std::net::IpAddr;
use std::sync::Arc;

use super::authenticate::{Authenticated, Authenticator};
use super::bucket::{BucketDecision, BucketSpec};
use super::organization::{Organization, OrganizationStatus};
use super::ports::{BucketKey, RateLimiter, TokenRefusal};
use super::principal::Principal;
use crate::failure::PortFailure;

/// A call that came in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Admitted {
    /// Who calls.
    pub principal: Principal,
    /// The organization that the caller belongs to.
    pub organization: Organization,
    /// What the organization's bucket said.
    pub rate: BucketDecision,
}

/// Why a call does not come in.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// There is no bearer token.
    #[error("no bearer token")]
    MissingCredentials {
        /// What the client's bucket said, if it was asked.
        rate: Option<BucketDecision>,
    },
    /// The bearer token is refused.
    #[error("the bearer token is refused")]
    Unauthenticated {
        /// Why.
        #[source]
        reason: TokenRefusal,
        /// What the client's bucket said, if it was asked.
        rate: Option<BucketDecision>,
    },
    /// The client sends too many requests without valid credentials.
    #[error("too many requests from this client")]
    ClientRateLimited {
        /// What the client's bucket said.
        rate: BucketDecision,
    },
    /// The organization sends too many requests.
    #[error("too many requests of this organization")]
    OrganizationRateLimited {
        /// Who calls.
        caller: Box<Authenticated>,
        /// What the organization's bucket said.
        rate: BucketDecision,
    },
    /// The organization is suspended.
    #[error("the organization is suspended")]
    Suspended {
        /// Who calls.
        caller: Box<Authenticated>,
        /// What the organization's bucket said.
        rate: BucketDecision,
    },
    /// A port could not do its job.
    #[error(transparent)]
    Failure(#[from] PortFailure),
}

/// The use case.
pub struct Admission {
    /// Finds out who calls.
    pub authenticator: Authenticator,
    /// The buckets.
    pub limiter: Arc<dyn RateLimiter>,
    /// The bucket of each client address, for requests without valid credentials.
    pub client_rate: BucketSpec,
    /// Whether clients on the loopback interface have no bucket of their own.
    pub loopback_exempt: bool,
}

impl Admission {
    /// Admits the holder of `token`, who calls from `client`. A call with valid credentials takes a token from the
    /// organization's bucket and none from the client's.
    pub async fn admit(
        &self,
        token: Option<&str>,
        client: Option<IpAddr>,
    ) -> Result<Admitted, AdmissionError> {
        let Some(token) = token else {
            let rate = self.charge_client(client).await?;
            return Err(AdmissionError::MissingCredentials { rate });
        };
        match self.authenticator.authenticate(token).await {
            Ok(caller) => self.charge_organization(caller).await,
            Err(TokenRefusal::Failure(failure)) => Err(failure.into()),
            Err(reason) => {
                let rate = self.charge_client(client).await?;
                Err(AdmissionError::Unauthenticated { reason, rate })
            }
        }
    }

    async fn charge_organization(&self, caller: Authenticated) -> Result<Admitted, AdmissionError> {
        let key = BucketKey::Organization(caller.organization.id, caller.principal.environment());
        let rate = self.limiter.take(key, caller.organization.plan.rate).await?;
        if !rate.allowed {
            return Err(AdmissionError::OrganizationRateLimited { caller: Box::new(caller), rate });
        }
        if caller.organization.status == OrganizationStatus::Suspended {
            return Err(AdmissionError::Suspended { caller: Box::new(caller), rate });
        }
        Ok(Admitted { principal: caller.principal, organization: caller.organization, rate })
    }

    async fn charge_client(&self, client: Option<IpAddr>) -> Result<Option<BucketDecision>, AdmissionError> {
        let Some(address) =
            client.filter(|address| !(self.loopback_exempt && address.to_canonical().is_loopback()))
        else {
            return Ok(None);
        };
        let rate = self.limiter.take(BucketKey::client(address), self.client_rate).await?;
        if rate.allowed { Ok(Some(rate)) } else { Err(AdmissionError::ClientRateLimited { rate }) }
    }
}
