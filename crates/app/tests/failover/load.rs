//! Calls that go on while the primary is lost.

use std::time::{Duration, Instant};

use crate::service::{Service, Verified};

/// For so long calls are made before anything is lost.
const WARM_UP: Duration = Duration::from_secs(2);
/// A gap between two acknowledged writes that is shorter is no failover.
const A_FAILOVER: Duration = Duration::from_secs(1);
/// So many acknowledged writes after the gap show that it is over.
const RECOVERED: usize = 20;
/// Longer than any failover takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Load<'a> {
    service: &'a Service,
    report: Report,
}

/// What the callers saw.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) verified: Vec<Verified>,
    pub(crate) turns_acknowledged: u64,
    pub(crate) turns_unknown: u64,
    /// The longest time without an acknowledged write.
    pub(crate) longest_gap: Duration,
}

impl<'a> Load<'a> {
    /// Calls for a while; everything works.
    pub(crate) async fn begin(service: &'a Service) -> Self {
        let mut load = Self { service, report: Report::default() };
        let begun = Instant::now();
        let mut users = service.users.iter();
        while begun.elapsed() < WARM_UP {
            let (verified, consumed) = match users.next() {
                Some(user) => tokio::join!(service.verify(user), service.consume()),
                None => (None, service.consume().await),
            };
            load.report.verified.extend(verified);
            load.count(consumed);
        }
        assert!(!load.report.verified.is_empty());
        assert_eq!(load.report.turns_unknown, 0);
        load
    }

    /// Goes on until writes are acknowledged again.
    pub(crate) async fn until_it_recovers(mut self) -> Report {
        let begun = Instant::now();
        let (mut last, mut since) = (Instant::now(), 0);
        while since < RECOVERED {
            assert!(begun.elapsed() < PATIENCE, "the service does not recover");
            let consumed = self.service.consume().await;
            self.count(consumed);
            if consumed.is_some() {
                self.report.longest_gap = self.report.longest_gap.max(last.elapsed());
                last = Instant::now();
                since += usize::from(self.report.longest_gap > A_FAILOVER);
            }
        }
        self.report
    }

    fn count(&mut self, consumed: Option<()>) {
        match consumed {
            Some(()) => self.report.turns_acknowledged += 1,
            None => self.report.turns_unknown += 1,
        }
    }
}
