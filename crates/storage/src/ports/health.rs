//! Can the database be written to?

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::health::Dependency;
use diesel::prelude::*;
use tokio::sync::Mutex;

use crate::database::Database;
use crate::schema::write_probe;

/// How long the answer of a check stands, so that frequent checks are no load.
const CHECK_HOLDS: Duration = Duration::from_secs(1);
/// A write that takes longer is as good as none; below the second that the port may take.
const PATIENCE: Duration = Duration::from_millis(900);

/// The last check and its answer. Those who ask at the same time wait for one check.
#[derive(Default)]
pub(crate) struct LastCheck(Mutex<Option<(Instant, Answer)>>);

type Answer = Result<(), Arc<PortFailure>>;

#[async_trait]
impl Dependency for Database {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn check(&self) -> Result<(), PortFailure> {
        let mut last = self.last_check().0.lock().await;
        let answer = match &*last {
            Some((at, answer)) if at.elapsed() < CHECK_HOLDS => answer.clone(),
            _ => last.insert((Instant::now(), self.probe().await.map_err(Arc::new))).1.clone(),
        };
        answer.map_err(PortFailure::unavailable)
    }
}

impl Database {
    async fn probe(&self) -> Result<(), PortFailure> {
        let write = self.write(|connection| {
            let rows = diesel::update(write_probe::table.find(1))
                .set(write_probe::writes.eq(write_probe::writes + 1))
                .execute(connection)?;
            if rows == 1 {
                Ok(())
            } else {
                Err(PortFailure::corrupt("the row for write checks is gone").into())
            }
        });
        tokio::time::timeout(PATIENCE, write)
            .await
            .unwrap_or_else(|_| Err(PortFailure::unavailable("the database does not answer in time")))
    }
}
