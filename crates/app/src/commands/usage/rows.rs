//! Rows of usage as a file writes them.

use std::time::Duration;

use countersign_domain::identity::Environment;
use countersign_domain::quota::ports::{Consumption, RelationshipId, UsageEventId};
use countersign_domain::time::Timestamp;
use countersign_jobs::record_usage::UsageRow;
use serde::Deserialize;

use crate::rows::Rows;

/// How far the clock of whoever wrote the file may be ahead.
const CLOCK_SKEW: Duration = Duration::from_mins(5);

/// A row as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
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
        if at > now.saturating_add(CLOCK_SKEW) {
            return Err("at: it lies in the future; only what has happened is counted".to_owned());
        }
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

/// How they are read; what happened at no stated instant happened now.
pub(super) fn rows(now: Timestamp) -> Rows<Written, UsageRow> {
    Rows { needed: &["organization", "event_id"], meaning: Box::new(move |written| written.row(now)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Lines;

    const ORGANIZATION: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn lines(text: &str) -> anyhow::Result<Lines<UsageRow>> {
        rows(NOW).lines(Box::new(std::io::Cursor::new(text.to_owned())))
    }

    fn read(text: &str) -> Vec<(u64, Result<UsageRow, String>)> {
        lines(text).unwrap().map(|line| line.map(|line| (line.number, line.row)).unwrap()).collect()
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
        assert!(lines("1,2,3\n").is_err());
    }

    #[test]
    fn an_endless_line_does_not_fill_the_memory() {
        let text = format!("{{{}", " ".repeat(70_000));
        assert!(lines(&text).unwrap().next().unwrap().is_err());
    }
}
