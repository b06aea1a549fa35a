//! The fakes keep the contracts that adapters have to keep.

use std::process::ExitCode;
use std::sync::Arc;

use countersign_domain::idempotency::ports::AnswerSealer;
use countersign_domain::two_factor::ports::SecretSealer;
use countersign_testkit::build::{NOW, PEPPER_KEY};
use countersign_testkit::clock::ManualClock;
use countersign_testkit::contract::{
    self, answer_sealer, code_hasher, rate_limiter, secret_sealer, webhook_sealer,
};
use countersign_testkit::fakes::{CountingHasher, MemoryLimiter, MemoryStores, PlainSealer};

async fn limiter() -> rate_limiter::Harness {
    let clock = Arc::new(ManualClock::new(NOW));
    rate_limiter::Harness { limiter: Arc::new(MemoryLimiter::new(clock.clone())), clock }
}

async fn sealer() -> Arc<dyn SecretSealer> {
    Arc::new(PlainSealer::new())
}

async fn webhook_sealer() -> webhook_sealer::Harness {
    let sealer = Arc::new(PlainSealer::new());
    webhook_sealer::Harness { webhooks: sealer.clone(), secrets: sealer }
}

async fn answers() -> Arc<dyn AnswerSealer> {
    Arc::new(PlainSealer::new())
}

async fn hasher() -> code_hasher::Harness {
    code_hasher::Harness { hasher: Arc::new(CountingHasher::new()), pepper: PEPPER_KEY }
}

fn main() -> ExitCode {
    let suites = [
        contract::stores(|| async { MemoryStores::new().into_stores() }),
        rate_limiter::trials("fake", limiter),
        secret_sealer::trials(sealer),
        webhook_sealer::trials(webhook_sealer),
        answer_sealer::trials(answers),
        code_hasher::trials(hasher),
    ];
    contract::run(suites.into_iter().flatten().collect())
}
