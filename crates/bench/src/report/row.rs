//! One line of the table.

use std::fmt;

use serde::{Serialize, Serializer};

/// What a ratio should be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Wanted {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// Nothing: the ratio is only told.
    Nothing,
}

impl Wanted {
    /// Whether `ratio` is as wanted.
    pub fn is_met(self, ratio: f64) -> bool {
        match self {
            Self::AtLeast(least) => ratio >= least,
            Self::AtMost(most) => ratio <= most,
            Self::Nothing => true,
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::Nothing => f.write_str("–"),
        }
    }
}

impl Serialize for Wanted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Something that was measured, and something of the same run that it is measured against.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Row {
    /// What was measured.
    pub row: String,
    /// The median of the rounds.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// The ceiling or the floor, with its value.
    pub against: String,
    /// The median of the rounds' ratios.
    pub ratio: f64,
    /// The lowest and the highest ratio of a round.
    pub spread: [f64; 2],
    /// What the ratio should be.
    pub wanted: Wanted,
    /// Whether it is.
    pub met: bool,
}

/// What several rounds found: in each, a value and what it is measured against.
#[derive(Clone, Default, Debug)]
pub(crate) struct Rounds(Vec<(f64, f64)>);

impl Rounds {
    pub(crate) fn push(&mut self, value: f64, against: f64) {
        self.0.push((value, against));
    }

    /// The row: the value over what it is measured against.
    pub(crate) fn row(
        &self,
        name: impl Into<String>,
        unit: &'static str,
        against: &str,
        wanted: Wanted,
    ) -> Row {
        self.ratio_row(name, unit, against, wanted, |value, against| value / against)
    }

    /// The row of something of which less is better: how many times it is contained in what it is measured against.
    pub(crate) fn inverse_row(
        &self,
        name: impl Into<String>,
        unit: &'static str,
        against: &str,
        wanted: Wanted,
    ) -> Row {
        self.ratio_row(name, unit, against, wanted, |value, against| against / value)
    }

    fn ratio_row(
        &self,
        name: impl Into<String>,
        unit: &'static str,
        against: &str,
        wanted: Wanted,
        ratio: impl Fn(f64, f64) -> f64,
    ) -> Row {
        let ratios: Vec<f64> = self.0.iter().map(|(value, against)| ratio(*value, *against)).collect();
        let middle = median(&ratios);
        let lowest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let base = median(&self.0.iter().map(|(_, against)| *against).collect::<Vec<_>>());
        Row {
            row: name.into(),
            value: rounded(self.value()),
            unit,
            against: format!("{against}: {} {unit}", rounded(base)),
            ratio: rounded(middle),
            spread: [rounded(lowest), rounded(highest)],
            wanted,
            met: wanted.is_met(rounded(middle)),
        }
    }

    /// The median of the values.
    pub(crate) fn value(&self) -> f64 {
        median(&self.0.iter().map(|(value, _)| *value).collect::<Vec<_>>())
    }
}

/// The middle one, or the mean of the two in the middle; 0 of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle).copied().unwrap_or(0.0);
    if sorted.len().is_multiple_of(2) && middle > 0 {
        f64::midpoint(sorted.get(middle.saturating_sub(1)).copied().unwrap_or(upper), upper)
    } else {
        upper
    }
}

/// Four digits, which is more than a measurement is worth.
pub(crate) fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(pairs: &[(f64, f64)]) -> Rounds {
        Rounds(pairs.to_vec())
    }

    #[test]
    fn a_row_is_the_median_of_its_rounds_ratios() {
        let rounds = rounds(&[(50.0, 100.0), (90.0, 100.0), (30.0, 50.0)]);
        let row = rounds.row("status", "requests/s", "healthz", Wanted::AtLeast(0.6));
        assert_eq!((row.ratio, row.spread, row.value), (0.6, [0.5, 0.9], 50.0));
        assert_eq!(row.against, "healthz: 100 requests/s");
        assert!(row.met);
    }

    #[test]
    fn of_times_the_ratio_says_how_often_one_goes_into_the_other() {
        let row = rounds(&[(2.0, 8.0)]).inverse_row("ten codes", "ms", "crate", Wanted::AtLeast(6.0));
        assert_eq!((row.ratio, row.met), (4.0, false));
    }

    #[test]
    fn a_median_of_two_lies_between_them() {
        for (values, middle) in [(&[3.0, 1.0] as &[f64], 2.0), (&[5.0, 1.0, 3.0], 3.0), (&[], 0.0)] {
            assert!((median(values) - middle).abs() < f64::EPSILON, "{values:?}");
        }
    }

    #[test]
    fn what_is_wanted_is_met_at_its_limit() {
        assert!(Wanted::AtLeast(0.6).is_met(0.6) && !Wanted::AtLeast(0.6).is_met(0.599));
        assert!(Wanted::AtMost(2.0).is_met(2.0) && !Wanted::AtMost(2.0).is_met(2.001));
        assert!(Wanted::Nothing.is_met(0.0));
    }

    #[test]
    fn the_json_of_a_row_is_what_other_programs_read() {
        let row = rounds(&[(1.0, 2.0)]).row("a", "ms", "b", Wanted::AtMost(1.0));
        let json = serde_json::to_value(&row).unwrap();
        let expected = serde_json::json!({
            "row": "a", "value": 1.0, "unit": "ms", "against": "b: 2 ms",
            "ratio": 0.5, "spread": [0.5, 0.5], "wanted": "≤ 1", "met": true,
        });
        assert_eq!(json, expected);
    }
}
