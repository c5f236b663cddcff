//! Tensors that are the same in every run: what is computed from constants alone. A runtime computes them when it loads the
//! model and keeps those that other nodes read.

use crate::graph::{Graph, Node, NodeId, TensorId, TensorKind};

/// Operators that give other values in every run, or whose constants runtimes leave as they are: dequantized weights stay
/// quantized where a kernel takes them so.
const KEPT: [&str; 9] = [
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
    "Bernoulli",
    "Multinomial",
    "Dropout",
    "QuantizeLinear",
    "DequantizeLinear",
];

/// By [`TensorId`]: computed from constants alone.
pub(super) fn folded(graph: &Graph) -> Vec<bool> {
    let mut out = vec![false; graph.tensors.len()];
    for id in graph.topological_order() {
        let node = graph.node(id);
        if !may_fold(graph, node, id) {
            continue;
        }
        let is_known = |t: &TensorId| graph.tensor(*t).kind == TensorKind::Constant || out[t.0 as usize];
        if node.inputs.iter().flatten().all(is_known) {
            for output in node.outputs.iter().flatten() {
                out[output.0 as usize] = graph.tensor(*output).kind == TensorKind::Activation;
            }
        }
    }
    out
}

fn may_fold(graph: &Graph, node: &Node, id: NodeId) -> bool {
    let plain = node.domain.is_empty() && node.owned_bodies.is_empty() && node.function.is_none();
    let in_function = graph.bodies.get(node.body as usize).is_none_or(|b| b.is_function);
    plain && !in_function && !KEPT.contains(&&*node.op_type) && graph.node(id).inputs.iter().any(Option::is_some)
}

/// Those of them that a node which is computed in every run reads, or that are results: they take memory all the time.
pub(super) fn held<'g>(graph: &'g Graph, folded: &'g [bool]) -> impl Iterator<Item = TensorId> + 'g {
    let is_folded = |t: TensorId| folded.get(t.0 as usize).copied().unwrap_or(false);
    let ids = (0u32..).zip(&graph.tensors).map(|(id, info)| (TensorId(id), info));
    let found = ids.filter(move |(id, info)| {
        let read = |node: &NodeId| {
            let outputs = graph.node(*node).outputs.iter().flatten();
            !outputs.copied().all(is_folded)
        };
        is_folded(*id) && (info.is_output || info.consumers.iter().any(|(node, _)| read(node)))
    });
    found.map(|(id, _)| id)
}
