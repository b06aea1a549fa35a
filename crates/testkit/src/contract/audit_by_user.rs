//! The contract of [`AuditLog`](countersign_domain::audit::ports::AuditLog) for the events of one user, whether
//! [`AuditChain`](countersign_domain::audit::chain_ports::AuditChain) has sealed them or not.

use std::collections::BTreeSet;

use countersign_domain::audit::event::{AuditEvent, SecurityEvent};
use countersign_domain::audit::ports::{AuditQuery, TrailPart};
use countersign_domain::identity::{AuditEventId, Environment, OrganizationId, UserId};

use super::{Case, Stores, case::cases};
use crate::build::{self, NOW, organization_id, subject_in};
use crate::contention::{CONTENDERS, rounds, together};

/// The cases.
pub fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        sealing_changes_nothing_of_what_is_shown,
        what_is_sealed_and_what_waits_are_one_list_in_the_order_of_ids,
        pages_go_on_across_what_is_sealed_and_what_waits,
        each_part_of_the_trail_goes_on_across_both,
        a_user_of_the_same_name_elsewhere_is_another_one,
        sealing_meanwhile_neither_hides_nor_doubles_an_event,
    ]
}

fn enabled(organization: OrganizationId, environment: Environment, user: &str) -> AuditEvent {
    build::event_about_user(&subject_in(organization, environment, user), SecurityEvent::Enabled, NOW)
}

async fn append(stores: &Stores, events: impl IntoIterator<Item = AuditEvent>) {
    for event in events {
        stores.audit.append(event).await.unwrap();
    }
}

/// Seals everything that waits.
async fn seal(stores: &Stores, organization: OrganizationId) {
    stores.chain.seal(organization, NOW, u32::MAX).await.unwrap();
}

fn of_alice(organization: OrganizationId, limit: u32) -> AuditQuery {
    AuditQuery { user: UserId::new("alice").ok(), ..AuditQuery::whole(organization, limit) }
}

async fn page(stores: &Stores, query: AuditQuery) -> Vec<AuditEventId> {
    stores.audit.page(query).await.unwrap().into_iter().map(|record| record.id).collect()
}

/// Everything of alice's, page by page.
async fn pages(stores: &Stores, organization: OrganizationId, limit: u32) -> Vec<AuditEventId> {
    let mut all = Vec::new();
    loop {
        let query = AuditQuery { after: all.last().copied(), ..of_alice(organization, limit) };
        let page = page(stores, query).await;
        assert!(page.len() <= limit.try_into().unwrap());
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// Six events of alice with ascending ids, each followed by one of bob. Those with the numbers 0, 2 and 3 are sealed, 1, 4
/// and 5 come late and wait.
async fn half_sealed(stores: &Stores, organization: OrganizationId) -> Vec<AuditEventId> {
    let mint = || ["alice", "bob"].map(|user| enabled(organization, Environment::Live, user));
    let events: Vec<_> = std::iter::repeat_with(mint).take(6).collect();
    let ids = events.iter().map(|[alice, _]| alice.id).collect();
    let (sealed, late): (Vec<_>, Vec<_>) =
        (0..).zip(events).partition(|(number, _)| [0, 2, 3].contains(number));
    append(stores, sealed.into_iter().flat_map(|(_, events)| events)).await;
    seal(stores, organization).await;
    append(stores, late.into_iter().flat_map(|(_, events)| events)).await;
    ids
}

async fn sealing_changes_nothing_of_what_is_shown(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let events = ["alice", "bob", "alice"].map(|user| enabled(organization, Environment::Live, user));
    let ids = [events[0].id, events[2].id];
    append(&stores, events).await;
    let before = stores.audit.page(of_alice(organization, 10)).await.unwrap();
    assert_eq!(before.iter().map(|record| record.id).collect::<Vec<_>>(), ids);
    seal(&stores, organization).await;
    assert_eq!(stores.audit.page(of_alice(organization, 10)).await.unwrap(), before);
}

async fn what_is_sealed_and_what_waits_are_one_list_in_the_order_of_ids(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let ids = half_sealed(&stores, organization).await;
    assert_eq!(page(&stores, of_alice(organization, 10)).await, ids);
    seal(&stores, organization).await;
    assert_eq!(page(&stores, of_alice(organization, 10)).await, ids);
}

async fn pages_go_on_across_what_is_sealed_and_what_waits(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let ids = half_sealed(&stores, organization).await;
    for limit in 1..=7 {
        let first = page(&stores, of_alice(organization, limit)).await;
        assert_eq!(first, ids[..ids.len().min(limit.try_into().unwrap())]);
        assert_eq!(pages(&stores, organization, limit).await, ids, "{limit} at a time");
    }
    assert_eq!(page(&stores, of_alice(organization, 0)).await, []);
    for (number, after) in ids.iter().enumerate() {
        let rest = AuditQuery { after: Some(*after), ..of_alice(organization, 10) };
        assert_eq!(page(&stores, rest).await, ids[number + 1..]);
    }
}

async fn each_part_of_the_trail_goes_on_across_both(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let mut ids = Vec::new();
    for _ in ["sealed", "waiting"] {
        seal(&stores, organization).await;
        let events = [Some(Environment::Live), Some(Environment::Test), None].map(|environment| {
            let event = enabled(organization, Environment::Live, "alice");
            AuditEvent { environment, ..event }
        });
        ids.extend(events.iter().map(|event| event.id));
        append(&stores, events).await;
    }
    let page = async |part, limit| page(&stores, AuditQuery { part, ..of_alice(organization, limit) }).await;
    let (live, test) = (Environment::Live, Environment::Test);
    assert_eq!(page(TrailPart::Whole, 10).await, ids);
    assert_eq!(page(TrailPart::Only(live), 10).await, [ids[0], ids[3]]);
    assert_eq!(page(TrailPart::Only(test), 10).await, [ids[1], ids[4]]);
    assert_eq!(page(TrailPart::Only(test), 1).await, [ids[1]]);
    assert_eq!(page(TrailPart::WithOrganization(live), 10).await, [ids[0], ids[2], ids[3], ids[5]]);
    assert_eq!(page(TrailPart::WithOrganization(test), 3).await, [ids[1], ids[2], ids[4]]);
}

async fn a_user_of_the_same_name_elsewhere_is_another_one(stores: Stores) {
    for number in [1, 2] {
        let _ = stores.organization(number).await;
    }
    let (one, two) = (organization_id(1), organization_id(2));
    let mut ids = [Vec::new(), Vec::new()];
    for _ in ["sealed", "waiting"] {
        seal(&stores, one).await;
        seal(&stores, two).await;
        for (organization, ids) in [one, two].into_iter().zip(&mut ids) {
            let event = enabled(organization, Environment::Live, "alice");
            ids.push(event.id);
            append(&stores, [event]).await;
        }
    }
    assert_eq!(page(&stores, of_alice(one, 10)).await, ids[0]);
    assert_eq!(page(&stores, of_alice(two, 10)).await, ids[1]);
}

/// Half of the contenders read everything, an eighth of them seals little by little, and the others append.
async fn sealing_meanwhile_neither_hides_nor_doubles_an_event(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let mut before = Vec::new();
    for _ in 0..rounds() {
        let events: Vec<_> = std::iter::repeat_with(|| enabled(organization, Environment::Live, "alice"))
            .take(CONTENDERS)
            .collect();
        before.extend(events.iter().map(|event| event.id));
        append(&stores, events).await;
        let seen = together(CONTENDERS, |number| {
            let stores = stores.clone();
            async move {
                match number % 8 {
                    0 => {
                        for _ in 0..CONTENDERS {
                            stores.chain.seal(organization, NOW, 2).await.unwrap();
                        }
                        Vec::new()
                    }
                    1..4 => {
                        let event = enabled(organization, Environment::Live, "alice");
                        let id = event.id;
                        append(&stores, [event]).await;
                        assert!(page(&stores, of_alice(organization, u32::MAX)).await.contains(&id));
                        Vec::new()
                    }
                    _ => vec![
                        page(&stores, of_alice(organization, u32::MAX)).await,
                        pages(&stores, organization, 3).await,
                    ],
                }
            }
        })
        .await;
        for seen in seen.into_iter().flatten() {
            let ids: BTreeSet<_> = seen.iter().copied().collect();
            assert_eq!(ids.iter().copied().collect::<Vec<_>>(), seen, "in the order of ids, none twice");
            assert!(before.iter().all(|id| ids.contains(id)), "what was there before is shown");
        }
        before = page(&stores, of_alice(organization, u32::MAX)).await;
    }
    seal(&stores, organization).await;
    assert_eq!(page(&stores, of_alice(organization, u32::MAX)).await, before);
}
