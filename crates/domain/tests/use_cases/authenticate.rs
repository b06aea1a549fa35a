//! Who holds a bearer token?

use std::sync::Arc;

use countersign_domain::admission::api_key::{ApiKey, ApiKeyDigest, ApiKeyPrefix};
use countersign_domain::admission::authenticate::{Authenticated, Authenticator};
use countersign_domain::admission::ports::TokenRefusal;
use countersign_domain::admission::ports::{ApiKeyStore, Created};
use countersign_domain::admission::principal::{ApiKeyPrincipal, Principal};
use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::Environment;
use countersign_testkit::arrange;
use countersign_testkit::build::{self, IssuedApiKey, NOW, organization_id, subject, subject_in};
use countersign_testkit::clock::ManualClock;
use countersign_testkit::fakes::{MemoryStores, StaticTokens};

/// Organization 1 with a user, whose token is `alice`.
struct Platform {
    stores: MemoryStores,
    tokens: Arc<StaticTokens>,
    prefix: ApiKeyPrefix,
}

impl Platform {
    async fn new() -> Self {
        let stores = MemoryStores::new();
        arrange::organization(&*stores.organizations, build::organization()).await;
        let stranger = subject_in(organization_id(404), Environment::Live, "stranger");
        let tokens = StaticTokens::new()
            .with_user("alice", subject("alice"))
            .with_user("cs-live", subject("alice"))
            .with_user("stranger", stranger)
            .with_expired("old")
            .with_failure("unlucky");
        Self { stores, tokens: Arc::new(tokens), prefix: ApiKeyPrefix::default() }
    }

    async fn authenticate(&self, token: &str) -> Result<Authenticated, TokenRefusal> {
        let use_case = Authenticator {
            clock: Arc::new(ManualClock::new(NOW)),
            api_key_prefix: self.prefix.clone(),
            api_keys: self.stores.api_keys.clone(),
            user_tokens: self.tokens.clone(),
            organizations: self.stores.organizations.clone(),
        };
        use_case.authenticate(token).await
    }

    async fn store(&self, key: ApiKey) {
        let event = SecurityEvent::ApiKeyCreated { key: key.id.clone() };
        let audit = build::event_about_organization(key.organization, event, NOW);
        assert_eq!(self.stores.api_keys.create(key, audit).await.unwrap(), Created::New);
    }

    async fn issued(&self, environment: Environment) -> IssuedApiKey {
        let issued = build::api_key(organization_id(1), environment);
        self.store(issued.key.clone()).await;
        issued
    }

    /// Stores a key of the live environment whose holder sends `token`.
    async fn import(&self, token: &str) {
        let key = build::api_key(organization_id(1), Environment::Live).key;
        self.store(ApiKey { digest: ApiKeyDigest::of(token), ..key }).await;
    }

    async fn refuses(&self, token: &str) {
        let refused = self.authenticate(token).await;
        assert!(matches!(refused, Err(TokenRefusal::Invalid(_))), "{token}: {refused:?}");
    }
}

#[tokio::test]
async fn a_user_token_is_its_user() {
    let caller = Platform::new().await.authenticate("alice").await.unwrap();
    assert_eq!(caller.principal, Principal::User(subject("alice")));
    assert_eq!(caller.organization, build::organization());
}

#[tokio::test]
async fn an_api_key_is_its_organization_in_its_environment() {
    let platform = Platform::new().await;
    for environment in [Environment::Live, Environment::Test] {
        let IssuedApiKey { key, token } = platform.issued(environment).await;
        let expected =
            ApiKeyPrincipal { organization: key.organization, environment, key: key.id, scopes: key.scopes };
        let caller = platform.authenticate(&token).await.unwrap();
        assert_eq!(caller.principal, Principal::ApiKey(expected));
        assert_eq!(caller.organization, build::organization());
    }
}

#[tokio::test]
async fn a_token_that_begins_like_an_api_key_is_never_tried_as_a_user_token() {
    let platform = Platform::new().await;
    let known = platform.issued(Environment::Live).await;
    let unknown = build::api_key(organization_id(1), Environment::Test).token;
    platform.authenticate(&known.token).await.unwrap();
    for token in [unknown.as_str(), "cs_live_", "cs_test_x", "cs_live_a.b.c", "cs_test_\u{e9}"] {
        platform.refuses(token).await;
    }
    assert_eq!(platform.tokens.calls(), 0);
}

#[tokio::test]
async fn anything_else_is_tried_as_a_user_token() {
    let platform = Platform::new().await;
    platform.authenticate("cs-live").await.unwrap();
    let others = ["", "CS_live_x", "cs_prod_x", "cs_livex", "acme_live_x", " cs_live_x"];
    for token in others {
        platform.refuses(token).await;
    }
    assert_eq!(platform.tokens.calls(), 1 + others.len());
}

#[tokio::test]
async fn a_configured_prefix_takes_the_place_of_the_default() {
    let mut platform = Platform::new().await;
    let issued = platform.issued(Environment::Live).await;
    platform.prefix = ApiKeyPrefix::new("acme").unwrap();
    platform.import("acme_live_whatever").await;
    platform.authenticate("acme_live_whatever").await.unwrap();
    assert_eq!(platform.tokens.calls(), 0);
    platform.refuses(&issued.token).await;
    assert_eq!(platform.tokens.calls(), 1);
}

#[tokio::test]
async fn a_key_that_nobody_issued_is_refused() {
    let platform = Platform::new().await;
    let _ = platform.issued(Environment::Live).await;
    platform.refuses(&build::api_key(organization_id(1), Environment::Live).token).await;
}

#[tokio::test]
async fn a_revoked_key_is_refused() {
    let platform = Platform::new().await;
    let issued = platform.issued(Environment::Live).await;
    platform.authenticate(&issued.token).await.unwrap();
    platform.stores.api_keys.revoke(build::revocation(&issued.key.id, NOW)).await.unwrap();
    platform.refuses(&issued.token).await;
}

#[tokio::test]
async fn a_mistyped_key_is_refused() {
    let platform = Platform::new().await;
    let issued = platform.issued(Environment::Live).await;
    let other = if issued.token.ends_with('a') { 'b' } else { 'a' };
    let mistyped = format!("{}{other}", &issued.token[..issued.token.len() - 1]);
    platform.refuses(&mistyped).await;
    platform.refuses(&issued.token.to_lowercase()).await;
    platform.refuses(&issued.token[1..]).await;
}

#[tokio::test]
async fn a_key_that_was_issued_elsewhere_may_have_any_shape() {
    let platform = Platform::new().await;
    let like_ours = format!("cs_live_{}", "x".repeat(61));
    let long = format!("cs_live_{}", "x".repeat(500));
    for token in ["cs_live_x", "cs_live_8f14e45f-ceea-467f-a0e6-1e2b3c4d5e6f", &like_ours, &long] {
        platform.import(token).await;
        platform.authenticate(token).await.unwrap();
    }
}

#[tokio::test]
async fn a_key_of_the_other_environment_is_refused() {
    let platform = Platform::new().await;
    platform.import("cs_test_of-a-live-key").await;
    platform.refuses("cs_test_of-a-live-key").await;
}

#[tokio::test]
async fn a_token_never_makes_an_organization() {
    let platform = Platform::new().await;
    platform.refuses("stranger").await;
    platform.refuses("stranger").await;
}

#[tokio::test]
async fn an_expired_token_is_told_apart() {
    let refused = Platform::new().await.authenticate("old").await;
    assert!(matches!(refused, Err(TokenRefusal::Expired)), "{refused:?}");
}

#[tokio::test]
async fn a_token_that_cannot_be_checked_is_a_failure() {
    let failed = Platform::new().await.authenticate("unlucky").await;
    assert!(matches!(failed, Err(TokenRefusal::Failure(PortFailure::Unavailable(_)))), "{failed:?}");
}
