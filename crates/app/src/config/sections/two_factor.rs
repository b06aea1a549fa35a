//! How often and how long a second factor may be set up.

use std::num::NonZeroU32;

use crate::config::setting::section;
use crate::config::value::Span;

section! {
    /// How often and how long a second factor may be set up.
    TwoFactor, "two_factor." {
        /// How long a set-up can be confirmed: 1 minute to 1 hour.
        pending_lifetime: Span = "10m",
        /// How many codes may be tried to confirm one: 1 to 10.
        pending_attempts: u8 = "5",
        /// How many set-ups a user may start within the window.
        setups: NonZeroU32 = "10",
        /// The window.
        setups_window: Span = "1h",
    }
}
