use std::time::Duration;

use countersign_domain::audit::event::SecurityEvent;
use countersign_domain::identity::{BackupSetId, FactorId, SetupClaimId, SetupId, Subject};
use countersign_domain::keys::KeyId;
use countersign_domain::time::{TimeStep, Timestamp};
use countersign_domain::two_factor::backup_code::{BackupCodeHash, BackupCodePlace, HashedBackupCodes};
use countersign_domain::two_factor::factor::{Binding, EnabledFactor, PendingFactor};
use countersign_domain::two_factor::lockout::{AttemptCounter, FailureWindow};
use countersign_domain::two_factor::params::Parameters;
use countersign_domain::two_factor::ports::{ImportedFactor, PendingSetup, SetupAttempt, SetupClaim};
use countersign_domain::two_factor::secret::SealedSecret;

use super::codes::imported_hashes;
use super::identity::{event_about_user, fresh_ulid};

/// The key that built secrets are sealed with.
pub const SEALING_KEY: KeyId = KeyId(1);
/// The pepper of built hashes.
pub const PEPPER_KEY: KeyId = KeyId(1);

/// A claim made at `now`: it holds 30 seconds, and 10 set-ups are possible in an hour.
pub fn setup_claim(subject: &Subject, now: Timestamp) -> SetupClaim {
    SetupClaim {
        subject: subject.clone(),
        id: SetupClaimId::new(fresh_ulid()),
        now,
        lease: Duration::from_secs(30),
        most: 10,
        window: Duration::from_hours(1),
    }
}

/// A factor that was made at `now` and expires ten minutes later. Its sealed secret is no ciphertext of any
/// sealer; each one differs.
pub fn pending_factor(subject: &Subject, now: Timestamp) -> PendingFactor {
    let id = FactorId::new(fresh_ulid());
    let mut bytes = vec![0, 255, 10, 39];
    bytes.extend_from_slice(id.to_string().as_bytes());
    PendingFactor {
        binding: Binding {
            subject: subject.clone(),
            id,
            secret: SealedSecret { key: SEALING_KEY, bytes },
            parameters: Parameters::default(),
        },
        setup: SetupId::new(fresh_ulid()),
        expires_at: now.saturating_add(Duration::from_mins(10)),
        attempts: 0,
    }
}

/// A set-up that was made at `now` under `claim`.
pub fn pending_setup(subject: &Subject, claim: SetupClaimId, now: Timestamp) -> PendingSetup {
    let factor = pending_factor(subject, now);
    let event = SecurityEvent::SetupStarted { setup: factor.setup };
    PendingSetup { claim, audit: event_about_user(subject, event, now), factor, codes: hashed_codes() }
}

/// A factor of another system, with these backup codes, that is taken over at `now`.
pub fn imported_factor(subject: &Subject, codes: &[&str], now: Timestamp) -> ImportedFactor {
    let binding = pending_factor(subject, now).binding;
    let last_step = TimeStep::last_acceptable(now, binding.parameters.period.as_duration()).unwrap();
    let event = SecurityEvent::Imported { backup_codes: codes.len() };
    ImportedFactor {
        factor: EnabledFactor {
            binding,
            enabled_at: now,
            last_step,
            totp_attempts: AttemptCounter::default(),
            backup_code_attempts: AttemptCounter::default(),
            recent_failures: FailureWindow::default(),
        },
        codes: imported_hashes(codes),
        audit: event_about_user(subject, event, now),
    }
}

/// Ten hashes in the form of bcrypt that no code verifies against.
pub fn hashed_codes() -> HashedBackupCodes {
    let set = BackupSetId::new(fresh_ulid());
    let hash = |slot: usize| BackupCodeHash::new(format!("$2b$04${slot:.>27}{set}")).unwrap();
    HashedBackupCodes { set, pepper: PEPPER_KEY, hashes: std::array::from_fn(hash) }
}

/// The place of a new set of codes.
pub fn backup_code_place(subject: &Subject) -> BackupCodePlace {
    BackupCodePlace { subject: subject.clone(), set: BackupSetId::new(fresh_ulid()) }
}

/// An attempt at `now` on whatever set-up is pending, of at most five.
pub fn setup_attempt(subject: &Subject, now: Timestamp) -> SetupAttempt {
    SetupAttempt { subject: subject.clone(), setup: None, now, most: 5 }
}
