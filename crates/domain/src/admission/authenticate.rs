//! Who calls? A bearer token becomes a principal and its organization.

use std::sync::Arc;

use super::api_key::{ApiKeyDigest, ApiKeyPrefix, is_mistyped};
use super::organization::Organization;
use super::ports::{ApiKeyStore, OrganizationStore, TokenRefusal, UserTokenVerifier};
use super::principal::{ApiKeyPrincipal, Principal};
use crate::identity::Environment;
use crate::time::Clock;

/// A principal whose organization exists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authenticated {
    /// Who calls.
    pub principal: Principal,
    /// The organization that the caller belongs to.
    pub organization: Organization,
}

/// The use case.
pub struct Authenticator {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// How API keys begin.
    pub api_key_prefix: ApiKeyPrefix,
    /// The API keys.
    pub api_keys: Arc<dyn ApiKeyStore>,
    /// Checks user tokens.
    pub user_tokens: Arc<dyn UserTokenVerifier>,
    /// The organizations.
    pub organizations: Arc<dyn OrganizationStore>,
}

impl Authenticator {
    /// Who holds `token`. A token that begins like an API key is never tried as a user token.
    pub async fn authenticate(&self, token: &str) -> Result<Authenticated, TokenRefusal> {
        let (organization, principal) = if let Some(environment) = self.api_key_prefix.recognise(token) {
            let key = self.api_key(token, environment).await?;
            (key.organization, Principal::ApiKey(key))
        } else {
            let subject = self.user_tokens.verify(token, self.clock.now()).await?.subject;
            (subject.organization, Principal::User(subject))
        };
        let found = self.organizations.find(organization).await?;
        let organization = found.ok_or(TokenRefusal::Invalid("unknown organization"))?;
        Ok(Authenticated { principal, organization })
    }

    async fn api_key(&self, token: &str, environment: Environment) -> Result<ApiKeyPrincipal, TokenRefusal> {
        let digest = ApiKeyDigest::of(token);
        let key = self.api_keys.find(&digest).await?.filter(|key| key.digest.matches(&digest));
        // Only when nobody knows it: a key that was issued elsewhere may have our shape by chance.
        let key = key.ok_or_else(|| {
            TokenRefusal::Invalid(if is_mistyped(token) { "mistyped API key" } else { "unknown API key" })
        })?;
        if key.revoked_at.is_some() {
            return Err(TokenRefusal::Invalid("revoked API key"));
        }
        if key.environment != environment {
            return Err(TokenRefusal::Invalid("API key of another environment"));
        }
        Ok(ApiKeyPrincipal { organization: key.organization, environment, key: key.id, scopes: key.scopes })
    }
}
