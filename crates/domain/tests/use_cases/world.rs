//! The use cases, wired to fakes.

use std::sync::Arc;

use countersign_domain::admission::organization::Organization;
use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::entropy::Entropy;
use countersign_domain::identity::{SetupId, Subject};
use countersign_domain::quota::meter::QuotaMeter;
use countersign_domain::quota::ports::{UsageEvent, UsageStore};
use countersign_domain::time::Clock as _;
use countersign_domain::two_factor::assertion::AssertionBinding;
use countersign_domain::two_factor::factor::{Factor, PendingFactor, PendingLimits};
use countersign_domain::two_factor::import::ImportFactor;
use countersign_domain::two_factor::otpauth::AccountName;
use countersign_domain::two_factor::ports::{FactorStore, SecretSealer};
use countersign_domain::two_factor::presented_code::PresentedCode;
use countersign_domain::two_factor::proof::{ProofError, ProveFactor};
use countersign_domain::two_factor::setup::{SetupLimits, StartSetup, StartSetupError, StartedSetup};
use countersign_domain::two_factor::status::{ReadStatus, TwoFactorStatus};
use countersign_domain::two_factor::verify::{Verified, VerifyCode};
use countersign_domain::two_factor::verify_setup::{VerifySetup, VerifySetupError};
use countersign_testkit::build::{self, NOW};
use countersign_testkit::clock::ManualClock;
use countersign_testkit::entropy::SeededEntropy;
use countersign_testkit::fakes::{CountingHasher, CountingVerifier, MemoryStores, PlainSealer, PlainSigner};

/// Fakes at [`NOW`], and the organization that `build::subject` belongs to. Change a field to change the
/// world.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) stores: MemoryStores,
    pub(crate) sealer: Arc<dyn SecretSealer>,
    pub(crate) hasher: Arc<CountingHasher>,
    pub(crate) verifier: Arc<CountingVerifier>,
    pub(crate) organization: Organization,
    pub(crate) limits: SetupLimits,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            clock: Arc::new(ManualClock::new(NOW)),
            entropy: Arc::new(SeededEntropy::new(1)),
            stores: MemoryStores::new(),
            sealer: Arc::new(PlainSealer::new()),
            hasher: Arc::new(CountingHasher::new()),
            verifier: Arc::new(CountingVerifier::new()),
            organization: build::organization(),
            limits: SetupLimits::default(),
        }
    }

    /// Hashing waits until the hasher is opened.
    pub(crate) fn with_closed_hasher() -> Self {
        Self { hasher: Arc::new(CountingHasher::closed()), ..Self::new() }
    }

    /// Each user has so many set-ups in an hour.
    pub(crate) fn with_setups(setups: u32) -> Self {
        Self { limits: SetupLimits { setups, ..SetupLimits::default() }, ..Self::new() }
    }

    pub(crate) fn quota(&self) -> QuotaMeter {
        QuotaMeter { clock: self.clock.clone(), usage: self.stores.usage.clone() }
    }

    /// Starts a set-up for `subject`.
    pub(crate) async fn start(&self, subject: &Subject) -> Result<StartedSetup, StartSetupError> {
        let use_case = StartSetup {
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            factors: self.stores.factors.clone(),
            sealer: self.sealer.clone(),
            hasher: self.hasher.clone(),
            quota: Arc::new(self.quota()),
            limits: self.limits,
        };
        let account = AccountName::of(&subject.user);
        use_case.run(&self.organization, subject.clone(), account, &build::caller()).await
    }

    /// Tries `code` against whatever set-up is pending.
    pub(crate) async fn verify(
        &self,
        subject: &Subject,
        code: &str,
    ) -> Result<TwoFactorStatus, VerifySetupError> {
        self.verify_meaning(subject, code, None).await
    }

    /// Tries `code` against the set-up `setup`.
    pub(crate) async fn verify_meaning(
        &self,
        subject: &Subject,
        code: &str,
        setup: Option<SetupId>,
    ) -> Result<TwoFactorStatus, VerifySetupError> {
        let use_case = VerifySetup {
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            factors: self.stores.factors.clone(),
            sealer: self.sealer.clone(),
            limits: PendingLimits::default(),
        };
        use_case.run(subject.clone(), build::typed_code(code), setup, build::caller()).await
    }

    /// What consumes codes.
    pub(crate) fn prove(&self) -> Arc<ProveFactor> {
        Arc::new(ProveFactor {
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            factors: self.stores.factors.clone(),
            proofs: self.stores.factors.clone(),
            sealer: self.sealer.clone(),
            verifier: self.verifier.clone(),
            audit: self.stores.audit.clone(),
        })
    }

    /// Presents `code` for a step-up.
    pub(crate) async fn step_up(&self, subject: &Subject, code: &str) -> Result<Verified, ProofError> {
        let signer = Arc::new(PlainSigner);
        let use_case = VerifyCode { prove: self.prove(), signer, entropy: self.entropy.clone() };
        let code = PresentedCode::parse(code).unwrap();
        let binding = AssertionBinding::default();
        use_case
            .run(subject.clone(), code, self.organization.policy.lockout(), binding, build::caller())
            .await
    }

    pub(crate) fn import(&self) -> ImportFactor {
        ImportFactor {
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            factors: self.stores.factors.clone(),
            sealer: self.sealer.clone(),
        }
    }

    /// Starts and confirms a set-up; tells its secret and its backup codes.
    pub(crate) async fn enrolled(&self, subject: &Subject) -> StartedSetup {
        let started = self.start(subject).await.unwrap();
        let code = build::code_at_instant(&started.secret, self.clock.now());
        let _ = self.verify(subject, &code).await.unwrap();
        started
    }

    /// Starts and confirms a set-up.
    pub(crate) async fn enable(&self, subject: &Subject) -> TwoFactorStatus {
        let started = self.start(subject).await.unwrap();
        let code = build::code_at_instant(&started.secret, NOW);
        self.verify(subject, &code).await.unwrap()
    }

    pub(crate) async fn status(&self, subject: &Subject) -> TwoFactorStatus {
        let use_case = ReadStatus { clock: self.clock.clone(), factors: self.stores.factors.clone() };
        use_case.of(subject).await.unwrap()
    }

    pub(crate) async fn stored(&self, subject: &Subject) -> Option<Factor> {
        self.stores.factors.find(subject).await.unwrap().map(|stored| stored.factor)
    }

    /// The pending factor of a subject that has one.
    pub(crate) async fn pending(&self, subject: &Subject) -> PendingFactor {
        match self.stored(subject).await {
            Some(Factor::Pending(factor)) => factor,
            other => panic!("not pending: {other:?}"),
        }
    }

    /// What happened so far.
    pub(crate) fn events(&self) -> Vec<SecurityEvent> {
        self.stores.audit.events().into_iter().map(|event| event.event).collect()
    }

    /// Counts usage of the organization's live data.
    pub(crate) async fn use_up(&self, events: Vec<UsageEvent>) {
        let live = build::subject("anybody").environment;
        self.stores.usage.record(self.organization.id, live, events).await.unwrap();
    }
}
