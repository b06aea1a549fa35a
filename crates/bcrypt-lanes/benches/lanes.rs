//! Digests per second on one core: the `bcrypt` crate, each number of lanes, and ten jobs as `hash_all` cuts
//! them.

#![allow(
    clippy::expect_used,
    missing_docs,
    reason = "a benchmark may panic, and criterion's macros write no docs"
)]

use std::hint::black_box;
use std::time::Duration;

use countersign_bcrypt_lanes::{Cost, Job, Password, Salt, hash_all, hash_lanes};
use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};

/// What a server would use.
const COST: u32 = 10;
const PASSWORD: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqr";

fn job(salt: u8) -> Job<'static> {
    Job { password: Password::new(PASSWORD).expect("64 bytes"), salt: Salt([salt; 16]) }
}

fn jobs<const N: usize>() -> [Job<'static>; N] {
    let mut salt = 0;
    [(); N].map(|()| {
        salt += 1;
        job(salt)
    })
}

fn bench_lanes<const N: usize>(group: &mut BenchmarkGroup<'_, WallTime>, cost: Cost) {
    group.throughput(Throughput::Elements(N as u64));
    let jobs = jobs::<N>();
    group.bench_function(format!("{N:02} lanes"), |bencher| {
        bencher.iter(|| hash_lanes(cost, black_box(&jobs)));
    });
}

fn compare(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one core, cost 10");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    let cost = Cost::new(COST).expect("a cost of bcrypt");

    group.throughput(Throughput::Elements(1));
    group.bench_function("bcrypt crate", |bencher| {
        bencher
            .iter(|| bcrypt::hash_with_salt(black_box(PASSWORD), COST, [1; 16]).expect("a cost of bcrypt"));
    });
    bench_lanes::<1>(&mut group, cost);
    bench_lanes::<2>(&mut group, cost);
    bench_lanes::<3>(&mut group, cost);
    bench_lanes::<4>(&mut group, cost);
    bench_lanes::<5>(&mut group, cost);
    bench_lanes::<6>(&mut group, cost);
    bench_lanes::<7>(&mut group, cost);
    bench_lanes::<8>(&mut group, cost);
    bench_lanes::<10>(&mut group, cost);

    let ten = jobs::<10>();
    group.throughput(Throughput::Elements(10));
    group.bench_function("hash_all of 10", |bencher| {
        bencher.iter(|| hash_all(cost, black_box(&ten)));
    });
    group.finish();
}

criterion_group!(benches, compare);
criterion_main!(benches);
