//! The use cases in which a user proves a second factor, and the key ring's part in them.

use std::sync::Arc;

use countersign_domain::two_factor::disable::DisableTwoFactor;
use countersign_domain::two_factor::ports::{CodeHasher, SecretSealer};
use countersign_domain::two_factor::proof::ProveFactor;
use countersign_domain::two_factor::regenerate::RegenerateBackupCodes;
use countersign_domain::two_factor::reset::ResetTwoFactor;
use countersign_domain::two_factor::verify::VerifyCode;
use countersign_secrets::{AssertionSettings, BcryptPool, CurrentKeyRing, Ed25519AssertionSigner};

use super::id_entropy;
use super::stores::Stores;
use crate::commands::Session;

/// The use cases around an enabled factor.
pub(super) struct Proofs {
    pub(super) verify_code: VerifyCode,
    pub(super) regenerate_backup_codes: RegenerateBackupCodes,
    pub(super) disable: DisableTwoFactor,
    pub(super) reset: ResetTwoFactor,
}

pub(super) fn proofs(
    session: &Session,
    stores: &Stores,
    ring: &Arc<CurrentKeyRing>,
    sealer: Arc<dyn SecretSealer>,
    pool: &Arc<BcryptPool>,
) -> Proofs {
    let (clock, entropy) = (&session.clock, &session.entropy);
    let assertions = &session.config.assertions;
    let settings =
        AssertionSettings { issuer: assertions.issuer.clone(), audience: assertions.audience.0.clone() };
    let prove = Arc::new(ProveFactor {
        clock: clock.clone(),
        entropy: id_entropy(),
        factors: stores.factors.clone(),
        proofs: stores.proofs.clone(),
        sealer,
        verifier: pool.clone(),
        audit: stores.audit.clone(),
    });
    let hasher: Arc<dyn CodeHasher> = pool.clone();
    Proofs {
        verify_code: VerifyCode {
            prove: prove.clone(),
            signer: Arc::new(Ed25519AssertionSigner::new(ring.clone(), settings)),
            entropy: id_entropy(),
        },
        regenerate_backup_codes: RegenerateBackupCodes {
            clock: clock.clone(),
            entropy: entropy.clone(),
            factors: stores.factors.clone(),
            hasher,
            prove: prove.clone(),
        },
        disable: DisableTwoFactor { prove },
        reset: ResetTwoFactor {
            clock: clock.clone(),
            entropy: entropy.clone(),
            proofs: stores.proofs.clone(),
        },
    }
}
