//! Who and what: validated identifiers.

use std::fmt;
use std::str::FromStr;

use ulid::Ulid;

use crate::entropy::{Entropy, EntropyUnavailable};
use crate::time::Timestamp;

/// The text is not a ULID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a ULID: 26 characters of Crockford's base 32")]
pub struct NotAUlid;

/// Makes a ULID from an instant and randomness that were passed in.
fn mint_ulid(now: Timestamp, entropy: &dyn Entropy) -> Result<Ulid, EntropyUnavailable> {
    let mut random = [0_u8; 16];
    entropy.fill(&mut random)?;
    let millis = u64::try_from(now.as_micros().div_euclid(1_000)).unwrap_or(0);
    Ok(Ulid::from_parts(millis, u128::from_be_bytes(random)))
}

macro_rules! ulid_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(Ulid);

        impl $name {
            /// Wraps a ULID.
            pub const fn new(ulid: Ulid) -> Self {
                Self(ulid)
            }

            /// A new id from an instant and randomness.
            pub fn mint(now: Timestamp, entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
                mint_ulid(now, entropy).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAUlid;

            fn from_str(text: &str) -> Result<Self, NotAUlid> {
                Ulid::from_string(text).map(Self).map_err(|_| NotAUlid)
            }
        }
    )+};
}

ulid_ids! {
    /// The platform's organization: the owner of users, keys, limits and quota.
    OrganizationId,
    /// One binding of an authenticator; new at each set-up.
    FactorId,
    /// One set-up, as the caller knows it.
    SetupId,
    /// The right to run one set-up for a user.
    SetupClaimId,
    /// One set of ten backup codes.
    BackupSetId,
    /// One row of the audit trail.
    AuditEventId,
    /// One step-up assertion.
    AssertionId,
    /// One request, as the answer, the log and the audit trail name it.
    RequestId,
    /// One webhook.
    WebhookId,
    /// One signing secret of a webhook; new at each rotation.
    WebhookSecretId,
}

/// Live data, or data made while trying things out. The two never mix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Environment {
    /// The real thing.
    Live,
    /// Trials; counted apart and never billed.
    Test,
}

impl Environment {
    /// `live` or `test`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an environment is `live` or `test`")]
pub struct NotAnEnvironment;

impl FromStr for Environment {
    type Err = NotAnEnvironment;

    fn from_str(text: &str) -> Result<Self, NotAnEnvironment> {
        match text {
            "live" => Ok(Self::Live),
            "test" => Ok(Self::Test),
            _ => Err(NotAnEnvironment),
        }
    }
}

/// The platform's own id of a user: 1 to 255 printable ASCII bytes, compared byte for byte.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UserId(String);

/// The text is not acceptable as a user id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user id is 1 to 255 printable ASCII characters")]
pub struct NotAUserId;

impl UserId {
    /// Validates `text`.
    pub fn new(text: impl Into<String>) -> Result<Self, NotAUserId> {
        let text = text.into();
        if is_printable_id(&text) { Ok(Self(text)) } else { Err(NotAUserId) }
    }

    /// The id as the platform wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The shape of every id that a platform chooses: 1 to 255 printable ASCII bytes.
pub(crate) fn is_printable_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| (0x20..=0x7E).contains(&byte))
}

/// Whose second factor: a user of an organization, in one environment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Subject {
    /// The organization that the user belongs to.
    pub organization: OrganizationId,
    /// Live or test data.
    pub environment: Environment,
    /// The user.
    pub user: UserId,
}

/// What an organization is called: 1 to 100 characters, none of them a control or a bidirectional one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrganizationName(String);

/// The text is not acceptable as the name of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an organization's name is 1 to 100 characters, without control or bidirectional characters")]
pub struct NotAnOrganizationName;

impl OrganizationName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 100;

    /// Validates `text`; space around it is taken off.
    pub fn new(text: &str) -> Result<Self, NotAnOrganizationName> {
        let text = text.trim();
        if is_displayable(text, Self::MAX_CHARS) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnOrganizationName)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether people can be shown `text`: 1 to `max_chars` characters, none of which is a control character or
/// changes the direction of what stands around it.
pub(crate) fn is_displayable(text: &str, max_chars: usize) -> bool {
    (1..=max_chars).contains(&text.chars().count())
        && !text.chars().any(|c| c.is_control() || is_bidirectional(c))
}

/// The formatting characters of Unicode's bidirectional algorithm (UAX #9, section 2), and the two line
/// separators.
const fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_is_kept_byte_for_byte() {
        assert_eq!(UserId::new("Alice ").map(|u| u.as_str().to_owned()), Ok("Alice ".to_owned()));
        assert_ne!(UserId::new("alice"), UserId::new("Alice"));
    }

    #[test]
    fn a_user_id_is_1_to_255_printable_ascii_bytes() {
        assert!(UserId::new("a".repeat(255)).is_ok());
        for bad in
            [String::new(), "a".repeat(256), "a\0".into(), "a\n".into(), "ä".into(), "\u{202E}a".into()]
        {
            assert_eq!(UserId::new(bad.clone()), Err(NotAUserId), "{bad:?}");
        }
    }

    #[test]
    fn an_organization_name_has_no_hidden_characters() {
        assert!(OrganizationName::new("Müller & Söhne").is_ok());
        for bad in ["", "  ", "a\u{202E}b", "a\nb", &"x".repeat(101)] {
            assert_eq!(OrganizationName::new(bad), Err(NotAnOrganizationName), "{bad:?}");
        }
    }

    #[test]
    fn an_id_can_be_read_back() {
        let id = SetupId::new(Ulid::from_parts(7, 9));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("01ARZ3NDEKTSV4RRFFQ69G5FA".parse::<SetupId>(), Err(NotAUlid));
    }
}
