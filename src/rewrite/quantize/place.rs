//! Which inputs of which nodes are quantized, and why others are not.

use super::alone::is_recurrent;
use super::patterns::{cores, written_out};
use super::scales::Scales;
use super::weighted::is_weighted;
use super::weights::Grain;
use super::{QuantMode, QuantizeSpec};
use crate::graph::{Dim, Graph, Node, NodeId, TensorId, TensorKind};
use crate::model::DataType;
use crate::rewrite::clean::label;
use crate::rewrite::edit::defaults;
use crate::rewrite::names::matches;
use crate::rewrite::strip::is_dequantized;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What is quantized.
#[derive(Default)]
pub(super) struct Placed {
    /// Inputs read as codes: node and index, with the tensor.
    pub(super) activations: BTreeMap<(NodeId, usize), TensorId>,
    /// Weights read as codes: node and index, with the tensor and what of it shares a scale.
    pub(super) weights: BTreeMap<(NodeId, usize), (TensorId, Grain)>,
    /// Nodes that compute in float on weights that alone are codes.
    pub(super) alone: BTreeSet<NodeId>,
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
        let candidate = graph.nodes.iter().position(|n| is_weighted(n) || is_recurrent(n));
        let note = candidate.and_then(|at| self.notes.get(at));
        note.map_or_else(String::new, |(name, why)| format!("; {name}: {why}"))
    }
}

pub(super) struct Placer<'a> {
    pub(super) graph: &'a Graph,
    pub(super) spec: &'a QuantizeSpec,
    pub(super) scales: &'a Scales,
    pub(super) cores: HashSet<NodeId>,
    /// Nodes of groups that stay float, with what they are part of.
    pub(super) groups: HashMap<NodeId, &'static str>,
    defaults: HashSet<TensorId>,
    /// Weighted nodes that are quantized.
    pub(super) heads: HashSet<NodeId>,
    /// The weighted node that a node next to it is quantized because of.
    pub(super) ties: BTreeMap<NodeId, NodeId>,
    pub(super) placed: Placed,
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
    let all = || (0..graph.nodes.len() as u32).map(NodeId);
    // What is quantized already stays as it is.
    let kept: HashSet<NodeId> = all().filter(|id| is_quantized(graph, *id)).collect();
    let ids = || all().filter(|id| !kept.contains(id));
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
    for id in ids().filter(|_| spec.pointwise) {
        if !matches!(reasons.get(&id), Some(Ok(_)))
            && let Some(outcome) = placer.pointwise(id)
        {
            reasons.insert(id, outcome);
        }
    }
    for id in ids().filter(|_| spec.pointwise) {
        if let Some(what) = placer.shared(id) {
            reasons.insert(id, Ok(what));
        }
    }
    let is_nothing = placer.placed.weights.is_empty() && placer.placed.activations.is_empty();
    let mut alone: BTreeMap<NodeId, String> = BTreeMap::new();
    if spec.weight_only || (spec.mode == QuantMode::Int8 && is_nothing) {
        for id in ids() {
            match placer.alone(id) {
                Some(Ok(what)) => drop(alone.insert(id, what)),
                Some(Err(why)) => drop(reasons.insert(id, Err(why))),
                None => {}
            }
        }
    }
    for id in all() {
        if kept.contains(&id) {
            let note = "kept: it is quantized already".to_owned();
            placer.placed.notes.push((label(graph.node(id)), note));
            continue;
        }
        if let Some(what) = alone.remove(&id) {
            placer
                .placed
                .notes
                .push((label(graph.node(id)), format!("float: {what}")));
            continue;
        }
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

/// True for what converts between floats and codes, and for what reads codes through it.
fn is_quantized(graph: &Graph, id: NodeId) -> bool {
    let node = graph.node(id);
    matches!(&*node.op_type, "QuantizeLinear" | "DequantizeLinear")
        || node.inputs.iter().flatten().any(|t| is_dequantized(graph, *t))
}

impl Placer<'_> {
    pub(super) fn mode(&self) -> QuantMode {
        self.spec.mode
    }

    pub(super) fn is_constant(&self, id: TensorId) -> bool {
        self.graph.tensor(id).kind == TensorKind::Constant && !self.defaults.contains(&id)
    }

    pub(super) fn dims(&self, id: TensorId) -> Option<&[Dim]> {
        self.graph.tensor(id).ty.shape.as_ref().map(|s| s.0.as_slice())
    }

    /// Why the user's lists or the place keep a node float; `Ok(true)` when they ask for it.
    pub(super) fn asked(&self, node: &Node) -> Result<bool, String> {
        match node.body {
            0 => self.listed(node),
            _ => Err(self.inside()),
        }
    }

    /// As [`Self::asked`], wherever the node is.
    pub(super) fn listed(&self, node: &Node) -> Result<bool, String> {
        let named = |patterns: &[String]| {
            let name = label(node);
            patterns.iter().any(|p| matches(p, &name))
        };
        let listed = |ops: &[String]| ops.iter().any(|op| **op == *node.op_type);
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
    pub(super) fn has_scale(&self, id: TensorId) -> Result<(), String> {
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
}
