//! Arguments of `accuracy` and `bisect`.

use super::{OneVariant, RecipeArgs};
use clap::Args;
use std::path::PathBuf;

/// Arguments of `accuracy`.
#[derive(Args, Debug)]
pub struct AccuracyArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub one: OneVariant,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub data: DataArgs,
    /// Compare every tensor that both graphs have, not the outputs alone
    #[arg(long)]
    pub per_tensor: bool,
}

/// Arguments of `bisect`.
#[derive(Args, Debug)]
pub struct BisectArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub one: OneVariant,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub data: DataArgs,
    /// Build an engine for every tensor looked at and look at few, by binary search; TensorRT always does
    #[arg(long)]
    pub search: bool,
}

/// What a variant is compared with, and on what.
#[derive(Args, Debug)]
pub struct DataArgs {
    /// The reference: a target, or an ONNX file with the model as it was, or both; default ONNX Runtime on the CPU where it
    /// is found, with the model as it is before patches
    #[arg(long, value_name = "TARGET[@VERSION]|MODEL.onnx")]
    pub against: Vec<String>,
    /// Inputs: .npz or .npy, or a folder of .npy, .npz, .pb or images; without any in the recipe either they are generated
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// The array of --data that an input takes; repeatable
    #[arg(long, value_name = "INPUT=ARRAY", requires = "data")]
    pub array: Vec<String>,
    /// The array or .npy file of --data with class labels
    #[arg(long, value_name = "ARRAY", requires = "data")]
    pub labels: Option<String>,
    /// Use at most this many samples; default all for outputs, 32 for inner tensors
    #[arg(long, value_name = "N")]
    pub samples: Option<u64>,
    /// Error beyond which a tensor is bad: size of the difference over size of the reference; default by precision
    #[arg(long, value_name = "ERROR")]
    pub limit: Option<f64>,
}
