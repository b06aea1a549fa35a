//! Seals anew what was sealed with another key, while users go on setting up, verifying and removing.
//!
//! A row is exchanged only while it still holds what was opened. So whatever happened to it meanwhile stays: an old value
//! never comes back, and neither does a row that was removed.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::KeyId;
use crate::failure::PortFailure;
use crate::identity::OrganizationId;
use crate::two_factor::secret::SealedSecret;

/// How many rows are exchanged in one transaction, so that no request waits long for it.
pub const BATCH: u32 = 500;

/// Where something sealed lies. It is shown to operators, and holds no secret.
pub trait SealedPlace: Clone + fmt::Display + Send + Sync + 'static {
    /// Whose it is.
    fn organization(&self) -> OrganizationId;
}

/// Something sealed, and where it lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SealedRow<P> {
    /// Where.
    pub place: P,
    /// What.
    pub sealed: SealedSecret,
}

/// One sealed value is to take the place of another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchange<P> {
    /// Where.
    pub place: P,
    /// What must be there.
    pub old: SealedSecret,
    /// What takes its place.
    pub new: SealedSecret,
}

/// What came of an [`Exchange`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Exchanged {
    /// The new value is there.
    Done,
    /// Something else was there, or nothing; nothing is changed.
    Lost,
}

/// Rows of one kind that hold something sealed.
///
/// Duty: an exchange is one conditional statement on the whole old value, and changes nothing else of the row.
#[async_trait]
pub trait SealedRows<P>: Send + Sync {
    /// Up to `limit` rows of all organizations that are sealed with `key`, in ascending order of their places, from the
    /// first one after `after`; rows of an organization stand together.
    async fn sealed_with(
        &self,
        key: KeyId,
        after: Option<P>,
        limit: u32,
    ) -> Result<Vec<SealedRow<P>>, PortFailure>;

    /// Makes exchanges in rows of one organization, in one transaction, each by itself done or lost; what came of them in
    /// their order.
    async fn exchange(&self, exchanges: Vec<Exchange<P>>) -> Result<Vec<Exchanged>, PortFailure>;
}

/// Opens a sealed value and seals it with the present key.
pub type SealAnew<P> = Arc<dyn Fn(&P, &SealedSecret) -> Result<SealedSecret, PortFailure> + Send + Sync>;

/// The use case, for rows of one kind.
pub struct Reseal<P> {
    /// What the rows hold, as people call it, in the plural.
    pub name: &'static str,
    /// The rows.
    pub rows: Arc<dyn SealedRows<P>>,
    /// How one is sealed anew.
    pub seal_anew: SealAnew<P>,
}

/// Rows that were sealed anew and are not stored yet.
pub struct Batch<P> {
    /// The last row that was looked at; the next batch begins after it.
    pub last: P,
    /// By organization.
    exchanges: Vec<Vec<Exchange<P>>>,
    refused: Vec<(P, PortFailure)>,
}

/// What came of some rows.
#[derive(Debug)]
pub struct Resealed<P> {
    /// Rows that are sealed with the present key now.
    pub done: u32,
    /// Rows that were changed or removed meanwhile. Only another look tells whether they still need it.
    pub lost: u32,
    /// Rows that cannot be opened. They stay as they are.
    pub refused: Vec<(P, PortFailure)>,
}

impl<P: SealedPlace> Reseal<P> {
    /// Reads up to [`BATCH`] rows that are sealed with `old`, from the first one after `after`, and seals them anew; `None` when
    /// there is none. A row that cannot be opened does not keep the others from it.
    pub async fn read(&self, old: KeyId, after: Option<P>) -> Result<Option<Batch<P>>, PortFailure> {
        let rows = self.rows.sealed_with(old, after, BATCH).await?;
        let Some(last) = rows.last().map(|row| row.place.clone()) else { return Ok(None) };
        let mut batch = Batch { last, exchanges: Vec::new(), refused: Vec::new() };
        let same_owner =
            |one: &SealedRow<P>, other: &SealedRow<P>| one.place.organization() == other.place.organization();
        for of_one in rows.chunk_by(same_owner) {
            let exchanges = self.exchanges(of_one, &mut batch.refused);
            batch.exchanges.push(exchanges);
        }
        Ok(Some(batch))
    }

    /// Puts rows in the place of those that were read.
    pub async fn store(&self, batch: Batch<P>) -> Result<Resealed<P>, PortFailure> {
        let mut resealed = Resealed { done: 0, lost: 0, refused: batch.refused };
        for of_one in batch.exchanges {
            for exchanged in self.rows.exchange(of_one).await? {
                let counter = match exchanged {
                    Exchanged::Done => &mut resealed.done,
                    Exchanged::Lost => &mut resealed.lost,
                };
                *counter = counter.saturating_add(1);
            }
        }
        Ok(resealed)
    }

    fn exchanges(&self, rows: &[SealedRow<P>], refused: &mut Vec<(P, PortFailure)>) -> Vec<Exchange<P>> {
        let mut exchanges = Vec::with_capacity(rows.len());
        for SealedRow { place, sealed } in rows {
            match (self.seal_anew)(place, sealed) {
                Ok(new) => exchanges.push(Exchange { place: place.clone(), old: sealed.clone(), new }),
                Err(failure) => refused.push((place.clone(), failure)),
            }
        }
        exchanges
    }
}
