//! Calls that may be sent again: one whose answer was lost gets the first answer, and does nothing twice.

pub mod answer;
pub mod answer_once;
pub mod call;
pub mod key;
pub mod ports;
