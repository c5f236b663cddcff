//! Writing edits into a copy of the model's messages.

use super::{Edit, Read};
use crate::graph::{Shape, TensorId};
use crate::model::onnx::{AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto};
use crate::model::{Tensor, attribute};
use crate::rewrite::bodies::body_mut;
use crate::rewrite::outputs::declaration;
use std::collections::HashSet;

/// The messages of one model on their way to be edited.
pub(super) struct Writer<'e, 'a> {
    pub(super) edit: &'e Edit<'a>,
    /// Before IR version 4, initializers had to be inputs too. Bodies, whose inputs mean something else, get Constant nodes.
    pub(super) is_old: bool,
    /// Per body: the tensor of each initializer.
    pub(super) initializers: Vec<Vec<Option<TensorId>>>,
    /// Constants written.
    pub(super) constants: usize,
}

impl<'e> Writer<'e, '_> {
    pub(super) fn graph(&mut self, body: u32, graph: &mut GraphProto) {
        let to_initializers = !self.is_old || body == 0;
        let (nodes, values) = self.nodes(body, std::mem::take(&mut graph.node), to_initializers);
        graph.node = nodes;
        let edit = self.edit;
        let of_body = std::mem::take(&mut self.initializers[body as usize]);
        let is_unread = |tensor: Option<TensorId>| {
            tensor.is_some_and(|t| edit.orphaned[t.0 as usize] && edit.uses(t) == 0 && !edit.graph.is_default(t))
        };
        let mut dropped: HashSet<String> = HashSet::new();
        let mut at = 0;
        graph.initializer.retain(|tensor| {
            let gone = is_unread(of_body.get(at).copied().flatten());
            at += 1;
            if gone {
                dropped.insert(tensor.name.clone().unwrap_or_default());
            }
            !gone
        });
        // Where initializers are inputs too (old IR versions), both go.
        graph
            .input
            .retain(|input| !dropped.contains(input.name.as_deref().unwrap_or_default()));
        if to_initializers {
            for (id, value) in &edit.constants {
                let tensor = edit.graph.tensor(*id);
                if tensor.body == body && edit.uses(*id) > 0 && !tensor.is_output {
                    graph.initializer.push(value.to_proto(&tensor.name));
                    if self.is_old {
                        graph.input.push(input(&tensor.name, value));
                    }
                    self.constants += 1;
                }
            }
        }
        for (name, value) in values {
            graph.initializer.push(value.to_proto(name));
            if self.is_old {
                graph.input.push(input(name, value));
            }
        }
        let mut gone = self.names_gone(body);
        gone.extend(dropped.iter().map(String::as_str));
        let stays = |name: &Option<String>| !gone.contains(name.as_deref().unwrap_or_default());
        graph.value_info.retain(|info| stays(&info.name));
        graph
            .quantization_annotation
            .retain(|annotation| stays(&annotation.tensor_name));
    }

    /// Names that no node of the body makes any more, and those that are constants now (which carry their own type).
    pub(super) fn names_gone(&self, body: u32) -> HashSet<&str> {
        let edit = self.edit;
        let nodes = edit.graph.bodies[body as usize]
            .nodes
            .iter()
            .filter(|id| edit.is_removed(**id));
        let tensors = nodes.flat_map(|id| edit.graph.node(*id).outputs.iter().flatten());
        let renamed = edit.renamed.keys().filter(|t| edit.graph.tensor(**t).body == body);
        tensors
            .chain(renamed)
            .filter(|t| !edit.graph.tensor(**t).is_output)
            .map(|t| &*edit.graph.tensor(*t).name)
            .collect()
    }

    /// The nodes, and the constants of new ones where they become initializers.
    pub(super) fn nodes(
        &mut self,
        body: u32,
        nodes: Vec<NodeProto>,
        to_initializers: bool,
    ) -> (Vec<NodeProto>, Vec<NewValue<'e>>) {
        let edit = self.edit;
        let graph = edit.graph;
        let mut out = Vec::with_capacity(nodes.len());
        let mut values = Vec::new();
        for (mut proto, id) in nodes.into_iter().zip(&graph.bodies[body as usize].nodes) {
            let node = graph.node(*id);
            if edit.is_removed(*id) {
                for output in node.outputs.iter().flatten() {
                    let tensor = graph.tensor(*output);
                    if let Some(value) = edit.constants.get(output)
                        && edit.uses(*output) > 0
                        && (!to_initializers || tensor.is_output)
                    {
                        out.push(constant_node(&tensor.name, value));
                        self.constants += 1;
                    }
                }
                continue;
            }
            if let Some(replacement) = edit.replaced.get(id) {
                proto = replacement.proto.clone();
                proto.input.clear();
                for read in &replacement.reads {
                    let name = match read {
                        Read::Tensor(tensor) => edit.name(*tensor),
                        Read::Value(name, value) if to_initializers => {
                            values.push((name.as_str(), value));
                            name
                        }
                        Read::Value(name, value) => {
                            out.push(constant_node(name, value));
                            name
                        }
                    };
                    proto.input.push(name.to_owned());
                }
            } else {
                for (name, read) in proto.input.iter_mut().zip(&node.inputs) {
                    if let Some(read) = read
                        && edit.name(*read) != name
                    {
                        *name = edit.name(*read).to_owned();
                    }
                }
            }
            for (name, made) in proto.output.iter_mut().zip(&node.outputs) {
                if let Some(made) = made
                    && edit.renamed.contains_key(made)
                {
                    *name = edit.name(*made).to_owned();
                }
            }
            for owned in &node.owned_bodies {
                if let Some(inner) = body_mut(graph, &mut proto, *owned) {
                    self.graph(*owned, inner);
                }
            }
            out.push(proto);
        }
        (out, values)
    }
}

/// Name and value of a constant that a new node reads.
pub(super) type NewValue<'e> = (&'e str, &'e Tensor);

/// A node that holds a value.
pub(in crate::rewrite) fn constant_node(name: &str, value: &Tensor) -> NodeProto {
    stored_node(value.to_proto(name))
}

/// A stored tensor as a node.
pub(in crate::rewrite) fn stored_node(mut tensor: TensorProto) -> NodeProto {
    let name = tensor.name.take().unwrap_or_default();
    holder(name, attribute::tensor("value", tensor))
}

/// A `Constant` of this name and attribute.
pub(in crate::rewrite) fn holder(name: String, value: AttributeProto) -> NodeProto {
    NodeProto {
        op_type: Some("Constant".into()),
        output: vec![name],
        attribute: vec![value],
        ..Default::default()
    }
}

/// The declaration of a stored tensor as an input.
pub(in crate::rewrite) fn input(name: &str, value: &Tensor) -> ValueInfoProto {
    declaration(name, value.dtype, Some(&Shape::known(&value.dims)))
}
