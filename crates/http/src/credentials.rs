//! The bearer token of a request (RFC 6750).

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use percent_encoding::percent_decode_str;

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 8 * 1024;

/// Query parameters in which clients send credentials by mistake.
const CREDENTIAL_PARAMETERS: [&str; 2] = ["access_token", "api_key"];

/// A request that carries credentials in a way that is never accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MisplacedCredentials {
    /// A URL ends up in logs and histories.
    #[error("credentials belong into the Authorization header, never into the URL")]
    InUrl,
    /// Nobody could say which of them counts.
    #[error("a request has one Authorization header")]
    Several,
}

/// The token of the one `Authorization` header; `None` when there is none that could be a bearer token.
pub(crate) fn bearer_token<'a>(
    headers: &'a HeaderMap,
    query: &str,
) -> Result<Option<&'a str>, MisplacedCredentials> {
    if has_credential_parameter(query) {
        return Err(MisplacedCredentials::InUrl);
    }
    let mut values = headers.get_all(AUTHORIZATION);
    let value = values.next();
    if values.next().is_some() {
        return Err(MisplacedCredentials::Several);
    }
    Ok(value.and_then(|value| value.to_str().ok()).and_then(token))
}

fn token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    let plain = token.bytes().all(|byte| byte.is_ascii_graphic());
    let acceptable = plain && (1..=MAX_TOKEN).contains(&token.len());
    (scheme.eq_ignore_ascii_case("bearer") && acceptable).then_some(token)
}

fn has_credential_parameter(query: &str) -> bool {
    query.split('&').any(|pair| {
        let name = pair.split('=').next().unwrap_or("");
        let name = percent_decode_str(name).decode_utf8_lossy();
        CREDENTIAL_PARAMETERS.iter().any(|parameter| name.eq_ignore_ascii_case(parameter))
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn read(values: &[&str], query: &str) -> Result<Option<String>, MisplacedCredentials> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        bearer_token(&headers, query).map(|token| token.map(str::to_owned))
    }

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        for value in ["Bearer x.y.z", "bearer x.y.z", "BEARER   x.y.z"] {
            assert_eq!(read(&[value], ""), Ok(Some("x.y.z".to_owned())), "{value}");
        }
    }

    #[test]
    fn what_cannot_be_a_bearer_token_is_none() {
        let long = format!("Bearer {}", "x".repeat(MAX_TOKEN + 1));
        for value in ["", "Bearer", "Bearer ", "Bearerx", "Basic eA==", "Bearer a b", "Bearer \u{e9}", &long]
        {
            assert_eq!(read(&[value], ""), Ok(None), "{value}");
        }
        assert_eq!(read(&[], "page=2"), Ok(None));
    }

    #[test]
    fn a_token_of_the_greatest_length_is_taken() {
        let longest = format!("Bearer {}", "x".repeat(MAX_TOKEN));
        assert!(matches!(read(&[&longest], ""), Ok(Some(_))));
    }

    #[test]
    fn two_headers_are_refused_even_when_they_agree() {
        assert_eq!(read(&["Bearer x", "Bearer x"], ""), Err(MisplacedCredentials::Several));
    }

    #[test]
    fn credentials_in_the_url_are_refused_however_they_are_spelled() {
        for query in ["access_token=x", "a=b&API_KEY=x", "access%5Ftoken=x", "api_key", "%61pi_key=x"] {
            assert_eq!(read(&["Bearer x"], query), Err(MisplacedCredentials::InUrl), "{query}");
            assert_eq!(read(&[], query), Err(MisplacedCredentials::InUrl), "{query}");
        }
    }
}
