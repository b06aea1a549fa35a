//! When a delivery that failed is tried again.

use std::time::Duration;

use crate::time::Timestamp;

/// The first pause; each further one is as long as everything before it, so pauses double.
pub const SHORTEST_PAUSE: Duration = Duration::from_secs(10);
/// No pause is longer, apart from its jitter.
pub const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// No attempt is planned later than this after the delivery was queued: a receiver that breaks on a Friday evening may be
/// mended on Monday.
pub const GIVEN_UP_AFTER: Duration = Duration::from_hours(72);

/// When to try again what was queued at `queued_at` and failed at `now`; `None` when it is given up.
///
/// The pause is as long as it has been tried already, from [`SHORTEST_PAUSE`] to [`LONGEST_PAUSE`], and up to a quarter
/// more as `jitter` (a random number) says, so that what failed together is not tried again together.
pub fn next_attempt(queued_at: Timestamp, now: Timestamp, jitter: u16) -> Option<Timestamp> {
    let pause = now.saturating_since(queued_at).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
    let more = pause.saturating_mul(u32::from(jitter)).checked_div(4 * (1 << 16)).unwrap_or_default();
    let next = now.saturating_add(pause).saturating_add(more);
    (next <= queued_at.saturating_add(GIVEN_UP_AFTER)).then_some(next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUEUED: Timestamp = Timestamp::from_seconds(1_000_000);

    /// The pauses between the attempts of a delivery that fails at once whenever it is tried, from the first attempt on.
    fn pauses(jitter: impl Fn(usize) -> u16) -> Vec<Duration> {
        let (mut now, mut pauses) = (QUEUED, Vec::new());
        while let Some(next) = next_attempt(QUEUED, now, jitter(pauses.len())) {
            pauses.push(next.saturating_since(now));
            now = next;
        }
        pauses
    }

    #[test]
    fn pauses_double_from_ten_seconds_to_an_hour() {
        let seconds: Vec<_> = pauses(|_| 0).iter().map(Duration::as_secs).collect();
        assert_eq!(seconds[..11], [10, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600]);
        assert!(seconds[11..].iter().all(|pause| *pause == 3_600));
    }

    #[test]
    fn it_is_given_up_within_three_days() {
        let total: Duration = pauses(|_| 0).iter().sum();
        assert!(total <= GIVEN_UP_AFTER && total + LONGEST_PAUSE > GIVEN_UP_AFTER, "{total:?}");
        let late = QUEUED.saturating_add(GIVEN_UP_AFTER);
        assert_eq!(next_attempt(QUEUED, late, 0), None);
    }

    proptest! {
        #[test]
        fn every_pause_is_within_its_bounds(jitter in prop::collection::vec(any::<u16>(), 1..50)) {
            let pauses = pauses(|number| jitter[number % jitter.len()]);
            for pause in &pauses {
                prop_assert!(*pause >= SHORTEST_PAUSE && *pause <= LONGEST_PAUSE + LONGEST_PAUSE / 4);
            }
            // What a failing receiver costs, and what a mended one can rely on.
            prop_assert!((60..=90).contains(&pauses.len()), "{}", pauses.len());
        }

        #[test]
        fn no_instant_makes_it_panic_or_plan_for_the_past(queued: i64, now: i64, jitter: u16) {
            let (queued, now) = (Timestamp::from_micros(queued), Timestamp::from_micros(now));
            if let Some(next) = next_attempt(queued, now, jitter) {
                prop_assert!(next >= now);
                prop_assert!(next <= queued.saturating_add(GIVEN_UP_AFTER));
            }
        }
    }
}
