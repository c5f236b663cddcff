//! What the graph says about an input's values, found by following it to where it is used.

use crate::graph::shape_tensors::read_as_size;
use crate::graph::{Dim, Graph, Node, NodeId, TensorId};
use crate::model::Attributes;
use std::collections::{HashSet, VecDeque};

/// Operators that hand values on as they are (shape or type may change).
const PASS: [&str; 12] = [
    "Cast",
    "Identity",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Flatten",
    "Slice",
    "Expand",
    "Split",
    "Concat",
    "Tile",
];
/// A follow-up over more tensors than this stops; what it found so far counts.
const MAX_TENSORS: usize = 1000;

/// How an input's values are used.
#[derive(Default, Debug, PartialEq)]
pub(super) struct Evidence {
    /// The values index something: they must lie below this number, and in words what it is.
    pub below: Option<(u64, String)>,
    /// As `below`, where an operator reads outside its data otherwise.
    pub index_below: Option<(u64, String)>,
    /// The values are the initial state of this operator.
    pub state_of: Option<String>,
    /// The values are sizes, axes or positions of this operator's shape arithmetic.
    pub sizes_of: Option<String>,
    /// The first arithmetic on the values expects pixels of 0 to 255; in words.
    pub bytes_range: Option<String>,
}

/// Follows an input through operators that hand its values on.
pub(super) fn evidence(graph: &Graph, input: TensorId) -> Evidence {
    let mut found = Evidence {
        sizes_of: read_as_size(graph, input).map(|id| label(graph.node(id))),
        ..Evidence::default()
    };
    let mut seen = HashSet::from([input]);
    let mut queue = VecDeque::from([input]);
    while let Some(id) = queue.pop_front() {
        let Some(tensor) = graph.tensors.get(id.0 as usize) else {
            continue;
        };
        for (node_id, position) in &tensor.consumers {
            let Some(node) = graph.nodes.get(node_id.0 as usize) else {
                continue;
            };
            if !node.domain.is_empty() {
                continue;
            }
            look(graph, *node_id, node, *position, &mut found);
            // Of a Reshape and its like, only the first input's values are handed on; of a Concat all.
            let hands_on =
                PASS.contains(&node.op_type.as_ref()) && (*position == 0 || node.op_type.as_ref() == "Concat");
            if hands_on && seen.len() < MAX_TENSORS {
                queue.extend(node.outputs.iter().flatten().copied().filter(|next| seen.insert(*next)));
            }
        }
    }
    found
}

fn look(graph: &Graph, id: NodeId, node: &Node, position: u32, found: &mut Evidence) {
    let named = |i: usize| match node.inputs.get(i).copied().flatten() {
        Some(tensor) => graph.tensor(tensor).name.to_string(),
        None => String::new(),
    };
    match (node.op_type.as_ref(), position) {
        ("Gather", 1) => {
            let axis = graph.proto(id).int("axis").unwrap_or(0);
            if let Some(rows) = size(graph, node, 0, axis) {
                found.index(rows, format!("the rows of {}", named(0)));
            }
        }
        ("GatherElements", 1) => {
            let axis = graph.proto(id).int("axis").unwrap_or(0);
            if let Some(rows) = size(graph, node, 0, axis) {
                found.index(rows, format!("axis {axis} of {}", named(0)));
            }
        }
        ("OneHot", 0) => {
            if let Some(depth) = scalar(graph, node, 1) {
                found.limit(depth as u64, format!("the depth of {}", label(node)));
            }
        }
        ("Equal", 0 | 1) => {
            // A one-hot spelled out (JAX does that): compared with 0, 1, 2, ...
            if let Some(classes) = counting(graph, node, 1 - position as usize) {
                found.limit(classes, format!("the classes that {} compares with", label(node)));
            }
        }
        ("LSTM", 5 | 6) | ("GRU" | "RNN", 5) => found.state_of = Some(label(node)),
        ("Div", 0) if scalar(graph, node, 1).is_some_and(|d| d >= 128.0) => found.pixels(node, "divides by"),
        ("Mul", 0 | 1) if scalar(graph, node, 1 - position as usize).is_some_and(|f| f > 0.0 && f <= 1.0 / 128.0) => {
            found.pixels(node, "multiplies by");
        }
        ("Sub", 0) if scalar(graph, node, 1).is_some_and(|m| m > 2.0) => found.pixels(node, "subtracts"),
        _ => {}
    }
}

impl Evidence {
    fn limit(&mut self, below: u64, what: String) {
        if below > 0 && self.below.as_ref().is_none_or(|(other, _)| below < *other) {
            self.below = Some((below, what));
        }
    }

    fn index(&mut self, below: u64, what: String) {
        if below > 0 && self.index_below.as_ref().is_none_or(|(other, _)| below < *other) {
            self.index_below = Some((below, what.clone()));
        }
        self.limit(below, what);
    }

    fn pixels(&mut self, node: &Node, does: &str) {
        self.bytes_range
            .get_or_insert_with(|| format!("{} {does} a mean or range of pixels", label(node)));
    }
}

fn label(node: &Node) -> String {
    if node.name.is_empty() {
        return format!("a {} node", node.op_type);
    }
    format!("{} ({})", node.name, node.op_type)
}

/// Known size of an input's axis.
fn size(graph: &Graph, node: &Node, input: usize, axis: i64) -> Option<u64> {
    let tensor = graph.tensor((*node.inputs.get(input)?)?);
    let shape = tensor.ty.shape.as_ref()?;
    let axis = if axis < 0 { axis + shape.0.len() as i64 } else { axis };
    match shape.0.get(usize::try_from(axis).ok()?)? {
        Dim::Known(n) => Some(*n),
        _ => None,
    }
}

/// Length of a constant input that counts 0, 1, 2, ... in at least three steps.
fn counting(graph: &Graph, node: &Node, input: usize) -> Option<u64> {
    let id = (*node.inputs.get(input)?)?;
    let elements = graph.tensor(id).ty.shape.as_ref()?.elements()?;
    if !(3..=1 << 20).contains(&elements) {
        return None;
    }
    let values = graph.stored_value(id)?.ok()?;
    let counts = values.to_f64_iter()?.enumerate().all(|(i, x)| x == i as f64);
    counts.then_some(elements)
}

/// First value of a small constant input (a scalar, or one number per channel).
fn scalar(graph: &Graph, node: &Node, input: usize) -> Option<f64> {
    let id = (*node.inputs.get(input)?)?;
    let elements = graph.tensor(id).ty.shape.as_ref()?.elements()?;
    if elements == 0 || elements > 16 {
        return None;
    }
    graph
        .stored_value(id)?
        .ok()?
        .to_f64_iter()?
        .next()
        .filter(|x| x.is_finite())
}
