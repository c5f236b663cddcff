//! Small models made by hand.

use buffa::Message;
use enginesmith::model::Tensor;
use enginesmith::model::onnx::__buffa::oneof::{tensor_shape_proto, type_proto as type_value};
use enginesmith::model::onnx::{
    GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
    tensor_shape_proto as shape, type_proto,
};
use std::path::Path;

/// A tensor; the size -1 is the symbol `batch`.
pub fn value(name: &str, elem_type: i32, dims: &[i64]) -> ValueInfoProto {
    let dim = dims.iter().map(|d| shape::Dimension {
        value: Some(match *d {
            -1 => tensor_shape_proto::dimension::Value::DimParam("batch".into()),
            size => tensor_shape_proto::dimension::Value::DimValue(size),
        }),
        ..Default::default()
    });
    let tensor = type_proto::Tensor {
        elem_type: Some(elem_type),
        shape: TensorShapeProto {
            dim: dim.collect(),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    };
    ValueInfoProto {
        name: Some(name.into()),
        r#type: TypeProto {
            value: Some(type_value::Value::TensorType(Box::new(tensor))),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    }
}

/// A node named after its operator and first output.
pub fn node(op: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    NodeProto {
        op_type: Some(op.into()),
        name: Some(format!("/{}/{op}", outputs.first().unwrap_or(&""))),
        input: inputs.iter().map(|s| (*s).into()).collect(),
        output: outputs.iter().map(|s| (*s).into()).collect(),
        ..Default::default()
    }
}

/// Writes the graph as a model of IR version 8, opset 17.
pub fn write(path: &Path, graph: GraphProto) {
    let model = ModelProto {
        ir_version: Some(8),
        opset_import: vec![OperatorSetIdProto {
            version: Some(17),
            ..Default::default()
        }],
        graph: graph.into(),
        ..Default::default()
    };
    std::fs::write(path, model.encode_to_vec()).unwrap();
}

/// A stored float32 tensor.
pub fn floats(name: &str, dims: &[u64], values: &[f32]) -> TensorProto {
    Tensor::from_f32(dims, values)
        .expect("as many values as the shape says")
        .to_proto(name)
}
