//! The arguments: one file for each group of commands, `value` reads what options are given.

mod accuracy;
mod lower;
mod measure;
mod model;
mod recipe;
mod runner;
mod search;
mod studio;
mod targets;
mod value;

pub use accuracy::{AccuracyArgs, BisectArgs, ReferenceArgs};
pub use lower::{CalibrationArgs, CastArgs, DataArgs, NodeChoice, QuantizeArgs, SampleArgs};
pub use measure::{BenchArgs, BucketsArgs, CompareArgs, GateArgs, HistoryArgs, ProfileArgs, ReportArgs, SweepArgs};
pub use model::{BuildArgs, CheckArgs, CleanArgs, InspectArgs, ResizeArgs};
pub use recipe::{OneVariant, RecipeArgs, RunArgs};
pub use runner::{RunnerArgs, RunnerLanguage};
pub use search::SearchArgs;
pub use studio::StudioArgs;
pub use targets::{TargetsAction, TargetsArgs};
pub(super) use value::named;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Turn an ONNX model into a fast inference engine and see what that bought.
///
/// Without a command the studio opens. Exit codes: 0 fine, 1 findings or failed limits, 2 unusable input or
/// output, 3 a target or worker that cannot be reached or ended, 130 cancelled.
#[derive(Parser, Debug)]
#[command(name = "enginesmith", version = crate::VERSION, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; without one the studio opens.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The studio's own arguments.
    #[command(flatten)]
    pub studio: StudioArgs,
}

/// Commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Show what is in a model: inputs, outputs, operators, parameters
    Inspect(InspectArgs),
    /// List what a target cannot or should not take, and why
    Check(CheckArgs),
    /// Build an engine
    Build(BuildArgs),
    /// Measure one engine
    Bench(BenchArgs),
    /// Measure variants side by side
    Compare(Box<CompareArgs>),
    /// Find out which layers take the time
    Profile(ProfileArgs),
    /// Clean a model up: fold constants, merge and remove what need not be there; results stay the same
    Clean(CleanArgs),
    /// Change sizes of inputs for good: fix open ones, open fixed ones (the batch, for example)
    Resize(ResizeArgs),
    /// Show what was measured before, over time, and what became slower
    History(HistoryArgs),
    /// Measure latency and throughput against batch size (with its knee), or against any other open size
    Sweep(SweepArgs),
    /// Choose the few sizes to build for that serve real traffic fastest, from a measured curve
    Buckets(BucketsArgs),
    /// Compare one variant's results with a reference, output by output or tensor by tensor
    Accuracy(AccuracyArgs),
    /// Name the first node whose result differs too much from the reference's
    Bisect(BisectArgs),
    /// Lower a model to FP16 or BF16 by casts in its graph
    Cast(CastArgs),
    /// Quantize a model to INT8 or FP8 with scales found on calibration data, or its weights to INT4
    Quantize(QuantizeArgs),
    /// Measure what each layer loses when precision is lowered, and find which to keep under an accuracy limit
    #[command(visible_alias = "sensitivity")]
    Search(SearchArgs),
    /// Do everything a recipe says: check, build, measure, compare, report
    Run(RunArgs),
    /// List the targets and what was found of them
    Targets(TargetsArgs),
    /// Write what makes a runner of your own code, to measure it beside engines
    Runner(RunnerArgs),
    /// Run jobs for another enginesmith over standard input and output
    Worker {
        /// Try a library on a GPU, as the file in this folder says, and end
        #[arg(long, hide = true, value_name = "FOLDER")]
        probe: Option<PathBuf>,
    },
}
