//! bcrypt for any number of jobs.

use crate::{Cost, Digest, Job, hash_lanes};

/// The most jobs that [`hash_all`] interleaves. More states than that leave a first-level cache of 32 KiB.
pub const MAX_LANES: usize = 8;

/// How long a call with 1, 2, … lanes takes. Only the ratios matter; the unit here is a tenth of a
/// millisecond at cost 10.
///
/// Measured on one core of an AMD EPYC of the Zen 4 generation, in a plain release build for x86-64. Other
/// architectures have not been measured and use the same numbers; `benches/lanes.rs` prints what an entry for
/// one of them needs. A wrong ratio costs time, never a result.
const CALL_TIMES: [u32; MAX_LANES] = [545, 590, 635, 725, 830, 945, 1130, 1300];

/// The number of lanes that computes the most digests per second on one core.
///
/// A caller with several threads should give each of them about its share of the jobs, and no more than this
/// number.
pub const FASTEST_LANES: usize = fastest(&CALL_TIMES);

/// How many jobs the table of batches covers. With more, all but the last of them go in batches of
/// `FASTEST_LANES`.
const PLANNED: usize = 4 * MAX_LANES;

/// The size of the first batch for each number of jobs, so that all batches together take the least time.
const FIRST_BATCH: [usize; PLANNED + 1] = first_batches(&CALL_TIMES);

/// Computes the digests of any number of jobs of one cost on this thread, several at a time. Digest `i`
/// belongs to job `i`.
///
/// The jobs are cut into batches whose times add up to the least; see the table in the documentation of the
/// crate. It takes some 40 KB of stack.
pub fn hash_all(cost: Cost, jobs: &[Job<'_>]) -> Vec<Digest> {
    let mut digests = Vec::with_capacity(jobs.len());
    let mut waiting = jobs;
    while !waiting.is_empty() {
        let (batch, later) = waiting.split_at(first_batch(waiting.len()));
        hash_batch(cost, batch, &mut digests);
        waiting = later;
    }
    digests
}

/// Computes the digests of one batch and appends them.
type HashBatch = fn(Cost, &[Job<'_>], &mut Vec<Digest>);

/// `HASH_WITH[n - 1]` takes batches of `n` jobs.
const HASH_WITH: [HashBatch; MAX_LANES] = [
    hash_with::<1>,
    hash_with::<2>,
    hash_with::<3>,
    hash_with::<4>,
    hash_with::<5>,
    hash_with::<6>,
    hash_with::<7>,
    hash_with::<8>,
];

/// Computes 1 to `MAX_LANES` digests with that many lanes.
#[expect(clippy::indexing_slicing, reason = "a batch has 1 to 8 jobs")]
fn hash_batch(cost: Cost, batch: &[Job<'_>], digests: &mut Vec<Digest>) {
    HASH_WITH[batch.len() - 1](cost, batch, digests);
}

fn hash_with<const N: usize>(cost: Cost, jobs: &[Job<'_>], digests: &mut Vec<Digest>) {
    let (batches, _) = jobs.as_chunks::<N>();
    digests.extend(batches.iter().flat_map(|batch| hash_lanes(cost, batch)));
}

/// The size of the first batch of so many jobs: at least 1 unless there is no job, and at most `jobs` and
/// `MAX_LANES`.
fn first_batch(jobs: usize) -> usize {
    FIRST_BATCH.get(jobs).copied().unwrap_or(FASTEST_LANES)
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn fastest(times: &[u32; MAX_LANES]) -> usize {
    let mut best = 1;
    let mut lanes = 2;
    while lanes <= MAX_LANES {
        // times[lanes] / lanes < times[best] / best, without fractions.
        if times[lanes - 1] as usize * best < times[best - 1] as usize * lanes {
            best = lanes;
        }
        lanes += 1;
    }
    best
}

/// The cheapest first batch for each number of jobs: the one with the least sum of its time and of the least
/// time for the jobs that it leaves.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn first_batches(times: &[u32; MAX_LANES]) -> [usize; PLANNED + 1] {
    let mut first = [0; PLANNED + 1];
    let mut least = [u32::MAX; PLANNED + 1];
    least[0] = 0;
    let mut jobs = 1;
    while jobs <= PLANNED {
        let mut lanes = 1;
        while lanes <= MAX_LANES && lanes <= jobs {
            let time = times[lanes - 1] + least[jobs - lanes];
            if time < least[jobs] {
                (first[jobs], least[jobs]) = (lanes, time);
            }
            lanes += 1;
        }
        jobs += 1;
    }
    first
}

#[cfg(test)]
mod tests;
