//! Arguments of commands that measure, and of `history`.

use super::value::{at_least_one, named};
use super::{OneVariant, RecipeArgs};
use crate::bench::gate::Different;
use crate::recipe::Precision;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `bench`.
#[derive(Args, Debug)]
pub struct BenchArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub one: OneVariant,
    /// Write every sample as trtexec's exportTimes JSON
    #[arg(long, value_name = "FILE")]
    pub export_times: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `profile`.
#[derive(Args, Debug)]
pub struct ProfileArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub one: OneVariant,
    /// Profile another variant too and set both side by side, node by node: a precision, a target or a variant of the recipe;
    /// repeatable, what is named changes together (--against onnxruntime-cpu --against fp16)
    #[arg(long, value_name = "PRECISION|TARGET|VARIANT")]
    pub against: Vec<String>,
    /// Runs to profile, after a few that do not count; when not given, up to 50 in about ten seconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub runs: Option<u32>,
}

/// Arguments of `compare`.
#[derive(Args, Debug)]
pub struct CompareArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub recipe: RecipeArgs,
    /// Precisions to compare, separated by commas
    #[arg(long, value_delimiter = ',', value_parser = named::<Precision>)]
    pub precision: Vec<Precision>,
    /// Batch sizes to compare, separated by commas
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = at_least_one::<u64>)]
    pub batch: Vec<u64>,
    /// Build every variant twice, for its range of sizes (--min and --max, several --batch, or the recipe's profile) and for
    /// the measured sizes alone, and compare both
    #[arg(long)]
    pub fixed_against_range: bool,
    /// Thread counts to compare, separated by commas
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = at_least_one::<u32>)]
    pub threads: Vec<u32>,
    /// Add rounds until the interval of every speed-up is this narrow, for example 2%; without it and without --duration
    /// 1.5%, in 40 rounds at most (about 25 s a variant)
    #[arg(long, value_name = "PERCENT", allow_hyphen_values = true)]
    pub precision_of_answer: Option<String>,
    /// Add no more rounds after this time of measuring; default 2min
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub time_limit: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub report: ReportArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub gates: GateArgs,
}

/// What makes a comparison fail, and where that is written for CI.
#[derive(Args, Debug, Default, Clone)]
pub struct GateArgs {
    /// A comparison written earlier as JSON, to hold this one against
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Fail (exit code 1) when a variant's median latency is slower than the baseline's by more than this with 95 %
    /// confidence, for example 5%
    #[arg(long, value_name = "PERCENT", allow_hyphen_values = true, requires = "baseline")]
    pub fail_slower: Option<String>,
    /// Fail when p99 is slower by more than this with 95 % confidence
    #[arg(long, value_name = "PERCENT", allow_hyphen_values = true, requires = "baseline")]
    pub fail_p99_slower: Option<String>,
    /// Fail when throughput is lower by more than this with 95 % confidence
    #[arg(long, value_name = "PERCENT", allow_hyphen_values = true, requires = "baseline")]
    pub fail_throughput: Option<String>,
    /// Fail when top-1 accuracy is this many percentage points lower
    #[arg(long, value_name = "POINTS", allow_hyphen_values = true, requires = "baseline")]
    pub fail_top1: Option<String>,
    /// Fail when the mean absolute error of an output is this much larger
    #[arg(long, value_name = "PERCENT", allow_hyphen_values = true, requires = "baseline")]
    pub fail_error: Option<String>,
    /// Compare with a baseline of another machine, runtime, model, threads all the same; several, separated by commas
    #[arg(long, value_name = "WHAT", value_delimiter = ',', requires = "baseline", value_parser = named::<Different>)]
    pub allow_different: Vec<Different>,
    /// Write what was checked as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write what failed as a GitLab code quality report
    #[arg(long, value_name = "FILE")]
    pub code_quality: Option<PathBuf>,
    /// Write the figures as a GitLab metrics report (OpenMetrics)
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    /// Append the table and what was checked to the job's summary page (the file that GITHUB_STEP_SUMMARY names)
    #[arg(long)]
    pub step_summary: bool,
}

/// Arguments of `sweep`.
#[derive(Args, Debug)]
pub struct SweepArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub recipe: RecipeArgs,
    /// What varies: batch, seq, height=width (both alike), the model's own name of an open size, or INPUT:AXIS
    #[arg(long, value_name = "SIZE", default_value = crate::recipe::SweepSpec::BATCH, conflicts_with_all = ["batch", "max_batch", "max_latency"])]
    pub over: String,
    /// Sizes of what varies, separated by commas; without them a quarter to four times the size that is measured otherwise
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = at_least_one::<u64>)]
    pub sizes: Vec<u64>,
    /// What is really asked for, drawn over the curve: a .csv file with a column for each size and one called count, or data
    /// whose samples are counted (with --over). Without --sizes the sizes that it has are measured
    #[arg(long, value_name = "PATH", conflicts_with_all = ["batch", "max_batch", "max_latency"])]
    pub traffic: Option<PathBuf>,
    /// Batch sizes, separated by commas; without them powers of two until --max-batch, --max-latency or memory end them
    #[arg(long, value_name = "N", value_delimiter = ',', conflicts_with_all = ["max_batch", "max_latency"], value_parser = at_least_one::<u64>)]
    pub batch: Vec<u64>,
    /// Largest of the powers of two; default 256
    #[arg(long, value_name = "N", value_parser = at_least_one::<u64>)]
    pub max_batch: Option<u64>,
    /// Powers of two end when one inference takes longer; default 2s
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub max_latency: Option<String>,
    /// Precisions to sweep, separated by commas
    #[arg(long, value_delimiter = ',', value_parser = named::<Precision>)]
    pub precision: Vec<Precision>,
    /// Thread counts to sweep, separated by commas
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = at_least_one::<u32>)]
    pub threads: Vec<u32>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub report: ReportArgs,
}

/// Arguments of `buckets`.
#[derive(Args, Debug)]
pub struct BucketsArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub one: OneVariant,
    /// What is asked for: a .csv file with a column for each size and one called count, or data whose samples are counted
    #[arg(long, value_name = "PATH")]
    pub traffic: PathBuf,
    /// The size along which buckets are chosen: seq, height=width (both alike), the model's own name, INPUT:AXIS; the columns
    /// of the table when not given
    #[arg(long, value_name = "SIZE")]
    pub over: Option<String>,
    /// Buckets at most
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub count: u32,
    /// A curve measured earlier (the JSON of sweep), instead of measuring one now
    #[arg(long, value_name = "FILE")]
    pub curve: Option<PathBuf>,
    /// The recipe to write, with a profile for each bucket
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `history`.
#[derive(Args, Debug)]
pub struct HistoryArgs {
    /// The model (.onnx), a recipe (.toml), or the start of a model's SHA-256; without it the models that have runs are listed
    pub model: Option<PathBuf>,
    /// Compare two runs by their samples, the first is the baseline
    #[arg(long, num_args = 2, value_name = "RUN", requires = "model")]
    pub compare: Vec<String>,
    /// Show at most this many runs of each variant, the latest
    #[arg(long, value_name = "N", default_value = "20", value_parser = at_least_one::<u32>)]
    pub last: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub report: ReportArgs,
}

/// Where reports go.
#[derive(Args, Debug, Default, Clone)]
pub struct ReportArgs {
    /// Write a report: .html, .md, .csv or .json by the file's ending; repeatable
    #[arg(short, long, value_name = "FILE")]
    pub output: Vec<PathBuf>,
    /// Replace existing files
    #[arg(long)]
    pub force: bool,
}
