//! The names of keys in token headers.

/// The `kid` of a key: 1 to 64 of `A-Z`, `a-z`, `0-9`, `-` and `_`. It is a key of a map in memory and
/// nothing else: it never reaches a file name or a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kid(String);

/// The text is not acceptable as a `kid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a kid is 1 to 64 letters, digits, dashes and underscores")]
pub struct NotAKid;

impl Kid {
    /// Validates `text`.
    pub fn new(text: impl Into<String>) -> Result<Self, NotAKid> {
        let text = text.into();
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if plain && (1..=64).contains(&text.len()) { Ok(Self(text)) } else { Err(NotAKid) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
