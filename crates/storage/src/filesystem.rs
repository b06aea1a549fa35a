//! Is a directory fit for a SQLite database? WAL needs memory that is shared on one host and locks that hold.

use std::path::{Path, PathBuf};

/// The file system is shared between hosts or implemented by a program.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} lies on {file_system}, where SQLite's locks cannot be relied on: put it on a local disk",
    path.display()
)]
pub struct UnsuitableFileSystem {
    /// What was asked about.
    pub path: PathBuf,
    /// Which kind of file system it lies on.
    pub file_system: &'static str,
}

/// Refuses network and user-space file systems. Where the kind cannot be found out, nothing is refused.
pub(crate) fn check(path: &Path) -> Result<(), UnsuitableFileSystem> {
    match magic(path).and_then(unsuitable) {
        Some(file_system) => Err(UnsuitableFileSystem { path: path.to_owned(), file_system }),
        None => Ok(()),
    }
}

/// By the magic numbers of `statfs(2)`.
const fn unsuitable(magic: u32) -> Option<&'static str> {
    match magic {
        0x6969 => Some("NFS"),
        0x517B => Some("SMB"),
        0xFF53_4D42 => Some("CIFS"),
        0xFE53_4D42 => Some("SMB2"),
        0x6573_5546 => Some("FUSE"),
        0x00C3_6400 => Some("Ceph"),
        0x5346_414F => Some("AFS"),
        0x7375_7245 => Some("Coda"),
        0x0BD0_0BD0 => Some("Lustre"),
        _ => None,
    }
}

#[cfg(target_os = "linux")]
fn magic(path: &Path) -> Option<u32> {
    // The type is a word of whatever width; the magic numbers have 32 bits.
    let word = i128::from(rustix::fs::statfs(path).ok()?.f_type);
    u32::try_from(word & 0xFFFF_FFFF).ok()
}

#[cfg(not(target_os = "linux"))]
fn magic(_: &Path) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_refused_by_name() {
        assert_eq!(unsuitable(0x6969), Some("NFS"));
        assert_eq!(unsuitable(0xFF53_4D42), Some("CIFS"));
        assert_eq!(unsuitable(0x6573_5546), Some("FUSE"));
    }

    #[test]
    fn local_file_systems_are_accepted() {
        for (magic, name) in [(0xEF53, "ext4"), (0x0102_1994, "tmpfs"), (0x5846_5342, "xfs")] {
            assert_eq!(unsuitable(magic), None, "{name}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kind_of_a_directory_is_found_out() {
        assert_eq!(magic(Path::new("/proc")), Some(0x9FA0));
    }
}
