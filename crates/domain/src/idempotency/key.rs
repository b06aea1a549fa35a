//! What a caller calls a call.

use crate::identity::is_printable_id;

/// The caller's name for one call, so that sending it again does nothing twice: 1 to 255 printable ASCII bytes,
/// compared byte for byte.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IdempotencyKey(String);

/// The text is not acceptable as an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key is 1 to 255 printable ASCII characters")]
pub struct NotAnIdempotencyKey;

impl IdempotencyKey {
    /// Validates `text`.
    pub fn new(text: impl Into<String>) -> Result<Self, NotAnIdempotencyKey> {
        let text = text.into();
        if is_printable_id(&text) { Ok(Self(text)) } else { Err(NotAnIdempotencyKey) }
    }

    /// The key as the caller wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
