//! The contract of [`OrganizationStore`](countersign_domain::admission::ports::OrganizationStore).

use countersign_domain::admission::organization::{Organization, OrganizationStatus};
use countersign_domain::admission::ports::Created;
use countersign_domain::audit::event::{AuditEvent, SecurityEvent};
use countersign_domain::identity::OrganizationName;
use countersign_domain::quota::period::AnchorDay;
use countersign_domain::quota::plan::{Ceiling, Plan, PlanId};
use countersign_domain::time::Timestamp;

use super::{Case, Stores, case::cases};
use crate::build::{self, NOW, organization_id};
use crate::contention::{CONTENDERS, rounds, together};

mod policy;

/// The cases.
pub fn cases() -> Vec<Case<Stores>> {
    let mut all = policy::cases();
    all.extend(cases![
        Stores;
        an_organization_that_nobody_made_is_absent,
        an_organization_comes_back_as_it_was_created,
        creating_writes_one_audit_event,
        a_second_organization_with_the_same_id_changes_nothing,
        an_organization_without_its_plan_is_not_created,
        one_of_many_that_create_the_same_organization_wins,
        nothing_is_created_when_its_audit_event_cannot_be_stored,
        a_change_of_status_is_stored_with_its_audit_event,
        the_status_of_an_unknown_organization_cannot_change,
        the_status_stays_when_the_audit_event_cannot_be_stored,
        a_change_of_the_plan_is_seen,
        pages_are_in_the_order_of_ids_and_miss_none,
    ]);
    all
}

fn created(organization: &Organization) -> AuditEvent {
    let event = SecurityEvent::OrganizationCreated { plan: organization.plan.id.clone() };
    build::event_about_organization(organization.id, event, NOW)
}

fn suspended(organization: &Organization) -> AuditEvent {
    build::event_about_organization(organization.id, SecurityEvent::OrganizationSuspended, NOW)
}

async fn an_organization_that_nobody_made_is_absent(stores: Stores) {
    let _ = stores.organization(1).await;
    assert_eq!(stores.organizations.find(organization_id(2)).await.unwrap(), None);
    assert_eq!(stores.happened(organization_id(2)).await, [""; 0]);
}

async fn an_organization_comes_back_as_it_was_created(stores: Stores) {
    let unusual = Organization {
        name: OrganizationName::new("Ünïcode: 'quoted' \"name\" 日本").unwrap(),
        status: OrganizationStatus::Suspended,
        anchor_day: AnchorDay::new(31).unwrap(),
        created_at: Timestamp::from_micros(1_234_567_890_123_457),
        ..build::organization_on(organization_id(7), build::plan("enterprise"))
    };
    let outcome = stores.organizations.create(unusual.clone(), created(&unusual)).await.unwrap();
    assert_eq!(outcome, Created::New);
    assert_eq!(stores.organizations.find(unusual.id).await.unwrap(), Some(unusual));
}

async fn creating_writes_one_audit_event(stores: Stores) {
    let organization = build::organization();
    let event = created(&organization);
    let outcome = stores.organizations.create(organization.clone(), event.clone()).await.unwrap();
    assert_eq!(outcome, Created::New);
    let trail = stores.trail(organization.id).await;
    let rows: Vec<_> = trail.iter().map(|record| (record.id, record.name.as_str())).collect();
    assert_eq!(rows, [(event.id, "organization.created")]);
}

async fn a_second_organization_with_the_same_id_changes_nothing(stores: Stores) {
    let first = stores.organization(1).await;
    let second = Organization {
        name: OrganizationName::new("Other").unwrap(),
        plan: build::plan("pro"),
        ..first.clone()
    };
    let outcome = stores.organizations.create(second.clone(), created(&second)).await.unwrap();
    assert_eq!(outcome, Created::Exists);
    stores.settle();
    assert_eq!(stores.organizations.find(first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(stores.happened(first.id).await, ["organization.created"]);
}

async fn an_organization_without_its_plan_is_not_created(stores: Stores) {
    let plan = Plan { id: PlanId::new("nowhere").unwrap(), ..build::plan("free") };
    let organization = build::organization_on(organization_id(1), plan);
    let outcome = stores.organizations.create(organization.clone(), created(&organization)).await.unwrap();
    assert_eq!(outcome, Created::Dangling);
    stores.settle();
    assert_eq!(stores.organizations.find(organization.id).await.unwrap(), None);
    assert_eq!(stores.happened(organization.id).await, [""; 0]);
}

async fn one_of_many_that_create_the_same_organization_wins(stores: Stores) {
    for round in 0..rounds() {
        let id = organization_id(round.try_into().unwrap());
        let outcomes = together(CONTENDERS, |_| {
            let organization = build::organization_on(id, build::plan("free"));
            let (organizations, audit) = (stores.organizations.clone(), created(&organization));
            async move { organizations.create(organization, audit).await.unwrap() }
        })
        .await;
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Created::New).count(), 1);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Created::Exists).count(), CONTENDERS - 1);
        assert_eq!(stores.happened(id).await, ["organization.created"]);
    }
}

async fn nothing_is_created_when_its_audit_event_cannot_be_stored(stores: Stores) {
    let organization = build::organization();
    let taken = stores.taken(created(&organization)).await;
    assert!(stores.organizations.create(organization.clone(), taken).await.is_err());
    stores.settle();
    assert_eq!(stores.organizations.find(organization.id).await.unwrap(), None);
}

async fn a_change_of_status_is_stored_with_its_audit_event(stores: Stores) {
    let organization = stores.organization(1).await;
    let other = stores.organization(2).await;
    let changes = [
        (OrganizationStatus::Suspended, SecurityEvent::OrganizationSuspended),
        (OrganizationStatus::Active, SecurityEvent::OrganizationResumed),
    ];
    for (status, event) in changes {
        let audit = build::event_about_organization(organization.id, event, NOW);
        assert!(stores.organizations.set_status(organization.id, status, audit).await.unwrap());
        stores.settle();
        let expected = Organization { status, ..organization.clone() };
        assert_eq!(stores.organizations.find(organization.id).await.unwrap(), Some(expected));
    }
    let names = ["organization.created", "organization.suspended", "organization.resumed"];
    assert_eq!(stores.happened(organization.id).await, names);
    assert_eq!(stores.organizations.find(other.id).await.unwrap(), Some(other));
}

async fn the_status_of_an_unknown_organization_cannot_change(stores: Stores) {
    let organization = build::organization();
    let suspend = OrganizationStatus::Suspended;
    let changed = stores.organizations.set_status(organization.id, suspend, suspended(&organization)).await;
    assert!(!changed.unwrap());
    assert_eq!(stores.happened(organization.id).await, [""; 0]);
}

async fn the_status_stays_when_the_audit_event_cannot_be_stored(stores: Stores) {
    let organization = stores.organization(1).await;
    let taken = stores.taken(suspended(&organization)).await;
    let suspend = OrganizationStatus::Suspended;
    assert!(stores.organizations.set_status(organization.id, suspend, taken).await.is_err());
    stores.settle();
    assert_eq!(stores.organizations.find(organization.id).await.unwrap(), Some(organization));
}

async fn a_change_of_the_plan_is_seen(stores: Stores) {
    let organization = stores.organization(1).await;
    let plan = Plan { turns: Ceiling::Limited(5), ..organization.plan.clone() };
    stores.plans.put(plan.clone()).await.unwrap();
    stores.settle();
    let expected = Organization { plan, ..organization };
    assert_eq!(stores.organizations.find(expected.id).await.unwrap(), Some(expected.clone()));
    assert_eq!(stores.organizations.page(None, 10).await.unwrap(), [expected]);
}

async fn pages_are_in_the_order_of_ids_and_miss_none(stores: Stores) {
    for number in [3, 1, 5, 4, 2] {
        let _ = stores.organization(number).await;
    }
    let page = async |after: Option<u64>, limit| {
        let page = stores.organizations.page(after.map(organization_id), limit).await.unwrap();
        page.into_iter().map(|organization| organization.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2).await, [1, 2].map(organization_id));
    assert_eq!(page(Some(2), 2).await, [3, 4].map(organization_id));
    assert_eq!(page(Some(4), 2).await, [5].map(organization_id));
    assert_eq!(page(Some(5), 2).await, []);
    assert_eq!(page(None, 100).await, [1, 2, 3, 4, 5].map(organization_id));
    assert_eq!(page(None, 0).await, []);
}
