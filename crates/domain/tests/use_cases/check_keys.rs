//! Are the configured keys those that the stored data was made with?

use std::sync::Arc;

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::health::Dependency as _;
use countersign_domain::keys::readiness::{KeysInForce, KeysReadiness};
use countersign_domain::keys::{
    KeyId, KeyProblem, KeyPurpose, KeyRegistration, KeyRegistry, KnownKey, check_keys,
};
use countersign_testkit::build::{PEPPER_KEY, SEALING_KEY, known_key, subject};

use crate::world::World;

fn configured() -> [KnownKey; 2] {
    [known_key(KeyPurpose::Sealing, SEALING_KEY.0, 1), known_key(KeyPurpose::Pepper, PEPPER_KEY.0, 2)]
}

/// A world with stored data that depends on both keys, which were checked once.
async fn world() -> World {
    let world = World::new();
    check_keys(&configured(), &*world.stores.keys).await.unwrap();
    world.start(&subject("alice")).await.unwrap();
    world
}

async fn problem_with(keys: &[KnownKey]) -> Option<KeyProblem> {
    check_keys(keys, &*world().await.stores.keys).await.err()
}

#[tokio::test]
async fn the_same_keys_are_right_at_every_start() {
    assert!(problem_with(&configured()).await.is_none());
}

#[tokio::test]
async fn additional_keys_do_no_harm() {
    let [sealing, pepper] = configured();
    let additional = known_key(KeyPurpose::Sealing, 2, 3);
    assert!(problem_with(&[additional, sealing, pepper]).await.is_none());
}

#[tokio::test]
async fn another_key_under_a_known_name_is_noticed() {
    let [sealing, pepper] = configured();
    let other = KnownKey { check: pepper.check, ..sealing };
    match problem_with(&[pepper, other]).await {
        Some(KeyProblem::Differs { purpose, id }) => {
            assert_eq!((purpose, id), (KeyPurpose::Sealing, SEALING_KEY));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_key_that_stored_data_needs_is_missed() {
    let [sealing, pepper] = configured();
    for (kept, missing) in [(sealing, KeyPurpose::Pepper), (pepper, KeyPurpose::Sealing)] {
        match problem_with(&[kept]).await {
            Some(KeyProblem::Missing { purpose, .. }) => assert_eq!(purpose, missing),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_key_of_the_right_name_and_another_purpose_is_no_substitute() {
    let [sealing, _] = configured();
    let other_name = known_key(KeyPurpose::Pepper, 7, 2);
    assert!(matches!(problem_with(&[sealing, other_name]).await, Some(KeyProblem::Missing { .. })));
}

#[tokio::test]
async fn a_key_that_no_data_needs_may_go() {
    let world = World::new();
    check_keys(&configured(), &*world.stores.keys).await.unwrap();
    check_keys(&[], &*world.stores.keys).await.unwrap();
}

struct BrokenRegistry;

#[async_trait]
impl KeyRegistry for BrokenRegistry {
    async fn register(&self, _key: KnownKey) -> Result<KeyRegistration, PortFailure> {
        Ok(KeyRegistration::Matches)
    }

    async fn keys_in_use(&self) -> Result<Vec<(KeyPurpose, KeyId)>, PortFailure> {
        Err(PortFailure::unavailable("no registry"))
    }

    async fn rows_using(&self, _: KeyPurpose, _: KeyId) -> Result<u64, PortFailure> {
        Err(PortFailure::unavailable("no registry"))
    }
}

#[tokio::test]
async fn a_registry_that_cannot_be_asked_is_no_approval() {
    let failed = check_keys(&configured(), &BrokenRegistry).await;
    assert!(matches!(failed, Err(KeyProblem::Failure(_))), "{failed:?}");
}

struct Configured(Vec<KnownKey>);

impl KeysInForce for Configured {
    fn known_keys(&self) -> Vec<KnownKey> {
        self.0.clone()
    }
}

#[tokio::test]
async fn a_node_without_a_key_that_stored_data_needs_is_not_ready() {
    let registry = world().await.stores.keys;
    let ready = |keys: &[KnownKey]| KeysReadiness {
        in_force: Arc::new(Configured(keys.to_vec())),
        registry: registry.clone(),
    };
    ready(&configured()).check().await.unwrap();
    let failed = ready(&configured()[..1]).check().await.unwrap_err();
    assert!(std::error::Error::source(&failed).unwrap().to_string().contains("key 1 of purpose pepper"));
}
