//! A line of a file that a job takes.

/// A line with what was read in it.
#[derive(Debug)]
pub struct Line<Row> {
    /// Its number, from 1.
    pub number: u64,
    /// What stands in it, or why it is refused.
    pub row: Result<Row, String>,
}
