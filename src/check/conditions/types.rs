//! Conditions on element types.

use super::super::Place;
use super::super::subject::{Hit, Subject, node_place, node_words, quoted};
use crate::graph::{Producer, TensorKind};
use crate::model::DataType;

/// Types that TensorRT computes with (operators.md, TensorRT 10.15), FP64 and UINT8 left out: they have rules.
pub(super) const TENSORRT_COMPUTES: &[DataType] = &[
    DataType::Float32,
    DataType::Float16,
    DataType::BFloat16,
    DataType::Int32,
    DataType::Int64,
    DataType::Int8,
    DataType::Bool,
];

pub(super) fn together(subject: &Subject<'_>, types: &[String]) -> Vec<Hit> {
    let found: Vec<&str> = subject
        .graph
        .tensors
        .iter()
        .filter(|t| Subject::is_one_of(t.ty.dtype, types).is_some())
        .map(|t| &*t.name)
        .collect();
    let Some(first) = found.first() else { return Vec::new() };
    let count = if found.len() == 1 {
        "1 tensor".into()
    } else {
        format!("{} tensors", found.len())
    };
    vec![Hit::model(vec![("count", count), ("tensor", quoted(first))])]
}

pub(super) fn each(subject: &Subject<'_>, types: &[String]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for tensor in &subject.graph.tensors {
        let Some(dtype) = Subject::is_one_of(tensor.ty.dtype, types) else {
            continue;
        };
        let values = vec![("dtype", dtype.to_string())];
        let mut hit = Hit::tensor(&tensor.name, values);
        let mut place_text = match (tensor.producer, tensor.kind) {
            (Producer::Input, _) => "Input ",
            (_, TensorKind::Constant) => "Constant ",
            _ => "Tensor ",
        }
        .to_owned();
        place_text.push_str(&quoted(&tensor.name));
        if let Producer::Node { node, .. } = tensor.producer
            && let Some(node) = subject.graph.nodes.get(node.0 as usize)
        {
            hit.place = node_place(node);
            place_text = format!("{}: output {}", node_words(node), quoted(&tensor.name));
        }
        hit.values.push(("place_text", place_text));
        hits.push(hit);
    }
    hits
}

pub(super) fn io(subject: &Subject<'_>, types: &[String]) -> Vec<Hit> {
    let Some(top) = subject.graph.bodies.first() else {
        return Vec::new();
    };
    let mut hits = Vec::new();
    for (what, ids) in [("Input", &top.inputs), ("Output", &top.outputs)] {
        for tensor in ids.iter().filter_map(|id| subject.tensor(*id)) {
            if let Some(dtype) = Subject::is_one_of(tensor.ty.dtype, types) {
                hits.push(Hit {
                    place: Place::Tensor {
                        name: tensor.name.to_string(),
                    },
                    values: vec![
                        ("tensor", format!("{what} {}", quoted(&tensor.name))),
                        ("dtype", dtype.to_string()),
                    ],
                    source: None,
                });
            }
        }
    }
    hits
}
