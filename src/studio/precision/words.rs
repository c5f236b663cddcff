//! What the choices mean, in plain words.

use crate::recipe::Precision;
use crate::rewrite::Method;

/// A precision, for its tooltip.
pub fn precision(p: Precision) -> &'static str {
    match p {
        Precision::Fp32 => {
            "32-bit floats, as most models are trained. Slowest and most exact: what everything else is compared with."
        }
        Precision::Tf32 => {
            "FP32 whose matrix products keep 10 bits behind the point, on NVIDIA GPUs since Ampere. A switch of the target; \
             the graph stays as it is."
        }
        Precision::Fp16 => {
            "16-bit floats: half the memory, and often twice the speed or more. They hold values up to 65504 with 3 digits, so \
             nodes that see larger ones stay in FP32."
        }
        Precision::Bf16 => {
            "16-bit floats with the range of FP32 and only 2 digits: nothing overflows, results are coarser than in FP16."
        }
        Precision::Int8 => {
            "8-bit integers where it pays, each tensor with a scale that sample data decides (calibration); larger values are \
             clipped. A quarter of the memory, and the fastest where the hardware has units for it."
        }
        Precision::Fp8 => {
            "8-bit floats (E4M3, up to 448): scaled like INT8, with a finer grid near zero. For Ada, Hopper and newer GPUs."
        }
        Precision::Int4 => {
            "Weights in 4 bits, computing stays in float. For models whose speed is that of reading their weights, such as \
             language models."
        }
    }
}

/// A calibration method, for its tooltip.
pub fn method(m: Method) -> &'static str {
    match m {
        Method::Entropy => {
            "Clips rare large values so that the picture of the common ones changes least. What NVIDIA's ModelOpt takes."
        }
        Method::Max => "Clips nothing seen in the data. One outlier makes the grid coarse for all other values.",
        Method::Percentile => "Clips the largest 0.01 % of the values.",
        Method::Mse => "The clipping with the least mean squared error after rounding to 8 bits. The usual choice.",
    }
}

/// Inputs and outputs keep their types.
pub const KEEP_IO: &str = "Whoever feeds the model goes on giving FP32, at the price of a conversion at each end. Without it, \
    inputs and outputs become 16-bit too.";
/// What is not quantized becomes FP16.
pub const REST: &str = "Nodes that are not quantized compute in FP16 instead of FP32, so that nothing runs wider than it must. \
    Without it an INT8 model can be slower than an FP16 one.";
/// Operators without weights become INT8.
pub const POINTWISE: &str = "Add, Mul, BatchNormalization, pools and Resize that stand alone read 8-bit values as well. They then \
    move a quarter of the bytes, but work on rounded values, so the error grows; engines usually compute them together with the \
    node before at no cost. Off by default: measure whether it is faster on your target.";
/// The products inside attention.
pub const ATTENTION: &str = "The two matrix products around each Softmax become 8-bit as well. It pays where the engine has a fused \
    attention for the type; elsewhere the conversions around the Softmax can cost more than the products save.";
/// Limit of activations.
pub const LIMIT: &str = "A node whose inputs or outputs reach a larger magnitude in the calibration stays in FP32. From 512 on, \
    neighbouring FP16 values are 0.5 apart.";
/// Nodes to keep.
pub const EXCLUDE: &str =
    "Names of nodes that stay in FP32, separated by commas; * stands for anything: /head/*, *softmax*";
/// Operators to keep.
pub const EXCLUDE_OPS: &str = "Operators that stay in FP32, separated by commas: Softmax, Gemm";
/// Nodes to lower.
pub const INCLUDE: &str = "Names of nodes that are lowered though a rule would keep them, separated by commas; * stands for \
    anything. Beats the lists above.";
/// What generated inputs mean.
pub const GENERATED: &str = "The recipe has no calibration data, so inputs are generated at random. Ranges of real data differ: \
    good for a first look, not for an engine that is put to use.";
