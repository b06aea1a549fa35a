//! The binary `countersign`: the command line, the configuration, the telemetry, and the one place (`wiring`) that
//! names concrete adapters.
//!
//! To add a command, add a file to `commands` and a line to `cli`. To add an adapter, add it to `wiring`.

mod cli;
mod clock;
mod commands;
mod config;
mod development;
mod output;
mod rows;
mod telemetry;
mod wiring;
mod work;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser as _};

use cli::{Cli, Command, Work};
use commands::{Outcome, Session, WrongUsage};
use config::Config;
use mimalloc::MiMalloc;
use output::Output;

/// A request makes and frees some hundred small things, and each connection keeps some. It asks for no huge pages: see
/// `commands::serve::pages`.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::RowsRefused) => ExitCode::from(3),
        Err(error) => {
            output::note(format_args!("error: {error:#}"));
            ExitCode::from(if error.is::<WrongUsage>() { 2 } else { 1 })
        }
    }
}

fn run(mut cli: Cli) -> anyhow::Result<Outcome> {
    let output = Output { format: cli.output };
    match cli.take_command() {
        Command::Work(work) => {
            let config = match Config::load(&cli.given(&work), cli.data_dir) {
                Err(problems) if matches!(work, Work::Doctor) => {
                    return commands::doctor::unreadable(problems, output);
                }
                loaded => loaded?,
            };
            // Requests, hashes and the database have threads of their own.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let session = Session::new(config, output);
            runtime.context("cannot start the runtime")?.block_on(commands::run(work, &session))
        }
        Command::Openapi => commands::openapi::run(output),
        Command::Completions(arguments) => commands::completions::run(&arguments, Cli::command(), output),
    }
}
