//! The key ring of a running server, and the file that it comes from.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use countersign_domain::keys::{KeyProblem, KeyRegistry, check_keys};
use countersign_secrets::CurrentKeyRing;

use super::keys::key_ring;
use super::stores::blocking;
use crate::commands::doctor::remedy_for;

/// What tells one state of a file from another.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark {
    inode: u64,
    length: u64,
    changed_at: Option<SystemTime>,
}

/// The ring in force, and its file.
pub(crate) struct ServedKeys {
    file: PathBuf,
    /// The state of the file that was taken or refused last.
    looked_at: Option<Mark>,
    in_force: Arc<CurrentKeyRing>,
    registry: Arc<dyn KeyRegistry>,
}

impl ServedKeys {
    /// Takes the ring in `file`, after it was compared with the stored data: a wrong key is noticed now and not when a user
    /// signs in.
    pub(super) async fn load(file: PathBuf, registry: Arc<dyn KeyRegistry>) -> anyhow::Result<Self> {
        let looked_at = Some(mark(&file)?);
        let ring = key_ring(&file)?;
        checked(check_keys(&ring.known_keys(), &*registry).await)?;
        let in_force = CurrentKeyRing::new(ring).context("the keys of assertions cannot be used")?;
        Ok(Self { file, looked_at, in_force: Arc::new(in_force), registry })
    }

    /// The ring in force.
    pub(super) fn in_force(&self) -> &Arc<CurrentKeyRing> {
        &self.in_force
    }

    /// Whether the ring in force is still the one in the file.
    pub(super) fn are_present(&self) -> anyhow::Result<bool> {
        Ok(self.looked_at == Some(mark(&self.file)?))
    }

    /// Looks at the file anew even when it seems to be the same.
    pub(crate) fn forget(&mut self) {
        self.looked_at = None;
    }

    /// Takes the ring when the file has changed; whether it did. A ring that cannot be used is refused once, and the one
    /// before stays in force.
    pub(crate) async fn take_change(&mut self) -> anyhow::Result<bool> {
        let path = self.file.clone();
        let found = blocking(move || mark(&path)).await??;
        if self.looked_at == Some(found) {
            return Ok(false);
        }
        self.looked_at = Some(found);
        let path = self.file.clone();
        let ring = blocking(move || key_ring(&path)).await??;
        let compared = check_keys(&ring.known_keys(), &*self.registry).await;
        if matches!(compared, Err(KeyProblem::Failure(_))) {
            // Nothing is known of the ring, so it is looked at again.
            self.forget();
        }
        checked(compared)?;
        self.in_force.exchange(ring).context("the keys of assertions cannot be used")?;
        Ok(true)
    }
}

fn mark(file: &std::path::Path) -> anyhow::Result<Mark> {
    let metadata = file.metadata().with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Mark { inode: metadata.ino(), length: metadata.len(), changed_at: metadata.modified().ok() })
}

fn checked(compared: Result<(), KeyProblem>) -> anyhow::Result<()> {
    compared.map_err(|problem| anyhow::anyhow!("{problem}; {}", remedy_for(&problem)))
}
