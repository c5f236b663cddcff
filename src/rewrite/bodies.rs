//! Bodies of If, Loop and Scan: their messages, and names by which their nodes and tensors are told apart.

use super::clean::label;
use crate::graph::{Graph, TensorId};
use crate::model::onnx::{GraphProto, NodeProto};

/// The message of a body that the node owns.
pub(super) fn body_mut<'p>(graph: &Graph, proto: &'p mut NodeProto, body: u32) -> Option<&'p mut GraphProto> {
    let (attribute, index) = graph.body_place(body)?;
    let attribute = proto.attribute.get_mut(attribute)?;
    match index {
        None => attribute.g.as_option_mut(),
        Some(index) => attribute.graphs.get_mut(index),
    }
}

/// What stands in front of names inside a body: `if_3/then_branch/`, nested bodies after one another; nothing at the top
/// level. It survives patches as long as the nodes around keep their names.
pub fn place(graph: &Graph, body: u32) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut at = body;
    while let Some(body) = graph.bodies.get(at as usize) {
        let Some(owner) = body.owner else { break };
        let owner = graph.node(owner);
        parts.push(format!("{}/{}/", label(owner), body.name));
        at = owner.body;
    }
    parts.reverse();
    parts.concat()
}

/// The name under which the values of a tensor are known: its own at the top level; with its place in front inside a body,
/// where others may have the same.
pub fn value_name(graph: &Graph, id: TensorId) -> String {
    let tensor = graph.tensor(id);
    match tensor.body {
        0 => tensor.name.to_string(),
        body => format!("{}{}", place(graph, body), tensor.name),
    }
}
