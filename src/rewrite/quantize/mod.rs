//! Quantization with scales that are part of the graph: pairs of QuantizeLinear and DequantizeLinear in front of what
//! computes in 8 bits, weights stored in 8 or 4 bits.
//!
//! `place` says which inputs of which nodes are quantized (`weighted`: nodes with weights, `neighbours`: what goes with them,
//! `alone`: weights of what has no quantized activations,
//! `pointwise`: what stands alone, if asked for), `reasons` why the other nodes are not; `patterns` finds what stays float as
//! a whole (attention, GELU, normalizations); `scales` joins the thresholds of tensors that must share one; `weights` quantizes
//! constants, `rounding` lets their errors cancel; `insert` writes the result. The placement is that of ModelOpt's
//! post-training quantization for TensorRT, except where said.

mod alone;
mod fp8;
mod insert;
mod mode;
mod neighbours;
mod patterns;
mod place;
mod pointwise;
mod reasons;
mod rounding;
mod scales;
#[cfg(test)]
mod tests;
mod weighted;
mod weights;

pub use mode::QuantMode;
pub(in crate::rewrite) use neighbours::fuses;
pub(in crate::rewrite) use weights::Grain;

use super::clean::{Done, count};
use super::fold::refuse_broken;
use super::ranges::{Calibration, Observed};
use super::strip::pairs;
use crate::graph::{Graph, NodeId, Producer, TensorInfo};
use crate::model::{DataType, Model};
use place::Placed;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Values of a weight that share a 4-bit scale by default (ModelOpt's and TensorRT's usual block).
pub const BLOCK: u32 = 128;

/// How the threshold of a tensor is chosen: values beyond it are clipped.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// The largest magnitude seen.
    Max,
    /// What loses the least information (Kullback-Leibler divergence).
    Entropy,
    /// What 99.99 % of the magnitudes do not exceed.
    Percentile,
    /// The least mean squared error.
    #[default]
    Mse,
}

impl Method {
    /// `entropy`, as recipes write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Entropy => "entropy",
            Self::Percentile => "percentile",
            Self::Mse => "mse",
        }
    }

    /// What a type takes when nobody says. Clipping gains evenly spaced numbers a finer grid, and where to clip is best weighed
    /// by the squared error (M. Nagel et al., *A White Paper on Neural Network Quantization*, 2021, section 3.1; entropy lost
    /// clearly more on two of five real data sets and as much on the others, `docs/benchmarks/quantization.md`); 8-bit floats
    /// are as fine relative to the value wherever it lies, so nothing is gained there.
    pub fn default_for(mode: QuantMode) -> Self {
        match mode {
            QuantMode::Int8 => Self::Mse,
            QuantMode::Fp8 | QuantMode::Int4 => Self::Max,
        }
    }

    fn threshold(self, seen: &Observed) -> f32 {
        match self {
            Self::Max => seen.range.absmax(),
            Self::Entropy => seen.entropy,
            Self::Percentile => seen.percentile,
            Self::Mse => seen.mse,
        }
    }
}

/// Parameters of the quantization patch.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantizeSpec {
    /// The type.
    pub mode: QuantMode,
    /// How the thresholds were chosen.
    #[serde(default)]
    pub method: Method,
    /// Nodes quantized whatever their size: names, `*` stands for anything. Beats the excluding lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Nodes that stay float: names, `*` stands for anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Operators quantized whatever their size.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include_ops: Vec<String>,
    /// Operators that stay float.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_ops: Vec<String>,
    /// Operators without weights that stand alone (Add, Mul, BatchNormalization, pools, Resize) are quantized too; INT8 only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pointwise: bool,
    /// The two products inside attention are quantized too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attention: bool,
    /// Weights of nodes for which there is no quantized activation (LSTM, GRU, RNN, nodes inside If, Loop and Scan, tables that
    /// Gather looks rows up in) are stored as codes too, which the node reads dequantized; in INT4 tables only. In INT8 done
    /// without being asked for where nothing else can be quantized.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub weight_only: bool,
    /// Values of a weight that share a 4-bit scale; default [`BLOCK`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<u32>,
    /// Where the thresholds come from, in words.
    #[serde(default)]
    pub source: String,
    /// Threshold by tensor name: the magnitude that becomes the largest code. Weights alone need none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub thresholds: BTreeMap<String, f32>,
}

impl QuantizeSpec {
    /// With the thresholds that a method finds in a calibration.
    pub fn new(mode: QuantMode, method: Method, calibration: &Calibration) -> Self {
        let of = |(name, seen): (&String, &Observed)| (name.clone(), method.threshold(seen));
        Self {
            mode,
            method,
            include: Vec::new(),
            exclude: Vec::new(),
            include_ops: Vec::new(),
            exclude_ops: Vec::new(),
            pointwise: false,
            attention: false,
            weight_only: false,
            block: None,
            source: calibration.source.clone(),
            thresholds: calibration.tensors.iter().map(of).collect(),
        }
    }
}

/// The nodes that are quantized, in the graph's order, each with the weighted node that it is quantized because of (none for
/// weighted nodes themselves).
pub(super) fn lowered(graph: &Graph, spec: &QuantizeSpec) -> Vec<(NodeId, Option<NodeId>)> {
    let scales = scales::join(graph, spec.mode, &spec.thresholds);
    place::place(graph, spec, &scales).lowered
}

/// Names of the tensors that would be read as codes were everything known of them: what must be looked at before.
pub fn read_as_codes(graph: &Graph, spec: &QuantizeSpec) -> Vec<String> {
    let scales = scales::any(graph, spec.mode);
    let placed = place::place(graph, spec, &scales);
    let tensors: BTreeSet<_> = placed.activations.into_values().collect();
    tensors.into_iter().map(|t| graph.tensor(t).name.to_string()).collect()
}

/// Quantizes what should be.
///
/// # Errors
/// A model that is half precision or computes on codes already, or of too old an opset; a method that the type does not take;
/// structural problems; weights that cannot be read; nothing to quantize.
pub(super) fn quantize(model: &Arc<Model>, spec: &QuantizeSpec) -> Result<Done, String> {
    let graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let mode = spec.mode;
    refuse_lowered(&graph)?;
    let opset = graph.opset(0, "").ok_or("the model imports no ONNX operator set")?;
    let least = mode.least_opset();
    if opset < least {
        return Err(format!(
            "the model has opset {opset}; {mode} needs opset {least} or newer"
        ));
    }
    if mode == QuantMode::Fp8 && matches!(spec.method, Method::Entropy | Method::Mse) {
        return Err(format!(
            "method {} is for evenly spaced numbers; FP8 takes max or percentile",
            spec.method.name()
        ));
    }
    if spec.pointwise && mode != QuantMode::Int8 {
        return Err(format!(
            "operators without weights are quantized to INT8 only, not to {mode}"
        ));
    }
    if spec.attention && !mode.has_activations() {
        return Err(format!(
            "the products inside attention have no weights, which is all that {mode} stores"
        ));
    }
    if spec.weight_only && mode == QuantMode::Fp8 {
        return Err("weights alone are stored in INT8 or INT4, not in FP8".into());
    }
    if spec.block == Some(0) {
        return Err("a block of 0 values is none".into());
    }
    let scales = scales::join(&graph, mode, &spec.thresholds);
    let placed = place::place(&graph, spec, &scales);
    if placed.weights.is_empty() && placed.activations.is_empty() {
        let pairs = pairs(&graph);
        if pairs > 0 {
            return Err(format!(
                "the model is quantized already: it has {}, and nothing else of it can be quantized; --requantize (the patch \
                 strip-quantization in front) quantizes it anew",
                count(pairs, "quantizing or dequantizing node")
            ));
        }
        return Err(format!(
            "no node of the model can be quantized{}",
            placed.nearest(&graph)
        ));
    }
    let done = insert::insert(&graph, mode, &placed, &scales)?;
    model.check_intact().map_err(|e| e.to_string())?;
    Ok(Done {
        summary: summary(spec, &placed, done.weight_error),
        model: Arc::new(model.with_proto(done.proto)),
        notes: placed.notes,
    })
}

/// What was done, in one sentence.
fn summary(spec: &QuantizeSpec, placed: &Placed, weight_error: Option<f64>) -> String {
    let mode = spec.mode;
    let alone = placed
        .weights
        .keys()
        .filter(|(node, _)| placed.alone.contains(node))
        .count();
    let off = weight_error.map_or(String::new(), |error| {
        format!(", which changed them by {:.2} % (root mean square)", 1e2 * error)
    });
    let mut parts = Vec::new();
    if !placed.lowered.is_empty() {
        let weights = format!("{} of {} weights", placed.weights.len() - alone, placed.weighted);
        let how = match mode.has_activations() {
            true => format!(
                "{weights}, {}); thresholds by {} from {}",
                count(placed.tensors(), "activation"),
                spec.method.name(),
                spec.source
            ),
            false => format!("{weights}, blocks of {}){off}", spec.block.unwrap_or(BLOCK)),
        };
        parts.push(format!(
            "Quantized {} to {mode} ({how}",
            count(placed.lowered.len(), "node")
        ));
    }
    if alone > 0 {
        parts.push(format!(
            "Stored {} as {mode} for {} computing in float{off}",
            count(alone, "weight"),
            count(placed.alone.len(), "node")
        ));
    }
    parts.join(". ")
}

/// Refuses models with operators that compute on codes themselves, and those that are half precision already.
fn refuse_lowered(graph: &Graph) -> Result<(), String> {
    const INTEGER: [&str; 8] = [
        "QLinearConv",
        "QLinearMatMul",
        "ConvInteger",
        "MatMulInteger",
        "DynamicQuantizeLinear",
        "QGemm",
        "QAttention",
        "MatMulNBits",
    ];
    if let Some(node) = graph.nodes.iter().find(|n| INTEGER.contains(&&*n.op_type)) {
        return Err(format!(
            "the model is quantized already: {} is a {}",
            super::clean::label(node),
            node.op_type
        ));
    }
    // Inputs and outputs may be: what is raised keeps their types.
    let is_inner = |t: &&TensorInfo| t.producer != Producer::Input && !t.is_output;
    let has = |dtype: DataType| graph.tensors.iter().filter(is_inner).any(|t| t.ty.dtype == Some(dtype));
    match [DataType::Float16, DataType::BFloat16].into_iter().find(|d| has(*d)) {
        Some(dtype) => Err(format!(
            "the model has {dtype} tensors already: quantize the float32 model, then cast the rest"
        )),
        None => Ok(()),
    }
}
