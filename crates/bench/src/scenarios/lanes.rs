//! Ten hashed backup codes at the speed of the processor.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use countersign_bcrypt_lanes::{Cost, FASTEST_LANES, Job, Password, Salt, hash_all, hash_lanes};

use crate::extent::Extent;
use crate::report::plot::Series;
use crate::report::row::{Rounds, Row, Wanted, median};

/// As long as what stands before the bcrypt of a backup code.
const INPUT: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqr";
/// Codes of a set.
pub(crate) const CODES: usize = 10;

pub(crate) fn run(extent: &Extent) -> anyhow::Result<(Vec<Row>, Series)> {
    let (cost, processors) = (Cost::new(extent.cost)?, processors());
    let mut on_one = Rounds::default();
    let (mut against_one, mut against_all) = (Rounds::default(), Rounds::default());
    for _ in 0..extent.rounds {
        let by_crate = millis(|| by_the_crate(extent.cost, 1));
        let interleaved = millis(|| drop(black_box(hash_all(cost, &jobs(FASTEST_LANES)))));
        on_one.push(interleaved / count(FASTEST_LANES), by_crate);

        let ten = millis(|| ten_codes(cost, processors));
        against_one.push(ten, millis(|| by_the_crate(extent.cost, CODES)));
        against_all.push(ten, millis(|| spread(processors, |share| by_the_crate(extent.cost, share))));
    }
    let rows = vec![
        on_one.inverse_row(
            format!("one bcrypt of {FASTEST_LANES} interleaved on one core"),
            "ms",
            "bcrypt crate",
            Wanted::AtLeast(3.2),
        ),
        against_one.inverse_row(
            "ten codes on all cores",
            "ms",
            "ten calls of the crate",
            Wanted::AtLeast(6.0),
        ),
        against_all.inverse_row(
            "ten codes on all cores",
            "ms",
            "ten calls of the crate on the same cores",
            Wanted::AtLeast(3.0),
        ),
    ];
    Ok((rows, by_lanes(cost, extent)?))
}

/// Milliseconds for each hash, by the number of lanes.
fn by_lanes(cost: Cost, extent: &Extent) -> anyhow::Result<Series> {
    let mut points = Vec::new();
    for lanes in [1, 2, 3, 4, 5, 6, 8, 10] {
        let rounds: Option<Vec<f64>> = (0..extent.rounds.min(3)).map(|_| one_batch(cost, lanes)).collect();
        let rounds = rounds.context("a number of lanes that is not compiled")?;
        points.push((count(lanes), median(&rounds) / count(lanes)));
    }
    Ok(Series { name: "ms for each hash".to_owned(), points })
}

fn one_batch(cost: Cost, lanes: usize) -> Option<f64> {
    fn batch<const N: usize>(cost: Cost) -> Option<f64> {
        let jobs: [Job<'static>; N] = jobs(N).try_into().ok()?;
        Some(millis(|| {
            let _ = black_box(hash_lanes(cost, black_box(&jobs)));
        }))
    }
    match lanes {
        1 => batch::<1>(cost),
        2 => batch::<2>(cost),
        3 => batch::<3>(cost),
        4 => batch::<4>(cost),
        5 => batch::<5>(cost),
        6 => batch::<6>(cost),
        8 => batch::<8>(cost),
        10 => batch::<10>(cost),
        _ => None,
    }
}

/// The hashing bound of the machine: interleaved hashes a second on all processors, with nothing around them.
pub(crate) fn hashes_per_second(cost: Cost, at_least: Duration) -> f64 {
    let processors = processors();
    let began = Instant::now();
    let hashed: usize = thread::scope(|scope| {
        let one = || {
            let mut hashed = 0_usize;
            while began.elapsed() < at_least {
                hashed = hashed.saturating_add(black_box(hash_all(cost, &jobs(FASTEST_LANES))).len());
            }
            hashed
        };
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    });
    count(hashed) / began.elapsed().as_secs_f64()
}

/// Ten hashes, cut evenly among `processors` threads, with nothing around them.
pub(crate) fn ten_codes(cost: Cost, processors: usize) {
    spread(processors, |share| drop(black_box(hash_all(cost, &jobs(share)))));
}

fn spread(processors: usize, work: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for number in 0..processors {
            let share = CODES.saturating_add(number) / processors;
            let work = &work;
            scope.spawn(move || work(share));
        }
    });
}

fn by_the_crate(cost: u32, count: usize) {
    for _ in 0..count {
        let _ = black_box(bcrypt::hash_with_salt(black_box(INPUT), cost, [1; 16]));
    }
}

fn jobs(count: usize) -> Vec<Job<'static>> {
    let password = Password::new(INPUT);
    (0_u8..)
        .take(count)
        .filter_map(|salt| Some(Job { password: password.ok()?, salt: Salt([salt; 16]) }))
        .collect()
}

pub(crate) fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

pub(crate) fn millis(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64() * 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn ten_codes_are_cut_evenly_and_completely() {
        for processors in 1..=12 {
            let (hashed, largest) = (AtomicUsize::new(0), AtomicUsize::new(0));
            spread(processors, |share| {
                hashed.fetch_add(share, Ordering::Relaxed);
                largest.fetch_max(share, Ordering::Relaxed);
            });
            assert_eq!(hashed.into_inner(), CODES);
            assert_eq!(largest.into_inner(), CODES.div_ceil(processors));
        }
    }

    #[test]
    fn the_bound_counts_what_was_hashed() {
        assert!(hashes_per_second(Cost::MIN, Duration::ZERO) >= 0.0);
        assert_eq!(jobs(FASTEST_LANES).len(), FASTEST_LANES);
    }
}
