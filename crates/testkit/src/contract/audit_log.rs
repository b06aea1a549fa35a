//! The contract of [`AuditLog`](countersign_domain::audit::ports::AuditLog).

use countersign_domain::audit::event::{Actor, AuditEvent, Caller, SecurityEvent};
use countersign_domain::audit::ports::{AuditQuery, AuditRecord, TrailPart};
use countersign_domain::identity::{AuditEventId, Environment, OrganizationId, SetupId, UserId};
use countersign_domain::time::Timestamp;

use super::{Case, Stores, case::cases};
use crate::build::{self, NOW, fresh_ulid, organization_id, subject_in};
use crate::contention::{CONTENDERS, together};

/// The cases.
pub fn cases() -> Vec<Case<Stores>> {
    cases![
        Stores;
        the_trail_of_an_organization_begins_empty,
        an_event_about_a_user_can_be_read,
        an_event_about_an_organization_names_no_user,
        an_actor_is_named,
        pages_are_in_the_order_of_ids_and_miss_none,
        organizations_never_see_each_other,
        a_part_of_the_trail_holds_its_environment_only,
        the_events_of_a_user_are_theirs_alone,
        what_is_written_stays,
        concurrent_events_are_all_kept,
    ]
}

fn minted(organization: OrganizationId) -> AuditEvent {
    build::event_about_organization(organization, SecurityEvent::UserTokenMinted, NOW)
}

async fn the_trail_of_an_organization_begins_empty(stores: Stores) {
    assert_eq!(stores.trail(organization_id(1)).await, []);
}

async fn an_event_about_a_user_can_be_read(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let setup = SetupId::new(fresh_ulid());
    let at = Timestamp::from_micros(1_234_567_890_123_457);
    let user = "O'Brien \"%_\\ ~";
    let events = [
        (Environment::Live, SecurityEvent::SetupStarted { setup }),
        (Environment::Test, SecurityEvent::SetupCodeRefused { attempts_left: 4 }),
        (Environment::Test, SecurityEvent::Enabled),
    ];
    let events = events.map(|(environment, event)| {
        build::event_about_user(&subject_in(organization, environment, user), event, at)
    });
    for event in events.clone() {
        stores.audit.append(event).await.unwrap();
    }
    let record = |event: &AuditEvent, name: &str, details: &[(&str, &str)]| AuditRecord {
        id: event.id,
        environment: event.environment,
        user: Some(UserId::new(user).unwrap()),
        name: name.to_owned(),
        details: details.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        actor: "user".to_owned(),
        request: event.caller.request,
        address: event.caller.address,
        at,
    };
    let [started, refused, enabled] = &events;
    let expected = [
        record(started, "two_factor.setup_started", &[("setup_id", &setup.to_string())]),
        record(refused, "two_factor.setup_code_refused", &[("attempts_left", "4")]),
        record(enabled, "two_factor.enabled", &[]),
    ];
    assert_eq!(stores.trail(organization).await.split_off(1), expected);
}

async fn an_event_about_an_organization_names_no_user(stores: Stores) {
    let organization = stores.organization(1).await.id;
    stores.audit.append(minted(organization)).await.unwrap();
    for record in stores.trail(organization).await {
        assert_eq!((record.environment, record.user), (None, None));
    }
}

async fn an_actor_is_named(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let key = build::api_key(organization, Environment::Live).key.id;
    let named = format!("api_key:{}", key.as_str());
    let actors = [(Actor::User, "user"), (Actor::Operator, "operator"), (Actor::ApiKey(key), named.as_str())];
    for (actor, name) in actors {
        let event = AuditEvent { caller: Caller { actor, ..build::caller() }, ..minted(organization) };
        stores.audit.append(event).await.unwrap();
        assert_eq!(stores.trail(organization).await.last().unwrap().actor, name);
    }
}

async fn pages_are_in_the_order_of_ids_and_miss_none(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let first = stores.trail(organization).await[0].id;
    let events: Vec<_> = std::iter::repeat_with(|| minted(organization)).take(5).collect();
    for event in events.iter().rev() {
        stores.audit.append(event.clone()).await.unwrap();
    }
    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
    let page = async |after: AuditEventId, limit| {
        let page = AuditQuery { after: Some(after), ..AuditQuery::whole(organization, limit) };
        let page = stores.audit.page(page).await.unwrap();
        page.into_iter().map(|record| record.id).collect::<Vec<_>>()
    };
    assert_eq!(page(first, 2).await, ids[..2]);
    assert_eq!(page(ids[1], 2).await, ids[2..4]);
    assert_eq!(page(ids[3], 2).await, ids[4..]);
    assert_eq!(page(ids[4], 2).await, []);
    assert_eq!(page(first, 100).await, ids);
    assert_eq!(page(first, 0).await, []);
}

async fn organizations_never_see_each_other(stores: Stores) {
    let (one, two) = (stores.organization(1).await.id, stores.organization(2).await.id);
    let (early, late) = (minted(two), minted(two));
    for event in [early.clone(), late] {
        stores.audit.append(event).await.unwrap();
    }
    assert_eq!(stores.happened(one).await, ["organization.created"]);
    let after = AuditQuery { after: Some(early.id), ..AuditQuery::whole(one, 10) };
    assert_eq!(stores.audit.page(after).await.unwrap(), []);
    assert_eq!(stores.trail(two).await.len(), 3);
    let alice = |organization| subject_in(organization, Environment::Live, "alice");
    stores.audit.append(build::event_about_user(&alice(two), SecurityEvent::Enabled, NOW)).await.unwrap();
    let of_alice = AuditQuery { user: Some(alice(one).user), ..AuditQuery::whole(one, 10) };
    assert_eq!(stores.audit.page(of_alice).await.unwrap(), []);
}

/// The organization's creation, and for each environment one event of alice and one of Alice, in this order.
async fn of_both_environments(stores: &Stores) -> (OrganizationId, Vec<AuditEventId>) {
    let organization = stores.organization(1).await.id;
    let mut ids = vec![stores.trail(organization).await[0].id];
    for environment in [Environment::Live, Environment::Test] {
        for user in ["alice", "Alice"] {
            let subject = subject_in(organization, environment, user);
            let event = build::event_about_user(&subject, SecurityEvent::Enabled, NOW);
            ids.push(event.id);
            stores.audit.append(event).await.unwrap();
        }
    }
    (organization, ids)
}

async fn a_part_of_the_trail_holds_its_environment_only(stores: Stores) {
    let (organization, ids) = of_both_environments(&stores).await;
    let page = async |part| {
        let page = stores.audit.page(AuditQuery { part, ..AuditQuery::whole(organization, 10) });
        page.await.unwrap().into_iter().map(|record| record.id).collect::<Vec<_>>()
    };
    assert_eq!(page(TrailPart::Whole).await, ids);
    assert_eq!(page(TrailPart::Only(Environment::Live)).await, ids[1..3]);
    assert_eq!(page(TrailPart::Only(Environment::Test)).await, ids[3..]);
    assert_eq!(page(TrailPart::WithOrganization(Environment::Live)).await, ids[..3]);
    assert_eq!(page(TrailPart::WithOrganization(Environment::Test)).await, [ids[0], ids[3], ids[4]]);
}

async fn the_events_of_a_user_are_theirs_alone(stores: Stores) {
    let (organization, ids) = of_both_environments(&stores).await;
    let page = async |user: &str, part, after| {
        let user = Some(UserId::new(user).unwrap());
        let query = AuditQuery { user, part, after, ..AuditQuery::whole(organization, 10) };
        let page = stores.audit.page(query).await.unwrap();
        page.into_iter().map(|record| record.id).collect::<Vec<_>>()
    };
    assert_eq!(page("alice", TrailPart::Whole, None).await, [ids[1], ids[3]]);
    assert_eq!(page("alice", TrailPart::Whole, Some(ids[1])).await, [ids[3]]);
    assert_eq!(page("Alice", TrailPart::Only(Environment::Test), None).await, [ids[4]]);
    assert_eq!(page("alice", TrailPart::WithOrganization(Environment::Live), None).await, [ids[1]]);
    assert_eq!(page("bob", TrailPart::Whole, None).await, []);
}

async fn what_is_written_stays(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let event = minted(organization);
    stores.audit.append(event.clone()).await.unwrap();
    let before = stores.trail(organization).await;
    let other = AuditEvent { event: SecurityEvent::OrganizationSuspended, ..event };
    assert!(stores.audit.append(other).await.is_err());
    assert_eq!(stores.trail(organization).await, before);
}

async fn concurrent_events_are_all_kept(stores: Stores) {
    let organization = stores.organization(1).await.id;
    let ids = together(CONTENDERS, |_| {
        let (audit, event) = (stores.audit.clone(), minted(organization));
        async move {
            let id = event.id;
            audit.append(event).await.unwrap();
            id
        }
    })
    .await;
    let kept: Vec<_> = stores.trail(organization).await.into_iter().skip(1).map(|record| record.id).collect();
    assert_eq!(kept, ids);
}
