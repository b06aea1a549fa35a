//! Hands out an organization's audit trail with its seals, in the order of the seals.

use std::io;

use countersign_domain::audit::chain_ports::{AuditChain, Link};
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::OrganizationId;

use crate::{Event, Observer, Stop};

/// How many links are read at a time.
const PAGE: u32 = 500;

/// Why the export ended before the trail.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The trail cannot be read.
    #[error("the trail cannot be read")]
    Trail(#[from] PortFailure),
    /// What is read cannot be written.
    #[error("the export cannot be written")]
    Sink(#[from] io::Error),
}

/// Gives `sink` every link with a number above `after`. When the job is stopped or fails, `after` is the number of the last
/// link that was given, from which another run goes on.
pub async fn export_trail(
    chain: &dyn AuditChain,
    organization: OrganizationId,
    after: &mut u64,
    sink: &mut (dyn FnMut(Link) -> io::Result<()> + Send),
    observer: &mut dyn Observer,
    stop: &Stop,
) -> Result<(), ExportError> {
    while !stop.is_asked() {
        let links = chain.links(organization, *after, PAGE).await?;
        if links.is_empty() {
            break;
        }
        for link in links {
            let number = link.number;
            sink(link)?;
            *after = number;
            observer.observe(Event::Done { rows: 1 });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use countersign_domain::audit::event::SecurityEvent;
    use countersign_domain::audit::ports::AuditLog as _;
    use countersign_testkit::build::{NOW, event_about_user, subject};
    use countersign_testkit::fakes::MemoryAudit;

    use super::*;
    use crate::Stopper;

    async fn sealed(count: u32) -> MemoryAudit {
        let trail = MemoryAudit::new();
        for _ in 0..count {
            trail.append(event_about_user(&subject("a"), SecurityEvent::Enabled, NOW)).await.unwrap();
        }
        let sealed = trail.seal(subject("a").organization, NOW, count).await.unwrap();
        assert_eq!(sealed, count);
        trail
    }

    /// The numbers that come above `after`, until the sink takes no more than `most`.
    async fn numbers(trail: &MemoryAudit, after: &mut u64, most: usize) -> Vec<u64> {
        let mut found = Vec::new();
        let mut sink = |link: Link| {
            if found.len() == most {
                return Err(io::Error::other("full"));
            }
            found.push(link.number);
            Ok(())
        };
        let (_stopper, stop) = Stopper::new();
        let organization = subject("a").organization;
        let _ = export_trail(trail, organization, after, &mut sink, &mut (), &stop).await;
        found
    }

    #[tokio::test]
    async fn all_links_come_in_order_and_an_export_that_failed_goes_on_where_it_was() {
        let trail = sealed(1_203).await;
        let mut after = 0;
        assert_eq!(numbers(&trail, &mut after, 700).await, (1..=700).collect::<Vec<_>>());
        assert_eq!(after, 700);
        assert_eq!(numbers(&trail, &mut after, 10_000).await, (701..=1_203).collect::<Vec<_>>());
        assert_eq!(numbers(&trail, &mut after, 10_000).await, Vec::<u64>::new());
    }
}
