//! Multiply-accumulates of a model at the sizes of the data that is run.

use crate::data::NamedTensors;
use crate::graph::{Graph, cost};
use crate::model::onnx::__buffa::oneof::tensor_shape_proto::dimension::Value as DimValue;
use crate::model::onnx::__buffa::oneof::type_proto::Value as TypeValue;
use std::sync::Arc;

/// What the nodes of a model cost.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Macs {
    /// By node; none where the operator has no count or a shape is not known.
    pub nodes: Vec<Option<u64>>,
    /// Of the whole model; none when it has no count, or a part of it is not known.
    pub total: Option<u64>,
}

/// Counts with the inputs' dimensions as these tensors have them. Nodes that a patch lowers are decided on the model as it
/// is, with its open dimensions; only what they cost is counted here.
pub fn macs(graph: &Graph, inputs: &NamedTensors) -> Macs {
    let mut proto = graph.model.proto().clone();
    if let Some(top) = proto.graph.as_option_mut() {
        for (name, tensor) in inputs {
            let info = top.input.iter_mut().find(|i| i.name.as_deref() == Some(name));
            let value = info.and_then(|i| i.r#type.as_option_mut()?.value.as_mut());
            let Some(TypeValue::TensorType(ty)) = value else {
                continue;
            };
            let Some(shape) = ty.shape.as_option_mut() else {
                continue;
            };
            for (dim, size) in shape.dim.iter_mut().zip(&tensor.dims) {
                dim.value = i64::try_from(*size).ok().map(DimValue::DimValue);
            }
        }
    }
    let sized = Graph::new(Arc::new(graph.model.with_proto(proto)));
    let costs = cost::costs(&sized, &[]);
    let total = cost::total(&sized, &costs);
    Macs {
        nodes: costs.iter().map(|c| c.macs).collect(),
        total: (total.macs > 0 && total.macs_unknown == 0).then_some(total.macs),
    }
}
