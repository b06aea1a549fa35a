//! What an API key may do.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident => $text:literal),+ $(,)?) => {
        /// One right of an API key.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Scope {
            $($(#[$doc])* $name),+
        }

        impl Scope {
            /// All scopes.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// As it is written, such as `2fa:read`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),+
                }
            }
        }
    };
}

scopes! {
    /// Read statuses, the list of users and coverage.
    TwoFactorRead => "2fa:read",
    /// Verify codes.
    TwoFactorVerify => "2fa:verify",
    /// Set up, regenerate backup codes, disable, import.
    TwoFactorManage => "2fa:manage",
    /// Remove a factor without a code.
    TwoFactorReset => "2fa:reset",
    /// Read usage.
    UsageRead => "usage:read",
    /// Consume turns, change relationships.
    UsageWrite => "usage:write",
    /// Change the organization's policy.
    PolicyManage => "policy:manage",
    /// Read the audit trail.
    AuditRead => "audit:read",
    /// Manage webhooks.
    WebhooksManage => "webhooks:manage",
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a scope is one of 2fa:read, 2fa:verify, 2fa:manage, 2fa:reset, usage:read, usage:write, policy:manage, \
     audit:read, webhooks:manage"
)]
pub struct NotAScope;

impl FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == text).ok_or(NotAScope)
    }
}

/// The rights of an API key.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Whether `scope` is among them.
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// All of them, in a stable order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_can_be_read_back_and_is_named_in_the_error() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(*scope));
            assert!(NotAScope.to_string().contains(scope.as_str()), "{scope}");
        }
        assert_eq!("2fa:*".parse::<Scope>(), Err(NotAScope));
    }
}
