//! Clean-up patches: nodes that do nothing, and what no output depends on.

use super::edit::{Edit, defaults};
use super::fold::refuse_broken;
use crate::graph::{Dim, Graph, Node, NodeId, TensorId, TensorKind};
use crate::model::{Attributes, DataType, Model};
use std::collections::HashSet;
use std::sync::Arc;

/// What a patch did.
pub(super) struct Done {
    /// The model that was given where nothing was done.
    pub(super) model: Arc<Model>,
    pub(super) summary: String,
    pub(super) notes: Vec<(String, String)>,
}

/// `3 nodes`, `1 node`.
pub(super) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// A node's name for notes: its path where it has none.
pub fn label(node: &Node) -> String {
    if node.name.is_empty() {
        node.path.to_string()
    } else {
        node.name.to_string()
    }
}

/// Removes nodes that pass their first input on unchanged.
///
/// # Errors
/// Structural problems that must be settled first.
pub(super) fn remove_no_ops(model: &Arc<Model>) -> Result<Done, String> {
    let graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let mut edit = Edit::new(&graph);
    let defaults = defaults(&graph);
    let mut notes = Vec::new();
    let mut removed = 0;
    for id in graph.topological_order() {
        let node = graph.node(id);
        let (Some(Some(from)), Some(Some(to))) = (node.inputs.first(), node.outputs.first()) else {
            continue;
        };
        if !passes_on(&graph, &defaults, id, node, edit.target(*from)) {
            continue;
        }
        if edit.bypass(id, *from, *to) {
            removed += 1;
            notes.push((label(node), format!("{} removed", node.op_type)));
        } else {
            notes.push((
                label(node),
                format!("{} kept: the output's name would be lost", node.op_type),
            ));
        }
    }
    let summary = match removed {
        0 => "No node does nothing".to_owned(),
        n => format!("Removed {} that did nothing", count(n, "node")),
    };
    let model = match removed {
        0 => model.clone(),
        _ => Arc::new(model.with_proto(edit.finish().proto)),
    };
    Ok(Done { model, summary, notes })
}

/// True when the node's first output is its first input (which is `from` by now), and nothing reads its other outputs.
fn passes_on(graph: &Graph, defaults: &HashSet<TensorId>, id: NodeId, node: &Node, from: TensorId) -> bool {
    let is_read = |t: &TensorId| !graph.tensor(*t).consumers.is_empty() || graph.tensor(*t).is_output;
    if !node.domain.is_empty() || node.outputs.iter().skip(1).flatten().any(is_read) {
        return false;
    }
    let proto = graph.proto(id);
    let opset = graph.opset(node.body, "").unwrap_or(0);
    let constant = |at: usize| {
        let tensor = node.inputs.get(at).copied().flatten()?;
        let is_constant = graph.tensor(tensor).kind == TensorKind::Constant && !defaults.contains(&tensor);
        is_constant.then(|| graph.constant(tensor)?.ok())?
    };
    match &*node.op_type {
        "Identity" => true,
        // Up to opset 6 an attribute says that this is inference; from 12 on an input may say that it is not.
        "Dropout" if opset < 7 => proto.int("is_test").unwrap_or(0) != 0,
        "Dropout" => match node.inputs.get(2).copied().flatten() {
            None => true,
            Some(_) => constant(2).and_then(|t| t.to_i64()).is_some_and(|v| v == [0]),
        },
        "Cast" => {
            let from = graph.tensor(from).ty.dtype;
            let to = proto
                .int("to")
                .and_then(|n| DataType::from_onnx(i32::try_from(n).ok()?));
            from.is_some() && from == to
        }
        "CastLike" => {
            let like = node.inputs.get(1).copied().flatten();
            let dtype = |t: TensorId| graph.tensor(t).ty.dtype;
            dtype(from).is_some() && dtype(from) == like.and_then(dtype)
        }
        "Concat" | "Sum" | "Max" | "Min" | "Mean" => node.inputs.len() == 1,
        "Transpose" => {
            let same = |perm: &[i64]| perm.iter().enumerate().all(|(at, p)| *p == at as i64);
            proto.attr("perm").is_some_and(|a| !a.ints.is_empty() && same(&a.ints))
        }
        "Pad" => {
            let pads = match node.inputs.get(1).copied().flatten() {
                Some(_) => constant(1).and_then(|t| t.to_i64()),
                None => proto.attr("pads").map(|a| a.ints.clone()),
            };
            pads.is_some_and(|pads| !pads.is_empty() && pads.iter().all(|p| *p == 0))
        }
        // Adding nothing, multiplying by one: by a constant that does not make the result larger.
        "Add" | "Sub" | "Mul" | "Div" | "Pow" if opset >= 7 => {
            let neutral = if matches!(&*node.op_type, "Add" | "Sub") {
                0.0
            } else {
                1.0
            };
            let rank = graph.tensor(from).ty.shape.as_ref().map(|s| s.0.len());
            constant(1).is_some_and(|t| {
                let fits =
                    t.dims.iter().all(|d| *d == 1) && (t.dims.is_empty() || rank.is_some_and(|r| t.dims.len() <= r));
                let same_type = graph.tensor(from).ty.dtype == Some(t.dtype);
                fits && same_type && t.to_f64_iter().is_some_and(|mut v| v.all(|v| v == neutral))
            })
        }
        "Slice" if opset >= 10 => {
            let optional = |at: usize| node.inputs.get(at).copied().flatten().map(|_| constant(at)?.to_i64());
            let (Some(starts), Some(ends)) = (
                constant(1).and_then(|t| t.to_i64()),
                constant(2).and_then(|t| t.to_i64()),
            ) else {
                return false;
            };
            // An end beyond what any tensor has is how exporters write "to the end".
            let is_whole = starts.iter().all(|s| *s == 0) && ends.iter().all(|e| *e >= i64::from(i32::MAX));
            is_whole && optional(4).is_none_or(|steps| steps.is_some_and(|s| s.iter().all(|s| *s == 1)))
        }
        // The same elements in a shape that is known to be the same: at most one size is open, and the others tell it.
        "Reshape" | "Flatten" => {
            let made = node.outputs.first().copied().flatten();
            let shapes = made.and_then(|to| Some((shape(graph, from)?, shape(graph, to)?)));
            shapes.is_some_and(|(before, after)| {
                let open = before
                    .iter()
                    .zip(after)
                    .filter(|pair| !matches!(pair, (Dim::Known(a), Dim::Known(b)) if a == b && *a > 0));
                let open: Vec<_> = open.collect();
                before.len() == after.len()
                    && open.len() <= 1
                    && open
                        .iter()
                        .all(|(a, b)| !matches!(a, Dim::Known(_)) && !matches!(b, Dim::Known(_)))
            })
        }
        "Expand" => {
            let made = node.outputs.first().copied().flatten();
            let shapes = made.and_then(|to| Some((shape(graph, from)?, shape(graph, to)?)));
            shapes.is_some_and(|(a, b)| a == b && a.iter().all(|d| matches!(d, Dim::Known(_))))
        }
        "Tile" if opset >= 6 => constant(1)
            .and_then(|t| t.to_i64())
            .is_some_and(|repeats| repeats.iter().all(|n| *n == 1)),
        _ => false,
    }
}

fn shape(graph: &Graph, tensor: TensorId) -> Option<&[Dim]> {
    let ty = &graph.tensor(tensor).ty;
    if ty.container.is_some() {
        return None;
    }
    ty.shape.as_ref().map(|s| s.0.as_slice())
}

/// Removes nodes and stored constants that no output depends on.
///
/// # Errors
/// Structural problems that must be settled first.
pub(super) fn remove_dead(model: &Arc<Model>) -> Result<Done, String> {
    let graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let mut edit = Edit::new(&graph);
    let mut notes = Vec::new();
    for id in graph.topological_order().into_iter().rev() {
        let node = graph.node(id);
        // A node without outputs is there for what it does.
        let mut outputs = node.outputs.iter().flatten().peekable();
        if outputs.peek().is_some() && outputs.all(|t| edit.uses(*t) == 0) {
            edit.remove(id);
        }
    }
    let initializers = edit.drop_unread_initializers();
    let removed = (0..graph.nodes.len() as u32)
        .map(NodeId)
        .filter(|id| edit.is_removed(*id));
    notes.extend(removed.map(|id| (label(graph.node(id)), format!("{} removed", graph.node(id).op_type))));
    let summary = match (notes.len(), initializers) {
        (0, 0) => "Nothing is dead".to_owned(),
        (nodes, 0) => format!("Removed {}", count(nodes, "dead node")),
        (0, constants) => format!("Removed {}", count(constants, "unread constant")),
        (nodes, constants) => format!(
            "Removed {} and {}",
            count(nodes, "dead node"),
            count(constants, "unread constant")
        ),
    };
    let model = match (notes.len(), initializers) {
        (0, 0) => model.clone(),
        _ => Arc::new(model.with_proto(edit.finish().proto)),
    };
    Ok(Done { model, summary, notes })
}
