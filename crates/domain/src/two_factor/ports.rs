//! What set-up and verification of a second factor need from outside.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::backup_code::{BackupCodeHash, BackupCodePlace, BackupCodeSet, HashedBackupCodes};
use super::backup_codes::BackupCodes;
use super::factor::{EnabledFactor, Factor, PendingFactor};
use super::imported_code::ImportedCodeHashes;
use super::secret::{SealedSecret, TotpSecret};
use crate::audit::event::AuditEvent;
use crate::failure::PortFailure;
use crate::identity::{Environment, FactorId, OrganizationId, SetupClaimId, SetupId, Subject, UserId};
use crate::time::Timestamp;

/// Keeps factors and their backup codes.
///
/// Duty: at most one factor for each subject. Every method is atomic, durable when it returns `Ok`, and
/// isolated from all others for the same subject, over all nodes. An `Err` means that the outcome is unknown.
#[async_trait]
pub trait FactorStore: Send + Sync {
    /// The subject's factor as it is stored, an expired one included; `None` when there is none.
    async fn find(&self, subject: &Subject) -> Result<Option<StoredFactor>, PortFailure>;

    /// Claims the right to run a set-up, so that a second one does not hash in vain, and counts it.
    ///
    /// Of concurrent claims for one subject at most one wins; the others are not counted. A claim that was
    /// neither stored nor released ends with its lease.
    async fn claim_setup(&self, claim: SetupClaim) -> Result<SetupClaimed, PortFailure>;

    /// Replaces the subject's pending factor, if any, by `setup`, with its ten hashes and its audit event, and
    /// ends the claim. Stores nothing when the claim is not held any more or an enabled factor exists.
    async fn store_pending(&self, setup: PendingSetup) -> Result<PendingStored, PortFailure>;

    /// Ends a claim without a set-up and takes its count back. Without effect when the claim is not held.
    async fn release_setup(&self, subject: &Subject, claim: SetupClaimId) -> Result<(), PortFailure>;

    /// Charges one attempt to the pending factor, lets `judge` look at it, and stores the verdict with its audit
    /// event: all or nothing.
    ///
    /// The charge is one conditional statement before `judge` is asked, so that no two attempts share one; when
    /// `judge` fails or cannot use the code, nothing is charged. `judge` may be asked again when the transaction has to be repeated.
    async fn attempt_setup(
        &self,
        attempt: SetupAttempt,
        judge: SetupJudge,
    ) -> Result<SetupAttempted, PortFailure>;

    /// Stores factors that another system issued, all of one organization, each with its codes and its audit event unless
    /// an enabled factor exists; a pending one is replaced. Of concurrent imports for one subject at most one is stored.
    ///
    /// All are one transaction, and the outcomes are in the order of the factors.
    async fn import(&self, factors: Vec<ImportedFactor>) -> Result<Vec<FactorImported>, PortFailure>;

    /// The subjects' factors as they are stored, expired ones included, in the order of the bytes of their users' ids.
    async fn archived(&self, page: FactorPage) -> Result<Vec<ArchivedFactor>, PortFailure>;

    /// Removes pending factors that have expired at `now`, at most `limit` of them; tells how many. It is atomic for each
    /// organization, and not over all of them.
    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u32, PortFailure>;
}

/// A factor with what is stored around it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredFactor {
    /// The factor.
    pub factor: Factor,
    /// Its backup codes.
    pub backup_codes: BackupCodes,
}

/// A request to run a set-up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetupClaim {
    /// For whom.
    pub subject: Subject,
    /// The name of the claim.
    pub id: SetupClaimId,
    /// The present instant.
    pub now: Timestamp,
    /// How long the claim holds unless it is stored or released.
    pub lease: Duration,
    /// How many set-ups may be claimed within `window`.
    pub most: u32,
    /// The window, which begins with the first set-up that is counted in it.
    pub window: Duration,
}

/// The outcome of [`FactorStore::claim_setup`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum SetupClaimed {
    /// The claim holds.
    Won,
    /// A factor is enabled.
    AlreadyEnabled,
    /// Another claim holds.
    InProgress,
    /// The subject's set-ups are used up.
    TooMany {
        /// When the window ends.
        retry_at: Timestamp,
    },
}

/// A set-up to be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PendingSetup {
    /// The claim under which it was made.
    pub claim: SetupClaimId,
    /// The factor.
    pub factor: PendingFactor,
    /// Its backup codes.
    pub codes: HashedBackupCodes,
    /// What the audit trail says of it.
    pub audit: AuditEvent,
}

/// The outcome of [`FactorStore::store_pending`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum PendingStored {
    /// It is stored.
    Stored,
    /// A factor is enabled.
    AlreadyEnabled,
    /// The claim was not held any more.
    ClaimLost,
}

/// A code is tried against a pending factor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetupAttempt {
    /// Whose.
    pub subject: Subject,
    /// The set-up that the caller means; any when `None`.
    pub setup: Option<SetupId>,
    /// The present instant.
    pub now: Timestamp,
    /// How many attempts a set-up has.
    pub most: u8,
}

/// Decides on a charged attempt; `None` when the code has another number of digits than the factor, and then nothing
/// is charged or stored. Pure computation: it runs inside the store's transaction.
pub type SetupJudge = Arc<dyn Fn(PendingFactor) -> Result<Option<SetupVerdict>, PortFailure> + Send + Sync>;

/// What was decided, and what the audit trail says of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetupVerdict {
    /// What becomes of the factor.
    pub outcome: SetupOutcome,
    /// The audit event, stored with it.
    pub audit: AuditEvent,
}

/// What becomes of a pending factor after an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SetupOutcome {
    /// The code was right: the factor is enabled.
    Confirmed(EnabledFactor),
    /// The code was wrong: the factor stays pending.
    Refused(PendingFactor),
    /// The code was wrong and was the last one: the factor and its codes are removed.
    Exhausted,
}

/// The outcome of [`FactorStore::attempt_setup`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
#[expect(clippy::large_enum_variant, reason = "one is made for a call and taken apart at once")]
pub enum SetupAttempted {
    /// The attempt was charged and judged.
    Judged(SetupOutcome),
    /// The judge could not use the code; nothing was charged.
    Malformed,
    /// There is no pending factor.
    NoPendingSetup,
    /// The pending factor had expired; it is removed.
    Expired,
    /// The pending factor belongs to another set-up than the caller means.
    Replaced,
    /// A factor is enabled.
    AlreadyEnabled,
}

/// A factor that another system issued, to be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportedFactor {
    /// The factor.
    pub factor: EnabledFactor,
    /// The hashes of its backup codes.
    pub codes: ImportedCodeHashes,
    /// What the audit trail says of it.
    pub audit: AuditEvent,
}

/// The outcome of [`FactorStore::import`] for one factor.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum FactorImported {
    /// It is stored.
    Stored,
    /// This factor is enabled, and stays.
    AlreadyEnabled(Box<EnabledFactor>),
}

/// Some of the factors of an organization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FactorPage {
    /// Whose users.
    pub organization: OrganizationId,
    /// Live or test users.
    pub environment: Environment,
    /// Only users behind this one.
    pub after: Option<UserId>,
    /// The most factors.
    pub limit: u32,
}

/// A factor with what may leave of its backup codes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArchivedFactor {
    /// The factor.
    pub factor: Factor,
    /// Its backup codes.
    pub codes: ArchivedCodes,
}

/// What may leave of the backup codes of a factor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ArchivedCodes {
    /// Nothing: they are our own set.
    Own,
    /// The hashes of those imported codes that are unused; none when there is no code.
    Imported(Vec<BackupCodeHash>),
}

/// Where a sealed secret belongs; it opens nowhere else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SecretPlace<'a> {
    /// Whose secret.
    pub subject: &'a Subject,
    /// Of which factor.
    pub factor: FactorId,
}

/// Seals TOTP secrets.
///
/// Duty: authenticated encryption with a random nonce, bound to the place; `open` uses the named key and no
/// other. A secret that cannot be opened (key not configured, wrong place, changed bytes) is
/// [`PortFailure::Unavailable`]: never "wrong code". Neither method blocks.
pub trait SecretSealer: Send + Sync {
    /// Seals with the present key.
    fn seal(&self, place: SecretPlace<'_>, secret: &TotpSecret) -> Result<SealedSecret, PortFailure>;

    /// Opens with the key that the value names.
    fn open(&self, place: SecretPlace<'_>, sealed: &SealedSecret) -> Result<TotpSecret, PortFailure>;
}

/// Hashes backup codes.
///
/// Duty: bounded work on threads of its own. When too much waits, [`PortFailure::Unavailable`] at once or
/// within a second. Work whose caller has gone is not begun.
#[async_trait]
pub trait CodeHasher: Send + Sync {
    /// Hashes a whole set, bound to its place.
    async fn hash_set(
        &self,
        place: BackupCodePlace,
        codes: BackupCodeSet,
    ) -> Result<(BackupCodeSet, HashedBackupCodes), PortFailure>;
}
