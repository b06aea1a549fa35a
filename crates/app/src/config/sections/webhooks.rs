//! Where webhooks may be sent to.

use crate::config::setting::section;

section! {
    /// Where webhooks may be sent to.
    Webhooks, "webhooks." {
        /// Whether webhooks may go to private networks and to this machine, and there without TLS. Otherwise they go to
        /// public addresses by `https` alone; in development to this machine, too.
        allow_private_addresses: bool = "false",
    }
}
