//! Billing periods: a month from the organization's anchor day, at midnight UTC.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::time::Timestamp;

/// The day of the month on which an organization's billing periods begin: 1 to 31. In a shorter month the
/// period begins on its last day, and the next one on the anchor day again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AnchorDay(u8);

impl AnchorDay {
    /// From the day's number; `None` unless 1 to 31.
    pub const fn new(day: u8) -> Option<Self> {
        if day >= 1 && day <= 31 { Some(Self(day)) } else { None }
    }

    /// The day of the month, in UTC, that holds `at`.
    pub fn of(at: Timestamp) -> Self {
        Self(at.civil_date().day().unsigned_abs())
    }

    /// The day's number.
    pub const fn number(self) -> u8 {
        self.0
    }

    fn in_month_of(self, date: Date) -> Date {
        let wanted = i8::try_from(self.0).unwrap_or(i8::MAX);
        Date::new(date.year(), date.month(), wanted.min(date.days_in_month())).unwrap_or(date)
    }
}

/// One billing period: from `starts_at` up to, and without, `ends_at`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BillingPeriod {
    /// Its first instant.
    pub starts_at: Timestamp,
    /// The first instant of the next period.
    pub ends_at: Timestamp,
}

impl BillingPeriod {
    /// The period that holds `at`.
    pub fn containing(at: Timestamp, anchor: AnchorDay) -> Self {
        let today = at.civil_date();
        let this_month = anchor.in_month_of(today);
        let start = if this_month <= today { this_month } else { anchor.in_month_of(month_before(today)) };
        Self { starts_at: midnight(start), ends_at: midnight(anchor.in_month_of(month_after(start))) }
    }
}

fn month_before(date: Date) -> Date {
    date.first_of_month().checked_sub(1.month()).unwrap_or(date)
}

fn month_after(date: Date) -> Date {
    date.first_of_month().checked_add(1.month()).unwrap_or(date)
}

fn midnight(date: Date) -> Timestamp {
    let start = jiff::tz::Offset::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight()));
    Timestamp::from_micros(start.map_or(i64::MAX, jiff::Timestamp::as_microsecond))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn period(at: &str, anchor: u8) -> (String, String) {
        let period = BillingPeriod::containing(at.parse().unwrap(), AnchorDay::new(anchor).unwrap());
        let day = |at: Timestamp| at.to_string().replace("T00:00:00.000Z", "");
        (day(period.starts_at), day(period.ends_at))
    }

    fn days(from: &str, to: &str) -> (String, String) {
        (from.to_owned(), to.to_owned())
    }

    #[test]
    fn a_period_begins_on_the_anchor_day() {
        assert_eq!(period("2026-03-15T00:00:00Z", 15), days("2026-03-15", "2026-04-15"));
        assert_eq!(period("2026-03-14T23:59:59.999999Z", 15), days("2026-02-15", "2026-03-15"));
        assert_eq!(period("2026-01-05T12:00:00Z", 15), days("2025-12-15", "2026-01-15"));
    }

    #[test]
    fn in_a_short_month_a_period_begins_on_the_last_day() {
        assert_eq!(period("2026-02-28T00:00:00Z", 31), days("2026-02-28", "2026-03-31"));
        assert_eq!(period("2026-02-27T23:59:59Z", 31), days("2026-01-31", "2026-02-28"));
        assert_eq!(period("2026-04-30T00:00:00Z", 31), days("2026-04-30", "2026-05-31"));
    }

    #[test]
    fn in_a_leap_year_february_has_29_days() {
        assert_eq!(period("2028-02-28T12:00:00Z", 30), days("2028-01-30", "2028-02-29"));
        assert_eq!(period("2028-02-29T00:00:00Z", 30), days("2028-02-29", "2028-03-30"));
        assert_eq!(period("2100-02-28T00:00:00Z", 29), days("2100-02-28", "2100-03-29"));
    }

    proptest! {
        #[test]
        fn every_instant_lies_in_exactly_its_period(seconds in 0_i64..8_000_000_000, anchor in 1_u8..=31) {
            let (at, anchor) = (Timestamp::from_seconds(seconds), AnchorDay::new(anchor).unwrap());
            let period = BillingPeriod::containing(at, anchor);
            prop_assert!(period.starts_at <= at && at < period.ends_at);
            let days = period.ends_at.saturating_since(period.starts_at).as_secs() / 86_400;
            prop_assert!((28..=31).contains(&days), "{days} days");
        }

        #[test]
        fn periods_follow_each_other_without_gap(seconds in 0_i64..8_000_000_000, anchor in 1_u8..=31) {
            let anchor = AnchorDay::new(anchor).unwrap();
            let period = BillingPeriod::containing(Timestamp::from_seconds(seconds), anchor);
            let next = BillingPeriod::containing(period.ends_at, anchor);
            prop_assert_eq!(next.starts_at, period.ends_at);
            let last = Timestamp::from_micros(period.ends_at.as_micros() - 1);
            prop_assert_eq!(BillingPeriod::containing(last, anchor), period);
        }
    }
}
