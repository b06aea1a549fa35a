//! Latencies, counted in buckets whose width grows with the value.

use std::time::Duration;

/// Buckets of one power of two: a value is known to 1 part in 64.
const PARTS: u64 = 64;
/// The power of two from which on buckets are wider than one.
const EXACT_BITS: u32 = 6;

/// How often each latency was seen, in nanoseconds to 1.6 %.
#[derive(Clone, Default, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    /// Counts one latency.
    pub fn record(&mut self, latency: Duration) {
        let bucket = bucket_of(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
        if bucket >= self.counts.len() {
            self.counts.resize(bucket.saturating_add(1), 0);
        }
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        self.total = self.total.saturating_add(1);
    }

    /// The latency that the given part of all (0 to 1) does not exceed; zero when nothing was counted.
    pub fn quantile(&self, part: f64) -> Duration {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a rank among far fewer than 2^52"
        )]
        let rank = ((self.total as f64) * part.clamp(0.0, 1.0)).ceil() as u64;
        let mut seen = 0_u64;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen = seen.saturating_add(*count);
            if seen >= rank.max(1) {
                return Duration::from_nanos(highest_in(bucket));
            }
        }
        Duration::ZERO
    }

    /// How many were counted.
    pub fn len(&self) -> u64 {
        self.total
    }

    /// Whether none was counted.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }
}

fn bucket_of(value: u64) -> usize {
    let bits = u64::BITS.saturating_sub(value.leading_zeros());
    let shift = bits.saturating_sub(EXACT_BITS.saturating_add(1));
    let bucket = u64::from(shift).saturating_mul(PARTS).saturating_add(value >> shift);
    usize::try_from(bucket).unwrap_or(usize::MAX)
}

/// The largest value that falls into the bucket.
fn highest_in(bucket: usize) -> u64 {
    let bucket = u64::try_from(bucket).unwrap_or(u64::MAX);
    // The first two powers lie in one row: below 128 a bucket holds one value.
    let shift = (bucket / PARTS).saturating_sub(1);
    let place = bucket.saturating_sub(shift.saturating_mul(PARTS));
    let shift = u32::try_from(shift).unwrap_or(u32::MAX);
    place.saturating_add(1).checked_shl(shift).unwrap_or(u64::MAX).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn histogram(nanos: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        nanos.into_iter().for_each(|nanos| histogram.record(Duration::from_nanos(nanos)));
        histogram
    }

    #[test]
    fn quantiles_of_small_values_are_exact() {
        let histogram = histogram(1..=100);
        let at = |part| histogram.quantile(part).as_nanos();
        assert_eq!((at(0.5), at(0.99), at(1.0), at(0.0)), (50, 99, 100, 1));
        assert_eq!(histogram.len(), 100);
    }

    #[test]
    fn nothing_counted_has_no_latency() {
        assert!(Histogram::default().is_empty());
        assert_eq!(Histogram::default().quantile(0.99), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn a_value_is_known_to_one_part_in_64(nanos in 0_u64..1_u64 << 56) {
            let found = u64::try_from(histogram([nanos]).quantile(0.5).as_nanos()).unwrap();
            prop_assert!(found >= nanos);
            prop_assert!(found - nanos <= nanos / 64);
        }

        #[test]
        fn larger_values_never_lie_in_earlier_buckets(one: u64, other: u64) {
            prop_assert!(bucket_of(one.min(other)) <= bucket_of(one.max(other)));
        }
    }
}
