//! Log lines on standard error: for people on a terminal, one JSON object a line elsewhere.

mod json;

use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::JsonFields;

use crate::config::{Config, LogFormat};

/// Begins logging, for the whole life of the process.
pub(crate) fn start(config: &Config) -> anyhow::Result<()> {
    let filter =
        EnvFilter::try_new(&config.telemetry.filter).context("telemetry.filter is not acceptable")?;
    let json = match config.telemetry.format {
        LogFormat::Json => true,
        LogFormat::Human => false,
        LogFormat::Auto => !io::stderr().is_terminal(),
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = if json {
        lines.fmt_fields(JsonFields::new()).event_format(json::JsonLines).try_init()
    } else {
        lines.with_ansi(io::stderr().is_terminal()).try_init()
    };
    started.map_err(|error| anyhow::anyhow!(error)).context("cannot begin logging")?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// A panic is a fault of ours; it goes to the log like any other. Its message may show the values at hand, so only the
/// place is told.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "a thread panicked");
}

/// Whether `text` is a filter.
pub(crate) fn is_filter(text: &str) -> bool {
    EnvFilter::try_new(text).is_ok()
}
