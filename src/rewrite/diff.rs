//! What differs between two graphs: added, removed and changed nodes.

use crate::graph::{Graph, Node, NodeId, NodePath, TensorId, TensorKind};
use crate::model::DataType;
use crate::model::onnx::{AttributeProto, NodeProto, TensorProto};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// How a node changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NodeChange {
    /// Path in the graph before.
    pub before: NodePath,
    /// Path in the graph after.
    pub after: NodePath,
    /// What changed, in words: `input 1: "w" -> "w_fp16"`, `attribute axis: 0 -> 1`.
    pub what: Vec<String>,
}

/// Difference of two graphs.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct GraphDiff {
    /// Paths in the graph after.
    pub added: Vec<NodePath>,
    /// Paths in the graph before.
    pub removed: Vec<NodePath>,
    /// Nodes that stand in both, changed.
    pub changed: Vec<NodeChange>,
}

/// Compares two graphs. Nodes are matched by their outputs' names, then by name and operator.
pub fn diff(before: &Graph, after: &Graph) -> GraphDiff {
    let mut homes = Homes::default();
    let (old_homes, new_homes) = (homes.of(before), homes.of(after));
    let mut by_output: HashMap<(u32, &str), NodeId> = HashMap::new();
    let mut by_name: HashMap<(u32, &str, &str), NodeId> = HashMap::new();
    for (i, node) in after.nodes.iter().enumerate() {
        let (id, home) = (NodeId(i as u32), new_homes[node.body as usize]);
        for output in node.outputs.iter().flatten() {
            by_output.entry((home, &*after.tensor(*output).name)).or_insert(id);
        }
        if !node.name.is_empty() {
            by_name.entry((home, &*node.name, &*node.op_type)).or_insert(id);
        }
    }
    let mut match_of: Vec<Option<NodeId>> = vec![None; before.nodes.len()];
    let mut taken = vec![false; after.nodes.len()];
    let mut take = |found: Option<NodeId>| found.filter(|id| !std::mem::replace(&mut taken[id.0 as usize], true));
    for (node, slot) in before.nodes.iter().zip(&mut match_of) {
        let home = old_homes[node.body as usize];
        let found = node
            .outputs
            .iter()
            .flatten()
            .find_map(|t| by_output.get(&(home, &*before.tensor(*t).name)));
        *slot = take(found.copied());
    }
    for (node, slot) in before.nodes.iter().zip(&mut match_of) {
        if slot.is_none() && !node.name.is_empty() {
            let key = (old_homes[node.body as usize], &*node.name, &*node.op_type);
            *slot = take(by_name.get(&key).copied());
        }
    }
    let mut out = GraphDiff::default();
    for (i, (node, found)) in before.nodes.iter().zip(&match_of).enumerate() {
        match found {
            None => out.removed.push(node.path.clone()),
            Some(found) => {
                let what = changes(before, NodeId(i as u32), after, *found);
                if !what.is_empty() {
                    out.changed.push(NodeChange {
                        before: node.path.clone(),
                        after: after.node(*found).path.clone(),
                        what,
                    });
                }
            }
        }
    }
    let new = after.nodes.iter().zip(&taken).filter(|(_, taken)| !**taken);
    out.added = new.map(|(node, _)| node.path.clone()).collect();
    out
}

/// Numbers for bodies that mean the same in both graphs: the body of the node that makes the same output.
#[derive(Default)]
struct Homes {
    known: HashMap<(u32, String, String), u32>,
}

impl Homes {
    fn of(&mut self, graph: &Graph) -> Vec<u32> {
        let mut out: Vec<u32> = Vec::with_capacity(graph.bodies.len());
        // Owners come before what they own.
        for body in &graph.bodies {
            let key = match body.owner {
                None => (
                    u32::from(body.is_function),
                    String::new(),
                    if body.is_function {
                        body.name.to_string()
                    } else {
                        String::new()
                    },
                ),
                Some(owner) => {
                    let node = graph.node(owner);
                    let output = node
                        .outputs
                        .iter()
                        .flatten()
                        .next()
                        .map(|t| graph.tensor(*t).name.to_string());
                    (
                        2 + out[node.body as usize],
                        output.unwrap_or_default(),
                        body.name.to_string(),
                    )
                }
            };
            let next = self.known.len() as u32;
            out.push(*self.known.entry(key).or_insert(next));
        }
        out
    }
}

fn changes(before: &Graph, old_id: NodeId, after: &Graph, new_id: NodeId) -> Vec<String> {
    let (old, new) = (before.node(old_id), after.node(new_id));
    let mut what = Vec::new();
    let mut text = |label: &str, old: &str, new: &str| {
        if old != new {
            what.push(format!("{label}: {old:?} -> {new:?}"));
        }
    };
    text("operator", &old.op_type, &new.op_type);
    text("domain", &old.domain, &new.domain);
    text("name", &old.name, &new.name);
    names(&mut what, "input", (before, &old.inputs), (after, &new.inputs));
    names(&mut what, "output", (before, &old.outputs), (after, &new.outputs));
    constants(&mut what, before, old, after, new);
    attributes(&mut what, before.proto(old_id), after.proto(new_id));
    what
}

type Side<'a> = (&'a Graph, &'a [Option<TensorId>]);

fn names(what: &mut Vec<String>, label: &str, (before, old): Side<'_>, (after, new): Side<'_>) {
    let name = |graph: &Graph, t: Option<&Option<TensorId>>| match t {
        None => None,
        Some(None) => Some(String::new()),
        Some(Some(t)) => Some(graph.tensor(*t).name.to_string()),
    };
    for i in 0..old.len().max(new.len()) {
        match (name(before, old.get(i)), name(after, new.get(i))) {
            (Some(a), Some(b)) if a != b => what.push(format!("{label} {i}: {a:?} -> {b:?}")),
            (Some(a), None) => what.push(format!("{label} {i}: {a:?} removed")),
            (None, Some(b)) => what.push(format!("{label} {i}: {b:?} added")),
            _ => {}
        }
    }
}

/// Inputs of the same name that became constant, or whose stored type or values changed.
fn constants(what: &mut Vec<String>, before: &Graph, old: &Node, after: &Graph, new: &Node) {
    for (i, pair) in old.inputs.iter().zip(&new.inputs).enumerate() {
        let (Some(a), Some(b)) = pair else { continue };
        let (old, new) = (before.tensor(*a), after.tensor(*b));
        if old.name != new.name {
            continue;
        }
        let label = format!("input {i} {:?}", old.name);
        match (old.kind == TensorKind::Constant, new.kind == TensorKind::Constant) {
            (false, true) => what.push(format!("{label}: computed -> constant {}", new.ty)),
            (true, false) => what.push(format!("{label}: constant -> computed")),
            (true, true) if old.ty != new.ty => what.push(format!("{label}: {} -> {}", old.ty, new.ty)),
            (true, true) => {
                if let (Some(a), Some(b)) = (before.initializer(*a), after.initializer(*b))
                    && !is_same(a, b)
                {
                    what.push(format!("{label}: values changed"));
                }
            }
            _ => {}
        }
    }
}

/// Compares stored tensors; data that is the same memory is not read.
fn is_same(a: &TensorProto, b: &TensorProto) -> bool {
    match (&a.raw_data, &b.raw_data) {
        (Some(x), Some(y)) if x.as_ptr() == y.as_ptr() && x.len() == y.len() => {
            a.dims == b.dims && a.data_type == b.data_type
        }
        _ => a == b,
    }
}

fn attributes(what: &mut Vec<String>, old: &NodeProto, new: &NodeProto) {
    let name = |a: &AttributeProto| a.name.clone().unwrap_or_default();
    let by_name = |node: &'_ NodeProto| -> HashMap<String, AttributeProto> {
        node.attribute
            .iter()
            .filter(|a| !has_body(a))
            .map(|a| (name(a), a.clone()))
            .collect()
    };
    let (before, after) = (by_name(old), by_name(new));
    for a in old.attribute.iter().filter(|a| !has_body(a)) {
        let name = name(a);
        match after.get(&name) {
            None => what.push(format!("attribute {name}: {} removed", show(a))),
            Some(b) => {
                let same_tensor = a.t.is_set() && b.t.is_set() && is_same(&a.t, &b.t);
                if !same_tensor && a != b {
                    what.push(format!("attribute {name}: {} -> {}", show(a), show(b)));
                }
            }
        }
    }
    for b in new
        .attribute
        .iter()
        .filter(|b| !has_body(b) && !before.contains_key(&name(b)))
    {
        what.push(format!("attribute {}: {} added", name(b), show(b)));
    }
}

/// Bodies are compared node by node, on their own.
fn has_body(a: &AttributeProto) -> bool {
    a.g.is_set() || !a.graphs.is_empty()
}

/// An attribute's value in a few words.
fn show(a: &AttributeProto) -> String {
    fn list<T: std::fmt::Debug>(values: &[T]) -> String {
        if values.len() <= 8 {
            format!("{values:?}")
        } else {
            format!("{:?} and {} more", &values[..8], values.len() - 8)
        }
    }
    if let Some(reference) = a.ref_attr_name.as_deref().filter(|r| !r.is_empty()) {
        return format!("@{reference}");
    }
    if let Some(t) = a.t.as_option() {
        let dtype = t.data_type.and_then(DataType::from_onnx).map_or("?", DataType::name);
        return format!("tensor {dtype} {:?}", t.dims);
    }
    match (&a.i, &a.f, &a.s) {
        (Some(i), ..) => i.to_string(),
        (_, Some(f), _) => f.to_string(),
        (.., Some(s)) => format!("{:?}", String::from_utf8_lossy(s)),
        _ if !a.ints.is_empty() => list(&a.ints),
        _ if !a.floats.is_empty() => list(&a.floats),
        _ if !a.strings.is_empty() => format!("{} strings", a.strings.len()),
        _ => "empty".into(),
    }
}
