//! Requests as they go over the wire.

use std::fmt::Write as _;

/// A request without a body.
pub(crate) fn get(path: &str, token: Option<&str>) -> Vec<u8> {
    head("GET", path, token).into_bytes().into_iter().chain(*b"\r\n").collect()
}

/// A request with a JSON body.
pub(crate) fn post(path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    let mut request = head("POST", path, token);
    // Writing to a text does not fail.
    let _ = write!(request, "content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    request.into_bytes()
}

fn head(method: &str, path: &str, token: Option<&str>) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: countersign\r\n");
    if let Some(token) = token {
        let _ = write!(head, "authorization: Bearer {token}\r\n");
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_how_long_its_body_is() {
        let request = String::from_utf8(post("/x", Some("t"), "{}")).unwrap();
        assert!(request.starts_with("POST /x HTTP/1.1\r\n"));
        assert!(request.contains("authorization: Bearer t\r\n"));
        assert!(request.ends_with("content-length: 2\r\n\r\n{}"));
        assert!(get("/healthz", None).ends_with(b"\r\n\r\n"));
    }
}
