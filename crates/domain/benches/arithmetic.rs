//! What the domain computes for a call: a token of a bucket, and the three steps that a code may belong to.

#![allow(
    clippy::expect_used,
    missing_docs,
    reason = "a benchmark may panic, and criterion's macros write no docs"
)]

use std::hint::black_box;
use std::num::NonZeroU32;

use countersign_domain::admission::bucket::{BucketSpec, BucketState};
use countersign_domain::time::{TimeStep, Timestamp};
use countersign_domain::two_factor::code::{TotpCode, matching_step};
use countersign_domain::two_factor::params::{Algorithm, Digits, Parameters, Period};
use countersign_domain::two_factor::secret::TotpSecret;
use countersign_testkit::entropy::SeededEntropy;
use criterion::{Criterion, criterion_group, criterion_main};

fn bucket(criterion: &mut Criterion) {
    let number = |number| NonZeroU32::new(number).expect("not zero");
    let spec = BucketSpec { per_second: number(50), burst: number(100) };
    let (mut state, mut micros) = (BucketState::full(Timestamp::UNIX_EPOCH), 0_i64);
    criterion.bench_function("bucket: take a token", |bencher| {
        bencher.iter(|| {
            micros += 15_000;
            let (next, decision) = state.take(black_box(spec), Timestamp::from_micros(micros));
            state = next;
            decision
        });
    });
}

fn code(criterion: &mut Criterion) {
    let secret = TotpSecret::generate(&SeededEntropy::new(1)).expect("the entropy is seeded");
    let now = TimeStep::new(56_666_666);
    for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
        let parameters = Parameters { algorithm, digits: Digits::Six, period: Period::RECOMMENDED };
        let code = TotpCode::parse("123456", Digits::Six).expect("six digits");
        criterion.bench_function(
            &format!("code: match over three steps, {}", algorithm.as_str()),
            |bencher| {
                bencher.iter(|| matching_step(black_box(&secret), parameters, now, &code));
            },
        );
    }
}

criterion_group!(benches, bucket, code);
criterion_main!(benches);
