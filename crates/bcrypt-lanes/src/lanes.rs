//! bcrypt for a fixed number of lanes.

use std::array;

use zeroize::Zeroizing;

use crate::blowfish::{Halves, KeyWords, Lanes};
use crate::digest::CHECKSUM_BYTES;
use crate::{Cost, Digest, Password, Salt};

/// The text that bcrypt encrypts, `OrpheanBeholderScryDoubt`, as three blocks of two big-endian words.
const MAGIC_BLOCKS: [[u32; 2]; 3] =
    [[0x4f72_7068, 0x6561_6e42], [0x6568_6f6c, 0x6465_7253], [0x6372_7944, 0x6f75_6274]];

/// How often each block is encrypted.
const ENCRYPTIONS: u32 = 64;

/// One computation: what to hash with which salt.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// What is hashed.
    pub password: Password<'a>,
    /// The salt of the digest.
    pub salt: Salt,
}

/// Computes `N` digests of one cost on this thread, interleaved. Digest `i` belongs to job `i`; the jobs do
/// not influence each other.
///
/// `N` is at least 1, which the compiler checks. The call takes some 5 KB of stack for each lane. When the
/// number of jobs is not a constant, call [`hash_all`](crate::hash_all), which also picks the number of
/// lanes. A crate that calls this generic function compiles the computation itself, with its own optimisation
/// level.
#[expect(clippy::indexing_slicing, reason = "every array has one element for each lane")]
pub fn hash_lanes<const N: usize>(cost: Cost, jobs: &[Job<'_>; N]) -> [Digest; N] {
    const { assert!(N > 0, "there is no computation without a lane") };
    let lanes = keyed_lanes(cost, jobs);
    let blocks = MAGIC_BLOCKS.map(|block| encrypt_repeatedly(&lanes, block));
    array::from_fn(|lane| {
        let ciphertext = blocks.map(|[left, right]| [left[lane], right[lane]]);
        Digest::new(cost, jobs[lane].salt, checksum(ciphertext))
    })
}

/// bcrypt's expensive key schedule.
fn keyed_lanes<const N: usize>(cost: Cost, jobs: &[Job<'_>; N]) -> Lanes<N> {
    let mut keys: Zeroizing<[KeyWords; N]> = Zeroizing::new([[0; 18]; N]);
    let mut salts: [KeyWords; N] = [[0; 18]; N];
    for ((job, key), salt) in jobs.iter().zip(keys.iter_mut()).zip(&mut salts) {
        job.password.write_key(key);
        job.salt.write_key(salt);
    }
    let mut lanes = Lanes::new();
    lanes.expand_with_salt(&keys, &jobs.map(|job| job.salt.words()));
    for _ in 0..cost.rounds() {
        lanes.expand(&keys);
        lanes.expand(&salts);
    }
    lanes
}

/// Encrypts the same block in every lane, 64 times over.
fn encrypt_repeatedly<const N: usize>(lanes: &Lanes<N>, [left, right]: [u32; 2]) -> [Halves<N>; 2] {
    let mut left = [left; N];
    let mut right = [right; N];
    for _ in 0..ENCRYPTIONS {
        lanes.encrypt(&mut left, &mut right);
    }
    [left, right]
}

/// The ciphertext as bytes, without its last one, which bcrypt drops.
fn checksum(ciphertext: [[u32; 2]; 3]) -> [u8; CHECKSUM_BYTES] {
    let mut bytes = ciphertext.as_flattened().iter().flat_map(|word| word.to_be_bytes());
    [(); CHECKSUM_BYTES].map(|()| bytes.next().unwrap_or_default())
}
