//! Servers on one database that work on the same rows wait for each other, and never in a circle: nobody is refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_domain::audit::chain_ports::AuditChain;
use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::audit::ports::AuditLog as _;
use countersign_domain::audit::verify::VerifyTrail;
use countersign_domain::identity::{OrganizationId, Subject};
use countersign_domain::two_factor::ports::{FactorImported, FactorStore as _};
use countersign_storage::Database;
use countersign_testkit::build::{self, NOW, imported_factor, organization_id, subject};
use countersign_testkit::contention::{rounds, together};
use countersign_testkit::on_every_engine;

use crate::support::{Engine, TestDatabase};

on_every_engine!(
    Engine;
    imports_of_the_same_users_in_opposite_orders_are_both_answered,
    servers_that_seal_one_trail_share_the_work,
    servers_that_seal_what_comes_late_share_the_work,
);

/// Two servers on one database.
fn servers(engine: Engine) -> (TestDatabase, [Arc<Database>; 2]) {
    let place = TestDatabase::migrated(engine);
    let servers = [Arc::new(place.open()), Arc::new(place.open())];
    (place, servers)
}

/// Those who want to wait in a circle need some time in which each has begun and none has ended.
const USERS: usize = 24;

async fn imports_of_the_same_users_in_opposite_orders_are_both_answered(engine: Engine) {
    let (_place, servers) = servers(engine);
    for round in 0..8 * rounds() {
        let users: Vec<Subject> =
            (0..USERS).map(|number| subject(&format!("user {round} {number}"))).collect();
        let import = |number: usize| {
            let mut batch: Vec<_> = users.iter().map(|user| imported_factor(user, &["one"], NOW)).collect();
            if number == 1 {
                batch.reverse();
            }
            let server = servers[number].clone();
            async move { server.import(batch).await.unwrap() }
        };
        let mut outcomes = together(2, import).await;
        outcomes[1].reverse();
        for (one, other) in outcomes[0].iter().zip(&outcomes[1]) {
            let stored = [one, other].map(|outcome| usize::from(*outcome == FactorImported::Stored));
            assert_eq!(stored.iter().sum::<usize>(), 1, "{one:?}, {other:?}");
        }
    }
}

/// Appends events to the trail of organization 1, and tells the organization.
async fn trail(server: &Database, events: usize) -> OrganizationId {
    let organization = organization_id(1);
    for _ in 0..events {
        let event = build::event_about_organization(organization, SecurityEvent::UserTokenMinted, NOW);
        server.append(event).await.unwrap();
    }
    organization
}

/// Seals in small parts until nothing is left; how much it was.
async fn seal(server: &Database, organization: OrganizationId, part: u32) -> usize {
    let mut sealed = 0;
    loop {
        match server.seal(organization, NOW, part).await.unwrap() {
            0 => return sealed,
            more => sealed += usize::try_from(more).unwrap(),
        }
    }
}

async fn assert_sealed_once(server: Arc<Database>, organization: OrganizationId, events: usize) {
    let links = server.links(organization, 0, u32::MAX).await.unwrap();
    assert_eq!(links.iter().map(|link| link.event).collect::<BTreeSet<_>>().len(), events);
    let verified = VerifyTrail { chain: server }.of(organization).await.unwrap();
    assert_eq!((verified.sealed, verified.waiting), (u64::try_from(events).unwrap(), 0));
    assert_eq!(verified.findings, []);
}

async fn servers_that_seal_one_trail_share_the_work(engine: Engine) {
    let (_place, servers) = servers(engine);
    for round in 1..=rounds() {
        let organization = trail(&servers[0], 64).await;
        let sealed = together(4, |number| {
            let server = servers[number % 2].clone();
            async move { seal(&server, organization, 3).await }
        })
        .await;
        assert_eq!(sealed.iter().sum::<usize>(), 64);
        assert_sealed_once(servers[0].clone(), organization, 64 * round).await;
    }
}

async fn servers_that_seal_what_comes_late_share_the_work(engine: Engine) {
    let (_place, servers) = servers(engine);
    let organization = organization_id(1);
    let mint = || build::event_about_organization(organization, SecurityEvent::UserTokenMinted, NOW);
    let events: Vec<_> = std::iter::repeat_with(mint).take(48).collect();
    together(3, |number| {
        let (server, late) = (servers[number % 2].clone(), events.clone().into_iter().rev());
        async move {
            if number == 2 {
                for event in late {
                    server.append(event).await.unwrap();
                }
            } else {
                for _ in 0..48 {
                    server.seal(organization, NOW, 2).await.unwrap();
                }
            }
        }
    })
    .await;
    seal(&servers[0], organization, 100).await;
    assert_sealed_once(servers[0].clone(), organization, 48).await;
}
