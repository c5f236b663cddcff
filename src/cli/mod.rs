//! The command line: arguments to recipes, tasks to tables and JSON. One file a command.
//!
//! Calls `worker::service` for anything that runs, and `model`, `graph`, `rewrite`, `recipe` for looking. Exit codes:
//! 0 fine, 1 findings or a failed comparison, 2 unusable input, 3 target not available, 130 cancelled.

mod accuracy;
pub mod args;
mod bench;
mod build;
mod cast;
mod check;
mod clean;
mod compare;
mod doctor;
mod drive;
mod engine;
mod exit;
mod history;
mod inspect;
mod lower;
mod profile;
mod progress;
mod quantize;
mod request;
mod run;
mod runtimes;
mod search;
mod studio;
mod sweep;
mod table;
mod targets;

pub use args::Cli;
pub use exit::{CliError, Exit};

use args::Command;
use std::process::ExitCode;

/// Runs the program with these arguments.
pub fn main(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        None => studio::studio(&cli.studio),
        Some(Command::Inspect(a)) => inspect::inspect(&a),
        Some(Command::Check(a)) => check::check(&a),
        Some(Command::Build(a)) => build::build(&a),
        Some(Command::Bench(a)) => bench::bench(&a),
        Some(Command::Compare(a)) => compare::compare(&a),
        Some(Command::Profile(a)) => profile::profile(&a),
        Some(Command::Clean(a)) => clean::clean(&a),
        Some(Command::History(a)) => history::history(&a),
        Some(Command::Sweep(a)) => sweep::sweep(&a),
        Some(Command::Accuracy(a)) => accuracy::accuracy(&a),
        Some(Command::Bisect(a)) => accuracy::bisect(&a),
        Some(Command::Cast(a)) => cast::cast(&a),
        Some(Command::Quantize(a)) => quantize::quantize(&a),
        Some(Command::Search(a)) => search::search(&a),
        Some(Command::Run(a)) => run::run(&a),
        Some(Command::Targets(a)) => targets::targets(&a),
        Some(Command::Worker) => return ExitCode::from(crate::worker::server::serve().clamp(0, 255) as u8),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("error: {error}");
            error.exit().into()
        }
    }
}
