//! Rows of usage as a file writes them: NDJSON, or CSV with a header line.

use std::io::{self, BufRead};

use anyhow::Context as _;
use countersign_domain::identity::Environment;
use countersign_domain::quota::ports::{Consumption, RelationshipId, UsageEventId};
use countersign_domain::time::Timestamp;
use countersign_jobs::record_usage::{Line, UsageRow};
use serde::Deserialize;

/// The longest line, in bytes.
const LONGEST_LINE: u64 = 64 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    organization: String,
    environment: Option<String>,
    event_id: String,
    at: Option<String>,
    turns: Option<u32>,
    relationship_id: Option<String>,
}

impl Written {
    fn row(self, now: Timestamp) -> Result<UsageRow, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let organization = self.organization.parse().map_err(|error| format!("organization: {error}"))?;
        let environment = self.environment.filter(|text| !text.is_empty());
        let environment =
            environment.map_or(Ok(Environment::Live), |name| name.parse()).map_err(|error| text(&error))?;
        let event = UsageEventId::new(self.event_id).map_err(|error| format!("event_id: {error}"))?;
        let at = self.at.filter(|text| !text.is_empty());
        let at = at.map_or(Ok(now), |at| at.parse()).map_err(|error| format!("at: {error}"))?;
        let relationship = self.relationship_id.filter(|text| !text.is_empty());
        let consumption = match (self.turns, relationship) {
            (Some(turns), None) => Consumption::Turns(turns),
            (None, Some(id)) => {
                let id = RelationshipId::new(id).map_err(|error| format!("relationship_id: {error}"))?;
                Consumption::Relationship(id)
            }
            _ => return Err("a row has either turns or relationship_id".to_owned()),
        };
        Ok(UsageRow { organization, environment, event, at, consumption })
    }
}

/// The lines of a file, read one at a time.
pub(super) fn lines<'a>(
    mut reader: impl BufRead + 'a,
    now: Timestamp,
) -> anyhow::Result<Box<dyn Iterator<Item = io::Result<Line>> + 'a>> {
    let first = reader.fill_buf().context("cannot read the file")?;
    let is_json = first.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if is_json { Ok(Box::new(Ndjson { reader, now, number: 0 })) } else { csv(reader, now) }
}

struct Ndjson<R> {
    reader: R,
    now: Timestamp,
    number: u64,
}

impl<R: BufRead> Iterator for Ndjson<R> {
    type Item = io::Result<Line>;

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
        let written = serde_json::from_slice::<Written>(&text).map_err(|error| error.to_string());
        Some(Ok(Line { number: self.number, row: written.and_then(|written| written.row(self.now)) }))
    }
}

fn csv<'a>(
    reader: impl BufRead + 'a,
    now: Timestamp,
) -> anyhow::Result<Box<dyn Iterator<Item = io::Result<Line>> + 'a>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(reader);
    let header = reader.headers().context("cannot read the header line")?.clone();
    for needed in ["organization", "event_id"] {
        anyhow::ensure!(
            header.iter().any(|column| column == needed),
            "this is neither NDJSON nor CSV with a header line that names {needed}"
        );
    }
    Ok(Box::new(reader.into_records().map(move |record| {
        let record = match record {
            Ok(record) => record,
            Err(error) => return unreadable(error),
        };
        let number = record.position().map_or(0, csv::Position::line);
        let written = record.deserialize::<Written>(Some(&header)).map_err(|error| error.to_string());
        Ok(Line { number, row: written.and_then(|written| written.row(now)) })
    })))
}

/// A record that is no CSV is a refused row; a file that cannot be read any more is an error.
fn unreadable(error: csv::Error) -> io::Result<Line> {
    let number = error.position().map_or(0, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Err(error),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Ok(Line { number, row: Err(format!("{len} columns instead of {expected_len}")) })
        }
        kind => Ok(Line { number, row: Err(format!("not CSV: {kind:?}")) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORGANIZATION: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn read(text: &str) -> Vec<(u64, Result<UsageRow, String>)> {
        let lines = lines(text.as_bytes(), NOW).unwrap();
        lines.map(|line| line.map(|line| (line.number, line.row)).unwrap()).collect()
    }

    #[test]
    fn ndjson_and_csv_say_the_same() {
        let json = format!(
            "{{\"organization\":\"{ORGANIZATION}\",\"event_id\":\"e1\",\"turns\":3}}\n\n\
             {{\"organization\":\"{ORGANIZATION}\",\"event_id\":\"e2\",\"environment\":\"test\",\
             \"at\":\"1970-01-01T00:00:01Z\",\"relationship_id\":\"r\"}}"
        );
        let csv = format!(
            "organization,event_id,environment,at,turns,relationship_id\n{ORGANIZATION},e1,,,3,\n\
             {ORGANIZATION},e2,test,1970-01-01T00:00:01Z,,r\n"
        );
        let rows = |text: &str| read(text).into_iter().map(|(_, row)| row.unwrap()).collect::<Vec<_>>();
        assert_eq!(rows(&json), rows(&csv));
        assert_eq!(rows(&csv)[0].at, NOW);
        assert_eq!(rows(&csv)[1].at, Timestamp::from_seconds(1));
    }

    #[test]
    fn a_refused_row_tells_its_line_and_the_others_go_on() {
        let good = format!("{ORGANIZATION},e,1,\n");
        let text = format!(
            "organization,event_id,turns,relationship_id\n{good}x,e,1,\n{ORGANIZATION},,1,\n{ORGANIZATION},e,1,r\n\
             {ORGANIZATION},e,,\n{ORGANIZATION},e,-1,\n{ORGANIZATION},e\n{good}"
        );
        let refused: Vec<u64> =
            read(&text).iter().filter(|(_, row)| row.is_err()).map(|(line, _)| *line).collect();
        assert_eq!(refused, [3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn a_row_of_ndjson_that_is_no_json_or_has_unknown_fields_is_refused() {
        let text = format!("{{\n{{\"organization\":\"{ORGANIZATION}\",\"event_id\":\"e\",\"turn\":1}}\n[]\n");
        assert!(read(&text).iter().all(|(_, row)| row.is_err()));
        assert_eq!(read(&text).len(), 3);
    }

    #[test]
    fn a_file_without_a_header_is_refused() {
        assert!(lines(&b"1,2,3\n"[..], NOW).is_err());
    }

    #[test]
    fn an_endless_line_does_not_fill_the_memory() {
        let text = format!("{{{}", " ".repeat(70_000));
        assert!(lines(text.as_bytes(), NOW).unwrap().next().unwrap().is_err());
    }
}
