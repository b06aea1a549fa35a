//! Instants, the time steps of RFC 6238, and the clock port.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::failure::PortFailure;

/// An instant in microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// `Display` writes RFC 3339 in UTC with milliseconds, rounded up: an instant that is told to a client as the
/// moment when something becomes possible must never be early.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(0);

    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since the Unix epoch, saturating.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant plus `duration`, saturating.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// This instant minus `duration`, saturating.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }

    /// How long after `earlier` this instant is; zero when it is not after it.
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whole seconds from `now` to this instant, rounded up, at least 1: a caller who waits so long never comes early.
    pub fn whole_seconds_from(self, now: Self) -> u64 {
        self.saturating_since(now).as_micros().div_ceil(1_000_000).try_into().unwrap_or(u64::MAX).max(1)
    }

    pub(crate) fn civil_date(self) -> jiff::civil::Date {
        jiff::tz::Offset::UTC.to_datetime(self.to_jiff()).date()
    }

    fn to_jiff(self) -> jiff::Timestamp {
        let clamped =
            self.0.clamp(jiff::Timestamp::MIN.as_microsecond(), jiff::Timestamp::MAX.as_microsecond());
        jiff::Timestamp::from_microsecond(clamped).unwrap_or(jiff::Timestamp::MAX)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let up = self.0.saturating_add(999).div_euclid(1_000).saturating_mul(1_000);
        write!(f, "{:.3}", Self(up).to_jiff())
    }
}

/// The text is not an RFC 3339 instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an instant is written as in RFC 3339, for example 2026-01-31T00:00:00Z")]
pub struct NotAnInstant;

impl FromStr for Timestamp {
    type Err = NotAnInstant;

    fn from_str(text: &str) -> Result<Self, NotAnInstant> {
        if !is_rfc_3339(text) {
            return Err(NotAnInstant);
        }
        let at = text.parse::<jiff::Timestamp>().map_err(|_| NotAnInstant)?;
        // Its text has a year of four digits, too.
        (at >= YEAR_0).then_some(Self(at.as_microsecond())).ok_or(NotAnInstant)
    }
}

/// 0000-01-01T00:00:00Z.
const YEAR_0: jiff::Timestamp = jiff::Timestamp::constant(-62_167_219_200, 0);

/// Whether a text has the shape of RFC 3339, section 5.6; other ways to write an instant are left to others.
fn is_rfc_3339(text: &str) -> bool {
    const DATE_AND_TIME: &[u8] = b"0000-00-00T00:00:00";
    const OFFSET: &[u8] = b"+00:00";
    let Some((date_and_time, rest)) = text.as_bytes().split_at_checked(DATE_AND_TIME.len()) else {
        return false;
    };
    let offset = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            fraction.split_at_checked(digits).filter(|_| digits > 0).map(|(_, offset)| offset)
        }
        None => Some(rest),
    };
    let is_offset = |offset: &[u8]| matches!(offset, b"Z" | b"z") || has_shape(offset, OFFSET);
    has_shape(date_and_time, DATE_AND_TIME) && offset.is_some_and(is_offset)
}

/// Whether a text has digits where `shape` has them, and the same letters and signs elsewhere. A `+` stands for `-`, too.
fn has_shape(text: &[u8], shape: &[u8]) -> bool {
    text.len() == shape.len()
        && text.iter().zip(shape).all(|(byte, expected)| match expected {
            b'0' => byte.is_ascii_digit(),
            b'+' => matches!(byte, b'+' | b'-'),
            letter => byte.eq_ignore_ascii_case(letter),
        })
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The number of a time step: `T` of RFC 6238, section 4.2, with `T0` = 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TimeStep(u64);

impl TimeStep {
    /// The step with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The step that holds `at`, for steps of `period`; `None` before 1970, where no step exists and the
    /// clock cannot be trusted.
    pub fn containing(at: Timestamp, period: Duration) -> Option<Self> {
        let seconds = u64::try_from(at.as_seconds()).ok()?;
        seconds.checked_div(period.as_secs()).map(Self)
    }

    /// The largest step whose code is accepted at `at`: one after its own, which is what a clock may be ahead (RFC 6238,
    /// section 5.2). `None` before 1970.
    pub fn last_acceptable(at: Timestamp, period: Duration) -> Option<Self> {
        Self::containing(at, period).map(|step| Self(step.0.saturating_add(1)))
    }

    /// The step's number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The steps from one before this one to one after it, without those that do not exist.
    pub(crate) fn with_neighbours(self) -> impl Iterator<Item = Self> {
        [self.0.checked_sub(1), Some(self.0), self.0.checked_add(1)].into_iter().flatten().map(Self)
    }
}

/// Tells the time.
///
/// Duty: `now` is the wall clock in UTC. It never panics and never blocks. A clock that is set before 1970 is
/// reported as it is; use cases treat it as unusable.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// The present instant, for what it alone decides: which codes are good. A clock that was set forth would spend
    /// steps that are still to come, and one that was set back would accept codes that are long gone. As it stands here
    /// it suits clocks that nobody sets.
    fn steady_now(&self) -> Result<Timestamp, ClockJumped> {
        Ok(self.now())
    }
}

/// The clock was set a moment ago, and has not run evenly for long enough since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the clock jumped a moment ago")]
pub struct ClockJumped;

impl From<ClockJumped> for PortFailure {
    fn from(jumped: ClockJumped) -> Self {
        Self::unavailable(jumped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_in_utc_with_milliseconds_rounded_up() {
        assert_eq!(Timestamp::from_micros(1).to_string(), "1970-01-01T00:00:00.001Z");
        assert_eq!(Timestamp::from_seconds(951_782_400).to_string(), "2000-02-29T00:00:00.000Z");
        assert_eq!(Timestamp::from_micros(-1).to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn an_instant_out_of_the_calendar_is_shown_without_a_panic() {
        let _ = Timestamp::from_micros(i64::MAX).to_string();
        let _ = Timestamp::from_micros(i64::MIN).to_string();
    }

    #[test]
    fn what_is_shown_can_be_read_back() {
        let at = Timestamp::from_micros(1_700_000_000_123_000);
        assert_eq!(at.to_string().parse(), Ok(at));
    }

    #[test]
    fn an_instant_is_written_as_in_rfc_3339_and_in_no_other_way() {
        let second = Timestamp::from_seconds(1_798_761_600);
        for text in ["2027-01-01T00:00:00Z", "2027-01-01t00:00:00z", "2027-01-01T02:00:00+02:00"] {
            assert_eq!(text.parse(), Ok(second), "{text}");
        }
        assert_eq!(
            "2026-12-31T19:00:00.000001-05:00".parse(),
            Ok(Timestamp::from_micros(second.as_micros() + 1))
        );
        for text in [
            "yesterday",
            "2027-01-01",
            "2027-01-01T00:00:00",
            "2027-01-01 00:00:00Z",
            "2027-01-01T00Z",
            "20270101T000000Z",
            "+002027-01-01T00:00:00Z",
            "2027-01-01T00:00:00,5Z",
            "2027-01-01T00:00:00.Z",
            "2027-01-01T00:00:00+0200",
            "2027-01-01T02:00:00+02:00[Europe/Berlin]",
            "2027-02-29T00:00:00Z",
            "0000-01-01T00:00:00+12:00",
            "é",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(NotAnInstant), "{text}");
        }
    }

    #[test]
    fn before_1970_there_is_no_step() {
        assert_eq!(TimeStep::containing(Timestamp::from_micros(-1), Duration::from_secs(30)), None);
    }

    #[test]
    fn a_step_is_the_floor_of_seconds_over_the_period() {
        let step = |s| TimeStep::containing(Timestamp::from_seconds(s), Duration::from_secs(30));
        assert_eq!(step(59), Some(TimeStep::new(1)));
        assert_eq!(step(60), Some(TimeStep::new(2)));
        assert_eq!(step(20_000_000_000), Some(TimeStep::new(0x27BC_86AA)));
    }

    #[test]
    fn one_step_ahead_is_the_last_that_is_acceptable() {
        let last = |s| TimeStep::last_acceptable(Timestamp::from_seconds(s), Duration::from_secs(30));
        assert_eq!(last(59), Some(TimeStep::new(2)));
        assert_eq!(last(-1), None);
    }

    #[test]
    fn the_first_and_the_last_step_have_one_neighbour() {
        assert_eq!(TimeStep::new(0).with_neighbours().count(), 2);
        assert_eq!(TimeStep::new(u64::MAX).with_neighbours().count(), 2);
    }

    #[test]
    fn retry_after_is_at_least_one_second_and_never_early() {
        let now = Timestamp::from_seconds(100);
        assert_eq!(now.whole_seconds_from(now), 1);
        assert_eq!(Timestamp::from_micros(101_000_001).whole_seconds_from(now), 2);
    }
}
