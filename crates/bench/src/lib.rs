//! The benchmark: everything that `docs/performance.md` promises, measured in one run.
//!
//! It runs the built program as its users do, in a process of its own, over HTTP and the command line; of the
//! workspace it links only the interleaved bcrypt, for the hashing bound. Every figure is taken several times, in
//! rounds that alternate with the rounds of what it is compared with, and told as a ratio.
//!
//! # How to extend it
//!
//! - *A row*: in the file of `scenarios/` that asks the same kind of question, with its ceiling or floor beside it.
//! - *A kind of question*: a new file there, and its place in [`run`].

mod extent;
mod floor;
mod instructions;
mod load;
mod report;
mod run;
mod scenarios;
mod system;

pub use extent::{Extent, Part, Size};
pub use instructions::{Instructions, count_instructions};
pub use load::Histogram;
pub use report::row::{Row, Wanted};
pub use run::{Places, run};
