//! Keys that nobody drew at random.

/// Why a key is not accepted although it has the right length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// All zero, or the same bytes over and over.
    #[error("it repeats the same bytes")]
    Repeating,
    /// Each byte is the one before plus a constant.
    #[error("its bytes count up or down")]
    Counting,
    /// It stands in a published document, so everybody knows it.
    #[error("it is a published sample")]
    Sample,
    /// It can be read, so a person or a password manager made it up.
    #[error("it is text rather than random bytes")]
    Text,
}

/// The private key of the first test in RFC 8032, section 7.1, and of RFC 8037, appendix A.
const RFC_8032_SEED: [u8; 32] = [
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44,
    0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
];

/// The HMAC key of RFC 7515, appendix A.1.
const RFC_7515_SECRET: [u8; 64] = [
    3, 35, 53, 75, 43, 15, 165, 188, 131, 126, 6, 101, 119, 123, 166, 143, 90, 179, 40, 230, 240, 84, 201,
    40, 169, 15, 132, 178, 210, 80, 46, 191, 211, 251, 90, 146, 210, 6, 71, 239, 150, 138, 180, 195, 119, 98,
    61, 34, 61, 46, 33, 114, 5, 46, 79, 8, 192, 205, 154, 245, 103, 208, 128, 163,
];

/// What placeholders in configuration files and the samples of token debuggers contain, in lower case.
const PLACEHOLDERS: [&[u8]; 6] =
    [b"change-me", b"change_me", b"changeme", b"replace-me", b"your-256-bit", b"at-least-256-bits-long"];

/// What is wrong with bytes that should be random.
pub(crate) fn of_key(key: &[u8]) -> Option<Weakness> {
    let is_text = || key.iter().all(|byte| (0x20..=0x7E).contains(byte));
    of_secret(key).or_else(|| is_text().then_some(Weakness::Text))
}

/// What is wrong with a secret that may be text.
pub(crate) fn of_secret(secret: &[u8]) -> Option<Weakness> {
    if repeats(secret) {
        Some(Weakness::Repeating)
    } else if counts(secret) {
        Some(Weakness::Counting)
    } else if is_sample(secret) {
        Some(Weakness::Sample)
    } else {
        None
    }
}

fn repeats(key: &[u8]) -> bool {
    (1..=key.len() / 2).any(|period| key.iter().zip(key.iter().skip(period)).all(|(one, next)| one == next))
}

fn counts(key: &[u8]) -> bool {
    let mut steps = key.iter().zip(key.iter().skip(1)).map(|(one, next)| next.wrapping_sub(*one));
    let first = steps.next();
    steps.all(|step| Some(step) == first)
}

fn is_sample(secret: &[u8]) -> bool {
    let holds = |placeholder: &[u8]| {
        secret.windows(placeholder.len()).any(|window| window.eq_ignore_ascii_case(placeholder))
    };
    secret.starts_with(&RFC_8032_SEED)
        || secret == RFC_7515_SECRET
        || PLACEHOLDERS.iter().any(|placeholder| holds(placeholder))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn made_up_keys_are_named_as_what_they_are() {
        let counting: Vec<u8> = (0x80..0xA0).collect();
        let cases: [(&[u8], Weakness); 9] = [
            (&[0; 32], Weakness::Repeating),
            (&[7; 48], Weakness::Repeating),
            (&[1, 2, 3, 4].repeat(8), Weakness::Repeating),
            (&[1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2].repeat(3), Weakness::Repeating),
            (&counting, Weakness::Counting),
            (&(0..32).rev().collect::<Vec<u8>>(), Weakness::Counting),
            (&RFC_8032_SEED, Weakness::Sample),
            (&RFC_7515_SECRET, Weakness::Sample),
            (b"correct horse battery staple 123", Weakness::Text),
        ];
        for (key, weakness) in cases {
            assert_eq!(of_key(key), Some(weakness), "{key:?}");
        }
    }

    #[test]
    fn placeholders_are_no_secrets() {
        for placeholder in [
            "a-string-secret-at-least-256-bits-long",
            "your-256-bit-secret-your-512-bit-secret",
            "please-CHANGE-ME-before-production-use",
        ] {
            assert_eq!(of_secret(placeholder.as_bytes()), Some(Weakness::Sample), "{placeholder}");
        }
        assert_eq!(of_secret(b"q6Zf0wL2xJm8TnV4rYb1KcHs7UdGpEa9iXo5"), None);
    }

    proptest! {
        #[test]
        fn random_keys_are_accepted(key in any::<[u8; 32]>()) {
            prop_assert_eq!(of_key(&key), None);
        }
    }
}
