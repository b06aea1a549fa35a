//! `completions`: completions for a shell.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::commands::Outcome;
use crate::output::Output;

/// What may follow `completions`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

/// Prints them.
pub(crate) fn run(arguments: &Arguments, mut command: Command, output: Output) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "countersign", &mut script);
    output.text(&String::from_utf8(script)?)?;
    Ok(Outcome::Done)
}
