//! One server with everything around it.
//!
//! Users of organization 1 (`Example`, plan `free`, live): the tokens `alice` and `bob`; in its test environment
//! `trial`. Organization 2 is suspended: `suspended`. Organization 3 has the plan `enterprise`: `unlimited`, and a
//! suspended twin, organization 4: `unlimited-suspended`. Further tokens: `expired`, `unverifiable`, `panic`, and
//! the API key of organization 1.

use std::net::{SocketAddr, TcpListener};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::admission::admit::Admission;
use countersign_domain::admission::api_key::ApiKeyPrefix;
use countersign_domain::admission::authenticate::Authenticator;
use countersign_domain::admission::bucket::BucketSpec;
use countersign_domain::admission::organization::{Organization, OrganizationStatus};
use countersign_domain::admission::ports::{ApiKeyStore as _, BucketKey, Created};
use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::idempotency::answer_once::{AnswerLimits, AnswerOnce};
use countersign_domain::identity::{Environment, Subject};
use countersign_domain::quota::consume::ConsumeTurns;
use countersign_domain::quota::meter::QuotaMeter;
use countersign_domain::quota::ports::{UsageEvent, UsageStore as _};
use countersign_domain::quota::relationships::ChangeRelationships;
use countersign_domain::two_factor::change_policy::ChangePolicy;
use countersign_domain::two_factor::disable::DisableTwoFactor;
use countersign_domain::two_factor::import::ImportFactor;
use countersign_domain::two_factor::proof::ProveFactor;
use countersign_domain::two_factor::regenerate::RegenerateBackupCodes;
use countersign_domain::two_factor::reset::ResetTwoFactor;
use countersign_domain::two_factor::setup::{SetupLimits, StartSetup};
use countersign_domain::two_factor::status::ReadStatus;
use countersign_domain::two_factor::verify::VerifyCode;
use countersign_domain::two_factor::verify_setup::VerifySetup;
use countersign_domain::webhooks::address::AddressPolicy;
use countersign_domain::webhooks::manage::ManageWebhooks;
use countersign_http::{Api, HttpSettings, Timeouts, serve};
use countersign_testkit::arrange;
use countersign_testkit::build::{
    NOW, api_key, event_about_organization, fresh_ulid, organization, organization_id, organization_on, plan,
    subject, subject_in,
};
use countersign_testkit::clock::ManualClock;
use countersign_testkit::entropy::SeededEntropy;
use countersign_testkit::fakes::{
    CountingHasher, CountingVerifier, MemoryLimiter, MemoryStores, PlainSealer, PlainSigner, StaticTokens,
    SwitchedDependency,
};

use super::client::Connection;
use super::ports::{PanickingTokens, ScriptedUsage};
use super::{Answer, Call};

/// A running server with its world.
pub struct World {
    pub address: SocketAddr,
    pub handle: actix_server::ServerHandle,
    pub stopped: tokio::task::JoinHandle<std::io::Result<()>>,
    pub clock: Arc<ManualClock>,
    pub stores: MemoryStores,
    pub usage: Arc<ScriptedUsage>,
    pub hasher: Arc<CountingHasher>,
    pub tokens: Arc<StaticTokens>,
    pub limiter: Arc<MemoryLimiter>,
    pub database: Arc<SwitchedDependency>,
    /// An API key of organization 1 with all scopes.
    pub api_key: String,
}

/// What differs between worlds.
pub struct Plan {
    pub settings: HttpSettings,
    pub hasher: CountingHasher,
    pub organization: Organization,
    pub setup_limits: SetupLimits,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            settings: HttpSettings { workers: NonZeroUsize::MIN, ..HttpSettings::default() },
            hasher: CountingHasher::new(),
            organization: organization(),
            setup_limits: SetupLimits::default(),
        }
    }
}

/// Settings under which everything that is too slow is found out soon.
pub fn impatient() -> HttpSettings {
    let soon = Duration::from_millis(200);
    let timeouts = Timeouts { head: soon, body: soon, request: soon, keep_alive: soon };
    HttpSettings { timeouts, ..Plan::default().settings }
}

impl World {
    pub async fn new() -> Self {
        Self::planned(Plan::default()).await
    }

    pub async fn with_settings(settings: HttpSettings) -> Self {
        Self::planned(Plan { settings, ..Plan::default() }).await
    }

    /// A world in which alice's set-up is being served until the hasher is opened, and the connection that waits for it.
    pub async fn serving_a_set_up() -> (Self, Connection) {
        let world = Self::planned(Plan { hasher: CountingHasher::closed(), ..Plan::default() }).await;
        let mut served = Connection::open(world.address).await;
        served.write(&Call::setup().bytes()).await;
        world.until(|world| world.hasher.calls() == 1).await;
        (world, served)
    }

    pub async fn planned(world: Plan) -> Self {
        let stores = MemoryStores::new();
        let suspended = |organization| Organization { status: OrganizationStatus::Suspended, ..organization };
        for organization in [
            world.organization.clone(),
            suspended(organization_on(organization_id(2), plan("free"))),
            organization_on(organization_id(3), plan("enterprise")),
            suspended(organization_on(organization_id(4), plan("enterprise"))),
        ] {
            arrange::organization(&*stores.organizations, organization).await;
        }
        let issued = api_key(organization_id(1), Environment::Live);
        let event = SecurityEvent::ApiKeyCreated { key: issued.key.id.clone() };
        let audit = event_about_organization(organization_id(1), event, NOW);
        assert_eq!(stores.api_keys.create(issued.key, audit).await.unwrap(), Created::New);

        let clock = Arc::new(ManualClock::new(NOW));
        let usage = Arc::new(ScriptedUsage::default());
        let hasher = Arc::new(world.hasher);
        let tokens = Arc::new(tokens());
        let limiter = Arc::new(MemoryLimiter::new(clock.clone()));
        let database = Arc::new(SwitchedDependency::new("database"));
        let ports = Ports {
            clock: &clock,
            stores: &stores,
            usage: &usage,
            hasher: &hasher,
            tokens: &tokens,
            limiter: &limiter,
            database: &database,
        };
        let api = ports.api(world.setup_limits);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = serve(listener, Arc::new(api), world.settings).unwrap();
        let handle = server.handle();
        Self {
            address,
            handle,
            stopped: tokio::spawn(server),
            clock,
            stores,
            usage,
            hasher,
            tokens,
            limiter,
            database,
            api_key: issued.token.to_string(),
        }
    }

    pub async fn send(&self, call: &Call) -> Answer {
        call.send(self.address).await
    }

    pub async fn consume(&self, event: UsageEvent) {
        let recorded = self.usage.record(organization_id(1), Environment::Live, vec![event]).await;
        drop(recorded.unwrap());
    }

    /// Takes everything out of organization 1's bucket.
    pub async fn drain_organization(&self) {
        use countersign_domain::admission::ports::RateLimiter as _;
        let key = BucketKey::Organization(organization_id(1), Environment::Live);
        while self.limiter.take(key, organization().plan.rate).await.unwrap().allowed {}
    }

    /// Takes everything out of the bucket of clients on the loopback interface.
    pub async fn drain_client(&self) {
        use countersign_domain::admission::ports::RateLimiter as _;
        let key = BucketKey::client("127.0.0.1".parse().unwrap());
        while self.limiter.take(key, client_rate()).await.unwrap().allowed {}
    }

    /// Waits until `fact` holds.
    pub async fn until(&self, fact: impl Fn(&Self) -> bool) {
        let come_true = async {
            while !fact(self) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), come_true).await.expect("it never came true");
    }
}

pub fn alice() -> Subject {
    subject("alice")
}

pub fn client_rate() -> BucketSpec {
    let number = |number| NonZeroU32::new(number).unwrap();
    BucketSpec { per_second: number(20), burst: number(40) }
}

fn tokens() -> StaticTokens {
    let user = |organization, name| subject_in(organization_id(organization), Environment::Live, name);
    StaticTokens::new()
        .with_user("alice", alice())
        .with_user("bob", subject("bob"))
        .with_user("trial", subject_in(organization_id(1), Environment::Test, "alice"))
        .with_user("suspended", user(2, "carol"))
        .with_user("unlimited", user(3, "dave"))
        .with_user("unlimited-suspended", user(4, "erin"))
        .with_user("nowhere", user(99, "mallory"))
        .with_expired("expired")
        .with_failure("unverifiable")
}

struct Ports<'a> {
    clock: &'a Arc<ManualClock>,
    stores: &'a MemoryStores,
    usage: &'a Arc<ScriptedUsage>,
    hasher: &'a Arc<CountingHasher>,
    tokens: &'a Arc<StaticTokens>,
    limiter: &'a Arc<MemoryLimiter>,
    database: &'a Arc<SwitchedDependency>,
}

impl Ports<'_> {
    fn admission(&self) -> Admission {
        Admission {
            authenticator: Authenticator {
                clock: self.clock.clone(),
                api_key_prefix: ApiKeyPrefix::default(),
                api_keys: self.stores.api_keys.clone(),
                user_tokens: Arc::new(PanickingTokens(self.tokens.clone())),
                organizations: self.stores.organizations.clone(),
            },
            limiter: self.limiter.clone(),
            client_rate: client_rate(),
            loopback_exempt: false,
        }
    }

    fn api(&self, limits: SetupLimits) -> Api {
        let (clock, factors) = (self.clock.clone(), self.stores.factors.clone());
        let entropy = Arc::new(SeededEntropy::new(fresh_ulid().random().try_into().unwrap()));
        let sealer = Arc::new(PlainSealer::new());
        let quota = Arc::new(QuotaMeter { clock: clock.clone(), usage: self.usage.clone() });
        let start_setup = StartSetup {
            clock: clock.clone(),
            entropy: entropy.clone(),
            factors: factors.clone(),
            sealer: sealer.clone(),
            hasher: self.hasher.clone(),
            quota: quota.clone(),
            limits,
        };
        let answer_once = AnswerOnce {
            clock: clock.clone(),
            store: factors.clone(),
            sealer: sealer.clone(),
            limits: AnswerLimits::default(),
        };
        let verify_setup = VerifySetup {
            clock: clock.clone(),
            entropy: entropy.clone(),
            factors: factors.clone(),
            sealer: sealer.clone(),
            limits: limits.pending,
        };
        let prove = Arc::new(ProveFactor {
            clock: clock.clone(),
            entropy: entropy.clone(),
            factors: factors.clone(),
            proofs: factors.clone(),
            sealer: sealer.clone(),
            verifier: Arc::new(CountingVerifier::new()),
            audit: self.stores.audit.clone(),
        });
        let verify_code =
            VerifyCode { prove: prove.clone(), signer: Arc::new(PlainSigner), entropy: entropy.clone() };
        let regenerate = RegenerateBackupCodes {
            clock: clock.clone(),
            entropy: entropy.clone(),
            factors: factors.clone(),
            hasher: self.hasher.clone(),
            prove: prove.clone(),
        };
        let reset =
            ResetTwoFactor { clock: clock.clone(), entropy: entropy.clone(), proofs: factors.clone() };
        let import =
            ImportFactor { clock: clock.clone(), entropy: entropy.clone(), factors: factors.clone(), sealer };
        let manage_webhooks = ManageWebhooks {
            clock: clock.clone(),
            entropy: entropy.clone(),
            webhooks: self.stores.webhooks.clone(),
            deliveries: self.stores.webhooks.clone(),
            sealer: Arc::new(PlainSealer::new()),
            addresses: AddressPolicy::Public,
        };
        let change_policy = ChangePolicy {
            clock: clock.clone(),
            entropy: entropy.clone(),
            organizations: self.stores.organizations.clone(),
        };
        let (consuming, changing) = (self.usage.clone(), self.usage.clone());
        Api {
            consume_turns: Arc::new(ConsumeTurns { clock: clock.clone(), quotas: consuming }),
            relationships: Arc::new(ChangeRelationships { clock: clock.clone(), quotas: changing }),
            plans: self.stores.plans.clone(),
            clock: clock.clone(),
            entropy,
            admission: Arc::new(self.admission()),
            answer_once: Arc::new(answer_once),
            start_setup: Arc::new(start_setup),
            verify_setup: Arc::new(verify_setup),
            verify_code: Arc::new(verify_code),
            regenerate_backup_codes: Arc::new(regenerate),
            disable: Arc::new(DisableTwoFactor { prove }),
            reset: Arc::new(reset),
            import: Arc::new(import),
            change_policy: Arc::new(change_policy),
            manage_webhooks: Arc::new(manage_webhooks),
            webhooks: self.stores.webhooks.clone(),
            deliveries: self.stores.webhooks.clone(),
            assertion_keys: Arc::new(PlainSigner),
            read_status: Arc::new(ReadStatus { clock, factors: factors.clone() }),
            users: factors,
            audit: self.stores.audit.clone(),
            quota,
            dependencies: vec![self.database.clone()],
            documentation_url: "https://docs.test".to_owned(),
        }
    }
}
