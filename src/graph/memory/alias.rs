//! Which tensors share memory, and when it is free again.

use crate::graph::{Graph, Node, NodeId, TensorId, TensorKind};
use std::collections::HashMap;

/// Operators whose first output is their first input under another shape or name.
const VIEWS: &[&str] = &["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"];

/// Operators that compute element by element, so that their result can take an operand's place. ONNX Runtime lets the same
/// ones do that (`MayInplace` in its registrations), and TensorRT computes them without writing their operand at all.
const ELEMENTWISE: &[&str] = &[
    "Abs",
    "Add",
    "BatchNormalization",
    "Ceil",
    "Clip",
    "Div",
    "Elu",
    "Erf",
    "Exp",
    "Floor",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "LeakyRelu",
    "Log",
    "LogSoftmax",
    "Mul",
    "Neg",
    "Not",
    "Reciprocal",
    "Relu",
    "Selu",
    "Sigmoid",
    "Softmax",
    "Sqrt",
    "Sub",
    "Tanh",
    "Where",
];

/// Groups of tensors of one body that share memory, each under the tensor that takes it first.
pub(super) struct Roots {
    root: HashMap<TensorId, TensorId>,
    /// By position: groups whose last reader is there.
    freed: Vec<Vec<TensorId>>,
}

impl Roots {
    /// The groups of a body whose nodes have these positions.
    pub(super) fn of(
        graph: &Graph,
        order: &[NodeId],
        position: &HashMap<NodeId, usize>,
        bytes: &[Option<u64>],
    ) -> Self {
        let size = |id: TensorId| bytes.get(id.0 as usize).copied().flatten();
        let mut root: HashMap<TensorId, TensorId> = HashMap::new();
        // Position of the last reader of each group; results are read after the end.
        let mut last: HashMap<TensorId, usize> = HashMap::new();
        let own_last = |id: TensorId, made: usize| {
            let info = graph.tensor(id);
            let readers = info
                .consumers
                .iter()
                .filter_map(|(node, _)| position.get(node).copied());
            if info.is_output {
                usize::MAX
            } else {
                readers.max().unwrap_or(made)
            }
        };
        for (at, id) in order.iter().enumerate() {
            let node = graph.node(*id);
            // A result of the model has memory of its own.
            let is_result = |t: &TensorId| graph.tensor(*t).is_output;
            let is_own = node.outputs.first().copied().flatten().is_some_and(|t| is_result(&t));
            let viewed = viewed(graph, node)
                .filter(|_| !is_own)
                .map(|t| root.get(&t).copied().unwrap_or(t));
            for (i, output) in node.outputs.iter().enumerate() {
                let Some(output) = *output else { continue };
                let until = own_last(output, at);
                if i == 0
                    && let Some(of) = viewed.filter(|t| last.contains_key(t))
                {
                    root.insert(output, of);
                    last.entry(of).and_modify(|l| *l = until.max(*l));
                } else {
                    last.insert(output, until);
                }
            }
            let first = node.outputs.first().copied().flatten();
            let first = first.filter(|_| viewed.is_none() && !is_own);
            let Some((output, bytes)) = first.and_then(|t| Some((t, size(t)?))) else {
                continue;
            };
            let of = overwritten(graph, node, at, &root, &last).find(|t| size(*t) == Some(bytes));
            if let Some(of) = of {
                let until = last.remove(&output).unwrap_or(at);
                root.insert(output, of);
                last.insert(of, until);
            }
        }
        let mut freed = vec![Vec::new(); order.len()];
        for (group, at) in last {
            if let Some(list) = freed.get_mut(at) {
                list.push(group);
            }
        }
        Self { root, freed }
    }

    /// True when this tensor takes memory of its own where it is made.
    pub(super) fn is_new(&self, id: TensorId) -> bool {
        !self.root.contains_key(&id)
    }

    /// Groups whose memory is free after the node at this position.
    pub(super) fn freed(&self, at: usize) -> &[TensorId] {
        self.freed.get(at).map_or(&[], Vec::as_slice)
    }
}

fn is_one_of(node: &Node, list: &[&str]) -> bool {
    node.domain.is_empty() && list.contains(&&*node.op_type)
}

/// The tensor that a node passes on under another name or shape; of what the body itself computes.
fn viewed(graph: &Graph, node: &Node) -> Option<TensorId> {
    let input = node
        .inputs
        .first()
        .copied()
        .flatten()
        .filter(|_| is_one_of(node, VIEWS))?;
    let info = graph.tensor(input);
    (info.kind == TensorKind::Activation && info.body == node.body).then_some(input)
}

/// Groups that this node reads last and may write over.
fn overwritten<'r>(
    graph: &'r Graph,
    node: &'r Node,
    at: usize,
    root: &'r HashMap<TensorId, TensorId>,
    last: &'r HashMap<TensorId, usize>,
) -> impl Iterator<Item = TensorId> + 'r {
    let inputs = node
        .inputs
        .iter()
        .flatten()
        .filter(move |_| is_one_of(node, ELEMENTWISE));
    let own = inputs.filter(move |t| graph.tensor(**t).body == node.body);
    let groups = own.map(move |t| root.get(t).copied().unwrap_or(*t));
    groups.filter(move |t| last.get(t) == Some(&at))
}
