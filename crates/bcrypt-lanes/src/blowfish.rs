//! Blowfish with bcrypt's key schedule, for `N` independent lanes at once.
//!
//! Within one lane, each half-round needs four table words whose addresses are the result of the half-round
//! before: the processor mostly waits for its first-level cache. The lanes know nothing of each other, so the
//! loop over them is innermost, and the loads of one lane run while another one waits.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::pi::{FRACTION_OF_PI, STATE_WORDS};

/// A key of 72 bytes as big-endian words.
pub(crate) type KeyWords = [u32; 18];

/// One half of a block of each lane.
pub(crate) type Halves<const N: usize> = [u32; N];

/// 18 subkeys, then four S-boxes of 256 words: 4168 bytes.
type State = [u32; STATE_WORDS];

/// The Blowfish states of `N` lanes. They depend on the password, so they are overwritten when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Lanes<const N: usize> {
    states: [State; N],
}

impl<const N: usize> Lanes<N> {
    /// States that no key has changed yet.
    pub(crate) fn new() -> Self {
        Self { states: [FRACTION_OF_PI; N] }
    }

    /// Mixes a key into each state; the salt is mixed into the blocks that replace the words.
    pub(crate) fn expand_with_salt(&mut self, keys: &[KeyWords; N], salts: &[[u32; 4]; N]) {
        self.mix_keys(keys);
        self.replace_words(|lanes, block, left, right| {
            for ((salt, left), right) in salts.iter().zip(left.iter_mut()).zip(right.iter_mut()) {
                let [first, second, third, fourth] = *salt;
                let (into_left, into_right) = if block % 2 == 0 { (first, second) } else { (third, fourth) };
                *left ^= into_left;
                *right ^= into_right;
            }
            lanes.encrypt(left, right);
        });
    }

    /// Mixes a key into each state. Nearly all of the time of a computation is spent here.
    pub(crate) fn expand(&mut self, keys: &[KeyWords; N]) {
        self.mix_keys(keys);
        self.replace_words(|lanes, _, left, right| lanes.encrypt_inline(left, right));
    }

    /// Encrypts one block of each lane in place.
    #[inline(never)]
    pub(crate) fn encrypt(&self, left: &mut Halves<N>, right: &mut Halves<N>) {
        self.encrypt_inline(left, right);
    }

    fn mix_keys(&mut self, keys: &[KeyWords; N]) {
        for (state, key) in self.states.iter_mut().zip(keys) {
            for (subkey, word) in state.iter_mut().zip(key) {
                *subkey ^= word;
            }
        }
    }

    /// Replaces each pair of words of the state by a running block of each lane. `advance` makes the block of
    /// the given number out of the one before it.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "the state has an even number of words")]
    fn replace_words(&mut self, advance: impl Fn(&Self, usize, &mut Halves<N>, &mut Halves<N>)) {
        let mut left = [0; N];
        let mut right = [0; N];
        for block in 0..STATE_WORDS / 2 {
            advance(self, block, &mut left, &mut right);
            for ((state, left), right) in self.states.iter_mut().zip(left).zip(right) {
                state[2 * block] = left;
                state[2 * block + 1] = right;
            }
        }
    }

    /// [`Lanes::encrypt`] for the place where the time goes: there the halves stay in registers.
    ///
    /// Each subkey but the first is mixed in a half-round before Blowfish's definition does so. The result is
    /// the same, and the exclusive-or leaves the chain of dependent operations. The rounds are written out
    /// because that is 4 % faster than a loop from six lanes on.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "without it the compiler keeps the halves in memory, 6 to 20 % slower"
    )]
    fn encrypt_inline(&self, left: &mut Halves<N>, right: &mut Halves<N>) {
        for (state, left) in self.states.iter().zip(left.iter_mut()) {
            *left ^= state[0];
        }
        self.two_rounds::<1>(left, right);
        self.two_rounds::<3>(left, right);
        self.two_rounds::<5>(left, right);
        self.two_rounds::<7>(left, right);
        self.two_rounds::<9>(left, right);
        self.two_rounds::<11>(left, right);
        self.two_rounds::<13>(left, right);
        self.two_rounds::<15>(left, right);
        for (state, right) in self.states.iter().zip(right.iter_mut()) {
            *right ^= state[17];
        }
        std::mem::swap(left, right);
    }

    /// Two rounds; `SUBKEY` is the number of the first of their two subkeys.
    ///
    /// The compiler inlines it by itself only where it sees a single caller, which depends on how the crate is cut into
    /// units. As a function it takes the halves through memory: a third slower from four lanes on.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "the halves have to stay in registers, however the crate is compiled"
    )]
    #[expect(clippy::indexing_slicing, reason = "the numbers of the subkeys are constants up to 16")]
    fn two_rounds<const SUBKEY: usize>(&self, left: &mut Halves<N>, right: &mut Halves<N>) {
        for ((state, left), right) in self.states.iter().zip(left.iter()).zip(right.iter_mut()) {
            *right ^= state[SUBKEY];
            *right ^= substitute(state, *left);
        }
        for ((state, left), right) in self.states.iter().zip(left.iter_mut()).zip(right.iter()) {
            *left ^= state[SUBKEY + 1];
            *left ^= substitute(state, *right);
        }
    }
}

/// Blowfish's function F: each byte of the input picks a word of its S-box.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a call for each half-round would cost more than the function")]
#[expect(clippy::indexing_slicing, reason = "a byte and an offset of at most 18 + 768 stay below 1042")]
fn substitute(state: &State, input: u32) -> u32 {
    // Shifts, because `to_be_bytes` costs one instruction more.
    let byte = |shift: u32| (input >> shift) as usize & 0xff;
    let sum = state[18 + byte(24)].wrapping_add(state[18 + 256 + byte(16)]);
    (sum ^ state[18 + 512 + byte(8)]).wrapping_add(state[18 + 768 + byte(0)])
}

#[cfg(test)]
mod tests;
