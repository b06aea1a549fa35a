use data_encoding::BASE64URL_NOPAD;

use super::*;
use crate::key_ring::SigningSeed;

/// RFC 8037, appendix A.1.
const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
/// RFC 8037, appendix A.2.
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn key() -> aws_lc_rs::signature::Ed25519KeyPair {
    let seed = SigningSeed::from_slice(&BASE64URL_NOPAD.decode(D.as_bytes()).unwrap()).unwrap();
    keys::key_pair(&seed).unwrap()
}

#[test]
fn the_public_key_and_its_thumbprint_are_those_of_rfc_8037() {
    let jwk = jwk::Jwk::of(&key());
    assert_eq!(jwk.to_json()["x"], X);
    // Appendix A.3.
    assert_eq!(jwk.kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn the_signature_is_that_of_rfc_8037() {
    let token = jws::sign(&key(), br#"{"alg":"EdDSA"}"#, b"Example of Ed25519 signing").unwrap();
    // Appendix A.4.
    assert_eq!(
        *token,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
         hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
    assert_eq!(token.capacity(), token.len(), "it never grew");
}
