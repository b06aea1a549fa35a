use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use countersign_domain::failure::PortFailure;
use countersign_domain::two_factor::backup_code::BackupCode;
use countersign_domain::two_factor::imported_code::ImportedCodeNumber;
use countersign_domain::two_factor::presented_code::TypedBackupCode;
use countersign_domain::two_factor::proof_ports::{
    CodeVerifier, ImportedBackupCodes, ReservedVerification, StoredBackupCode,
};

use super::hasher::hash;
use crate::build::imported_hash;

/// Compares with the hashes of a [`super::CountingHasher`] and of [`imported_hash`], and counts how often it was asked.
#[derive(Default, Debug)]
pub struct CountingVerifier {
    calls: Arc<AtomicUsize>,
    overloaded: AtomicBool,
}

impl CountingVerifier {
    /// A verifier that answers at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Has no place for anybody from here on.
    pub fn set_overloaded(&self, overloaded: bool) {
        self.overloaded.store(overloaded, Ordering::SeqCst);
    }

    /// How many codes it compared.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl CodeVerifier for CountingVerifier {
    async fn reserve(&self) -> Result<Box<dyn ReservedVerification>, PortFailure> {
        if self.overloaded.load(Ordering::SeqCst) {
            return Err(PortFailure::unavailable("too much waits for the verifier"));
        }
        Ok(Box::new(Place(self.calls.clone())))
    }
}

struct Place(Arc<AtomicUsize>);

#[async_trait]
impl ReservedVerification for Place {
    async fn verify(
        self: Box<Self>,
        code: BackupCode,
        stored: StoredBackupCode,
    ) -> Result<bool, PortFailure> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(stored.hash.is_some_and(|stored_hash| stored_hash == hash(&stored.place, &code)))
    }

    async fn find(
        self: Box<Self>,
        code: TypedBackupCode,
        stored: ImportedBackupCodes,
    ) -> Result<Option<ImportedCodeNumber>, PortFailure> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let hash = imported_hash(code.expose());
        let matching = stored.codes.into_iter().filter(|code| code.hash == hash);
        Ok(matching.min_by_key(|code| code.is_used).map(|code| code.number))
    }
}
