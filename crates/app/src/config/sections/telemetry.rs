//! What the program says of its work.

use crate::config::setting::section;
use crate::config::value::choice;

choice! {
    /// How log lines are written.
    LogFormat, "`auto`, `json` or `human`" {
        /// For people on a terminal, JSON elsewhere.
        Auto => "auto",
        /// One JSON object a line.
        Json => "json",
        /// For people.
        Human => "human",
    }
}

section! {
    /// What the program says of its work, on standard error.
    Telemetry, "telemetry." {
        /// How log lines are written: `auto` is `human` on a terminal and `json` elsewhere.
        format: LogFormat = "auto",
        /// What is logged, as a filter of `tracing`: `warn`, or `info,countersign_http=debug`.
        filter: String = "info,actix_server=warn,actix_http=off",
    }
}
