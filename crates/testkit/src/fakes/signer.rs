use countersign_domain::failure::PortFailure;
use countersign_domain::two_factor::assertion::Assertion;
use countersign_domain::two_factor::proof_ports::{AssertionKeySet, AssertionSigner};
use zeroize::Zeroizing;

/// Writes assertions in clear, without a signature.
#[derive(Default, Debug)]
pub struct PlainSigner;

impl AssertionSigner for PlainSigner {
    fn sign(&self, assertion: &Assertion) -> Result<Zeroizing<String>, PortFailure> {
        Ok(Zeroizing::new(format!("{assertion:?}")))
    }
}

/// Nothing is signed, so nothing is published.
impl AssertionKeySet for PlainSigner {
    fn jwks_json(&self) -> String {
        r#"{"keys":[]}"#.to_owned()
    }
}
