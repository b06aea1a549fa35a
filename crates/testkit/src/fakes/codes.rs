//! The backup codes of a factor in memory.

use countersign_domain::identity::FactorId;
use countersign_domain::keys::KeyId;
use countersign_domain::two_factor::backup_code::{CODES_PER_SET, HashedBackupCodes};
use countersign_domain::two_factor::backup_codes::{BackupCodeRef, BackupCodes};
use countersign_domain::two_factor::imported_code::ImportedCodeHashes;
use countersign_domain::two_factor::ports::ArchivedCodes;

#[derive(Clone, Debug)]
pub(super) enum Codes {
    Own {
        set: Box<HashedBackupCodes>,
        /// Which slots are used.
        used: [bool; CODES_PER_SET],
    },
    Imported {
        hashes: ImportedCodeHashes,
        used: Vec<bool>,
    },
}

impl Codes {
    pub(super) fn own(set: HashedBackupCodes) -> Self {
        Self::Own { set: Box::new(set), used: [false; CODES_PER_SET] }
    }

    pub(super) fn imported(hashes: ImportedCodeHashes) -> Self {
        let used = vec![false; hashes.count()];
        Self::Imported { hashes, used }
    }

    pub(super) fn state(&self) -> BackupCodes {
        let unused = |used: &[bool]| used.iter().filter(|used| !**used).count().try_into().unwrap();
        match self {
            Self::Own { used, .. } => BackupCodes::Own { unused: unused(used) },
            Self::Imported { used, .. } if used.is_empty() => BackupCodes::None,
            Self::Imported { used, .. } => BackupCodes::Imported { unused: unused(used) },
        }
    }

    pub(super) fn archived(&self) -> ArchivedCodes {
        match self {
            Self::Own { .. } => ArchivedCodes::Own,
            Self::Imported { hashes, used } => {
                let unused = hashes.iter().zip(used).filter(|(_, used)| !**used);
                ArchivedCodes::Imported(unused.map(|((_, hash), _)| hash.clone()).collect())
            }
        }
    }

    pub(super) fn pepper(&self) -> Option<KeyId> {
        match self {
            Self::Own { set, .. } => Some(set.pepper),
            Self::Imported { .. } => None,
        }
    }

    /// Marks a code of `factor` as used; `false` when it is used or not there.
    pub(super) fn claim(&mut self, factor: FactorId, code: BackupCodeRef) -> bool {
        let used = match (self, code) {
            (Self::Own { set, used }, BackupCodeRef::Own { set: of, slot }) if set.set == of => {
                &mut used[usize::from(slot.number())]
            }
            (Self::Imported { used, .. }, BackupCodeRef::Imported { factor: of, number }) if factor == of => {
                &mut used[usize::from(number.number())]
            }
            _ => return false,
        };
        !std::mem::replace(used, true)
    }
}
