//! The header `Idempotency-Key`.

use actix_web::http::header::{HeaderMap, HeaderName};
use countersign_domain::idempotency::key::{IdempotencyKey, NotAnIdempotencyKey};

use crate::refusal::problem::Problem;

/// As the documentation writes it.
pub(crate) const NAME: &str = "Idempotency-Key";

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// Whether a request has a key, acceptable or not.
pub(crate) fn is_given(headers: &HeaderMap) -> bool {
    headers.contains_key(HEADER)
}

/// The key of a request that has one.
pub(crate) fn read(headers: &HeaderMap) -> Result<IdempotencyKey, Problem> {
    let mut values = headers.get_all(HEADER);
    let key = values.next().and_then(|value| value.to_str().ok()).ok_or(NotAnIdempotencyKey);
    if values.next().is_some() {
        return Err(Problem::of_field(NAME, "duplicate_field", "a request has one idempotency key"));
    }
    let key = key.and_then(IdempotencyKey::new);
    key.map_err(|error| Problem::of_field(NAME, "not_acceptable", error))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn key(values: &[&[u8]]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_bytes(value).unwrap());
        }
        assert_eq!(is_given(&headers), !values.is_empty());
        read(&headers).ok().map(|key| key.as_str().to_owned())
    }

    #[test]
    fn a_key_is_1_to_255_printable_ascii_characters() {
        let longest = "k".repeat(255);
        for good in ["7", "8e03978e-40d5-43dd-bc93-6894a57f9324", "\"quoted\"", "a b", &longest] {
            assert_eq!(key(&[good.as_bytes()]), Some(good.to_owned()));
        }
        for bad in [&b""[..], b"\xC3\xA4", b"a\tb", &[b'k'; 256]] {
            assert_eq!(key(&[bad]), None, "{bad:?}");
        }
        assert_eq!(key(&[]), None);
    }

    #[test]
    fn two_keys_are_none_even_when_they_agree() {
        assert_eq!(key(&[b"one", b"one"]), None);
    }
}
