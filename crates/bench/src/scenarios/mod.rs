//! What is measured, one file for each kind of question.

pub(crate) mod calls;
pub(crate) mod fairness;
pub(crate) mod growth;
pub(crate) mod hashing;
pub(crate) mod lanes;
pub(crate) mod postgres;
pub(crate) mod reseal;
pub(crate) mod standing;
pub(crate) mod turns;
