//! Arguments of `cast` and `quantize`, and what all commands that run a model on data take.

use super::value::{above_zero, at_least_one, named};
use crate::rewrite::{LowType, Method, QuantMode};
use clap::Args;
use std::path::PathBuf;

/// Arguments of `cast`.
#[derive(Args, Debug)]
pub struct CastArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub calibration: CalibrationArgs,
    /// fp16 or bf16
    #[arg(long, value_name = "TYPE", value_parser = named::<LowType>)]
    pub to: LowType,
    /// Lower the float32 inputs and outputs of the model too; without it they keep their types, so that the result is a drop-in
    #[arg(long)]
    pub lower_io: bool,
    /// Cast the graph as it is: do not raise its opset and fuse layer normalizations first
    #[arg(long)]
    pub as_is: bool,
    /// Look at weights only; do not run the model to find ranges
    #[arg(long, conflicts_with_all = ["path", "cache"])]
    pub no_ranges: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub nodes: NodeChoice,
    /// Nodes whose inputs or outputs go beyond this stay float32; default 512
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true, value_parser = above_zero::<f32>)]
    pub max_activation: Option<f32>,
    /// Nodes whose weights go beyond this stay float32; default the largest value of the type
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true, value_parser = above_zero::<f32>)]
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
    /// How thresholds are chosen: max, entropy, percentile or mse; default mse, for fp8 max
    #[arg(long, value_name = "NAME", value_parser = named::<Method>)]
    pub method: Option<Method>,
    /// With --mode int4: values of a weight that share a scale; default 128
    #[arg(long, value_name = "N", value_parser = at_least_one::<u32>)]
    pub block: Option<u32>,
    /// Also quantize operators without weights that stand alone: Add, Mul, BatchNormalization, pools, Resize. They then move a
    /// quarter of the bytes, but read rounded values: the error grows. INT8 only; off by default
    #[arg(long)]
    pub pointwise: bool,
    /// Also quantize the two matrix products inside attention, for engines whose fused attention has INT8 or FP8; in INT8 up
    /// to 512 places long. Off by default
    #[arg(long)]
    pub attention: bool,
    /// Also store in INT8 the weights of what has no quantized activations: LSTM, GRU, RNN, nodes inside If, Loop and Scan, and
    /// tables of embeddings (those in INT4 with --mode int4). They compute in float on dequantized weights: a smaller file, not
    /// a faster one. With INT8 done by itself where nothing else can be quantized
    #[arg(long)]
    pub weight_only: bool,
    /// Remove the quantization that the model has and quantize it anew: asymmetric becomes symmetric, per tensor per channel, INT8
    /// another --mode. Without --data the ranges are those that its pairs hold. Without this, what is quantized already is kept
    #[arg(long)]
    pub requantize: bool,
    /// Lower what stays float to this type: fp16 or bf16
    #[arg(long, value_name = "TYPE", value_parser = named::<LowType>)]
    pub rest: Option<LowType>,
    /// With --rest: lower the float32 inputs and outputs of the model too
    #[arg(long, requires = "rest")]
    pub lower_io: bool,
    /// Quantize the graph as it is: do not raise its opset, fold constants and remove no-ops first
    #[arg(long)]
    pub as_is: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub nodes: NodeChoice,
}

/// What `cast` and `quantize` have in common: a model, data to run it on, a file to write.
#[derive(Args, Debug)]
pub struct CalibrationArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub sample: SampleArgs,
    /// The model to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
    /// List every node with what became of it
    #[arg(long = "nodes")]
    pub list_nodes: bool,
}

/// Nodes chosen against what the limits say.
#[derive(Args, Debug, Default, Clone)]
pub struct NodeChoice {
    /// Node that is not lowered, by name, * stands for anything; repeatable
    #[arg(long, value_name = "NAME")]
    pub exclude: Vec<String>,
    /// Node lowered whatever its values and its size, by name, * stands for anything; repeatable
    #[arg(long, value_name = "NAME")]
    pub include: Vec<String>,
    /// Operator that is not lowered; repeatable
    #[arg(long, value_name = "OPERATOR")]
    pub exclude_op: Vec<String>,
    /// Operator lowered whatever its values and its size; repeatable
    #[arg(long, value_name = "OPERATOR")]
    pub include_op: Vec<String>,
}

impl NodeChoice {
    /// True when nothing was chosen.
    pub fn is_empty(&self) -> bool {
        let Self {
            exclude,
            include,
            exclude_op,
            include_op,
        } = self;
        [exclude, include, exclude_op, include_op]
            .into_iter()
            .all(Vec::is_empty)
    }
}

/// Data to run a model on.
#[derive(Args, Debug, Default, Clone)]
pub struct DataArgs {
    /// Inputs: .npz or .npy, or a folder of .npy, .npz, .pb or images; without it what the recipe says, else generated
    #[arg(long = "data", value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// The array of --data that an input takes; repeatable
    #[arg(long, value_name = "INPUT=ARRAY", requires = "path")]
    pub array: Vec<String>,
    /// Where an input has its samples, when data and model do not show it: the number of an axis, stack (one axis more in
    /// front) or fixed (all samples share the array); repeatable
    #[arg(long, value_name = "INPUT=AXIS", requires = "path")]
    pub samples_on: Vec<String>,
    /// Use at most this many samples
    #[arg(long, value_name = "N", value_parser = at_least_one::<u64>)]
    pub samples: Option<u64>,
}

/// A model and data to run it on.
#[derive(Args, Debug)]
pub struct SampleArgs {
    /// The model (.onnx), or a recipe (.toml) that names it and its calibration data
    pub input: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub data: DataArgs,
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
