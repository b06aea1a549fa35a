//! The file of a ring, for those who change it.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::{KeyRing, KeyRingError, document};
use crate::secret_file::{self, SecretFileError};

/// The file of a ring that nobody else changes meanwhile. Readers are not kept waiting: they find the old ring or the new
/// one.
#[derive(Debug)]
pub struct KeyRingFile {
    path: PathBuf,
    _lock: File,
}

impl KeyRingFile {
    /// Waits until nobody else changes the file; the lock is a file beside it.
    pub fn lock(path: &Path) -> Result<Self, KeyRingError> {
        // Behind a link it is the file that is replaced, and not the link.
        let failed = |source| SecretFileError::Read { path: path.to_owned(), source };
        let path = path.canonicalize().map_err(failed)?;
        let lock = secret_file::lock_beside(&path)?;
        Ok(Self { path, _lock: lock })
    }

    /// The ring as it is now.
    pub fn load(&self) -> Result<KeyRing, KeyRingError> {
        KeyRing::load(&self.path)
    }

    /// Puts `ring` in the place of the one that is there, as a whole and with mode 0600; it is on disk when this returns.
    pub fn replace(&self, ring: &KeyRing) -> Result<(), KeyRingError> {
        Ok(secret_file::replace(&self.path, &document::write(ring)?)?)
    }
}
