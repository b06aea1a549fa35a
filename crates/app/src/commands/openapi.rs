//! `openapi`: the OpenAPI document.

use crate::commands::Outcome;
use crate::output::Output;
use crate::wiring;

/// Prints it; the document is JSON in both formats.
pub(crate) fn run(output: Output) -> anyhow::Result<Outcome> {
    output.text(&format!("{}\n", wiring::openapi()?))?;
    Ok(Outcome::Done)
}
