//! Takes over the factors of another system that a file tells, some hundred at a time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher as _, RandomState};

use async_trait::async_trait;
use countersign_domain::audit::event::Caller;
use countersign_domain::failure::PortFailure;
use countersign_domain::two_factor::import::{ForeignFactor, ImportFactor, ImportOutcome};

use crate::{Line, Observer, RowsJob, Tally};

/// Factors that are stored at once.
const BATCH: usize = 500;

/// The job. A factor that was taken over is left as it is, so a file that was not imported to its end is imported again.
pub struct ImportUsers {
    import: ImportFactor,
    rehearse: bool,
    waiting: Vec<ForeignFactor>,
    /// The numbers of their lines.
    lines: Vec<u64>,
    rehearsed: Rehearsed,
    tally: Tally,
}

/// Hashes of the users who would have a factor by now, each with one of the factor: a rehearsal stores nothing that the rows after
/// it could be compared with. 16 bytes for each; two of a million users share one once in 40 million files.
#[derive(Default)]
struct Rehearsed {
    hashes: RandomState,
    factors: HashMap<u64, u64>,
}

impl Rehearsed {
    /// What becomes of a factor that nothing stored stands in the way of.
    fn beside_earlier(&mut self, foreign: &ForeignFactor, outcome: ImportOutcome) -> ImportOutcome {
        let user = self.hashes.hash_one(&foreign.subject);
        let factor = self.hashes.hash_one((foreign.secret.expose(), foreign.parameters));
        match self.factors.entry(user) {
            Entry::Vacant(place) => {
                place.insert(factor);
                outcome
            }
            Entry::Occupied(earlier) if *earlier.get() == factor => ImportOutcome::Unchanged,
            Entry::Occupied(_) => ImportOutcome::AlreadyEnabled,
        }
    }
}

impl ImportUsers {
    /// A job that has taken no row yet; one that rehearses looks, tells, and stores nothing.
    pub fn new(import: ImportFactor, rehearse: bool) -> Self {
        Self {
            import,
            rehearse,
            waiting: Vec::new(),
            lines: Vec::new(),
            rehearsed: Rehearsed::default(),
            tally: Tally::default(),
        }
    }
}

/// All rows are of one organization.
#[async_trait]
impl RowsJob for ImportUsers {
    type Row = ForeignFactor;

    async fn take(
        &mut self,
        line: Line<ForeignFactor>,
        observer: &mut dyn Observer,
    ) -> Result<(), PortFailure> {
        match line.row {
            Err(reason) => self.tally.one_refused(line.number, reason, observer),
            Ok(foreign) => {
                self.waiting.push(foreign);
                self.lines.push(line.number);
                if self.waiting.len() >= BATCH {
                    self.finish(observer).await?;
                }
            }
        }
        Ok(())
    }

    async fn finish(&mut self, observer: &mut dyn Observer) -> Result<(), PortFailure> {
        let (batch, lines) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.lines));
        let outcomes = if self.rehearse {
            let outcomes = self.import.rehearse(&batch).await?;
            let pairs = outcomes.into_iter().zip(&batch);
            pairs
                .map(|(outcome, foreign)| match outcome {
                    ImportOutcome::Imported(_) => self.rehearsed.beside_earlier(foreign, outcome),
                    ImportOutcome::Unchanged | ImportOutcome::AlreadyEnabled => outcome,
                })
                .collect()
        } else {
            self.import.run_all(&batch, &Caller::OPERATOR).await?
        };
        for (outcome, line) in outcomes.into_iter().zip(lines) {
            match outcome {
                ImportOutcome::Imported(_) => self.tally.one_done(observer),
                ImportOutcome::Unchanged => self.tally.one_known(observer),
                ImportOutcome::AlreadyEnabled => {
                    let reason = "the user has another factor, which stays".to_owned();
                    self.tally.one_refused(line, reason, observer);
                }
            }
        }
        Ok(())
    }

    /// After a rehearsal, users who would have the factor are done.
    fn tally(&self) -> Tally {
        self.tally
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use countersign_domain::two_factor::params::Parameters;
    use countersign_testkit::build::{NOW, imported_hashes, secret, subject};
    use countersign_testkit::clock::ManualClock;
    use countersign_testkit::entropy::SeededEntropy;
    use countersign_testkit::fakes::{MemoryAudit, MemoryFactors, PlainSealer};

    use super::*;
    use crate::Event;

    struct World(Arc<MemoryFactors>);

    #[derive(Default)]
    struct Told(Vec<String>);

    impl Observer for Told {
        fn observe(&mut self, event: Event) {
            if let Event::Refused { row, reason } = event {
                self.0.push(format!("{row}: {reason}"));
            }
        }
    }

    impl World {
        fn new() -> Self {
            Self(Arc::new(MemoryFactors::new(Arc::new(MemoryAudit::new()))))
        }

        async fn import(&self, rehearse: bool, lines: Vec<Line<ForeignFactor>>) -> (Tally, Vec<String>) {
            let import = ImportFactor {
                clock: Arc::new(ManualClock::new(NOW)),
                entropy: Arc::new(SeededEntropy::new(self.0.count().try_into().unwrap())),
                factors: self.0.clone(),
                sealer: Arc::new(PlainSealer::new()),
            };
            let (mut job, mut told) = (ImportUsers::new(import, rehearse), Told::default());
            for line in lines {
                job.take(line, &mut told).await.unwrap();
            }
            job.finish(&mut told).await.unwrap();
            (job.tally(), told.0)
        }
    }

    fn line(number: u64, user: &str, of: u8) -> Line<ForeignFactor> {
        let foreign = ForeignFactor {
            subject: subject(user),
            secret: secret(of),
            parameters: Parameters::default(),
            codes: imported_hashes(&["code"]),
            enabled_at: None,
        };
        Line { number, row: Ok(foreign) }
    }

    fn told(done: u64, known: u64, refused: u64) -> Tally {
        Tally { done, known, refused }
    }

    #[tokio::test]
    async fn refused_rows_are_named_with_their_lines_and_the_others_go_on() {
        let world = World::new();
        let unreadable = Line { number: 3, row: Err("secret: too short".to_owned()) };
        let lines =
            vec![line(2, "alice", 1), unreadable, line(4, "alice", 2), line(5, "bob", 3), line(6, "bob", 3)];
        let (imported, refused) = world.import(false, lines).await;
        assert_eq!(imported, told(2, 1, 2));
        assert_eq!(
            refused,
            ["line 3: secret: too short", "line 4: the user has another factor, which stays"]
        );
    }

    #[tokio::test]
    async fn importing_again_changes_nothing() {
        let world = World::new();
        let rows = || (0..1_203).map(|row| line(row, &format!("user {row}"), 1)).collect();
        assert_eq!(world.import(false, rows()).await.0, told(1_203, 0, 0));
        assert_eq!(world.import(false, rows()).await.0, told(0, 1_203, 0));
    }

    #[tokio::test]
    async fn a_rehearsal_tells_the_same_and_stores_nothing() {
        let world = World::new();
        assert_eq!(world.import(false, vec![line(1, "alice", 1)]).await.0, told(1, 0, 0));
        let rows = || vec![line(1, "alice", 1), line(2, "bob", 1)];
        assert_eq!(world.import(true, rows()).await.0, told(1, 1, 0));
        assert_eq!(world.import(true, vec![line(1, "alice", 2)]).await.0, told(0, 0, 1));
        assert_eq!(world.0.count(), 1);
    }

    #[tokio::test]
    async fn a_rehearsal_finds_users_who_are_repeated_in_the_file() {
        let world = World::new();
        let rows = || {
            let others = (0..600).map(|row| line(row + 10, &format!("user {row}"), 1));
            let mut rows = vec![line(1, "alice", 1), line(2, "alice", 2), line(3, "alice", 1)];
            rows.extend(others);
            rows.push(line(700, "alice", 1));
            rows
        };
        let rehearsed = world.import(true, rows()).await;
        assert_eq!(rehearsed.0, told(601, 2, 1));
        assert_eq!(world.import(false, rows()).await, rehearsed);
    }
}
