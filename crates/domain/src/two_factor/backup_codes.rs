//! Which backup codes a factor has: our own set, those that another system issued, or none. Never two kinds at once.

use super::backup_code::Slot;
use super::imported_code::ImportedCodeNumber;
use crate::identity::{BackupSetId, FactorId};

/// The backup codes of a factor, as far as anybody may know of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BackupCodes {
    /// It has none.
    None,
    /// Our own set of ten.
    Own {
        /// How many are unused.
        unused: u8,
    },
    /// Those that came with an imported factor, until new ones of ours take their place.
    Imported {
        /// How many are unused.
        unused: u8,
    },
}

impl BackupCodes {
    /// How many are unused.
    pub const fn unused(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Own { unused } | Self::Imported { unused } => unused,
        }
    }
}

/// One code of those that a factor has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BackupCodeName {
    /// One of our own set.
    Own(Slot),
    /// An imported one.
    Imported(ImportedCodeNumber),
}

/// One code with what it belongs to, so that it is not taken for a later one of the same name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BackupCodeRef {
    /// One of our own set.
    Own {
        /// Which set.
        set: BackupSetId,
        /// Which of the ten.
        slot: Slot,
    },
    /// An imported one. Those of a factor never change while it lasts.
    Imported {
        /// Which factor.
        factor: FactorId,
        /// Which of its codes.
        number: ImportedCodeNumber,
    },
}

impl BackupCodeRef {
    /// The code's name within its factor.
    pub const fn name(self) -> BackupCodeName {
        match self {
            Self::Own { slot, .. } => BackupCodeName::Own(slot),
            Self::Imported { number, .. } => BackupCodeName::Imported(number),
        }
    }
}
