//! What somebody with the database file changes in a sealed trail is found.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_domain::audit::chain_ports::AuditChain;
use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::audit::ports::AuditLog;
use countersign_domain::audit::verify::{Finding, Verified, VerifyTrail};
use countersign_domain::identity::{AuditEventId, OrganizationId};
use countersign_storage::Database;
use countersign_testkit::build::{self, NOW};
use countersign_testkit::on_every_engine;

use crate::support::{Engine, TestDatabase};

on_every_engine!(
    Engine;
    an_untouched_trail_is_intact,
    a_changed_event_is_found_whatever_was_changed,
    deleted_events_are_found,
    events_whose_contents_were_swapped_are_found,
    seals_that_were_swapped_are_found,
    a_changed_hash_is_found_at_its_seal_and_the_next,
    deleted_seals_are_found_with_the_events_that_lost_them,
    events_without_a_seal_are_looked_for_part_by_part,
    events_that_were_removed_with_their_seals_leave_a_gap,
    an_event_that_was_removed_before_it_was_sealed_is_found_and_stops_no_other,
    the_end_that_was_cut_off_shows_in_the_head,
    a_trail_with_an_unreadable_event_is_sealed_no_further,
    an_event_that_is_hidden_from_its_user_is_found,
    an_event_on_the_list_of_somebody_else_is_found,
    an_event_that_is_gone_with_its_seal_but_still_listed_is_named,
    a_change_that_its_list_shows_as_well_is_one_finding,
    lists_are_compared_to_their_end,
    seals_are_append_only,
);

/// A trail of six sealed events (numbers 1 to 6) and one that waits.
struct Sealed {
    place: TestDatabase,
    database: Arc<Database>,
    organization: OrganizationId,
    events: Vec<AuditEventId>,
}

async fn sealed(engine: Engine) -> Sealed {
    let place = TestDatabase::migrated(engine);
    let database = Arc::new(place.open());
    let organization = build::organization_id(1);
    let mut events = Vec::new();
    for number in 1..=7 {
        if number == 7 {
            assert_eq!(database.seal(organization, NOW, 100).await.unwrap(), 6);
        }
        let user = build::subject(&format!("user-{number}"));
        let event = build::event_about_user(&user, SecurityEvent::Enabled, NOW);
        events.push(event.id);
        database.append(event).await.unwrap();
    }
    Sealed { place, database, organization, events }
}

impl Sealed {
    /// Does what the triggers forbid. `{n}` stands for the id of the event with this number.
    fn tamper(&self, statements: &str) {
        let mut statements = statements.to_owned();
        for (number, id) in (1..).zip(&self.events) {
            statements = statements.replace(&format!("{{{number}}}"), &format!("'{id}'"));
        }
        self.place.without_guards(&statements);
    }

    async fn verified(&self) -> Verified {
        VerifyTrail { chain: self.database.clone() }.of(self.organization).await.unwrap()
    }

    fn event(&self, number: u64) -> AuditEventId {
        self.events[usize::try_from(number).unwrap() - 1]
    }
}

/// What is found after tampering.
async fn found(engine: Engine, statements: &str) -> (Sealed, Vec<Finding>) {
    let sealed = sealed(engine).await;
    sealed.tamper(statements);
    let findings = sealed.verified().await.findings;
    (sealed, findings)
}

async fn an_untouched_trail_is_intact(engine: Engine) {
    let (sealed, findings) = found(engine, "").await;
    assert_eq!(findings, []);
    let verified = sealed.verified().await;
    assert_eq!((verified.sealed, verified.waiting), (6, 1));
}

async fn a_changed_event_is_found_whatever_was_changed(engine: Engine) {
    for change in [
        "actor = 'operator'",
        "name = 'two_factor.disabled'",
        "user_id = 'mallory'",
        "environment = 'test'",
        "environment = NULL",
        "details = '[[\"method\",\"totp\"]]'",
        "request_id = NULL",
        "address = '192.0.2.9'",
        "happened_at = happened_at + 1",
        "details = 'no list'",
        "environment = 'prod'",
    ] {
        let (sealed, findings) =
            found(engine, &format!("UPDATE audit_events SET {change} WHERE id = {{3}};")).await;
        assert_eq!(findings, [Finding::Changed { number: 3, event: sealed.event(3) }], "{change}");
    }
}

async fn deleted_events_are_found(engine: Engine) {
    let (sealed, findings) = found(engine, "DELETE FROM audit_events WHERE id IN ({1}, {4}, {6});").await;
    let missing = [1, 4, 6].map(|number| Finding::Missing { number, event: sealed.event(number) });
    assert_eq!(findings, missing);
}

async fn events_whose_contents_were_swapped_are_found(engine: Engine) {
    let (sealed, findings) = found(
        engine,
        "UPDATE audit_events SET id = '00000000000000000000000000' WHERE id = {2};
         UPDATE audit_events SET id = {2} WHERE id = {5};
         UPDATE audit_events SET id = {5} WHERE id = '00000000000000000000000000';",
    )
    .await;
    let moved = |number, found_at| Finding::Moved { number, event: sealed.event(number), found_at };
    assert_eq!(findings, [moved(2, 5), moved(5, 2)]);
}

async fn seals_that_were_swapped_are_found(engine: Engine) {
    let (sealed, findings) = found(
        engine,
        "UPDATE audit_seals SET event_id = '00000000000000000000000000' WHERE number = 2;
         UPDATE audit_seals SET event_id = {2} WHERE number = 3;
         UPDATE audit_seals SET event_id = {3} WHERE number = 2;",
    )
    .await;
    let moved = |number, found_at| Finding::Moved { number, event: sealed.event(found_at), found_at };
    assert_eq!(findings, [moved(2, 3), moved(3, 2)]);
}

async fn a_changed_hash_is_found_at_its_seal_and_the_next(engine: Engine) {
    let (sealed, findings) =
        found(engine, "UPDATE audit_seals SET hash = zeroblob(32) WHERE number = 3;").await;
    let changed = [3, 4].map(|number| Finding::Changed { number, event: sealed.event(number) });
    assert_eq!(findings, changed);
}

async fn deleted_seals_are_found_with_the_events_that_lost_them(engine: Engine) {
    let (sealed, findings) = found(engine, "DELETE FROM audit_seals WHERE number IN (2, 3);").await;
    let stray = |number| Finding::Stray { event: sealed.event(number) };
    assert_eq!(findings, [Finding::SealsMissing { first: 2, last: 3 }, stray(2), stray(3)]);
}

async fn events_without_a_seal_are_looked_for_part_by_part(engine: Engine) {
    let sealed = sealed(engine).await;
    sealed.tamper("DELETE FROM audit_seals WHERE number IN (2, 3, 6);");
    let mut parts = Vec::new();
    let mut after = None;
    loop {
        let part = sealed.database.strays(sealed.organization, after, 3).await.unwrap();
        parts.push(part.found);
        let Some(last) = part.last else { break };
        after = Some(last);
    }
    let event = |number| sealed.event(number);
    assert_eq!(parts, [vec![event(2), event(3)], vec![event(6)], vec![], vec![]]);
}

async fn events_that_were_removed_with_their_seals_leave_a_gap(engine: Engine) {
    let (_, findings) = found(
        engine,
        "DELETE FROM audit_seals WHERE number = 4; DELETE FROM audit_events WHERE id = {4};
         DELETE FROM audit_events_by_user WHERE event_id = {4};",
    )
    .await;
    assert_eq!(findings, [Finding::SealsMissing { first: 4, last: 4 }]);
}

async fn an_event_that_was_removed_before_it_was_sealed_is_found_and_stops_no_other(engine: Engine) {
    let (sealed, findings) = found(engine, "DELETE FROM audit_events WHERE id = {7};").await;
    assert_eq!(findings, [Finding::Lost { event: sealed.event(7) }]);
    let subject = build::subject("bob");
    let late = build::event_about_user(&subject, SecurityEvent::Enabled, NOW);
    sealed.database.append(late.clone()).await.unwrap();
    // The trigger that makes events wait is gone as well.
    assert_eq!(sealed.verified().await.findings.last(), Some(&Finding::Stray { event: late.id }));
}

async fn the_end_that_was_cut_off_shows_in_the_head(engine: Engine) {
    let sealed = sealed(engine).await;
    let before = sealed.verified().await;
    sealed.tamper("DELETE FROM audit_seals WHERE number = 6; DELETE FROM audit_events WHERE id = {6};");
    let after = sealed.verified().await;
    assert_eq!((before.sealed, after.sealed), (6, 5));
    assert_ne!(before.head, after.head);
}

async fn a_trail_with_an_unreadable_event_is_sealed_no_further(engine: Engine) {
    let sealed = sealed(engine).await;
    sealed.tamper("UPDATE audit_events SET details = 'no list' WHERE id = {7};");
    assert!(sealed.database.seal(sealed.organization, NOW, 100).await.is_err());
    assert_eq!(sealed.verified().await.waiting, 1);
}

async fn an_event_that_is_hidden_from_its_user_is_found(engine: Engine) {
    let (sealed, findings) =
        found(engine, "DELETE FROM audit_events_by_user WHERE event_id IN ({2}, {5});").await;
    let unlisted = [2, 5].map(|number| Finding::Unlisted { event: sealed.event(number) });
    assert_eq!(findings, unlisted);
}

async fn an_event_on_the_list_of_somebody_else_is_found(engine: Engine) {
    let (sealed, findings) = found(
        engine,
        "UPDATE audit_events_by_user SET user_id = 'mallory' WHERE event_id = {2};
         INSERT INTO audit_events_by_user SELECT organization_id, 'user-1', id FROM audit_events WHERE id = {3};",
    )
    .await;
    let event = |number| sealed.event(number);
    let expected = [
        Finding::Unlisted { event: event(2) },
        Finding::Mislisted { event: event(2) },
        Finding::Mislisted { event: event(3) },
    ];
    assert_eq!(findings, expected);
}

async fn an_event_that_is_gone_with_its_seal_but_still_listed_is_named(engine: Engine) {
    let (sealed, findings) =
        found(engine, "DELETE FROM audit_seals WHERE number = 6; DELETE FROM audit_events WHERE id = {6};")
            .await;
    assert_eq!(findings, [Finding::Mislisted { event: sealed.event(6) }]);
}

async fn a_change_that_its_list_shows_as_well_is_one_finding(engine: Engine) {
    let (sealed, findings) = found(
        engine,
        "UPDATE audit_events SET user_id = NULL WHERE id = {2}; DELETE FROM audit_events WHERE id = {5};
         DELETE FROM audit_events_by_user WHERE event_id = {4};",
    )
    .await;
    let event = |number| sealed.event(number);
    let expected = [
        Finding::Missing { number: 5, event: event(5) },
        Finding::Changed { number: 2, event: event(2) },
        Finding::Unlisted { event: event(4) },
    ];
    assert_eq!(findings, expected);
}

async fn lists_are_compared_to_their_end(engine: Engine) {
    let sealed = sealed(engine).await;
    let mut events = Vec::new();
    for number in 0..1_100 {
        // A list that is longer than what is read at a time, and many short ones.
        let user = if number < 600 { "bob".to_owned() } else { format!("carol-{number}") };
        let event = build::event_about_user(&build::subject(&user), SecurityEvent::Enabled, NOW);
        events.push(event.id);
        sealed.database.append(event).await.unwrap();
    }
    assert_eq!(sealed.database.seal(sealed.organization, NOW, 2_000).await.unwrap(), 1_101);
    assert_eq!(sealed.verified().await.findings, []);
    sealed.tamper("UPDATE audit_events_by_user SET user_id = 'x' || user_id;");
    let findings = sealed.verified().await.findings;
    let all: BTreeSet<_> = sealed.events.iter().chain(&events).copied().collect();
    let of_kind = |wanted: fn(AuditEventId) -> Finding| {
        all.iter().filter(|event| findings.contains(&wanted(**event))).count()
    };
    assert_eq!(findings.len(), 2 * all.len());
    assert_eq!(of_kind(|event| Finding::Unlisted { event }), all.len());
    assert_eq!(of_kind(|event| Finding::Mislisted { event }), all.len());
}

async fn seals_are_append_only(engine: Engine) {
    let sealed = sealed(engine).await;
    let organization = sealed.organization;
    for (statement, says) in [
        ("UPDATE audit_seals SET hash = zeroblob(32)".to_owned(), "append-only"),
        ("DELETE FROM audit_seals".to_owned(), "append-only"),
        (
            format!("INSERT INTO audit_seals VALUES ('{organization}', 8, '{organization}', zeroblob(32))"),
            "append-only",
        ),
        (
            format!(
                "INSERT INTO audit_seals VALUES ('{organization}', 7, '{}', zeroblob(32))",
                sealed.event(1)
            ),
            "audit_seals",
        ),
        (
            format!("INSERT INTO audit_seals VALUES ('{organization}', 7, '{organization}', zeroblob(1))"),
            "hash",
        ),
    ] {
        let refused = sealed.place.try_sql(&statement).unwrap_err();
        assert!(refused.contains(says), "{statement}: {refused}");
    }
    assert_eq!(sealed.verified().await.findings, []);
}
