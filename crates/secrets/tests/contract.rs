//! The adapters of this crate against the contracts of their ports.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::idempotency::ports::AnswerSealer;
use countersign_domain::keys::KeyPurpose;
use countersign_domain::two_factor::ports::{CodeHasher, SecretSealer};
use countersign_secrets::{
    BcryptCost, BcryptPool, BcryptPoolOptions, CurrentKeyRing, KeyRing, OsEntropy, XChaChaSealer,
};
use countersign_testkit::contract::{self, answer_sealer, code_hasher, secret_sealer, webhook_sealer};

fn ring() -> Arc<CurrentKeyRing> {
    Arc::new(CurrentKeyRing::new(KeyRing::generate(&OsEntropy).unwrap()).unwrap())
}

async fn sealer() -> Arc<dyn SecretSealer> {
    Arc::new(XChaChaSealer::new(ring(), Arc::new(OsEntropy)))
}

async fn webhook_sealer() -> webhook_sealer::Harness {
    let sealer = Arc::new(XChaChaSealer::new(ring(), Arc::new(OsEntropy)));
    webhook_sealer::Harness { webhooks: sealer.clone(), secrets: sealer }
}

async fn answers() -> Arc<dyn AnswerSealer> {
    Arc::new(XChaChaSealer::new(ring(), Arc::new(OsEntropy)))
}

async fn hasher() -> code_hasher::Harness {
    let ring = ring();
    let pepper =
        ring.get().known_keys().into_iter().find(|key| key.purpose == KeyPurpose::Pepper).unwrap().id;
    let options = BcryptPoolOptions {
        cost: BcryptCost::LOWEST,
        max_waiting_sets: NonZeroUsize::new(8).unwrap(),
        // The contract has no deadline of its own, and the machine may be busy.
        max_wait: Duration::from_hours(1),
        ..BcryptPoolOptions::default()
    };
    let pool = BcryptPool::start(ring, Arc::new(OsEntropy), options).unwrap();
    let hasher: Arc<dyn CodeHasher> = Arc::new(pool);
    code_hasher::Harness { hasher, pepper }
}

fn main() -> ExitCode {
    let mut trials = secret_sealer::trials(sealer);
    trials.extend(webhook_sealer::trials(webhook_sealer));
    trials.extend(answer_sealer::trials(answers));
    trials.extend(code_hasher::trials(hasher));
    contract::run(trials)
}
