//! Randomness that repeats itself, and randomness that fails. For tests only: anybody who knows the seed
//! knows all.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use countersign_domain::entropy::{Entropy, EntropyUnavailable};

/// The step of `SplitMix64` (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// The same bytes for the same seed, in the order in which they are asked for. Concurrent callers get
/// different bytes.
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// The stream of bytes that belongs to `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
        for chunk in buffer.chunks_mut(8) {
            chunk.copy_from_slice(self.next().to_le_bytes().get(..chunk.len()).ok_or(EntropyUnavailable)?);
        }
        Ok(())
    }
}

/// Fails always.
#[derive(Clone, Copy, Debug)]
pub struct FailingEntropy;

impl Entropy for FailingEntropy {
    fn fill(&self, _buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
        Err(EntropyUnavailable)
    }
}

/// Works for a number of calls and fails from then on, so that a test can fail a use case at each of its
/// steps.
#[derive(Debug)]
pub struct ExhaustibleEntropy {
    inner: SeededEntropy,
    left: AtomicUsize,
}

impl ExhaustibleEntropy {
    /// Works for `calls` calls.
    pub const fn after(calls: usize) -> Self {
        Self { inner: SeededEntropy::new(0), left: AtomicUsize::new(calls) }
    }
}

impl Entropy for ExhaustibleEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
        let one_less = |left: usize| left.checked_sub(1);
        self.left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .map_err(|_| EntropyUnavailable)?;
        self.inner.fill(buffer)
    }
}
