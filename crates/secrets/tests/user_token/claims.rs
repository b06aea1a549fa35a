use std::time::Duration;

use countersign_domain::admission::ports::TokenRefusal;
use countersign_domain::identity::Environment;
use countersign_domain::time::Timestamp;
use countersign_secrets::user_token::{ClaimName, JwtVerifier, UserTokenRules};
use serde_json::{Value, json};

use super::support::*;

const BAD_DATE: &str = "a date is not a whole number of seconds from 1970 to 9999";

fn strict() -> UserTokenRules {
    UserTokenRules {
        issuer: Some("https://id.example.com".to_owned()),
        audience: vec!["countersign".to_owned(), "second".to_owned()],
        ..UserTokenRules::default()
    }
}

fn strict_claims() -> Value {
    let mut claims = good_claims();
    claims["iss"] = json!("https://id.example.com");
    claims["aud"] = json!("countersign");
    claims
}

fn token(claims: &Value) -> String {
    sign(r#"{"alg":"HS256"}"#, &claims.to_string())
}

/// What becomes of good claims with one of them set to `value`; `null` stands for itself.
fn set(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

fn unset(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn accepts(verifier: &JwtVerifier, claims: &Value) -> bool {
    verify_at(verifier, &token(claims), now()).is_ok()
}

#[test]
fn claims_that_are_missing_or_of_a_wrong_type() {
    let far = json!(NOW + 25 * 3600);
    let cases = [
        ("exp", None, "exp is missing"),
        ("exp", Some(json!((NOW + 600).to_string())), BAD_DATE),
        ("exp", Some(json!(-1)), BAD_DATE),
        ("exp", Some(json!(1_800_000_600.5)), BAD_DATE),
        ("exp", Some(json!(1e20)), BAD_DATE),
        ("exp", Some(json!(u64::MAX)), BAD_DATE),
        ("exp", Some(json!(253_402_300_800_u64)), BAD_DATE),
        ("exp", Some(json!(null)), BAD_DATE),
        ("exp", Some(json!([NOW + 600])), BAD_DATE),
        ("exp", Some(json!(true)), BAD_DATE),
        ("exp", Some(json!(253_402_300_799_u64)), "exp is too late"),
        ("exp", Some(far), "exp is too late"),
        ("exp", Some(json!(NOW - 10)), "exp is not after iat"),
        ("nbf", Some(json!(NOW.to_string())), BAD_DATE),
        ("nbf", Some(json!(1.5)), BAD_DATE),
        ("nbf", Some(json!(null)), BAD_DATE),
        ("nbf", Some(json!(NOW + 31)), "nbf is in the future"),
        ("iat", Some(json!("now")), BAD_DATE),
        ("iat", Some(json!(-5)), BAD_DATE),
        ("iat", Some(json!(NOW + 31)), "iat is in the future"),
        ("iat", Some(json!(NOW - 86_400)), "exp is too late"),
        ("sub", None, "sub is missing or not a text"),
        ("sub", Some(json!(7)), "sub is missing or not a text"),
        ("sub", Some(json!(["alice"])), "sub is missing or not a text"),
        ("sub", Some(json!(null)), "sub is missing or not a text"),
        ("sub", Some(json!("")), "sub is not a user id"),
        ("sub", Some(json!("a\0b")), "sub is not a user id"),
        ("sub", Some(json!("älice")), "sub is not a user id"),
        ("sub", Some(json!("x".repeat(256))), "sub is not a user id"),
        ("org_id", None, "the organization claim is missing or not a text"),
        ("org_id", Some(json!(1)), "the organization claim is missing or not a text"),
        ("org_id", Some(json!([ORGANIZATION])), "the organization claim is missing or not a text"),
        ("org_id", Some(json!("")), "the organization claim is not a ULID"),
        ("org_id", Some(json!("acme")), "the organization claim is not a ULID"),
        ("org_id", Some(json!(format!("{ORGANIZATION}\0"))), "the organization claim is not a ULID"),
        ("env", Some(json!(null)), "the environment claim is not a text"),
        ("env", Some(json!(true)), "the environment claim is not a text"),
        ("iss", None, "iss is missing or another issuer"),
        ("iss", Some(json!("https://id.example.com/")), "iss is missing or another issuer"),
        ("iss", Some(json!(7)), "iss is not a text"),
        ("iss", Some(json!(["https://id.example.com"])), "iss is not a text"),
        ("aud", None, "aud is missing or somebody else"),
        ("aud", Some(json!("other")), "aud is missing or somebody else"),
        ("aud", Some(json!("counter")), "aud is missing or somebody else"),
        ("aud", Some(json!([])), "aud is missing or somebody else"),
        ("aud", Some(json!(["other", "Countersign"])), "aud is missing or somebody else"),
        ("aud", Some(json!(["countersign", 7])), "aud is not a list of texts"),
        ("aud", Some(json!(null)), "aud is neither a text nor a list"),
        ("aud", Some(json!({"a": 1})), "aud is neither a text nor a list"),
        ("jti", Some(json!(7)), "jti is not a text"),
    ];
    let verifier = verifier(strict());
    for (name, value, expected) in cases {
        let claims = match &value {
            Some(value) => set(strict_claims(), name, value.clone()),
            None => unset(strict_claims(), name),
        };
        assert_eq!(reason(&verifier, &token(&claims)), expected, "{name} = {value:?}");
    }
    assert!(accepts(&verifier, &strict_claims()));
}

#[test]
fn claims_that_are_no_object_or_have_doubled_names() {
    let verifier = verifier(UserTokenRules::default());
    let good = good_claims().to_string();
    let doubled = good.replacen('{', r#"{"sub":"mallory","#, 1);
    let nested = good.replacen('{', r#"{"act":{"sub":"a","sub":"b"},"#, 1);
    for claims in ["[]", "null", "7", "", "{", &format!("{good}{good}"), &doubled, &nested] {
        let token = sign(r#"{"alg":"HS256"}"#, if claims.is_empty() { " " } else { claims });
        assert_eq!(reason(&verifier, &token), "the claims are not a JSON object", "{claims}");
    }
}

#[test]
fn an_issuer_and_an_audience_are_type_checked_even_when_none_is_wanted() {
    let verifier = verifier(UserTokenRules::default());
    assert!(accepts(&verifier, &set(good_claims(), "iss", json!("anybody"))));
    assert!(accepts(&verifier, &set(good_claims(), "aud", json!(["anybody"]))));
    assert_eq!(reason(&verifier, &token(&set(good_claims(), "iss", json!(7)))), "iss is not a text");
    let wrong_audience = token(&set(good_claims(), "aud", json!([7])));
    assert_eq!(reason(&verifier, &wrong_audience), "aud is not a list of texts");
}

#[test]
fn one_of_several_audiences_is_enough() {
    let verifier = verifier(strict());
    for audience in [json!("second"), json!(["other", "second"]), json!(["countersign", "second"])] {
        assert!(accepts(&verifier, &set(strict_claims(), "aud", audience)));
    }
}

#[test]
fn a_token_expires_after_the_leeway_and_not_before() {
    let verifier = verifier(UserTokenRules::default());
    let token = token(&good_claims());
    let expired = Timestamp::from_seconds(NOW + 600 + 30);
    let at = |instant| verify_at(&verifier, &token, instant);
    assert!(at(expired.saturating_sub(Duration::from_secs(1))).is_ok());
    assert!(at(expired.saturating_sub(Duration::from_micros(1))).is_ok());
    assert!(matches!(at(expired), Err(TokenRefusal::Expired)));
    assert!(matches!(at(expired.saturating_add(Duration::from_secs(1))), Err(TokenRefusal::Expired)));
}

#[test]
fn clocks_may_differ_by_the_leeway() {
    let verifier = verifier(UserTokenRules::default());
    for name in ["nbf", "iat"] {
        assert!(accepts(&verifier, &set(good_claims(), name, json!(NOW + 30))), "{name}");
        assert!(!accepts(&verifier, &set(good_claims(), name, json!(NOW + 31))), "{name}");
    }
}

#[test]
fn a_life_is_at_most_the_longest_one() {
    let verifier = verifier(UserTokenRules::default());
    let day = 24 * 3600;
    let from = |iat: i64, exp: i64| set(set(good_claims(), "iat", json!(iat)), "exp", json!(exp));
    assert!(accepts(&verifier, &from(NOW, NOW + day)));
    assert!(!accepts(&verifier, &from(NOW, NOW + day + 1)));

    // Without iat the life begins now, give or take the leeway.
    let until = |exp: i64| unset(set(good_claims(), "exp", json!(exp)), "iat");
    assert!(accepts(&verifier, &until(NOW + day + 30)));
    assert!(!accepts(&verifier, &until(NOW + day + 31)));
}

#[test]
fn an_expired_token_that_is_wrong_otherwise_is_not_called_expired() {
    let verifier = verifier(strict());
    let expired = set(set(strict_claims(), "iat", json!(NOW - 2_000)), "exp", json!(NOW - 1_000));
    assert!(matches!(verify_at(&verifier, &token(&expired), now()), Err(TokenRefusal::Expired)));
    for (name, value) in [("aud", json!("other")), ("sub", json!("")), ("nbf", json!(NOW + 100))] {
        let _ = reason(&verifier, &token(&set(expired.clone(), name, value)));
    }
}

#[test]
fn a_token_is_for_live_data_unless_it_says_test() {
    let verifier = verifier(UserTokenRules::default());
    let environment = |claims: &Value| verify_at(&verifier, &token(claims), now()).unwrap().environment;
    assert_eq!(environment(&good_claims()), Environment::Live);
    for (text, expected) in [
        ("test", Environment::Test),
        ("live", Environment::Live),
        ("Test", Environment::Live),
        ("", Environment::Live),
    ] {
        assert_eq!(environment(&set(good_claims(), "env", json!(text))), expected, "{text:?}");
    }
}

#[test]
fn the_names_of_the_platforms_own_claims_can_be_chosen() {
    let rules = UserTokenRules {
        organization_claim: ClaimName::new("https://example.com/tenant").unwrap(),
        environment_claim: ClaimName::new("mode").unwrap(),
        ..UserTokenRules::default()
    };
    let verifier = verifier(rules);
    let claims = json!({
        "sub": "alice", "https://example.com/tenant": ORGANIZATION, "mode": "test", "env": 7, "exp": NOW + 600,
    });
    assert_eq!(verify_at(&verifier, &token(&claims), now()).unwrap(), alice(Environment::Test));
    assert!(!accepts(&verifier, &good_claims()));
}

#[test]
fn other_claims_do_not_matter() {
    let verifier = verifier(UserTokenRules::default());
    let mut claims = good_claims();
    claims["scope"] = json!(["a", "b"]);
    claims["roles"] = json!({"admin": [1.5, null, true]});
    assert!(accepts(&verifier, &claims));
}
