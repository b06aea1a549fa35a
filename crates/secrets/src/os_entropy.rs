//! Randomness from the operating system.

use std::cell::RefCell;

use countersign_domain::entropy::{Entropy, EntropyUnavailable};
use zeroize::Zeroize as _;

/// The random part of a ULID, in bytes. Whatever is longer may be a key or a secret.
const LONGEST_OF_AN_ID: usize = 10;
/// So many bytes are drawn ahead for ids: every call draws for two or three, and to ask the system costs more than to make
/// one.
const RESERVE: usize = 250;

thread_local! {
    static RESERVE_FOR_IDS: RefCell<Reserve> = const { RefCell::new(Reserve { bytes: [0; RESERVE], left: 0 }) };
}

/// The operating system's cryptographic generator. There is no fallback: when it fails, the call fails. Every byte is given out
/// once; only those for ids are drawn ahead.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
        if buffer.len() > LONGEST_OF_AN_ID {
            return draw(buffer);
        }
        RESERVE_FOR_IDS.with_borrow_mut(|reserve| reserve.give(buffer))
    }
}

#[expect(clippy::disallowed_methods, reason = "this adapter is where the Entropy port meets the system")]
fn draw(buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
    getrandom::fill(buffer).map_err(|_| EntropyUnavailable)
}

/// Bytes that nobody has got yet: the first `left` ones.
struct Reserve {
    bytes: [u8; RESERVE],
    left: usize,
}

impl Reserve {
    /// Gives the last bytes away, and forgets them.
    fn give(&mut self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
        if self.left < buffer.len() {
            self.left = 0;
            draw(&mut self.bytes)?;
            self.left = RESERVE;
        }
        let rest = self.left.saturating_sub(buffer.len());
        let given = self.bytes.get_mut(rest..self.left).ok_or(EntropyUnavailable)?;
        buffer.copy_from_slice(given);
        given.zeroize();
        self.left = rest;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

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

    #[test]
    fn no_id_is_given_twice_on_any_thread() {
        let many = || {
            let mut ids = Vec::new();
            for length in [10, 8, 9].into_iter().cycle().take(1_000) {
                let mut id = vec![0_u8; length];
                OsEntropy.fill(&mut id).unwrap();
                ids.push(id);
            }
            ids
        };
        let other = std::thread::spawn(many);
        let distinct: HashSet<_> = many().into_iter().chain(other.join().unwrap()).collect();
        assert_eq!(distinct.len(), 2_000);
    }

    #[test]
    fn what_was_given_is_forgotten() {
        let mut reserve = Reserve { bytes: [7; RESERVE], left: 25 };
        let mut id = [0_u8; 10];
        reserve.give(&mut id).unwrap();
        assert_eq!((id, reserve.left), ([7; 10], 15));
        assert_eq!(reserve.bytes.get(15..25), Some([0; 10].as_slice()));
        assert_eq!(reserve.bytes.get(..15), Some([7; 15].as_slice()));
    }
}
