//! Makes user tokens, for development and tests.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac;
use countersign_domain::identity::{Environment, Subject};
use countersign_domain::time::Timestamp;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::algorithm::Algorithm;
use super::kid::Kid;
use super::rules::UserTokenRules;
use super::secret::TokenSecret;

/// Signs user tokens with a shared secret, so that a [`super::JwtVerifier`] with the same secret and rules
/// accepts them.
pub struct TokenMinter {
    key: hmac::Key,
    kid: Option<Kid>,
    rules: UserTokenRules,
}

/// A new token.
pub struct MintedToken {
    /// The token, wiped when dropped.
    pub token: Zeroizing<String>,
    /// From when on it is expired.
    pub expires_at: Timestamp,
}

impl fmt::Debug for MintedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MintedToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// The token would expire at once, or live longer than the rules allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token lives from 1 second to {} seconds", longest.as_secs())]
pub struct LifeOutOfRange {
    /// The longest life that the rules allow.
    pub longest: Duration,
}

impl TokenMinter {
    /// A minter that signs with `secret`, which is called `kid` among the keys of the verifier.
    pub fn new(secret: &TokenSecret, kid: Option<Kid>, rules: UserTokenRules) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret.expose()), kid, rules }
    }

    /// A token for `subject` that expires `ttl`, in whole seconds, after `now`.
    pub fn mint(
        &self,
        subject: &Subject,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<MintedToken, LifeOutOfRange> {
        let ttl = Duration::from_secs(ttl.as_secs());
        if ttl.is_zero() || ttl > self.rules.longest_life {
            return Err(LifeOutOfRange { longest: self.rules.longest_life });
        }
        let issued = Timestamp::from_seconds(now.as_seconds());
        let expires_at = issued.saturating_add(ttl);
        let header = encode(self.header());
        let claims = encode(self.claims(subject, issued, expires_at));
        let signed = format!("{header}.{claims}");
        let signature = BASE64URL_NOPAD.encode(hmac::sign(&self.key, signed.as_bytes()).as_ref());
        Ok(MintedToken { token: Zeroizing::new(format!("{signed}.{signature}")), expires_at })
    }

    fn header(&self) -> Map<String, Value> {
        let mut header = Map::new();
        header.insert("alg".to_owned(), json!(Algorithm::Hs256.name()));
        header.insert("typ".to_owned(), json!("JWT"));
        if let Some(kid) = &self.kid {
            header.insert("kid".to_owned(), json!(kid.as_str()));
        }
        header
    }

    fn claims(&self, subject: &Subject, issued: Timestamp, expires: Timestamp) -> Map<String, Value> {
        let rules = &self.rules;
        let mut claims = Map::new();
        let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        claim("sub", json!(subject.user.as_str()));
        claim(rules.organization_claim.as_str(), json!(subject.organization.to_string()));
        if subject.environment == Environment::Test {
            claim(rules.environment_claim.as_str(), json!(Environment::Test.as_str()));
        }
        if let Some(issuer) = &rules.issuer {
            claim("iss", json!(issuer));
        }
        match rules.audience.as_slice() {
            [] => {}
            [one] => drop(claim("aud", json!(one))),
            several => drop(claim("aud", json!(several))),
        }
        claim("iat", json!(issued.as_seconds()));
        claim("exp", json!(expires.as_seconds()));
        claims
    }
}

fn encode(object: Map<String, Value>) -> String {
    BASE64URL_NOPAD.encode(Value::Object(object).to_string().as_bytes())
}
