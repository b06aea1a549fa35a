//! Randomness from the operating system.

use countersign_domain::entropy::{Entropy, EntropyUnavailable};

/// The operating system's cryptographic generator. There is no fallback: when it fails, the call fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "this adapter is where the Entropy port meets the system")]
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
        getrandom::fill(buffer).map_err(|_| EntropyUnavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_buffer_is_filled() {
        let mut buffer = [0_u8; 4096];
        OsEntropy.fill(&mut buffer).unwrap();
        // A byte stays zero with a chance of 1 in 256; 64 zero bytes in a row do not happen.
        assert!(buffer.chunks(64).all(|chunk| chunk.iter().any(|byte| *byte != 0)));
    }

    #[test]
    fn two_draws_differ() {
        let (mut one, mut other) = ([0_u8; 32], [0_u8; 32]);
        OsEntropy.fill(&mut one).unwrap();
        OsEntropy.fill(&mut other).unwrap();
        assert_ne!(one, other);
    }
}
