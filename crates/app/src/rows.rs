//! Rows as a file writes them: NDJSON, or CSV with a header line.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use countersign_jobs::Line;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::{self, Receiver};

/// The longest line, in bytes.
const LONGEST_LINE: u64 = 64 * 1024;
/// How many rows are read ahead.
const READ_AHEAD: usize = 500;

/// What a row means, or why it is refused.
type Meaning<W, T> = Box<dyn Fn(W) -> Result<T, String> + Send>;
/// The lines of a file, read one at a time.
pub(crate) type Lines<T> = Box<dyn Iterator<Item = io::Result<Line<T>>>>;

/// How the rows of a kind of file are read.
pub(crate) struct Rows<W, T> {
    /// Columns without which a CSV file is none of this kind.
    pub(crate) needed: &'static [&'static str],
    /// What a row means.
    pub(crate) meaning: Meaning<W, T>,
}

impl<W: DeserializeOwned + 'static, T: Send + 'static> Rows<W, T> {
    /// Reads on a thread of its own, so that a file which gives nothing for a while does not keep a signal waiting. `-` is
    /// standard input.
    pub(crate) fn read(self, file: &Path) -> Receiver<anyhow::Result<Line<T>>> {
        let (lines, read) = mpsc::channel(READ_AHEAD);
        let file: PathBuf = file.to_owned();
        std::thread::spawn(move || {
            let sent = open(&file).and_then(|reader| {
                for line in self.lines(reader)? {
                    let line = line.context("the file cannot be read any further; what was read is done")?;
                    if lines.blocking_send(Ok(line)).is_err() {
                        break;
                    }
                }
                Ok(())
            });
            if let Err(error) = sent {
                // Nobody waits for it any more when the receiver is gone.
                let _ = lines.blocking_send(Err(error));
            }
        });
        read
    }

    /// The lines that `reader` gives.
    pub(crate) fn lines(self, mut reader: Box<dyn BufRead>) -> anyhow::Result<Lines<T>> {
        let first = reader.fill_buf().context("cannot read the file")?;
        let is_json = first.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        if is_json {
            Ok(Box::new(Ndjson { reader, meaning: self.meaning, number: 0 }))
        } else {
            self.csv(reader)
        }
    }

    fn csv(self, reader: Box<dyn BufRead>) -> anyhow::Result<Lines<T>> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(reader);
        let header = reader.headers().context("cannot read the header line")?.clone();
        for needed in self.needed {
            anyhow::ensure!(
                header.iter().any(|column| column == *needed),
                "this is neither NDJSON nor CSV with a header line that names {needed}"
            );
        }
        Ok(Box::new(reader.into_records().map(move |record| {
            let record = match record {
                Ok(record) => record,
                Err(error) => return unreadable(error),
            };
            let number = record.position().map_or(0, csv::Position::line);
            let written = record.deserialize::<W>(Some(&header)).map_err(|error| error.to_string());
            Ok(Line { number, row: written.and_then(&self.meaning) })
        })))
    }
}

fn open(file: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Box::new(BufReader::new(opened)))
}

struct Ndjson<W, T> {
    reader: Box<dyn BufRead>,
    meaning: Meaning<W, T>,
    number: u64,
}

impl<W: DeserializeOwned, T> Iterator for Ndjson<W, T> {
    type Item = io::Result<Line<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut text = Vec::new();
        loop {
            text.clear();
            match io::Read::take(&mut self.reader, LONGEST_LINE).read_until(b'\n', &mut text) {
                Ok(0) => return None,
                Ok(_) => self.number = self.number.saturating_add(1),
                Err(error) => return Some(Err(error)),
            }
            if text.len() as u64 == LONGEST_LINE && text.last() != Some(&b'\n') {
                return Some(Err(io::Error::other(format!("line {} is longer than 64 KiB", self.number))));
            }
            if !text.trim_ascii().is_empty() {
                break;
            }
        }
        let written = serde_json::from_slice::<W>(&text).map_err(|error| without_values(&error));
        Some(Ok(Line { number: self.number, row: written.and_then(&self.meaning) }))
    }
}

/// What is wrong with a document, without what stands in it: that may be a secret.
fn without_values(error: &serde_json::Error) -> String {
    let message = error.to_string();
    if message.starts_with("invalid type") || message.starts_with("invalid value") {
        format!("a field has the wrong type, before column {}", error.column())
    } else if let Some((_, expected)) =
        message.split_once(", expected ").filter(|_| message.starts_with("unknown"))
    {
        // A row may have a name and its value in each other's place.
        format!("a field has an unknown name, not {expected}")
    } else {
        message
    }
}

/// A record that is no CSV is a refused row; a file that cannot be read any more is an error.
fn unreadable<T>(error: csv::Error) -> io::Result<Line<T>> {
    let number = error.position().map_or(0, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Err(error),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Ok(Line { number, row: Err(format!("{len} columns instead of {expected_len}")) })
        }
        _ => Ok(Line { number, row: Err("it is not CSV in UTF-8".to_owned()) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "it is never read")]
    struct Written {
        secret: String,
        digits: Option<u8>,
    }

    #[test]
    fn what_is_wrong_with_a_row_is_told_without_what_stands_in_it() {
        for (row, told) in [
            (r#"{"HUNTER2":"secret"}"#, "a field has an unknown name, not `secret` or `digits`"),
            (r#"{"secret":"x","digits":"HUNTER2"}"#, "a field has the wrong type, before column"),
            (r#"{"secret":1}"#, "a field has the wrong type, before column"),
        ] {
            let message = without_values(&serde_json::from_str::<Written>(row).unwrap_err());
            assert!(message.starts_with(told), "{message}");
            assert!(!message.contains("HUNTER2"), "{message}");
        }
    }
}
