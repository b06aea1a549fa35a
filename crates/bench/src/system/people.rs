//! Users with their authenticators, and the tokens that their platform signs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::load::request;

/// Seconds for which a code is shown.
const PERIOD: u64 = 30;
/// Digits of the number in a user's name; names are in the order of their numbers.
const NAME_DIGITS: usize = 8;
/// How long a token is valid: longer than any benchmark runs.
const TOKEN_LIFE: Duration = Duration::from_hours(12);

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a benchmark lives in the present")]
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The number of the present time step.
pub(crate) fn present_step() -> u64 {
    now() / PERIOD
}

/// Signs user tokens for one organization, as its platform would.
#[derive(Clone)]
pub(crate) struct Signer {
    secret: &'static str,
    /// The organization's id.
    pub(crate) organization: String,
}

impl Signer {
    pub(crate) fn new(secret: &'static str, organization: &str) -> Self {
        Self { secret, organization: organization.to_owned() }
    }

    /// A token for a user.
    pub(crate) fn token(&self, user: &str) -> String {
        let (issued, header) = (now(), r#"{"alg":"HS256","typ":"JWT"}"#);
        let expires = issued.saturating_add(TOKEN_LIFE.as_secs());
        let claims =
            format!(r#"{{"sub":"{user}","org_id":"{}","iat":{issued},"exp":{expires}}}"#, self.organization);
        let encode = |part: &str| BASE64URL_NOPAD.encode(part.as_bytes());
        let signed = format!("{}.{}", encode(header), encode(&claims));
        // Every length is a key's length for HMAC.
        let signature = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).map(|mut mac| {
            mac.update(signed.as_bytes());
            BASE64URL_NOPAD.encode(&mac.finalize().into_bytes())
        });
        format!("{signed}.{}", signature.unwrap_or_default())
    }
}

/// What the user with this number is called.
pub(crate) fn name(number: u64) -> String {
    format!("user-{number:0NAME_DIGITS$}")
}

/// A user with an authenticator.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) name: String,
    secret: [u8; 20],
    /// The newest step whose code is used up.
    pub(crate) spent: u64,
    /// Wrong codes since the last right one.
    pub(crate) wrong: u32,
}

impl Person {
    /// The user with this number and with the secret that a set-up gave, in base 32; `None` when that is not one of 20
    /// bytes.
    pub(crate) fn new(number: u64, base32: &str) -> Option<Self> {
        let secret = BASE32_NOPAD.decode(base32.as_bytes()).ok()?.try_into().ok()?;
        Some(Self { name: name(number), secret, spent: 0, wrong: 0 })
    }

    /// The user with this number and with a secret that only depends on the number. An import spends the codes of the present
    /// and of the next step.
    pub(crate) fn known(number: u64) -> Self {
        let mut secret = [0; 20];
        secret
            .iter_mut()
            .zip(Sha256::digest(number.to_le_bytes()))
            .for_each(|(byte, of_hash)| *byte = of_hash);
        Self { name: name(number), secret, spent: present_step().saturating_add(1), wrong: 0 }
    }

    /// The secret in base 32.
    pub(crate) fn base32(&self) -> String {
        BASE32_NOPAD.encode(&self.secret)
    }

    /// The code of a time step.
    pub(crate) fn code(&self, step: u64) -> String {
        totp_lite::totp_custom::<totp_lite::Sha1>(1, 6, &self.secret, step)
    }

    /// The code of a time step, which is used up with it; so is a step soon after it that happens to have the same code, as the
    /// server takes it for that one's.
    pub(crate) fn spend(&mut self, step: u64) -> String {
        let code = self.code(step);
        let soon = step.saturating_add(2);
        self.spent = (step..=soon).rev().find(|later| self.code(*later) == code).unwrap_or(step);
        self.wrong = 0;
        code
    }

    /// A code that is right neither now nor soon.
    pub(crate) fn wrong_code(&self, step: u64) -> String {
        let near: Vec<_> =
            (step.saturating_sub(2)..=step.saturating_add(3)).map(|near| self.code(near)).collect();
        (0..1_000_000)
            .map(|number| format!("{number:06}"))
            .find(|code| !near.contains(code))
            .unwrap_or_default()
    }
}

/// A request of a user to prove their second factor.
pub(crate) fn verify(signer: &Signer, name: &str, code: &str) -> Vec<u8> {
    let body = format!(r#"{{"code":"{code}"}}"#);
    request::post("/v1/me/2fa/verify", Some(&signer.token(name)), &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, for SHA-1; its codes have eight digits.
        let person = Person::new(1, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        assert_eq!((person.code(0x1), person.code(0x0235_23EC)), ("287082".to_owned(), "081804".to_owned()));
        assert_eq!(person.name, "user-00000001");
        assert!(Person::new(1, "GEZA").is_none());
        let known = Person::known(1);
        assert_eq!(Person::new(1, &known.base32()).unwrap().code(7), known.code(7));
        assert_ne!(known.base32(), Person::known(2).base32());
    }

    #[test]
    fn a_code_spends_every_step_soon_that_has_the_same() {
        let mut person = Person::known(1);
        let repeated = (0_u64..20_000_000).find(|step| person.code(*step) == person.code(step + 1)).unwrap();
        assert_eq!(person.spend(repeated), person.code(repeated));
        assert_eq!(person.spent, repeated + 1);
        person.spend(repeated + 1);
        assert_eq!(person.spent, repeated + 1);
    }

    #[test]
    fn a_wrong_code_is_none_of_those_around_now() {
        let person = Person::new(1, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        let wrong = person.wrong_code(100);
        assert_eq!(wrong.len(), 6);
        assert!((98..104).all(|step| person.code(step) != wrong));
    }

    #[test]
    fn a_token_has_three_parts_without_padding() {
        let token = Signer::new("secret", "01J").token("alice");
        assert_eq!(token.split('.').count(), 3);
        assert!(!token.contains('='));
    }
}
