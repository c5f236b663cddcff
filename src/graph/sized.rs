//! A model at concrete sizes of its inputs.

use super::cost::{self, Cost};
use super::{Graph, memory::Memory};
use crate::model::onnx::__buffa::oneof::tensor_shape_proto::dimension::Value as DimValue;
use crate::model::onnx::__buffa::oneof::type_proto::Value as TypeValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The graph with these sizes of inputs (by name) in place of the declared ones, and every shape inferred anew: also those
/// that depend on values computed from shapes, which symbols alone do not tell. Nodes keep their numbers.
pub fn sized(graph: &Graph, shapes: &BTreeMap<String, Vec<u64>>) -> Graph {
    let mut proto = graph.model.proto().clone();
    if let Some(top) = proto.graph.as_option_mut() {
        for (name, dims) in shapes {
            let info = top.input.iter_mut().find(|i| i.name.as_deref() == Some(name));
            let value = info.and_then(|i| i.r#type.as_option_mut()?.value.as_mut());
            let Some(TypeValue::TensorType(ty)) = value else {
                continue;
            };
            let Some(shape) = ty.shape.as_option_mut() else {
                continue;
            };
            for (dim, size) in shape.dim.iter_mut().zip(dims) {
                dim.value = i64::try_from(*size).ok().map(DimValue::DimValue);
            }
        }
    }
    Graph::new(Arc::new(graph.model.with_proto(proto)))
}

/// Cost of every node, by [`super::NodeId`], at these sizes of inputs.
pub fn costs_at(graph: &Graph, shapes: &BTreeMap<String, Vec<u64>>) -> Vec<Cost> {
    cost::costs(&sized(graph, shapes), &[])
}

/// What a model costs at certain sizes.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Counted {
    /// By [`super::NodeId`].
    pub costs: Vec<Cost>,
    /// Memory of one inference.
    pub memory: Memory,
}

impl Counted {
    /// At the sizes that the graph has; a symbolic one counts as in `bind` (name, value), else it stays unknown.
    pub fn of(graph: &Graph, bind: &[(&str, u64)]) -> Self {
        Self {
            costs: cost::costs(graph, bind),
            memory: Memory::of(graph, bind),
        }
    }

    /// At these sizes of inputs.
    pub fn at(graph: &Graph, shapes: &BTreeMap<String, Vec<u64>>) -> Self {
        Self::of(&sized(graph, shapes), &[])
    }
}
