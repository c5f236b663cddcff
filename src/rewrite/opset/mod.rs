//! Raising the opset, for operators that only newer ones have: 13 for quantization per channel, 17 to 23 for
//! normalization and Gelu as operators.
//!
//! Goes one version at a time. `adapters` rewrites the operators whose meaning or inputs changed in a version (the
//! operators' changelog of onnx); those that only took on more types or forms stay as they are.

mod adapters;
#[cfg(test)]
mod tests;

use super::bodies::body_mut;
use super::clean::{Done, count, label};
use super::edit::constant_node;
use super::fold::{has_references, refuse_broken};
use super::names::Fresh;
use crate::graph::{Dim, Graph, Node, NodeId, TensorId};
use crate::model::attribute::{int, text};
use crate::model::onnx::{GraphProto, NodeProto, OperatorSetIdProto};
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

/// Raises the model's opset; a newer one stays. Local functions, which have opsets of their own, are inlined first.
///
/// # Errors
/// A target that is not in [`TARGETS`], an opset before 7, local functions that cannot be inlined, or a node whose meaning
/// cannot be kept, by name.
pub(super) fn raise(model: &Arc<Model>, to: i64) -> Result<Done, String> {
    if !TARGETS.contains(&to) {
        return Err(format!(
            "opset {to} cannot be made, only {} to {}",
            TARGETS.start(),
            TARGETS.end()
        ));
    }
    let mut model = model.clone();
    let mut graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let opset = graph.opset(0, "").ok_or("the model imports no ONNX operator set")?;
    if opset >= to {
        return Ok(Done {
            model,
            summary: format!("The model has opset {opset} already"),
            notes: Vec::new(),
        });
    }
    if opset < OLDEST {
        return Err(format!(
            "opset {opset} cannot be raised; the oldest that can is {OLDEST}"
        ));
    }
    let mut notes = Vec::new();
    if !model.proto().functions.is_empty() {
        let inlined = super::functions::inline_functions(&model)?;
        model = inlined.model;
        notes = inlined.notes;
        graph = Graph::new(model.clone());
    }
    let calls = notes.len();
    // Functions may have been newer than the model.
    let opset = graph.opset(0, "").unwrap_or(opset);
    if opset >= to {
        return Ok(Done {
            summary: format!("Inlined local functions, the newest of which has opset {opset}"),
            model,
            notes,
        });
    }
    let mut proto = model.proto().clone();
    let mut raiser = Raiser {
        graph: &graph,
        to,
        fresh: Fresh::new(&graph),
        notes,
        remarks: Vec::new(),
    };
    if let Some(top) = proto.graph.as_option_mut() {
        raiser.body(0, top)?;
    }
    set_version(&mut proto.opset_import, to);
    // Before IR version 4 every initializer is an input too, and stays so: newer versions read it as a default.
    proto.ir_version = proto.ir_version.max(Some(ir_version(to)));
    if model.proto().ir_version.unwrap_or(0) < 4 {
        drop_constant_inputs(&mut proto);
    }
    let mut summary = format!(
        "Raised opset {opset} to {to}, {} rewritten",
        count(raiser.notes.len().saturating_sub(calls), "node")
    );
    if calls > 0 {
        summary.push_str("; local functions were inlined first");
    }
    raiser.notes.append(&mut raiser.remarks);
    Ok(Done {
        model: Arc::new(model.with_proto(proto)),
        summary,
        notes: raiser.notes,
    })
}

/// Raises the model and its local functions, each from its own opset, to one; the functions stay.
///
/// # Errors
/// As [`raise`]; in functions also nodes with attributes that the calls give.
pub(super) fn raise_together(graph: &Graph, to: i64) -> Result<Arc<Model>, String> {
    if !TARGETS.contains(&to) {
        return Err(format!(
            "opset {to} cannot be made, only {} to {}",
            TARGETS.start(),
            TARGETS.end()
        ));
    }
    let mut proto = graph.model.proto().clone();
    let mut raiser = Raiser {
        graph,
        to,
        fresh: Fresh::new(graph),
        notes: Vec::new(),
        remarks: Vec::new(),
    };
    if let Some(top) = proto.graph.as_option_mut() {
        raiser.body(0, top)?;
    }
    set_version(&mut proto.opset_import, to);
    for (at, body) in graph.bodies.iter().enumerate().filter(|(_, b)| b.is_function) {
        if let Some(function) = body.function.and_then(|f| proto.functions.get_mut(f as usize)) {
            let nodes = std::mem::take(&mut function.node);
            let raised = raiser.nodes(at as u32, nodes);
            function.node = raised.map_err(|why| format!("function {}: {why}", body.name))?;
            set_version(&mut function.opset_import, to);
        }
    }
    proto.ir_version = proto.ir_version.max(Some(ir_version(to)));
    Ok(Arc::new(graph.model.with_proto(proto)))
}

/// Imports ONNX's own operators in this version.
fn set_version(imports: &mut [OperatorSetIdProto], to: i64) {
    for import in imports {
        if matches!(import.domain.as_deref(), None | Some("" | "ai.onnx")) {
            import.version = import.version.max(Some(to));
        }
    }
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
    to: i64,
    fresh: Fresh,
    notes: Vec<(String, String)>,
    /// Notes on nodes that stay as they are.
    remarks: Vec<(String, String)>,
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
        proto.node = self.nodes(at, std::mem::take(&mut proto.node))?;
        Ok(())
    }

    fn nodes(&mut self, at: u32, old: Vec<NodeProto>) -> Result<Vec<NodeProto>, String> {
        let graph = self.graph;
        let from = graph.opset(at, "").unwrap_or(self.to);
        if from < OLDEST {
            return Err(format!(
                "opset {from} cannot be raised; the oldest that can is {OLDEST}"
            ));
        }
        let mut nodes = Vec::with_capacity(old.len());
        for (mut node, id) in old.into_iter().zip(&graph.bodies[at as usize].nodes) {
            for owned in &graph.node(*id).owned_bodies {
                if let Some(inner) = body_mut(graph, &mut node, *owned) {
                    self.body(*owned, inner)?;
                }
            }
            if graph.node(*id).domain.is_empty() && graph.node(*id).function.is_none() {
                self.node(*id, from, &mut node, &mut nodes)?;
            }
            nodes.push(node);
        }
        Ok(nodes)
    }

    fn node(
        &mut self,
        id: NodeId,
        from: i64,
        proto: &mut NodeProto,
        before: &mut Vec<NodeProto>,
    ) -> Result<(), String> {
        let node = self.graph.node(id);
        let mut what: Vec<&'static str> = Vec::new();
        for version in from + 1..=self.to {
            let mut raised = Raised {
                graph: self.graph,
                fresh: &mut self.fresh,
                id,
                node,
                proto,
                before,
            };
            if has_references(raised.proto) {
                return Err(format!(
                    "{}: {} has attributes that calls give, so what opset {from} means by it cannot be told",
                    label(node),
                    node.op_type
                ));
            }
            let done = adapters::adapt(&mut raised, version);
            what.extend(done.map_err(|why| format!("{}: {} {why}", label(node), node.op_type))?);
        }
        if (from..self.to).contains(&21) && adapters::WITHOUT_KERNEL_22.contains(&&*node.op_type) {
            let text = format!("{}: ONNX Runtime 1.31 has none of opset 22 or newer", node.op_type);
            self.remarks.push((label(node), text));
        }
        if !what.is_empty() {
            self.notes
                .push((label(node), format!("{}: {}", node.op_type, what.join(", "))));
        }
        Ok(())
    }
}

impl<'a> Raised<'_, 'a> {
    fn op_type(&self) -> &str {
        self.proto.op_type.as_deref().unwrap_or_default()
    }

    fn input(&self, at: usize) -> Option<TensorId> {
        self.node.input(at)
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

    /// Dimensions of an input, where their number is known.
    fn dims(&self, at: usize) -> Option<&'a [Dim]> {
        let tensor = self.graph.tensor(self.input(at)?);
        tensor.ty.shape.as_ref().map(|s| s.0.as_slice())
    }

    /// The value of an input that is constant.
    fn constant(&self, at: usize) -> Option<Tensor> {
        self.graph.constant(self.input(at)?)?.ok()
    }

    fn drop_attribute(&mut self, name: &str) {
        self.proto.attribute.retain(|a| a.name.as_deref() != Some(name));
    }

    fn set_int(&mut self, name: &str, value: i64) {
        self.drop_attribute(name);
        self.proto.attribute.push(int(name, value));
    }

    fn set_text(&mut self, name: &str, value: &str) {
        self.drop_attribute(name);
        self.proto.attribute.push(text(name, value));
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
