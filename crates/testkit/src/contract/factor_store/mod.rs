//! The contract of [`FactorStore`](countersign_domain::two_factor::ports::FactorStore).

mod attempt;
mod attempt_contention;
mod claim;
mod import;
mod isolation;
mod page;
mod pending;
mod purge;

use countersign_domain::audit::ports::AuditRecord;
use countersign_domain::identity::Subject;
use countersign_domain::keys::{KeyId, KeyPurpose};
use countersign_domain::two_factor::backup_codes::BackupCodes;
use countersign_domain::two_factor::factor::{EnabledFactor, Factor, PendingFactor};
use countersign_domain::two_factor::ports::StoredFactor;

use super::{Case, Stores};

/// The cases. They begin with organizations 1 and 2 and nothing else.
pub fn cases() -> Vec<Case<Stores>> {
    let tables = [
        claim::cases(),
        pending::cases(),
        attempt::cases(),
        attempt_contention::cases(),
        purge::cases(),
        import::cases(),
        page::cases(),
        isolation::cases(),
    ];
    tables.into_iter().flatten().collect()
}

impl Stores {
    async fn find(&self, subject: &Subject) -> Option<StoredFactor> {
        self.factors.find(subject).await.unwrap()
    }

    /// The pending factor of a subject that has one.
    async fn pending(&self, subject: &Subject) -> PendingFactor {
        match self.find(subject).await.map(|stored| stored.factor) {
            Some(Factor::Pending(factor)) => factor,
            other => panic!("not pending: {other:?}"),
        }
    }

    /// The records about users of the subject's organization.
    async fn trail_of(&self, subject: &Subject) -> Vec<AuditRecord> {
        let mut records = self.trail(subject.organization).await;
        records.retain(|record| record.user.is_some());
        records
    }

    /// What happened to users of the subject's organization.
    async fn events_about(&self, subject: &Subject) -> Vec<String> {
        self.trail_of(subject).await.into_iter().map(|record| record.name).collect()
    }

    /// All keys that stored rows depend on, each once: it shows which secrets and hashes are there.
    async fn keys_in_use(&self) -> Vec<(KeyPurpose, KeyId)> {
        let mut keys = self.keys.keys_in_use().await.unwrap();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

fn stored_pending(factor: PendingFactor) -> StoredFactor {
    StoredFactor { factor: Factor::Pending(factor), backup_codes: BackupCodes::Own { unused: 10 } }
}

fn stored_enabled(factor: EnabledFactor) -> StoredFactor {
    StoredFactor { factor: Factor::Enabled(factor), backup_codes: BackupCodes::Own { unused: 10 } }
}
