//! The layers of a search: what a precision patch lowers, in groups that are lowered or kept together.

use super::Macs;
use crate::graph::{Graph, NodeId, Producer};
use crate::rewrite::clean::label;
use crate::rewrite::fold::refuse_broken;
use crate::rewrite::names::matches;
use crate::rewrite::{PatchSpec, cast, quantize};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Operators that belong to the layer whose result they take: pointwise ones that engines compute in one go with it, and
/// ones that only move values. Those that can lose much by themselves (Exp, Pow, Sqrt, Div, sums, Softmax) are layers.
const FOLLOWS: [&str; 40] = [
    "Abs",
    "Add",
    "BatchNormalization",
    "Cast",
    "Clip",
    "Concat",
    "DepthToSpace",
    "Dropout",
    "Elu",
    "Erf",
    "Expand",
    "Flatten",
    "Gather",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "LeakyRelu",
    "Max",
    "MaxPool",
    "Min",
    "Mish",
    "Mul",
    "Neg",
    "PRelu",
    "Pad",
    "Relu",
    "Reshape",
    "Selu",
    "Sigmoid",
    "Slice",
    "Softplus",
    "SpaceToDepth",
    "Split",
    "Squeeze",
    "Sub",
    "Tanh",
    "Transpose",
    "Unsqueeze",
    "Where",
];

/// Nodes that are lowered, or kept, together.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Layer {
    /// The name of its first node; its path where it has none.
    pub name: String,
    /// The operator of its first node.
    pub op_type: String,
    /// All its nodes, as a patch's `include` and `exclude` name them.
    pub nodes: Vec<String>,
    /// Multiply-accumulates of its nodes, with the sizes of the data that is run; none when no node has a count.
    pub macs: Option<u64>,
    /// True when the patch includes it by name: it is measured, but never kept.
    pub is_asked_for: bool,
}

/// What a patch lowers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Layers {
    /// The layers.
    pub layers: Vec<Layer>,
    /// Multiply-accumulates of the whole model, lowered or not; none when it has no count, or a part of it is not known.
    pub macs: Option<u64>,
}

impl Layers {
    /// Share of the model's multiply-accumulates that are lowered with these layers kept (indices), 0..=1.
    pub fn lowered_macs(&self, kept: &[usize]) -> Option<f64> {
        let lowered = self.layers.iter().enumerate().filter(|(i, _)| !kept.contains(i));
        let sum: u64 = lowered.filter_map(|(_, l)| l.macs).fold(0, u64::saturating_add);
        self.macs.map(|all| sum as f64 / all as f64)
    }
}

/// The layers of a model that a patch lowers, in the graph's order; `graph` as it is before the patch, `macs` what its
/// nodes cost.
///
/// Quantization: a weighted operator with the residual Add that fuses with it and the pools beside it, which are quantized
/// only because it is. Casts: an operator with the pointwise and moving ones behind it (in the same body).
///
/// # Errors
/// What the patch itself would say; a patch that does not lower precision.
pub fn layers(graph: &Graph, patch: &PatchSpec, macs: &Macs) -> Result<Layers, String> {
    refuse_broken(graph)?;
    let (groups, include, include_ops): (Vec<Vec<NodeId>>, &[String], &[String]) = match patch {
        PatchSpec::Cast(spec) => {
            let lowered = cast::lowered(graph, spec)?;
            (behind(graph, &lowered), &spec.include, &spec.include_ops)
        }
        PatchSpec::Quantize(spec) => {
            let lowered = quantize::lowered(graph, spec);
            (tied(&lowered), &spec.include, &spec.include_ops)
        }
        other => return Err(format!("{} does not lower precision", other.label())),
    };
    let layer = |nodes: Vec<NodeId>| {
        let first = graph.node(*nodes.first()?);
        let counts = nodes.iter().filter_map(|id| *macs.nodes.get(id.0 as usize)?);
        let names: Vec<String> = nodes.iter().map(|id| label(graph.node(*id))).collect();
        let named = names.iter().any(|n| include.iter().any(|p| matches(p, n)));
        let listed = nodes
            .iter()
            .any(|id| include_ops.iter().any(|op| **op == *graph.node(*id).op_type));
        Some(Layer {
            name: label(first),
            op_type: first.op_type.to_string(),
            nodes: names,
            macs: counts.reduce(u64::saturating_add),
            is_asked_for: named || listed,
        })
    };
    Ok(Layers {
        layers: groups.into_iter().filter_map(layer).collect(),
        macs: macs.total,
    })
}

/// Groups by what a node is tied to.
fn tied(lowered: &[(NodeId, Option<NodeId>)]) -> Vec<Vec<NodeId>> {
    let mut groups: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
    for (id, head) in lowered {
        let nodes = groups.entry(head.unwrap_or(*id)).or_default();
        match head {
            // The head names the layer, wherever it stands.
            None => nodes.insert(0, *id),
            Some(_) => nodes.push(*id),
        }
    }
    groups.into_values().collect()
}

/// Groups of operators with what follows them. Of several lowered inputs the last one made decides, so that a residual
/// addition belongs to the branch and not to what the branch left from.
fn behind(graph: &Graph, lowered: &[NodeId]) -> Vec<Vec<NodeId>> {
    let mut groups: Vec<Vec<NodeId>> = Vec::new();
    let mut group_of: BTreeMap<NodeId, usize> = BTreeMap::new();
    for id in lowered {
        let node = graph.node(*id);
        let follows = node.domain.is_empty() && FOLLOWS.contains(&&*node.op_type);
        let makers = node
            .inputs
            .iter()
            .flatten()
            .filter_map(|t| match graph.tensor(*t).producer {
                Producer::Node { node: maker, .. } if graph.node(maker).body == node.body => Some(maker),
                _ => None,
            });
        let last = makers.filter(|m| group_of.contains_key(m)).max();
        let group = match last.filter(|_| follows).and_then(|m| group_of.get(&m).copied()) {
            Some(group) => group,
            None => {
                groups.push(Vec::new());
                groups.len() - 1
            }
        };
        group_of.insert(*id, group);
        if let Some(nodes) = groups.get_mut(group) {
            nodes.push(*id);
        }
    }
    groups
}
