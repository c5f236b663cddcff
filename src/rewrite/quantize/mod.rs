//! INT8 quantization with scales that are part of the graph: pairs of QuantizeLinear and DequantizeLinear in front of what
//! computes in 8 bits, weights stored in 8 bits.
//!
//! `place` says which inputs of which nodes are quantized and why the others are not; `attention` finds what stays float
//! around Softmax; `scales` joins the thresholds of tensors that must share one; `weights` quantizes constants; `insert`
//! writes the result. The placement is that of ModelOpt's post-training quantization for TensorRT, except where said.

mod attention;
mod insert;
mod place;
mod scales;
#[cfg(test)]
mod tests;
mod weights;

use super::clean::{Done, count};
use super::fold::refuse_broken;
use super::ranges::{Calibration, Observed};
use crate::graph::{Graph, NodeId};
use crate::model::{DataType, Model};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Least opset with scales per channel (operator QuantizeLinear-13).
const LEAST_OPSET: i64 = 13;

/// How the threshold of a tensor is chosen: values beyond it are clipped.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// The largest magnitude seen.
    Max,
    /// What loses the least information (Kullback-Leibler divergence).
    #[default]
    Entropy,
    /// What 99.99 % of the magnitudes do not exceed.
    Percentile,
    /// The least mean squared error.
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

    fn threshold(self, seen: &Observed) -> f32 {
        match self {
            Self::Max => seen.range.absmax(),
            Self::Entropy => seen.entropy,
            Self::Percentile => seen.percentile,
            Self::Mse => seen.mse,
        }
    }
}

/// Types to quantize to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuantMode {
    /// Signed 8-bit integers, zero at zero.
    Int8,
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
    /// Operators that stay float.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_ops: Vec<String>,
    /// Where the thresholds come from, in words.
    #[serde(default)]
    pub source: String,
    /// Threshold by tensor name: the magnitude that becomes 127.
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
            exclude_ops: Vec::new(),
            source: calibration.source.clone(),
            thresholds: calibration.tensors.iter().map(of).collect(),
        }
    }
}

/// The nodes that are quantized, in the graph's order, each with the weighted node that it is quantized because of (none for
/// weighted nodes themselves).
pub(super) fn lowered(graph: &Graph, spec: &QuantizeSpec) -> Vec<(NodeId, Option<NodeId>)> {
    let scales = scales::join(graph, &spec.thresholds);
    place::place(graph, spec, &scales).lowered
}

/// Quantizes what should be.
///
/// # Errors
/// A model that is quantized or half precision already, or of too old an opset; structural problems; weights that cannot be
/// read; nothing to quantize.
pub(super) fn quantize(model: &Arc<Model>, spec: &QuantizeSpec) -> Result<Done, String> {
    let graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let opset = graph.opset(0, "").ok_or("the model imports no ONNX operator set")?;
    if opset < LEAST_OPSET {
        return Err(format!(
            "the model has opset {opset}; scales per channel need opset {LEAST_OPSET} or newer"
        ));
    }
    let is = |name: &str| graph.nodes.iter().filter(|n| *n.op_type == *name).count();
    let quantized = is("QuantizeLinear").max(is("DequantizeLinear"));
    if quantized > 0 {
        let nodes = count(quantized, "quantizing or dequantizing node");
        return Err(format!("the model is quantized already: it has {nodes}"));
    }
    let has = |dtype: DataType| graph.tensors.iter().any(|t| t.ty.dtype == Some(dtype));
    if let Some(dtype) = [DataType::Float16, DataType::BFloat16].into_iter().find(|d| has(*d)) {
        return Err(format!(
            "the model has {dtype} tensors already: quantize the float32 model, then cast the rest"
        ));
    }
    let scales = scales::join(&graph, &spec.thresholds);
    let placed = place::place(&graph, spec, &scales);
    if placed.weights.is_empty() && placed.activations.is_empty() {
        let reason = placed
            .notes
            .first()
            .map_or_else(String::new, |(name, why)| format!("; {name}: {why}"));
        return Err(format!("no node of the model can be quantized{reason}"));
    }
    let proto = insert::insert(&graph, &placed, &scales)?;
    model.check_intact().map_err(|e| e.to_string())?;
    let summary = format!(
        "Quantized {} to int8 ({} of {} weights, {}); thresholds by {} from {}",
        count(placed.lowered.len(), "node"),
        placed.weights.len(),
        placed.weighted,
        count(placed.tensors(), "activation"),
        spec.method.name(),
        spec.source,
    );
    Ok(Done {
        model: Arc::new(model.with_proto(proto)),
        summary,
        notes: placed.notes,
    })
}
