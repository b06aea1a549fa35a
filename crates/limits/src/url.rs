//! Where buckets are kept: decided by the scheme of a URL, here and nowhere else.

use std::fmt;
use std::str::FromStr;

use crate::store_url::StoreUrl;

/// Where buckets are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LimitsUrl {
    /// `memory:`, in this process. Each process limits on its own.
    Memory,
    /// In a store that processes share: `redis://`, `redis+cluster://`, `redis+sentinel://`; with TLS `rediss…`; `valkey…`
    /// likewise.
    Shared(StoreUrl),
}

/// The text names no place for buckets. It is not repeated: a URL may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotALimitsUrl {
    /// Something stands after `memory:`.
    #[error("nothing may follow the colon: write `memory:`")]
    Trailing,
    /// The scheme is missing or unknown.
    #[error(
        "the scheme is unknown: write `memory:`, `redis://HOST`, `redis+cluster://HOST,HOST` or \
         `redis+sentinel://HOST,HOST/MASTER` (`rediss…` for TLS, `valkey…` likewise)"
    )]
    UnknownScheme,
    /// A host is missing or not acceptable.
    #[error("a host is missing or not acceptable: write `redis://HOST:PORT`, an IPv6 address in brackets")]
    Host,
    /// A single store on several hosts.
    #[error("a single store has one host: write `redis+cluster://` or `redis+sentinel://` for several")]
    SeveralHosts,
    /// What follows the host is no number.
    #[error("what follows the host is not the number of a database: write `redis://HOST:PORT/0`")]
    Database,
    /// Something follows the hosts of a cluster.
    #[error("a cluster has no databases: nothing may follow `redis+cluster://HOST,HOST`")]
    ClusterPath,
    /// The name that Sentinels know the master by is missing or not acceptable.
    #[error("the name of the master is missing or not acceptable: write `redis+sentinel://HOST,HOST/MASTER`")]
    Master,
    /// A user or a password is not UTF-8.
    #[error("the user or the password is not acceptable: percent-encode them")]
    Login,
    /// Parameters or a fragment.
    #[error("`?` and `#` mean nothing here: take them out, or percent-encode them in a password")]
    Extra,
    /// The URL holds a password, and another is kept elsewhere.
    #[error("there are two passwords: take the one in the URL out")]
    TwoPasswords,
}

impl LimitsUrl {
    /// Reads a URL.
    pub fn parse(text: &str) -> Result<Self, NotALimitsUrl> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("memory", _)) => Err(NotALimitsUrl::Trailing),
            Some((scheme, rest)) => StoreUrl::parse(scheme, rest).map(Self::Shared),
            None => Err(NotALimitsUrl::UnknownScheme),
        }
    }
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
            Self::Shared(store) => store.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        LimitsUrl::parse(text).unwrap().to_string()
    }

    #[test]
    fn what_is_shown_can_be_read_back() {
        for text in [
            "memory:",
            "redis://h:6379",
            "rediss://[::1]:7000/3",
            "redis+cluster://a:6379,b:7000",
            "rediss+sentinel://a:26379,b:26379/main",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn ports_have_defaults_and_valkey_is_another_word_for_redis() {
        assert_eq!(shown("valkey://h"), "redis://h:6379");
        assert_eq!(shown("valkeys://h/0"), "rediss://h:6379");
        assert_eq!(shown("valkey+cluster://a,b:1"), "redis+cluster://a:6379,b:1");
        assert_eq!(shown("valkeys+sentinel://a/main"), "rediss+sentinel://a:26379/main");
    }

    #[test]
    fn neither_user_nor_password_is_ever_shown() {
        let url = LimitsUrl::parse("redis://alice:hunter2%40@h").unwrap();
        for text in [url.to_string(), format!("{url:?}")] {
            assert!(!text.contains("alice") && !text.contains("hunter2"), "{text}");
        }
        let LimitsUrl::Shared(store) = url else { panic!("not shared") };
        assert_eq!(store.username.as_deref(), Some("alice"));
        assert_eq!(store.password.clone().unwrap().as_str(), "hunter2@");
        let second = store.with_password("other".to_owned().into());
        assert_eq!(second, Err(NotALimitsUrl::TwoPasswords));
    }

    #[test]
    fn only_what_stays_on_this_machine_or_is_encrypted_is_safe_from_readers() {
        for (text, in_clear) in [
            ("redis://localhost", false),
            ("redis://127.0.0.1", false),
            ("redis+cluster://[::1],127.0.0.2", false),
            ("rediss://h", false),
            ("redis://h", true),
            ("redis://192.0.2.1", true),
            ("redis+sentinel://localhost,h/main", true),
        ] {
            let LimitsUrl::Shared(store) = LimitsUrl::parse(text).unwrap() else { panic!("not shared") };
            assert_eq!(store.travels_in_clear(), in_clear, "{text}");
        }
    }

    #[test]
    fn a_password_may_be_kept_elsewhere() {
        for (text, user) in [("redis://h", None), ("redis://alice@h", Some("alice"))] {
            let LimitsUrl::Shared(store) = LimitsUrl::parse(text).unwrap() else { panic!("not shared") };
            let store = store.with_password("hunter2".to_owned().into()).unwrap();
            assert_eq!(store.password.as_ref().map(|password| password.as_str()), Some("hunter2"));
            assert_eq!(store.username.as_deref(), user);
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_to_write() {
        use NotALimitsUrl as Not;
        for (text, why) in [
            ("", Not::UnknownScheme),
            (":", Not::UnknownScheme),
            ("memory", Not::UnknownScheme),
            ("Memory:", Not::UnknownScheme),
            ("memcached://h", Not::UnknownScheme),
            ("redis", Not::UnknownScheme),
            ("redis+ring://h", Not::UnknownScheme),
            ("memory://", Not::Trailing),
            ("memory:x", Not::Trailing),
            ("redis:", Not::Host),
            ("redis:h", Not::Host),
            ("redis://", Not::Host),
            ("redis://h:0", Not::Host),
            ("redis://h:65536", Not::Host),
            ("redis://h:", Not::Host),
            ("redis://h h", Not::Host),
            ("redis://[::1", Not::Host),
            ("redis://[h]", Not::Host),
            ("redis://[::1]6379", Not::Host),
            ("redis+cluster://a,,b", Not::Host),
            ("redis://a,b", Not::SeveralHosts),
            ("redis://h/x", Not::Database),
            ("redis://h/-1", Not::Database),
            ("redis+cluster://a,b/0", Not::ClusterPath),
            ("redis+sentinel://a,b", Not::Master),
            ("redis+sentinel://a,b/", Not::Master),
            ("redis+sentinel://a,b/main/0", Not::Master),
            ("redis://u:%ff@h", Not::Login),
            ("redis://h?protocol=resp3", Not::Extra),
            ("rediss://h/#insecure", Not::Extra),
        ] {
            assert_eq!(LimitsUrl::parse(text), Err(why), "{text}");
        }
    }
}
