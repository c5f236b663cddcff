//! The order in which the nodes of a body run.
//!
//! Which values are alive at once depends on it, and a graph says only what comes before what. ONNX Runtime (by default) and
//! rten walk back from the results: a node comes right after the last thing that it waits for. ONNX Runtime's is
//! `Graph::ReverseDFSFrom` over the nodes without readers, of several inputs the later node first.

use crate::graph::{Graph, NodeId, Producer, TensorId};
use std::collections::{BTreeSet, HashSet};

/// The nodes of a body in that order; those of a cycle are left out.
pub(super) fn run_order(graph: &Graph, body: u32) -> Vec<NodeId> {
    let nodes = graph.body_order(body);
    let own: HashSet<NodeId> = nodes.iter().copied().collect();
    let maker = |t: &TensorId| match graph.tensor(*t).producer {
        Producer::Node { node, .. } if own.contains(&node) => Some(node),
        _ => None,
    };
    let is_read = |node: &NodeId| {
        let outputs = graph.node(*node).outputs.iter().flatten();
        let readers = outputs.flat_map(|t| &graph.tensor(*t).consumers);
        readers
            .map(|(reader, _)| reader)
            .any(|reader| own.contains(reader) || graph.node(*reader).body != body)
    };
    let mut file_order: Vec<NodeId> = nodes.to_vec();
    file_order.sort_unstable();
    let mut stack: Vec<(NodeId, bool)> = file_order
        .iter()
        .filter(|node| !is_read(node))
        .map(|node| (*node, false))
        .collect();
    let mut seen: HashSet<NodeId> = HashSet::new();
    let mut out = Vec::with_capacity(nodes.len());
    while let Some((id, is_done)) = stack.pop() {
        if is_done {
            out.push(id);
            continue;
        }
        if !seen.insert(id) {
            continue;
        }
        stack.push((id, true));
        let node = graph.node(id);
        let before: BTreeSet<NodeId> = node
            .inputs
            .iter()
            .flatten()
            .chain(&node.captures)
            .filter_map(maker)
            .collect();
        stack.extend(before.into_iter().filter(|n| !seen.contains(n)).map(|n| (n, false)));
    }
    out
}
