//! What a rule sees: one node with its inputs' facts and its attributes.

use super::fact::{Fact, Item};
use super::size::Size;
use crate::graph::{Graph, Node};
use crate::model::onnx::{AttributeProto, NodeProto, TensorProto};
use crate::model::{Attributes, DataType};

/// A node whose output types are asked for.
pub(super) struct Call<'a> {
    pub graph: &'a Graph,

    pub node: &'a Node,
    pub proto: &'a NodeProto,
    /// The node that calls the function this node stands in, and that node's own caller, innermost first.
    pub callers: &'a [&'a NodeProto],
    /// Defaults of the attributes of the function this node stands in.
    pub defaults: &'a [AttributeProto],
    pub inputs: Vec<Option<Fact>>,
    pub opset: i64,
    /// The walk is about what the graph demands of given sizes.
    pub is_asked: bool,
}

impl<'a> Call<'a> {
    /// The attribute, followed to the function's call where it refers to one.
    pub fn attr(&self, name: &str) -> Option<&'a AttributeProto> {
        let mut attribute = self.proto.attr(name)?;
        let mut callers = self.callers.iter();
        while let Some(wanted) = attribute.ref_attr_name.as_deref().filter(|n| !n.is_empty()) {
            let Some(caller) = callers.next() else {
                return self.defaults.iter().find(|a| a.name.as_deref() == Some(wanted));
            };
            attribute = match caller.attr(wanted) {
                Some(found) => found,
                None => return self.defaults.iter().find(|a| a.name.as_deref() == Some(wanted)),
            };
        }
        Some(attribute)
    }

    pub fn int(&self, name: &str) -> Option<i64> {
        self.attr(name)?.i
    }

    pub fn ints(&self, name: &str) -> Option<&'a [i64]> {
        self.attr(name).map(|a| a.ints.as_slice()).filter(|v| !v.is_empty())
    }

    pub fn text(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.attr(name)?.s.as_ref()?).ok()
    }

    pub fn tensor_attr(&self, name: &str) -> Option<&'a TensorProto> {
        self.attr(name)?.t.as_option()
    }

    /// An element type by its ONNX number in an attribute.
    pub fn type_attr(&self, name: &str) -> Option<DataType> {
        DataType::from_onnx(i32::try_from(self.int(name)?).ok()?)
    }

    pub fn has(&self, index: usize) -> bool {
        self.inputs.get(index).is_some_and(Option::is_some)
    }

    pub fn input(&self, index: usize) -> Option<&Fact> {
        self.inputs.get(index)?.as_ref()
    }

    pub fn dtype(&self, index: usize) -> Option<DataType> {
        self.input(index)?.dtype
    }

    pub fn shape(&self, index: usize) -> Option<&[Size]> {
        self.input(index)?.shape.as_deref()
    }

    pub fn rank(&self, index: usize) -> Option<usize> {
        Some(self.shape(index)?.len())
    }

    /// Elements of an input, read from the model where it is stored there.
    pub fn items(&self, index: usize) -> Option<Vec<Item>> {
        let fact = self.input(index)?;
        if let Some(value) = &fact.value {
            return Some(value.to_vec());
        }
        super::fact::elements(fact.shape.as_deref()?)?;
        let tensor = self
            .graph
            .constant(self.node.inputs.get(index).copied().flatten()?)?
            .ok()?;
        if tensor.dtype.is_float() {
            return Some(tensor.to_f64_iter()?.map(Item::Float).collect());
        }
        Some(
            tensor
                .to_i64()?
                .into_iter()
                .map(|n| Item::Int(Size::Known(n)))
                .collect(),
        )
    }

    /// Elements of an integer input; each may be symbolic or unknown.
    pub fn sizes(&self, index: usize) -> Option<Vec<Size>> {
        let items = self.items(index)?;
        items
            .into_iter()
            .map(|item| if let Item::Int(size) = item { Some(size) } else { None })
            .collect()
    }

    /// Elements of an integer input when all are known.
    pub fn known(&self, index: usize) -> Option<Vec<i64>> {
        self.sizes(index)?.iter().map(Size::known).collect()
    }

    /// The single element of an integer input.
    pub fn scalar(&self, index: usize) -> Option<Size> {
        self.sizes(index)?.into_iter().next()
    }

    /// Elements of a float input when all are known.
    pub fn floats(&self, index: usize) -> Option<Vec<f64>> {
        let items = self.items(index)?;
        items
            .into_iter()
            .map(|item| if let Item::Float(x) = item { Some(x) } else { None })
            .collect()
    }

    /// Integers from an input in newer opsets, from an attribute in older ones. The outer `None`: neither is given.
    /// The inner: given, but not known.
    pub fn ints_of(&self, index: usize, attribute: &str) -> Option<Option<Vec<i64>>> {
        if self.has(index) {
            return Some(self.known(index));
        }
        self.ints(attribute).map(|v| Some(v.to_vec()))
    }
}

/// The axis as an index; `None` when it is outside.
pub(super) fn axis(axis: i64, rank: usize) -> Option<usize> {
    let rank = i64::try_from(rank).ok()?;
    let axis = if axis < 0 { axis.checked_add(rank)? } else { axis };
    (axis < rank).then(|| usize::try_from(axis).ok()).flatten()
}

/// Axes as sorted indices; `None` when one is outside.
pub(super) fn axes(list: &[i64], rank: usize) -> Option<Vec<usize>> {
    let mut out: Vec<usize> = list.iter().map(|a| axis(*a, rank)).collect::<Option<_>>()?;
    out.sort_unstable();
    out.dedup();
    Some(out)
}
