//! Which inputs of which nodes are quantized, and why others are not.

use super::patterns::{cores, written_out};
use super::scales::Scales;
use super::weights::Grain;
use super::{BLOCK, QuantMode, QuantizeSpec};
use crate::graph::{Dim, Graph, Node, NodeId, Producer, TensorId, TensorKind};
use crate::model::{Attributes, DataType};
use crate::rewrite::clean::label;
use crate::rewrite::edit::defaults;
use crate::rewrite::names::matches;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Fewer channels, rows or columns than this are not worth fewer bits (ModelOpt's limit).
const LEAST_SIZE: u64 = 16;
/// Channels that engines pack together in 8 bits.
const PACKED: u64 = 8;
/// The least kernel for which a convolution per group gains from 8 bits (ModelOpt's limit).
const LEAST_GROUPED_KERNEL: u64 = 3;
/// Engines have no FP8 convolution for larger kernels than this many taps, nor for as few channels (ModelOpt's limits).
const MOST_FP8_TAPS: u64 = 32;
const FEW_FP8_CHANNELS: u64 = 16;
/// Smaller blocks that are taken where the wanted one does not divide a weight.
const SMALLER_BLOCKS: [u64; 3] = [64, 32, 16];
/// What passes a convolution's result on within its group, so that an Add behind it fuses with the convolution.
const IN_GROUP: [&str; 5] = ["BatchNormalization", "Relu", "Clip", "LeakyRelu", "Identity"];
/// What else engines fuse into the weighted node before it.
const FUSES: [&str; 11] = [
    "Add",
    "Sub",
    "Mul",
    "Sigmoid",
    "Tanh",
    "HardSigmoid",
    "HardSwish",
    "Elu",
    "Selu",
    "Softplus",
    "PRelu",
];

/// What is quantized.
#[derive(Default)]
pub(super) struct Placed {
    /// Inputs read as codes: node and index, with the tensor.
    pub(super) activations: BTreeMap<(NodeId, usize), TensorId>,
    /// Weights read as codes: node and index, with the tensor and what of it shares a scale.
    pub(super) weights: BTreeMap<(NodeId, usize), (TensorId, Grain)>,
    /// Nodes with a constant weight, quantized or not.
    pub(super) weighted: usize,
    /// Nodes that compute on codes, each with the weighted node that it does so because of.
    pub(super) lowered: Vec<(NodeId, Option<NodeId>)>,
    /// Per node: what is quantized, or why it is not.
    pub(super) notes: Vec<(String, String)>,
}

impl Placed {
    /// Number of different tensors that get a scale.
    pub(super) fn tensors(&self) -> usize {
        self.activations.values().collect::<BTreeSet<_>>().len()
    }

    /// Why the first node that might have been quantized was not, for a sentence; empty where there is none.
    pub(super) fn nearest(&self, graph: &Graph) -> String {
        let candidate = graph.nodes.iter().position(is_weighted);
        let note = candidate.and_then(|at| self.notes.get(at));
        note.map_or_else(String::new, |(name, why)| format!("; {name}: {why}"))
    }
}

/// Operators that multiply by weights.
fn is_weighted(node: &Node) -> bool {
    node.domain.is_empty() && matches!(&*node.op_type, "Conv" | "ConvTranspose" | "Gemm" | "MatMul")
}

/// True for operators that engines fuse into the weighted node before them.
pub(in crate::rewrite) fn fuses(node: &Node) -> bool {
    node.domain.is_empty() && (IN_GROUP.contains(&&*node.op_type) || FUSES.contains(&&*node.op_type))
}

pub(super) struct Placer<'a> {
    pub(super) graph: &'a Graph,
    spec: &'a QuantizeSpec,
    pub(super) scales: &'a Scales,
    cores: HashSet<NodeId>,
    /// Nodes of groups that stay float, with what they are part of.
    pub(super) groups: HashMap<NodeId, &'static str>,
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
        groups: written_out(graph),
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
                format!("{}: {what}", spec.mode)
            }
            Some(Err(why)) => format!("float: {why}"),
            None => match placer.fused(id) {
                Some(head) => {
                    placer.placed.lowered.push((id, Some(head)));
                    format!("{}: fused into {}", spec.mode, label(graph.node(head)))
                }
                None => format!("float: {}", placer.other(id)),
            },
        };
        placer.placed.notes.push((label(graph.node(id)), note));
    }
    placer.placed
}

impl Placer<'_> {
    pub(super) fn mode(&self) -> QuantMode {
        self.spec.mode
    }

    pub(super) fn is_constant(&self, id: TensorId) -> bool {
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
        let listed = |ops: &[String]| ops.iter().any(|op| **op == *node.op_type);
        if node.body != 0 {
            return Err(self.inside());
        }
        if named(&self.spec.include) || listed(&self.spec.include_ops) {
            return Ok(true);
        }
        if named(&self.spec.exclude) {
            return Err("excluded by name".into());
        }
        if listed(&self.spec.exclude_ops) {
            return Err(format!("{} is excluded", node.op_type));
        }
        Ok(false)
    }

    /// Whether the tensor can be read as codes.
    fn has_scale(&self, id: TensorId) -> Result<(), String> {
        let tensor = self.graph.tensor(id);
        if tensor.ty.dtype != Some(DataType::Float32) {
            return Err(format!("{} is not known to be float32", tensor.name));
        }
        match self.scales.threshold(id) {
            None => Err(format!("no range of {} is known", tensor.name)),
            Some(threshold) if threshold >= f32::MAX => Err(format!(
                "{} had values that are not finite in the calibration data",
                tensor.name
            )),
            Some(_) if self.scales.scale(id).is_none() => {
                Err(format!("{} was zero in all calibration data", tensor.name))
            }
            Some(_) => Ok(()),
        }
    }

    /// Conv, ConvTranspose, Gemm and MatMul; `None` for other operators.
    fn weighted(&mut self, id: NodeId) -> Option<Result<String, String>> {
        let graph = self.graph;
        let node = graph.node(id);
        if !is_weighted(node) || graph.bodies[node.body as usize].function.is_some() {
            return None;
        }
        let [Some(data), Some(weight), ..] = node.inputs[..] else {
            return Some(Err("it lacks an input".into()));
        };
        let is_constant = self.is_constant(weight);
        self.placed.weighted += usize::from(is_constant);
        let outcome = match self.mode().has_activations() {
            true => self.weighted_reason(id, node, data, weight, is_constant),
            false => self.weight_only(id, node, weight, is_constant),
        };
        Some(outcome.map(|grain| {
            self.heads.insert(id);
            let words = match grain {
                Grain::Tensor => "weight with one scale".to_owned(),
                Grain::Channel(axis) => format!("weight per channel of axis {axis}"),
                Grain::Blocks { axis, size } => format!("weight in blocks of {size} along axis {axis}"),
            };
            if is_constant {
                self.placed.weights.insert((id, 1), (weight, grain));
            }
            if !self.mode().has_activations() {
                return words;
            }
            self.placed.activations.insert((id, 0), data);
            let scale = self.scales.scale(data).unwrap_or_default();
            let input = format!("{} with scale {scale:.3e}", graph.tensor(data).name);
            if is_constant {
                return format!("{input}, {words}");
            }
            self.placed.activations.insert((id, 1), weight);
            format!("{input} and {}", graph.tensor(weight).name)
        }))
    }

    /// Known sizes of a tensor.
    fn sizes(&self, id: TensorId) -> Option<Vec<u64>> {
        let known = |d: &Dim| if let Dim::Known(n) = d { Some(*n) } else { None };
        self.dims(id)?.iter().map(known).collect()
    }

    /// What of the weight shares a scale when it alone is quantized.
    fn weight_only(&self, id: NodeId, node: &Node, weight: TensorId, is_constant: bool) -> Result<Grain, String> {
        let is_asked = self.asked(node)?;
        if !matches!(&*node.op_type, "MatMul" | "Gemm") {
            return Err("engines read 4-bit weights in MatMul and Gemm only".into());
        }
        let name = &self.graph.tensor(weight).name;
        if !is_constant {
            return Err(format!("its second input {name} is not constant"));
        }
        if self.graph.tensor(weight).ty.dtype != Some(DataType::Float32) {
            return Err(format!("its weight {name} is not float32"));
        }
        let sizes = self.sizes(weight).unwrap_or_default();
        let [rows, columns] = sizes[..] else {
            return Err(format!("its weight {name} is not a matrix"));
        };
        if !rows.saturating_mul(columns).is_multiple_of(2) {
            return Err(format!(
                "its weight has {rows}x{columns} values; two go into a byte, and TensorRT takes no odd number"
            ));
        }
        if rows.min(columns) < LEAST_SIZE && !is_asked {
            return Err(format!(
                "its matrix has a side of {}; less than {LEAST_SIZE} gains nothing",
                rows.min(columns)
            ));
        }
        let is_turned = self.graph.proto(id).int("transB").unwrap_or(0) != 0;
        let axis = usize::from(&*node.op_type == "Gemm" && is_turned);
        let length = sizes[axis];
        let wanted = u64::from(self.spec.block.unwrap_or(BLOCK)).min(length);
        let smaller = SMALLER_BLOCKS.into_iter().filter(|size| *size < wanted);
        let size = std::iter::once(wanted)
            .chain(smaller)
            .find(|size| length.is_multiple_of(*size));
        let size = usize::try_from(size.unwrap_or(wanted)).unwrap_or(usize::MAX);
        Ok(Grain::Blocks { axis, size })
    }

    /// What of the weight shares a scale when the node is to be quantized.
    fn weighted_reason(
        &self,
        id: NodeId,
        node: &Node,
        data: TensorId,
        weight: TensorId,
        is_constant: bool,
    ) -> Result<Grain, String> {
        let is_asked = self.asked(node)?;
        let graph = self.graph;
        if &*node.op_type == "ConvTranspose" && self.mode() == QuantMode::Fp8 {
            return Err("engines have no FP8 ConvTranspose".into());
        }
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
        let sizes = self.sizes(weight);
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
        Ok(axis.filter(|_| is_constant).map_or(Grain::Tensor, Grain::Channel))
    }

    fn conv_size(&self, id: NodeId, data: TensorId, sizes: &[u64]) -> Result<(), String> {
        let [a, b, ..] = sizes else {
            return Err("its weight has fewer than two dimensions".into());
        };
        let group = self.graph.proto(id).int("group").unwrap_or(1);
        if self.mode() == QuantMode::Fp8 {
            let taps: u64 = sizes.iter().skip(2).product();
            if taps > MOST_FP8_TAPS {
                return Err(format!(
                    "its kernel has {taps} taps; engines have FP8 up to {MOST_FP8_TAPS}"
                ));
            }
            if group > 1 || *a.min(b) <= FEW_FP8_CHANNELS {
                return Err(format!(
                    "it has {a} output and {b} input channels a group; engines have FP8 for more than {FEW_FP8_CHANNELS} of one \
                     group"
                ));
            }
            return Ok(());
        }
        let is_first = self.graph.tensor(data).producer == Producer::Input;
        let kernel = sizes.get(2..).unwrap_or_default();
        let packs = |n: u64| n.is_multiple_of(PACKED);
        // Few channels pay all the same where they can be packed (ModelOpt's exceptions).
        let pays = match group {
            ..=1 => {
                let is_wide = is_first || *a >= LEAST_SIZE || *b >= LEAST_SIZE;
                is_wide && (packs(*a) || packs(*b)) && kernel.windows(2).all(|k| k[0] == k[1])
            }
            _ => packs(*a) && kernel.iter().all(|k| *k >= LEAST_GROUPED_KERNEL),
        };
        if a.min(b) < &LEAST_SIZE && !pays {
            let (first, second) = match &*self.graph.node(id).op_type {
                "Conv" => ("output", "input"),
                _ => ("input", "output"),
            };
            let per = if group > 1 { " per group" } else { "" };
            return Err(format!(
                "it has {a} {first} and {b} {second} channels{per}; fewer than {LEAST_SIZE} gain nothing here"
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
        let is_outside = graph.bodies[node.body as usize].function.is_none();
        if !node.domain.is_empty() || !is_outside || !self.mode().has_activations() {
            return None;
        }
        let (index, head) = match &*node.op_type {
            "Add" => match self.skip_input(node)? {
                Ok(found) => found,
                Err(why) => return Some(Err(why)),
            },
            "MaxPool" | "AveragePool" | "GlobalAveragePool" if self.mode() == QuantMode::Int8 => {
                match self.beside_quantized(node) {
                    Some(head) => (0, head),
                    None => return Some(Err("nothing next to it is quantized".into())),
                }
            }
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

    /// The quantized node that a pointwise one is computed together with: it alone reads that one's result, maybe with a
    /// constant.
    fn fused(&self, id: NodeId) -> Option<NodeId> {
        let node = self.graph.node(id);
        if !self.mode().has_activations() || !fuses(node) || self.groups.contains_key(&id) {
            return None;
        }
        let mut data = node.inputs.iter().flatten().filter(|t| !self.is_constant(**t));
        let (first, second) = (data.next()?, data.next());
        if second.is_some() || self.asked(node).is_err() {
            return None;
        }
        self.behind(*first, true)
    }

    /// The quantized node whose group makes the tensor, which nothing else reads.
    fn group_head(&self, tensor: TensorId) -> Option<NodeId> {
        self.behind(tensor, false)
    }

    /// The same; with `through_all`, through anything pointwise that takes constants besides.
    fn behind(&self, mut tensor: TensorId, through_all: bool) -> Option<NodeId> {
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
            let in_group = maker.domain.is_empty() && IN_GROUP.contains(&&*maker.op_type);
            if !(in_group || through_all && fuses(maker)) {
                return None;
            }
            let mut data = maker.inputs.iter().flatten().filter(|t| !self.is_constant(**t));
            tensor = *data.next()?;
            if data.next().is_some() {
                return None;
            }
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
