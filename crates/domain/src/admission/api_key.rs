//! API keys: `<prefix>_<env>_` and 61 characters of base 62: 12 of the key's id, 43 of its secret (256 bits), 6 of
//! a check value. Only the digest of the whole is stored.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::scope::Scopes;
use crate::entropy::{Entropy, EntropyUnavailable};
use crate::identity::{Environment, OrganizationId};
use crate::time::Timestamp;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LENGTH: usize = 12;
const SECRET_LENGTH: usize = 43;
const CHECK_LENGTH: usize = 6;

/// The public name of a key: 12 characters of base 62.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ApiKeyId(String);

/// The text is not the id of an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of an API key is 12 letters and digits")]
pub struct NotAnApiKeyId;

impl ApiKeyId {
    /// Validates `text`.
    pub fn new(text: impl Into<String>) -> Result<Self, NotAnApiKeyId> {
        let text = text.into();
        let base62 = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if base62 && text.len() == ID_LENGTH { Ok(Self(text)) } else { Err(NotAnApiKeyId) }
    }

    /// A new id.
    pub fn mint(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        random_base62(entropy, ID_LENGTH).map(|id| Self(id.to_string()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What stands before the environment in a key: 1 to 16 of `a-z` and `0-9`, a letter first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiKeyPrefix(String);

/// The text is not acceptable as a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API-key prefix is 1 to 16 characters out of a-z and 0-9, beginning with a letter")]
pub struct NotAPrefix;

impl Default for ApiKeyPrefix {
    fn default() -> Self {
        Self("cs".to_owned())
    }
}

impl ApiKeyPrefix {
    /// Validates `text`.
    pub fn new(text: impl Into<String>) -> Result<Self, NotAPrefix> {
        let text = text.into();
        let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let letter_first = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        if plain && letter_first && text.len() <= 16 { Ok(Self(text)) } else { Err(NotAPrefix) }
    }

    /// The prefix.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The environment of a token that begins like an API key; `None` when it does not. Such a token is never
    /// tried as anything else.
    pub fn recognise(&self, token: &str) -> Option<Environment> {
        let rest = token.strip_prefix(self.0.as_str())?.strip_prefix('_')?;
        [Environment::Live, Environment::Test].into_iter().find(|environment| {
            rest.strip_prefix(environment.as_str()).is_some_and(|rest| rest.starts_with('_'))
        })
    }
}

/// The SHA-256 of a whole key. The key carries 256 random bits, so a plain digest is as good as a slow one (NIST
/// SP 800-63B asks for 112).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ApiKeyDigest([u8; 32]);

impl ApiKeyDigest {
    /// The digest of a key.
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// A digest that was computed elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether both are the same, in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// A new key, shown this once.
pub struct NewApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The whole key, wiped when dropped.
    pub key: Zeroizing<String>,
}

impl fmt::Debug for NewApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewApiKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl NewApiKey {
    /// A new key.
    pub fn generate(
        prefix: &ApiKeyPrefix,
        environment: Environment,
        entropy: &dyn Entropy,
    ) -> Result<Self, EntropyUnavailable> {
        let id = ApiKeyId::mint(entropy)?;
        let secret = random_base62(entropy, SECRET_LENGTH)?;
        let body = Zeroizing::new(format!("{}_{environment}_{}{}", prefix.0, id.0, *secret));
        let key = Zeroizing::new(format!("{}{}", *body, check(&body)));
        Ok(Self { id, key })
    }
}

/// Whether a token with a known prefix is one of ours with a typing error: it has our length and alphabet, and its
/// check value is wrong. Keys issued elsewhere have other shapes and are not judged here.
pub fn is_mistyped(key: &str) -> bool {
    let Some((_, body)) = key.rsplit_once('_') else { return false };
    if body.len() != ID_LENGTH + SECRET_LENGTH + CHECK_LENGTH
        || !body.bytes().all(|b| b.is_ascii_alphanumeric())
    {
        return false;
    }
    key.len()
        .checked_sub(CHECK_LENGTH)
        .and_then(|at| key.split_at_checked(at))
        .is_some_and(|(body, tail)| check(body) != tail)
}

/// A stored key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Whose key.
    pub organization: OrganizationId,
    /// The only data that it reaches.
    pub environment: Environment,
    /// What it may do.
    pub scopes: Scopes,
    /// The digest of the whole key.
    pub digest: ApiKeyDigest,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// Since when it is refused.
    pub revoked_at: Option<Timestamp>,
}

/// The CRC-32 of `body` in base 62, so that scanners and people can tell a typing error.
fn check(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECK_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = base62(rest % 62);
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

fn random_base62(entropy: &dyn Entropy, length: usize) -> Result<Zeroizing<String>, EntropyUnavailable> {
    let mut text = Zeroizing::new(String::with_capacity(length));
    let mut random = Zeroizing::new([0_u8; 64]);
    while text.len() < length {
        entropy.fill(&mut *random)?;
        // 248 is the largest multiple of 62 in a byte; larger bytes would favour the first letters.
        let fair = random.iter().filter(|byte| **byte < 248);
        let missing = length.saturating_sub(text.len());
        text.extend(fair.take(missing).map(|byte| char::from(base62(u32::from(byte % 62)))));
    }
    Ok(text)
}

fn base62(value: u32) -> u8 {
    usize::try_from(value).ok().and_then(|index| BASE62.get(index)).copied().unwrap_or(b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts up, so that all bytes occur.
    struct Counting(std::sync::Mutex<u8>);

    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
            let mut next = self.0.lock().unwrap();
            for byte in buffer {
                *byte = *next;
                *next = next.wrapping_add(1);
            }
            Ok(())
        }
    }

    fn new_key() -> NewApiKey {
        let entropy = Counting(std::sync::Mutex::new(240));
        NewApiKey::generate(&ApiKeyPrefix::default(), Environment::Test, &entropy).unwrap()
    }

    #[test]
    fn a_key_has_its_published_shape() {
        let new = new_key();
        let body = new.key.strip_prefix("cs_test_").unwrap();
        assert_eq!(body.len(), 61);
        assert!(body.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(body.starts_with(new.id.as_str()));
        assert!(!is_mistyped(&new.key));
    }

    #[test]
    fn a_wrong_letter_is_noticed() {
        let key = new_key().key.to_string();
        for place in "cs_test_".len()..key.len() {
            let mut bytes = key.clone().into_bytes();
            bytes[place] = if bytes[place] == b'x' { b'y' } else { b'x' };
            assert!(is_mistyped(std::str::from_utf8(&bytes).unwrap()), "at {place}");
        }
    }

    #[test]
    fn keys_of_other_makers_are_not_judged() {
        for key in ["cs_live_short", "nothing", "cs_live_", "é_é", "cs_live_é"] {
            assert!(!is_mistyped(key), "{key}");
        }
    }

    #[test]
    fn only_the_configured_prefix_is_recognised() {
        let prefix = ApiKeyPrefix::new("acme").unwrap();
        assert_eq!(prefix.recognise("acme_live_abc"), Some(Environment::Live));
        assert_eq!(prefix.recognise("acme_test_abc"), Some(Environment::Test));
        for other in ["acme_prod_abc", "cs_live_abc", "acmelive_abc", "eyJhbGciOi.x.y", ""] {
            assert_eq!(prefix.recognise(other), None, "{other}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_the_key() {
        let new = new_key();
        assert!(!format!("{new:?}").contains(&new.key[20..]));
    }
}
