//! The core of attention (MatMul, mask and scale, Softmax, MatMul), which engines fuse and which therefore stays float.

use crate::graph::{Graph, NodeId, Producer, TensorId};
use std::collections::HashSet;

/// How many nodes may stand between a MatMul and a Softmax.
const REACH: usize = 8;
/// What may stand between the MatMuls and the Softmax: scales, masks, changes of form.
const BETWEEN: [&str; 12] = [
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Where",
    "Cast",
    "Reshape",
    "Transpose",
    "Unsqueeze",
    "Squeeze",
    "Dropout",
    "Identity",
];

/// The MatMuls right before and after each Softmax.
pub(super) fn cores(graph: &Graph) -> HashSet<NodeId> {
    let mut found = HashSet::new();
    for (i, node) in graph.nodes.iter().enumerate() {
        if &*node.op_type != "Softmax" || !node.domain.is_empty() {
            continue;
        }
        let before = search(graph, NodeId(i as u32), before);
        let after = search(graph, NodeId(i as u32), after);
        // A Softmax with a MatMul on one side only is a classifier's, not attention's.
        if !before.is_empty() && !after.is_empty() {
            found.extend(before.into_iter().chain(after));
        }
    }
    found
}

fn before(graph: &Graph, id: NodeId) -> Vec<NodeId> {
    let made = |t: &TensorId| match graph.tensor(*t).producer {
        Producer::Node { node, .. } => Some(node),
        _ => None,
    };
    graph.node(id).inputs.iter().flatten().filter_map(made).collect()
}

fn after(graph: &Graph, id: NodeId) -> Vec<NodeId> {
    let outputs = graph.node(id).outputs.iter().flatten();
    outputs
        .flat_map(|t| graph.tensor(*t).consumers.iter().map(|(reader, _)| *reader))
        .collect()
}

/// MatMuls that are reached through nodes of [`BETWEEN`] only.
fn search(graph: &Graph, from: NodeId, step: fn(&Graph, NodeId) -> Vec<NodeId>) -> Vec<NodeId> {
    let mut seen = HashSet::new();
    let mut todo: Vec<(NodeId, usize)> = step(graph, from).into_iter().map(|id| (id, 1)).collect();
    let mut found = Vec::new();
    while let Some((id, depth)) = todo.pop() {
        let node = graph.node(id);
        if !seen.insert(id) || !node.domain.is_empty() {
            continue;
        }
        if &*node.op_type == "MatMul" {
            found.push(id);
        } else if BETWEEN.contains(&&*node.op_type) && depth < REACH {
            todo.extend(step(graph, id).into_iter().map(|id| (id, depth + 1)));
        }
    }
    found
}
