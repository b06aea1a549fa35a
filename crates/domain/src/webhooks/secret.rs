//! The secret that a webhook's deliveries are signed with.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use crate::entropy::{Entropy, EntropyUnavailable};

/// What every secret begins with.
const PREFIX: &str = "whsec_";
/// Random bytes of a secret: as many as the hash has (RFC 2104, section 3).
const RANDOM_LENGTH: usize = 32;
/// Characters of a secret.
const LENGTH: usize = PREFIX.len() + 43;

/// `whsec_` and 43 characters of base64url. The text as it stands is the key of HMAC-SHA256. Wiped when dropped, never
/// shown by `Debug`.
pub struct WebhookSecret(Zeroizing<String>);

/// The text is no secret of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook's secret is whsec_ and 43 characters")]
pub struct NotAWebhookSecret;

impl WebhookSecret {
    /// A new secret.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        let mut random = Zeroizing::new([0; RANDOM_LENGTH]);
        entropy.fill(&mut *random)?;
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        text.push_str(PREFIX);
        BASE64URL_NOPAD.encode_append(&*random, &mut text);
        Ok(Self(text))
    }

    /// A secret that was issued before.
    pub fn new(text: Zeroizing<String>) -> Result<Self, NotAWebhookSecret> {
        let random = text.strip_prefix(PREFIX).unwrap_or_default();
        let known = random.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if known && text.len() == LENGTH { Ok(Self(text)) } else { Err(NotAWebhookSecret) }
    }

    /// The text, to be shown once, sealed, and used as a key.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);

    impl Entropy for Fixed {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
            buffer.fill(self.0);
            Ok(())
        }
    }

    fn read(text: &str) -> Result<WebhookSecret, NotAWebhookSecret> {
        WebhookSecret::new(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn a_secret_can_be_read_back_and_is_not_shown() {
        let secret = WebhookSecret::generate(&Fixed(0xFF)).unwrap();
        assert_eq!(secret.expose(), "whsec___________________________________________8");
        assert_eq!(read(secret.expose()).unwrap().expose(), secret.expose());
        assert_eq!(format!("{secret:?}"), "WebhookSecret([redacted])");
    }

    #[test]
    fn nothing_else_is_a_secret() {
        let secret = WebhookSecret::generate(&Fixed(7)).unwrap();
        let text = secret.expose();
        for bad in ["", "whsec_", &text[1..], &text[..48], &format!("{text}A"), &text.replace('B', "+")] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
