//! Models for the tests of this folder.

use crate::graph::{Graph, sample};
use crate::model::onnx::__buffa::oneof::{tensor_shape_proto::dimension, type_proto};
use crate::model::onnx::{NodeProto, ValueInfoProto};
use crate::model::{DataType, Tensor};

/// A model with these inputs; a dimension is a number, a symbol, or `?`.
pub(super) fn model(
    inputs: &[(&str, DataType, &[&str])],
    constants: Vec<(String, Tensor)>,
    nodes: Vec<NodeProto>,
) -> Graph {
    let mut graph = sample::graph(&[], &[], vec![], nodes);
    graph.initializer = constants.iter().map(|(name, tensor)| tensor.to_proto(name)).collect();
    graph.input = inputs
        .iter()
        .map(|(name, dtype, dims)| input(name, *dtype, dims))
        .collect();
    Graph::new(sample::model(&sample::proto(graph, vec![])))
}

fn input(name: &str, dtype: DataType, dims: &[&str]) -> ValueInfoProto {
    let sizes: Vec<i64> = dims.iter().map(|d| d.parse().unwrap_or(-1)).collect();
    let mut value = sample::value(name, dtype, &sizes);
    if let Some(type_proto::Value::TensorType(tensor)) = &mut value.r#type.get_or_insert_default().value {
        for (dim, text) in tensor.shape.get_or_insert_default().dim.iter_mut().zip(dims) {
            if dim.value.is_none() && *text != "?" {
                dim.value = Some(dimension::Value::DimParam((*text).into()));
            }
        }
    }
    value
}
