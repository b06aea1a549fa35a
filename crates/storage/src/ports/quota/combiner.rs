//! Consumers of one allowance that wait at the same time are decided by one unit of work.
//!
//! While one unit of an allowance is under way, those who come wait for the next one. A hot organization so takes one place
//! in the queue of the writer and one lock on its counters, however many call.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_domain::failure::PortFailure;
use countersign_domain::quota::allowance::Allowance;
use countersign_domain::quota::quota_ports::{TurnConsumption, TurnsDecision};
use tokio::sync::oneshot;

use super::turns::{self, Consumer};
use crate::database::Database;

/// The most consumers in one unit, so that nobody else waits long for it.
const MOST_TOGETHER: usize = 512;
/// The most consumers of one allowance that can wait.
const MOST_WAITING: usize = 8_192;

/// Who waits, by allowance. An allowance stands here while somebody works for it.
#[derive(Default)]
pub(crate) struct Combiner(Mutex<HashMap<Allowance, Vec<Waiting>>>);

struct Waiting {
    consumer: Consumer,
    caller: oneshot::Sender<Result<TurnsDecision, PortFailure>>,
}

impl Combiner {
    fn lock(&self) -> MutexGuard<'_, HashMap<Allowance, Vec<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets somebody wait; `true` when nobody works for the allowance yet.
    fn wait(&self, allowance: Allowance, waiting: Waiting) -> Result<bool, PortFailure> {
        match self.lock().entry(allowance) {
            Entry::Vacant(place) => {
                place.insert(vec![waiting]);
                Ok(true)
            }
            Entry::Occupied(line) if line.get().len() >= MOST_WAITING => {
                Err(PortFailure::unavailable("too many calls of one organization wait for the database"))
            }
            Entry::Occupied(mut line) => {
                line.get_mut().push(waiting);
                Ok(false)
            }
        }
    }

    /// The first who wait and still want an answer.
    fn take(&self, allowance: &Allowance) -> Vec<Waiting> {
        let mut lines = self.lock();
        let Some(line) = lines.get_mut(allowance) else { return Vec::new() };
        line.retain(|waiting| !waiting.caller.is_closed());
        let together = line.len().min(MOST_TOGETHER);
        line.drain(..together).collect()
    }

    /// Ends the work for an allowance if nobody waits; `false` when somebody does.
    fn end(&self, allowance: &Allowance) -> bool {
        let mut lines = self.lock();
        let is_over = lines.get(allowance).is_none_or(Vec::is_empty);
        if is_over {
            lines.remove(allowance);
        }
        is_over
    }
}

/// Waits for the decision on one consumer.
pub(super) async fn consume(
    database: &Database,
    consumption: TurnConsumption,
) -> Result<TurnsDecision, PortFailure> {
    let TurnConsumption { allowance, turns, repeatable } = consumption;
    let (caller, answer) = oneshot::channel();
    let waiting = Waiting { consumer: Consumer { turns, repeatable }, caller };
    if database.combiner().wait(allowance, waiting)? {
        tokio::spawn(work(database.clone(), allowance));
    }
    answer.await.unwrap_or_else(|_| Err(PortFailure::unavailable("the database was closed")))
}

/// Works for an allowance until nobody waits.
async fn work(database: Database, allowance: Allowance) {
    loop {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let decided = decide(&database, allowance, taken.clone()).await;
        let mut taken = std::mem::take(&mut *locked(&taken));
        match decided {
            Ok(decisions) => {
                for (waiting, decision) in taken.into_iter().zip(decisions) {
                    // A caller that has gone does not want to know.
                    let _ = waiting.caller.send(Ok(decision));
                }
            }
            Err(failure) => {
                if taken.is_empty() {
                    taken = database.combiner().take(&allowance);
                }
                let failure = Arc::new(failure);
                for waiting in taken {
                    let _ = waiting.caller.send(Err(shared(&failure)));
                }
            }
        }
        if database.combiner().end(&allowance) {
            return;
        }
    }
}

/// Decides whoever waits when the unit is run, and keeps them in `taken`.
async fn decide(
    database: &Database,
    allowance: Allowance,
    taken: Arc<Mutex<Vec<Waiting>>>,
) -> Result<Vec<TurnsDecision>, PortFailure> {
    let combiner = database.combiner().clone();
    let unit = move |c: &mut _| {
        let mut taken = locked(&taken);
        if taken.is_empty() {
            *taken = combiner.take(&allowance);
        }
        let consumers: Vec<_> = taken.iter().map(|waiting| &waiting.consumer).collect();
        turns::decide(c, &allowance, &consumers)
    };
    database.write(unit).await
}

fn locked(taken: &Mutex<Vec<Waiting>>) -> MutexGuard<'_, Vec<Waiting>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same failure for one of many callers.
fn shared(failure: &Arc<PortFailure>) -> PortFailure {
    let cause = failure.clone();
    match **failure {
        PortFailure::Unavailable(_) => PortFailure::unavailable(cause),
        PortFailure::Corrupt(_) => PortFailure::corrupt(cause),
        PortFailure::Other(_) => PortFailure::other(cause),
    }
}
