//! Signs assertions.

use std::sync::Arc;

use countersign_domain::failure::PortFailure;
use countersign_domain::identity::Environment;
use countersign_domain::two_factor::assertion::Assertion;
use countersign_domain::two_factor::proof_ports::AssertionSigner;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::CurrentKeyRing;

/// What every assertion says of its origin and of its receivers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssertionSettings {
    /// The claim `iss`; left out when not set.
    pub issuer: Option<String>,
    /// The claim `aud`: one text, or a list of several. When empty it is the id of the user's organization.
    pub audience: Vec<String>,
}

/// Signs assertions with the primary signing key of the ring in force.
pub struct Ed25519AssertionSigner {
    ring: Arc<CurrentKeyRing>,
    settings: AssertionSettings,
}

impl Ed25519AssertionSigner {
    /// A signer with these keys and settings.
    pub fn new(ring: Arc<CurrentKeyRing>, settings: AssertionSettings) -> Self {
        Self { ring, settings }
    }

    fn audience(&self, assertion: &Assertion) -> Value {
        match self.settings.audience.as_slice() {
            [] => json!(assertion.subject.organization.to_string()),
            [one] => json!(one),
            several => json!(several),
        }
    }

    fn claims(&self, assertion: &Assertion) -> Value {
        let Assertion { id, subject, method, authenticated_at, expires_at, binding } = assertion;
        let is_test = subject.environment == Environment::Test;
        let claims = [
            ("iss", self.settings.issuer.as_ref().map(|issuer| json!(issuer))),
            ("sub", Some(json!(subject.user.as_str()))),
            ("org_id", Some(json!(subject.organization.to_string()))),
            ("env", is_test.then(|| json!(subject.environment.as_str()))),
            ("aud", Some(self.audience(assertion))),
            ("amr", Some(json!([method.reference()]))),
            ("auth_time", Some(json!(authenticated_at.as_seconds()))),
            // Nothing happens between the proof and the signature.
            ("iat", Some(json!(authenticated_at.as_seconds()))),
            ("exp", Some(json!(expires_at.as_seconds()))),
            ("jti", Some(json!(id.to_string()))),
            ("purpose", binding.purpose.as_ref().map(|purpose| json!(purpose.as_str()))),
            ("txn", binding.transaction.as_ref().map(|transaction| json!(transaction.as_str()))),
        ];
        let present = claims.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(present.collect::<Map<_, _>>())
    }
}

impl AssertionSigner for Ed25519AssertionSigner {
    fn sign(&self, assertion: &Assertion) -> Result<Zeroizing<String>, PortFailure> {
        self.ring.assertion_keys().sign(&self.claims(assertion)).map_err(PortFailure::other)
    }
}
