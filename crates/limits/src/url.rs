//! Where buckets are kept: decided by the scheme of a URL, here and nowhere else.

use std::fmt;
use std::str::FromStr;

/// Where buckets are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LimitsUrl {
    /// `memory:`, in this process. Each process limits on its own.
    Memory,
}

/// The text names no place for buckets. It is not repeated: a URL may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotALimitsUrl {
    /// A shared store, which this build cannot use.
    #[error("Redis and Valkey are not part of this build: write `memory:` and run one process")]
    Shared,
    /// Something stands after `memory:`.
    #[error("nothing may follow the colon: write `memory:`")]
    Trailing,
    /// The scheme is missing or unknown.
    #[error("the scheme is unknown: write `memory:`")]
    UnknownScheme,
}

impl LimitsUrl {
    /// Reads `memory:`.
    pub fn parse(text: &str) -> Result<Self, NotALimitsUrl> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("memory", _)) => Err(NotALimitsUrl::Trailing),
            Some((scheme, _)) if is_shared(scheme) => Err(NotALimitsUrl::Shared),
            _ => Err(NotALimitsUrl::UnknownScheme),
        }
    }
}

/// `redis`, `rediss`, `valkey` and their kinds, such as `redis+cluster`.
fn is_shared(scheme: &str) -> bool {
    let store = scheme.split_once('+').map_or(scheme, |(store, _)| store);
    matches!(store, "redis" | "rediss" | "valkey" | "valkeys")
}

impl FromStr for LimitsUrl {
    type Err = NotALimitsUrl;

    fn from_str(text: &str) -> Result<Self, NotALimitsUrl> {
        Self::parse(text)
    }
}

impl fmt::Display for LimitsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_and_written_alike() {
        assert_eq!(LimitsUrl::parse("memory:"), Ok(LimitsUrl::Memory));
        assert_eq!(LimitsUrl::Memory.to_string().parse(), Ok(LimitsUrl::Memory));
    }

    #[test]
    fn a_shared_store_is_refused_by_name() {
        for text in
            ["redis://h", "rediss://h:6379/0", "redis+cluster://a,b", "redis+sentinel://s", "valkey://h"]
        {
            assert_eq!(LimitsUrl::parse(text), Err(NotALimitsUrl::Shared), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", ":", "memory", "Memory:", " memory:", "memcached://h", "redis", "/tmp/limits"] {
            assert_eq!(LimitsUrl::parse(text), Err(NotALimitsUrl::UnknownScheme), "{text}");
        }
        for text in ["memory://", "memory: ", "memory:100"] {
            assert_eq!(LimitsUrl::parse(text), Err(NotALimitsUrl::Trailing), "{text}");
        }
    }

    #[test]
    fn every_refusal_names_the_remedy_and_nothing_of_the_url() {
        for text in ["redis://user:hunter2@h", "memory:hunter2", "hunter2"] {
            let refusal = LimitsUrl::parse(text).unwrap_err().to_string();
            assert!(refusal.contains("`memory:`") && !refusal.contains("hunter2"), "{refusal}");
        }
    }
}
