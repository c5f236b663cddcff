//! A model at concrete sizes of its inputs.

use super::cost::{self, Cost};
use super::sizes::{Point, facts, point};
use super::{Graph, infer, memory::Memory};
use std::collections::BTreeMap;

/// The graph with these inputs (shapes, and values where they decide sizes), every shape inferred anew: also those that
/// depend on values computed from shapes, which symbols alone do not tell. Nodes and tensors keep their numbers. Whether the
/// graph works there [`super::sizes::evaluate`] says.
pub fn sized(graph: &Graph, at: &Point) -> Graph {
    let types = infer::infer_at(graph, &facts(graph, at)).types;
    let mut out = graph.clone();
    for (tensor, ty) in out.tensors.iter_mut().zip(types) {
        tensor.ty = ty;
    }
    out
}

/// Cost of every node, by [`super::NodeId`], at these sizes of inputs.
pub fn costs_at(graph: &Graph, shapes: &BTreeMap<String, Vec<u64>>) -> Vec<Cost> {
    cost::costs(&sized(graph, &point(shapes)), &[])
}

/// What a model costs at certain sizes.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Counted {
    /// By [`super::NodeId`].
    pub costs: Vec<Cost>,
    /// Memory of one inference.
    pub memory: Memory,
}

impl Counted {
    /// At the sizes that the graph has; a symbolic one counts as in `bind` (name, value), else it stays unknown.
    pub fn of(graph: &Graph, bind: &[(&str, u64)]) -> Self {
        Self {
            costs: cost::costs(graph, bind),
            memory: Memory::of(graph, bind),
        }
    }

    /// At these sizes of inputs.
    pub fn at(graph: &Graph, shapes: &BTreeMap<String, Vec<u64>>) -> Self {
        Self::of(&sized(graph, &point(shapes)), &[])
    }
}
