//! Bodies of If, Loop and Scan: their messages, and names by which their nodes and tensors are told apart.

use super::clean::label;
use crate::graph::{Graph, TensorId};
use crate::model::onnx::{GraphProto, NodeProto};
use std::borrow::Cow;
use std::collections::HashMap;

/// The message of a body that the node owns.
pub(super) fn body_mut<'p>(graph: &Graph, proto: &'p mut NodeProto, body: u32) -> Option<&'p mut GraphProto> {
    let (attribute, index) = graph.body_place(body)?;
    let attribute = proto.attribute.get_mut(attribute)?;
    match index {
        None => attribute.g.as_option_mut(),
        Some(index) => attribute.graphs.get_mut(index),
    }
}

/// Bytes of a name from which on places have only its two ends: there may be as many places as tensors.
const LONGEST: usize = 120;

fn short(name: &str) -> Cow<'_, str> {
    if name.len() <= LONGEST {
        return Cow::Borrowed(name);
    }
    let start: String = name.chars().take(LONGEST / 2).collect();
    let end: String = name.chars().rev().take(LONGEST / 2).collect();
    let end: String = end.chars().rev().collect();
    Cow::Owned(format!("{start}…{end}"))
}

/// What stands in front of names inside a body: `if_3/then_branch/`, nested bodies after one another; nothing at the top
/// level. It survives patches as long as the nodes around keep their names.
pub fn place(graph: &Graph, body: u32) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut at = body;
    while let Some(body) = graph.bodies.get(at as usize) {
        let Some(owner) = body.owner else { break };
        let owner = graph.node(owner);
        let (owner_name, name) = (label(owner), &body.name);
        parts.push(format!("{}/{}/", short(&owner_name), short(name)));
        at = owner.body;
    }
    parts.reverse();
    parts.concat()
}

/// The name under which the values of a tensor are known: its own at the top level; with its place in front inside a body,
/// where others may have the same.
pub fn value_name(graph: &Graph, id: TensorId) -> Cow<'_, str> {
    let tensor = graph.tensor(id);
    match tensor.body {
        0 => Cow::Borrowed(&*tensor.name),
        body => Cow::Owned(format!("{}{}", place(graph, body), tensor.name)),
    }
}

/// A label for each node that no other has: its name; its path where it has none, or where another has the same.
pub(super) fn labels(graph: &Graph) -> Vec<String> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for node in &graph.nodes {
        *times.entry(&node.name).or_default() += 1;
    }
    let of = |node: &crate::graph::Node| match times.get(&*node.name) {
        Some(1) => label(node),
        _ => node.path.to_string(),
    };
    graph.nodes.iter().map(of).collect()
}
