//! Which events a webhook is told of.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// A name of an event (`two_factor.enabled`), a family of them (`two_factor.*`), or all (`*`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct EventPattern(String);

/// The text is no pattern of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is a name such as two_factor.enabled, a family such as two_factor.*, or * for all")]
pub struct NotAnEventPattern;

impl EventPattern {
    /// The longest pattern, in bytes.
    pub const MAX_LENGTH: usize = 64;

    /// All events.
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(family) => name.starts_with(family),
            None => name == self.0,
        }
    }
}

impl fmt::Display for EventPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EventPattern {
    type Err = NotAnEventPattern;

    fn from_str(text: &str) -> Result<Self, NotAnEventPattern> {
        let word = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        };
        let known = match text.split_once('.') {
            None => text == "*",
            Some((family, name)) => word(family) && (name == "*" || word(name)),
        };
        if known && text.len() <= Self::MAX_LENGTH {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnEventPattern)
        }
    }
}

/// One to 32 patterns; an event that matches any of them is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventFilter(BTreeSet<EventPattern>);

/// There are no patterns, or too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook has 1 to 32 events")]
pub struct NotAnEventFilter;

impl EventFilter {
    /// The most patterns.
    pub const MAX: usize = 32;

    /// From patterns.
    pub fn new(patterns: impl IntoIterator<Item = EventPattern>) -> Result<Self, NotAnEventFilter> {
        let patterns: BTreeSet<_> = patterns.into_iter().collect();
        if (1..=Self::MAX).contains(&patterns.len()) { Ok(Self(patterns)) } else { Err(NotAnEventFilter) }
    }

    /// Every event.
    pub fn all() -> Self {
        Self(BTreeSet::from([EventPattern::all()]))
    }

    /// The patterns, in a stable order.
    pub fn iter(&self) -> impl Iterator<Item = &EventPattern> {
        self.0.iter()
    }

    /// Whether an event of this name is told.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(patterns: &[&str]) -> EventFilter {
        EventFilter::new(patterns.iter().map(|text| text.parse().unwrap())).unwrap()
    }

    #[test]
    fn a_pattern_is_a_name_a_family_or_all() {
        for good in ["*", "two_factor.*", "two_factor.enabled", "api_key.created", "a.b2"] {
            assert_eq!(good.parse::<EventPattern>().unwrap().as_str(), good);
        }
        let long = format!("a.{}", "b".repeat(63));
        for bad in
            ["", ".", "a", "a.", ".b", "a.b.c", "*.a", "a.*b", "**", "A.b", "a b.c", "two_factor.%", &long]
        {
            assert_eq!(bad.parse::<EventPattern>(), Err(NotAnEventPattern), "{bad}");
        }
    }

    #[test]
    fn an_event_is_told_that_any_pattern_names() {
        let names = ["two_factor.enabled", "two_factor.disabled", "api_key.created", "two_factors.x"];
        let told = |patterns: &[&str]| {
            let filter = filter(patterns);
            names.into_iter().filter(|name| filter.contains(name)).count()
        };
        assert_eq!(told(&["*"]), 4);
        assert_eq!(told(&["two_factor.*"]), 2);
        assert_eq!(told(&["two_factor.enabled", "api_key.created"]), 2);
        assert_eq!(told(&["two_factor.enable"]), 0);
    }

    #[test]
    fn a_filter_has_1_to_32_patterns() {
        let many = |count| (0..count).map(|number| format!("a.b{number}").parse().unwrap());
        assert!(EventFilter::new(many(0)).is_err());
        assert!(EventFilter::new(many(32)).is_ok());
        assert!(EventFilter::new(many(33)).is_err());
    }
}
