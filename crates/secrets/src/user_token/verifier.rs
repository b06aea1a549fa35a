//! Checks user tokens.

use async_trait::async_trait;
use countersign_domain::admission::ports::{TokenRefusal, UserToken, UserTokenVerifier};
use countersign_domain::time::Timestamp;

use super::claims;
use super::compact::CompactToken;
use super::header::TokenHeader;
use super::invalid;
use super::keys::UserTokenKeys;
use super::rules::UserTokenRules;
use super::strict_json::JsonObject;

/// Checks user tokens with keys that are known from the start. It does no I/O.
pub struct JwtVerifier {
    keys: UserTokenKeys,
    rules: UserTokenRules,
}

impl JwtVerifier {
    /// A verifier for tokens that are signed with one of `keys` and follow `rules`.
    pub fn new(keys: UserTokenKeys, rules: UserTokenRules) -> Self {
        Self { keys, rules }
    }

    fn check(&self, token: &str, now: Timestamp) -> Result<UserToken, TokenRefusal> {
        let token = CompactToken::parse(token)?;
        let header = TokenHeader::parse(&token.header)?;
        let mut keys = self.keys.candidates(header.kid.as_ref(), header.algorithm);
        if !keys.any(|key| key.verifies(token.signed, &token.signature)) {
            return Err(invalid("no key of its algorithm and kid verifies the signature"));
        }
        let claims =
            JsonObject::parse(&token.claims).map_err(|_| invalid("the claims are not a JSON object"))?;
        Ok(UserToken { subject: claims::accept(&claims, &self.rules, now)? })
    }
}

#[async_trait]
impl UserTokenVerifier for JwtVerifier {
    async fn verify(&self, token: &str, now: Timestamp) -> Result<UserToken, TokenRefusal> {
        self.check(token, now)
    }
}
