//! What stands at the top.

use crate::config::setting::section;
use crate::config::value::choice;

choice! {
    /// How strict the program is.
    Mode, "`development` or `production`" {
        /// Works at once, on loopback only, with keys that it makes up itself.
        Development => "development",
        /// Refuses everything that is not safe.
        Production => "production",
    }
}

section! {
    /// At the top of the file, before every section.
    Top, "" {
        /// `development` works at once: it makes up what is missing and listens on loopback only. `production`
        /// refuses everything that is not safe.
        mode: Mode = "development",
    }
}
