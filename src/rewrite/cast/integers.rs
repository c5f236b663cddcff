//! Floats on their way to integers: indices, sizes and positions, which must come out exactly as they were.

use crate::graph::{Graph, Node, NodeId, Producer, TensorId};
use crate::model::{Attributes, DataType};
use std::collections::HashSet;

/// Operators that compute numbers from numbers one by one, add up a few, or move them: what index arithmetic is made of.
const ARITHMETIC: &[&str] = &[
    "Abs",
    "Add",
    "Cast",
    "Ceil",
    "Clip",
    "Concat",
    "CumSum",
    "Div",
    "Exp",
    "Expand",
    "Flatten",
    "Floor",
    "Gather",
    "GatherElements",
    "GatherND",
    "Identity",
    "Log",
    "Max",
    "Min",
    "Mod",
    "Mul",
    "Neg",
    "Pow",
    "Range",
    "Reciprocal",
    "ReduceMax",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "Reshape",
    "Round",
    "Sign",
    "Slice",
    "Split",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Sum",
    "Tile",
    "Transpose",
    "Unsqueeze",
    "Where",
];

/// True for a node of index arithmetic.
pub(super) fn is_arithmetic(node: &Node) -> bool {
    node.domain.is_empty() && ARITHMETIC.contains(&&*node.op_type)
}

fn is_integer(dtype: DataType) -> bool {
    !dtype.is_float() && dtype != DataType::Bool && dtype != DataType::String
}

/// True for a Cast to an integer type.
pub(super) fn casts_to_integer(graph: &Graph, id: NodeId) -> bool {
    let node = graph.node(id);
    let to = || DataType::from_onnx(i32::try_from(graph.proto(id).int("to")?).ok()?);
    &*node.op_type == "Cast" && node.domain.is_empty() && to().is_some_and(is_integer)
}

/// True for a Cast from an integer type.
fn casts_from_integer(graph: &Graph, node: &Node) -> bool {
    let from = node.inputs.first().copied().flatten();
    let from = from.and_then(|t| graph.tensor(t).ty.dtype);
    &*node.op_type == "Cast" && node.domain.is_empty() && from.is_some_and(is_integer)
}

/// Nodes on the way to an integer.
pub(super) struct Integers {
    /// Makers of what becomes an integer, through arithmetic back to what is none.
    pub(super) to: HashSet<NodeId>,
    /// Those of them that compute from integers, too.
    pub(super) between: HashSet<NodeId>,
}

/// Nodes whose float32 values become integers. O(graph).
pub(super) fn integers(graph: &Graph) -> Integers {
    let is_wide = |t: &TensorId| super::decide::is_float32(graph, *t);
    let ids = (0..graph.nodes.len() as u32).map(NodeId);
    let casts = ids.filter(|id| casts_to_integer(graph, *id));
    let mut todo: Vec<TensorId> = casts
        .flat_map(|id| graph.node(id).inputs.iter().flatten().copied())
        .filter(is_wide)
        .collect();
    let mut to = HashSet::new();
    while let Some(tensor) = todo.pop() {
        let Producer::Node { node: id, .. } = graph.tensor(tensor).producer else {
            continue;
        };
        let node = graph.node(id);
        if to.insert(id) && is_arithmetic(node) {
            let reads = node.inputs.iter().flatten().copied().filter(is_wide);
            // What is no arithmetic counts only where it makes the last float itself.
            let makes_it = |t: &TensorId| match graph.tensor(*t).producer {
                Producer::Node { node, .. } => is_arithmetic(graph.node(node)),
                _ => false,
            };
            todo.extend(reads.filter(makes_it));
        }
    }
    let mut from: HashSet<NodeId> = HashSet::new();
    for id in graph.topological_order() {
        let node = graph.node(id);
        let reads_one = || {
            node.inputs.iter().flatten().any(|t| match graph.tensor(*t).producer {
                Producer::Node { node, .. } => from.contains(&node),
                _ => false,
            })
        };
        if casts_from_integer(graph, node) || is_arithmetic(node) && !casts_to_integer(graph, id) && reads_one() {
            from.insert(id);
        }
    }
    let between = to.intersection(&from).copied().collect();
    Integers { to, between }
}
