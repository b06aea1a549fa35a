//! What development makes up when it is missing: a data directory with a key ring, a token secret, a database, and the
//! organization `demo`. Production refuses all of it, which it knows by its names.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use countersign_domain::entropy::Entropy;
use countersign_domain::identity::OrganizationId;
use countersign_domain::time::Timestamp;

use crate::output::note;

/// How the names of made-up keys begin.
const MARK: &str = "development-";

/// Whether development made this file up.
pub(crate) fn is_made_up_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(MARK.as_bytes()))
}

/// The database of a data directory.
pub(crate) fn database_url(data_dir: &Path) -> String {
    format!("sqlite:{}", data_dir.join("countersign.db").display())
}

/// The key ring of a data directory.
pub(crate) fn key_ring_file(data_dir: &Path) -> PathBuf {
    data_dir.join(format!("{MARK}keyring.json"))
}

/// The token secret of a data directory.
pub(crate) fn token_secret_file(data_dir: &Path) -> PathBuf {
    data_dir.join(format!("{MARK}token-secret"))
}

/// A data directory that nobody else is preparing at the same time.
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory with mode 0700 unless it is there, and takes its lock.
    pub(crate) fn prepare(path: &Path) -> anyhow::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(|| {
            format!("cannot make the data directory {}; name another with --data-dir", path.display())
        })?;
        let name = path.join("preparation.lock");
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&name);
        let lock = lock.with_context(|| format!("cannot write in the data directory {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                note(format_args!("another countersign is preparing {}; waiting for it", path.display()));
                lock.lock().with_context(|| format!("cannot lock {}", name.display()))?;
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", name.display()));
            }
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The id of the organization `demo`, the same one at every start. It is written before the organization is made,
    /// so that a crash in between makes no second one.
    pub(crate) fn demo_organization(
        &self,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> anyhow::Result<OrganizationId> {
        let path = self.path.join("demo-organization");
        if !path.exists() {
            let id = OrganizationId::mint(now, entropy)?;
            write_new(&path, format!("{id}\n").as_bytes())?;
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        text.trim()
            .parse()
            .with_context(|| format!("{} holds no organization's id; remove it", path.display()))
    }
}

/// Writes a file with mode 0600 that is there as a whole or not at all. Only the holder of the directory's lock writes.
fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let draft = path.with_extension("draft");
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use countersign_testkit::entropy::SeededEntropy;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_closed_to_others_and_stays() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let made = |seed| {
            let directory = DataDir::prepare(&path).unwrap();
            directory.demo_organization(Timestamp::UNIX_EPOCH, &SeededEntropy::new(seed)).unwrap()
        };
        assert_eq!(made(1), made(2));
        assert_eq!((mode(&path), mode(&path.join("demo-organization"))), (0o700, 0o600));
    }

    #[test]
    fn two_at_once_make_one_of_everything() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let make = |seed| {
            let entropy = SeededEntropy::new(seed);
            DataDir::prepare(&path).unwrap().demo_organization(Timestamp::UNIX_EPOCH, &entropy).unwrap()
        };
        let ids: Vec<_> = std::thread::scope(|scope| {
            let make = &make;
            let threads: Vec<_> = (0..8).map(|seed| scope.spawn(move || make(seed))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]));
    }

    #[test]
    fn made_up_files_are_known_by_their_names() {
        assert!(is_made_up_file(&key_ring_file(Path::new("anywhere"))));
        assert!(is_made_up_file(&token_secret_file(Path::new("anywhere"))));
        assert!(!is_made_up_file(Path::new("development/keyring.json")));
    }
}
