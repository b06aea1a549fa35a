//! What is special about PostgreSQL: time limits, conflicts, and connections that are lost.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use countersign_domain::failure::PortFailure;
use countersign_domain::health::Dependency;
use countersign_domain::idempotency::call::NamedCall;
use countersign_domain::idempotency::ports::{CallClaimed, IdempotencyStore};
use countersign_domain::time::{TimeStep, Timestamp};
use countersign_domain::two_factor::ports::{FactorImported, FactorStore};
use countersign_testkit::arrange;
use countersign_testkit::build;
use countersign_testkit::services::postgres::{PostgresCluster, PostgresDatabase};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::{is_english, is_recent};
use crate::backend::AnyConnection;
use crate::connect::ConnectError;
use crate::database::{Database, DatabaseOptions, OpenError};
use crate::migrate;
use crate::schema::write_probe;
use crate::unit::{UnitFailure, UnitResult};
use crate::url::DatabaseUrl;

/// A database that is open, and its place.
struct Bench {
    database: Database,
    place: PostgresDatabase,
}

impl Bench {
    fn new() -> Self {
        Self::with(DatabaseOptions { turn: Duration::from_mins(1), ..DatabaseOptions::default() })
    }

    fn with(options: DatabaseOptions) -> Self {
        let place = PostgresDatabase::empty();
        let url = url(&place);
        migrate::up(&url).unwrap();
        Self { database: Database::open(&url, options).unwrap(), place }
    }

    /// A connection that goes around the adapter.
    fn sql(&self) -> PgConnection {
        PgConnection::establish(&self.place.url()).unwrap()
    }

    async fn writes(&self) -> i64 {
        let read = self.database.read(|c| Ok(write_probe::table.select(write_probe::writes).first(c)?));
        read.await.unwrap()
    }
}

fn url(place: &PostgresDatabase) -> DatabaseUrl {
    DatabaseUrl::parse(&place.url()).unwrap()
}

fn one_more(c: &mut AnyConnection) -> UnitResult<()> {
    diesel::update(write_probe::table).set(write_probe::writes.eq(write_probe::writes + 1)).execute(c)?;
    Ok(())
}

fn setting(c: &mut AnyConnection, name: &str) -> UnitResult<String> {
    let shown = diesel::dsl::sql::<Text>(&format!("SELECT current_setting('{name}')"));
    Ok(shown.get_result(c)?)
}

#[tokio::test]
async fn every_connection_has_its_limits() {
    let bench = Bench::new();
    for (name, reading, writing) in [
        ("statement_timeout", "2s", "2s"),
        ("lock_timeout", "500ms", "500ms"),
        ("idle_in_transaction_session_timeout", "5s", "5s"),
        ("transaction_read_only", "on", "off"),
        ("transaction_isolation", "repeatable read", "read committed"),
        ("application_name", "countersign", "countersign"),
    ] {
        let read = bench.database.read(move |c| setting(c, name)).await.unwrap();
        let write = bench.database.write(move |c| setting(c, name)).await.unwrap();
        assert_eq!((read.as_str(), write.as_str()), (reading, writing), "{name}");
    }
}

#[tokio::test]
async fn a_read_cannot_write() {
    let bench = Bench::new();
    assert!(bench.database.read(one_more).await.is_err());
    assert_eq!(bench.writes().await, 0);
}

#[tokio::test]
async fn what_takes_too_long_is_unavailable() {
    let bench = Bench::new();
    let slow = bench.database.write(|c| Ok(c.batch_execute("SELECT pg_sleep(60)")?)).await;
    assert!(matches!(slow, Err(PortFailure::Unavailable(_))), "{slow:?}");
    let mut other = bench.sql();
    other.batch_execute("BEGIN; LOCK TABLE write_probe").unwrap();
    let blocked = bench.database.write(one_more).await;
    assert!(matches!(blocked, Err(PortFailure::Unavailable(_))), "{blocked:?}");
    other.batch_execute("ROLLBACK").unwrap();
    bench.database.write(one_more).await.unwrap();
}

#[tokio::test]
async fn a_call_that_gets_no_turn_is_unavailable_and_is_not_made_later() {
    let one = NonZeroU32::MIN;
    let bench =
        Bench::with(DatabaseOptions { writers: one, turn: Duration::from_millis(50), ..Default::default() });
    let database = bench.database.clone();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let begun = std::sync::Mutex::new(Some(begun));
    let slow = tokio::spawn(async move {
        let unit = move |c: &mut AnyConnection| {
            let begun = begun.lock().unwrap().take();
            begun.map(|begun| begun.send(()));
            Ok(c.batch_execute("SELECT pg_sleep(1)")?)
        };
        database.write(unit).await
    });
    has_begun.await.unwrap();
    let refused = bench.database.write(one_more).await;
    assert!(matches!(refused, Err(PortFailure::Unavailable(_))), "{refused:?}");
    slow.await.unwrap().unwrap();
    assert_eq!(bench.writes().await, 0);
}

/// A unit that adds one and fails by `failure` so many times; tells how often it ran.
async fn failing(bench: &Bench, times: u32, failure: fn() -> UnitFailure) -> (Result<(), PortFailure>, u32) {
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let written = bench.database.write(move |c| {
        one_more(c)?;
        if counted.fetch_add(1, Ordering::Relaxed) < times { Err(failure()) } else { Ok(()) }
    });
    (written.await, runs.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_unit_that_lost_a_conflict_is_repeated_three_times_and_nothing_of_it_stays() {
    let bench = Bench::new();
    let (written, runs) = failing(&bench, 3, || UnitFailure::Conflict).await;
    written.unwrap();
    assert_eq!((runs, bench.writes().await), (4, 1));
    let (written, runs) = failing(&bench, 9, || UnitFailure::Conflict).await;
    assert!(matches!(written, Err(PortFailure::Unavailable(_))), "{written:?}");
    assert_eq!((runs, bench.writes().await), (4, 1));
    let (written, runs) = failing(&bench, 9, || PortFailure::other("a fault").into()).await;
    assert!(matches!(written, Err(PortFailure::Other(_))), "{written:?}");
    assert_eq!((runs, bench.writes().await), (1, 1));
}

#[tokio::test]
async fn a_failed_commit_is_an_unknown_outcome_and_is_not_repeated() {
    let bench = Bench::new();
    bench
        .sql()
        .batch_execute(
            "CREATE TABLE notes (id INT PRIMARY KEY);
             CREATE TABLE children (id INT REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)",
        )
        .unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let written = bench.database.write(move |c| {
        counted.fetch_add(1, Ordering::Relaxed);
        one_more(c)?;
        Ok(c.batch_execute("INSERT INTO children VALUES (99)")?)
    });
    let written = written.await;
    assert!(matches!(written, Err(PortFailure::Unavailable(_))), "{written:?}");
    assert_eq!((runs.load(Ordering::Relaxed), bench.writes().await), (1, 0));
}

/// Breaks the connection of a unit, in the middle of its first run only.
async fn broken_once(bench: &Bench, by: &'static str) -> Result<(), PortFailure> {
    let runs = AtomicU32::new(0);
    let written = bench.database.write(move |c| {
        one_more(c)?;
        if runs.fetch_add(1, Ordering::Relaxed) == 0 {
            c.batch_execute(by)?;
        }
        one_more(c)
    });
    written.await
}

#[tokio::test]
async fn a_unit_whose_connection_is_lost_is_repeated_on_another_one() {
    let bench = Bench::new();
    broken_once(&bench, "SELECT pg_terminate_backend(pg_backend_pid())").await.unwrap();
    assert_eq!(bench.writes().await, 2);
}

#[tokio::test]
async fn a_connection_to_a_server_that_cannot_be_written_to_is_replaced() {
    let one = NonZeroU32::MIN;
    let bench = Bench::with(DatabaseOptions { writers: one, ..DatabaseOptions::default() });
    // From now on, every transaction of the only connection is refused with 25006, as on a server that was demoted.
    let demote =
        |c: &mut AnyConnection| Ok(c.batch_execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")?);
    bench.database.write(demote).await.unwrap();
    bench.database.write(one_more).await.unwrap();
    assert_eq!(bench.writes().await, 1);
}

#[tokio::test]
async fn a_server_that_cannot_be_written_to_is_not_opened() {
    let bench = Bench::new();
    bench.place.fail_over_to(false);
    let refused = Database::open(&url(&bench.place), DatabaseOptions::default()).err().unwrap();
    assert!(matches!(refused, OpenError::Connect(ConnectError::Open(_))), "{refused:?}");
    assert!(bench.database.check().await.is_err());
}

#[tokio::test]
async fn after_a_crash_of_the_server_calls_work_again_and_nothing_is_lost() {
    let mut cluster = PostgresCluster::start(&["fsync=on"]);
    let place = PostgresDatabase::empty_in(&cluster);
    let url = url(&place);
    migrate::up(&url).unwrap();
    let database = Database::open(&url, DatabaseOptions::default()).unwrap();
    for round in 1..=3 {
        database.write(one_more).await.unwrap();
        cluster.kill();
        let down = database.write(one_more).await;
        assert!(matches!(down, Err(PortFailure::Unavailable(_))), "{down:?}");
        assert!(database.check().await.is_err());
        cluster.start_again();
        // The pool connects again by itself, within the time that a person would wait.
        let mut written = database.write(one_more).await;
        for _ in 0..30 {
            if written.is_ok() {
                break;
            }
            written = database.write(one_more).await;
        }
        written.unwrap();
        let writes = database.read(|c| Ok(write_probe::table.select(write_probe::writes).first::<i64>(c)?));
        assert_eq!(writes.await.unwrap(), 2 * round);
    }
}

/// Returns when a connection to the database waits for a lock.
async fn somebody_waits(bench: &Bench) {
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN
                       (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";
    let waiting = |c: &mut AnyConnection| Ok(diesel::dsl::sql::<BigInt>(waiting).get_result::<i64>(c)?);
    while bench.database.read(waiting).await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_migration_waits_for_another_one_and_holds_up_nobody_else() {
    let bench = Bench::new();
    let mut other = bench.sql();
    let lock = "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('countersign migrations', 0))";
    other.batch_execute(lock).unwrap();
    let url = url(&bench.place);
    let migrating = std::thread::spawn(move || migrate::up(&url).unwrap());
    somebody_waits(&bench).await;
    bench.database.write(one_more).await.unwrap();
    assert!(!migrating.is_finished());
    other.batch_execute("COMMIT").unwrap();
    assert_eq!(migrating.join().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn an_import_waits_for_the_factor_before_it_touches_what_belongs_to_it() {
    let bench = Bench::new();
    let alice = build::subject("alice");
    arrange::enabled(&bench.database, &alice, build::NOW).await;
    let call = NamedCall { secrets_of: Some(alice.user.clone()), ..build::named_call(&alice, "codes") };
    let claimed = bench.database.claim_call(build::call_claim(&call, build::NOW)).await.unwrap();
    assert_eq!(claimed, CallClaimed::Won);
    // The two statements of a reset.
    let mut reset = bench.sql();
    reset.batch_execute("BEGIN; DELETE FROM factors").unwrap();
    let (database, imported) = (bench.database.clone(), build::imported_factor(&alice, &[], build::NOW));
    let importing = tokio::spawn(async move { database.import(vec![imported]).await });
    somebody_waits(&bench).await;
    reset.batch_execute("DELETE FROM idempotent_calls; COMMIT").unwrap();
    assert_eq!(importing.await.unwrap().unwrap(), [FactorImported::Stored]);
}

#[test]
fn servers_that_are_too_old_or_speak_another_language_are_told_apart() {
    for (version, recent) in
        [("15.18 (Debian 15.18-0)", true), ("18beta1", true), ("14.9", false), ("", false)]
    {
        assert_eq!(is_recent(version), recent, "{version}");
    }
    for (language, english) in [("C", true), ("C.UTF-8", true), ("en_US.UTF-8", true), ("de_DE.UTF-8", false)]
    {
        assert_eq!(is_english(language), english, "{language}");
    }
}

fn timeline(bench: &Bench) -> (Option<String>, Option<i64>) {
    use crate::schema::database_timeline::dsl::{changed_at, database_timeline, timeline};
    database_timeline.find(1).select((timeline, changed_at)).first(&mut bench.sql()).unwrap()
}

/// Whether a code of the present step would be accepted by a process that opens the database now.
fn accepts_present_codes(bench: &Bench, failover_quarantine: bool) -> bool {
    let options = DatabaseOptions { failover_quarantine, ..DatabaseOptions::default() };
    let database = Database::open(&url(&bench.place), options).unwrap();
    let period = Duration::from_secs(30);
    let now: i64 =
        diesel::select(diesel::dsl::sql::<BigInt>("extract(epoch from clock_timestamp())::bigint"))
            .get_result(&mut bench.sql())
            .unwrap();
    let present = TimeStep::containing(Timestamp::from_seconds(now), period).unwrap();
    let later = TimeStep::new(present.number() + 3);
    assert!(database.failovers().check(later, period).is_ok());
    database.failovers().check(present, period).is_ok()
}

#[test]
fn the_first_primary_took_over_from_nobody() {
    let bench = Bench::new();
    assert_eq!(timeline(&bench), (Some("00000001".to_owned()), None));
    assert!(accepts_present_codes(&bench, true));
}

#[test]
fn after_a_failover_present_codes_are_refused_by_every_process_that_asks_for_it() {
    let bench = Bench::new();
    bench.sql().batch_execute("UPDATE database_timeline SET timeline = '00000000'").unwrap();
    assert!(accepts_present_codes(&bench, false));
    assert_eq!(timeline(&bench).1, None);
    for _process in 0..2 {
        assert!(!accepts_present_codes(&bench, true));
    }
    assert_eq!(timeline(&bench).0.as_deref(), Some("00000001"));
}
