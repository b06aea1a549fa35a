//! What a command says. Results go to standard output, in the format that was asked for; everything else that people
//! read (notes, progress, logs, errors) goes to standard error.

use std::fmt::Display;
use std::io::{self, Write as _};

use serde::Serialize;

/// The format of results.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON document, or one on each line for a list.
    Json,
}

/// A result that people and machines can read.
pub(crate) trait Report: Serialize {
    /// The columns, for people.
    const COLUMNS: &'static [&'static str];

    /// One cell for each column.
    fn cells(&self) -> Vec<String>;
}

/// Where results go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// Their format.
    pub(crate) format: Format,
}

impl Output {
    /// One result: a JSON document, or a line for each column.
    pub(crate) fn one<R: Report>(self, report: &R) -> io::Result<()> {
        match self.format {
            Format::Json => self.json(report),
            Format::Human => {
                let width = R::COLUMNS.iter().map(|column| column.len()).max().unwrap_or(0);
                let lines = R::COLUMNS.iter().zip(report.cells());
                let lines = lines.map(|(column, cell)| format!("{column:width$}  {cell}\n"));
                self.text(&lines.collect::<String>())
            }
        }
    }

    /// A list: a JSON document on each line, or a table.
    pub(crate) fn list<R: Report>(self, reports: &[R]) -> io::Result<()> {
        match self.format {
            Format::Json => reports.iter().try_for_each(|report| self.json(report)),
            Format::Human => self.text(&table(R::COLUMNS, &reports.iter().map(R::cells).collect::<Vec<_>>())),
        }
    }

    /// A JSON document on one line.
    pub(crate) fn json(self, document: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(document)?;
        line.push(b'\n');
        self.bytes(&line)
    }

    /// Text as it is.
    pub(crate) fn text(self, text: &str) -> io::Result<()> {
        self.bytes(text.as_bytes())
    }

    /// A reader that has gone, as `head` does, wants no more: that is no error.
    #[expect(clippy::unused_self, reason = "results go out through the value that knows their format")]
    fn bytes(self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }
}

/// A note for people, on standard error.
pub(crate) fn note(text: impl Display) {
    // Nobody is left to be told when standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let header: Vec<String> = columns.iter().map(|column| column.to_uppercase()).collect();
    let mut widths = vec![0; columns.len()];
    for row in std::iter::once(&header).chain(rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}  "));
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    std::iter::once(&header).chain(rows).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_aligned_columns_and_no_space_at_the_end() {
        let rows = [vec!["1".to_owned(), "Müller".to_owned()], vec!["23".to_owned(), "x".to_owned()]];
        assert_eq!(table(&["id", "name"], &rows), "ID  NAME\n1   Müller\n23  x\n");
    }
}
