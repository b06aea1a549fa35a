//! JSON in which nothing is doubled.
//!
//! A generic JSON value keeps the last of two members with one name and other programs keep the first, so the
//! two would read different claims in one token. Here a doubled name is an error, at every depth.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A value, as far as tokens and key sets need to tell values apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Text(String),
    /// A number that is written without a sign, a fraction or an exponent and is below 2⁶⁴.
    Integer(u64),
    List(Vec<Self>),
    Object(JsonObject),
    /// `null`, a truth value or any other number.
    Other,
}

/// An object: each name occurs once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonObject(BTreeMap<String, Json>);

/// The bytes are not one JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotAnObject;

/// The member is there but has another type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrongType;

impl JsonObject {
    /// Reads bytes that are one object and nothing else.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, NotAnObject> {
        match serde_json::from_slice(bytes) {
            Ok(Json::Object(object)) => Ok(object),
            _ => Err(NotAnObject),
        }
    }

    /// The member with this name.
    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }

    /// The text with this name; `None` when there is no such member.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, WrongType> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(_) => Err(WrongType),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value without doubled names")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Integer(number))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = access.next_element()? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = access.next_entry::<String, Json>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("doubled name"));
            }
        }
        Ok(Json::Object(JsonObject(members)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<JsonObject, NotAnObject> {
        JsonObject::parse(text.as_bytes())
    }

    #[test]
    fn doubled_names_are_refused_at_every_depth_and_in_every_spelling() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"\u0061":3}"#,
            r#"{"o":{"a":1,"a":2}}"#,
            r#"{"l":[{"a":1,"a":2}]}"#,
        ] {
            assert_eq!(parse(text), Err(NotAnObject), "{text}");
        }
    }

    #[test]
    fn only_one_object_is_an_object() {
        for text in
            ["", "[]", "1", "null", r#""{}""#, "{}{}", "{} x", "{", r#"{"a":1,}"#, "{a:1}", "\u{feff}{}"]
        {
            assert_eq!(parse(text), Err(NotAnObject), "{text}");
        }
        assert_eq!(JsonObject::parse(b"{\"a\":\"\xff\"}"), Err(NotAnObject));
        assert!(parse(" {} ").is_ok());
    }

    #[test]
    fn only_plain_whole_numbers_are_integers() {
        let number = |text: &str| parse(&format!(r#"{{"n":{text}}}"#)).unwrap().get("n").cloned();
        assert_eq!(number("18446744073709551615"), Some(Json::Integer(u64::MAX)));
        for other in ["-1", "-0", "1.0", "1e3", "1e20", "18446744073709551616", "true", "null"] {
            assert_eq!(number(other), Some(Json::Other), "{other}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_rather_than_followed() {
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(4000), "]".repeat(4000));
        assert_eq!(parse(&deep), Err(NotAnObject));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = JsonObject::parse(&bytes);
        }
    }
}
