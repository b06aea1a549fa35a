use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::*;
use crate::user_token::compact::CompactToken;

/// RFC 7515, appendix A.2.1.
const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Ql\
                     L-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs\
                     LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoud\
                     F8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
/// RFC 7515, appendix A.3.1.
const P256_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const P256_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
/// RFC 8037, appendix A.2.
const ED25519_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn rsa() -> Value {
    json!({"kty": "RSA", "n": RSA_N, "e": "AQAB"})
}

fn p256() -> Value {
    json!({"kty": "EC", "crv": "P-256", "x": P256_X, "y": P256_Y})
}

fn ed25519() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "x": ED25519_X})
}

fn with(mut jwk: Value, name: &str, value: impl Into<Value>) -> Value {
    jwk[name] = value.into();
    jwk
}

fn without(mut jwk: Value, name: &str) -> Value {
    jwk.as_object_mut().unwrap().remove(name);
    jwk
}

fn jwks(keys: &[Value]) -> Result<UserTokenKeys, UserTokenKeyError> {
    let mut found = UserTokenKeys::new();
    found.add_jwks(json!({"keys": keys}).to_string().as_bytes()).map(|()| found)
}

fn kid(name: &str) -> Kid {
    Kid::new(name).unwrap()
}

fn count(keys: &UserTokenKeys, name: Option<&str>, algorithm: Algorithm) -> usize {
    keys.candidates(name.map(kid).as_ref(), algorithm).count()
}

/// Whether exactly one key of the token's algorithm is there, and verifies it.
fn verifies(keys: &UserTokenKeys, algorithm: Algorithm, token: &str) -> bool {
    let token = CompactToken::parse(token).unwrap();
    let candidates: Vec<_> = keys.candidates(None, algorithm).collect();
    assert_eq!(candidates.len(), 1);
    candidates[0].verifies(token.signed, &token.signature)
}

const CLAIMS: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

#[test]
fn signatures_agree_with_the_published_vectors() {
    // The secret of appendix A.1 is public, so the checks of `TokenSecret` refuse it; the MAC below them does
    // not.
    let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let secret = Zeroizing::new(BASE64URL_NOPAD.decode(secret.as_bytes()).unwrap());
    assert!(TokenSecret::new(secret.clone()).is_err());
    let shared = UserTokenKey {
        kid: None,
        material: Material::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &secret))),
    };
    let shared = UserTokenKeys(vec![shared]);
    let published = jwks(&[rsa(), p256(), ed25519()]).unwrap();

    let vectors = [
        // RFC 7515, appendices A.1, A.2 and A.3; RFC 8037, appendix A.4
        (
            &shared,
            Algorithm::Hs256,
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
            CLAIMS,
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
        (
            &published,
            Algorithm::Rs256,
            "eyJhbGciOiJSUzI1NiJ9",
            CLAIMS,
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        ),
        (
            &published,
            Algorithm::Es256,
            "eyJhbGciOiJFUzI1NiJ9",
            CLAIMS,
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        (
            &published,
            Algorithm::EdDsa,
            "eyJhbGciOiJFZERTQSJ9",
            "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ];
    for (keys, algorithm, header, claims, signature) in vectors {
        assert!(verifies(keys, algorithm, &format!("{header}.{claims}.{signature}")), "{algorithm:?}");
        // One changed symbol in the middle of the claims.
        let changed = format!("{}A{}", &claims[..9], &claims[10..]);
        assert_ne!(changed, claims);
        assert!(!verifies(keys, algorithm, &format!("{header}.{changed}.{signature}")), "{algorithm:?}");
    }
}

#[test]
fn each_key_of_a_set_has_the_algorithm_of_its_type() {
    let keys = jwks(&[
        with(with(rsa(), "kid", "a"), "alg", "RS256"),
        with(with(p256(), "kid", "b"), "use", "sig"),
        with(with(ed25519(), "kid", "c"), "key_ops", json!(["verify"])),
        with(with(ed25519(), "kid", "d"), "alg", "Ed25519"),
    ])
    .unwrap();
    for (name, algorithm) in
        [("a", Algorithm::Rs256), ("b", Algorithm::Es256), ("c", Algorithm::EdDsa), ("d", Algorithm::EdDsa)]
    {
        assert_eq!(count(&keys, Some(name), algorithm), 1, "{name}");
        assert_eq!(count(&keys, Some(name), Algorithm::Hs256), 0, "{name}");
    }
    assert_eq!(count(&keys, Some("a"), Algorithm::Es256), 0);
    assert_eq!(count(&keys, Some("z"), Algorithm::Rs256), 0);
}

#[test]
fn a_token_without_kid_is_tried_with_the_keys_of_its_algorithm_only() {
    let keys = jwks(&[with(ed25519(), "kid", "a"), with(ed25519(), "kid", "b"), ed25519(), rsa()]).unwrap();
    assert_eq!(count(&keys, None, Algorithm::EdDsa), 3);
    assert_eq!(count(&keys, Some("a"), Algorithm::EdDsa), 1);
    assert_eq!(count(&keys, Some("unknown"), Algorithm::EdDsa), 1, "the key without a name");
    assert_eq!(count(&keys, Some("a"), Algorithm::Rs256), 0, "this name belongs to another algorithm");
}

#[test]
fn keys_that_are_not_for_us_are_passed_over() {
    let keys = jwks(&[
        json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "x", "kid": "not//for+us"}),
        json!({"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}),
        json!({"kty": "OKP", "crv": "X25519", "x": ED25519_X}),
        with(rsa(), "use", "enc"),
        with(rsa(), "alg", "PS256"),
        with(rsa(), "alg", "RSA-OAEP"),
        with(p256(), "key_ops", json!(["encrypt"])),
        with(ed25519(), "x5c", json!(["whatever"])),
    ])
    .unwrap();
    assert_eq!(keys.0.len(), 1);
    assert_eq!(count(&keys, None, Algorithm::EdDsa), 1);
}

#[test]
fn a_set_with_a_wrong_key_is_refused_with_its_place() {
    let oct = json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0i"});
    let cases = [
        (oct, JwksError::Symmetric(2)),
        (with(ed25519(), "d", "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"), JwksError::Private(2)),
        (with(rsa(), "alg", "ES256"), JwksError::Algorithm(2)),
        (with(rsa(), "alg", "HS256"), JwksError::Algorithm(2)),
        (with(p256(), "alg", "EdDSA"), JwksError::Algorithm(2)),
        (with(rsa(), "kid", "../../dev/null"), JwksError::Kid(2)),
        (with(rsa(), "kid", ""), JwksError::Kid(2)),
        (with(rsa(), "kid", 7), JwksError::MalformedKey(2)),
        (with(rsa(), "alg", json!(["RS256"])), JwksError::MalformedKey(2)),
        (with(rsa(), "key_ops", "verify"), JwksError::MalformedKey(2)),
        (without(rsa(), "kty"), JwksError::MalformedKey(2)),
        (without(rsa(), "n"), JwksError::MalformedKey(2)),
        (without(p256(), "crv"), JwksError::MalformedKey(2)),
        (with(rsa(), "e", "AQ=="), JwksError::MalformedKey(2)),
        // 1032 bits
        (with(rsa(), "n", &RSA_N[..172]), JwksError::BadKey(2)),
        (with(rsa(), "e", "AA"), JwksError::BadKey(2)),
        (with(rsa(), "e", "Ag"), JwksError::BadKey(2)),
        (with(p256(), "y", P256_X), JwksError::BadKey(2)),
        (with(p256(), "x", "AA"), JwksError::BadKey(2)),
        (with(ed25519(), "x", "AA"), JwksError::BadKey(2)),
    ];
    for (bad, expected) in cases {
        let refusal = jwks(&[ed25519(), bad.clone()]).err();
        assert_eq!(refusal, Some(UserTokenKeyError::Jwks(expected)), "{bad}");
    }
}

#[test]
fn what_is_no_key_set_is_refused() {
    let large = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(65_536));
    for (document, expected) in [
        ("", JwksError::Malformed),
        ("[]", JwksError::Malformed),
        ("{}", JwksError::Malformed),
        (r#"{"keys":{}}"#, JwksError::Malformed),
        (r#"{"keys":[1]}"#, JwksError::Malformed),
        (r#"{"keys":[],"keys":[]}"#, JwksError::Malformed),
        (r#"{"keys":[]}"#, JwksError::NothingUsable),
        (r#"{"keys":[{"kty":"unknown"}]}"#, JwksError::NothingUsable),
        (&large, JwksError::TooLarge),
    ] {
        let refusal = UserTokenKeys::new().add_jwks(document.as_bytes()).unwrap_err();
        assert_eq!(refusal, UserTokenKeyError::Jwks(expected), "{document:.60}");
    }
}

const RSA_1024: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC8tJaoiwJH/jjrBYyzox4eGyau
/9Qx8j17wRJvI4ZVkn3wnTlCv8KSPMQPci5UCpE00GV2UOMWpUtDbcN37lF5m7mK
E3Zvv8FrzjR2BzI88JSemG9VI2IaYtJ5qjQWZeeOyaNwiE3olp3XundwQeUmrKoQ
F6Dz2HGOR+RE9nLsaQIDAQAB
-----END PUBLIC KEY-----
";
const P384: &str = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEdxRO3X7M3/TBs105VlNfihuYfj9gK4SJ
f9o7+OaiP1PQK90azJlDsDMG/J6wI/BLwPx2iKi1B3IkIOWD0Cu0bYOEq3MB8C9Z
+vEx2gjMwnXW/RKuecMXWztkGDmj4bjs
-----END PUBLIC KEY-----
";
const X25519: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VuAyEAkA/4vK1knFOhdPMVPMYY+GdomGTL/xqm0FmCaptIkDg=
-----END PUBLIC KEY-----
";

#[test]
fn public_keys_of_other_types_and_short_ones_are_refused() {
    let encode = |der: &[u8]| {
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            data_encoding::BASE64.encode(der)
        )
    };
    let bare_ed25519 = encode(&BASE64URL_NOPAD.decode(ED25519_X.as_bytes()).unwrap());
    for pem in [RSA_1024, P384, X25519, &bare_ed25519, &encode(b"\x30\x03\x02\x01\x00"), &encode(b"")] {
        let refusal = UserTokenKeys::new().add_public_key(None, pem).unwrap_err();
        assert_eq!(refusal, UserTokenKeyError::NotAPublicKey, "{pem}");
    }
}

#[test]
fn the_number_of_keys_is_bounded() {
    let many = vec![ed25519(); UserTokenKeys::MOST];
    let mut keys = jwks(&many).unwrap();
    let more = json!({"keys": [ed25519()]}).to_string();
    assert_eq!(keys.add_jwks(more.as_bytes()), Err(UserTokenKeyError::TooMany));
}
