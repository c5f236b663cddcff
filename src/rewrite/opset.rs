//! Raising the opset from 11 or 12 to 13, the first with scales per channel.
//!
//! Operators whose meaning changed on the way are rewritten; for those that only take more types since, nothing changes
//! (the operators' changelog of onnx: Squeeze, Unsqueeze, ReduceSum and Split take their axes as an input from 13 on;
//! Softmax, LogSoftmax and Hardmax no longer flatten; Dropout's ratio is an input from 12 on; Resize lost a mode in 13).

use super::clean::{Done, count, label};
use super::edit::constant_node;
use super::fold::refuse_broken;
use super::names::Fresh;
use crate::graph::{Graph, NodeId};
use crate::model::onnx::{AttributeProto, GraphProto, NodeProto, attribute_proto::AttributeType};
use crate::model::{Attributes, Model, Tensor};
use std::sync::Arc;

/// The opset that this makes.
pub(super) const TARGET: i64 = 13;
/// Opsets from which it can be made.
const SOURCES: [i64; 2] = [11, 12];
/// IR version that came with the opset.
const IR: i64 = 7;

/// Raises the model's opset to 13; a newer one stays.
///
/// # Errors
/// An older opset, local functions, or a node whose meaning cannot be kept, by name.
pub(super) fn raise(model: &Arc<Model>) -> Result<Done, String> {
    let graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let opset = graph.opset(0, "").ok_or("the model imports no ONNX operator set")?;
    if opset >= TARGET {
        return Ok(Done {
            model: model.clone(),
            summary: format!("The model has opset {opset} already"),
            notes: Vec::new(),
        });
    }
    if !SOURCES.contains(&opset) {
        return Err(format!(
            "raising opset {opset} is not implemented; only 11 and 12 can be raised"
        ));
    }
    if !model.proto().functions.is_empty() {
        return Err("the model has local functions, whose operators belong to the old opset".into());
    }
    let mut proto = model.proto().clone();
    let mut raiser = Raiser {
        graph: &graph,
        fresh: Fresh::new(&graph),
        notes: Vec::new(),
    };
    if let Some(top) = proto.graph.as_option_mut() {
        raiser.body(0, top)?;
    }
    for import in &mut proto.opset_import {
        if matches!(import.domain.as_deref(), None | Some("" | "ai.onnx")) {
            import.version = Some(TARGET);
        }
    }
    proto.ir_version = proto.ir_version.max(Some(IR));
    let summary = format!(
        "Raised opset {opset} to {TARGET}, {} rewritten",
        count(raiser.notes.len(), "node")
    );
    Ok(Done {
        model: Arc::new(model.with_proto(proto)),
        summary,
        notes: raiser.notes,
    })
}

struct Raiser<'a> {
    graph: &'a Graph,
    fresh: Fresh,
    notes: Vec<(String, String)>,
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
        let name = label(node);
        let what = match &*node.op_type {
            "Squeeze" | "Unsqueeze" | "ReduceSum" => self.move_to_input(proto, "axes", before)?,
            "Split" => self.move_to_input(proto, "split", before)?,
            "Softmax" | "LogSoftmax" | "Hardmax" => {
                let axis = proto.int("axis").unwrap_or(1);
                let input = node.inputs.first().copied().flatten();
                let rank = input
                    .and_then(|t| self.graph.tensor(t).ty.shape.as_ref())
                    .map(|s| s.0.len() as i64);
                if axis != -1 && Some(axis) != rank.map(|r| r - 1) {
                    return Err(format!(
                        "{name}: {} flattens from axis {axis} on before opset 13, which it no longer does",
                        node.op_type
                    ));
                }
                proto.attribute.retain(|a| a.name.as_deref() != Some("axis"));
                proto.attribute.push(AttributeProto {
                    name: Some("axis".into()),
                    r#type: Some(AttributeType::INT),
                    i: Some(-1),
                    ..Default::default()
                });
                Some("axis is the last one")
            }
            // What is left out in training does not matter to inference.
            "Dropout" if proto.attr("ratio").is_some() => {
                proto.attribute.retain(|a| a.name.as_deref() != Some("ratio"));
                Some("ratio dropped")
            }
            "Resize" if proto.text("coordinate_transformation_mode") == Some("tf_half_pixel_for_nn") => {
                return Err(format!(
                    "{name}: Resize has no mode tf_half_pixel_for_nn from opset 13 on"
                ));
            }
            _ => None,
        };
        self.notes
            .extend(what.map(|what| (name, format!("{}: {what}", node.op_type))));
        Ok(())
    }

    /// Moves a list of integers from an attribute to a second input.
    fn move_to_input(
        &mut self,
        proto: &mut NodeProto,
        attribute: &str,
        before: &mut Vec<NodeProto>,
    ) -> Result<Option<&'static str>, String> {
        let Some(values) = proto.ints(attribute).map(<[i64]>::to_vec) else {
            return Ok(None);
        };
        let value = Tensor::from_i64(&[values.len() as u64], &values).ok_or("a list cannot be made a tensor")?;
        let output = proto.output.first().cloned().unwrap_or_default();
        let name = self.fresh.name(format!("{output}__{attribute}"));
        before.push(constant_node(&name, &value));
        proto.attribute.retain(|a| a.name.as_deref() != Some(attribute));
        proto.input.push(name);
        Ok(Some("its list is an input"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{graph, import, int, ints, model, node, proto, value, with};
    use crate::model::DataType;

    fn raised(nodes: Vec<NodeProto>, opset: i64) -> Result<Done, String> {
        let mut g = graph(&[], &[], vec![], nodes);
        g.input = vec![value("x", DataType::Float32, &[2, 1, 3])];
        g.output = vec![value("y", DataType::Float32, &[2, 3])];
        let mut p = proto(g, vec![]);
        p.opset_import = vec![import("", opset)];
        raise(&model(&p))
    }

    fn squeeze() -> NodeProto {
        with(node("Squeeze", &["x"], &["s"]), ints("axes", &[1]))
    }

    #[test]
    fn lists_become_inputs_and_the_last_axis_stays_the_last() {
        let softmax = with(node("Softmax", &["s"], &["y"]), int("axis", 1));
        let done = raised(vec![squeeze(), softmax], 11).unwrap();
        let nodes = &done.model.graph().node;
        let operators: Vec<_> = nodes.iter().filter_map(|n| n.op_type.as_deref()).collect();
        assert_eq!(operators, ["Constant", "Squeeze", "Softmax"]);
        assert_eq!(nodes[1].input, ["x", "s__axes"]);
        assert!(nodes[1].attribute.is_empty());
        assert_eq!(nodes[2].int("axis"), Some(-1));
        let after = Graph::new(done.model.clone());
        assert_eq!(after.opset(0, ""), Some(13));
        assert!(after.problems.is_empty(), "{:?}", after.problems);
    }

    #[test]
    fn what_would_change_its_meaning_is_refused_by_name() {
        let flattening = with(node("Softmax", &["x"], &["p"]), int("axis", 1));
        let last = with(node("Squeeze", &["p"], &["y"]), ints("axes", &[1]));
        let error = raised(vec![flattening, last], 12).err().unwrap();
        assert!(error.starts_with("p_Softmax: Softmax flattens from axis 1"), "{error}");
        let error = raised(vec![squeeze(), node("Exp", &["s"], &["y"])], 9).err().unwrap();
        assert!(error.contains("opset 9"), "{error}");
        // Newer models stay as they are.
        let done = raised(vec![node("Exp", &["x"], &["y"])], 17).unwrap();
        assert_eq!(done.model.proto().opset_import[0].version, Some(17));
    }
}
