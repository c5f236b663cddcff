//! Small models made in code: for the self-test of a target, and for tests.

use crate::model::DataType;
pub use crate::model::attribute::{body, int, ints};
use crate::model::onnx::__buffa::oneof::{tensor_shape_proto::dimension, type_proto};
use crate::model::onnx::{
    AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, tensor_shape_proto::Dimension,
};
use buffa::MessageField;

/// A node named after its first output.
pub fn node(op_type: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    NodeProto {
        op_type: Some(op_type.into()),
        name: Some(format!("{}_{op_type}", outputs.first().unwrap_or(&""))),
        input: inputs.iter().map(|s| (*s).into()).collect(),
        output: outputs.iter().map(|s| (*s).into()).collect(),
        ..Default::default()
    }
}

/// The node with one more attribute.
pub fn with(mut node: NodeProto, attribute: AttributeProto) -> NodeProto {
    node.attribute.push(attribute);
    node
}

/// A value of this type; a negative size is left unknown.
pub fn value(name: &str, dtype: DataType, dims: &[i64]) -> ValueInfoProto {
    let dim = |n: &i64| Dimension {
        value: (*n >= 0).then_some(dimension::Value::DimValue(*n)),
        ..Default::default()
    };
    let tensor = crate::model::onnx::type_proto::Tensor {
        elem_type: Some(dtype.to_onnx()),
        shape: MessageField::some(TensorShapeProto {
            dim: dims.iter().map(dim).collect(),
            ..Default::default()
        }),
        ..Default::default()
    };
    ValueInfoProto {
        name: Some(name.into()),
        r#type: MessageField::some(TypeProto {
            value: Some(type_proto::Value::TensorType(Box::new(tensor))),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// A graph whose inputs and outputs are float32 of one unknown dimension.
pub fn graph(inputs: &[&str], outputs: &[&str], weights: Vec<TensorProto>, nodes: Vec<NodeProto>) -> GraphProto {
    GraphProto {
        name: Some("g".into()),
        node: nodes,
        initializer: weights,
        input: inputs.iter().map(|n| value(n, DataType::Float32, &[-1])).collect(),
        output: outputs.iter().map(|n| value(n, DataType::Float32, &[-1])).collect(),
        ..Default::default()
    }
}

/// A float32 weight of this shape with values from -1 to 1 that are the same every time.
#[cfg(test)]
pub fn weight(name: &str, dims: &[u64]) -> TensorProto {
    let n: u64 = dims.iter().product();
    let values: Vec<f32> = (0..n).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
    crate::model::Tensor::from_f32(dims, &values).unwrap().to_proto(name)
}

/// The graph as a model of IR version 10, opset 21.
pub fn proto(graph: GraphProto, functions: Vec<FunctionProto>) -> ModelProto {
    ModelProto {
        ir_version: Some(10),
        opset_import: vec![import("", 21)],
        graph: MessageField::some(graph),
        functions,
        ..Default::default()
    }
}

/// An operator set; the empty domain is ONNX's own.
pub fn import(domain: &str, version: i64) -> OperatorSetIdProto {
    OperatorSetIdProto {
        domain: Some(domain.into()),
        version: Some(version),
        ..Default::default()
    }
}

/// Opened as if it had been read from a file.
#[cfg(test)]
pub(crate) fn model(proto: &ModelProto) -> std::sync::Arc<crate::model::Model> {
    let bytes = buffa::Message::encode_to_vec(proto);
    let model = crate::model::Model::from_bytes(bytes.into(), std::path::Path::new("sample.onnx"));
    std::sync::Arc::new(model.expect("the sample is valid"))
}
