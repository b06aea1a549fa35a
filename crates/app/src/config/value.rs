//! The kinds of values that a setting may have, and how each is read from text.

use std::fmt;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use countersign_domain::admission::api_key::ApiKeyPrefix;
use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use crate::wiring;

/// A value as a source gives it.
#[derive(Clone, Debug)]
pub(crate) enum Raw {
    /// One value, as text.
    One(String),
    /// A list; only a file can write one, a variable separates with commas.
    Many(Vec<String>),
    /// Something that no setting is, such as a list of tables.
    Nested,
}

/// A type that a setting may have.
pub(crate) trait SettingValue: Sized {
    /// What a value may be, for people.
    const KIND: &'static str;

    /// Reads it; the error completes the sentence "it is not acceptable: ...".
    fn read(raw: Raw) -> Result<Self, String>;

    /// As it may be shown: never a secret.
    fn show(&self) -> Json;
}

impl Raw {
    /// The one value.
    pub(crate) fn one(self) -> Result<String, String> {
        match self {
            Self::One(text) => Ok(text),
            Self::Many(_) | Self::Nested => Err("one value is needed".to_owned()),
        }
    }
}

macro_rules! read_with_from_str {
    ($($type:ty, $kind:literal;)+) => {$(
        impl SettingValue for $type {
            const KIND: &'static str = $kind;

            fn read(raw: Raw) -> Result<Self, String> {
                let text = raw.one()?;
                text.trim().parse().map_err(|_| format!("{text:?} is not {}", Self::KIND))
            }

            fn show(&self) -> Json {
                json!(self)
            }
        }
    )+};
}

read_with_from_str! {
    bool, "`true` or `false`";
    u8, "a whole number from 0 to 255";
    u32, "a whole number";
    u64, "a whole number";
    usize, "a whole number";
    NonZeroU32, "a whole number from 1";
    NonZeroUsize, "a whole number from 1";
    SocketAddr, "an address and a port, such as `127.0.0.1:8080`";
}

impl SettingValue for String {
    const KIND: &'static str = "text";

    fn read(raw: Raw) -> Result<Self, String> {
        let text = raw.one()?;
        if text.trim().is_empty() { Err("it is empty".to_owned()) } else { Ok(text) }
    }

    fn show(&self) -> Json {
        json!(self)
    }
}

impl SettingValue for PathBuf {
    const KIND: &'static str = "a path";

    fn read(raw: Raw) -> Result<Self, String> {
        String::read(raw).map(Self::from)
    }

    fn show(&self) -> Json {
        json!(self.display().to_string())
    }
}

impl SettingValue for ApiKeyPrefix {
    const KIND: &'static str = "1 to 16 characters out of a-z and 0-9, a letter first";

    fn read(raw: Raw) -> Result<Self, String> {
        Self::new(raw.one()?).map_err(|error| error.to_string())
    }

    fn show(&self) -> Json {
        json!(self.as_str())
    }
}

/// The URL of a database. It may hold a password and is shown without it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DatabaseAddress(Zeroizing<String>);

impl DatabaseAddress {
    /// The URL with everything in it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&wiring::shown_database_url(&self.0))
    }
}

impl SettingValue for DatabaseAddress {
    const KIND: &'static str = "a URL";

    fn read(raw: Raw) -> Result<Self, String> {
        String::read(raw).map(|text| Self(Zeroizing::new(text)))
    }

    fn show(&self) -> Json {
        json!(wiring::shown_database_url(&self.0))
    }
}

/// An empty value means that the setting is not set.
impl<T: SettingValue> SettingValue for Option<T> {
    const KIND: &'static str = T::KIND;

    fn read(raw: Raw) -> Result<Self, String> {
        match raw {
            Raw::One(text) if text.is_empty() => Ok(None),
            raw => T::read(raw).map(Some),
        }
    }

    fn show(&self) -> Json {
        self.as_ref().map_or(Json::Null, T::show)
    }
}

/// Any number of texts: a list in a file, separated by commas in a variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts(pub(crate) Vec<String>);

impl SettingValue for Texts {
    const KIND: &'static str = "a list of texts; in a variable, separated by commas";

    fn read(raw: Raw) -> Result<Self, String> {
        let items = match raw {
            Raw::One(text) => text.split(',').map(str::to_owned).collect(),
            Raw::Many(items) => items,
            Raw::Nested => return Err("a list of texts is needed".to_owned()),
        };
        let trimmed = items.iter().map(|item| item.trim().to_owned());
        Ok(Self(trimmed.filter(|item| !item.is_empty()).collect()))
    }

    fn show(&self) -> Json {
        json!(self.0)
    }
}

/// The URL of a service. Who logs in there, and with which password, is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ServiceUrl(pub(crate) String);

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts =
            self.0.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1)));
        match parts {
            Some((scheme, rest)) => write!(f, "{scheme}://***@{rest}"),
            None => f.write_str(&self.0),
        }
    }
}

impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceUrl({self})")
    }
}

impl SettingValue for ServiceUrl {
    const KIND: &'static str = "a URL";

    fn read(raw: Raw) -> Result<Self, String> {
        String::read(raw).map(Self)
    }

    fn show(&self) -> Json {
        json!(self.to_string())
    }
}

/// A length of time, written as a whole number and a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl std::str::FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| not_a_span(text))?;
        let milliseconds = match unit {
            "ms" => Some(number),
            "s" => number.checked_mul(1_000),
            "m" => number.checked_mul(60_000),
            "h" => number.checked_mul(3_600_000),
            "d" => number.checked_mul(86_400_000),
            _ => None,
        };
        milliseconds.map(|ms| Self(Duration::from_millis(ms))).ok_or_else(|| not_a_span(text))
    }
}

fn not_a_span(text: &str) -> String {
    format!("{text:?} is not {}", Span::KIND)
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
        match units.iter().find(|(length, _)| ms >= *length && ms.is_multiple_of(*length)) {
            Some((length, unit)) => write!(f, "{}{unit}", ms / length),
            None => write!(f, "{ms}ms"),
        }
    }
}

impl SettingValue for Span {
    const KIND: &'static str = "a length of time, such as `500ms`, `30s`, `15m`, `24h` or `7d`";

    fn read(raw: Raw) -> Result<Self, String> {
        raw.one()?.parse()
    }

    fn show(&self) -> Json {
        json!(self.to_string())
    }
}

/// Declares a setting with a few named values.
macro_rules! choice {
    ($(#[doc = $about:literal])+ $name:ident, $kind:literal { $($(#[doc = $doc:literal])+ $variant:ident => $text:literal,)+ }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum $name {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl $crate::config::value::SettingValue for $name {
            const KIND: &'static str = $kind;

            fn read(raw: $crate::config::value::Raw) -> Result<Self, String> {
                let text = raw.one()?;
                match text.as_str() {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(format!("{text:?} is not {}", Self::KIND)),
                }
            }

            fn show(&self) -> serde_json::Value {
                serde_json::json!(match self { $(Self::$variant => $text,)+ })
            }
        }
    };
}

pub(crate) use choice;

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Result<Duration, String> {
        text.parse().map(|span: Span| span.0)
    }

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!(span("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(span("15m"), Ok(Duration::from_mins(15)));
        assert_eq!(span("24h"), Ok(Duration::from_hours(24)));
        for bad in
            ["", "15", "m", "1.5h", "-1s", "15 minutes", "99999999999999999999s", "18446744073709551615d"]
        {
            assert!(span(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_span_is_shown_in_its_largest_unit() {
        for text in ["500ms", "90s", "15m", "24h", "0ms"] {
            assert_eq!(span(&Span(span(text).unwrap()).to_string()), span(text));
        }
        assert_eq!(Span(Duration::from_hours(24)).to_string(), "1d");
    }

    #[test]
    fn a_list_is_separated_by_commas_in_a_variable() {
        let read = |raw| Texts::read(raw).map(|texts| texts.0);
        assert_eq!(read(Raw::One("a, b,".to_owned())), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(read(Raw::Many(vec!["a,b".to_owned()])), Ok(vec!["a,b".to_owned()]));
        assert_eq!(read(Raw::One(String::new())), Ok(vec![]));
    }

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        for (text, shown) in [
            ("memory:", "memory:"),
            ("redis://h:6379/0", "redis://h:6379/0"),
            ("redis://:hunter2@h", "redis://***@h"),
            ("redis://alice:hunter@2@h,i/main", "redis://***@h,i/main"),
        ] {
            let url = ServiceUrl(text.to_owned());
            assert_eq!((url.show(), format!("{url:?}")), (json!(shown), format!("ServiceUrl({shown})")));
        }
    }

    #[test]
    fn an_empty_value_is_no_value() {
        assert_eq!(Option::<String>::read(Raw::One(String::new())), Ok(None));
        assert!(String::read(Raw::One(" ".to_owned())).is_err());
    }
}
