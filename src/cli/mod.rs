//! The command line: arguments to recipes, tasks to tables and JSON. One file a command.
//!
//! Calls `worker::service` for anything that runs, and `model`, `graph`, `rewrite`, `recipe` for looking. Exit codes:
//! 0 fine, 1 findings or failed limits, 2 unusable input or output, 3 a target or worker that cannot be reached or ended,
//! 130 cancelled.

#![deny(clippy::print_stdout, clippy::print_stderr)] // They panic when the reader goes away; `out` does not.

#[macro_use]
mod out;

mod accuracy;
pub mod args;
mod bench;
mod buckets;
mod build;
mod build_only;
mod cast;
mod check;
mod clean;
mod commands;
mod compare;
mod doctor;
mod drive;
mod engine;
mod exit;
mod fault;
mod gates;
mod history;
mod inspect;
mod lower;
mod profile;
mod progress;
mod quantize;
mod request;
mod resize;
mod run;
mod runner;
mod runtimes;
mod search;
mod studio;
mod sweep;
mod table;
mod targets;

pub use args::Cli;
pub use exit::{CliError, Exit};
pub use fault::report_panics;

use args::Command;
use clap::Parser;
use std::process::ExitCode;

/// Runs the program with the arguments that it was started with.
pub fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let outcome = commands::refuse_unknown(&arguments).and_then(|()| {
        let cli = Cli::parse_from(arguments);
        match cli.command {
            None => studio::studio(&cli.studio),
            Some(command) => run_command(command),
        }
    });
    match outcome.and_then(|exit| out::finish().map(|()| exit)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            errln!("error: {error}");
            error.exit().into()
        }
    }
}

fn run_command(command: Command) -> Result<Exit, CliError> {
    if !matches!(command, Command::Worker { .. }) {
        drive::catch_interrupts();
    }
    match command {
        Command::Inspect(a) => inspect::inspect(&a),
        Command::Check(a) => check::check(&a),
        Command::Build(a) => build::build(&a),
        Command::Bench(a) => bench::bench(&a),
        Command::Compare(a) => compare::compare(&a),
        Command::Profile(a) => profile::profile(&a),
        Command::Clean(a) => clean::clean(&a),
        Command::Resize(a) => resize::resize(&a),
        Command::History(a) => history::history(&a),
        Command::Sweep(a) => sweep::sweep(&a),
        Command::Buckets(a) => buckets::buckets(&a),
        Command::Accuracy(a) => accuracy::accuracy(&a),
        Command::Bisect(a) => accuracy::bisect(&a),
        Command::Cast(a) => cast::cast(&a),
        Command::Quantize(a) => quantize::quantize(&a),
        Command::Search(a) => search::search(&a),
        Command::Run(a) => run::run(&a),
        Command::Targets(a) => targets::targets(&a),
        Command::Runner(a) => runner::runner(&a),
        Command::Worker { probe: None } => std::process::exit(crate::worker::server::serve()),
        Command::Worker { probe: Some(folder) } => std::process::exit(crate::worker::server::probe(&folder)),
    }
}
