//! Randomness for ids, drawn ahead.

use std::cell::RefCell;

use countersign_domain::entropy::{Entropy, EntropyUnavailable};
use zeroize::Zeroize as _;

use crate::os_entropy::OsEntropy;

/// So many bytes are drawn at once: those of 32 ULIDs. To ask the system costs more than to make an id.
const DRAWN: usize = 512;

thread_local! {
    static RESERVE: RefCell<Reserve> = const { RefCell::new(Reserve { bytes: [0; DRAWN], left: 0 }) };
}

/// The operating system's cryptographic generator, which is asked for the bytes of many ids at once. Every byte is given out once.
/// The bytes of the next ids lie in memory, so whatever has to stay secret comes from [`OsEntropy`].
#[derive(Debug, Clone, Copy, Default)]
pub struct IdEntropy;

impl Entropy for IdEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
        if buffer.len() > DRAWN {
            return OsEntropy.fill(buffer);
        }
        RESERVE.with_borrow_mut(|reserve| reserve.give(buffer))
    }
}

/// Bytes that nobody has got yet: the first `left` ones. Each thread has its own.
struct Reserve {
    bytes: [u8; DRAWN],
    left: usize,
}

impl Reserve {
    /// Gives the last bytes away, and forgets them.
    fn give(&mut self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
        if self.left < buffer.len() {
            self.left = 0;
            OsEntropy.fill(&mut self.bytes)?;
            self.left = DRAWN;
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

    /// Many ids of three lengths, of which no number fits the reserve.
    fn draws() -> Vec<Vec<u8>> {
        let one = |length| {
            let mut id = vec![0_u8; length];
            IdEntropy.fill(&mut id).unwrap();
            id
        };
        [16, 10, 13].into_iter().cycle().take(1_000).map(one).collect()
    }

    #[test]
    fn no_id_is_given_twice_on_any_thread() {
        let other = std::thread::spawn(draws);
        let drawn: HashSet<_> = draws().into_iter().chain(other.join().unwrap()).collect();
        assert_eq!(drawn.len(), 2_000);
    }

    #[test]
    fn what_is_longer_than_the_reserve_is_filled_too() {
        let mut buffer = [0_u8; 4 * DRAWN];
        IdEntropy.fill(&mut buffer).unwrap();
        // A byte stays zero with a chance of 1 in 256; 64 zero bytes in a row do not happen.
        assert!(buffer.chunks(64).all(|chunk| chunk.iter().any(|byte| *byte != 0)));
    }

    #[test]
    fn what_was_given_is_forgotten() {
        let mut reserve = Reserve { bytes: [7; DRAWN], left: 25 };
        let mut id = [0_u8; 10];
        reserve.give(&mut id).unwrap();
        assert_eq!((id, reserve.left), ([7; 10], 15));
        assert_eq!(reserve.bytes.get(15..25), Some([0; 10].as_slice()));
        assert_eq!(reserve.bytes.get(..15), Some([7; 15].as_slice()));
    }

    #[test]
    fn too_few_bytes_are_left_alone_and_all_are_drawn_anew() {
        let mut reserve = Reserve { bytes: [7; DRAWN], left: 15 };
        let mut id = [0_u8; 16];
        reserve.give(&mut id).unwrap();
        assert_ne!(id, [7; 16]);
        assert_eq!(reserve.left, DRAWN - 16);
    }
}
