//! Files that only their owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use zeroize::Zeroizing;

/// Larger than any key ring; a wrong path must not fill the memory.
const MOST_BYTES: u64 = 64 * 1024;

/// Why a file with secrets was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// It cannot be opened or read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others than the owner may read or change it.
    #[error("{} can be read by others (mode {mode:04o}); run: chmod 600 {}", path.display(), path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not a regular file of a sensible size.
    #[error("{} is not a regular file of at most {MOST_BYTES} bytes", path.display())]
    NotAKeyFile {
        /// The file.
        path: PathBuf,
    },
    /// There is a file already; it is never overwritten.
    #[error("{} exists already and is not overwritten", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The whole file, if nobody but its owner has access to it.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    let failed = |source| SecretFileError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    // The open file is asked, not the path: what is checked is what is read.
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() || metadata.len() > MOST_BYTES {
        return Err(SecretFileError::NotAKeyFile { path: path.to_owned() });
    }
    refuse_exposed(path, &metadata)?;
    // Room for all of it, because growing would leave an unwiped copy behind.
    let room = usize::try_from(metadata.len()).unwrap_or(0).saturating_add(64);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Writes a file with mode 0600 that is there as a whole or not at all, and on disk when this returns.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), SecretFileError> {
    if path.symlink_metadata().is_ok() {
        return Err(SecretFileError::Exists { path: path.to_owned() });
    }
    let failed = |source| SecretFileError::Write { path: path.to_owned(), source };
    let folder = folder_of(path);
    let (draft, mut file) = create_draft(path, folder).map_err(failed)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    // Unlike a rename, a link fails when the name is taken meanwhile.
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match linked.and(removed).and_then(|()| sync_folder(folder)) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(SecretFileError::Exists { path: path.to_owned() })
        }
        Err(error) => Err(failed(error)),
    }
}

/// Puts a file with mode 0600 in the place of `path`: readers find the old one or the new one, and it is on disk when this
/// returns.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), SecretFileError> {
    let failed = |source| SecretFileError::Write { path: path.to_owned(), source };
    let folder = folder_of(path);
    let (draft, mut file) = create_draft(path, folder).map_err(failed)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let renamed = written.and_then(|()| fs::rename(&draft, path)).inspect_err(|_| {
        // What could not be put in its place must not stay; the first failure is the one to tell.
        let _ = fs::remove_file(&draft);
    });
    renamed.and_then(|()| sync_folder(folder)).map_err(failed)
}

/// Waits for the lock of `path`, a file beside it, which ends when the returned one is dropped.
pub(crate) fn lock_beside(path: &Path) -> Result<File, SecretFileError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder_of(path).join(format!(".{name}.lock"));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let locked = options.open(&beside).and_then(|file| file.lock().map(|()| file));
    locked.map_err(|source| SecretFileError::Write { path: beside, source })
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A new file beside `path`, open for writing and closed to everybody else.
fn create_draft(path: &Path, folder: &Path) -> io::Result<(PathBuf, File)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // A draft that a crash left behind may have the first names.
    let mut tries = 0..100;
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let draft = folder.join(format!(".{name}.{}-{number}.draft", std::process::id()));
        match options.open(&draft) {
            Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists && tries.next().is_some() => {}
            opened => return opened.map(|file| (draft, file)),
        }
    }
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &fs::Metadata) -> Result<(), SecretFileError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    let others = mode & 0o077;
    if others == 0 { Ok(()) } else { Err(SecretFileError::Exposed { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &fs::Metadata) -> Result<(), SecretFileError> {
    Ok(())
}

/// Makes the new name durable.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read_and_no_draft_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        write_new(&path, b"secret").unwrap();
        assert_eq!(*read(&path).unwrap(), b"secret");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn an_existing_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        write_new(&path, b"first").unwrap();
        assert!(matches!(write_new(&path, b"second"), Err(SecretFileError::Exists { .. })));
        assert_eq!(*read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn a_replaced_file_is_new_as_a_whole_and_closed_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        write_new(&path, b"first").unwrap();
        let before = fs::read(&path).unwrap();
        let open = File::open(&path).unwrap();
        replace(&path, b"second").unwrap();
        assert_eq!((before.as_slice(), &**read(&path).unwrap()), (&b"first"[..], &b"second"[..]));
        // Whoever had it open reads the old one to its end.
        assert_eq!(io::read_to_string(open).unwrap(), "first");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn of_many_writers_exactly_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let barrier = std::sync::Barrier::new(32);
        let write = |number: u8| {
            barrier.wait();
            write_new(&path, &[number]).is_ok().then_some(number)
        };
        let write = &write;
        let winners: Vec<u8> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..32).map(|number| scope.spawn(move || write(number))).collect();
            writers.into_iter().filter_map(|writer| writer.join().unwrap()).collect()
        });
        assert_eq!(winners.len(), 1);
        assert_eq!(*read(&path).unwrap(), winners);
    }

    #[test]
    fn what_is_no_file_or_too_large_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Err(SecretFileError::NotAKeyFile { .. })));
        assert!(matches!(read(&folder.path().join("none")), Err(SecretFileError::Read { .. })));
        let large = folder.path().join("large");
        write_new(&large, &vec![0; 65_537]).unwrap();
        assert!(matches!(read(&large), Err(SecretFileError::NotAKeyFile { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_remedy() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        write_new(&path, b"secret").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o660, 0o622, 0o610] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refusal = read(&path).unwrap_err().to_string();
            assert!(refusal.contains("chmod 600"), "{refusal}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert_eq!(*read(&path).unwrap(), b"secret");
    }
}
