//! May a call come in?

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::admission::admit::{Admission, AdmissionError, Admitted};
use countersign_domain::admission::api_key::ApiKeyPrefix;
use countersign_domain::admission::authenticate::Authenticator;
use countersign_domain::admission::bucket::BucketSpec;
use countersign_domain::admission::organization::{Organization, OrganizationStatus};
use countersign_domain::admission::ports::TokenRefusal;
use countersign_domain::admission::ports::{BucketKey, OrganizationStore, PlanStore};
use countersign_domain::admission::principal::Principal;
use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::identity::Environment;
use countersign_testkit::arrange;
use countersign_testkit::build::{self, NOW, organization_id, subject, subject_in};
use countersign_testkit::clock::ManualClock;
use countersign_testkit::fakes::{MemoryLimiter, MemoryStores, StaticTokens};

const CLIENT: &str = "192.0.2.1";

/// Organization 1 with a bucket of two, and clients with a bucket of three; the tokens are `live` and `test`.
struct Gate {
    clock: Arc<ManualClock>,
    stores: MemoryStores,
    limiter: Arc<MemoryLimiter>,
    admission: Admission,
}

fn spec(per_second: u32, burst: u32) -> BucketSpec {
    let positive = |number| NonZeroU32::new(number).unwrap();
    BucketSpec { per_second: positive(per_second), burst: positive(burst) }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

impl Gate {
    async fn new() -> Self {
        let (clock, stores) = (Arc::new(ManualClock::new(NOW)), MemoryStores::new());
        let mut plan = build::plan("free");
        plan.rate = spec(1, 2);
        stores.plans.put(plan.clone()).await.unwrap();
        arrange::organization(&*stores.organizations, Organization { plan, ..build::organization() }).await;
        let organization = organization_id(1);
        let tokens = StaticTokens::new()
            .with_user("live", subject("alice"))
            .with_user("test", subject_in(organization, Environment::Test, "alice"))
            .with_user("stranger", subject_in(organization_id(404), Environment::Live, "alice"))
            .with_expired("old")
            .with_failure("unlucky");
        let limiter = Arc::new(MemoryLimiter::new(clock.clone()));
        let authenticator = Authenticator {
            clock: clock.clone(),
            api_key_prefix: ApiKeyPrefix::default(),
            api_keys: stores.api_keys.clone(),
            user_tokens: Arc::new(tokens),
            organizations: stores.organizations.clone(),
        };
        let (client_rate, limits) = (spec(1, 3), limiter.clone());
        let admission = Admission { authenticator, limiter: limits, client_rate, loopback_exempt: false };
        Self { clock, stores, limiter, admission }
    }

    async fn suspend(&self) {
        let id = organization_id(1);
        let audit = build::event_about_organization(id, SecurityEvent::OrganizationSuspended, NOW);
        let suspended = self.stores.organizations.set_status(id, OrganizationStatus::Suspended, audit).await;
        assert!(suspended.unwrap());
    }

    async fn admit(&self, token: &str) -> Result<Admitted, AdmissionError> {
        self.admission.admit(Some(token), Some(address(CLIENT))).await
    }

    /// Calls without token from `client`, and tells how many tokens its bucket has left; `None` when it was
    /// not asked.
    async fn knock(&self, client: &str) -> Option<u32> {
        match self.admission.admit(None, Some(address(client))).await {
            Err(AdmissionError::MissingCredentials { rate }) => rate.map(|rate| rate.remaining),
            other => panic!("{other:?}"),
        }
    }

    fn asked_client(&self) -> bool {
        self.limiter.was_asked(BucketKey::client(address(CLIENT)))
    }
}

#[tokio::test]
async fn a_caller_takes_a_token_of_the_organization_and_none_of_the_client() {
    let gate = Gate::new().await;
    let admitted = gate.admit("live").await.unwrap();
    assert_eq!(admitted.principal, Principal::User(subject("alice")));
    assert_eq!((admitted.organization.id, admitted.rate.remaining), (organization_id(1), 1));
    assert!(!gate.asked_client());
}

#[tokio::test]
async fn an_organization_that_calls_too_fast_is_told_when_to_come_back() {
    let gate = Gate::new().await;
    for _ in 0..2 {
        gate.admit("live").await.unwrap();
    }
    match gate.admit("live").await {
        Err(AdmissionError::OrganizationRateLimited { caller, rate }) => {
            assert_eq!(caller.principal, Principal::User(subject("alice")));
            assert_eq!(rate.retry_at, NOW.saturating_add(Duration::from_secs(1)));
        }
        other => panic!("{other:?}"),
    }
    assert!(!gate.asked_client());
    gate.clock.advance(Duration::from_secs(1));
    gate.admit("live").await.unwrap();
}

#[tokio::test]
async fn live_and_test_data_have_a_bucket_each() {
    let gate = Gate::new().await;
    for token in ["live", "live", "test", "test"] {
        gate.admit(token).await.unwrap();
    }
    for token in ["live", "test"] {
        let refused = gate.admit(token).await;
        assert!(matches!(refused, Err(AdmissionError::OrganizationRateLimited { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_suspended_organization_is_refused_after_its_rate() {
    let gate = Gate::new().await;
    gate.suspend().await;
    for remaining in [1, 0] {
        match gate.admit("live").await {
            Err(AdmissionError::Suspended { rate, .. }) => assert_eq!(rate.remaining, remaining),
            other => panic!("{other:?}"),
        }
    }
    let refused = gate.admit("live").await;
    assert!(matches!(refused, Err(AdmissionError::OrganizationRateLimited { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_call_without_token_takes_one_of_the_client() {
    let gate = Gate::new().await;
    for remaining in [2, 1, 0] {
        assert_eq!(gate.knock(CLIENT).await, Some(remaining));
    }
    let refused = gate.admission.admit(None, Some(address(CLIENT))).await;
    assert!(matches!(refused, Err(AdmissionError::ClientRateLimited { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_refused_token_takes_one_of_the_client() {
    let gate = Gate::new().await;
    for (token, remaining) in [("garbage", 2), ("old", 1), ("stranger", 0)] {
        match gate.admit(token).await {
            Err(AdmissionError::Unauthenticated { reason, rate: Some(rate) }) => {
                assert_eq!(matches!(reason, TokenRefusal::Expired), token == "old");
                assert_eq!(rate.remaining, remaining);
            }
            other => panic!("{token}: {other:?}"),
        }
    }
    let refused = gate.admit("garbage").await;
    assert!(matches!(refused, Err(AdmissionError::ClientRateLimited { .. })), "{refused:?}");
}

/// Whoever shares an address with a guesser is not locked out.
#[tokio::test]
async fn valid_credentials_come_in_from_a_client_without_tokens() {
    let gate = Gate::new().await;
    for _ in 0..3 {
        let _ = gate.knock(CLIENT).await;
    }
    gate.admit("live").await.unwrap();
}

#[tokio::test]
async fn a_guesser_takes_nothing_of_the_organization() {
    let gate = Gate::new().await;
    for _ in 0..20 {
        assert!(gate.admit("garbage").await.is_err());
    }
    assert_eq!(gate.admit("live").await.unwrap().rate.remaining, 1);
}

#[tokio::test]
async fn a_token_that_cannot_be_checked_costs_nobody_anything() {
    let gate = Gate::new().await;
    let failed = gate.admit("unlucky").await;
    assert!(matches!(failed, Err(AdmissionError::Failure(_))), "{failed:?}");
    assert!(!gate.asked_client());
}

#[tokio::test]
async fn a_client_without_address_has_no_bucket() {
    let gate = Gate::new().await;
    for _ in 0..10 {
        let refused = gate.admission.admit(None, None).await;
        assert!(matches!(refused, Err(AdmissionError::MissingCredentials { rate: None })), "{refused:?}");
    }
}

#[tokio::test]
async fn addresses_of_one_ipv6_network_share_a_bucket() {
    let gate = Gate::new().await;
    assert_eq!(gate.knock("2001:db8:1:2::1").await, Some(2));
    assert_eq!(gate.knock("2001:db8:1:2:ffff::9").await, Some(1));
    assert_eq!(gate.knock("2001:db8:1:3::1").await, Some(2));
    assert_eq!(gate.knock("192.0.2.7").await, Some(2));
    assert_eq!(gate.knock("::ffff:192.0.2.7").await, Some(1));
}

#[tokio::test]
async fn the_loopback_interface_has_a_bucket_unless_it_is_exempt() {
    let mut gate = Gate::new().await;
    let loopback = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"];
    for client in ["127.0.0.1", "::1"] {
        assert_eq!(gate.knock(client).await, Some(2));
    }
    gate.admission.loopback_exempt = true;
    for client in loopback.into_iter().cycle().take(40) {
        assert_eq!(gate.knock(client).await, None, "{client}");
    }
    assert_eq!(gate.knock(CLIENT).await, Some(2));
}

#[tokio::test]
async fn an_exempt_loopback_interface_does_not_exempt_the_organization() {
    let mut gate = Gate::new().await;
    gate.admission.loopback_exempt = true;
    let call = || gate.admission.admit(Some("live"), Some(address("127.0.0.1")));
    for _ in 0..2 {
        call().await.unwrap();
    }
    let refused = call().await;
    assert!(matches!(refused, Err(AdmissionError::OrganizationRateLimited { .. })), "{refused:?}");
}
