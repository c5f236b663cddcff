//! Options that say what a recipe says, and the arguments of `run`.

use super::value::{at_least_one, named};
use crate::bench::Protocol;
use crate::recipe::Precision;
use clap::Args;
use std::path::PathBuf;

/// Options that say what a recipe says.
#[derive(Args, Debug, Default, Clone)]
pub struct RecipeArgs {
    /// The model (.onnx) or a recipe (.toml)
    pub input: PathBuf,
    /// Where the engine runs: embedded, onnxruntime-cpu, onnxruntime-cuda, openvino,
    /// onnxruntime-ep, tensorrt, tensorrt-rtx, runner; compare and sweep
    /// take several, separated by commas, also versions of one (onnxruntime-cpu@1.22,onnxruntime-cpu@1.23)
    #[arg(long, value_name = "NAME[@VERSION]", value_delimiter = ',')]
    pub target: Vec<String>,
    /// Your own program that speaks the runner protocol, for example 'python eager.py'; compare and sweep take several and
    /// measure them beside the targets. `enginesmith runner python` writes what makes a runner of a Python function
    #[arg(long, value_name = "COMMAND")]
    pub runner: Vec<String>,
    /// Run the worker behind this command, for example 'ssh gpu-box'
    #[arg(long, value_name = "PREFIX")]
    pub via: Option<String>,
    /// Largest scratch memory of the builder, for example 1GiB
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true)]
    pub workspace: Option<String>,
    /// Most main memory that a worker may take, for example 8GiB [default: three quarters of the machine's]
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true)]
    pub memory: Option<String>,
    /// Shape to measure with, or values of a shape tensor (NAME=32,32); repeatable
    #[arg(long, value_name = "NAME:1x3x224x224")]
    pub shape: Vec<String>,
    /// Smallest shape of an input with open sizes, or smallest values of a shape tensor (NAME=32,32); repeatable. A second
    /// one for the same input begins a second profile
    #[arg(long, value_name = "NAME:SHAPE")]
    pub min: Vec<String>,
    /// Shape, or values, to optimize for; repeatable
    #[arg(long, value_name = "NAME:SHAPE")]
    pub opt: Vec<String>,
    /// Largest shape, or values; repeatable
    #[arg(long, value_name = "NAME:SHAPE")]
    pub max: Vec<String>,
    /// A build option of the target by name; repeatable. `targets` lists the names
    #[arg(long = "option", value_name = "NAME=VALUE")]
    pub options: Vec<String>,
    /// Least time to measure, for example 3s
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
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
    #[arg(long, value_name = "N", value_parser = at_least_one::<u32>)]
    pub threads: Option<u32>,
    /// The variant of the recipe to take
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
}

/// Arguments of `run`.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// The recipe
    pub recipe: PathBuf,
    /// Build all engines, check them and keep them in the report's folder, and measure nothing: for a machine that has not
    /// the GPU that they are for
    #[arg(long, conflicts_with = "baseline")]
    pub build_only: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub gates: super::GateArgs,
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
