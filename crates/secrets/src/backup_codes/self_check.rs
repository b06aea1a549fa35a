//! The interleaved computation against the `bcrypt` crate, before the first real code.
//!
//! Hashes that only this program could check would be worse than none. Whatever makes the lanes compute
//! something else than bcrypt, such as a fault of a compiler or of a processor, is noticed here and not when
//! a user signs in.

use bcrypt::{BcryptError, Version};
use countersign_bcrypt_lanes::{Cost, Digest, FASTEST_LANES, Job, Password, Salt};

/// The computation does not agree with bcrypt on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{lanes} interleaved bcrypt computations do not agree with the bcrypt crate on this machine")]
pub(super) struct Disagreement {
    lanes: usize,
}

/// Lets `hash_all` compute one batch of each size that the threads use, at the lowest cost: some
/// milliseconds.
pub(super) fn run(hash_all: impl Fn(Cost, &[Job<'_>]) -> Vec<Digest>) -> Result<(), Disagreement> {
    let samples: Vec<[u8; 64]> = (b'a'..).take(FASTEST_LANES).map(|letter| [letter; 64]).collect();
    let mut jobs = Vec::new();
    let mut expected = Vec::new();
    for (sample, salt) in samples.iter().zip(1..) {
        let lanes = jobs.len().saturating_add(1);
        let disagreement = Disagreement { lanes };
        let password = Password::new(sample).map_err(|_| disagreement)?;
        jobs.push(Job { password, salt: Salt([salt; 16]) });
        expected.push(by_the_crate(sample, [salt; 16]).map_err(|_| disagreement)?);
        let computed: Vec<_> = hash_all(Cost::MIN, &jobs).iter().map(Digest::to_string_2b).collect();
        if computed != expected {
            return Err(disagreement);
        }
    }
    Ok(())
}

fn by_the_crate(input: &[u8], salt: [u8; 16]) -> Result<String, BcryptError> {
    let parts = bcrypt::non_truncating_hash_with_salt(input, Cost::MIN.get(), salt)?;
    Ok(parts.format_for_version(Version::TwoB))
}

#[cfg(test)]
mod tests {
    use countersign_bcrypt_lanes::hash_all;

    use super::*;

    #[test]
    fn the_lanes_compute_bcrypt() {
        assert_eq!(run(hash_all), Ok(()));
    }

    #[test]
    fn a_computation_that_errs_in_one_lane_is_found() {
        let faulty = |cost, jobs: &[Job<'_>]| {
            let mut jobs = jobs.to_vec();
            jobs.iter_mut().skip(2).for_each(|job| job.salt.0[15] ^= 1);
            hash_all(cost, &jobs)
        };
        assert_eq!(run(faulty), Err(Disagreement { lanes: 3 }));
    }

    #[test]
    fn a_computation_that_leaves_out_a_digest_is_found() {
        let short = |cost, jobs: &[Job<'_>]| hash_all(cost, jobs.split_last().unwrap().1);
        assert_eq!(run(short), Err(Disagreement { lanes: 1 }));
    }
}
