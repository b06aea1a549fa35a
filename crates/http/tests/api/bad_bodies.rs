//! Bodies that are not one well-formed JSON object, on every route that takes one.

use super::support::{Answer, Call, World};

const ROUTES: [&str; 2] = ["/v1/me/2fa/setup", "/v1/me/2fa/verify-setup"];

/// Sends `call` to both routes; nothing may be hashed or stored for it.
async fn both(shape: impl Fn(Call) -> Call) -> Vec<Answer> {
    let world = World::new().await;
    let mut answers = Vec::new();
    for route in ROUTES {
        answers.push(world.send(&shape(Call::post(route).token("alice"))).await);
    }
    assert_eq!(world.hasher.calls(), 0);
    let status = world.send(&Call::get("/v1/me/2fa").token("alice")).await.json();
    assert_eq!(status["state"], "disabled");
    answers
}

async fn expect(body: impl AsRef<[u8]>, status: u16, problem: &str) {
    let shown: String = String::from_utf8_lossy(body.as_ref()).chars().take(60).collect();
    for answer in both(|call| call.json(&body)).await {
        assert_eq!((answer.status, answer.code().as_str()), (status, "validation_error"), "{shown}");
        assert_eq!(answer.problems(), [(String::new(), problem.to_owned())], "{shown}");
    }
}

#[tokio::test]
async fn what_is_no_json_is_400() {
    let deep = format!(r#"{{"code":{}"#, "[".repeat(4_000));
    let unknown_deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(4_000), "]".repeat(4_000));
    let bodies: [&[u8]; 18] = [
        b"{",
        b"{} x",
        b"{}{}",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\0}\0",
        br#"{"code":"\ud800"}"#,
        b"{\"code\":\"\xff\"}",
        b"{\"code\":\"\xc0\xaf\"}",
        br#"{"code":NaN}"#,
        br#"{"code":Infinity}"#,
        br#"{"code":1e999999}"#,
        br#"{"code":012345}"#,
        br#"{"code":"123456",}"#,
        b"{'code':'123456'}",
        b"code=123456",
        b"\0",
        deep.as_bytes(),
        unknown_deep.as_bytes(),
    ];
    for body in bodies {
        expect(body, 400, "malformed_json").await;
    }
}

#[tokio::test]
async fn what_is_no_object_is_400() {
    for body in ["null", "[]", r#"["123456"]"#, r#""x""#, "1", "true", r#"[{"code":"123456"}]"#] {
        expect(body, 400, "not_an_object").await;
    }
}

#[tokio::test]
async fn a_name_that_stands_twice_is_400_in_either_order() {
    for body in [
        r#"{"code":"123456","code":"000000"}"#,
        r#"{"code":"000000","code":"123456"}"#,
        r#"{"account_name":"a","account_name":"a"}"#,
        r#"{"code":"123456","\u0063ode":"000000"}"#,
        r#"{"x":{"y":1,"y":2}}"#,
    ] {
        expect(body, 400, "duplicate_field").await;
    }
}

#[tokio::test]
async fn an_empty_body_is_400_where_one_is_needed() {
    let world = World::new().await;
    for body in ["", " "] {
        let answer = world.send(&Call::post(ROUTES[1]).token("alice").json(body)).await;
        assert_eq!(answer.problems(), [(String::new(), "malformed_json".to_owned())]);
    }
}

#[tokio::test]
async fn a_body_over_8_kib_is_413_with_a_length_and_in_chunks() {
    let long = vec![b' '; 8 * 1024 + 1];
    expect(&long, 413, "too_large").await;
    expect(vec![b'['; 5_000_000], 413, "too_large").await;
    for answer in
        both(|call| call.header("content-type", "application/json").chunked(&[&long[..5_000], &long])).await
    {
        assert_eq!((answer.status, answer.problems()[0].1.as_str()), (413, "too_large"));
    }
    let claimed = ["9999999999999999999", "18446744073709551615"];
    for length in claimed {
        let call =
            |call: Call| call.header("content-type", "application/json").header("content-length", length);
        for answer in both(call).await {
            assert_eq!((answer.status, answer.problems()[0].1.as_str()), (413, "too_large"));
        }
    }
}

#[tokio::test]
async fn a_body_of_8_kib_is_read() {
    let mut body = br#"{"x":1}"#.to_vec();
    body.resize(8 * 1024, b' ');
    for answer in both(|call| call.json(&body)).await {
        assert_eq!(answer.status, 422);
    }
    for answer in
        both(|call| call.header("content-type", "application/json").chunked(&[&body[..7], &body[7..]])).await
    {
        assert_eq!(answer.status, 422);
    }
}

#[tokio::test]
async fn other_media_types_are_415() {
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json;charset=utf-16",
        "application/xml",
        "json",
        "",
    ] {
        for answer in both(|call| call.header("content-type", media_type).body(r#"{"x":1}"#)).await {
            assert_eq!((answer.status, answer.problems()[0].1.as_str()), (415, "media_type"), "{media_type}");
        }
    }
    for answer in both(|call| call.body(r#"{"x":1}"#)).await {
        assert_eq!((answer.status, answer.problems()[0].1.as_str()), (415, "media_type"), "no type");
    }
    for answer in both(|call| call.json(r#"{"x":1}"#).header("content-type", "application/json")).await {
        assert_eq!((answer.status, answer.problems()[0].1.as_str()), (415, "media_type"), "two types");
    }
}

#[tokio::test]
async fn a_compressed_body_is_415_and_never_unpacked() {
    for encoding in ["gzip", "deflate", "br", "gzip, gzip", "identity, gzip", "x"] {
        for answer in both(|call| call.header("content-encoding", encoding).json("{}")).await {
            assert_eq!(
                (answer.status, answer.problems()[0].1.as_str()),
                (415, "content_encoding"),
                "{encoding}"
            );
        }
    }
    for answer in both(|call| call.header("content-encoding", "Identity").json(r#"{"x":1}"#)).await {
        assert_eq!(answer.status, 422);
    }
}

#[tokio::test]
async fn charset_utf_8_is_taken() {
    for media_type in ["application/json; charset=utf-8", "Application/Json;Charset=\"UTF-8\""] {
        for answer in both(|call| call.header("content-type", media_type).body(r#"{"x":1}"#)).await {
            assert_eq!(answer.status, 422, "{media_type}");
        }
    }
}

#[tokio::test]
async fn credentials_are_looked_at_before_the_body() {
    let world = World::new().await;
    for (token, status) in [("expired", 401), ("suspended", 403), (world.api_key.as_str(), 403)] {
        for body in ["{", "[]"] {
            let answer = world.send(&Call::post(ROUTES[0]).token(token).json(body)).await;
            assert_eq!(answer.status, status, "{token}");
        }
        let long = Call::post(ROUTES[0]).token(token).header("content-type", "x").body(vec![b'x'; 100_000]);
        assert_eq!(world.send(&long).await.status, status, "{token}");
    }
}
