//! Which inputs of which nodes are quantized, and why others are not.

use super::QuantizeSpec;
use super::attention::cores;
use super::scales::Scales;
use crate::graph::{Dim, Graph, Node, NodeId, Producer, TensorId, TensorKind};
use crate::model::{Attributes, DataType};
use crate::rewrite::clean::label;
use crate::rewrite::edit::defaults;
use crate::rewrite::names::matches;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Fewer channels, rows or columns than this are not worth 8 bits (ModelOpt's limit).
const LEAST_SIZE: u64 = 16;
/// An image's channels, which engines pack by four: the first convolution is quantized though it has so few.
const IMAGE_CHANNELS: u64 = 4;
/// What passes a convolution's result on within its group, so that an Add behind it fuses with the convolution.
const IN_GROUP: [&str; 5] = ["BatchNormalization", "Relu", "Clip", "LeakyRelu", "Identity"];

/// What is quantized.
#[derive(Default)]
pub(super) struct Placed {
    /// Inputs read in 8 bits: node and index, with the tensor.
    pub(super) activations: BTreeMap<(NodeId, usize), TensorId>,
    /// Weights read in 8 bits: node and index, with the tensor and its channel axis.
    pub(super) weights: BTreeMap<(NodeId, usize), (TensorId, Option<usize>)>,
    /// Nodes with a constant weight, quantized or not.
    pub(super) weighted: usize,
    /// Nodes that compute on 8-bit inputs, each with the weighted node that it does so because of.
    pub(super) lowered: Vec<(NodeId, Option<NodeId>)>,
    /// Per node: what is quantized, or why it is not.
    pub(super) notes: Vec<(String, String)>,
}

impl Placed {
    /// Number of different tensors that get a scale.
    pub(super) fn tensors(&self) -> usize {
        self.activations.values().collect::<BTreeSet<_>>().len()
    }
}

struct Placer<'a> {
    graph: &'a Graph,
    spec: &'a QuantizeSpec,
    scales: &'a Scales,
    cores: HashSet<NodeId>,
    defaults: HashSet<TensorId>,
    /// Weighted nodes that are quantized.
    heads: HashSet<NodeId>,
    /// The weighted node that a node next to it is quantized because of.
    ties: BTreeMap<NodeId, NodeId>,
    placed: Placed,
}

/// Places all pairs.
pub(super) fn place(graph: &Graph, spec: &QuantizeSpec, scales: &Scales) -> Placed {
    let mut placer = Placer {
        graph,
        spec,
        scales,
        cores: cores(graph),
        defaults: defaults(graph),
        heads: HashSet::new(),
        ties: BTreeMap::new(),
        placed: Placed::default(),
    };
    let mut reasons: BTreeMap<NodeId, Result<String, String>> = BTreeMap::new();
    let ids = || (0..graph.nodes.len() as u32).map(NodeId);
    for id in ids() {
        if let Some(outcome) = placer.weighted(id) {
            reasons.insert(id, outcome);
        }
    }
    // What stands next to them is decided once they are known.
    for id in ids() {
        if let Some(outcome) = placer.neighbour(id) {
            reasons.insert(id, outcome);
        }
    }
    for id in ids() {
        let note = match reasons.remove(&id) {
            Some(Ok(what)) => {
                let head = placer.ties.get(&id).copied();
                placer.placed.lowered.push((id, head));
                format!("INT8: {what}")
            }
            Some(Err(why)) => format!("float: {why}"),
            None => continue,
        };
        placer.placed.notes.push((label(graph.node(id)), note));
    }
    placer.placed
}

impl Placer<'_> {
    fn is_constant(&self, id: TensorId) -> bool {
        self.graph.tensor(id).kind == TensorKind::Constant && !self.defaults.contains(&id)
    }

    fn dims(&self, id: TensorId) -> Option<&[Dim]> {
        self.graph.tensor(id).ty.shape.as_ref().map(|s| s.0.as_slice())
    }

    /// Why the user's lists or the place keep a node float; `Ok(true)` when they ask for it.
    fn asked(&self, node: &Node) -> Result<bool, String> {
        let named = |patterns: &[String]| {
            let name = label(node);
            patterns.iter().any(|p| matches(p, &name))
        };
        if node.body != 0 {
            return Err("it stands in a body or function, where ranges cannot be seen".into());
        }
        if named(&self.spec.include) {
            return Ok(true);
        }
        if named(&self.spec.exclude) {
            return Err("excluded by name".into());
        }
        if self.spec.exclude_ops.iter().any(|op| **op == *node.op_type) {
            return Err(format!("{} is excluded", node.op_type));
        }
        Ok(false)
    }

    /// Whether the tensor can be read in 8 bits.
    fn has_scale(&self, id: TensorId) -> Result<(), String> {
        let tensor = self.graph.tensor(id);
        if tensor.ty.dtype != Some(DataType::Float32) {
            return Err(format!("{} is not known to be float32", tensor.name));
        }
        match self.scales.threshold(id) {
            None => Err(format!("no range of {} is known", tensor.name)),
            Some(_) if self.scales.scale(id).is_none() => Err(format!(
                "{} was zero, or not finite, in all calibration data",
                tensor.name
            )),
            Some(_) => Ok(()),
        }
    }

    /// Conv, ConvTranspose, Gemm and MatMul; `None` for other operators.
    fn weighted(&mut self, id: NodeId) -> Option<Result<String, String>> {
        let graph = self.graph;
        let node = graph.node(id);
        let is_known = node.domain.is_empty()
            && matches!(&*node.op_type, "Conv" | "ConvTranspose" | "Gemm" | "MatMul")
            && graph.bodies[node.body as usize].function.is_none();
        if !is_known {
            return None;
        }
        let [Some(data), Some(weight), ..] = node.inputs[..] else {
            return Some(Err("it lacks an input".into()));
        };
        let is_constant = self.is_constant(weight);
        self.placed.weighted += usize::from(is_constant);
        let outcome = self.weighted_reason(id, node, data, weight, is_constant);
        Some(outcome.map(|axis| {
            self.heads.insert(id);
            self.placed.activations.insert((id, 0), data);
            let scale = self.scales.scale(data).unwrap_or_default();
            let input = format!("{} with scale {scale:.3e}", graph.tensor(data).name);
            if is_constant {
                self.placed.weights.insert((id, 1), (weight, axis));
                match axis {
                    Some(axis) => format!("{input}, weight per channel of axis {axis}"),
                    None => format!("{input}, weight with one scale"),
                }
            } else {
                self.placed.activations.insert((id, 1), weight);
                format!("{input} and {}", graph.tensor(weight).name)
            }
        }))
    }

    /// The weight's channel axis when the node is to be quantized.
    fn weighted_reason(
        &self,
        id: NodeId,
        node: &Node,
        data: TensorId,
        weight: TensorId,
        is_constant: bool,
    ) -> Result<Option<usize>, String> {
        let is_asked = self.asked(node)?;
        let graph = self.graph;
        if self.is_constant(data) {
            return Err(format!("its first input {} is constant", graph.tensor(data).name));
        }
        self.has_scale(data)?;
        let is_conv = matches!(&*node.op_type, "Conv" | "ConvTranspose");
        if !is_constant {
            if is_conv {
                return Err(format!("its weight {} is not constant", graph.tensor(weight).name));
            }
            if self.cores.contains(&id) && !is_asked {
                return Err("it is part of an attention, which engines fuse".into());
            }
            self.has_scale(weight)?;
        } else if graph.tensor(weight).ty.dtype != Some(DataType::Float32) {
            return Err(format!("its weight {} is not float32", graph.tensor(weight).name));
        }
        let sizes: Option<Vec<u64>> = self.dims(weight).and_then(|dims| {
            let known = |d: &Dim| if let Dim::Known(n) = d { Some(*n) } else { None };
            dims.iter().map(known).collect()
        });
        let axis = match (&*node.op_type, sizes.as_deref()) {
            ("Conv" | "ConvTranspose", Some(sizes)) => {
                if !is_asked {
                    self.conv_size(id, data, sizes)?;
                }
                // ConvTranspose: the second axis counts per group; with groups one scale serves all.
                match &*node.op_type {
                    "Conv" => Some(0),
                    _ if graph.proto(id).int("group").unwrap_or(1) == 1 => Some(1),
                    _ => None,
                }
            }
            ("Gemm", sizes) => {
                let transposed = graph.proto(id).int("transB").unwrap_or(0) != 0;
                if !is_asked {
                    self.matrix_size(node, sizes)?;
                }
                Some(usize::from(!transposed))
            }
            (_, sizes) => {
                if !is_asked {
                    self.matrix_size(node, sizes)?;
                }
                sizes.filter(|s| s.len() == 2).map(|_| 1)
            }
        };
        Ok(axis.filter(|_| is_constant))
    }

    fn conv_size(&self, id: NodeId, data: TensorId, sizes: &[u64]) -> Result<(), String> {
        let [a, b, ..] = sizes else {
            return Err("its weight has fewer than two dimensions".into());
        };
        let group = self.graph.proto(id).int("group").unwrap_or(1);
        let is_first = self.graph.tensor(data).producer == Producer::Input;
        let is_image = is_first && group == 1 && *b <= IMAGE_CHANNELS && *a >= LEAST_SIZE;
        if a.min(b) < &LEAST_SIZE && !is_image {
            let (first, second) = match &*self.graph.node(id).op_type {
                "Conv" => ("output", "input"),
                _ => ("input", "output"),
            };
            let per = if group > 1 { " per group" } else { "" };
            return Err(format!(
                "it has {a} {first} and {b} {second} channels{per}; fewer than {LEAST_SIZE} gain nothing"
            ));
        }
        Ok(())
    }

    fn matrix_size(&self, node: &Node, sizes: Option<&[u64]>) -> Result<(), String> {
        if let Some(sizes) = sizes
            && let Some(least) = sizes.iter().rev().take(2).min().filter(|n| **n < LEAST_SIZE)
        {
            return Err(format!(
                "its matrix has a side of {least}; less than {LEAST_SIZE} gains nothing"
            ));
        }
        let rows = node.outputs.first().copied().flatten().and_then(|t| {
            let dims = self.dims(t)?;
            dims.len().checked_sub(2).and_then(|at| dims.get(at))
        });
        if rows == Some(&Dim::Known(1)) {
            return Err("it multiplies a single row, where reading the weights takes all the time".into());
        }
        Ok(())
    }

    /// Residual additions and pools; `None` for other operators.
    fn neighbour(&mut self, id: NodeId) -> Option<Result<String, String>> {
        let graph = self.graph;
        let node = graph.node(id);
        if !node.domain.is_empty() || graph.bodies[node.body as usize].function.is_some() {
            return None;
        }
        let (index, head) = match &*node.op_type {
            "Add" => match self.skip_input(node)? {
                Ok(found) => found,
                Err(why) => return Some(Err(why)),
            },
            "MaxPool" | "AveragePool" | "GlobalAveragePool" => match self.beside_quantized(node) {
                Some(head) => (0, head),
                None => return Some(Err("nothing next to it is quantized".into())),
            },
            _ => return None,
        };
        let tensor = node.inputs.get(index).copied().flatten()?;
        let outcome = self.asked(node).and_then(|is_asked| {
            let is_output = node.outputs.iter().flatten().any(|t| graph.tensor(*t).is_output);
            if is_output && !is_asked {
                return Err("it makes an output of the model".into());
            }
            self.has_scale(tensor)
        });
        Some(outcome.map(|()| {
            self.placed.activations.insert((id, index), tensor);
            self.ties.insert(id, head);
            let scale = self.scales.scale(tensor).unwrap_or_default();
            let what = if index == 0 && &*node.op_type != "Add" {
                ""
            } else {
                "the skipping input "
            };
            format!("{what}{} with scale {scale:.3e}", graph.tensor(tensor).name)
        }))
    }

    /// Of an Add behind a quantized convolution: the input that skips it, which is quantized; the other one fuses with the
    /// convolution, which is given beside it, and stays float. `None` when a constant is added.
    fn skip_input(&self, node: &Node) -> Option<Result<(usize, NodeId), String>> {
        let [Some(a), Some(b)] = node.inputs[..] else {
            return None;
        };
        if self.is_constant(a) || self.is_constant(b) {
            return None;
        }
        Some(match (self.group_head(a), self.group_head(b)) {
            (None, None) => Err("neither input comes from a quantized convolution".into()),
            (Some(head), None) => Ok((1, head)),
            (None, Some(head)) => Ok((0, head)),
            // Both do, as where the skipping branch changes the size: that one has the smaller kernel.
            (Some(a), Some(b)) if self.kernel(a) >= self.kernel(b) => Ok((1, a)),
            (Some(_), Some(b)) => Ok((0, b)),
        })
    }

    fn kernel(&self, id: NodeId) -> u64 {
        let weight = self.graph.node(id).inputs.get(1).copied().flatten();
        let dims = weight.and_then(|w| self.graph.tensor(w).ty.shape.as_ref()?.as_known());
        dims.map_or(0, |d| d.iter().skip(2).product())
    }

    /// The quantized node whose group makes the tensor, which nothing else reads.
    fn group_head(&self, mut tensor: TensorId) -> Option<NodeId> {
        for _ in 0..=IN_GROUP.len() {
            let info = self.graph.tensor(tensor);
            let Producer::Node { node, .. } = info.producer else {
                return None;
            };
            if info.consumers.len() != 1 || info.is_output {
                return None;
            }
            if self.heads.contains(&node) {
                return Some(node);
            }
            let maker = self.graph.node(node);
            if !maker.domain.is_empty() || !IN_GROUP.contains(&&*maker.op_type) {
                return None;
            }
            tensor = maker.inputs.first().copied().flatten()?;
        }
        None
    }

    /// The quantized node before a pool, or else behind it.
    fn beside_quantized(&self, node: &Node) -> Option<NodeId> {
        let mut before = node.inputs.first().copied().flatten();
        for _ in 0..=IN_GROUP.len() {
            let Some(Producer::Node { node, .. }) = before.map(|t| self.graph.tensor(t).producer) else {
                break;
            };
            if self.heads.contains(&node) {
                return Some(node);
            }
            let maker = self.graph.node(node);
            let passes = maker.domain.is_empty()
                && (IN_GROUP.contains(&&*maker.op_type) || matches!(&*maker.op_type, "Add" | "Concat"));
            if !passes {
                break;
            }
            before = maker.inputs.first().copied().flatten();
        }
        let outputs = node.outputs.iter().flatten();
        let readers = outputs.flat_map(|t| &self.graph.tensor(*t).consumers);
        let mut readers = readers.map(|(reader, _)| *reader);
        readers.find(|r| self.heads.contains(r))
    }
}
