//! Arguments of `accuracy` and `bisect`.

use super::value::above_zero;
use super::{DataArgs, OneVariant, RecipeArgs};
use clap::Args;

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
    pub reference: ReferenceArgs,
    /// Compare every tensor that both graphs have, not the outputs alone; on 32 samples unless --samples says otherwise
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
    pub reference: ReferenceArgs,
    /// Build an engine for every tensor looked at and look at few, by binary search; TensorRT always does
    #[arg(long)]
    pub search: bool,
}

/// What a variant is compared with, and on what.
#[derive(Args, Debug)]
pub struct ReferenceArgs {
    /// The reference: a target, or an ONNX file with the model as it was, or both; default ONNX Runtime on the CPU where it
    /// is found, with the model as it is before patches
    #[arg(long, value_name = "TARGET[@VERSION]|MODEL.onnx")]
    pub against: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub data: DataArgs,
    /// The array or .npy file of --data with class labels
    #[arg(long, value_name = "ARRAY", requires = "path")]
    pub labels: Option<String>,
    /// Error beyond which a tensor is bad: size of the difference over size of the reference; default by precision
    #[arg(long, value_name = "ERROR", allow_negative_numbers = true, value_parser = above_zero::<f64>)]
    pub limit: Option<f64>,
}
