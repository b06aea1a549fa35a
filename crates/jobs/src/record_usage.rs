//! Counts usage that a file tells, some hundred rows at a time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use countersign_domain::admission::ports::OrganizationStore;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{Environment, OrganizationId};
use countersign_domain::quota::period::{AnchorDay, BillingPeriod};
use countersign_domain::quota::ports::{Consumption, Recorded, UsageEvent, UsageEventId, UsageStore};
use countersign_domain::time::Timestamp;

use crate::{Line, Observer, RowsJob, Tally};

/// Events of one owner that are stored at once.
const BATCH: usize = 500;
/// Events of all owners that may wait; a file may name any number of organizations.
const MOST_WAITING: usize = 20_000;

/// A row that is well formed; whether its organization exists is not known yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsageRow {
    /// Whose use.
    pub organization: OrganizationId,
    /// Live or test use.
    pub environment: Environment,
    /// Its id.
    pub event: UsageEventId,
    /// When it happened.
    pub at: Timestamp,
    /// What was used.
    pub consumption: Consumption,
}

/// The job. An event id counts once, so a file that was not recorded to its end is recorded again.
pub struct RecordUsage {
    organizations: Arc<dyn OrganizationStore>,
    usage: Arc<dyn UsageStore>,
    anchors: HashMap<OrganizationId, Option<AnchorDay>>,
    waiting: BTreeMap<(OrganizationId, Environment), Vec<UsageEvent>>,
    waiting_events: usize,
    tally: Tally,
}

impl RecordUsage {
    /// A job that has taken no row yet.
    pub fn new(organizations: Arc<dyn OrganizationStore>, usage: Arc<dyn UsageStore>) -> Self {
        Self {
            organizations,
            usage,
            anchors: HashMap::new(),
            waiting: BTreeMap::new(),
            waiting_events: 0,
            tally: Tally::default(),
        }
    }

    /// Lets a row wait for its batch, and stores the batch when it is full.
    async fn wait(
        &mut self,
        row: UsageRow,
        anchor: AnchorDay,
        observer: &mut dyn Observer,
    ) -> Result<(), PortFailure> {
        let period = BillingPeriod::containing(row.at, anchor);
        let event = UsageEvent { id: row.event, at: row.at, period, consumption: row.consumption };
        let owner = (row.organization, row.environment);
        let waiting = self.waiting.entry(owner).or_default();
        waiting.push(event);
        self.waiting_events = self.waiting_events.saturating_add(1);
        if waiting.len() >= BATCH {
            let batch = std::mem::take(waiting);
            self.store(owner, batch, observer).await?;
        } else if self.waiting_events >= MOST_WAITING {
            self.finish(observer).await?;
        }
        Ok(())
    }

    async fn anchor(&mut self, organization: OrganizationId) -> Result<Option<AnchorDay>, PortFailure> {
        if let Some(known) = self.anchors.get(&organization) {
            return Ok(*known);
        }
        let anchor = self.organizations.find(organization).await?.map(|found| found.anchor_day);
        self.anchors.insert(organization, anchor);
        Ok(anchor)
    }

    async fn store(
        &mut self,
        (organization, environment): (OrganizationId, Environment),
        batch: Vec<UsageEvent>,
        observer: &mut dyn Observer,
    ) -> Result<(), PortFailure> {
        if batch.is_empty() {
            return Ok(());
        }
        self.waiting_events = self.waiting_events.saturating_sub(batch.len());
        for recorded in self.usage.record(organization, environment, batch).await? {
            match recorded {
                Recorded::Counted => self.tally.one_done(observer),
                Recorded::Duplicate => self.tally.one_known(observer),
            }
        }
        Ok(())
    }
}

#[async_trait]
impl RowsJob for RecordUsage {
    type Row = UsageRow;

    async fn take(&mut self, line: Line<UsageRow>, observer: &mut dyn Observer) -> Result<(), PortFailure> {
        let refusal = match line.row {
            Err(reason) => reason,
            Ok(row) => match self.anchor(row.organization).await? {
                Some(anchor) => return self.wait(row, anchor, observer).await,
                None => format!("there is no organization {}", row.organization),
            },
        };
        self.tally.one_refused(line.number, refusal, observer);
        Ok(())
    }

    async fn finish(&mut self, observer: &mut dyn Observer) -> Result<(), PortFailure> {
        for (owner, batch) in std::mem::take(&mut self.waiting) {
            self.store(owner, batch, observer).await?;
        }
        Ok(())
    }

    fn tally(&self) -> Tally {
        self.tally
    }
}
