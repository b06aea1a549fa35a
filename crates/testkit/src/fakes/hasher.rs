use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::two_factor::backup_code::{
    BackupCode, BackupCodeHash, BackupCodePlace, BackupCodeSet, HashedBackupCodes,
};
use countersign_domain::two_factor::ports::CodeHasher;
use tokio::sync::watch;

use crate::build::PEPPER_KEY;

/// "Hashes" at once into texts that look like bcrypt's, and counts how often it was asked.
#[derive(Debug)]
pub struct CountingHasher {
    calls: watch::Sender<usize>,
    overloaded: AtomicBool,
    is_open: watch::Sender<bool>,
}

impl Default for CountingHasher {
    fn default() -> Self {
        Self::new()
    }
}

impl CountingHasher {
    /// A hasher that answers at once.
    pub fn new() -> Self {
        Self::with_gate(true)
    }

    /// A hasher that lets nobody through until [`CountingHasher::open`] is called.
    pub fn closed() -> Self {
        Self::with_gate(false)
    }

    fn with_gate(is_open: bool) -> Self {
        Self {
            calls: watch::Sender::new(0),
            overloaded: AtomicBool::new(false),
            is_open: watch::Sender::new(is_open),
        }
    }

    /// Lets everybody through from here on.
    pub fn open(&self) {
        self.is_open.send_replace(true);
    }

    /// Fails from here on as an overloaded hasher does, or works again.
    pub fn set_overloaded(&self, overloaded: bool) {
        self.overloaded.store(overloaded, Ordering::SeqCst);
    }

    /// How many sets it was asked to hash.
    pub fn calls(&self) -> usize {
        *self.calls.borrow()
    }

    /// Returns when it was asked to hash `calls` sets.
    pub async fn reached(&self, calls: usize) {
        self.calls.subscribe().wait_for(|made| *made >= calls).await.expect("the sender is `self`");
    }
}

#[async_trait]
impl CodeHasher for CountingHasher {
    async fn hash_set(
        &self,
        place: BackupCodePlace,
        codes: BackupCodeSet,
    ) -> Result<(BackupCodeSet, HashedBackupCodes), PortFailure> {
        self.calls.send_modify(|calls| *calls += 1);
        if self.overloaded.load(Ordering::SeqCst) {
            return Err(PortFailure::unavailable("too much waits for the hasher"));
        }
        self.is_open.subscribe().wait_for(|is_open| *is_open).await.map_err(PortFailure::other)?;
        let hashes = codes.0.each_ref().map(|code| hash(&place, code));
        Ok((codes, HashedBackupCodes { set: place.set, pepper: PEPPER_KEY, hashes }))
    }
}

pub(super) fn hash(place: &BackupCodePlace, code: &BackupCode) -> BackupCodeHash {
    let mut hasher = DefaultHasher::new();
    (&place.subject, place.set, code.slot(), *code.secret()).hash(&mut hasher);
    BackupCodeHash::new(format!("$2b$04${:053}", hasher.finish())).unwrap()
}
