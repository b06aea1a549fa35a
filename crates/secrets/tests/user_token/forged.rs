use countersign_domain::admission::ports::TokenRefusal;
use countersign_secrets::user_token::UserTokenRules;
use proptest::prelude::*;
use serde_json::json;

use super::support::*;

const NOT_ACCEPTED_ALG: &str = "alg is not one that is accepted";
const NO_ALG: &str = "alg is missing or not a text";
const NO_OBJECT: &str = "the header is not a JSON object";
const REFUSED_MEMBER: &str = "the header has a member that is not accepted";
const BAD_KID: &str = "kid has a form that is not accepted";
const OTHER_TYPE: &str = "typ is that of another kind of token";
const NOT_BASE64: &str = "a part of the token is not base64url without padding";
const EMPTY: &str = "a part of the token is empty";
const NO_PARTS: &str = "the token has no three parts";
const BAD_SIGNATURE: &str = "no key of its algorithm and kid verifies the signature";

/// Each of these tokens is rightly signed, so that it is the header that it is refused for.
#[test]
fn headers_that_are_not_accepted() {
    let long_kid = format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(5_000));
    let cases = [
        (r#"{"alg":"none"}"#, NOT_ACCEPTED_ALG),
        (r#"{"alg":"None"}"#, NOT_ACCEPTED_ALG),
        (r#"{"alg":"nOnE"}"#, NOT_ACCEPTED_ALG),
        (r#"{"alg":"NONE"}"#, NOT_ACCEPTED_ALG),
        (r#"{"alg":""}"#, NOT_ACCEPTED_ALG),
        (r#"{"alg":"hs256"}"#, NOT_ACCEPTED_ALG),
        (r#"{"alg":"HS256 "}"#, NOT_ACCEPTED_ALG),
        (r#"{"alg":"HS512"}"#, NOT_ACCEPTED_ALG),
        (r#"{"alg":"PS256"}"#, NOT_ACCEPTED_ALG),
        (r#"{"alg":["HS256"]}"#, NO_ALG),
        (r#"{"alg":null}"#, NO_ALG),
        (r#"{"alg":256}"#, NO_ALG),
        (r#"{"typ":"JWT"}"#, NO_ALG),
        ("{}", NO_ALG),
        (r#"["HS256"]"#, NO_OBJECT),
        (r#""HS256""#, NO_OBJECT),
        ("null", NO_OBJECT),
        ("7", NO_OBJECT),
        (r#"{"alg":"HS256""#, NO_OBJECT),
        (r#"{"alg":"HS256"} {}"#, NO_OBJECT),
        (r#"{"alg":"none","alg":"HS256"}"#, NO_OBJECT),
        (r#"{"alg":"HS256","alg":"HS256"}"#, NO_OBJECT),
        (r#"{"alg":"HS256","\u0061lg":"none"}"#, NO_OBJECT),
        (r#"{"alg":"HS256","jku":"https://example.com/keys"}"#, REFUSED_MEMBER),
        (r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}"#, REFUSED_MEMBER),
        (r#"{"alg":"HS256","x5u":"https://example.com/cert"}"#, REFUSED_MEMBER),
        (r#"{"alg":"HS256","x5c":["AAAA"]}"#, REFUSED_MEMBER),
        (r#"{"alg":"HS256","crit":["exp"],"exp":1}"#, REFUSED_MEMBER),
        (r#"{"alg":"HS256","crit":[]}"#, REFUSED_MEMBER),
        (r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#, REFUSED_MEMBER),
        (r#"{"alg":"HS256","zip":"DEF"}"#, REFUSED_MEMBER),
        (r#"{"alg":"HS256","zip":null}"#, REFUSED_MEMBER),
        (r#"{"alg":"HS256","enc":"A128GCM"}"#, REFUSED_MEMBER),
        (r#"{"alg":"HS256","kid":"../../dev/null"}"#, BAD_KID),
        (r#"{"alg":"HS256","kid":"' OR 1=1--"}"#, BAD_KID),
        (r#"{"alg":"HS256","kid":"a\u0000b"}"#, BAD_KID),
        (r#"{"alg":"HS256","kid":""}"#, BAD_KID),
        (r#"{"alg":"HS256","kid":"ключ"}"#, BAD_KID),
        (&long_kid, BAD_KID),
        (r#"{"alg":"HS256","kid":7}"#, "kid is not a text"),
        (r#"{"alg":"HS256","kid":null}"#, "kid is not a text"),
        (r#"{"alg":"HS256","kid":["a"]}"#, "kid is not a text"),
        (r#"{"alg":"HS256","typ":"stepup+jwt"}"#, OTHER_TYPE),
        (r#"{"alg":"HS256","typ":"application/stepup+jwt"}"#, OTHER_TYPE),
        (r#"{"alg":"HS256","typ":"logout+jwt"}"#, OTHER_TYPE),
        (r#"{"alg":"HS256","typ":"JOSE"}"#, OTHER_TYPE),
        (r#"{"alg":"HS256","typ":""}"#, OTHER_TYPE),
        (r#"{"alg":"HS256","typ":null}"#, "typ is not a text"),
        (r#"{"alg":"RS256"}"#, BAD_SIGNATURE),
        (r#"{"alg":"ES256"}"#, BAD_SIGNATURE),
        (r#"{"alg":"EdDSA"}"#, BAD_SIGNATURE),
    ];
    let verifier = verifier(UserTokenRules::default());
    for (header, expected) in cases {
        assert_eq!(reason(&verifier, &sign(header, &good_claims().to_string())), expected, "{header:.80}");
    }
}

#[test]
fn the_types_of_user_tokens_are_accepted_in_any_case() {
    let verifier = verifier(UserTokenRules::default());
    for name in ["JWT", "jwt", "Jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt"] {
        let token = sign(&json!({"alg": "HS256", "typ": name}).to_string(), &good_claims().to_string());
        assert!(verify_at(&verifier, &token, now()).is_ok(), "{name}");
    }
}

#[test]
fn tokens_of_another_form() {
    let good = sign(r#"{"alg":"HS256"}"#, &good_claims().to_string());
    let parts: Vec<&str> = good.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let other_alphabet = encode(r#"{"alg":"HS256","x":"???>>>"}"#).replace('-', "+").replace('_', "/");
    assert!(other_alphabet.contains('/') || other_alphabet.contains('+'));
    let none = encode(r#"{"alg":"none"}"#);
    let long =
        |length: usize| format!("{header}.{claims}.{}", "A".repeat(length - header.len() - claims.len() - 2));
    let cases = [
        (String::new(), NO_PARTS),
        ("no-dots-at-all".to_owned(), NO_PARTS),
        (format!("{header}.{claims}"), NO_PARTS),
        (format!("{header}{claims}{signature}"), NO_PARTS),
        (format!("{header}.{claims}."), EMPTY),
        (format!("{none}.{claims}."), EMPTY),
        (format!(".{claims}.{signature}"), EMPTY),
        (format!("{header}..{signature}"), EMPTY),
        ("..".to_owned(), EMPTY),
        (format!("{good}."), NO_PARTS),
        (format!("{good}.{signature}"), NO_PARTS),
        (format!("{header}.{claims}.{claims}.{claims}.{signature}"), NO_PARTS),
        (format!("{good}="), NOT_BASE64),
        (format!("{header}==.{claims}.{signature}"), NOT_BASE64),
        (format!("{other_alphabet}.{claims}.{signature}"), NOT_BASE64),
        (format!("{header}.{claims}.{signature} "), NOT_BASE64),
        (format!(" {good}"), NOT_BASE64),
        (format!("{header}.{claims}\n.{signature}"), NOT_BASE64),
        (format!("{header}.{claims}.é"), NOT_BASE64),
        (format!("{none}.{claims}.AAAA"), NOT_ACCEPTED_ALG),
        (format!("{header}.{claims}.AAAA"), BAD_SIGNATURE),
        (format!("{header}.{}.{signature}", encode(b"{}")), BAD_SIGNATURE),
        (long(8_192), BAD_SIGNATURE),
        (long(8_193), "the token is longer than 8 KiB"),
        (long(9_000), "the token is longer than 8 KiB"),
        (long(1_000_000), "the token is longer than 8 KiB"),
    ];
    let verifier = verifier(UserTokenRules::default());
    for (token, expected) in cases {
        assert_eq!(reason(&verifier, &token), expected, "{token:.80}");
    }
}

#[test]
fn stray_bits_in_the_last_symbol_are_refused() {
    // A MAC of 32 bytes takes 43 symbols, of which the last one has two bits too many.
    let good = sign(r#"{"alg":"HS256"}"#, &good_claims().to_string());
    let verifier = verifier(UserTokenRules::default());
    let (rest, last) = good.split_at(good.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last).unwrap();
    let same_bits = &alphabet[place + 1..place + 2];
    assert_eq!(reason(&verifier, &format!("{rest}{same_bits}")), NOT_BASE64);
}

#[test]
fn an_expired_token_with_a_wrong_signature_is_not_called_expired() {
    let mut claims = good_claims();
    claims["exp"] = json!(NOW - 1_000);
    claims["iat"] = json!(NOW - 2_000);
    let verifier = verifier(UserTokenRules::default());
    let expired = sign(r#"{"alg":"HS256"}"#, &claims.to_string());
    assert!(matches!(verify_at(&verifier, &expired, now()), Err(TokenRefusal::Expired)));
    let forged =
        sign_with(b"another-secret-of-sufficient-length-123", r#"{"alg":"HS256"}"#, &claims.to_string());
    assert_eq!(reason(&verifier, &forged), BAD_SIGNATURE);
}

#[test]
fn a_refusal_shows_nothing_of_the_token() {
    let canary = "canary-7f3a";
    let verifier = verifier(UserTokenRules::default());
    let header = json!({"alg": canary, "kid": canary}).to_string();
    let claims = json!({"sub": canary, "exp": canary, "org_id": canary}).to_string();
    for token in [sign(&header, &claims), sign(r#"{"alg":"HS256"}"#, &claims), canary.to_owned()] {
        let refusal = verify_at(&verifier, &token, now()).unwrap_err();
        assert!(!format!("{refusal} {refusal:?}").contains(canary), "{refusal:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(token in ".{0,200}") {
        prop_assert!(verify_at(&verifier(UserTokenRules::default()), &token, now()).is_err());
    }

    #[test]
    fn no_bytes_in_the_parts_make_it_panic(
        header in prop::collection::vec(any::<u8>(), 1..60),
        claims in prop::collection::vec(any::<u8>(), 1..60),
        signature in prop::collection::vec(any::<u8>(), 1..60),
    ) {
        let token = format!("{}.{}.{}", encode(header), encode(claims), encode(signature));
        prop_assert!(verify_at(&verifier(UserTokenRules::default()), &token, now()).is_err());
    }

    #[test]
    fn no_signed_claims_make_it_panic(claims in "[{}\\[\\]\",:a-z0-9 ]{0,80}") {
        let token = sign(r#"{"alg":"HS256"}"#, &claims);
        prop_assert!(verify_at(&verifier(UserTokenRules::default()), &token, now()).is_err());
    }

    #[test]
    fn every_changed_symbol_is_noticed(place in any::<prop::sample::Index>(), symbol in "[A-Za-z0-9_-]") {
        let good = sign(r#"{"alg":"HS256"}"#, &good_claims().to_string());
        let place = place.index(good.len());
        prop_assume!(good[place..=place] != symbol && &good[place..=place] != ".");
        let changed = format!("{}{symbol}{}", &good[..place], &good[place + 1..]);
        prop_assert!(verify_at(&verifier(UserTokenRules::default()), &changed, now()).is_err());
    }
}
