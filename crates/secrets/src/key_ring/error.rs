//! Why a key ring is not accepted.

use std::fmt;

use countersign_domain::keys::KeyId;

use crate::secret_file::SecretFileError;
use crate::weakness::Weakness;

/// A key of the ring as error messages call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyLabel {
    /// The section of the document.
    pub(super) section: &'static str,
    /// The key's number.
    pub(super) id: u32,
}

impl fmt::Display for KeyLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} key {}", self.section, self.id)
    }
}

/// Why a key ring was not read or written. No variant carries a part of a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The file.
    #[error(transparent)]
    File(#[from] SecretFileError),
    /// It is not a key-ring document: wrong syntax, a missing, doubled or unknown field, a wrong type.
    #[error("the key ring is not well formed (line {line}, column {column})")]
    Malformed {
        /// The line of the fault, from 1; 0 when the document as a whole is at fault.
        line: usize,
        /// The column of the fault.
        column: usize,
    },
    /// It was written by another version of this program.
    #[error("the key ring has version {0}; this program reads version 1")]
    UnknownVersion(u32),
    /// A key is not strict base64 of the right length.
    #[error("the {key} of the key ring is not {bytes} bytes in base64")]
    Length {
        /// Which key.
        key: KeyLabel,
        /// How many bytes it must have.
        bytes: usize,
    },
    /// A key was not drawn at random.
    #[error("the {key} of the key ring is not acceptable: {weakness}")]
    Weak {
        /// Which key.
        key: KeyLabel,
        /// What is wrong with it.
        weakness: Weakness,
    },
    /// Two keys are the same; one key serves one purpose.
    #[error("the {one} and the {other} of the key ring are the same")]
    Equal {
        /// One of them.
        one: KeyLabel,
        /// The other one.
        other: KeyLabel,
    },
    /// An instant is not written as in RFC 3339.
    #[error("an instant of the {0} of the key ring is not written as in RFC 3339")]
    Instant(KeyLabel),
    /// Two keys of a section have the same number.
    #[error("the key ring has two keys called {0}")]
    DoubledId(KeyLabel),
    /// The section names a primary key that it does not hold.
    #[error("the key ring has no {0}, although it is named as the primary one")]
    NoPrimary(KeyLabel),
}

/// Why a ring cannot be changed like that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotChange {
    /// There is no key with this number.
    #[error("the key ring has no key {} for this purpose", .0.0)]
    NoSuchKey(KeyId),
    /// The key is the primary one already, or still.
    #[error("key {} is the primary key", .0.0)]
    IsPrimary(KeyId),
    /// There is a key with this number.
    #[error("the key ring has a key {} already", .0.0)]
    Taken(KeyId),
    /// All numbers are taken.
    #[error("the key ring has no number left for another key")]
    Full,
    /// The operating system gave no random bytes, or bad ones.
    #[error("no new key can be made")]
    Entropy,
}
