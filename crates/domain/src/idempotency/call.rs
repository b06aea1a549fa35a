//! How a call is known again.

use sha2::{Digest, Sha256};

use super::key::IdempotencyKey;
use crate::admission::api_key::ApiKeyId;
use crate::admission::principal::Principal;
use crate::identity::{Environment, OrganizationId, UserId};

/// A call to which its caller gave a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedCall {
    /// The organization that the caller belongs to.
    pub organization: OrganizationId,
    /// The data that the caller reaches.
    pub environment: Environment,
    /// What the caller calls it.
    pub name: CallName,
    /// What is asked.
    pub request: RequestDigest,
    /// The user whose secrets the answer shows, if it shows any: it is not kept beyond them.
    pub secrets_of: Option<UserId>,
}

/// A key together with the credential that it came with, as a digest: the same key from somebody else is another name,
/// and nothing that a caller wrote into a key is stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallName(pub [u8; 32]);

/// SHA-256 of everything that makes a request what it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RequestDigest(pub [u8; 32]);

/// Whose credentials a call came with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Credential {
    /// A user's, whichever token it was.
    User(UserId),
    /// An API key.
    ApiKey(ApiKeyId),
}

impl From<&Principal> for Credential {
    fn from(principal: &Principal) -> Self {
        match principal {
            Principal::User(subject) => Self::User(subject.user.clone()),
            Principal::ApiKey(key) => Self::ApiKey(key.key.clone()),
        }
    }
}

impl CallName {
    /// The name that `key` is when it comes with `credential`.
    pub fn of(credential: &Credential, key: &IdempotencyKey) -> Self {
        let (kind, id) = match credential {
            Credential::User(user) => ("user", user.as_str()),
            Credential::ApiKey(id) => ("api_key", id.as_str()),
        };
        Self(digest([kind, id, key.as_str()].map(str::as_bytes)))
    }
}

impl RequestDigest {
    /// The digest of a request's parts, in their order.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self(digest(parts))
    }
}

/// Each part stands behind its length, so that no other parts have the same digest.
fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(credential: &Credential, key: &str) -> CallName {
        CallName::of(credential, &IdempotencyKey::new(key).unwrap())
    }

    #[test]
    fn a_key_is_another_name_with_another_credential() {
        let alice = Credential::User(UserId::new("abcdefghijkl").unwrap());
        let bob = Credential::User(UserId::new("abcdefghijk").unwrap());
        let key = Credential::ApiKey(ApiKeyId::new("abcdefghijkl").unwrap());
        let names =
            [name(&alice, "lx"), name(&alice, "LX"), name(&alice, "x"), name(&bob, "lx"), name(&key, "lx")];
        for (at, one) in names.iter().enumerate() {
            assert!(names[..at].iter().all(|other| other != one), "{at}");
        }
        assert_eq!(name(&alice, "lx"), name(&alice.clone(), "lx"));
    }

    proptest! {
        #[test]
        fn different_parts_have_different_digests(
            one in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3), 0..3),
            other in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3), 0..3),
        ) {
            let digest = |parts: &[Vec<u8>]| RequestDigest::of(parts.iter().map(Vec::as_slice));
            prop_assert_eq!(one == other, digest(&one) == digest(&other));
        }
    }
}
