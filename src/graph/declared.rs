//! Types as the model declares them.

use super::{Dim, Shape, TensorType};
use crate::model::DataType;
use crate::model::onnx::__buffa::oneof::{tensor_shape_proto::dimension, type_proto};
use crate::model::onnx::{TensorShapeProto, TypeProto, ValueInfoProto};

/// What the declaration of an input, output or inner tensor says; nothing where it has no type.
pub(crate) fn of_value(info: &ValueInfoProto) -> TensorType {
    info.r#type.as_option().map(tensor_type).unwrap_or_default()
}

/// Reads a declared type. Sequences, maps, optionals and sparse tensors give the type of their elements with
/// [`TensorType::container`] set to the outermost container.
pub(super) fn tensor_type(declared: &TypeProto) -> TensorType {
    use type_proto::Value;
    let inside = |container: &str, element: Option<&TypeProto>| TensorType {
        container: Some(container.into()),
        ..element.map(tensor_type).unwrap_or_default()
    };
    match &declared.value {
        None => TensorType::default(),
        Some(Value::TensorType(t)) => of(t.elem_type, t.shape.as_option()),
        Some(Value::SparseTensorType(t)) => TensorType {
            container: Some("sparse_tensor".into()),
            ..of(t.elem_type, t.shape.as_option())
        },
        Some(Value::SequenceType(s)) => inside("sequence", s.elem_type.as_option()),
        Some(Value::MapType(m)) => inside("map", m.value_type.as_option()),
        Some(Value::OptionalType(o)) => inside("optional", o.elem_type.as_option()),
        Some(Value::OpaqueType(_)) => inside("opaque", None),
    }
}

fn of(number: Option<i32>, dims: Option<&TensorShapeProto>) -> TensorType {
    TensorType {
        dtype: number.and_then(DataType::from_onnx),
        shape: dims.map(shape),
        container: None,
    }
}

/// False for what exporters write where they have no name: each of them is a size of its own.
fn is_name(text: &str) -> bool {
    !matches!(text, "" | "?" | "None" | "none" | "null") && !text.parse::<i64>().is_ok_and(|n| n < 0)
}

/// Reads a declared shape. Negative sizes and what is no name (`?`, `-1`, `None`) mean unknown.
pub(super) fn shape(declared: &TensorShapeProto) -> Shape {
    let dim = |value: &Option<dimension::Value>| match value {
        Some(dimension::Value::DimValue(n)) => u64::try_from(*n).map_or(Dim::Unknown, Dim::Known),
        Some(dimension::Value::DimParam(name)) if is_name(name) => Dim::Symbol(name.as_str().into()),
        _ => Dim::Unknown,
    };
    Shape(declared.dim.iter().map(|d| dim(&d.value)).collect())
}
