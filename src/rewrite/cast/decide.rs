//! Which nodes are lowered, and why the others are not.

use super::integers::{Integers, integers};
use super::op_types::OpTypes;
use super::{CastSpec, LowType};
use crate::graph::{Graph, Node, NodeId, TensorId, TensorKind};
use crate::model::{Attributes, DataType, Tensor};
use crate::rewrite::bodies::value_name;
use crate::rewrite::edit::defaults;
use crate::rewrite::names::matches;
use crate::rewrite::ranges::magnitude;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// Operators that lose too much or that engines do not run in 16 bits (AutoCast's list), and one whose definition as a
/// function takes float32 only.
const NEVER: [&str; 4] = ["Upsample", "NonMaxSuppression", "Celu", "MeanVarianceNormalization"];
/// Operators whose results are as large as this operand makes them, by operator and the first inputs that do: what is lost of
/// a small value there is lost of the result. A small summand disappears beside a large one anyway.
const FACTORS: [(&str, usize); 10] = [
    ("Conv", 2),
    ("ConvTranspose", 2),
    ("Gemm", 2),
    ("MatMul", 2),
    ("Mul", 2),
    ("Div", 2),
    ("LSTM", 3),
    ("GRU", 3),
    ("RNN", 3),
    ("Gather", 1),
];
/// The relative error of a weight, by its squares, from which on what its small values lose keeps a node float32: about what
/// rounding to 11 bits loses anyway (2 to the power of -11).
const MOST_UNDERFLOW: f64 = 1e-3;
/// Values that one processor looks at at a time.
const PART: usize = 1 << 16;
/// Largest magnitude of an activation by default: from there on float16 is spaced by 0.5 (AutoCast's default).
pub(super) const MAX_ACTIVATION: f32 = 512.0;

/// What becomes of a node.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Verdict {
    /// Lowered; the bits are the type variables (of its schema) that are.
    Lowered {
        /// Bit mask of type variables.
        variables: u32,
    },
    /// Stays float32 for this reason.
    Kept(String),
    /// Has no float32 to lower, or takes floats of any kind.
    Untouched,
    /// A `Constant` node: its value follows its readers.
    Constant,
    /// If, Loop or Scan: its types follow its bodies'.
    Control,
}

/// True when the tensor is a plain float32 one.
pub(super) fn is_float32(graph: &Graph, id: TensorId) -> bool {
    let ty = &graph.tensor(id).ty;
    ty.container.is_none() && ty.dtype == Some(DataType::Float32)
}

/// True when an input of the node may be of any float type as it comes: its values do not enter what is computed, or are
/// converted anyway.
pub(super) fn takes_any(node: &Node) -> bool {
    node.domain.is_empty() && matches!(&*node.op_type, "Shape" | "Size" | "Cast")
}

/// One verdict per node of the graph.
///
/// # Errors
/// Weights that cannot be read.
pub(super) fn decide(graph: &Graph, spec: &CastSpec) -> Result<Vec<Verdict>, String> {
    let mut decider = Decider {
        graph,
        spec,
        defaults: defaults(graph),
        weights: HashMap::new(),
        lost: HashMap::new(),
        coarse: HashMap::new(),
        integers: integers(graph),
    };
    let mut verdicts = vec![Verdict::Untouched; graph.nodes.len()];
    // Makers before readers: what reads a tensor whose scale cannot be lowered stays with it.
    for id in graph.topological_order() {
        verdicts[id.0 as usize] = decider.node(id)?;
    }
    Ok(verdicts)
}

struct Decider<'a> {
    graph: &'a Graph,
    spec: &'a CastSpec,
    defaults: HashSet<TensorId>,
    /// Largest finite magnitude of each weight looked at.
    weights: HashMap<TensorId, f32>,
    /// Relative error that the small values of a weight make.
    lost: HashMap<TensorId, f64>,
    integers: Integers,
    /// Results of DequantizeLinear whose scale the lower type cannot hold, with that scale.
    coarse: HashMap<TensorId, f32>,
}

impl Decider<'_> {
    fn node(&mut self, id: NodeId) -> Result<Verdict, String> {
        let (graph, spec) = (self.graph, self.spec);
        let node = graph.node(id);
        let body = &graph.bodies[node.body as usize];
        let tensors = || node.inputs.iter().chain(&node.outputs).flatten().copied();
        if !tensors().any(|t| graph.tensor(t).ty.dtype == Some(DataType::Float32)) {
            return Ok(Verdict::Untouched);
        }
        let kept = |reason: String| Ok(Verdict::Kept(reason));
        if body.function.is_some() {
            return kept("it is part of a local function, which stays float32".into());
        }
        if node.function.is_some() {
            return kept("it calls a local function, which stays float32".into());
        }
        if !node.domain.is_empty() {
            return kept(format!(
                "what types {} of {} takes is not known",
                node.op_type, node.domain
            ));
        }
        match &*node.op_type {
            "If" | "Loop" | "Scan" => return Ok(Verdict::Control),
            "Constant" => return Ok(Verdict::Constant),
            _ => {}
        }
        // What is in a sequence or an optional has the type that its container declares, wherever it was put in.
        if tensors().any(|t| graph.tensor(t).ty.container.is_some()) {
            return kept("it reads or makes a sequence or an optional".into());
        }
        let opset = graph.opset(node.body, "").unwrap_or(0);
        let Some(types) = OpTypes::find(&node.op_type, opset) else {
            return kept(format!(
                "what types {} takes at opset {opset} is not known",
                node.op_type
            ));
        };
        // An output whose type no input gives has it from an attribute.
        let of_inputs: u32 = (0..node.inputs.len())
            .filter_map(|i| types.input(i))
            .fold(0, |mask, v| mask | 1 << v);
        let proto = graph.proto(id);
        let is_cast = &*node.op_type == "Cast";
        let is_fill = &*node.op_type == "ConstantOfShape";
        // From opset 23 on its result may have a type of its own, which is the scale's where none is said.
        let follows_scale = &*node.op_type == "DequantizeLinear" && proto.int("output_dtype").unwrap_or(0) == 0;
        if is_cast && proto.int("to") != Some(i64::from(DataType::Float32.to_onnx())) {
            return Ok(Verdict::Untouched);
        }
        let (mut present, mut allowed) = (0u32, 0u32);
        for (variable, tensor) in self.variables(node, types) {
            if graph.tensor(tensor).ty.dtype.is_none() {
                return kept(format!("the type of {} is not known", graph.tensor(tensor).name));
            }
            if !is_float32(graph, tensor) {
                continue;
            }
            present |= 1 << variable;
            // LayerNormalization computes mean and deviation in the type that an attribute says.
            let is_stash = &*node.op_type == "LayerNormalization" && types.output(0) != Some(variable);
            let is_given = of_inputs & 1 << variable != 0 || is_cast || is_fill || follows_scale;
            if types.allows(variable, spec.to) && is_given && !is_stash {
                allowed |= 1 << variable;
            }
        }
        if is_cast {
            // What goes in is taken as it comes.
            allowed &= types.output(0).map_or(0, |v| 1 << v);
        }
        if takes_any(node) && !is_cast || present == 0 {
            return Ok(Verdict::Untouched);
        }
        if allowed == 0 {
            let to = spec.to.data_type();
            return kept(match OpTypes::first_opset(&node.op_type, spec.to) {
                Some(first) if first > opset => {
                    format!(
                        "{} takes {to} from opset {first} on, the model has {opset}",
                        node.op_type
                    )
                }
                Some(_) => format!("the type of what {} makes is not given by its inputs", node.op_type),
                None => format!("{} takes no {to}", node.op_type),
            });
        }
        let lowered = Ok(Verdict::Lowered { variables: allowed });
        let named = |patterns: &[String]| {
            let name = crate::rewrite::clean::label(node);
            patterns.iter().any(|p| matches(p, &name))
        };
        let listed = |ops: &[String]| ops.iter().any(|op| **op == *node.op_type);
        if named(&spec.include) || listed(&spec.include_ops) {
            return lowered;
        }
        if named(&spec.exclude) {
            return kept("excluded by name".into());
        }
        if listed(&spec.exclude_ops) {
            return kept(format!("{} is excluded", node.op_type));
        }
        if NEVER.contains(&&*node.op_type) {
            return kept(format!("{} is never lowered", node.op_type));
        }
        let mut reason = self.scale_reason(node)?;
        if reason.is_none() {
            reason = self.weight_reason(id, node, types, allowed)?;
        }
        if reason.is_none() {
            reason = self.underflow_reason(node, types, allowed)?;
        }
        let reason = reason
            .or_else(|| self.depth_reason(id, node))
            .or_else(|| self.range_reason(id, node))
            .or_else(|| self.small_reason(node));
        reason.map_or(lowered, |reason| Ok(Verdict::Kept(reason)))
    }

    fn variables<'n>(&self, node: &'n Node, types: &'static OpTypes) -> impl Iterator<Item = (u8, TensorId)> + 'n {
        let inputs = node.inputs.iter().enumerate();
        let inputs = inputs.filter_map(move |(i, t)| Some((types.input(i)?, (*t)?)));
        let outputs = node.outputs.iter().enumerate();
        inputs.chain(outputs.filter_map(move |(i, t)| Some((types.output(i)?, (*t)?))))
    }

    /// Scales below the least normal number lose digits, and with them all values that they scale; what computes on those
    /// stays as precise.
    fn scale_reason(&mut self, node: &Node) -> Result<Option<String>, String> {
        if let Some((tensor, scale)) = node
            .inputs
            .iter()
            .flatten()
            .find_map(|t| Some((t, self.coarse.get(t)?)))
        {
            let name = &self.graph.tensor(*tensor).name;
            return Ok(Some(format!(
                "the scale {scale:.1e} of {name} is too small for {}",
                self.spec.to
            )));
        }
        if !matches!(&*node.op_type, "QuantizeLinear" | "DequantizeLinear") {
            return Ok(None);
        }
        let Some(scale) = node.inputs.get(1).copied().flatten() else {
            return Ok(None);
        };
        let Some(value) = self.graph.stored_value(scale) else {
            return Ok(None);
        };
        let value = value.map_err(|e| e.to_string())?;
        let scales = value.to_f32().unwrap_or_default();
        let least = scales.into_iter().filter(|s| *s > 0.0).fold(f32::INFINITY, f32::min);
        if least >= self.spec.to.smallest_normal() {
            return Ok(None);
        }
        if &*node.op_type == "DequantizeLinear" {
            self.coarse.extend(node.outputs.iter().flatten().map(|t| (*t, least)));
        }
        Ok(Some(format!("its scale {least:.1e} is too small for {}", self.spec.to)))
    }

    /// How many values a node adds up into one, against the limit.
    fn depth_reason(&self, id: NodeId, node: &Node) -> Option<String> {
        let limit = self.spec.max_depth?;
        let depth = super::depth::depth(self.graph, id, node)?;
        (depth > limit).then(|| format!("it adds up {depth} values into one, the limit is {limit}"))
    }

    fn weight_reason(
        &mut self,
        id: NodeId,
        node: &Node,
        types: &OpTypes,
        allowed: u32,
    ) -> Result<Option<String>, String> {
        let limit = self.spec.max_initializer.unwrap_or_else(|| self.spec.to.largest());
        if &*node.op_type == "ConstantOfShape"
            && let Some(value) = self.graph.proto(id).tensor("value")
        {
            let value = self.graph.model.tensor(value).map_err(|e| e.to_string())?;
            let largest = largest(&value);
            if largest > limit {
                return Ok(Some(format!("its value is {}", magnitude(largest))));
            }
        }
        for (i, tensor) in node.inputs.iter().enumerate() {
            let (Some(tensor), Some(variable)) = (tensor, types.input(i)) else {
                continue;
            };
            let info = self.graph.tensor(*tensor);
            if allowed & 1 << variable == 0 || info.kind != TensorKind::Constant || self.defaults.contains(tensor) {
                continue;
            }
            let largest = match self.weights.get(tensor) {
                Some(known) => *known,
                None => {
                    let largest = self.largest(*tensor)?;
                    self.weights.insert(*tensor, largest);
                    largest
                }
            };
            if largest > limit {
                let name = &info.name;
                return Ok(Some(format!("weight {name} reaches {}", magnitude(largest))));
            }
        }
        Ok(None)
    }

    /// A factor whose small values the type loses.
    fn underflow_reason(&mut self, node: &Node, types: &OpTypes, allowed: u32) -> Result<Option<String>, String> {
        let factors = FACTORS
            .iter()
            .find(|(op, _)| **op == *node.op_type)
            .map_or(0, |(_, n)| *n);
        for (i, tensor) in node.inputs.iter().take(factors).enumerate() {
            let (Some(tensor), Some(variable)) = (tensor, types.input(i)) else {
                continue;
            };
            let info = self.graph.tensor(*tensor);
            if allowed & 1 << variable == 0 || info.kind != TensorKind::Constant || self.defaults.contains(tensor) {
                continue;
            }
            let lost = match self.lost.get(tensor) {
                Some(known) => *known,
                None => {
                    let lost = match self.graph.constant(*tensor) {
                        Some(value) => underflow(&value.map_err(|e| e.to_string())?, self.spec.to),
                        None => 0.0,
                    };
                    self.lost.insert(*tensor, lost);
                    lost
                }
            };
            if lost > MOST_UNDERFLOW {
                return Ok(Some(format!(
                    "weight {} has values below {:.1e}, of which {} loses {} % of the weight",
                    info.name,
                    self.spec.to.smallest_normal(),
                    self.spec.to,
                    crate::format::significant(lost * 100.0)
                )));
            }
        }
        Ok(None)
    }

    /// Something computed that stays below what the type has all digits of.
    fn small_reason(&self, node: &Node) -> Option<String> {
        let ranges = self.spec.ranges.as_ref()?;
        let is_computed =
            |t: &&TensorId| self.graph.tensor(**t).kind != TensorKind::Constant && is_float32(self.graph, **t);
        let mut tensors = node.outputs.iter().chain(&node.inputs).flatten().filter(is_computed);
        tensors.find_map(|t| {
            let reached = ranges.tensors.get(&*value_name(self.graph, *t))?.absmax();
            let name = &self.graph.tensor(*t).name;
            (reached > 0.0 && reached < self.spec.to.smallest_normal())
                .then(|| format!("{name} stays below {reached:.1e}, where {} loses digits", self.spec.to))
        })
    }

    /// The largest finite magnitude. Infinities are representable in both types, so they do not count.
    fn largest(&self, tensor: TensorId) -> Result<f32, String> {
        match self.graph.constant(tensor) {
            Some(value) => Ok(largest(&value.map_err(|e| e.to_string())?)),
            None => Ok(0.0),
        }
    }

    fn range_reason(&self, id: NodeId, node: &Node) -> Option<String> {
        let graph = self.graph;
        let limit = self.spec.max_activation.unwrap_or(MAX_ACTIVATION);
        let Some(ranges) = &self.spec.ranges else {
            // Numbers on their way to an integer are often indices, which 11 bits may not hold.
            let to_integer = self.integers.to.contains(&id);
            return to_integer.then(|| "its values become integers, and their range is not known".into());
        };
        // Inputs that were generated, or one day's data, say little of how far indices reach.
        if self.integers.between.contains(&id) {
            return Some("it computes integers from integers".into());
        }
        let is_computed = |t: &&TensorId| graph.tensor(**t).kind != TensorKind::Constant && is_float32(graph, **t);
        let of = |tensors: &[Option<TensorId>], what: &str| {
            tensors.iter().flatten().filter(is_computed).find_map(|t| {
                let reached = ranges.tensors.get(&*value_name(graph, *t))?.absmax();
                let name = &graph.tensor(*t).name;
                (reached > limit).then(|| format!("{what} {name} reached {}", magnitude(reached)))
            })
        };
        // At the top level all tensors are looked at; a body may not have run, or not where it can be seen.
        let unseen = || {
            let inside = |t: &&TensorId| graph.tensor(**t).body != 0 && is_computed(t);
            let mut tensors = node.outputs.iter().chain(&node.inputs).flatten().filter(inside);
            let missing = tensors.find(|t| !ranges.tensors.contains_key(&*value_name(graph, **t)))?;
            let name = &graph.tensor(*missing).name;
            Some(format!("it runs inside a body, where no range of {name} was seen"))
        };
        of(&node.outputs, "output")
            .or_else(|| of(&node.inputs, "input"))
            .or_else(unseen)
    }
}

/// The relative error, by squares, that rounding the values below the type's least normal number makes in a float32 tensor;
/// 0 for other types.
fn underflow(value: &Tensor, to: LowType) -> f64 {
    if value.dtype != DataType::Float32 {
        return 0.0;
    }
    let least = to.smallest_normal();
    let part = |values: &[[u8; 4]]| {
        let (mut all, mut lost) = (0f64, 0f64);
        for value in values.iter().map(|c| f32::from_le_bytes(*c)).filter(|v| v.is_finite()) {
            all += f64::from(value).powi(2);
            if value != 0.0 && value.abs() < least {
                let rounded = match to {
                    LowType::Fp16 => half::f16::from_f32(value).to_f32(),
                    LowType::Bf16 => half::bf16::from_f32(value).to_f32(),
                };
                lost += f64::from(value - rounded).powi(2);
            }
        }
        (all, lost)
    };
    let parts = value.bytes.as_chunks::<4>().0.par_chunks(PART);
    let (all, lost) = parts.map(part).reduce(|| (0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    if all > 0.0 { (lost / all).sqrt() } else { 0.0 }
}

/// The largest finite magnitude of a float32 tensor; 0 for other types.
fn largest(value: &Tensor) -> f32 {
    if value.dtype != DataType::Float32 {
        return 0.0;
    }
    // Without their signs, finite numbers are ordered as their bits are, and infinities and NaN come after them.
    let part = |values: &[[u8; 4]]| {
        let magnitudes = values.iter().map(|c| u32::from_le_bytes(*c) & 0x7fff_ffff);
        magnitudes.fold(0, |m, bits| if bits < 0x7f80_0000 { m.max(bits) } else { m })
    };
    let parts = value.bytes.as_chunks::<4>().0.par_chunks(PART);
    f32::from_bits(parts.map(part).reduce(|| 0, u32::max))
}
