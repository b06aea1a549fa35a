//! The use cases over a database of their own.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::audit::ports::{AuditLog as _, AuditQuery};
use countersign_domain::identity::Subject;
use countersign_domain::keys::KeyId;
use countersign_domain::keys::reseal::Reseal;
use countersign_domain::quota::meter::QuotaMeter;
use countersign_domain::time::Clock as _;
use countersign_domain::two_factor::assertion::AssertionBinding;
use countersign_domain::two_factor::disable::{DisableError, DisableTwoFactor};
use countersign_domain::two_factor::factor::{Factor, PendingLimits};
use countersign_domain::two_factor::import::{ForeignFactor, ImportError, ImportFactor};
use countersign_domain::two_factor::lockout::LockoutPolicy;
use countersign_domain::two_factor::otpauth::AccountName;
use countersign_domain::two_factor::params::Parameters;
use countersign_domain::two_factor::policy::OrganizationPolicy;
use countersign_domain::two_factor::ports::{FactorStore as _, SecretPlace, SecretSealer as _};
use countersign_domain::two_factor::presented_code::PresentedCode;
use countersign_domain::two_factor::proof::{ProofError, ProveFactor};
use countersign_domain::two_factor::regenerate::RegenerateBackupCodes;
use countersign_domain::two_factor::reset::{ResetReason, ResetTwoFactor};
use countersign_domain::two_factor::setup::{SetupLimits, StartSetup, StartSetupError, StartedSetup};
use countersign_domain::two_factor::status::{ReadStatus, TwoFactorStatus};
use countersign_domain::two_factor::verify::VerifyCode;
use countersign_domain::two_factor::verify_setup::{VerifySetup, VerifySetupError};
use countersign_storage::Database;
use countersign_testkit::build::{
    self, NOW, SEALING_KEY, caller, code_at_instant, imported_hashes, subject, typed_code,
};
use countersign_testkit::clock::ManualClock;
use countersign_testkit::entropy::SeededEntropy;
use countersign_testkit::fakes::{CountingHasher, CountingVerifier, PlainSealer, PlainSigner};

use crate::model::Start;
use crate::support::{Engine, TestDatabase};

/// A call about alice's factor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    StartSetup,
    VerifySetup,
    Verify,
    VerifyBackupCode,
    Disable,
    Regenerate,
    Reset,
    Import,
    Reseal,
}

impl Call {
    pub(crate) const ALL: [Self; 9] = [
        Self::StartSetup,
        Self::VerifySetup,
        Self::Verify,
        Self::VerifyBackupCode,
        Self::Disable,
        Self::Regenerate,
        Self::Reset,
        Self::Import,
        Self::Reseal,
    ];
}

/// The key that takes the place of the one that all servers still seal with.
const NEW_KEY: KeyId = KeyId(SEALING_KEY.0 + 1);

/// The sealer of a server that has the new key, and does not seal with it yet.
fn sealer() -> Arc<PlainSealer> {
    Arc::new(PlainSealer::new().opening(NEW_KEY))
}

#[derive(Clone)]
pub(crate) struct World {
    database: Arc<Database>,
    clock: Arc<ManualClock>,
    entropy: Arc<SeededEntropy>,
    alice: Subject,
    /// The code that all calls present.
    totp: Arc<str>,
    /// The backup code that all calls present.
    backup_code: Arc<str>,
    _place: Arc<TestDatabase>,
}

impl World {
    /// A database with nothing in it.
    pub(crate) fn empty(engine: Engine) -> Self {
        let place = TestDatabase::migrated(engine);
        Self {
            database: Arc::new(place.open()),
            clock: Arc::new(ManualClock::new(NOW)),
            entropy: Arc::new(SeededEntropy::new(1)),
            alice: subject("alice"),
            totp: "".into(),
            backup_code: "".into(),
            _place: Arc::new(place),
        }
    }

    /// Another alice, whose factor is in the state with which the race begins.
    pub(crate) async fn begin(&self, number: usize, start: Start) -> Self {
        let mut world = Self { alice: subject(&format!("alice-{number}")), ..self.clone() };
        world.clock = Arc::new(ManualClock::new(NOW));
        let started = world.start_setup().await.unwrap();
        let code = |world: &Self| code_at_instant(&started.secret, world.clock.now());
        world.totp = code(&world).as_str().into();
        world.backup_code = started.backup_codes.0[0].reveal().as_str().into();
        if start == Start::Enabled {
            world.verify_setup().await.unwrap();
            world.clock.advance(Duration::from_mins(1));
            world.totp = code(&world).as_str().into();
        }
        world
    }

    /// Whether the call succeeded. Nothing but a refusal may keep it from that.
    pub(crate) async fn make(&self, call: Call) -> bool {
        match call {
            Call::StartSetup => succeeded(self.start_setup().await.map(drop), |error| {
                matches!(error, StartSetupError::AlreadyEnabled | StartSetupError::InProgress)
            }),
            Call::VerifySetup => succeeded(self.verify_setup().await.map(drop), |error| {
                !matches!(error, VerifySetupError::Failure(_))
            }),
            Call::Verify => self.verify(&self.totp).await,
            Call::VerifyBackupCode => self.verify(&self.backup_code).await,
            Call::Disable => proven(self.disable().await.map(drop)),
            Call::Regenerate => proven(self.regenerate().await),
            Call::Reset => self.reset().await,
            Call::Import => {
                succeeded(self.import().await.map(drop), |error| matches!(error, ImportError::AlreadyEnabled))
            }
            Call::Reseal => self.reseal().await,
        }
    }

    pub(crate) async fn status(&self) -> TwoFactorStatus {
        let use_case = ReadStatus { clock: self.clock.clone(), factors: self.database.clone() };
        use_case.of(&self.alice).await.unwrap()
    }

    /// Whether the secret that is stored belongs to the factor that is stored: no exchange brought back another one.
    pub(crate) async fn secret_opens(&self) -> bool {
        let Some(stored) = self.database.find(&self.alice).await.unwrap() else { return true };
        let binding = match stored.factor {
            Factor::Pending(factor) => factor.binding,
            Factor::Enabled(factor) => factor.binding,
        };
        let place = SecretPlace { subject: &binding.subject, factor: binding.id };
        sealer().open(place, &binding.secret).is_ok()
    }

    /// What the trail tells of her, without order.
    pub(crate) async fn events(&self) -> Vec<String> {
        let whole = AuditQuery::whole(self.alice.organization, 10_000);
        let trail =
            self.database.page(AuditQuery { user: Some(self.alice.user.clone()), ..whole }).await.unwrap();
        trail.into_iter().map(|record| record.name).collect()
    }

    async fn start_setup(&self) -> Result<StartedSetup, StartSetupError> {
        let quota = QuotaMeter { clock: self.clock.clone(), usage: self.database.clone() };
        let use_case = StartSetup {
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            factors: self.database.clone(),
            sealer: sealer(),
            hasher: Arc::new(CountingHasher::new()),
            quota: Arc::new(quota),
            limits: SetupLimits { setups: 1_000, ..SetupLimits::default() },
        };
        let account = AccountName::of(&self.alice.user);
        use_case.run(&build::organization(), self.alice.clone(), account, &caller()).await
    }

    async fn verify_setup(&self) -> Result<TwoFactorStatus, VerifySetupError> {
        let use_case = VerifySetup {
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            factors: self.database.clone(),
            sealer: sealer(),
            limits: PendingLimits::default(),
        };
        use_case.run(self.alice.clone(), typed_code(&self.totp), None, caller()).await
    }

    fn prove(&self) -> Arc<ProveFactor> {
        Arc::new(ProveFactor {
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            factors: self.database.clone(),
            proofs: self.database.clone(),
            sealer: sealer(),
            verifier: Arc::new(CountingVerifier::new()),
            audit: self.database.clone(),
        })
    }

    async fn verify(&self, code: &str) -> bool {
        let signer = Arc::new(PlainSigner);
        let use_case = VerifyCode { prove: self.prove(), signer, entropy: self.entropy.clone() };
        let (code, binding) = (PresentedCode::parse(code).unwrap(), AssertionBinding::default());
        let verified = use_case.run(self.alice.clone(), code, LockoutPolicy::TOTP, binding, caller()).await;
        proven(verified.map(drop))
    }

    async fn disable(&self) -> Result<TwoFactorStatus, ProofError> {
        let code = PresentedCode::parse(&self.totp).unwrap();
        let use_case = DisableTwoFactor { prove: self.prove() };
        let policy = OrganizationPolicy::default();
        use_case.run(self.alice.clone(), code, policy, caller()).await.map_err(|error| match error {
            DisableError::Proof(error) => error,
            DisableError::Required => panic!("the default policy requires nothing"),
        })
    }

    async fn regenerate(&self) -> Result<(), ProofError> {
        let use_case = RegenerateBackupCodes {
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            factors: self.database.clone(),
            hasher: Arc::new(CountingHasher::new()),
            prove: self.prove(),
        };
        let code = typed_code(&self.totp);
        use_case.run(self.alice.clone(), code, LockoutPolicy::TOTP, caller()).await.map(drop)
    }

    /// A factor whose codes are none of those that the other calls present.
    async fn import(&self) -> Result<TwoFactorStatus, ImportError> {
        let use_case = ImportFactor {
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            factors: self.database.clone(),
            sealer: sealer(),
        };
        let foreign = ForeignFactor {
            subject: self.alice.clone(),
            secret: build::secret(7),
            parameters: Parameters::default(),
            codes: imported_hashes(&["one", "two", "three"]),
            enabled_at: None,
        };
        use_case.run(foreign, &caller()).await
    }

    async fn reset(&self) -> bool {
        let use_case = ResetTwoFactor {
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            proofs: self.database.clone(),
        };
        use_case.run(&self.alice, ResetReason::new("lost").unwrap(), &caller()).await.unwrap()
    }
}

impl World {
    /// Whether a row was sealed anew. A batch that finds nothing, or loses its row to another call, is no failure.
    async fn reseal(&self) -> bool {
        let sealer = Arc::new(PlainSealer::with_key(NEW_KEY).opening(SEALING_KEY));
        let reseal = Reseal::of_factors(self.database.clone(), sealer);
        let Some(batch) = reseal.read(SEALING_KEY, None).await.unwrap() else { return false };
        let resealed = reseal.store(batch).await.unwrap();
        assert!(resealed.refused.is_empty(), "{:?}", resealed.refused);
        resealed.done > 0
    }
}

fn proven(outcome: Result<(), ProofError>) -> bool {
    succeeded(outcome, |error| !matches!(error, ProofError::Failure(_) | ProofError::Malformed))
}

fn succeeded<E: std::fmt::Debug>(outcome: Result<(), E>, is_refusal: impl Fn(&E) -> bool) -> bool {
    match outcome {
        Ok(()) => true,
        Err(error) => {
            assert!(is_refusal(&error), "{error:?}");
            false
        }
    }
}
