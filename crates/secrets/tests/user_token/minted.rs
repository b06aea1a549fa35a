use std::time::Duration;

use countersign_domain::admission::ports::TokenRefusal;
use countersign_domain::identity::Environment;
use countersign_domain::time::Timestamp;
use countersign_secrets::user_token::{
    JwtVerifier, Kid, LifeOutOfRange, TokenMinter, UserTokenKeys, UserTokenRules,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use super::support::*;

const QUARTER: Duration = Duration::from_mins(15);

fn rules(audience: &[&str]) -> UserTokenRules {
    UserTokenRules {
        issuer: Some("https://id.example.com".to_owned()),
        audience: audience.iter().map(|one| (*one).to_owned()).collect(),
        ..UserTokenRules::default()
    }
}

/// The claims as another library reads them.
fn read(token: &str, audience: &[&str]) -> Value {
    let mut validation = Validation::new(Algorithm::HS256);
    // The tests have a clock of their own.
    validation.validate_exp = false;
    validation.set_issuer(&["https://id.example.com"]);
    if audience.is_empty() {
        validation.validate_aud = false;
    } else {
        validation.set_audience(audience);
    }
    jsonwebtoken::decode(token, &DecodingKey::from_secret(SECRET), &validation).unwrap().claims
}

#[test]
fn a_minted_token_is_accepted_by_the_verifier_with_the_same_rules() {
    for audience in [&[][..], &["one"], &["one", "two"]] {
        for environment in [Environment::Live, Environment::Test] {
            let minter = TokenMinter::new(&secret(), None, rules(audience));
            let fresh = minter.mint(&alice(environment), now(), QUARTER).unwrap();
            let subject = verify_at(&verifier(rules(audience)), &fresh.token, now()).unwrap();
            assert_eq!(subject, alice(environment), "{audience:?}");
        }
    }
}

#[test]
fn a_minted_token_has_these_claims() {
    let minter = TokenMinter::new(&secret(), None, rules(&["one"]));
    let half_a_second_later = Timestamp::from_micros(NOW * 1_000_000 + 500_000);
    let fresh = minter.mint(&alice(Environment::Test), half_a_second_later, QUARTER).unwrap();
    let expected = json!({
        "sub": "alice", "org_id": ORGANIZATION, "env": "test", "iss": "https://id.example.com", "aud": "one",
        "iat": NOW, "exp": NOW + 900,
    });
    assert_eq!(read(&fresh.token, &["one"]), expected);
    assert_eq!(fresh.expires_at, Timestamp::from_seconds(NOW + 900));

    let live = minter.mint(&alice(Environment::Live), now(), QUARTER).unwrap();
    assert_eq!(read(&live.token, &["one"]).get("env"), None);
    let several = TokenMinter::new(&secret(), None, rules(&["one", "two"]));
    let several = several.mint(&alice(Environment::Live), now(), QUARTER).unwrap();
    assert_eq!(read(&several.token, &["two"])["aud"], json!(["one", "two"]));
}

#[test]
fn a_minted_token_expires_when_it_says() {
    let minter = TokenMinter::new(&secret(), None, rules(&[]));
    let fresh = minter.mint(&alice(Environment::Live), now(), Duration::from_secs(1)).unwrap();
    let leeway = rules(&[]).leeway;
    let verifier = verifier(rules(&[]));
    let last = fresh.expires_at.saturating_add(leeway).saturating_sub(Duration::from_micros(1));
    assert!(verify_at(&verifier, &fresh.token, last).is_ok());
    let late = fresh.expires_at.saturating_add(leeway);
    assert!(matches!(verify_at(&verifier, &fresh.token, late), Err(TokenRefusal::Expired)));
}

#[test]
fn a_life_that_the_verifier_would_refuse_is_not_minted() {
    let minter = TokenMinter::new(&secret(), None, rules(&[]));
    let day = Duration::from_hours(24);
    assert!(minter.mint(&alice(Environment::Live), now(), day).is_ok());
    for ttl in [Duration::ZERO, Duration::from_millis(999), day + Duration::from_secs(1), Duration::MAX] {
        let refusal = minter.mint(&alice(Environment::Live), now(), ttl).unwrap_err();
        assert_eq!(refusal, LifeOutOfRange { longest: day }, "{ttl:?}");
    }
}

#[test]
fn a_minted_token_names_its_key() {
    let kid = Kid::new("development").unwrap();
    let mut keys = UserTokenKeys::new();
    keys.add_secret(Some(kid.clone()), &secret()).unwrap();
    let verifier = JwtVerifier::new(keys, rules(&[]));
    let fresh =
        TokenMinter::new(&secret(), Some(kid), rules(&[])).mint(&alice(Environment::Live), now(), QUARTER);
    let fresh = fresh.unwrap();
    assert_eq!(
        jsonwebtoken::decode_header(fresh.token.as_bytes()).unwrap().kid.as_deref(),
        Some("development")
    );
    assert!(verify_at(&verifier, &fresh.token, now()).is_ok());
}

#[test]
fn debug_shows_nothing_of_the_token() {
    let minter = TokenMinter::new(&secret(), None, rules(&[]));
    let fresh = minter.mint(&alice(Environment::Live), now(), QUARTER).unwrap();
    let shown = format!("{fresh:?}");
    assert!(fresh.token.split('.').all(|part| !shown.contains(part)), "{shown}");
    assert!(shown.contains("expires_at"));
}
