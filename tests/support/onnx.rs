//! Small models made by hand.

use buffa::Message;
use enginesmith::graph::sample::{self, import};
use enginesmith::model::onnx::__buffa::oneof::{tensor_shape_proto::dimension, type_proto};
use enginesmith::model::onnx::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use enginesmith::model::{DataType, Tensor};
use std::path::Path;

/// A tensor; the size -1 is the symbol `batch`.
pub fn value(name: &str, dtype: DataType, dims: &[i64]) -> ValueInfoProto {
    let mut value = sample::value(name, dtype, dims);
    if let Some(type_proto::Value::TensorType(tensor)) = &mut value.r#type.get_or_insert_default().value {
        for dim in &mut tensor.shape.get_or_insert_default().dim {
            dim.value.get_or_insert(dimension::Value::DimParam("batch".into()));
        }
    }
    value
}

/// A node named after its first output and operator.
pub fn node(op: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    NodeProto {
        name: Some(format!("/{}/{op}", outputs.first().unwrap_or(&""))),
        ..sample::node(op, inputs, outputs)
    }
}

/// Writes the graph as a model of IR version 8, opset 17.
pub fn write(path: &Path, graph: GraphProto) {
    let model = ModelProto {
        ir_version: Some(8),
        opset_import: vec![import("", 17)],
        ..sample::proto(graph, Vec::new())
    };
    std::fs::write(path, model.encode_to_vec()).unwrap();
}

/// A stored float32 tensor.
pub fn floats(name: &str, dims: &[u64], values: &[f32]) -> TensorProto {
    Tensor::from_f32(dims, values)
        .expect("as many values as the shape says")
        .to_proto(name)
}
