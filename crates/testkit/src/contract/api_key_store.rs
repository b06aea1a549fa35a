//! The contract of [`ApiKeyStore`](countersign_domain::admission::ports::ApiKeyStore).

use std::time::Duration;

use countersign_domain::admission::api_key::{ApiKey, ApiKeyDigest};
use countersign_domain::admission::ports::Created;
use countersign_domain::admission::scope::{Scope, Scopes};
use countersign_domain::audit::event::{AuditEvent, SecurityEvent};
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::time::Timestamp;

use super::{Case, Stores, case::cases};
use crate::build::{self, NOW, organization_id, revocation};
use crate::contention::{CONTENDERS, rounds, together};

/// The cases.
pub fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        a_key_that_nobody_made_is_absent,
        a_key_comes_back_as_it_was_created,
        creating_writes_one_audit_event,
        an_id_is_taken_once_over_all_organizations,
        a_digest_is_taken_once_over_all_organizations,
        a_key_of_an_unknown_organization_is_not_created,
        nothing_is_created_when_its_audit_event_cannot_be_stored,
        one_of_many_that_create_the_same_key_wins,
        keys_are_listed_in_the_order_in_which_they_were_made,
        a_list_shows_the_keys_of_one_organization,
        a_revoked_key_is_found_as_revoked,
        the_first_revocation_stays,
        one_of_many_revocations_stays,
        an_unknown_key_cannot_be_revoked,
    ]
}

fn new_key(organization: OrganizationId) -> ApiKey {
    build::api_key(organization, Environment::Live).key
}

fn created(key: &ApiKey) -> AuditEvent {
    let event = SecurityEvent::ApiKeyCreated { key: key.id.clone() };
    build::event_about_organization(key.organization, event, NOW)
}

impl Stores {
    async fn create_key(&self, key: &ApiKey) -> Created {
        self.api_keys.create(key.clone(), created(key)).await.unwrap()
    }

    async fn find_key(&self, key: &ApiKey) -> Option<ApiKey> {
        self.settle();
        self.api_keys.find(&key.digest).await.unwrap()
    }
}

async fn a_key_that_nobody_made_is_absent(stores: Stores) {
    let organization = stores.organization(1).await.id;
    assert_eq!(stores.create_key(&new_key(organization)).await, Created::New);
    assert_eq!(stores.find_key(&new_key(organization)).await, None);
    assert_eq!(stores.api_keys.list(organization_id(2)).await.unwrap(), []);
}

async fn a_key_comes_back_as_it_was_created(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let all: Scopes = Scope::ALL.iter().copied().collect();
    let each = Scope::ALL.iter().map(|scope| Scopes::from_iter([*scope]));
    for scopes in each.chain([Scopes::default(), all]) {
        let key = ApiKey {
            scopes,
            created_at: Timestamp::from_micros(1_234_567_890_123_457),
            ..build::api_key(organization, Environment::Test).key
        };
        assert_eq!(stores.create_key(&key).await, Created::New);
        assert_eq!(stores.find_key(&key).await, Some(key));
    }
    let edges = [[0x00; 32], [0xFF; 32], [b'\''; 32]].map(ApiKeyDigest::from_bytes);
    for digest in edges {
        let key = ApiKey { digest, ..new_key(organization) };
        assert_eq!(stores.create_key(&key).await, Created::New);
        assert_eq!(stores.find_key(&key).await, Some(key));
    }
}

async fn creating_writes_one_audit_event(stores: Stores) {
    let key = new_key(stores.organization(1).await.id);
    assert_eq!(stores.create_key(&key).await, Created::New);
    let record = stores.trail(key.organization).await.split_off(1);
    assert_eq!(record.len(), 1);
    assert_eq!(record[0].name, "api_key.created");
    assert_eq!(record[0].details, [("key_id".to_owned(), key.id.as_str().to_owned())]);
}

async fn an_id_is_taken_once_over_all_organizations(stores: Stores) {
    let first = new_key(stores.organization(1).await.id);
    assert_eq!(stores.create_key(&first).await, Created::New);
    for organization in [first.organization, stores.organization(2).await.id] {
        let second = ApiKey { id: first.id.clone(), ..new_key(organization) };
        assert_eq!(stores.create_key(&second).await, Created::Exists);
        assert_eq!(stores.find_key(&second).await, None);
    }
    assert_eq!(stores.find_key(&first).await, Some(first));
    assert_eq!(stores.happened(organization_id(1)).await, ["organization.created", "api_key.created"]);
    assert_eq!(stores.happened(organization_id(2)).await, ["organization.created"]);
}

async fn a_digest_is_taken_once_over_all_organizations(stores: Stores) {
    let first = new_key(stores.organization(1).await.id);
    assert_eq!(stores.create_key(&first).await, Created::New);
    for organization in [first.organization, stores.organization(2).await.id] {
        let second = ApiKey { digest: first.digest, ..new_key(organization) };
        assert_eq!(stores.create_key(&second).await, Created::Exists);
    }
    assert_eq!(stores.find_key(&first).await, Some(first.clone()));
    assert_eq!(stores.api_keys.list(first.organization).await.unwrap(), [first]);
    assert_eq!(stores.api_keys.list(organization_id(2)).await.unwrap(), []);
}

async fn a_key_of_an_unknown_organization_is_not_created(stores: Stores) {
    let key = new_key(organization_id(9));
    assert_eq!(stores.create_key(&key).await, Created::Dangling);
    assert_eq!(stores.find_key(&key).await, None);
    assert_eq!(stores.happened(key.organization).await, [""; 0]);
}

async fn nothing_is_created_when_its_audit_event_cannot_be_stored(stores: Stores) {
    let key = new_key(stores.organization(1).await.id);
    let taken = stores.taken(created(&key)).await;
    assert!(stores.api_keys.create(key.clone(), taken).await.is_err());
    assert_eq!(stores.find_key(&key).await, None);
    assert_eq!(stores.create_key(&key).await, Created::New);
}

async fn one_of_many_that_create_the_same_key_wins(stores: Stores) {
    let organization = stores.organization(1).await.id;
    for round in 0..rounds() {
        let key = new_key(organization);
        let outcomes = together(CONTENDERS, |_| {
            let (api_keys, key, audit) = (stores.api_keys.clone(), key.clone(), created(&key));
            async move { api_keys.create(key, audit).await.unwrap() }
        })
        .await;
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Created::New).count(), 1);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Created::Exists).count(), CONTENDERS - 1);
        assert_eq!(stores.happened(organization).await.len(), round + 2);
    }
}

async fn keys_are_listed_in_the_order_in_which_they_were_made(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let mut keys = Vec::new();
    for second in 0..10 {
        let created_at = NOW.saturating_add(Duration::from_secs(second));
        let key = ApiKey { created_at, ..new_key(organization) };
        assert_eq!(stores.create_key(&key).await, Created::New);
        keys.push(key);
    }
    assert_eq!(stores.api_keys.list(organization).await.unwrap(), keys);
}

async fn a_list_shows_the_keys_of_one_organization(stores: Stores) {
    let (one, two) = (new_key(stores.organization(1).await.id), new_key(stores.organization(2).await.id));
    for key in [&one, &two] {
        assert_eq!(stores.create_key(key).await, Created::New);
    }
    assert_eq!(stores.api_keys.list(one.organization).await.unwrap(), [one]);
    assert_eq!(stores.api_keys.list(two.organization).await.unwrap(), [two]);
}

async fn a_revoked_key_is_found_as_revoked(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let (key, other) = (new_key(organization), new_key(organization));
    for key in [&key, &other] {
        assert_eq!(stores.create_key(key).await, Created::New);
    }
    let revoked = ApiKey { revoked_at: Some(NOW), ..key.clone() };
    assert_eq!(stores.api_keys.revoke(revocation(&key.id, NOW)).await.unwrap(), Some(revoked.clone()));
    assert_eq!(stores.find_key(&key).await, Some(revoked.clone()));
    assert_eq!(stores.find_key(&other).await, Some(other.clone()));
    assert_eq!(stores.api_keys.list(organization).await.unwrap(), [revoked, other]);
}

async fn the_first_revocation_stays(stores: Stores) {
    let key = new_key(stores.organization(1).await.id);
    assert_eq!(stores.create_key(&key).await, Created::New);
    let expected = Some(ApiKey { revoked_at: Some(NOW), ..key.clone() });
    for seconds in 0..3 {
        let at = NOW.saturating_add(Duration::from_secs(seconds));
        assert_eq!(stores.api_keys.revoke(revocation(&key.id, at)).await.unwrap(), expected);
    }
    assert_eq!(stores.find_key(&key).await, expected);
}

async fn one_of_many_revocations_stays(stores: Stores) {
    let key = new_key(stores.organization(1).await.id);
    assert_eq!(stores.create_key(&key).await, Created::New);
    let revoked = together(CONTENDERS, |number| {
        let (api_keys, id) = (stores.api_keys.clone(), key.id.clone());
        let at = NOW.saturating_add(Duration::from_secs(number.try_into().unwrap()));
        async move { api_keys.revoke(revocation(&id, at)).await.unwrap() }
    })
    .await;
    let stays = stores.find_key(&key).await;
    assert!(stays.as_ref().is_some_and(|key| key.revoked_at.is_some()));
    assert!(revoked.into_iter().all(|seen| seen == stays), "somebody saw another revocation");
    let told = stores.happened(key.organization).await;
    assert_eq!(told.iter().filter(|name| *name == "api_key.revoked").count(), 1);
}

async fn an_unknown_key_cannot_be_revoked(stores: Stores) {
    let key = new_key(stores.organization(1).await.id);
    assert_eq!(stores.create_key(&key).await, Created::New);
    let unknown = new_key(key.organization);
    assert_eq!(stores.api_keys.revoke(revocation(&unknown.id, NOW)).await.unwrap(), None);
    assert_eq!(stores.find_key(&key).await, Some(key));
}
