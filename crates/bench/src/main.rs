//! Runs the benchmark. Exit codes: 0 measured, whatever was found; 1 not measured; 2 wrong usage.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Parser;
use countersign_bench::{Extent, Part, Places, Size, count_instructions, run};

/// Measures the built program against what its documentation promises
#[derive(Parser)]
struct Arguments {
    /// How much to measure
    #[arg(value_enum, default_value_t)]
    size: Size,
    /// Count instructions with callgrind instead
    #[arg(long)]
    instructions: bool,
    /// Only these parts
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART")]
    only: Vec<Part>,
    /// Enrolled users of the database that calls are measured with
    #[arg(long, value_name = "N")]
    users: Option<u64>,
    /// Callers at a time, where it is asked how much the server can do
    #[arg(long, value_name = "N")]
    connections: Option<usize>,
    /// Sizes of the databases that are compared, smallest first, such as 1000,10000000
    #[arg(long, value_delimiter = ',', value_name = "N")]
    growth: Vec<u64>,
    /// The program
    #[arg(long, value_name = "FILE", default_value = "target/release/countersign")]
    binary: PathBuf,
    /// Where the table and the plots go
    #[arg(long, value_name = "DIR", default_value = "docs/performance")]
    documents: PathBuf,
    /// Where databases are made, on a disk; they are removed at the end
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    work: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let Arguments { size, instructions, only, users, connections, growth, binary, documents, work } =
        Arguments::parse();
    let mut extent = Extent::of(size);
    extent.users = users.unwrap_or(extent.users);
    extent.connections = connections.unwrap_or(extent.connections);
    if !growth.is_empty() {
        extent.growth = growth;
    }
    if !only.is_empty() {
        extent.parts = only;
    }
    let json = work.join("latest.json");
    let places = Places { binary, work, documents, json };
    let mut out = std::io::stdout().lock();
    if instructions {
        for counted in count_instructions(&places)? {
            writeln!(out, "{:>9} {}", counted.instructions, counted.call)?;
        }
        return Ok(());
    }
    let rows = run(&extent, &places)?;
    for row in &rows {
        let met = if row.met { "met   " } else { "MISSED" };
        writeln!(out, "{met} {:>9} {:<7} {} ({})", row.ratio, row.wanted.to_string(), row.row, row.against)?;
    }
    Ok(())
}
