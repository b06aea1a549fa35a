//! Work that takes long: its progress is shown, and a signal stops it where it can be taken up again.

use std::io::{self, IsTerminal as _};

use countersign_jobs::{Event, Observer, Stop, Stopper};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

use crate::output::note;

/// After how many rows a line is written where there is no terminal.
const ROWS_PER_LINE: u64 = 10_000;

/// Progress on standard error: a bar on a terminal, a line now and then elsewhere.
pub(crate) struct Shown {
    what: &'static str,
    bar: Option<ProgressBar>,
    rows: Option<u64>,
    done: u64,
}

impl Shown {
    /// Nothing is done yet; nothing is shown before something is.
    pub(crate) fn new(what: &'static str) -> Self {
        Self { what, bar: io::stderr().is_terminal().then(|| bar(what)), rows: None, done: 0 }
    }

    fn begun(&mut self, rows: Option<u64>) {
        self.rows = rows;
        if let (Some(bar), Some(rows)) = (&self.bar, rows) {
            bar.set_length(rows);
            bar.set_style(style("{msg} [{bar:30}] {human_pos} of {human_len} rows, {eta} left"));
        }
    }

    fn done(&mut self, rows: u64) {
        let before = self.done;
        self.done = before.saturating_add(rows);
        match &self.bar {
            Some(bar) => bar.set_position(self.done),
            None if before / ROWS_PER_LINE < self.done / ROWS_PER_LINE => match self.rows {
                Some(all) => note(format_args!("{}: {} of {all} rows", self.what, self.done)),
                None => note(format_args!("{}: {} rows", self.what, self.done)),
            },
            None => {}
        }
    }

    fn say(&self, text: impl std::fmt::Display) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(text)),
            None => note(text),
        }
    }
}

impl Observer for Shown {
    fn observe(&mut self, event: Event) {
        match event {
            Event::Begun { rows } => self.begun(rows),
            Event::Done { rows } => self.done(rows),
            Event::Refused { row, reason } => self.say(format_args!("{row}: {reason}")),
        }
    }
}

/// What comes next on standard error begins on a line of its own.
impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.with_style(style("{msg}: {human_pos} rows")).with_message(what)
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Asks the work to stop at the first SIGINT or SIGTERM, and ends the process at the second.
pub(crate) fn stop_on_signal() -> io::Result<Stop> {
    let (stopper, stop) = Stopper::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if !stopper.stop() {
                std::process::exit(1);
            }
        }
    });
    Ok(stop)
}
