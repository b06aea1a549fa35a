//! What bcrypt hashes.

use std::sync::Arc;

use countersign_domain::two_factor::presented_code::TypedBackupCode;

use super::prehash::Prehash;

/// The bytes of one computation: at most 72, none of them NUL.
#[derive(Debug)]
pub(super) enum HashInput {
    /// A code of ours, behind the pepper.
    Prehash(Prehash),
    /// A code that another system hashed as it was typed.
    Typed(Arc<TypedBackupCode>),
}

impl HashInput {
    /// The bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Prehash(prehash) => prehash.as_bytes(),
            Self::Typed(code) => code.expose().as_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bcrypt_reads_all_of_what_is_typed(text in "\\PC{0,80}|[ -~]{0,80}") {
            if let Ok(code) = TypedBackupCode::parse(&text) {
                let input = HashInput::Typed(Arc::new(code));
                prop_assert!(input.as_bytes().len() <= 72 && !input.as_bytes().contains(&0));
            }
        }
    }
}
