//! Raising the opset, for operators that only newer ones have: 13 for quantization per channel, 17 to 23 for
//! normalization and Gelu as operators.
//!
//! Goes one version at a time. `adapters` rewrites the operators whose meaning or inputs changed in a version (the
//! operators' changelog of onnx); those that only took on more types or forms stay as they are.

mod adapters;
#[cfg(test)]
mod tests;

use super::clean::{Done, count, label};
use super::edit::constant_node;
use super::fold::{has_references, refuse_broken};
use super::names::Fresh;
use crate::graph::{Graph, Node, NodeId, TensorId, TensorKind};
use crate::model::onnx::{AttributeProto, GraphProto, NodeProto, attribute_proto::AttributeType};
use crate::model::{Attributes, Model, Tensor};
use std::sync::Arc;

/// Opsets that can be made, oldest first.
pub const TARGETS: std::ops::RangeInclusive<i64> = 13..=23;
/// Least opset from which they can be made.
const OLDEST: i64 = 7;

/// IR version that came with an opset (onnx, docs/Versioning.md).
fn ir_version(opset: i64) -> i64 {
    match opset {
        ..=14 => 7,
        15..=18 => 8,
        19..=20 => 9,
        21..=22 => 10,
        _ => 11,
    }
}

/// Raises the model's opset; a newer one stays.
///
/// # Errors
/// A target that is not in [`TARGETS`], an opset before 7, local functions, or a node whose meaning cannot be kept, by name.
pub(super) fn raise(model: &Arc<Model>, to: i64) -> Result<Done, String> {
    if !TARGETS.contains(&to) {
        return Err(format!(
            "opset {to} cannot be made, only {} to {}",
            TARGETS.start(),
            TARGETS.end()
        ));
    }
    let graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let opset = graph.opset(0, "").ok_or("the model imports no ONNX operator set")?;
    if opset >= to {
        return Ok(Done {
            model: model.clone(),
            summary: format!("The model has opset {opset} already"),
            notes: Vec::new(),
        });
    }
    if opset < OLDEST {
        return Err(format!(
            "opset {opset} cannot be raised; the oldest that can is {OLDEST}"
        ));
    }
    if !model.proto().functions.is_empty() {
        return Err("the model has local functions, whose operators belong to the old opset".into());
    }
    let mut proto = model.proto().clone();
    let mut raiser = Raiser {
        graph: &graph,
        from: opset,
        to,
        fresh: Fresh::new(&graph),
        notes: Vec::new(),
    };
    if let Some(top) = proto.graph.as_option_mut() {
        raiser.body(0, top)?;
    }
    for import in &mut proto.opset_import {
        if matches!(import.domain.as_deref(), None | Some("" | "ai.onnx")) {
            import.version = Some(to);
        }
    }
    // Before IR version 4 every initializer is an input too, and stays so: newer versions read it as a default.
    proto.ir_version = proto.ir_version.max(Some(ir_version(to)));
    if model.proto().ir_version.unwrap_or(0) < 4 {
        drop_constant_inputs(&mut proto);
    }
    let summary = format!(
        "Raised opset {opset} to {to}, {} rewritten",
        count(raiser.notes.len(), "node")
    );
    Ok(Done {
        model: Arc::new(model.with_proto(proto)),
        summary,
        notes: raiser.notes,
    })
}

/// Takes initializers off the list of inputs: from IR version 4 on they would be defaults there, which nobody may fold.
fn drop_constant_inputs(proto: &mut crate::model::onnx::ModelProto) {
    let Some(graph) = proto.graph.as_option_mut() else {
        return;
    };
    let stored = graph.initializer.iter().filter_map(|t| t.name.clone());
    let stored: std::collections::HashSet<String> = stored.collect();
    graph
        .input
        .retain(|input| !input.name.as_ref().is_some_and(|name| stored.contains(name)));
}

struct Raiser<'a> {
    graph: &'a Graph,
    from: i64,
    to: i64,
    fresh: Fresh,
    notes: Vec<(String, String)>,
}

/// A node on its way to the new opset.
struct Raised<'r, 'a> {
    graph: &'a Graph,
    fresh: &'r mut Fresh,
    id: NodeId,
    node: &'a Node,
    proto: &'r mut NodeProto,
    /// Nodes that must stand before it.
    before: &'r mut Vec<NodeProto>,
}

impl Raiser<'_> {
    fn body(&mut self, at: u32, proto: &mut GraphProto) -> Result<(), String> {
        let graph = self.graph;
        let mut nodes = Vec::with_capacity(proto.node.len());
        for (mut node, id) in std::mem::take(&mut proto.node)
            .into_iter()
            .zip(&graph.bodies[at as usize].nodes)
        {
            for owned in &graph.node(*id).owned_bodies {
                let inner = graph.body_place(*owned).and_then(|(attribute, index)| {
                    let attribute = node.attribute.get_mut(attribute)?;
                    match index {
                        None => attribute.g.as_option_mut(),
                        Some(index) => attribute.graphs.get_mut(index),
                    }
                });
                if let Some(inner) = inner {
                    self.body(*owned, inner)?;
                }
            }
            if graph.node(*id).domain.is_empty() {
                self.node(*id, &mut node, &mut nodes)?;
            }
            nodes.push(node);
        }
        proto.node = nodes;
        Ok(())
    }

    fn node(&mut self, id: NodeId, proto: &mut NodeProto, before: &mut Vec<NodeProto>) -> Result<(), String> {
        let node = self.graph.node(id);
        let mut what: Vec<&'static str> = Vec::new();
        for version in self.from + 1..=self.to {
            let mut raised = Raised {
                graph: self.graph,
                fresh: &mut self.fresh,
                id,
                node,
                proto,
                before,
            };
            if has_references(raised.proto) {
                return Err(format!("{}: an attribute is a reference", label(node)));
            }
            let done = adapters::adapt(&mut raised, version);
            what.extend(done.map_err(|why| format!("{}: {} {why}", label(node), node.op_type))?);
        }
        if !what.is_empty() {
            self.notes
                .push((label(node), format!("{}: {}", node.op_type, what.join(", "))));
        }
        Ok(())
    }
}

impl Raised<'_, '_> {
    fn op_type(&self) -> &str {
        self.proto.op_type.as_deref().unwrap_or_default()
    }

    fn input(&self, at: usize) -> Option<TensorId> {
        self.node.inputs.get(at).copied().flatten()
    }

    /// True when the model's own node has this input.
    fn has_input(&self, at: usize) -> bool {
        self.proto.input.get(at).is_some_and(|name| !name.is_empty())
    }

    /// True when something reads this output of the node.
    fn has_output(&self, at: usize) -> bool {
        self.node.outputs.get(at).copied().flatten().is_some_and(|t| {
            let info = self.graph.tensor(t);
            info.is_output || !info.consumers.is_empty()
        })
    }

    fn rank(&self, at: usize) -> Option<usize> {
        let tensor = self.graph.tensor(self.input(at)?);
        tensor.ty.shape.as_ref().map(|s| s.0.len())
    }

    /// The value of an input that is constant.
    fn constant(&self, at: usize) -> Option<Tensor> {
        let tensor = self.input(at)?;
        (self.graph.tensor(tensor).kind == TensorKind::Constant).then(|| self.graph.constant(tensor)?.ok())?
    }

    fn drop_attribute(&mut self, name: &str) {
        self.proto.attribute.retain(|a| a.name.as_deref() != Some(name));
    }

    fn set_int(&mut self, name: &str, value: i64) {
        self.drop_attribute(name);
        self.proto.attribute.push(AttributeProto {
            name: Some(name.into()),
            r#type: Some(AttributeType::INT),
            i: Some(value),
            ..Default::default()
        });
    }

    fn set_text(&mut self, name: &str, value: &str) {
        self.drop_attribute(name);
        self.proto.attribute.push(AttributeProto {
            name: Some(name.into()),
            r#type: Some(AttributeType::STRING),
            s: Some(value.as_bytes().to_vec().into()),
            ..Default::default()
        });
    }

    /// Puts a constant at this input; inputs before it that are not there are left out.
    fn feed(&mut self, at: usize, what: &str, value: &Tensor) {
        let output = self.proto.output.first().cloned().unwrap_or_default();
        let name = self.fresh.name(format!("{output}__{what}"));
        self.before.push(constant_node(&name, value));
        if self.proto.input.len() <= at {
            self.proto.input.resize(at + 1, String::new());
        }
        self.proto.input[at] = name;
    }

    /// Moves a list of integers from an attribute to an input; false where there is none.
    fn list_to_input(&mut self, attribute: &str, at: usize) -> Result<bool, String> {
        let Some(values) = self.proto.ints(attribute).map(<[i64]>::to_vec) else {
            return Ok(false);
        };
        let value = Tensor::from_i64(&[values.len() as u64], &values).ok_or("has a list that is no tensor")?;
        self.feed(at, attribute, &value);
        self.drop_attribute(attribute);
        Ok(true)
    }
}
