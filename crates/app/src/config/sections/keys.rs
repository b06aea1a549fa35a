//! The keys that stored data depends on.

use std::path::PathBuf;

use crate::config::setting::section;

section! {
    /// The keys that stored data depends on.
    Keys, "keys." {
        /// The file with the key ring: it seals TOTP secrets and peppers backup codes; `countersign keyring generate`
        /// makes one. A running server takes a changed file within 5 seconds. Without it, development makes one up in the
        /// data directory; production needs it.
        file: Option<PathBuf> = "",
    }
}
