//! The arguments.

mod accuracy;
mod search;

pub use accuracy::{AccuracyArgs, BisectArgs, DataArgs};
pub use search::SearchArgs;

use crate::bench::Protocol;
use crate::recipe::Precision;
use crate::rewrite::{LowType, Method, PatchSpec, QuantMode};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Turn an ONNX model into a fast inference engine and see what that bought.
///
/// Without a command the studio opens. Exit codes: 0 fine, 1 findings or a failed comparison, 2 unusable input, 3 target
/// not available, 130 cancelled.
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
    Compare(CompareArgs),
    /// Find out which layers take the time
    Profile(ProfileArgs),
    /// Clean a model up: fold constants, merge and remove what need not be there; results stay the same
    Clean(CleanArgs),
    /// Show what was measured before, over time, and what became slower
    History(HistoryArgs),
    /// Measure throughput against batch size and find its knee
    Sweep(SweepArgs),
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
    /// Run jobs for another enginesmith over standard input and output
    Worker,
}

/// Arguments of the window.
#[derive(Args, Debug)]
pub struct StudioArgs {
    /// A model (.onnx), a recipe (.toml) or an engine (.engine, .plan) to open
    pub file: Option<PathBuf>,
    /// Render the window to this PNG file and exit
    #[arg(long, value_name = "FILE")]
    pub screenshot: Option<PathBuf>,
    /// Window size in points
    #[arg(long, value_name = "WIDTHxHEIGHT")]
    pub size: Option<String>,
    /// light, dark or system
    #[arg(long)]
    pub theme: Option<String>,
    /// The step to show: model, check, recipe, build or lab
    #[arg(long)]
    pub step: Option<String>,
    /// Run this once the file is open, and wait for its end before a screenshot: check, build, compare or sweep
    #[arg(long, requires = "file")]
    pub run: Option<String>,
    /// The pane to bring to the front: precision, plots, batches, variants, history, findings, engine, layers or log
    #[arg(long)]
    pub pane: Option<String>,
}

/// Arguments of `inspect`.
#[derive(Args, Debug)]
pub struct InspectArgs {
    /// The ONNX file, or an engine of TensorRT or TensorRT-RTX
    pub model: PathBuf,
    /// The library (or its folder) to ask about an engine; the version that built it when not given
    #[arg(long, value_name = "PATH")]
    pub library: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Options that say what a recipe says.
#[derive(Args, Debug, Default, Clone)]
pub struct RecipeArgs {
    /// The model (.onnx) or a recipe (.toml)
    pub input: PathBuf,
    /// Where the engine runs: embedded, onnxruntime-cpu, onnxruntime-cuda, tensorrt, tensorrt-rtx; compare and sweep take
    /// several, separated by commas, also versions of one (onnxruntime-cpu@1.22,onnxruntime-cpu@1.23)
    #[arg(long, value_name = "NAME[@VERSION]", value_delimiter = ',')]
    pub target: Vec<String>,
    /// Run the worker behind this command, for example 'ssh gpu-box'
    #[arg(long, value_name = "PREFIX")]
    pub via: Option<String>,
    /// Largest scratch memory of the builder, for example 1GiB
    #[arg(long, value_name = "SIZE")]
    pub workspace: Option<String>,
    /// Shape to measure with; repeatable
    #[arg(long, value_name = "NAME:1x3x224x224")]
    pub shape: Vec<String>,
    /// Smallest shape of a dynamic input; repeatable
    #[arg(long, value_name = "NAME:SHAPE")]
    pub min: Vec<String>,
    /// Shape to optimize for; repeatable
    #[arg(long, value_name = "NAME:SHAPE")]
    pub opt: Vec<String>,
    /// Largest shape of a dynamic input; repeatable
    #[arg(long, value_name = "NAME:SHAPE")]
    pub max: Vec<String>,
    /// A build option of the target by name; repeatable. `targets` lists the names
    #[arg(long = "option", value_name = "NAME=VALUE")]
    pub options: Vec<String>,
    /// Least time to measure, for example 3s
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,
    /// What a latency means: trtexec-10, trtexec-11, serial, custom
    #[arg(long, value_parser = named::<Protocol>)]
    pub protocol: Option<Protocol>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Options that name one variant.
#[derive(Args, Debug, Default, Clone)]
pub struct OneVariant {
    /// Precision: fp32, tf32, fp16, bf16, int8, fp8, int4
    #[arg(long, value_parser = named::<Precision>)]
    pub precision: Option<Precision>,
    /// Threads of a CPU engine
    #[arg(long)]
    pub threads: Option<u32>,
    /// The variant of the recipe to take
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
}

/// Arguments of `check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub one: OneVariant,
    /// Fail (exit code 3) when the target's own parser cannot be asked
    #[arg(long)]
    pub require_parser: bool,
}

/// Arguments of `build`.
#[derive(Args, Debug)]
pub struct BuildArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub one: OneVariant,
    /// The engine file to write
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
}

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
    #[arg(long, value_delimiter = ',')]
    pub batch: Vec<u64>,
    /// Thread counts to compare, separated by commas
    #[arg(long, value_delimiter = ',')]
    pub threads: Vec<u32>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub report: ReportArgs,
    /// A comparison written earlier as JSON, to hold this one against
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Fail (exit code 1) when a variant's median latency is this much slower than the baseline's, for example 5%
    #[arg(long, value_name = "PERCENT", requires = "baseline")]
    pub fail_slower: Option<String>,
    /// Fail when p99 is this much slower
    #[arg(long, value_name = "PERCENT", requires = "baseline")]
    pub fail_p99_slower: Option<String>,
    /// Fail when throughput is this much lower
    #[arg(long, value_name = "PERCENT", requires = "baseline")]
    pub fail_throughput: Option<String>,
    /// Fail when top-1 accuracy is this many percentage points lower
    #[arg(long, value_name = "POINTS", requires = "baseline")]
    pub fail_top1: Option<String>,
    /// Fail when the mean absolute error of an output is this much larger
    #[arg(long, value_name = "PERCENT", requires = "baseline")]
    pub fail_error: Option<String>,
}

/// Arguments of `clean`.
#[derive(Args, Debug)]
pub struct CleanArgs {
    /// The model (.onnx)
    pub model: PathBuf,
    /// The model to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Make no operator that this target lacks
    #[arg(long, value_name = "NAME[@VERSION]")]
    pub target: Option<String>,
    /// Raise the opset first, to 13 to 23: LayerNormalization needs 17, Gelu 20, RMSNormalization 23
    #[arg(long, value_name = "VERSION")]
    pub opset: Option<i64>,
    /// Do only this, for example fold-constants; repeatable, applied in the order given
    #[arg(long, value_name = "PATCH", value_parser = clean_up_patch)]
    pub only: Vec<PatchSpec>,
    /// Leave this out; repeatable
    #[arg(long, value_name = "PATCH", conflicts_with = "only", value_parser = clean_up_patch)]
    pub skip: Vec<PatchSpec>,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
    /// List every node that went, came or changed, and why
    #[arg(long)]
    pub nodes: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A clean-up patch by the name that recipes use; the error lists the names.
fn clean_up_patch(text: &str) -> Result<PatchSpec, String> {
    let all = PatchSpec::clean_up();
    let names: Vec<&str> = all.iter().map(PatchSpec::kind).collect();
    let unknown = || format!("unknown patch; there are {}", names.join(", "));
    all.iter().find(|p| p.kind() == text).cloned().ok_or_else(unknown)
}

/// Arguments of `history`.
#[derive(Args, Debug)]
pub struct HistoryArgs {
    /// The model (.onnx), a recipe (.toml), or the start of a model's SHA-256; without it the models that have runs are listed
    pub model: Option<PathBuf>,
    /// Compare two runs by their samples, the first is the baseline
    #[arg(long, num_args = 2, value_name = "RUN", requires = "model")]
    pub compare: Vec<String>,
    /// Show at most this many runs of each variant, the latest; default 20
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub last: usize,
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

/// Arguments of `sweep`.
#[derive(Args, Debug)]
pub struct SweepArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub recipe: RecipeArgs,
    /// Batch sizes, separated by commas; without them powers of two until --max-batch, --max-latency or memory end them
    #[arg(long, value_delimiter = ',', conflicts_with_all = ["max_batch", "max_latency"])]
    pub batch: Vec<u64>,
    /// Largest of the powers of two; default 256
    #[arg(long, value_name = "N")]
    pub max_batch: Option<u64>,
    /// Powers of two end when one inference takes longer; default 2s
    #[arg(long, value_name = "TIME")]
    pub max_latency: Option<String>,
    /// Precisions to sweep, separated by commas
    #[arg(long, value_delimiter = ',', value_parser = named::<Precision>)]
    pub precision: Vec<Precision>,
    /// Thread counts to sweep, separated by commas
    #[arg(long, value_delimiter = ',')]
    pub threads: Vec<u32>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub report: ReportArgs,
}

/// Arguments of `cast`.
#[derive(Args, Debug)]
pub struct CastArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub calibration: CalibrationArgs,
    /// fp16 or bf16
    #[arg(long, value_name = "TYPE", value_parser = named::<LowType>)]
    pub to: LowType,
    /// Inputs and outputs keep their types
    #[arg(long)]
    pub keep_io: bool,
    /// Cast the graph as it is: do not raise its opset and fuse layer normalizations first
    #[arg(long)]
    pub as_is: bool,
    /// Look at weights only; do not run the model to find ranges
    #[arg(long, conflicts_with_all = ["data", "cache"])]
    pub no_ranges: bool,
    /// Node that stays float32, by name, * stands for anything; repeatable
    #[arg(long, value_name = "NAME")]
    pub exclude: Vec<String>,
    /// Node lowered whatever the limits say, by name; repeatable
    #[arg(long, value_name = "NAME")]
    pub include: Vec<String>,
    /// Operator that stays float32; repeatable
    #[arg(long, value_name = "OPERATOR")]
    pub exclude_op: Vec<String>,
    /// Operator lowered whatever the limits say; repeatable
    #[arg(long, value_name = "OPERATOR")]
    pub include_op: Vec<String>,
    /// Nodes whose inputs or outputs go beyond this stay float32; default 512
    #[arg(long, value_name = "VALUE")]
    pub max_activation: Option<f32>,
    /// Nodes whose weights go beyond this stay float32; default the largest value of the type
    #[arg(long, value_name = "VALUE")]
    pub max_weight: Option<f32>,
    /// Nodes that add up more values than this into one (channels times kernel, rows of a matrix) stay float32; no limit by
    /// default
    #[arg(long, value_name = "N")]
    pub max_depth: Option<u64>,
}

/// Arguments of `quantize`.
#[derive(Args, Debug)]
pub struct QuantizeArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub calibration: CalibrationArgs,
    /// int8, fp8 (E4M3FN), or int4 (weights of MatMul and Gemm only, in blocks)
    #[arg(long, value_name = "TYPE", default_value = "int8", value_parser = named::<QuantMode>)]
    pub mode: QuantMode,
    /// How thresholds are chosen: max, entropy, percentile or mse; default entropy, for fp8 max
    #[arg(long, value_name = "NAME", value_parser = named::<Method>)]
    pub method: Option<Method>,
    /// Values of a weight that share a 4-bit scale; default 128
    #[arg(long, value_name = "N")]
    pub block: Option<u32>,
    /// Lower what stays float to this type: fp16 or bf16
    #[arg(long, value_name = "TYPE", value_parser = named::<LowType>)]
    pub rest: Option<LowType>,
    /// With --rest: inputs and outputs keep their types
    #[arg(long, requires = "rest")]
    pub keep_io: bool,
    /// Quantize the graph as it is: do not raise its opset, fold constants and remove no-ops first
    #[arg(long)]
    pub as_is: bool,
    /// Node that stays float, by name, * stands for anything; repeatable
    #[arg(long, value_name = "NAME")]
    pub exclude: Vec<String>,
    /// Node quantized whatever its size, by name; repeatable
    #[arg(long, value_name = "NAME")]
    pub include: Vec<String>,
    /// Operator quantized whatever its size; repeatable
    #[arg(long, value_name = "OPERATOR")]
    pub include_op: Vec<String>,
    /// Operator that stays float; repeatable
    #[arg(long, value_name = "OPERATOR")]
    pub exclude_op: Vec<String>,
}

/// What `cast` and `quantize` have in common: a model, data to run it on, a file to write.
#[derive(Args, Debug)]
pub struct CalibrationArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub data: SampleArgs,
    /// The model to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
    /// List every node with what became of it
    #[arg(long)]
    pub nodes: bool,
}

/// A model and data to run it on.
#[derive(Args, Debug)]
pub struct SampleArgs {
    /// The model (.onnx), or a recipe (.toml) that names it and its calibration data
    pub input: PathBuf,
    /// Calibration data: .npz or .npy, or a folder of .npy, .npz, .pb or images; without it inputs are generated
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// The array of --data that an input takes; repeatable
    #[arg(long, value_name = "INPUT=ARRAY", requires = "data")]
    pub array: Vec<String>,
    /// Use at most this many samples
    #[arg(long, value_name = "N")]
    pub samples: Option<u64>,
    /// Shape of a generated input; repeatable
    #[arg(long, value_name = "NAME:1x3x224x224")]
    pub shape: Vec<String>,
    /// A file to keep the ranges in; one made for another model or other data is refused
    #[arg(long, value_name = "FILE")]
    pub cache: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `run`.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// The recipe
    pub recipe: PathBuf,
    /// Folder for the report files; default: reports/NAME in the current directory
    #[arg(short, long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// Replace existing files
    #[arg(long)]
    pub force: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `targets`.
#[derive(Args, Debug)]
pub struct TargetsArgs {
    /// What to do; without it the targets are listed
    #[command(subcommand)]
    pub action: Option<TargetsAction>,
    /// Look at the machine behind this command
    #[arg(long, value_name = "PREFIX")]
    pub via: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What `targets` can do.
#[derive(Subcommand, Debug)]
pub enum TargetsAction {
    /// Fetch a runtime into the user's cache directory, beside versions that are there
    Install {
        /// onnxruntime, onnxruntime-gpu or tensorrt-rtx, with @VERSION for another than the newest
        #[arg(value_name = "NAME[@VERSION]")]
        what: String,
    },
    /// Remove a runtime that `targets install` fetched
    Remove {
        /// Name and version
        #[arg(value_name = "NAME@VERSION")]
        what: String,
    },
    /// Say what this machine has and lacks: Python, pip, installed runtimes, every target with the reasons against it. With
    /// a target, test it: parse, build and run a tiny model, compare its numbers, take the time
    Doctor {
        /// The target to test
        #[arg(value_name = "NAME[@VERSION]")]
        target: Option<String>,
        /// The library (or its folder) to test instead of the one that is found
        #[arg(long, value_name = "PATH", requires = "target")]
        library: Option<PathBuf>,
    },
}

/// Reads a value by the name that recipes use; the error lists the names.
pub(super) fn named<T: serde::de::DeserializeOwned + Clone + Send + Sync + 'static>(text: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::String(text.into())).map_err(|e| {
        let message = e.to_string();
        message.replace("unknown variant", "unknown name").replace('`', "")
    })
}
