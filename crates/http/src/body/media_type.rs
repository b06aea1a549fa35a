//! What a request says of its body.

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};

use super::BodyProblem;

/// Whether the request says that its body is JSON; `false` when it says nothing.
pub(super) fn says_json(headers: &HeaderMap) -> Result<bool, BodyProblem> {
    let identity = |value: &actix_web::http::header::HeaderValue| {
        value.to_str().is_ok_and(|value| value.trim().eq_ignore_ascii_case("identity"))
    };
    if !headers.get_all(CONTENT_ENCODING).all(identity) {
        return Err(BodyProblem::ContentEncoding);
    }
    let mut values = headers.get_all(CONTENT_TYPE);
    match (values.next(), values.next()) {
        (None, _) => Ok(false),
        (Some(value), None) if value.to_str().is_ok_and(is_json) => Ok(true),
        _ => Err(BodyProblem::MediaType),
    }
}

/// `application/json`, optionally with `charset=utf-8`.
fn is_json(value: &str) -> bool {
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or("");
    essence.eq_ignore_ascii_case("application/json") && parts.all(is_utf8)
}

fn is_utf8(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_utf_8_is_taken() {
        for good in [
            "application/json",
            "Application/JSON",
            "application/json;charset=utf-8",
            "application/json; charset=\"UTF-8\"",
        ] {
            assert!(is_json(good), "{good}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for bad in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json;charset=utf-16",
            "application/json; profile=x",
            "application/json;",
            "application/problem+json",
            "application/json, text/plain",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
