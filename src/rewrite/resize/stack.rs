//! The model as it was, run on two halves of larger inputs: what an opened batch must compute at twice its size.

use super::Place;
use crate::graph::{Dim, Graph, TensorKind};
use crate::model::onnx::{NodeProto, ValueInfoProto};
use crate::model::{Model, Tensor, attribute};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// A model that splits these inputs in two, runs `before` on each half and joins what depends on the size. `opened` is the
/// model in which the size is open as `name`. Inputs at other places go to both halves.
///
/// # Errors
/// Models with bodies or local functions, whose names would have to be told apart inside; places that are no batch.
pub fn twice(
    before: &Arc<Model>,
    opened: &Graph,
    name: &str,
    axes: &[String],
) -> Result<(Arc<Model>, BTreeMap<String, u64>), String> {
    let graph = Graph::new(before.clone());
    if graph.bodies.len() > 1 {
        return Err("the model has bodies or local functions".into());
    }
    let places: Vec<Place> = axes.iter().filter_map(|a| Place::parse(a)).collect();
    let mut proto = before.proto().clone();
    let Some(top) = proto.graph.as_option_mut() else {
        return Err("the model has no graph".into());
    };
    let stored: HashSet<&str> = graph
        .tensors
        .iter()
        .filter(|t| t.kind == TensorKind::Constant)
        .map(|t| &*t.name)
        .collect();
    let opset = graph.opset(0, "").unwrap_or(1);
    let half = |tensor: &str, part: usize| match tensor.is_empty() || stored.contains(tensor) {
        true => tensor.to_owned(),
        false => format!("half{part}/{tensor}"),
    };
    let mut nodes: Vec<NodeProto> = Vec::new();
    let mut doubled = BTreeMap::new();
    let vector = |name: &str, n: i64| Tensor::from_i64(&[1], &[n]).map(|t| t.to_proto(name));
    for input in &mut top.input {
        let tensor = input.name.clone().unwrap_or_default();
        if stored.contains(tensor.as_str()) {
            continue;
        }
        let place = places.iter().find(|p| p.input == tensor);
        let dim = place.and_then(|p| super::dims(input)?.get_mut(p.axis));
        let size = dim.and_then(|dim| {
            let n = super::number(dim)?;
            dim.value = super::known(n.checked_mul(2)?);
            Some(n)
        });
        for part in 0..2 {
            let to = half(&tensor, part);
            let node = match (place, size) {
                (Some(place), Some(size)) => {
                    doubled.insert(tensor.clone(), size * 2);
                    let bounds = [
                        ("starts", size * part as u64),
                        ("ends", size * (part as u64 + 1)),
                        ("axes", place.axis as u64),
                    ];
                    let mut slice = plain("Slice", vec![tensor.clone()], to.clone());
                    for (what, n) in bounds {
                        let n = i64::try_from(n).map_err(|_| "a size that does not fit 64 bits")?;
                        if opset < 10 {
                            slice.attribute.push(attribute::ints(what, &[n]));
                            continue;
                        }
                        let name = format!("{to}/{what}");
                        top.initializer
                            .push(vector(&name, n).ok_or("a size that does not fit 64 bits")?);
                        slice.input.push(name);
                    }
                    slice
                }
                _ => plain("Identity", vec![tensor.clone()], to),
            };
            nodes.push(node);
        }
    }
    for part in 0..2 {
        for node in &top.node {
            if node.op_type.as_deref() == Some("Constant") {
                if part == 0 {
                    nodes.push(node.clone());
                }
                continue;
            }
            let mut copy = node.clone();
            copy.input.iter_mut().for_each(|t| *t = half(t, part));
            copy.output.iter_mut().for_each(|t| *t = half(t, part));
            copy.name = node.name.as_ref().map(|n| format!("half{part}/{n}"));
            nodes.push(copy);
        }
    }
    for output in &mut top.output {
        let tensor = output.name.clone().unwrap_or_default();
        if stored.contains(tensor.as_str()) {
            continue;
        }
        nodes.push(joined(opened, name, output, [half(&tensor, 0), half(&tensor, 1)]));
    }
    top.node = nodes;
    top.value_info.clear();
    top.quantization_annotation.clear();
    Ok((Arc::new(before.with_proto(proto)), doubled))
}

/// What makes an output of the halves': joined along the size, or that of the first where it does not depend on it.
fn joined(opened: &Graph, name: &str, output: &mut ValueInfoProto, halves: [String; 2]) -> NodeProto {
    let tensor = output.name.clone().unwrap_or_default();
    let shape = opened.bodies[0]
        .outputs
        .iter()
        .map(|id| opened.tensor(*id))
        .find(|t| *t.name == *tensor);
    let axis = shape.and_then(|t| {
        let of_size = |d: &Dim| matches!(d, Dim::Symbol(s) if s.contains(name));
        t.ty.shape.as_ref()?.0.iter().position(of_size)
    });
    if let Some(dims) = super::dims(output) {
        dims.iter_mut().for_each(|d| d.value = None);
    }
    match axis {
        Some(axis) => NodeProto {
            attribute: vec![attribute::int("axis", axis as i64)],
            ..plain("Concat", halves.into(), tensor)
        },
        None => {
            let [first, _] = halves;
            plain("Identity", vec![first], tensor)
        }
    }
}

fn plain(op: &str, inputs: Vec<String>, output: String) -> NodeProto {
    NodeProto {
        op_type: Some(op.into()),
        name: Some(format!("make {output}")),
        input: inputs,
        output: vec![output],
        ..Default::default()
    }
}
