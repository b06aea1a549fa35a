//! What proving the possession of a factor needs from outside.

use std::sync::Arc;

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::assertion::Assertion;
use super::backup_code::{BackupCode, BackupCodeHash, BackupCodePlace, HashedBackupCodes, Slot};
use super::backup_codes::BackupCodeRef;
use super::factor::EnabledFactor;
use super::imported_code::ImportedCodeNumber;
use super::lockout::{AttemptCounter, FailureWindow, Lock, LockoutPolicy};
use super::presented_code::TypedBackupCode;
use crate::audit::event::AuditEvent;
use crate::failure::PortFailure;
use crate::identity::{FactorId, Subject};
use crate::keys::KeyId;
use crate::time::{TimeStep, Timestamp};

/// Charges attempts and stores their outcomes.
///
/// Duty: every method is atomic, durable when it returns `Ok`, and isolated from all others for the same subject, over
/// all nodes. No two attempts share a charge, and a locked counter is never charged.
/// TOTP and backup codes have counters of their own.
#[async_trait]
pub trait ProofStore: Send + Sync {
    /// Charges one TOTP attempt, lets `judge` look at the factor, and stores the verdict: all or nothing. When `judge`
    /// fails nothing is charged; it may be asked again when the transaction has to be repeated.
    async fn attempt_totp(
        &self,
        attempt: TotpAttempt,
        judge: TotpJudge,
    ) -> Result<TotpAttempted, PortFailure>;

    /// Charges one attempt with a backup code and hands out what to compare with. The charge is committed before
    /// anything is hashed, and stays whatever becomes of the call. A code that the factor cannot have is not charged.
    async fn charge_backup_code(&self, attempt: BackupCodeAttempt) -> Result<BackupCodeCharged, PortFailure>;

    /// Marks a code as used, clears the counter and applies the effect, if the code is unused and still the factor's. Of
    /// concurrent calls for one code at most one wins.
    async fn use_backup_code(&self, used: UsedBackupCode) -> Result<BackupCodeUse, PortFailure>;

    /// Counts a wrong backup code among the factor's recent failures, with its events. When the factor is gone, the events
    /// are all that is stored.
    async fn refuse_backup_code(&self, refused: RefusedBackupCode) -> Result<(), PortFailure>;

    /// Removes the subject's factor, pending or enabled, with codes and counters, without opening anything; `false` when
    /// there is none, and then no event is stored.
    async fn remove(&self, subject: &Subject, audit: AuditEvent) -> Result<bool, PortFailure>;
}

/// What becomes of the factor when a code was right, in the same transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing.
    Keep,
    /// It is removed with its codes and counters.
    Remove,
    /// Its backup codes are void and these take their place.
    ReplaceBackupCodes(Box<HashedBackupCodes>),
}

/// A TOTP code is tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TotpAttempt {
    /// Whose.
    pub subject: Subject,
    /// The present instant.
    pub now: Timestamp,
    /// When wrong codes lock.
    pub policy: LockoutPolicy,
}

/// Decides on an enabled factor to whose TOTP counter the present attempt is charged; `None` when the code has another
/// number of digits than the factor, and then nothing is charged or stored. Pure computation: it runs inside the store's transaction.
pub type TotpJudge = Arc<dyn Fn(EnabledFactor) -> Result<Option<TotpVerdict>, PortFailure> + Send + Sync>;

/// What was decided, and what the audit trail says of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TotpVerdict {
    /// What becomes of the factor.
    pub outcome: TotpOutcome,
    /// The audit events, stored with it.
    pub audit: Vec<AuditEvent>,
}

/// What becomes of an enabled factor after an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TotpOutcome {
    /// The code was right: the step is spent, the counter cleared, the effect applied.
    Accepted {
        /// The step.
        step: TimeStep,
        /// What else happens.
        effect: Effect,
    },
    /// The code was right once: its charge is given back.
    Replayed {
        /// Attempts left as if it had been charged.
        attempts_left: u32,
    },
    /// The code was wrong: the charge stays, and the factor's recent failures are one more.
    Refused {
        /// Attempts left.
        attempts_left: u32,
    },
}

/// The outcome of [`ProofStore::attempt_totp`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum TotpAttempted {
    /// The code was right.
    Accepted {
        /// Unused backup codes afterwards.
        backup_codes_remaining: u8,
    },
    /// The code was wrong, or was right once.
    Refused {
        /// Attempts left.
        attempts_left: u32,
    },
    /// The judge could not use the code; nothing was charged.
    Malformed,
    /// The counter is locked; nothing was looked at.
    Locked(Lock),
    /// No factor is enabled.
    NotEnabled,
}

/// A backup code is tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupCodeAttempt {
    /// Whose.
    pub subject: Subject,
    /// Which of the ten, if it has the shape of a code of ours; any text may be an imported code.
    pub slot: Option<Slot>,
    /// The present instant.
    pub now: Timestamp,
    /// When wrong codes lock.
    pub policy: LockoutPolicy,
}

/// The outcome of [`ProofStore::charge_backup_code`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum BackupCodeCharged {
    /// It was charged, as a code of our own set.
    Charged(StoredBackupCode),
    /// It was charged, as an imported code.
    ChargedImported(ImportedBackupCodes),
    /// The factor has no code of that shape, or none at all; nothing was charged.
    Malformed,
    /// The counter is locked; nothing was looked at.
    Locked(Lock),
    /// No factor is enabled.
    NotEnabled,
}

/// What to compare a backup code with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredBackupCode {
    /// Where the code belongs.
    pub place: BackupCodePlace,
    /// The pepper of its set.
    pub pepper: KeyId,
    /// The hash of an unused slot; `None` when the slot is used, and then a stand-in of the same cost is hashed.
    pub hash: Option<BackupCodeHash>,
    /// The counter of backup codes, the present attempt charged.
    pub attempts: AttemptCounter,
}

/// What to compare an imported code with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportedBackupCodes {
    /// The factor that they belong to.
    pub factor: FactorId,
    /// All that were imported, used ones included: whatever is used, an attempt costs the same.
    pub codes: Vec<ImportedBackupCode>,
    /// The counter of backup codes, the present attempt charged.
    pub attempts: AttemptCounter,
}

/// One imported code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportedBackupCode {
    /// Which.
    pub number: ImportedCodeNumber,
    /// Its hash, as the other system made it.
    pub hash: BackupCodeHash,
    /// Whether it is used.
    pub is_used: bool,
}

/// A backup code was right.
#[derive(Clone)]
pub struct UsedBackupCode {
    /// Whose.
    pub subject: Subject,
    /// Which.
    pub code: BackupCodeRef,
    /// When. The steps that are acceptable then are spent as well, so that a TOTP code seen just before is dead.
    pub now: Timestamp,
    /// What else happens.
    pub effect: Effect,
    /// The events, given the number of codes that are left; pure, it runs inside the transaction.
    pub audit: Arc<dyn Fn(u8) -> Result<Vec<AuditEvent>, PortFailure> + Send + Sync>,
}

/// A backup code was wrong.
#[derive(Clone)]
pub struct RefusedBackupCode {
    /// Whose.
    pub subject: Subject,
    /// When.
    pub now: Timestamp,
    /// The events, given the recent failures with this one; pure, it runs inside the transaction.
    pub audit: Arc<dyn Fn(FailureWindow) -> Result<Vec<AuditEvent>, PortFailure> + Send + Sync>,
}

/// The outcome of [`ProofStore::use_backup_code`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum BackupCodeUse {
    /// This call used it.
    Won {
        /// Unused backup codes afterwards.
        remaining: u8,
    },
    /// The code was used, or the codes replaced, meanwhile.
    Lost,
}

/// Compares backup codes with their hashes.
///
/// Duty: a code of ours costs exactly one bcrypt and an imported one as many as there are hashes, whatever the outcome, on
/// bounded threads of its own and ahead of set-ups.
/// [`CodeVerifier::reserve`] is asked before anything is charged: overload never costs a user an attempt.
#[async_trait]
pub trait CodeVerifier: Send + Sync {
    /// A place for one verification, or [`PortFailure::Unavailable`] within a second.
    async fn reserve(&self) -> Result<Box<dyn ReservedVerification>, PortFailure>;
}

/// A place for one verification.
#[async_trait]
pub trait ReservedVerification: Send {
    /// Whether `code` belongs to `stored`.
    async fn verify(self: Box<Self>, code: BackupCode, stored: StoredBackupCode)
    -> Result<bool, PortFailure>;

    /// Which of `stored` the text is, as the other system hashed it: an unused one if there is one.
    async fn find(
        self: Box<Self>,
        code: TypedBackupCode,
        stored: ImportedBackupCodes,
    ) -> Result<Option<ImportedCodeNumber>, PortFailure>;
}

/// Signs step-up assertions.
///
/// Duty: a JWT that any service checks with the published keys. It does not block.
pub trait AssertionSigner: Send + Sync {
    /// The signed assertion.
    fn sign(&self, assertion: &Assertion) -> Result<Zeroizing<String>, PortFailure>;
}

/// Publishes the keys that assertions are checked with.
///
/// Duty: whatever the signer signs with is in the set, and so is what it signed with before, as long as such assertions
/// live.
pub trait AssertionKeySet: Send + Sync {
    /// The keys of now as a JSON Web Key Set (RFC 7517, section 5).
    fn jwks_json(&self) -> String;
}
