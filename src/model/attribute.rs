//! Reading a node's attributes without spelling out protobuf options.

use super::onnx::{AttributeProto, GraphProto, NodeProto, TensorProto};

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
