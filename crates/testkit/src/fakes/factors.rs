use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::identity::{SetupClaimId, Subject};
use countersign_domain::keys::reseal::{Exchange, Exchanged, SealedRow, SealedRows};
use countersign_domain::keys::{KeyId, KeyPurpose};
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::factor::{Binding, Factor, PendingFactor};
use countersign_domain::two_factor::ports::{
    ArchivedFactor, FactorImported, FactorPage, FactorStore, ImportedFactor, PendingSetup, PendingStored,
    SetupAttempt, SetupAttempted, SetupClaim, SetupClaimed, SetupJudge, SetupOutcome, StoredFactor,
};
use countersign_domain::two_factor::reseal::FactorPlace;

use super::audit::MemoryAudit;
use super::codes::Codes;
use super::idempotency::{CallKey, CallRow};

/// Factors in memory, and their events in a [`MemoryAudit`].
#[derive(Debug)]
pub struct MemoryFactors {
    pub(super) audit: Arc<MemoryAudit>,
    pub(super) tables: Mutex<Tables>,
}

#[derive(Default, Debug)]
pub(super) struct Tables {
    pub(super) factors: BTreeMap<Subject, Row>,
    setups: BTreeMap<Subject, SetupCount>,
    pub(super) calls: BTreeMap<CallKey, CallRow>,
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) factor: Factor,
    pub(super) codes: Codes,
}

/// The set-ups of one subject. It outlives the factor, so that nobody gets more set-ups by wasting them.
#[derive(Debug)]
struct SetupCount {
    since: Timestamp,
    counted: u32,
    claim: Option<HeldClaim>,
}

#[derive(Debug)]
struct HeldClaim {
    id: SetupClaimId,
    ends_at: Timestamp,
}

impl MemoryFactors {
    /// An empty store that writes its events to `audit`.
    pub fn new(audit: Arc<MemoryAudit>) -> Self {
        Self { audit, tables: Mutex::default() }
    }

    /// How many factors are stored, expired ones included.
    pub fn count(&self) -> usize {
        self.tables.lock().unwrap().factors.len()
    }

    pub(super) fn keys_in_use(&self) -> Vec<(KeyPurpose, KeyId)> {
        let tables = self.tables.lock().unwrap();
        tables.factors.values().flat_map(Row::keys).collect()
    }
}

impl Row {
    pub(super) fn unused(&self) -> u8 {
        self.codes.state().unused()
    }

    fn binding(&self) -> &Binding {
        match &self.factor {
            Factor::Pending(factor) => &factor.binding,
            Factor::Enabled(factor) => &factor.binding,
        }
    }

    fn keys(&self) -> impl Iterator<Item = (KeyPurpose, KeyId)> {
        let pepper = self.codes.pepper().map(|pepper| (KeyPurpose::Pepper, pepper));
        std::iter::once((KeyPurpose::Sealing, self.binding().secret.key)).chain(pepper)
    }

    fn sealed(&self) -> SealedRow<FactorPlace> {
        let Binding { subject, id, secret, .. } = self.binding().clone();
        SealedRow { place: FactorPlace { subject, factor: id }, sealed: secret }
    }
}

impl Tables {
    fn is_enabled(&self, subject: &Subject) -> bool {
        matches!(self.factors.get(subject), Some(Row { factor: Factor::Enabled(_), .. }))
    }

    /// The subject's count if `claim` is the one that holds.
    fn holder(&mut self, subject: &Subject, claim: SetupClaimId) -> Option<&mut SetupCount> {
        let holds = |count: &&mut SetupCount| count.claim.as_ref().is_some_and(|held| held.id == claim);
        self.setups.get_mut(subject).filter(holds)
    }

    fn claim(&mut self, claim: &SetupClaim) -> SetupClaimed {
        if self.is_enabled(&claim.subject) {
            return SetupClaimed::AlreadyEnabled;
        }
        let new = SetupCount { since: claim.now, counted: 0, claim: None };
        self.setups.entry(claim.subject.clone()).or_insert(new).claim(claim)
    }

    /// The pending factor that `attempt` may be charged to.
    fn chargeable(&mut self, attempt: &SetupAttempt) -> Result<PendingFactor, Box<SetupAttempted>> {
        let pending = match self.factors.get(&attempt.subject).map(|row| &row.factor) {
            None => return Err(Box::new(SetupAttempted::NoPendingSetup)),
            Some(Factor::Enabled(_)) => return Err(Box::new(SetupAttempted::AlreadyEnabled)),
            Some(Factor::Pending(pending)) => pending.clone(),
        };
        if attempt.setup.is_some_and(|setup| setup != pending.setup) {
            return Err(Box::new(SetupAttempted::Replaced));
        }
        if pending.is_expired(attempt.now) {
            self.factors.remove(&attempt.subject);
            self.wipe_answers(&attempt.subject, None);
            return Err(Box::new(SetupAttempted::Expired));
        }
        if pending.attempts >= attempt.most {
            return Err(Box::new(SetupAttempted::NoPendingSetup));
        }
        Ok(PendingFactor { attempts: pending.attempts + 1, ..pending })
    }

    fn exchange(&mut self, exchange: Exchange<FactorPlace>) -> Exchanged {
        let Exchange { place, old, new } = exchange;
        match self.factors.get_mut(&place.subject) {
            Some(row) if row.sealed() == (SealedRow { place, sealed: old }) => {
                let binding = match &mut row.factor {
                    Factor::Pending(factor) => &mut factor.binding,
                    Factor::Enabled(factor) => &mut factor.binding,
                };
                binding.secret = new;
                Exchanged::Done
            }
            _ => Exchanged::Lost,
        }
    }

    fn conclude(&mut self, subject: &Subject, outcome: SetupOutcome) {
        let factor = match outcome {
            SetupOutcome::Confirmed(enabled) => {
                self.wipe_answers(subject, None);
                Factor::Enabled(enabled)
            }
            SetupOutcome::Refused(pending) => Factor::Pending(pending),
            SetupOutcome::Exhausted => {
                self.factors.remove(subject);
                self.wipe_answers(subject, None);
                return;
            }
        };
        self.factors.get_mut(subject).unwrap().factor = factor;
    }
}

impl SetupCount {
    fn claim(&mut self, claim: &SetupClaim) -> SetupClaimed {
        if self.claim.as_ref().is_some_and(|held| held.ends_at > claim.now) {
            return SetupClaimed::InProgress;
        }
        if self.counted == 0 || self.since.saturating_add(claim.window) <= claim.now {
            (self.since, self.counted) = (claim.now, 0);
        }
        if self.counted >= claim.most {
            return SetupClaimed::TooMany { retry_at: self.since.saturating_add(claim.window) };
        }
        self.counted += 1;
        self.claim = Some(HeldClaim { id: claim.id, ends_at: claim.now.saturating_add(claim.lease) });
        SetupClaimed::Won
    }
}

#[async_trait]
impl FactorStore for MemoryFactors {
    async fn find(&self, subject: &Subject) -> Result<Option<StoredFactor>, PortFailure> {
        let tables = self.tables.lock().unwrap();
        Ok(tables
            .factors
            .get(subject)
            .map(|row| StoredFactor { factor: row.factor.clone(), backup_codes: row.codes.state() }))
    }

    async fn claim_setup(&self, claim: SetupClaim) -> Result<SetupClaimed, PortFailure> {
        Ok(self.tables.lock().unwrap().claim(&claim))
    }

    async fn store_pending(&self, setup: PendingSetup) -> Result<PendingStored, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        let subject = setup.factor.binding.subject.clone();
        if tables.is_enabled(&subject) {
            return Ok(PendingStored::AlreadyEnabled);
        }
        if tables.holder(&subject, setup.claim).is_none() {
            return Ok(PendingStored::ClaimLost);
        }
        let spared = setup.audit.caller.request;
        self.audit.commit(setup.audit, || {
            tables.holder(&subject, setup.claim).unwrap().claim = None;
            tables.wipe_answers(&subject, spared);
            let row = Row { factor: Factor::Pending(setup.factor), codes: Codes::own(setup.codes) };
            tables.factors.insert(subject, row);
            PendingStored::Stored
        })
    }

    async fn release_setup(&self, subject: &Subject, claim: SetupClaimId) -> Result<(), PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        if let Some(count) = tables.holder(subject, claim) {
            count.claim = None;
            count.counted = count.counted.saturating_sub(1);
        }
        Ok(())
    }

    async fn attempt_setup(
        &self,
        attempt: SetupAttempt,
        judge: SetupJudge,
    ) -> Result<SetupAttempted, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        let charged = match tables.chargeable(&attempt) {
            Ok(charged) => charged,
            Err(outcome) => return Ok(*outcome),
        };
        let Some(verdict) = judge(charged)? else { return Ok(SetupAttempted::Malformed) };
        self.audit.commit(verdict.audit, || {
            tables.conclude(&attempt.subject, verdict.outcome.clone());
            SetupAttempted::Judged(verdict.outcome)
        })
    }

    async fn import(&self, factors: Vec<ImportedFactor>) -> Result<Vec<FactorImported>, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        let before = tables.factors.clone();
        let (mut outcomes, mut events) = (Vec::new(), Vec::new());
        for ImportedFactor { factor, codes, audit } in factors {
            let subject = factor.binding.subject.clone();
            if let Some(Row { factor: Factor::Enabled(present), .. }) = tables.factors.get(&subject) {
                outcomes.push(FactorImported::AlreadyEnabled(Box::new(present.clone())));
                continue;
            }
            let row = Row { factor: Factor::Enabled(factor), codes: Codes::imported(codes) };
            tables.wipe_answers(&subject, audit.caller.request);
            tables.factors.insert(subject, row);
            outcomes.push(FactorImported::Stored);
            events.push(audit);
        }
        let committed = self.audit.commit_all(events, || outcomes);
        if committed.is_err() {
            tables.factors = before;
        }
        committed
    }

    async fn archived(&self, page: FactorPage) -> Result<Vec<ArchivedFactor>, PortFailure> {
        let tables = self.tables.lock().unwrap();
        let is_meant = |subject: &Subject| {
            subject.organization == page.organization
                && subject.environment == page.environment
                && Some(&subject.user) > page.after.as_ref()
        };
        let rows = tables.factors.iter().filter(|(subject, _)| is_meant(subject));
        let archived =
            |(_, row): (_, &Row)| ArchivedFactor { factor: row.factor.clone(), codes: row.codes.archived() };
        Ok(rows.take(page.limit.try_into().unwrap()).map(archived).collect())
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        let is_expired =
            |row: &Row| matches!(&row.factor, Factor::Pending(pending) if pending.is_expired(now));
        let expired: Vec<_> = tables
            .factors
            .iter()
            .filter(|(_, row)| is_expired(row))
            .map(|(subject, _)| subject.clone())
            .take(limit.try_into().unwrap())
            .collect();
        for subject in &expired {
            tables.factors.remove(subject);
        }
        Ok(expired.len().try_into().unwrap())
    }
}

#[async_trait]
impl SealedRows<FactorPlace> for MemoryFactors {
    async fn sealed_with(
        &self,
        key: KeyId,
        after: Option<FactorPlace>,
        limit: u32,
    ) -> Result<Vec<SealedRow<FactorPlace>>, PortFailure> {
        let tables = self.tables.lock().unwrap();
        let rows = tables.factors.values().map(Row::sealed).filter(|row| row.sealed.key == key);
        let later = |row: &SealedRow<FactorPlace>| {
            after.as_ref().is_none_or(|after| row.place.subject > after.subject)
        };
        Ok(rows.filter(later).take(limit.try_into().unwrap()).collect())
    }

    async fn exchange(&self, exchanges: Vec<Exchange<FactorPlace>>) -> Result<Vec<Exchanged>, PortFailure> {
        let mut tables = self.tables.lock().unwrap();
        Ok(exchanges.into_iter().map(|exchange| tables.exchange(exchange)).collect())
    }
}
