//! Groups of nodes that stay float as a whole: the core of attention, GELU, normalizations. Engines fuse each into one
//! kernel, and what runs inside them (squares, error functions, exponentials) needs more than 8 bits.

use crate::graph::{Graph, Node, NodeId, Producer, TensorId, TensorKind};
use std::collections::{HashMap, HashSet};

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
/// How many nodes a written-out GELU has in front of its Tanh at most.
const GELU_REACH: usize = 6;

/// The MatMuls right before and after each Softmax.
pub(super) fn cores(graph: &Graph) -> HashSet<NodeId> {
    let mut found = HashSet::new();
    for (i, node) in graph.nodes.iter().enumerate() {
        if !is(node, "Softmax") {
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

/// True for what a Softmax reads, maybe in another form: the addition of a mask.
pub(super) fn feeds_softmax(graph: &Graph, id: NodeId) -> bool {
    let mut todo = after(graph, id);
    let mut left = REACH;
    while let Some(id) = todo.pop() {
        let node = graph.node(id);
        if is(node, "Softmax") {
            return true;
        }
        let changes_form = [
            "Reshape",
            "Flatten",
            "Transpose",
            "Unsqueeze",
            "Squeeze",
            "Cast",
            "Identity",
        ];
        if left > 0 && changes_form.iter().any(|op| is(node, op)) {
            left -= 1;
            todo.extend(after(graph, id));
        }
    }
    false
}

/// Nodes of GELUs and normalizations that are written out in simpler operators, with what they are part of.
pub(super) fn written_out(graph: &Graph) -> HashMap<NodeId, &'static str> {
    let mut found = HashMap::new();
    for (i, node) in graph.nodes.iter().enumerate() {
        let id = NodeId(i as u32);
        let (nodes, what) = match &*node.op_type {
            "Erf" => (gelu_of_erf(graph, id), "a GELU"),
            "Tanh" => (gelu_of_tanh(graph, id), "a GELU"),
            "Sqrt" => (normalization(graph, id), "a normalization"),
            _ => continue,
        };
        if node.domain.is_empty() {
            found.extend(nodes.unwrap_or_default().into_iter().map(|id| (id, what)));
        }
    }
    found
}

fn is(node: &Node, op: &str) -> bool {
    *node.op_type == *op && node.domain.is_empty()
}

fn before(graph: &Graph, id: NodeId) -> Vec<NodeId> {
    graph
        .node(id)
        .inputs
        .iter()
        .flatten()
        .filter_map(|t| maker(graph, *t))
        .collect()
}

fn after(graph: &Graph, id: NodeId) -> Vec<NodeId> {
    let outputs = graph.node(id).outputs.iter().flatten();
    outputs
        .flat_map(|t| graph.tensor(*t).consumers.iter().map(|(reader, _)| *reader))
        .collect()
}

fn maker(graph: &Graph, tensor: TensorId) -> Option<NodeId> {
    match graph.tensor(tensor).producer {
        Producer::Node { node, .. } => Some(node),
        _ => None,
    }
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

fn has_constant(graph: &Graph, id: NodeId) -> bool {
    let mut inputs = graph.node(id).inputs.iter().flatten();
    inputs.any(|t| graph.tensor(*t).kind == TensorKind::Constant)
}

/// The only reader of what a node makes, when it is one of these operators.
fn next(graph: &Graph, id: NodeId, ops: &[&str]) -> Option<NodeId> {
    let output = graph.node(id).outputs.first().copied().flatten()?;
    let info = graph.tensor(output);
    let [(reader, _)] = info.consumers[..] else {
        return None;
    };
    (!info.is_output && ops.iter().any(|op| is(graph.node(reader), op))).then_some(reader)
}

/// The node that makes one of the inputs, when it is one of these operators.
fn previous(graph: &Graph, id: NodeId, ops: &[&str]) -> Option<NodeId> {
    before(graph, id)
        .into_iter()
        .find(|m| ops.iter().any(|op| is(graph.node(*m), op)))
}

/// x / sqrt 2 -> Erf -> + 1 -> * x -> * 0.5, the last two in any order.
fn gelu_of_erf(graph: &Graph, erf: NodeId) -> Option<Vec<NodeId>> {
    let mut nodes = vec![erf];
    nodes.extend(previous(graph, erf, &["Div", "Mul"]).filter(|id| has_constant(graph, *id)));
    nodes.extend(gelu_end(graph, erf)?);
    Some(nodes)
}

/// + 1 -> * x -> * 0.5; a halving of x before the multiplication counts in too.
fn gelu_end(graph: &Graph, from: NodeId) -> Option<Vec<NodeId>> {
    let plus = next(graph, from, &["Add"]).filter(|id| has_constant(graph, *id))?;
    let times = next(graph, plus, &["Mul"])?;
    let mut nodes = vec![plus, times];
    nodes.extend(next(graph, times, &["Mul"]).filter(|id| has_constant(graph, *id)));
    nodes.extend(previous(graph, times, &["Mul"]).filter(|id| has_constant(graph, *id)));
    Some(nodes)
}

/// Tanh of (x + c * x^3) * d, in front of the same end.
fn gelu_of_tanh(graph: &Graph, tanh: NodeId) -> Option<Vec<NodeId>> {
    let end = gelu_end(graph, tanh)?;
    let mut nodes = vec![tanh];
    let mut has_power = false;
    let mut todo: Vec<(NodeId, usize)> = before(graph, tanh).into_iter().map(|id| (id, 1)).collect();
    while let Some((id, depth)) = todo.pop() {
        let node = graph.node(id);
        let is_square = is(node, "Mul") && node.inputs.first() == node.inputs.get(1);
        if nodes.contains(&id) || !(is(node, "Mul") || is(node, "Add") || is(node, "Pow")) {
            continue;
        }
        has_power |= is_square || is(node, "Pow");
        nodes.push(id);
        // In front of the power stands x.
        if !is_square && !is(node, "Pow") && depth < GELU_REACH {
            todo.extend(before(graph, id).into_iter().map(|id| (id, depth + 1)));
        }
    }
    nodes.extend(end);
    has_power.then_some(nodes)
}

/// (x - mean) and its square -> mean -> + epsilon -> Sqrt -> division -> * weight -> + bias; without the first mean for RMS
/// normalization.
fn normalization(graph: &Graph, sqrt: NodeId) -> Option<Vec<NodeId>> {
    let epsilon = previous(graph, sqrt, &["Add"]).filter(|id| has_constant(graph, *id))?;
    let mean = previous(graph, epsilon, &["ReduceMean", "GlobalAveragePool"])?;
    let square = previous(graph, mean, &["Pow", "Mul"])?;
    let mut nodes = vec![sqrt, epsilon, mean, square];
    if let Some(centre) = previous(graph, square, &["Sub"]) {
        nodes.push(centre);
        nodes.extend(previous(graph, centre, &["ReduceMean", "GlobalAveragePool"]));
    }
    let mut at = sqrt;
    for ops in [&["Reciprocal"][..], &["Div", "Mul"], &["Mul"], &["Add"]] {
        if let Some(id) = next(graph, at, ops) {
            nodes.push(id);
            at = id;
        }
    }
    Some(nodes)
}
