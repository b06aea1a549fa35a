use std::path::PathBuf;
use std::sync::Mutex;

use countersign_domain::failure::PortFailure;
use diesel::connection::{Connection, Instrumentation, InstrumentationEvent};
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use tokio::task::JoinSet;

use super::*;
use crate::queue::Queue;
use crate::sqlite;
use crate::unit::{UnitFailure, UnitResult};

diesel::table! {
    notes (id) {
        id -> Integer,
    }
}

/// A database with one table, a queue to its writer, and the writer's receiver and connection.
struct Bench {
    _directory: tempfile::TempDir,
    path: PathBuf,
    url: DatabaseUrl,
    queue: Arc<Queue>,
    jobs: Jobs,
    commits: Arc<Mutex<u32>>,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        sqlite::create(&path).unwrap();
        let url = DatabaseUrl::parse(&format!("sqlite:{}", path.display())).unwrap();
        let (queue, jobs) = Queue::new(1_024, None);
        let bench =
            Self { _directory: directory, path, url, queue: Arc::new(queue), jobs, commits: Arc::default() };
        diesel::sql_query("CREATE TABLE notes (id INTEGER NOT NULL PRIMARY KEY) STRICT")
            .execute(&mut bench.connect())
            .unwrap();
        bench
    }

    fn connect(&self) -> SqliteConnection {
        sqlite::connect(&self.path, Access::Write).unwrap()
    }

    fn notes(&self) -> Vec<i32> {
        notes::table.order(notes::id).select(notes::id).load(&mut self.connect()).unwrap()
    }

    /// Submits units and waits until all of them are in the queue.
    async fn submit<F>(&self, units: Vec<F>) -> JoinSet<(usize, Result<(), PortFailure>)>
    where
        F: Fn(&mut AnyConnection) -> UnitResult<()> + Send + 'static,
    {
        let mut callers = JoinSet::new();
        let expected = self.jobs.count() + units.len();
        for (number, unit) in units.into_iter().enumerate() {
            let queue = self.queue.clone();
            callers.spawn(async move { (number, queue.run(unit).await) });
        }
        while self.jobs.count() < expected {
            tokio::task::yield_now().await;
        }
        callers
    }

    /// Writes one group with a connection that counts its commits.
    fn write_once(&mut self) {
        let mut connection = self.connect();
        connection.set_instrumentation(CommitCounter(self.commits.clone()));
        let mut connection =
            WriteConnection { url: self.url.clone(), open: Some(AnyConnection::Sqlite(connection)) };
        let first = self.jobs.next_waiting().unwrap();
        write(&mut connection, first, &self.jobs);
    }
}

/// Counts the commits of whole transactions.
struct CommitCounter(Arc<Mutex<u32>>);

impl Instrumentation for CommitCounter {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::CommitTransaction { depth, .. } = event
            && depth.get() == 1
        {
            *self.0.lock().unwrap() += 1;
        }
    }
}

async fn answers(mut callers: JoinSet<(usize, Result<(), PortFailure>)>) -> Vec<Result<(), PortFailure>> {
    let mut answers = Vec::new();
    while let Some(answer) = callers.join_next().await {
        answers.push(answer.unwrap());
    }
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

fn note(connection: &mut AnyConnection, id: i32) -> UnitResult<()> {
    diesel::insert_into(notes::table).values(notes::id.eq(id)).execute(connection)?;
    Ok(())
}

#[tokio::test]
async fn what_waits_is_committed_once() {
    let mut bench = Bench::new();
    let units = (0..50).map(|id| move |c: &mut AnyConnection| note(c, id)).collect();
    let callers = bench.submit(units).await;
    bench.write_once();
    assert!(answers(callers).await.iter().all(Result::is_ok));
    assert_eq!(*bench.commits.lock().unwrap(), 1);
    assert_eq!(bench.notes().len(), 50);
}

#[tokio::test]
async fn a_group_has_an_upper_bound() {
    let mut bench = Bench::new();
    let many = i32::try_from(LARGEST_GROUP).unwrap() + 1;
    let units = (0..many).map(|id| move |c: &mut AnyConnection| note(c, id)).collect();
    let callers = bench.submit(units).await;
    bench.write_once();
    assert_eq!(bench.notes().len(), LARGEST_GROUP);
    bench.write_once();
    assert!(answers(callers).await.iter().all(Result::is_ok));
    assert_eq!(*bench.commits.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_unit_that_fails_takes_back_its_own_changes_only() {
    let mut bench = Bench::new();
    let unit = |id: i32| {
        move |c: &mut AnyConnection| {
            note(c, id)?;
            if id == 1 { Err(PortFailure::corrupt("on purpose").into()) } else { Ok(()) }
        }
    };
    let callers = bench.submit((0..3).map(unit).collect()).await;
    bench.write_once();
    let answers = answers(callers).await;
    assert!(answers[0].is_ok() && answers[2].is_ok());
    assert!(matches!(answers[1], Err(PortFailure::Corrupt(_))));
    assert_eq!(bench.notes(), [0, 2]);
}

#[tokio::test]
async fn a_unit_that_panics_takes_back_its_own_changes_only() {
    let mut bench = Bench::new();
    let unit = |id: i32| {
        move |c: &mut AnyConnection| {
            c.transaction(|c| {
                note(c, id)?;
                assert_ne!(id, 1, "on purpose");
                Ok::<_, UnitFailure>(())
            })
        }
    };
    let callers = bench.submit((0..3).map(unit).collect()).await;
    bench.write_once();
    let answers = answers(callers).await;
    assert!(answers[0].is_ok() && answers[2].is_ok());
    assert!(matches!(answers[1], Err(PortFailure::Other(_))));
    assert_eq!(bench.notes(), [0, 2]);
    assert_eq!(*bench.commits.lock().unwrap(), 1);
}

/// Three units in one group: all callers hear that the outcome is unknown, and nothing is stored.
async fn assert_nobody_succeeds<F>(mut bench: Bench, unit: impl Fn(i32) -> F)
where
    F: Fn(&mut AnyConnection) -> UnitResult<()> + Send + 'static,
{
    let callers = bench.submit((0..3).map(unit).collect()).await;
    bench.write_once();
    let answers = answers(callers).await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(PortFailure::Unavailable(_)))), "{answers:?}");
    assert_eq!(bench.notes(), [0_i32; 0]);
}

#[tokio::test]
async fn when_the_transaction_is_lost_nobody_is_told_of_success() {
    let bench = Bench::new();
    let unit = |id: i32| {
        move |c: &mut AnyConnection| {
            note(c, id)?;
            if id == 1 {
                // What SQLite does by itself when the disk is full.
                diesel::sql_query("ROLLBACK").execute(c)?;
                return Err(PortFailure::unavailable("disk full").into());
            }
            Ok(())
        }
    };
    assert_nobody_succeeds(bench, unit).await;
}

#[tokio::test]
async fn when_the_commit_fails_nobody_is_told_of_success() {
    let bench = Bench::new();
    diesel::sql_query(
        "CREATE TABLE children (id INTEGER REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED) STRICT",
    )
    .execute(&mut bench.connect())
    .unwrap();
    let unit = |id: i32| {
        move |c: &mut AnyConnection| {
            note(c, id)?;
            if id == 1 {
                // Breaks a constraint that is checked only by the commit.
                diesel::sql_query("INSERT INTO children VALUES (99)").execute(c)?;
            }
            Ok(())
        }
    };
    assert_nobody_succeeds(bench, unit).await;
}

#[tokio::test]
async fn a_unit_whose_caller_has_gone_is_not_begun() {
    let mut bench = Bench::new();
    let mut gone = bench.submit(vec![|c: &mut AnyConnection| note(c, 1)]).await;
    gone.shutdown().await;
    let stays = bench.submit(vec![|c: &mut AnyConnection| note(c, 2)]).await;
    bench.write_once();
    assert!(answers(stays).await.iter().all(Result::is_ok));
    assert_eq!(bench.notes(), [2]);
}

#[tokio::test]
async fn everybody_is_answered_whoever_goes_away_after_the_commit() {
    for gone in 0..4 {
        let mut bench = Bench::new();
        let mut callers = Vec::new();
        for id in 0..4 {
            let queue = bench.queue.clone();
            callers.push(tokio::spawn(async move { queue.run(move |c| note(c, id)).await }));
        }
        while bench.jobs.count() < 4 {
            tokio::task::yield_now().await;
        }
        bench.write_once();
        callers.remove(gone).abort();
        for caller in callers {
            caller.await.unwrap().unwrap();
        }
        assert_eq!(bench.notes(), [0, 1, 2, 3]);
    }
}

#[test]
fn callers_on_different_threads_are_answered_in_one_group() {
    let mut bench = Bench::new();
    let call = |id: i32| {
        let queue = bench.queue.clone();
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(queue.run(move |c| note(c, id)))
        }
    };
    let callers: Vec<_> = (0..3).map(|id| std::thread::spawn(call(id))).collect();
    while bench.jobs.count() < 3 {
        std::thread::yield_now();
    }
    bench.write_once();
    for caller in callers {
        caller.join().unwrap().unwrap();
    }
    assert_eq!(*bench.commits.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_broken_connection_is_replaced() {
    let bench = Bench::new();
    let mut broken = AnyConnection::Sqlite(bench.connect());
    broken.begin_write().unwrap();
    let mut connection = WriteConnection { url: bench.url.clone(), open: Some(broken) };
    assert_eq!(connection.get().unwrap().transaction_depth(), Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_caller_waits_a_second_for_a_place_and_no_longer() {
    let (queue, jobs) = Queue::new(1, None);
    let queue = Arc::new(queue);
    let first = tokio::spawn({
        let queue = queue.clone();
        async move { queue.run(|c| note(c, 1)).await }
    });
    while jobs.count() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(queue.run(|c| note(c, 2)).await, Err(PortFailure::Unavailable(_))));
    drop(jobs);
    assert!(matches!(first.await.unwrap(), Err(PortFailure::Unavailable(_))));
}
