//! Where the seals of the audit trail are kept.

use async_trait::async_trait;

use super::chain::ChainHash;
use super::ports::AuditRecord;
use crate::failure::PortFailure;
use crate::identity::{AuditEventId, OrganizationId, UserId};
use crate::time::Timestamp;

/// The chains of seals over the trails, one for each organization.
///
/// Duty: a seal is never changed or removed; the numbers of an organization are 1, 2, 3 and so on; every event is sealed at
/// most once. However many seal at the same time, a chain never forks.
#[async_trait]
pub trait AuditChain: Send + Sync {
    /// Up to `limit` organizations that have unsealed events which happened until `until`, in ascending order of their ids,
    /// from the first one after `after`.
    async fn to_seal(
        &self,
        until: Timestamp,
        after: Option<OrganizationId>,
        limit: u32,
    ) -> Result<Vec<OrganizationId>, PortFailure>;

    /// Seals up to `limit` of an organization's unsealed events that happened until `until`, in the order of their ids, each
    /// with the next number; how many. An event with an id below one that is sealed already gets the next number all the
    /// same.
    async fn seal(
        &self,
        organization: OrganizationId,
        until: Timestamp,
        limit: u32,
    ) -> Result<u32, PortFailure>;

    /// Up to `limit` links of an organization's chain in ascending order of their numbers, from the first one above
    /// `after`.
    async fn links(
        &self,
        organization: OrganizationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Link>, PortFailure>;

    /// What of an organization's trail was to be sealed; the list holds at most `limit` ids.
    async fn unsealed(&self, organization: OrganizationId, limit: u32) -> Result<Unsealed, PortFailure>;

    /// Looks through up to `limit` events of an organization in ascending order of their ids, from the first one after `after`,
    /// for those that have no seal and wait for none.
    async fn strays(
        &self,
        organization: OrganizationId,
        after: Option<AuditEventId>,
        limit: u32,
    ) -> Result<Strays, PortFailure>;

    /// The events with the seals above the number `after`, up to `last`, that their user's list does not name.
    async fn unlisted(
        &self,
        organization: OrganizationId,
        after: u64,
        last: u64,
    ) -> Result<Vec<AuditEventId>, PortFailure>;

    /// Up to `limit` entries of the lists of an organization's users, in ascending order, from the first one after `after`.
    async fn listed(
        &self,
        organization: OrganizationId,
        after: Option<ListEntry>,
        limit: u32,
    ) -> Result<Vec<Listed>, PortFailure>;
}

/// One seal, and what is stored now of the event that was sealed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Its number, from 1 on.
    pub number: u64,
    /// Which event.
    pub event: AuditEventId,
    /// The hash of the event and of all before it, when it was sealed.
    pub hash: ChainHash,
    /// The event.
    pub record: LinkedRecord,
}

/// What is stored now of a sealed event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LinkedRecord {
    /// This.
    Stored(AuditRecord),
    /// Nothing.
    Missing,
    /// Something that was never written by this program.
    Unreadable,
}

/// What of a trail was to be sealed.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Unsealed {
    /// How many events wait for their seal.
    pub waiting: u64,
    /// Events that waited for their seal and are gone.
    pub lost: Vec<AuditEventId>,
}

/// What was found in a part of a trail.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Strays {
    /// The events that have no seal and do not wait for one.
    pub found: Vec<AuditEventId>,
    /// The last event of the part; none where the trail has ended.
    pub last: Option<AuditEventId>,
}

/// An entry of the lists by which the sealed events of a user are found.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ListEntry {
    /// Whose list.
    pub user: UserId,
    /// Which event it names.
    pub event: AuditEventId,
}

/// An entry, and what is stored now of its event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// The entry.
    pub entry: ListEntry,
    /// Whether the event is there and about this user.
    pub is_theirs: bool,
}
