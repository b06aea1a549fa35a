//! The `otpauth` URI that an authenticator scans (Key Uri Format).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::params::Parameters;
use super::secret::TotpSecret;
use crate::identity::{OrganizationName, UserId, is_displayable};

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Who issued the secret, as the authenticator shows it: the organization's name without colons, which the
/// format keeps for itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issuer(String);

impl Issuer {
    /// The issuer of an organization.
    pub fn of(name: &OrganizationName) -> Self {
        Self(name.as_str().replace(':', ""))
    }
}

/// Which account, as the authenticator shows it: 1 to 128 characters, none of them a control or a
/// bidirectional one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountName(String);

/// The text is not acceptable as an account name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an account name is 1 to 128 characters, without control or bidirectional characters")]
pub struct NotAnAccountName;

impl AccountName {
    /// The longest account name, in characters.
    pub const MAX_CHARS: usize = 128;

    /// Validates `text`.
    pub fn new(text: impl Into<String>) -> Result<Self, NotAnAccountName> {
        let text = text.into();
        if is_displayable(&text, Self::MAX_CHARS) { Ok(Self(text)) } else { Err(NotAnAccountName) }
    }

    /// The name of a user who gave no other: the user's id, cut to what fits.
    pub fn of(user: &UserId) -> Self {
        Self(user.as_str().chars().take(Self::MAX_CHARS).collect())
    }
}

/// The URI: issuer in the label and as a parameter, all parameters spelled out, base 32 without padding.
pub fn otpauth_uri(
    issuer: &Issuer,
    account: &AccountName,
    secret: &TotpSecret,
    parameters: Parameters,
) -> Zeroizing<String> {
    let issuer = utf8_percent_encode(&issuer.0, RESERVED).to_string();
    let label = match issuer.as_str() {
        "" => utf8_percent_encode(&account.0, RESERVED).to_string(),
        issuer => format!("{issuer}:{}", utf8_percent_encode(&account.0, RESERVED)),
    };
    Zeroizing::new(format!(
        "otpauth://totp/{label}?secret={}&issuer={issuer}&algorithm={}&digits={}&period={}",
        *secret.to_base32(),
        parameters.algorithm.as_str(),
        parameters.digits.count(),
        parameters.period.as_seconds(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(issuer: &str, account: &str) -> String {
        let secret = TotpSecret::from_bytes(Zeroizing::new(b"12345678901234567890".to_vec())).unwrap();
        let issuer = Issuer::of(&OrganizationName::new(issuer).unwrap());
        otpauth_uri(&issuer, &AccountName::new(account).unwrap(), &secret, Parameters::default()).to_string()
    }

    #[test]
    fn the_uri_names_everything() {
        assert_eq!(
            uri("Example Corp", "alice@example.com"),
            "otpauth://totp/Example%20Corp:alice%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Example%20Corp&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn an_account_cannot_add_parameters() {
        let uri = uri("Acme", "x&secret=AAAA&issuer=evil?#");
        assert_eq!(uri.matches("secret=").count(), 1);
        assert_eq!(uri.matches('?').count(), 1);
        assert!(!uri.contains('#'));
    }

    #[test]
    fn only_the_separator_is_a_colon() {
        let uri = uri("a:b", "c:d");
        assert!(uri.starts_with("otpauth://totp/ab:c%3Ad?"), "{uri}");
    }

    #[test]
    fn hidden_characters_are_refused() {
        for bad in ["", "a\0", "a\u{202E}b", "a\u{2066}b", "a\nb", &"x".repeat(129)] {
            assert_eq!(AccountName::new(bad), Err(NotAnAccountName), "{bad:?}");
        }
        assert!(AccountName::new("😀".repeat(128)).is_ok());
    }
}
