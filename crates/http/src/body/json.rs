//! A strict reading of JSON: every name stands once in its object, at every depth.
//!
//! `serde_json`'s own maps keep the last of several values with the same name, so that two readers of one body can
//! see two different requests.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use super::BodyProblem;

/// The members of an object, by name.
pub(crate) type Object = BTreeMap<String, Json>;

/// A JSON value, as far as our requests need it.
pub(crate) enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number without fraction and exponent, within 64 bits.
    Integer(i128),
    /// A string.
    Text(Zeroizing<String>),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(Object),
    /// Something else.
    Other,
}

impl Json {
    /// The text, if it is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The object that `bytes` are. Nesting is limited to 128 levels.
pub(super) fn parse(bytes: &[u8]) -> Result<Object, BodyProblem> {
    let text = std::str::from_utf8(bytes).map_err(|_| BodyProblem::Syntax)?;
    match serde_json::from_str(text) {
        Ok(Json::Object(members)) => Ok(members),
        Ok(_) => Err(BodyProblem::NotAnObject),
        // The visitor takes every kind of value; the one thing it refuses is a name that it has seen.
        Err(error) if error.is_data() => Err(BodyProblem::DuplicateField),
        Err(_) => Err(BodyProblem::Syntax),
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Strict)
    }
}

struct Strict;

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Integer(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Integer(number.into()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(Zeroizing::new(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut members = Object::new();
        while let Some(name) = entries.next_key()? {
            let Entry::Vacant(place) = members.entry(name) else {
                return Err(A::Error::custom("duplicate name"));
            };
            place.insert(entries.next_value()?);
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problem(text: impl AsRef<[u8]>) -> Option<BodyProblem> {
        parse(text.as_ref()).err()
    }

    #[test]
    fn an_object_is_taken_with_its_members() {
        let object = parse(br#" {"a": "x", "b": null, "c": [1, {"a": 2.5}], "\u0064": true} "#).unwrap();
        assert!(matches!(object.get("a"), Some(Json::Text(text)) if text.as_str() == "x"));
        assert!(matches!(object.get("b"), Some(Json::Null)));
        assert!(matches!(object.get("c"), Some(Json::List(items)) if items.len() == 2));
        assert!(matches!(object.get("d"), Some(Json::Flag(true))));
        assert_eq!(object.len(), 4);
    }

    #[test]
    fn whole_numbers_of_64_bits_are_exact_and_others_are_none() {
        for number in [i128::from(i64::MIN), -1, 0, i128::from(u64::MAX)] {
            let object = parse(format!("{{\"n\":{number}}}").as_bytes()).unwrap();
            assert!(matches!(object.get("n"), Some(Json::Integer(read)) if *read == number), "{number}");
        }
        for other in ["1.0", "1e3", "-0.0", "18446744073709551616", "-9223372036854775809"] {
            let object = parse(format!("{{\"n\":{other}}}").as_bytes()).unwrap();
            assert!(matches!(object.get("n"), Some(Json::Other)), "{other}");
        }
    }

    #[test]
    fn a_name_stands_once_at_every_depth() {
        for text in [
            r#"{"code":"1","code":"2"}"#,
            r#"{"code":"2","code":"1"}"#,
            r#"{"code":"1","\u0063ode":"2"}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"{"a":[{"b":1,"b":1}]}"#,
        ] {
            assert_eq!(problem(text), Some(BodyProblem::DuplicateField), "{text}");
        }
    }

    #[test]
    fn only_an_object_is_a_request() {
        for text in ["null", "[]", r#"["x"]"#, r#""x""#, "1", "true", r#"[{"code":"123456"}]"#] {
            assert_eq!(problem(text), Some(BodyProblem::NotAnObject), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(1_000), "]".repeat(1_000));
        for text in [
            "",
            " ",
            "{",
            "{} x",
            "{}{}",
            r#"{"a":1,}"#,
            r#"{"a":012345}"#,
            r#"{"a":NaN}"#,
            r#"{"a":Infinity}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"\ud800":1}"#,
            r#"{"a":"\udc00\ud800"}"#,
            "{\"a\":\"\n\"}",
            "\u{feff}{}",
            "{'a':1}",
            "{a:1}",
            "/**/{}",
            &deep,
        ] {
            assert_eq!(problem(text), Some(BodyProblem::Syntax), "{text}");
        }
        assert_eq!(problem(b"{\"a\":\"\xff\"}"), Some(BodyProblem::Syntax));
        assert_eq!(problem(b"\xff\xfe{\0}\0"), Some(BodyProblem::Syntax));
        assert_eq!(problem(b"{\"a\":\"\xc0\xaf\"}"), Some(BodyProblem::Syntax));
    }

    proptest! {
        #[test]
        fn no_input_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn it_agrees_with_serde_json_on_what_is_an_object(text in r#"[\[\]{}:,"a1. \\u]{0,24}"#) {
            let theirs = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text);
            match parse(text.as_bytes()) {
                Ok(_) => prop_assert!(theirs.is_ok()),
                Err(BodyProblem::DuplicateField) => {}
                Err(_) => prop_assert!(theirs.is_err()),
            }
        }
    }
}
