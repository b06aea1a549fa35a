//! Usage: two nodes on one database, a model of the counters, and what a recount finds.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::identity::Environment;
use countersign_domain::quota::allowance::Allowance;
use countersign_domain::quota::ports::{UsageEvent, UsageStore};
use countersign_domain::quota::quota_ports::{QuotaStore, TurnsDecision};
use countersign_domain::quota::recount_ports::{Counter, Miscount, UsageRecount};
use countersign_storage::{Database, DatabaseUrl, migrate};
use countersign_testkit::arrange;
use countersign_testkit::build::{
    NOW, activation, allowance, consumption, organization, organization_id, relationship_event, repeatable,
    turns_event,
};
use countersign_testkit::contention::together;
use countersign_testkit::fakes::MemoryUsage;
use countersign_testkit::on_every_engine;
use diesel::connection::SimpleConnection;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::support::{self, Engine, TestDatabase};

on_every_engine!(
    Engine;
    a_thousand_consumers_on_two_nodes_end_exactly_at_the_ceiling,
    repetitions_among_a_thousand_consumers_count_once,
    consumers_who_give_up_while_they_wait_are_not_counted,
    a_failure_reaches_everybody_who_waited_and_the_next_are_decided,
    every_history_is_counted_as_by_a_model_of_sets,
    a_recount_names_every_wrong_counter_and_mends_it,
    a_counter_that_is_gone_is_mended_and_consumed_turns_are_not_invented,
    usage_survives_the_way_back_and_forth_through_its_migration,
);

const LIVE: Environment = Environment::Live;
const CONSUMERS: usize = 1_000;

/// Two handles, as of two processes.
async fn two_nodes(place: &TestDatabase) -> [Arc<Database>; 2] {
    let nodes = [Arc::new(place.open()), Arc::new(place.open())];
    arrange::organization(&*nodes[0], organization()).await;
    nodes
}

async fn turns(database: &Database, allowance: Allowance) -> u64 {
    let period = allowance.period.starts_at;
    database.usage(allowance.organization, allowance.environment, period).await.unwrap().turns
}

async fn a_thousand_consumers_on_two_nodes_end_exactly_at_the_ceiling(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let nodes = two_nodes(&place).await;
    let limited = allowance(NOW, 700, 5);
    let decided = together(CONSUMERS, |number| {
        let node = nodes[number % 2].clone();
        async move { node.consume_turns(consumption(limited, 1)).await.unwrap() }
    })
    .await;
    assert_eq!(decided.iter().filter(|decision| decision.is_counted()).count(), 700);
    assert_eq!(turns(&nodes[0], limited).await, 700);
}

async fn repetitions_among_a_thousand_consumers_count_once(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let nodes = two_nodes(&place).await;
    let limited = allowance(NOW, 500, 5);
    // Each of 250 keys comes twice, once to each node, among 500 calls without a key.
    let decided = together(CONSUMERS, |number| {
        let node = nodes[number % 2].clone();
        let call = match number % 4 {
            2 | 3 => repeatable(limited, 2, &(number / 4).to_string(), NOW),
            _ => consumption(limited, 1),
        };
        async move { (call.turns.get(), node.consume_turns(call).await.unwrap()) }
    })
    .await;
    let counted: u32 =
        decided.iter().filter(|(_, decision)| decision.is_counted()).map(|(turns, _)| turns).sum();
    let used = turns(&nodes[1], limited).await;
    assert_eq!(used, u64::from(counted));
    assert!(used == 500 || used == 499, "{used}");
    let answers = place.count("turn_answers");
    let by_key = decided.iter().filter(|(turns, decision)| *turns == 2 && decision.is_counted()).count();
    assert_eq!(answers, i64::try_from(by_key).unwrap());
}

async fn consumers_who_give_up_while_they_wait_are_not_counted(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let node = Arc::new(support::open(&with_patience(&place)));
    arrange::organization(&*node, organization()).await;
    let enough = allowance(NOW, 1_000, 5);
    let mut other = keep_from_counting(&place);
    let patient = tokio::spawn({
        let node = node.clone();
        async move { node.consume_turns(consumption(enough, 1)).await }
    });
    while !is_waited_for(&place) {
        tokio::task::yield_now().await;
    }
    for _ in 0..10 {
        let given_up = node.consume_turns(consumption(enough, 10));
        assert!(tokio::time::timeout(Duration::from_millis(5), given_up).await.is_err());
    }
    other.batch_execute("ROLLBACK").unwrap();
    assert!(patient.await.unwrap().unwrap().is_counted());
    assert!(node.consume_turns(consumption(enough, 1)).await.unwrap().is_counted());
    assert_eq!(turns(&node, enough).await, 2);
}

/// PostgreSQL is told to wait longer for a lock than half a second.
fn with_patience(place: &TestDatabase) -> DatabaseUrl {
    match place {
        TestDatabase::Sqlite(files) => files.url(),
        #[cfg(feature = "postgres")]
        TestDatabase::Postgres(_) => {
            let options = "-c%20lock_timeout%3D60000%20-c%20statement_timeout%3D60000";
            format!("{}?options={options}", place.url()).parse().unwrap()
        }
    }
}

/// Keeps everybody from counting until it is rolled back.
fn keep_from_counting(place: &TestDatabase) -> Box<dyn SimpleConnection> {
    let begin = match place {
        TestDatabase::Sqlite(_) => "BEGIN IMMEDIATE",
        #[cfg(feature = "postgres")]
        TestDatabase::Postgres(_) => "BEGIN; LOCK TABLE usage_periods",
    };
    let mut connection = place.connection();
    connection.batch_execute(begin).unwrap();
    connection
}

/// Whether a call waits for the lock. The one writer of SQLite takes no call before it may write.
fn is_waited_for(place: &TestDatabase) -> bool {
    match place {
        TestDatabase::Sqlite(_) => true,
        #[cfg(feature = "postgres")]
        TestDatabase::Postgres(_) => {
            place.count("pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
                > 0
        }
    }
}

async fn a_failure_reaches_everybody_who_waited_and_the_next_are_decided(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let [node, _] = two_nodes(&place).await;
    let enough = allowance(NOW, 1_000, 5);
    place.sql("ALTER TABLE usage_periods RENAME TO lost");
    let failed = together(40, |_| {
        let node = node.clone();
        async move { node.consume_turns(consumption(enough, 1)).await }
    });
    assert!(failed.await.iter().all(Result::is_err));
    place.sql("ALTER TABLE lost RENAME TO usage_periods");
    assert!(node.consume_turns(consumption(enough, 1)).await.unwrap().is_counted());
    assert_eq!(turns(&node, enough).await, 1);
}

/// One step of a random history: what, whom, when.
#[derive(Clone, Copy, Debug)]
struct Step {
    what: u8,
    whom: u8,
    month: u8,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0_u8..5, 0_u8..3, 0_u8..4).prop_map(|(what, whom, month)| Step { what, whom, month });
    prop::collection::vec(step, 1..40)
}

fn month(number: u8) -> Allowance {
    let at = NOW.saturating_add(Duration::from_hours(24 * 30) * number.into());
    allowance(at, 6, 2)
}

fn event(index: usize, step: Step) -> UsageEvent {
    let (id, at) = (index.to_string(), month(step.month).period.starts_at);
    if step.what == 3 { relationship_event(&id, &step.whom.to_string(), at) } else { turns_event(&id, 1, at) }
}

/// Does a step and tells everything that can be seen afterwards.
async fn observed<S: QuotaStore + UsageStore>(store: &S, index: usize, step: Step) -> String {
    let (within, whom) = (month(step.month), step.whom.to_string());
    let told = match step.what {
        0 => format!("{:?}", store.activate(activation(within, &whom)).await.unwrap()),
        1 => format!("{:?}", store.end(activation(within, &whom)).await.unwrap()),
        2 => {
            let key = format!("{whom} of {}", step.month);
            format!("{:?}", store.consume_turns(repeatable(within, 2, &key, NOW)).await.unwrap())
        }
        _ => {
            let recorded = store.record(organization_id(1), LIVE, vec![event(index, step)]).await;
            format!("{:?}", recorded.unwrap())
        }
    };
    let mut seen = vec![told];
    for number in 0..6 {
        let period = month(number).period.starts_at;
        seen.push(format!("{:?}", store.usage(organization_id(1), LIVE, period).await.unwrap()));
    }
    seen.join("\n")
}

/// The counters of begun and ended relationships agree with sets of who is active, whatever happens in whichever order.
async fn every_history_is_counted_as_by_a_model_of_sets(engine: Engine) {
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    let compared = TestRunner::new(config).run(&steps(), |steps| {
        block_in_place(|| Handle::current().block_on(compare_with_the_model(engine, steps)));
        Ok(())
    });
    compared.unwrap();
}

async fn compare_with_the_model(engine: Engine, steps: Vec<Step>) {
    let place = TestDatabase::migrated(engine);
    let (database, model) = (place.open(), MemoryUsage::new());
    let mut latest_event = 0;
    for (index, mut step) in steps.into_iter().enumerate() {
        // Events are of the past: nothing ends before what was recorded of it.
        match step.what {
            1 => step.month = step.month.max(latest_event),
            3 => latest_event = latest_event.max(step.month),
            _ => {}
        }
        let (real, expected) = (observed(&database, index, step).await, observed(&model, index, step).await);
        assert_eq!(real, expected, "{index}: {step:?}");
    }
    assert_eq!(database.miscounts(organization_id(1), LIVE).await.unwrap(), []);
}

async fn used(place: &TestDatabase) -> Database {
    let database = place.open();
    arrange::organization(&database, organization()).await;
    let within = allowance(NOW, 100, 10);
    let recorded =
        vec![turns_event("a", 3, NOW), turns_event("b", 4, NOW), relationship_event("c", "r", NOW)];
    drop(database.record(organization_id(1), LIVE, recorded).await.unwrap());
    let decided = database.consume_turns(consumption(within, 5)).await.unwrap();
    assert!(matches!(decided, TurnsDecision::Counted(_)));
    let _ = database.activate(activation(within, "s")).await.unwrap();
    database
}

async fn a_recount_names_every_wrong_counter_and_mends_it(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let database = used(&place).await;
    assert_eq!(database.miscounts(organization_id(1), LIVE).await.unwrap(), []);
    place.sql(
        "UPDATE usage_periods SET turns_recorded = 70, relationships_begun = 1, relationships_ended = 9",
    );
    let period_start = allowance(NOW, 0, 0).period.starts_at;
    let wrong = [
        (Counter::RecordedTurns, 70, 7),
        (Counter::RelationshipsBegun, 1, 2),
        (Counter::RelationshipsEnded, 9, 1),
    ];
    let wrong = wrong.map(|(counter, stored, counted)| Miscount { period_start, counter, stored, counted });
    assert_eq!(database.miscounts(organization_id(1), LIVE).await.unwrap(), wrong);
    assert_eq!(database.mend(organization_id(1), LIVE).await.unwrap(), wrong);
    assert_eq!(database.mend(organization_id(1), LIVE).await.unwrap(), []);
    let usage = database.usage(organization_id(1), LIVE, period_start).await.unwrap();
    assert_eq!((usage.turns, usage.active_relationships), (12, 2));
}

async fn a_counter_that_is_gone_is_mended_and_consumed_turns_are_not_invented(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let database = used(&place).await;
    place.sql("DELETE FROM usage_periods");
    assert_eq!(database.mend(organization_id(1), LIVE).await.unwrap().len(), 3);
    let usage =
        database.usage(organization_id(1), LIVE, allowance(NOW, 0, 0).period.starts_at).await.unwrap();
    assert_eq!((usage.turns, usage.active_relationships), (7, 2));
}

async fn usage_survives_the_way_back_and_forth_through_its_migration(engine: Engine) {
    let place = TestDatabase::migrated(engine);
    let database = used(&place).await;
    let later = allowance(NOW.saturating_add(Duration::from_hours(24 * 30)), 100, 10);
    let _ = database.consume_turns(consumption(later, 2)).await.unwrap();
    drop(database);
    let status = migrate::status(&place.url()).unwrap();
    let newer = status.iter().rev().position(|one| one.id.contains("usage_under_ceilings")).unwrap();
    assert_eq!(migrate::down(&place.url(), newer + 1).unwrap().len(), newer + 1);
    assert_eq!(place.count("usage_counters WHERE turns = 12 AND active_relationships = 2"), 1);
    assert_eq!(place.count("usage_counters WHERE turns = 2 AND active_relationships = 1"), 1);
    assert_eq!(place.count("active_relationships"), 3);
    migrate::up(&place.url()).unwrap();
    let database = place.open();
    for (allowance, expected) in [(allowance(NOW, 0, 0), (12, 2)), (later, (2, 1))] {
        let usage = database.usage(organization_id(1), LIVE, allowance.period.starts_at).await.unwrap();
        assert_eq!((usage.turns, usage.active_relationships), expected);
    }
}
