//! The contract of [`AuditChain`](countersign_domain::audit::chain_ports::AuditChain).

use countersign_domain::audit::chain::ChainHash;
use countersign_domain::audit::chain_ports::{ListEntry, Listed};
use countersign_domain::audit::event::{AuditEvent, SecurityEvent};
use countersign_domain::audit::seal::{LARGEST_BATCH, SealTrails};
use countersign_domain::audit::verify::{Verified, VerifyTrail};
use countersign_domain::identity::{AuditEventId, Environment, OrganizationId};
use countersign_domain::time::Timestamp;

use super::{Case, Stores, case::cases};
use crate::build::{self, NOW, organization_id, subject_in};
use crate::contention::{CONTENDERS, rounds, together};

/// The cases.
pub fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        an_empty_trail_is_intact,
        events_wait_until_they_are_sealed,
        seals_follow_the_order_of_ids,
        a_late_event_gets_the_next_number,
        what_happened_later_waits,
        a_batch_is_no_larger_than_asked_for,
        organizations_have_chains_of_their_own,
        organizations_to_seal_are_told_in_order,
        links_come_in_pages,
        lists_name_what_is_sealed_of_each_user_and_come_in_pages,
        everything_is_sealed_however_much_it_is,
        however_many_seal_at_once_a_chain_never_forks,
        events_that_come_while_others_seal_are_sealed_once,
    ]
}

const BEFORE: Timestamp = Timestamp::from_micros(NOW.as_micros() - 1);

/// Appends events of `organization` that happened at `at`, with ascending ids.
async fn append(
    stores: &Stores,
    organization: OrganizationId,
    count: usize,
    at: Timestamp,
) -> Vec<AuditEventId> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let event = build::event_about_organization(organization, SecurityEvent::UserTokenMinted, at);
        ids.push(event.id);
        stores.audit.append(event).await.unwrap();
    }
    ids
}

/// An organization whose only event, its creation, is sealed.
async fn sealed_organization(stores: &Stores, number: u64) -> OrganizationId {
    let organization = stores.organization(number).await.id;
    assert_eq!(stores.chain.seal(organization, NOW, 10).await.unwrap(), 1);
    organization
}

async fn verified(stores: &Stores, organization: OrganizationId) -> Verified {
    VerifyTrail { chain: stores.chain.clone() }.of(organization).await.unwrap()
}

#[track_caller]
fn assert_intact(verified: &Verified, sealed: u64, waiting: u64) {
    assert_eq!((verified.sealed, verified.waiting), (sealed, waiting));
    assert_eq!(verified.findings, []);
}

async fn events_of_links(stores: &Stores, organization: OrganizationId) -> Vec<AuditEventId> {
    let links = stores.chain.links(organization, 0, u32::MAX).await.unwrap();
    let numbers: Vec<_> = links.iter().map(|link| link.number).collect();
    assert_eq!(numbers, (1..=u64::try_from(links.len()).unwrap()).collect::<Vec<_>>());
    links.into_iter().map(|link| link.event).collect()
}

async fn an_empty_trail_is_intact(stores: Stores) {
    let found = verified(&stores, organization_id(9)).await;
    assert_intact(&found, 0, 0);
    assert_eq!(found.head, ChainHash::GENESIS);
    assert_eq!(stores.chain.seal(organization_id(9), NOW, 10).await.unwrap(), 0);
}

async fn events_wait_until_they_are_sealed(stores: Stores) {
    let organization = stores.organization(1).await.id;
    append(&stores, organization, 2, NOW).await;
    assert_intact(&verified(&stores, organization).await, 0, 3);
    assert_eq!(stores.chain.seal(organization, NOW, 10).await.unwrap(), 3);
    let found = verified(&stores, organization).await;
    assert_intact(&found, 3, 0);
    assert_eq!(stores.chain.seal(organization, NOW, 10).await.unwrap(), 0);
    assert_eq!(verified(&stores, organization).await, found);
}

async fn seals_follow_the_order_of_ids(stores: Stores) {
    let organization = sealed_organization(&stores, 1).await;
    let mint = || build::event_about_organization(organization, SecurityEvent::UserTokenMinted, NOW);
    let events: Vec<AuditEvent> = std::iter::repeat_with(mint).take(5).collect();
    for event in events.iter().rev() {
        stores.audit.append(event.clone()).await.unwrap();
    }
    assert_eq!(stores.chain.seal(organization, NOW, 10).await.unwrap(), 5);
    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(events_of_links(&stores, organization).await[1..], ids);
    assert_intact(&verified(&stores, organization).await, 6, 0);
}

async fn a_late_event_gets_the_next_number(stores: Stores) {
    let organization = sealed_organization(&stores, 1).await;
    let late = build::event_about_organization(organization, SecurityEvent::UserTokenMinted, NOW);
    let early = append(&stores, organization, 1, NOW).await;
    assert_eq!(stores.chain.seal(organization, NOW, 10).await.unwrap(), 1);
    stores.audit.append(late.clone()).await.unwrap();
    assert_eq!(stores.chain.seal(organization, NOW, 10).await.unwrap(), 1);
    assert_eq!(events_of_links(&stores, organization).await[1..], [early[0], late.id]);
    assert_intact(&verified(&stores, organization).await, 3, 0);
}

async fn what_happened_later_waits(stores: Stores) {
    let organization = sealed_organization(&stores, 1).await;
    append(&stores, organization, 1, NOW).await;
    let early = append(&stores, organization, 1, BEFORE).await;
    assert_eq!(stores.chain.seal(organization, BEFORE, 10).await.unwrap(), 1);
    assert_eq!(events_of_links(&stores, organization).await[1..], early);
    assert_intact(&verified(&stores, organization).await, 2, 1);
}

async fn a_batch_is_no_larger_than_asked_for(stores: Stores) {
    let organization = stores.organization(1).await.id;
    append(&stores, organization, 4, NOW).await;
    for (limit, sealed) in [(2, 2), (0, 0), (2, 2), (2, 1), (2, 0)] {
        assert_eq!(stores.chain.seal(organization, NOW, limit).await.unwrap(), sealed);
    }
    assert_intact(&verified(&stores, organization).await, 5, 0);
}

async fn organizations_have_chains_of_their_own(stores: Stores) {
    let (one, two) = (stores.organization(1).await.id, stores.organization(2).await.id);
    append(&stores, one, 2, NOW).await;
    assert_eq!(stores.chain.seal(one, NOW, 10).await.unwrap(), 3);
    assert_intact(&verified(&stores, two).await, 0, 1);
    assert_eq!(stores.chain.seal(two, NOW, 10).await.unwrap(), 1);
    assert_intact(&verified(&stores, one).await, 3, 0);
    assert_intact(&verified(&stores, two).await, 1, 0);
}

async fn organizations_to_seal_are_told_in_order(stores: Stores) {
    let mut ids = Vec::new();
    for number in [3, 1, 2] {
        ids.push(stores.organization(number).await.id);
    }
    ids.sort_unstable();
    append(&stores, ids[0], 3, NOW).await;
    let to_seal = async |until, after, limit| stores.chain.to_seal(until, after, limit).await.unwrap();
    assert_eq!(to_seal(NOW, None, 10).await, ids);
    assert_eq!(to_seal(NOW, None, 2).await, ids[..2]);
    assert_eq!(to_seal(NOW, Some(ids[1]), 10).await, ids[2..]);
    assert_eq!(to_seal(BEFORE, None, 10).await, []);
    assert_eq!(stores.chain.seal(ids[1], NOW, 10).await.unwrap(), 1);
    assert_eq!(to_seal(NOW, None, 10).await, [ids[0], ids[2]]);
}

async fn links_come_in_pages(stores: Stores) {
    let organization = stores.organization(1).await.id;
    append(&stores, organization, 4, NOW).await;
    assert_eq!(stores.chain.seal(organization, NOW, 10).await.unwrap(), 5);
    let page = async |after, limit| {
        let links = stores.chain.links(organization, after, limit).await.unwrap();
        links.into_iter().map(|link| link.number).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 2).await, [1, 2]);
    assert_eq!(page(2, 2).await, [3, 4]);
    assert_eq!(page(4, 2).await, [5]);
    assert_eq!(page(5, 2).await, []);
}

async fn lists_name_what_is_sealed_of_each_user_and_come_in_pages(stores: Stores) {
    let (one, two) = (stores.organization(1).await.id, stores.organization(2).await.id);
    let append = async |organization, user: &str| {
        let subject = subject_in(organization, Environment::Live, user);
        let event = build::event_about_user(&subject, SecurityEvent::Enabled, NOW);
        let entry = ListEntry { user: subject.user, event: event.id };
        stores.audit.append(event).await.unwrap();
        Listed { entry, is_theirs: true }
    };
    let mut entries = Vec::new();
    for user in ["bob", "Alice", "alice", "bob", "alice", "bob"] {
        entries.push(append(one, user).await);
        append(two, user).await;
    }
    let page = async |after: Option<&Listed>, limit| {
        let after = after.map(|listed| listed.entry.clone());
        stores.chain.listed(one, after, limit).await.unwrap()
    };
    assert_eq!(page(None, 10).await, []);
    stores.chain.seal(one, NOW, 10).await.unwrap();
    append(one, "bob").await;
    entries.sort_by(|a, b| a.entry.cmp(&b.entry));
    for limit in 1..=7 {
        let mut all = Vec::new();
        loop {
            let more = page(all.last(), limit).await;
            assert!(more.len() <= limit.try_into().unwrap());
            if more.is_empty() {
                break;
            }
            all.extend(more);
        }
        assert_eq!(all, entries, "{limit} at a time");
    }
    assert_eq!(stores.chain.unlisted(one, 0, u64::from(u32::MAX)).await.unwrap(), []);
}

async fn everything_is_sealed_however_much_it_is(stores: Stores) {
    let (one, two) = (stores.organization(1).await.id, stores.organization(2).await.id);
    let many = usize::try_from(LARGEST_BATCH).unwrap() + 1;
    append(&stores, one, many, NOW).await;
    let seal = SealTrails { chain: stores.chain.clone() };
    let sealed = seal.until(NOW).await.unwrap();
    assert!(sealed.failures.is_empty(), "{:?}", sealed.failures);
    assert_eq!(sealed.events, u64::from(LARGEST_BATCH) + 3);
    assert_intact(&verified(&stores, one).await, u64::from(LARGEST_BATCH) + 2, 0);
    assert_intact(&verified(&stores, two).await, 1, 0);
    assert_eq!(seal.until(NOW).await.unwrap().events, 0);
}

async fn however_many_seal_at_once_a_chain_never_forks(stores: Stores) {
    let organization = sealed_organization(&stores, 1).await;
    for round in 0..rounds() {
        append(&stores, organization, CONTENDERS, NOW).await;
        let sealed = together(CONTENDERS, |_| {
            let chain = stores.chain.clone();
            async move { chain.seal(organization, NOW, 3).await.unwrap() }
        })
        .await;
        assert_eq!(sealed.iter().sum::<u32>(), u32::try_from(CONTENDERS).unwrap());
        let total = 1 + CONTENDERS * (round + 1);
        assert_intact(&verified(&stores, organization).await, u64::try_from(total).unwrap(), 0);
        let mut events = events_of_links(&stores, organization).await;
        events.sort_unstable();
        events.dedup();
        assert_eq!(events.len(), total);
    }
}

async fn events_that_come_while_others_seal_are_sealed_once(stores: Stores) {
    let organization = sealed_organization(&stores, 1).await;
    together(CONTENDERS, |number| {
        let stores = stores.clone();
        async move {
            if number % 2 == 0 {
                append(&stores, organization, 1, NOW).await;
            } else {
                stores.chain.seal(organization, NOW, 2).await.unwrap();
            }
        }
    })
    .await;
    stores.chain.seal(organization, NOW, u32::MAX).await.unwrap();
    let total = u64::try_from(CONTENDERS / 2).unwrap() + 1;
    assert_intact(&verified(&stores, organization).await, total, 0);
}
