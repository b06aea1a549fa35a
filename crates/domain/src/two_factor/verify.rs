//! Verify a code: step-up. A right code yields a signed assertion.

use std::sync::Arc;

use super::assertion::{Assertion, AssertionBinding, LIFETIME, Method};
use super::lockout::LockoutPolicy;
use super::presented_code::PresentedCode;
use super::proof::{Presentation, Proof, ProofError, ProveFactor, Purpose};
use super::proof_ports::{AssertionSigner, Effect};
use crate::audit::event::{Caller, SecurityEvent};
use crate::entropy::Entropy;
use crate::failure::PortFailure;
use crate::identity::{AssertionId, Subject};
use zeroize::Zeroizing;

/// A proof and its assertion.
pub struct Verified {
    /// The proof.
    pub proof: Proof,
    /// The signed assertion.
    pub assertion: Zeroizing<String>,
}

/// The use case.
pub struct VerifyCode {
    /// Consumes the code.
    pub prove: Arc<ProveFactor>,
    /// Signs the assertion.
    pub signer: Arc<dyn AssertionSigner>,
    /// Randomness, for the assertion's id.
    pub entropy: Arc<dyn Entropy>,
}

impl VerifyCode {
    /// Consumes `code` and signs an assertion that is bound to `binding`.
    pub async fn run(
        &self,
        subject: Subject,
        code: PresentedCode,
        lockout: LockoutPolicy,
        binding: AssertionBinding,
        caller: Caller,
    ) -> Result<Verified, ProofError> {
        let event = |method: Method| SecurityEvent::Verified { method };
        let purpose = Purpose { effect: Effect::Keep, event };
        let presentation = Presentation { subject: subject.clone(), lockout, purpose, caller };
        let proof = self.prove.run(presentation, code).await?;
        let assertion = self.sign(subject, proof, binding)?;
        Ok(Verified { proof, assertion })
    }

    fn sign(
        &self,
        subject: Subject,
        proof: Proof,
        binding: AssertionBinding,
    ) -> Result<Zeroizing<String>, PortFailure> {
        self.signer.sign(&Assertion {
            id: AssertionId::mint(proof.at, &*self.entropy)?,
            subject,
            method: proof.method,
            authenticated_at: proof.at,
            expires_at: proof.at.saturating_add(LIFETIME),
            binding,
        })
    }
}
