//! One JSON object for each event. The fields of the spans around it, such as `requestId`, stand beside its own, so
//! that a search for a request finds all of its lines.

use std::fmt;
use std::ops::Range;

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use crate::clock::wall_clock;

/// Room for a usual line.
const USUAL: usize = 512;

/// Writes events as JSON lines.
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Line::new();
        line.add("timestamp", &wall_clock().to_string());
        line.add("level", event.metadata().level().as_str());
        line.add("target", event.metadata().target());
        event.record(&mut line);
        // From the event to the outermost span: of two fields with one name the one nearer to the event counts.
        for span in context.event_scope().into_iter().flatten() {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>().map(|fields| fields.fields.as_str());
            if let Some(Ok(fields)) = fields.map(serde_json::from_str::<Map<String, Value>>) {
                fields.iter().for_each(|(name, value)| line.add(name, value));
            }
        }
        writer.write_str(line.end())
    }
}

/// A line in the making. Every request writes one, so it is put together without an object in between.
struct Line {
    text: Vec<u8>,
    /// Where the names of its fields stand.
    names: Vec<Range<usize>>,
}

impl Line {
    fn new() -> Self {
        let mut text = Vec::with_capacity(USUAL);
        text.push(b'{');
        Self { text, names: Vec::new() }
    }

    /// Adds a field, unless there is one with this name.
    fn add(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        if self.names.iter().any(|known| self.text.get(known.clone()) == Some(name.as_bytes())) {
            return;
        }
        let before = self.text.len();
        if self.write(name, value).is_err() {
            // Nothing that is logged is more than texts and numbers, but a log must not fail.
            self.text.truncate(before);
        }
    }

    fn write(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> serde_json::Result<()> {
        if !self.names.is_empty() {
            self.text.push(b',');
        }
        let opening = self.text.len().saturating_add(1);
        serde_json::to_writer(&mut self.text, name)?;
        let closing = self.text.len().saturating_sub(1);
        self.text.push(b':');
        serde_json::to_writer(&mut self.text, value)?;
        self.names.push(opening..closing);
        Ok(())
    }

    fn end(&mut self) -> &str {
        self.text.extend_from_slice(b"}\n");
        // JSON is UTF-8.
        std::str::from_utf8(&self.text).unwrap_or_default()
    }
}

impl Visit for Line {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field.name(), &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        self.add(field.name(), &text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field.name(), &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::format::JsonFields;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(work: impl FnOnce()) -> Value {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .fmt_fields(JsonFields::new())
            .event_format(JsonLines)
            .finish();
        tracing::subscriber::with_default(subscriber, work);
        let text = lines.0.lock().unwrap().clone();
        serde_json::from_slice(&text).unwrap()
    }

    #[test]
    fn the_fields_of_the_spans_stand_beside_those_of_the_event() {
        let line = logged(|| {
            let _outer = tracing::info_span!("request", requestId = "01J", route = "outer").entered();
            let _inner = tracing::info_span!("work", route = "inner").entered();
            tracing::warn!(status = 500, cause = "x\ny", "it failed");
        });
        assert_eq!((&line["requestId"], &line["route"]), (&"01J".into(), &"inner".into()));
        assert_eq!((&line["status"], &line["cause"]), (&500.into(), &"x\ny".into()));
        assert_eq!((&line["message"], &line["level"]), (&"it failed".into(), &"WARN".into()));
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn values_keep_their_types_and_texts_are_escaped() {
        let line = logged(|| {
            tracing::info!(text = "a\"\n", whole = -7_i64, part = 0.5, is = true, absent = None::<&str>, debug = ?Some(1));
        });
        assert_eq!(
            (&line["text"], &line["whole"], &line["part"]),
            (&"a\"\n".into(), &(-7).into(), &0.5.into())
        );
        assert_eq!((&line["is"], &line["debug"]), (&true.into(), &"Some(1)".into()));
        assert!(line.get("absent").is_none());
    }

    #[test]
    fn of_fields_with_one_name_the_nearest_stays_alone() {
        let mut line = Line::new();
        line.add("a", "near");
        line.add("a", "far");
        line.add("b", &1);
        assert_eq!(line.end(), "{\"a\":\"near\",\"b\":1}\n");
    }
}
