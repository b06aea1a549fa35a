//! User tokens as a caller sees them: what is accepted, what is refused and for which reason.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod accepted;
mod claims;
mod forged;
mod minted;
mod support;
