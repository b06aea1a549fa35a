//! What a user token must say.

use std::time::Duration;

use super::claim_name::ClaimName;

/// The rules for the claims of a user token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserTokenRules {
    /// The `iss` that every token must have; any or none when not set.
    pub issuer: Option<String>,
    /// Values of `aud`, of which every token must have one; any or none when empty.
    pub audience: Vec<String>,
    /// The claim with the organization's id, a ULID; `org_id`.
    pub organization_claim: ClaimName,
    /// The claim that says `test` in tokens for test data; `env`. With any other text, or without the claim,
    /// a token is for live data.
    pub environment_claim: ClaimName,
    /// The longest time from `iat`, or from now in a token without it, to `exp`; 24 hours.
    pub longest_life: Duration,
    /// By how much the clocks of the platform and ours may differ; 30 seconds.
    pub leeway: Duration,
}

impl Default for UserTokenRules {
    fn default() -> Self {
        Self {
            issuer: None,
            audience: Vec::new(),
            organization_claim: ClaimName::organization(),
            environment_claim: ClaimName::environment(),
            longest_life: Duration::from_hours(24),
            leeway: Duration::from_secs(30),
        }
    }
}
