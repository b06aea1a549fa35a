//! A public key as others read it (RFC 7517, section 4, and RFC 8037, section 2).

use aws_lc_rs::digest;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

/// The published half of a signing key.
pub(super) struct Jwk {
    /// Its name: the thumbprint, which every node and every receiver finds to be the same.
    pub(super) kid: String,
    /// The 32 bytes of the public key in base64url.
    x: String,
}

impl Jwk {
    /// The published half of `key`.
    pub(super) fn of(key: &Ed25519KeyPair) -> Self {
        let x = BASE64URL_NOPAD.encode(key.public_key().as_ref());
        Self { kid: thumbprint(&x), x }
    }

    /// The key as a member of a key set.
    pub(super) fn to_json(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": self.kid, "use": "sig", "alg": "EdDSA"})
    }
}

/// SHA-256 over the required members in the order of their names, without white space (RFC 7638, section 3).
fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64URL_NOPAD.encode(digest::digest(&digest::SHA256, members.as_bytes()).as_ref())
}
