//! Who calls, once it is proven.

use super::api_key::ApiKeyId;
use super::scope::{Scope, Scopes};
use crate::identity::{Environment, OrganizationId, Subject};

/// A caller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Principal {
    /// A user of an organization, with a token that the platform signed.
    User(Subject),
    /// The organization itself, with one of its API keys.
    ApiKey(ApiKeyPrincipal),
}

/// An organization that calls with an API key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiKeyPrincipal {
    /// Whose key.
    pub organization: OrganizationId,
    /// The only data that the key reaches.
    pub environment: Environment,
    /// Which key.
    pub key: ApiKeyId,
    /// What the key may do.
    pub scopes: Scopes,
}

/// The caller is known but may not do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PermissionDenied {
    /// The route acts on the caller's own account, and an API key has none.
    #[error("an API key has no user of its own; call with a user token")]
    NoUserBehindKey,
    /// The route is for API keys.
    #[error("a user token cannot be used here; call with an API key")]
    ApiKeyNeeded,
    /// The key lacks a scope.
    #[error("the API key lacks the scope {0}")]
    ScopeMissing(Scope),
}

impl Principal {
    /// The data that the caller reaches.
    pub const fn environment(&self) -> Environment {
        match self {
            Self::User(subject) => subject.environment,
            Self::ApiKey(key) => key.environment,
        }
    }

    /// The user who acts on their own account.
    pub fn into_user(self) -> Result<Subject, PermissionDenied> {
        match self {
            Self::User(subject) => Ok(subject),
            Self::ApiKey(_) => Err(PermissionDenied::NoUserBehindKey),
        }
    }

    /// The API key that holds at least one of `scopes`; the first one is named when it holds none.
    pub fn into_api_key(self, scopes: &[Scope]) -> Result<ApiKeyPrincipal, PermissionDenied> {
        match self {
            Self::User(_) => Err(PermissionDenied::ApiKeyNeeded),
            Self::ApiKey(key) => match scopes {
                [first, ..] if !scopes.iter().any(|scope| key.scopes.contains(*scope)) => {
                    Err(PermissionDenied::ScopeMissing(*first))
                }
                _ => Ok(key),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;
    use crate::identity::UserId;

    fn key(scopes: &[Scope]) -> Principal {
        Principal::ApiKey(ApiKeyPrincipal {
            organization: OrganizationId::new(Ulid::nil()),
            environment: Environment::Test,
            key: ApiKeyId::new("abcdefghijkl").unwrap(),
            scopes: scopes.iter().copied().collect(),
        })
    }

    #[test]
    fn one_of_the_scopes_is_enough_and_a_missing_one_is_named() {
        let wanted = [Scope::TwoFactorReset, Scope::TwoFactorManage];
        assert!(key(&[Scope::TwoFactorManage]).into_api_key(&wanted).is_ok());
        let denied = key(&[Scope::TwoFactorRead]).into_api_key(&wanted);
        assert_eq!(denied, Err(PermissionDenied::ScopeMissing(Scope::TwoFactorReset)));
        assert_eq!(key(&[]).into_user(), Err(PermissionDenied::NoUserBehindKey));
    }

    #[test]
    fn a_user_is_no_api_key() {
        let user = UserId::new("alice").unwrap();
        let organization = OrganizationId::new(Ulid::nil());
        let alice = Principal::User(Subject { organization, environment: Environment::Live, user });
        assert_eq!(alice.into_api_key(Scope::ALL), Err(PermissionDenied::ApiKeyNeeded));
    }
}
