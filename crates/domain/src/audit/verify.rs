//! Compares a trail with its seals.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::chain::ChainHash;
use super::chain_ports::{AuditChain, Link, LinkedRecord};
use super::ports::AuditRecord;
use crate::failure::PortFailure;
use crate::identity::{AuditEventId, OrganizationId};

/// How many links, events or entries of lists are looked at in one statement, which must not take long however long a trail is.
const PAGE: u32 = 500;
/// How many ids of lost events are told, and after how many stray ones no further part is looked through.
const UNSEALED: u32 = 100;
/// Among how many events that do not fit their seals it is looked for those that took each other's place.
const MOVED_AMONG: usize = 256;

/// The use case.
pub struct VerifyTrail {
    /// The chains.
    pub chain: Arc<dyn AuditChain>,
}

/// What a trail is like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// How many seals there are.
    pub sealed: u64,
    /// The hash of the last one. Whoever notes it elsewhere can tell later whether the end of the chain was cut off.
    pub head: ChainHash,
    /// How many events wait for their seal.
    pub waiting: u64,
    /// What is wrong; nothing when the trail is intact.
    pub findings: Vec<Finding>,
}

/// Something that is wrong with a trail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finding {
    /// Seals are gone.
    SealsMissing {
        /// The first number that is missing.
        first: u64,
        /// The last one.
        last: u64,
    },
    /// A sealed event is gone.
    Missing {
        /// The number of its seal.
        number: u64,
        /// Which event.
        event: AuditEventId,
    },
    /// An event is not what was sealed.
    Changed {
        /// The number of its seal.
        number: u64,
        /// Which event.
        event: AuditEventId,
    },
    /// The place of an event holds another event of the trail.
    Moved {
        /// The number of the seal.
        number: u64,
        /// Which event is in the place.
        event: AuditEventId,
        /// Where it is what was sealed here.
        found_at: u64,
    },
    /// An event was removed before it was sealed.
    Lost {
        /// Which event.
        event: AuditEventId,
    },
    /// An event has lost its seal, or was added past the program.
    Stray {
        /// Which event.
        event: AuditEventId,
    },
    /// A sealed event does not show in its user's own trail.
    Unlisted {
        /// Which event.
        event: AuditEventId,
    },
    /// A user's own trail names an event that is gone or somebody else's.
    Mislisted {
        /// Which event.
        event: AuditEventId,
    },
}

impl Finding {
    /// Which kind, in one word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::SealsMissing { .. } => "seals_missing",
            Self::Missing { .. } => "missing",
            Self::Changed { .. } => "changed",
            Self::Moved { .. } => "moved",
            Self::Lost { .. } => "lost",
            Self::Stray { .. } => "stray",
            Self::Unlisted { .. } => "unlisted",
            Self::Mislisted { .. } => "mislisted",
        }
    }

    /// Which event it is about.
    const fn event(&self) -> Option<AuditEventId> {
        match *self {
            Self::SealsMissing { .. } => None,
            Self::Missing { event, .. }
            | Self::Changed { event, .. }
            | Self::Moved { event, .. }
            | Self::Lost { event }
            | Self::Stray { event }
            | Self::Unlisted { event }
            | Self::Mislisted { event } => Some(event),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SealsMissing { first, last } => write!(f, "the seals {first} to {last} are missing"),
            Self::Missing { number, event } => write!(f, "seal {number}: the event {event} is missing"),
            Self::Changed { number, event } => write!(f, "seal {number}: the event {event} was changed"),
            Self::Moved { number, event, found_at } => {
                write!(f, "seal {number}: the event {event} was moved; what was sealed is at seal {found_at}")
            }
            Self::Lost { event } => write!(f, "the event {event} was removed before it was sealed"),
            Self::Stray { event } => write!(f, "the event {event} has no seal and waits for none"),
            Self::Unlisted { event } => write!(f, "the event {event} is not listed under its user"),
            Self::Mislisted { event } => {
                write!(f, "the event {event} is listed under a user, but it is gone or somebody else's")
            }
        }
    }
}

impl VerifyTrail {
    /// Compares an organization's trail with its seals.
    pub async fn of(&self, organization: OrganizationId) -> Result<Verified, PortFailure> {
        let mut check = Check::new(organization);
        let mut unlisted = Vec::new();
        loop {
            let after = check.number;
            let links = self.chain.links(organization, after, PAGE).await?;
            if links.is_empty() {
                break;
            }
            for link in links {
                check.link(link);
            }
            unlisted.extend(self.chain.unlisted(organization, after, check.number).await?);
        }
        let unsealed = self.chain.unsealed(organization, UNSEALED).await?;
        let (sealed, head) = (check.sealed, check.head);
        let mut findings = check.finish();
        findings.extend(unsealed.lost.into_iter().map(|event| Finding::Lost { event }));
        findings.extend(self.strays(organization).await?.into_iter().map(|event| Finding::Stray { event }));
        let mislisted = self.mislisted(organization).await?;
        let of_lists = unlisted.into_iter().map(|event| Finding::Unlisted { event });
        let of_lists = of_lists.chain(mislisted.into_iter().map(|event| Finding::Mislisted { event }));
        // An event that was found changed or gone differs from its list as well, and one change is one finding.
        let known: HashSet<_> = findings.iter().filter_map(Finding::event).collect();
        findings
            .extend(of_lists.filter(|finding| finding.event().is_none_or(|event| !known.contains(&event))));
        Ok(Verified { sealed, head, waiting: unsealed.waiting, findings })
    }

    /// The first events that have no seal and wait for none.
    async fn strays(&self, organization: OrganizationId) -> Result<Vec<AuditEventId>, PortFailure> {
        let mut found = Vec::new();
        let mut after = None;
        let told = usize::try_from(UNSEALED).unwrap_or(usize::MAX);
        while found.len() < told {
            let strays = self.chain.strays(organization, after, PAGE).await?;
            found.extend(strays.found);
            let Some(last) = strays.last else { break };
            after = Some(last);
        }
        found.truncate(told);
        Ok(found)
    }

    /// The events that are on a list on which they do not belong.
    async fn mislisted(&self, organization: OrganizationId) -> Result<Vec<AuditEventId>, PortFailure> {
        let mut mislisted = Vec::new();
        let mut after = None;
        loop {
            let listed = self.chain.listed(organization, after, PAGE).await?;
            let Some(last) = listed.last() else { return Ok(mislisted) };
            after = Some(last.entry.clone());
            let strangers = listed.into_iter().filter(|listed| !listed.is_theirs);
            mislisted.extend(strangers.map(|listed| listed.entry.event));
        }
    }
}

/// A walk along a chain. After a link that does not fit it goes on from the stored hash, so that one change is one finding.
struct Check {
    organization: OrganizationId,
    number: u64,
    head: ChainHash,
    sealed: u64,
    findings: Vec<Finding>,
    misfits: Vec<Misfit>,
}

/// An event that is not what was sealed.
struct Misfit {
    previous: ChainHash,
    number: u64,
    hash: ChainHash,
    record: AuditRecord,
}

impl Misfit {
    /// Whether `other` holds what was sealed here: the event itself, or its contents under the id that is here.
    fn was(&self, organization: OrganizationId, other: &AuditRecord) -> bool {
        let fits = |record: &AuditRecord| self.previous.next(organization, self.number, record) == self.hash;
        fits(other) || fits(&AuditRecord { id: self.record.id, ..other.clone() })
    }
}

impl Check {
    const fn new(organization: OrganizationId) -> Self {
        Self {
            organization,
            number: 0,
            head: ChainHash::GENESIS,
            sealed: 0,
            findings: Vec::new(),
            misfits: Vec::new(),
        }
    }

    fn link(&mut self, link: Link) {
        let Link { number, event, hash, record } = link;
        let expected = self.number.saturating_add(1);
        let follows = number == expected;
        if !follows {
            self.findings.push(Finding::SealsMissing { first: expected, last: number.saturating_sub(1) });
        }
        match record {
            LinkedRecord::Missing => self.findings.push(Finding::Missing { number, event }),
            LinkedRecord::Unreadable => self.findings.push(Finding::Changed { number, event }),
            // Without the hash before it, an event cannot be compared.
            LinkedRecord::Stored(_) if !follows => {}
            LinkedRecord::Stored(record) => self.compare(number, hash, record),
        }
        self.number = number;
        self.head = hash;
        self.sealed = self.sealed.saturating_add(1);
    }

    fn compare(&mut self, number: u64, hash: ChainHash, record: AuditRecord) {
        if self.head.next(self.organization, number, &record) == hash {
            return;
        }
        if self.misfits.len() < MOVED_AMONG {
            self.misfits.push(Misfit { previous: self.head, number, hash, record });
        } else {
            self.findings.push(Finding::Changed { number, event: record.id });
        }
    }

    fn finish(self) -> Vec<Finding> {
        let Self { organization, mut findings, misfits, .. } = self;
        for misfit in &misfits {
            let (number, event) = (misfit.number, misfit.record.id);
            let others = misfits.iter().filter(|other| other.number != number);
            let found = others.into_iter().find(|other| misfit.was(organization, &other.record));
            findings.push(match found {
                Some(other) => Finding::Moved { number, event, found_at: other.number },
                None => Finding::Changed { number, event },
            });
        }
        findings
    }
}
