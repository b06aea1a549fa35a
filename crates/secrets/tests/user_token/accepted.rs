use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use countersign_domain::identity::Environment;
use countersign_secrets::user_token::{JwtVerifier, Kid, UserTokenKeys, UserTokenRules};
use data_encoding::BASE64;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::Value;

use super::support::*;

/// A key pair of the platform: what it signs with, and the public half in PEM.
struct Platform {
    algorithm: Algorithm,
    private: EncodingKey,
    public: String,
}

impl Platform {
    fn rsa() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let private = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        let private = pem("PRIVATE KEY", private.as_ref());
        Self {
            algorithm: Algorithm::RS256,
            private: EncodingKey::from_rsa_pem(private.as_bytes()).unwrap(),
            public: public_pem(pair.public_key()),
        }
    }

    fn p256() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self {
            algorithm: Algorithm::ES256,
            private: EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref()),
            public: public_pem(pair.public_key()),
        }
    }

    fn ed25519() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        Self {
            algorithm: Algorithm::EdDSA,
            private: EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref()),
            public: public_pem(pair.public_key()),
        }
    }

    /// A token that another library made.
    fn token(&self, kid: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = kid.map(str::to_owned);
        jsonwebtoken::encode(&header, claims, &self.private).unwrap()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64.encode(der))
}

fn public_pem(key: &impl AsDer<PublicKeyX509Der<'static>>) -> String {
    pem("PUBLIC KEY", key.as_der().unwrap().as_ref())
}

fn verifier_with(keys: UserTokenKeys) -> JwtVerifier {
    JwtVerifier::new(keys, UserTokenRules::default())
}

#[test]
fn tokens_of_another_library_are_accepted_with_every_kind_of_public_key() {
    let platforms = [Platform::rsa(), Platform::p256(), Platform::ed25519()];
    let mut keys = UserTokenKeys::new();
    for platform in &platforms {
        keys.add_public_key(None, &platform.public).unwrap();
    }
    let verifier = verifier_with(keys);
    for platform in &platforms {
        let token = platform.token(None, &good_claims());
        let subject = verify_at(&verifier, &token, now()).unwrap();
        assert_eq!(subject, alice(Environment::Live), "{:?}", platform.algorithm);
    }
}

#[test]
fn tokens_with_the_shared_secret_are_accepted() {
    let token = sign(r#"{"alg":"HS256"}"#, &good_claims().to_string());
    let subject = verify_at(&verifier(UserTokenRules::default()), &token, now()).unwrap();
    assert_eq!(subject, alice(Environment::Live));
}

#[test]
fn a_key_set_of_another_library_is_accepted() {
    let platforms = [("rsa-key", Platform::rsa()), ("ec_key", Platform::p256())];
    let keys: Vec<Jwk> = platforms
        .iter()
        .map(|(kid, platform)| {
            let mut jwk = Jwk::from_encoding_key(&platform.private, platform.algorithm).unwrap();
            jwk.common.key_id = Some((*kid).to_owned());
            jwk
        })
        .collect();
    let mut found = UserTokenKeys::new();
    found.add_jwks(&serde_json::to_vec(&JwkSet { keys }).unwrap()).unwrap();
    let verifier = verifier_with(found);
    for (kid, platform) in &platforms {
        let token = platform.token(Some(kid), &good_claims());
        assert!(verify_at(&verifier, &token, now()).is_ok(), "{kid}");
        let without = platform.token(None, &good_claims());
        assert!(verify_at(&verifier, &without, now()).is_ok(), "{kid}");
    }
    let exchanged = platforms[0].1.token(Some("ec_key"), &good_claims());
    assert_eq!(reason(&verifier, &exchanged), "no key of its algorithm and kid verifies the signature");
}

#[test]
fn a_key_is_addressed_by_its_kid() {
    let (first, second) = (Platform::ed25519(), Platform::ed25519());
    let mut keys = UserTokenKeys::new();
    keys.add_public_key(Some(Kid::new("first").unwrap()), &first.public).unwrap();
    keys.add_public_key(Some(Kid::new("second").unwrap()), &second.public).unwrap();
    let verifier = verifier_with(keys);
    assert!(verify_at(&verifier, &first.token(Some("first"), &good_claims()), now()).is_ok());
    for (platform, kid) in [(&first, "second"), (&second, "first"), (&first, "third")] {
        let token = platform.token(Some(kid), &good_claims());
        assert_eq!(
            reason(&verifier, &token),
            "no key of its algorithm and kid verifies the signature",
            "{kid}"
        );
    }
    // Without a kid every key of the algorithm is tried.
    assert!(verify_at(&verifier, &second.token(None, &good_claims()), now()).is_ok());
}

#[test]
fn the_public_key_is_no_shared_secret() {
    let platform = Platform::rsa();
    let mut keys = UserTokenKeys::new();
    keys.add_public_key(None, &platform.public).unwrap();
    let public_only = verifier_with(keys);
    let mut both = UserTokenKeys::new();
    both.add_public_key(None, &platform.public).unwrap();
    both.add_secret(None, &secret()).unwrap();
    let both = verifier_with(both);

    let der = BASE64.decode(platform.public.lines().nth(1).unwrap().as_bytes()).unwrap();
    for public in [platform.public.as_bytes(), platform.public.trim().as_bytes(), &der] {
        let forged = sign_with(public, r#"{"alg":"HS256","typ":"JWT"}"#, &good_claims().to_string());
        for verifier in [&public_only, &both] {
            assert_eq!(reason(verifier, &forged), "no key of its algorithm and kid verifies the signature");
        }
    }
}

#[test]
fn a_signature_does_not_pass_under_another_algorithm_name() {
    let platforms = [Platform::rsa(), Platform::p256(), Platform::ed25519()];
    let mut keys = UserTokenKeys::new();
    for platform in &platforms {
        keys.add_public_key(None, &platform.public).unwrap();
    }
    keys.add_secret(None, &secret()).unwrap();
    let verifier = verifier_with(keys);
    for platform in &platforms {
        let claims = encode(good_claims().to_string());
        for name in ["HS256", "RS256", "ES256", "EdDSA"] {
            if Some(name) == serde_json::to_value(platform.algorithm).unwrap().as_str() {
                continue;
            }
            let signed = format!("{}.{claims}", encode(format!(r#"{{"alg":"{name}"}}"#)));
            let signature =
                jsonwebtoken::crypto::sign(signed.as_bytes(), &platform.private, platform.algorithm).unwrap();
            let token = format!("{signed}.{signature}");
            assert_eq!(
                reason(&verifier, &token),
                "no key of its algorithm and kid verifies the signature",
                "{:?} as {name}",
                platform.algorithm
            );
        }
    }
}

#[test]
fn without_keys_no_token_is_accepted() {
    let keys = UserTokenKeys::new();
    assert!(keys.is_empty());
    let token = sign(r#"{"alg":"HS256"}"#, &good_claims().to_string());
    assert_eq!(
        reason(&verifier_with(keys), &token),
        "no key of its algorithm and kid verifies the signature"
    );
}
