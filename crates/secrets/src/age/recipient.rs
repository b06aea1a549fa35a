//! Who can read a file.

use std::str::FromStr;

use super::bech32;

/// A public key of X25519, as `age-keygen` prints it: `age1` and 58 letters and digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AgeRecipient(pub(super) [u8; 32]);

/// The text is no recipient, or was mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a recipient is the public key that `age-keygen` prints: age1 and 58 letters and digits")]
pub struct NotAnAgeRecipient;

impl FromStr for AgeRecipient {
    type Err = NotAnAgeRecipient;

    fn from_str(text: &str) -> Result<Self, NotAnAgeRecipient> {
        bech32::decode("age", text).map(Self).ok_or(NotAnAgeRecipient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the README of age.
    const PUBLISHED: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    #[test]
    fn a_recipient_is_read_and_a_mistyped_one_is_refused() {
        assert!(PUBLISHED.parse::<AgeRecipient>().is_ok());
        for place in 4..PUBLISHED.len() {
            let mut typed = PUBLISHED.to_owned().into_bytes();
            typed[place] = if typed[place] == b'q' { b'p' } else { b'q' };
            let typed = String::from_utf8(typed).unwrap();
            assert_eq!(typed.parse::<AgeRecipient>(), Err(NotAnAgeRecipient), "{typed}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let upper = PUBLISHED.to_uppercase();
        let of_a_secret = PUBLISHED.replace("age1", "age-secret-key-1");
        for text in
            ["", "age1", "age1qqqqqq", &upper, &of_a_secret, &PUBLISHED[..61], "ssh-ed25519 AAAA", "age1ä"]
        {
            assert_eq!(text.parse::<AgeRecipient>(), Err(NotAnAgeRecipient), "{text}");
        }
    }
}
