//! The names of claims that the platform chooses.

/// The name of a private claim: 1 to 255 printable ASCII characters, and none of the names that RFC 7519,
/// section 4.1, registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimName(String);

/// The text is not acceptable as the name of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a claim's name is 1 to 255 printable ASCII characters and none of iss, sub, aud, exp, nbf, iat, jti"
)]
pub struct NotAClaimName;

impl ClaimName {
    /// Validates `text`.
    pub fn new(text: impl Into<String>) -> Result<Self, NotAClaimName> {
        let text = text.into();
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        let registered = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"].contains(&text.as_str());
        if printable && !registered && (1..=255).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err(NotAClaimName)
        }
    }

    /// `org_id`.
    pub(super) fn organization() -> Self {
        Self("org_id".to_owned())
    }

    /// `env`.
    pub(super) fn environment() -> Self {
        Self("env".to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registered_claims_keep_their_meaning() {
        for good in ["org_id", "https://example.com/organization", "tenant"] {
            assert_eq!(ClaimName::new(good).map(|name| name.as_str().to_owned()), Ok(good.to_owned()));
        }
        for bad in ["", "sub", "aud", "exp", "a b", "ä", &"x".repeat(256)] {
            assert_eq!(ClaimName::new(bad), Err(NotAClaimName), "{bad:?}");
        }
    }
}
