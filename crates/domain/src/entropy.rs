//! Randomness as a port.

/// The source of randomness could not be used; there is no fallback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness is unavailable")]
pub struct EntropyUnavailable;

/// A cryptographically secure source of random bytes.
///
/// Duty: fill the whole buffer with bytes that nobody can predict, or fail. Never a partial fill, never a
/// weaker source instead.
pub trait Entropy: Send + Sync {
    /// Fills `buffer`.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable>;
}

impl From<EntropyUnavailable> for crate::failure::PortFailure {
    fn from(cause: EntropyUnavailable) -> Self {
        Self::unavailable(cause)
    }
}
