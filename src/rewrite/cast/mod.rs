//! Lowering float32 to float16 or bfloat16 with casts: what strongly typed targets need instead of a flag.
//!
//! `decide` says per node whether it is lowered and why not; `storage` derives the type of every tensor from that, through
//! If, Loop and Scan; `weights` converts constants; `insert` writes the result; `cleanup` takes out casts that do nothing.
//! `double` narrows float64 first; `integers` finds what computes indices, which stays as it is; `op_types` is what the operators'
//! schemas allow. The rules are those of ModelOpt's AutoCast, except where said.

mod cleanup;
mod decide;
mod depth;
pub(super) mod double;
mod insert;
mod integers;
pub(super) mod op_types;
mod storage;
#[cfg(test)]
mod tests;
mod weights;

use super::bodies::{labels, value_name};
use super::clean::{Done, count};
use super::fold::refuse_broken;
use super::loss::{Loss, LossKind};
use super::ranges::Ranges;
use crate::graph::{Graph, NodeId, Producer, TensorInfo};
use crate::model::{DataType, Model};
use decide::Verdict;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Magnitude of an activation from which its node stays float32, unless the patch says otherwise.
pub const MAX_ACTIVATION: f32 = decide::MAX_ACTIVATION;

/// The types that float32 can be lowered to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum LowType {
    Fp16,
    Bf16,
}

impl LowType {
    /// As tensors have it.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Fp16 => DataType::Float16,
            Self::Bf16 => DataType::BFloat16,
        }
    }

    /// `fp16`, as recipes write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fp16 => "fp16",
            Self::Bf16 => "bf16",
        }
    }

    /// Largest finite value.
    pub fn largest(self) -> f32 {
        match self {
            Self::Fp16 => half::f16::MAX.to_f32(),
            Self::Bf16 => half::bf16::MAX.to_f32(),
        }
    }

    /// Smallest positive value with all its digits; below, precision is lost bit by bit.
    pub fn smallest_normal(self) -> f32 {
        match self {
            Self::Fp16 => half::f16::MIN_POSITIVE.to_f32(),
            Self::Bf16 => half::bf16::MIN_POSITIVE.to_f32(),
        }
    }

    /// Smallest positive value (subnormal).
    pub fn smallest(self) -> f32 {
        match self {
            Self::Fp16 => half::f16::from_bits(1).to_f32(),
            Self::Bf16 => half::bf16::from_bits(1).to_f32(),
        }
    }
}

impl std::fmt::Display for LowType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name().to_uppercase())
    }
}

/// Parameters of the cast patch.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CastSpec {
    /// The type to lower to.
    pub to: LowType,
    /// Inputs and outputs of the model keep their types, as a drop-in engine has them; otherwise float32 ones are lowered too.
    #[serde(default = "yes")]
    pub keep_io_types: bool,
    /// Nodes lowered whatever the limits say: names, `*` stands for anything. Beats the excluding lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Nodes that stay float32: names, `*` stands for anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Operators lowered whatever the limits say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include_ops: Vec<String>,
    /// Operators that stay float32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_ops: Vec<String>,
    /// A node with an input or output beyond this magnitude stays float32; default 512, where float16 is spaced by 0.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_activation: Option<f32>,
    /// A node with a finite weight beyond this magnitude stays float32; default is the type's largest value (65504).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_initializer: Option<f32>,
    /// A node that sums more products or values than this into one stays float32; no limit when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_depth: Option<u64>,
    /// What values the tensors take; without it weights alone decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranges: Option<Ranges>,
}

fn yes() -> bool {
    true
}

impl CastSpec {
    /// Everything by default.
    pub fn new(to: LowType) -> Self {
        Self {
            to,
            keep_io_types: true,
            include: Vec::new(),
            exclude: Vec::new(),
            include_ops: Vec::new(),
            exclude_ops: Vec::new(),
            max_activation: None,
            max_initializer: None,
            max_depth: None,
            ranges: None,
        }
    }
}

/// The nodes that a cast lowers, in the graph's order; bodies of If, Loop and Scan included.
///
/// # Errors
/// Weights that cannot be read.
pub(super) fn lowered(graph: &Graph, spec: &CastSpec) -> Result<Vec<NodeId>, String> {
    let verdicts = decide::decide(graph, spec)?;
    let lowered = verdicts
        .iter()
        .enumerate()
        .filter(|(_, v)| matches!(v, Verdict::Lowered { .. }));
    Ok(lowered
        .filter_map(|(i, _)| Some(NodeId(u32::try_from(i).ok()?)))
        .collect())
}

/// True for an input that only Casts read, and for an output that a Cast makes: what a cast that keeps the types of inputs and
/// outputs leaves in float32.
fn is_cast_at_the_edge(graph: &Graph, tensor: &TensorInfo) -> bool {
    let is_cast = |id: NodeId| &*graph.node(id).op_type == "Cast";
    match tensor.producer {
        Producer::Input => tensor.body == 0 && tensor.consumers.iter().all(|(id, _)| is_cast(*id)),
        Producer::Node { node, .. } => tensor.is_output && tensor.consumers.is_empty() && is_cast(node),
        Producer::Initializer | Producer::Missing => false,
    }
}

/// Lowers what can be lowered; what that does to values goes into `losses`.
///
/// # Errors
/// Structural problems; an opset that has no casts to the type; weights that cannot be read.
pub(super) fn cast(model: &Arc<Model>, spec: &CastSpec, losses: &mut Vec<Loss>) -> Result<Done, String> {
    let mut graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let narrowed = double::narrow(&graph, spec.keep_io_types, losses)?;
    let doubles = narrowed.as_ref().map_or(0, |(_, count)| *count);
    let model = narrowed.map_or_else(|| model.clone(), |(model, _)| model);
    if doubles > 0 {
        graph = Graph::new(model.clone());
        refuse_broken(&graph).map_err(|e| format!("after float64 became float32: {e}"))?;
    }
    let opset = graph.opset(0, "").ok_or("the model imports no ONNX operator set")?;
    let least = match spec.to {
        LowType::Fp16 => 6,
        LowType::Bf16 => 13,
    };
    if opset < least {
        return Err(format!(
            "the model has opset {opset}; Cast to {} needs opset {least} or newer",
            spec.to.data_type()
        ));
    }
    let to_cast = |t: &&TensorInfo| {
        t.ty.dtype == Some(DataType::Float32)
            && !graph.bodies[t.body as usize].is_function
            && !(spec.keep_io_types && is_cast_at_the_edge(&graph, t))
    };
    if !graph.tensors.iter().any(|t| to_cast(&t)) {
        let other = |t: &TensorInfo| t.ty.dtype.filter(|d| d.is_float() && *d != DataType::Float32);
        return Err(match graph.tensors.iter().find_map(other) {
            Some(dtype) => format!("nothing to cast: the model's floats are {dtype}, none inside it are float32"),
            None => "nothing to cast: no tensor of the model is float32".into(),
        });
    }
    let verdicts = decide::decide(&graph, spec)?;
    overflows(&graph, spec, &verdicts, losses);
    let storage = storage::storage(&graph, spec, &verdicts);
    let inserted = insert::insert(&graph, spec, &verdicts, &storage)?;
    model.check_intact().map_err(|e| e.to_string())?;
    let (model, cleaned) = cleanup::cleanup(Arc::new(model.with_proto(inserted.proto)))?;

    let mut notes: Vec<(String, String)> = Vec::new();
    let (mut lowered, mut kept) = (0, 0);
    for (label, verdict) in labels(&graph).into_iter().zip(&verdicts) {
        match verdict {
            Verdict::Lowered { .. } => {
                lowered += 1;
                notes.push((label, spec.to.to_string()));
            }
            Verdict::Kept(reason) => {
                kept += 1;
                notes.push((label, format!("FP32: {reason}")));
            }
            Verdict::Untouched | Verdict::Constant | Verdict::Control => {}
        }
    }
    notes.extend(inserted.losses.iter().filter_map(note));
    let sum = |of: fn(&LossKind) -> bool| inserted.losses.iter().filter(|l| of(&l.kind)).map(|l| l.count).sum();
    let clamped: u64 = sum(|kind| matches!(kind, LossKind::Clamped { .. }));
    let flushed: u64 = sum(|kind| matches!(kind, LossKind::Flushed { .. }));
    losses.extend(inserted.losses);
    let mut summary = format!(
        "Cast {} to {}, {} in float32; {} inserted, {} converted",
        count(lowered, "node"),
        spec.to.data_type(),
        match kept {
            0 => "none stay".to_owned(),
            1 => "1 stays".to_owned(),
            n => format!("{n} stay"),
        },
        count(inserted.casts.saturating_sub(cleaned), "cast"),
        count(inserted.weights, "weight"),
    );
    if doubles > 0 {
        summary.push_str(&format!("; {} became float32 first", count(doubles, "float64 tensor")));
    }
    for (number, what) in [(clamped, "clamped"), (flushed, "kept from becoming zero")] {
        if number > 0 {
            summary.push_str(&format!("; {number} weight values {what}"));
        }
    }
    match &spec.ranges {
        Some(ranges) => summary.push_str(&format!("; ranges from {}", ranges.source)),
        None => summary.push_str("; no ranges were given, so weights alone decided"),
    }
    Ok(Done { model, summary, notes })
}

/// What happens to a weight's values, as notes have it.
fn note(loss: &Loss) -> Option<(String, String)> {
    let text = match loss.kind {
        LossKind::Clamped { to } => format!("{} of {} values clamped to {to}", loss.count, loss.of),
        LossKind::Flushed { to } => format!("{} of {} values too small, raised to {to:e}", loss.count, loss.of),
        LossKind::Overflow { .. } | LossKind::Integers { .. } => return None,
    };
    Some((loss.tensor.clone(), text))
}

/// Tensors that lowered nodes make although they reached values that the type does not have.
fn overflows(graph: &Graph, spec: &CastSpec, verdicts: &[Verdict], losses: &mut Vec<Loss>) {
    let Some(ranges) = &spec.ranges else { return };
    let lowered = graph.nodes.iter().zip(verdicts);
    let lowered = lowered.filter(|(_, v)| matches!(v, Verdict::Lowered { .. }));
    for id in lowered.flat_map(|(node, _)| node.outputs.iter().flatten()) {
        let reached = ranges.tensors.get(&*value_name(graph, *id));
        let (tensor, reached) = (graph.tensor(*id), reached.map_or(0.0, super::Range::absmax));
        if tensor.ty.dtype == Some(DataType::Float32) && reached > spec.to.largest() {
            losses.push(Loss {
                tensor: tensor.name.to_string(),
                kind: LossKind::Overflow { reached },
                count: 0,
                of: 0,
                dtype: spec.to.data_type(),
            });
        }
    }
}
