//! Reading and making a node's attributes without spelling out protobuf options.

use super::onnx::attribute_proto::AttributeType;
use super::onnx::{AttributeProto, GraphProto, NodeProto, SparseTensorProto, TensorProto};
use buffa::MessageField;

/// Typed look-ups on a node; a missing attribute or one of another type is `None`.
pub trait Attributes {
    /// The attribute with this name.
    fn attr(&self, name: &str) -> Option<&AttributeProto>;

    /// An integer.
    fn int(&self, name: &str) -> Option<i64> {
        self.attr(name)?.i
    }
    /// A float.
    fn float(&self, name: &str) -> Option<f32> {
        self.attr(name)?.f
    }
    /// Text; `None` when it is not UTF-8.
    fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.attr(name)?.s.as_ref()?).ok()
    }
    /// A list of integers.
    fn ints(&self, name: &str) -> Option<&[i64]> {
        self.attr(name).map(|a| a.ints.as_slice())
    }
    /// A list of floats.
    fn floats(&self, name: &str) -> Option<&[f32]> {
        self.attr(name).map(|a| a.floats.as_slice())
    }
    /// A tensor.
    fn tensor(&self, name: &str) -> Option<&TensorProto> {
        self.attr(name)?.t.as_option()
    }
    /// A body.
    fn body(&self, name: &str) -> Option<&GraphProto> {
        self.attr(name)?.g.as_option()
    }
}

impl Attributes for NodeProto {
    fn attr(&self, name: &str) -> Option<&AttributeProto> {
        self.attribute.iter().find(|a| a.name.as_deref() == Some(name))
    }
}

/// An attribute of this integer.
pub fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        i: Some(value),
        ..empty(name, AttributeType::INT)
    }
}

/// An attribute of these integers.
pub fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        ints: values.into(),
        ..empty(name, AttributeType::INTS)
    }
}

/// An attribute of this float.
pub fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        f: Some(value),
        ..empty(name, AttributeType::FLOAT)
    }
}

/// An attribute of this text.
pub fn text(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        s: Some(value.as_bytes().to_vec().into()),
        ..empty(name, AttributeType::STRING)
    }
}

/// An attribute of this tensor.
pub fn tensor(name: &str, value: TensorProto) -> AttributeProto {
    AttributeProto {
        t: MessageField::some(value),
        ..empty(name, AttributeType::TENSOR)
    }
}

/// An attribute of this sparse tensor.
pub fn sparse_tensor(name: &str, value: SparseTensorProto) -> AttributeProto {
    AttributeProto {
        sparse_tensor: MessageField::some(value),
        ..empty(name, AttributeType::SPARSE_TENSOR)
    }
}

/// An attribute of this body.
pub fn body(name: &str, graph: GraphProto) -> AttributeProto {
    AttributeProto {
        g: MessageField::some(graph),
        ..empty(name, AttributeType::GRAPH)
    }
}

fn empty(name: &str, r#type: AttributeType) -> AttributeProto {
    AttributeProto {
        name: Some(name.into()),
        r#type: Some(r#type),
        ..Default::default()
    }
}
