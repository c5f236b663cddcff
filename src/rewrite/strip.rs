//! Quantization that a model has already: taken out again, and what it says about ranges.
//!
//! A pair of QuantizeLinear and DequantizeLinear becomes nothing, a constant that is dequantized becomes the floats that it
//! stands for. What rounding and clipping lost stays lost in weights and comes back in activations.

use super::bodies::body_mut;
use super::clean::{Done, count, label, remove_dead, remove_no_ops};
use super::fold::refuse_broken;
use super::quantize::Grain;
use crate::graph::{Graph, Node, NodeId, Producer, TensorId};
use crate::model::onnx::{GraphProto, NodeProto, TensorProto};
use crate::model::{Attributes, DataType, Model, Tensor};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

fn is(node: &Node, op: &str) -> bool {
    *node.op_type == *op && matches!(&*node.domain, "" | "com.microsoft")
}

/// The value of a constant input; none where it has none.
fn constant(graph: &Graph, node: &Node, index: usize) -> Option<Tensor> {
    graph.constant(node.input(index)?)?.ok()
}

/// The node that quantizes what this one dequantizes.
fn quantizes(graph: &Graph, node: &Node) -> Option<NodeId> {
    match graph.tensor(node.input(0)?).producer {
        Producer::Node { node: maker, .. } if is(graph.node(maker), "QuantizeLinear") => Some(maker),
        _ => None,
    }
}

/// True for what a DequantizeLinear makes.
pub(super) fn is_dequantized(graph: &Graph, tensor: TensorId) -> bool {
    match graph.tensor(tensor).producer {
        Producer::Node { node, .. } => is(graph.node(node), "DequantizeLinear"),
        _ => false,
    }
}

/// Number of nodes that quantize or dequantize.
pub(super) fn pairs(graph: &Graph) -> usize {
    let of = |op: &str| graph.nodes.iter().filter(|n| is(n, op)).count();
    of("QuantizeLinear").max(of("DequantizeLinear"))
}

/// The magnitude that each tensor's QuantizeLinear can hold, by the tensor's name, for those with one constant scale: the range of
/// its codes around the zero point, -128 left out where zero is in the middle.
pub fn held_ranges(graph: &Graph) -> BTreeMap<String, f32> {
    let mut found: BTreeMap<String, f32> = BTreeMap::new();
    for node in graph.nodes.iter().filter(|n| is(n, "QuantizeLinear")) {
        let Some(data) = node.input(0) else { continue };
        let scales = constant(graph, node, 1).and_then(|s| s.to_f32());
        let Some([scale]) = scales.as_deref() else { continue };
        let zero = constant(graph, node, 2);
        let (low, high) = match zero.as_ref().map_or(DataType::UInt8, |z| z.dtype) {
            DataType::Int8 => (-128.0, 127.0),
            DataType::UInt8 => (0.0, 255.0),
            DataType::UInt16 => (0.0, 65535.0),
            DataType::Int16 => (-32768.0, 32767.0),
            _ => continue,
        };
        let zero = zero
            .and_then(|z| Some(z.to_i64()?.first().copied()? as f32))
            .unwrap_or(0.0);
        let low: f32 = if zero == 0.0 && low < 0.0 { -high } else { low - zero };
        let threshold = scale * low.abs().max(high - zero);
        if threshold.is_finite() && threshold > 0.0 {
            let name = graph.tensor(data).name.to_string();
            found
                .entry(name)
                .and_modify(|t| *t = t.max(threshold))
                .or_insert(threshold);
        }
    }
    found
}

/// What becomes of a node that dequantizes.
enum Becomes {
    /// What was quantized passes on as it is.
    Passing(String),
    /// A constant in its place.
    Constant(Box<TensorProto>),
}

/// Takes pairs of QuantizeLinear and DequantizeLinear out, and makes dequantized constants floats, in bodies too.
///
/// # Errors
/// Structural problems; operators that compute on codes themselves.
pub(super) fn strip(model: &Arc<Model>) -> Result<Done, String> {
    let graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let mut becomes: HashMap<NodeId, Becomes> = HashMap::new();
    let mut notes = Vec::new();
    let (mut passing, mut constants) = (0, 0);
    for (at, node) in graph
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, n)| is(n, "DequantizeLinear"))
    {
        let id = NodeId(at as u32);
        let Some(output) = node.outputs.first().copied().flatten() else {
            continue;
        };
        let name = &graph.tensor(output).name;
        if let Some(first) = quantizes(&graph, node).and_then(|q| graph.node(q).input(0)) {
            becomes.insert(id, Becomes::Passing(graph.tensor(first).name.to_string()));
            passing += 1;
        } else if let Some(value) = dequantized(&graph, id, node) {
            becomes.insert(id, Becomes::Constant(Box::new(value?.to_proto(name))));
            constants += 1;
        } else {
            notes.push((
                label(node),
                "kept: what it reads is no constant and no QuantizeLinear made it".to_owned(),
            ));
        }
    }
    if becomes.is_empty() {
        return Ok(Done {
            model: model.clone(),
            summary: "No pair of QuantizeLinear and DequantizeLinear to remove".into(),
            notes,
        });
    }
    let mut proto = model.proto().clone();
    if let Some(top) = proto.graph.as_option_mut() {
        rewrite(&graph, 0, top, &mut becomes);
    }
    model.check_intact().map_err(|e| e.to_string())?;
    let stripped = Arc::new(model.with_proto(proto));
    let stripped = remove_no_ops(&stripped)?.model;
    let stripped = remove_dead(&stripped)?.model;
    Ok(Done {
        model: stripped,
        summary: format!(
            "Removed {} of QuantizeLinear and DequantizeLinear, made {} float",
            count(passing, "pair"),
            count(constants, "constant")
        ),
        notes,
    })
}

fn rewrite(graph: &Graph, body: u32, proto: &mut GraphProto, becomes: &mut HashMap<NodeId, Becomes>) {
    let Some(here) = graph.bodies.get(body as usize) else {
        return;
    };
    let old = std::mem::take(&mut proto.node);
    for (mut node, id) in old.into_iter().zip(&here.nodes) {
        for inner in &graph.node(*id).owned_bodies {
            if let Some(inside) = body_mut(graph, &mut node, *inner) {
                rewrite(graph, *inner, inside, becomes);
            }
        }
        match becomes.remove(id) {
            None => proto.node.push(node),
            Some(Becomes::Constant(value)) => proto.initializer.push(*value),
            Some(Becomes::Passing(from)) => proto.node.push(NodeProto {
                op_type: Some("Identity".into()),
                domain: None,
                input: vec![from],
                attribute: Vec::new(),
                ..node
            }),
        }
    }
}

/// The floats that a DequantizeLinear makes of a constant; none where it reads none. `(code - zero point) * scale`, with one scale, one
/// a slice of an axis, or one for each block along it (operator DequantizeLinear-21).
fn dequantized(graph: &Graph, id: NodeId, node: &Node) -> Option<Result<Tensor, String>> {
    let codes = constant(graph, node, 0)?;
    let scale = constant(graph, node, 1)?;
    let zero = constant(graph, node, 2);
    if node.input(2).is_some() && zero.is_none() {
        return None;
    }
    let proto = graph.proto(id);
    let (axis, block) = (proto.int("axis").unwrap_or(1), proto.int("block_size").unwrap_or(0));
    let fail = |why: &str| format!("{}: {why}", label(node));
    Some(
        floats(&codes, &scale, zero.as_ref(), axis, block)
            .ok_or_else(|| fail("its codes and scales do not fit together")),
    )
}

fn floats(codes: &Tensor, scale: &Tensor, zero: Option<&Tensor>, axis: i64, block: i64) -> Option<Tensor> {
    let (values, scales) = (codes.to_f32()?, scale.to_f32()?);
    let zeros = match zero {
        Some(zero) => zero.to_f32()?,
        None => vec![0.0; scales.len()],
    };
    let grain = if scales.len() == 1 && scale.dims.len() < 2 {
        Grain::Tensor
    } else {
        let rank = i64::try_from(codes.dims.len()).ok()?;
        let axis = usize::try_from(if axis < 0 { axis + rank } else { axis }).ok()?;
        match usize::try_from(block).ok()? {
            0 => Grain::Channel(axis),
            size => Grain::Blocks { axis, size },
        }
    };
    let scale_of = grain.scale_of(&codes.dims)?;
    let made = values.iter().enumerate().map(|(i, code)| {
        let at = scale_of(i);
        Some((code - zeros.get(at)?) * scales.get(at)?)
    });
    Tensor::from_f32(&codes.dims, &made.collect::<Option<Vec<f32>>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{graph as sample, model as opened, node, proto, with};
    use crate::model::attribute::int;

    fn unsigned(dims: &[u64], codes: &[u8]) -> Tensor {
        Tensor::new(DataType::UInt8, dims, codes.to_vec().into()).unwrap()
    }

    fn quantized() -> Arc<Model> {
        let weights = vec![
            unsigned(&[2, 2], &[0, 128, 255, 130]).to_proto("w8"),
            Tensor::from_f32(&[2], &[0.5, 0.25]).unwrap().to_proto("ws"),
            unsigned(&[2], &[128, 130]).to_proto("wz"),
            Tensor::from_f32(&[], &[0.1]).unwrap().to_proto("xs"),
            unsigned(&[], &[100]).to_proto("xz"),
        ];
        let nodes = vec![
            node("QuantizeLinear", &["x", "xs", "xz"], &["x8"]),
            node("DequantizeLinear", &["x8", "xs", "xz"], &["xd"]),
            with(node("DequantizeLinear", &["w8", "ws", "wz"], &["w"]), int("axis", 1)),
            node("MatMul", &["xd", "w"], &["y"]),
        ];
        opened(&proto(sample(&["x"], &["y"], weights, nodes), vec![]))
    }

    #[test]
    fn pairs_go_and_constants_become_floats() {
        let done = strip(&quantized()).unwrap();
        assert_eq!(
            done.summary,
            "Removed 1 pair of QuantizeLinear and DequantizeLinear, made 1 constant float"
        );
        let graph = Graph::new(done.model);
        assert_eq!(graph.nodes.len(), 1);
        let weight = graph.nodes[0].input(1).unwrap();
        assert_eq!(&*graph.tensor(graph.nodes[0].input(0).unwrap()).name, "x");
        let value = graph.constant(weight).unwrap().unwrap();
        assert_eq!(value.to_f32().unwrap(), [-64.0, -0.5, 63.5, 0.0]);
    }

    #[test]
    fn ranges_are_those_of_the_codes() {
        let graph = Graph::new(quantized());
        // 0..=255 around 100, by 0.1.
        assert_eq!(held_ranges(&graph), BTreeMap::from([("x".to_owned(), 0.1 * 155.0)]));
    }

    #[test]
    fn blocks_have_their_own_scales() {
        let codes = Tensor::new(DataType::Int8, &[4, 1], vec![1, 2, 3, 4].into()).unwrap();
        let scale = Tensor::from_f32(&[2, 1], &[1.0, 10.0]).unwrap();
        let made = floats(&codes, &scale, None, 0, 2).unwrap();
        assert_eq!(made.to_f32().unwrap(), [1.0, 2.0, 30.0, 40.0]);
        assert!(floats(&codes, &scale, None, 7, 2).is_none());
    }
}
