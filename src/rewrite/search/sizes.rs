//! Multiply-accumulates of a model at the sizes of the data that is run.

use crate::data::NamedTensors;
use crate::graph::{Graph, cost, sized};

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
    let shapes = inputs.iter().map(|(name, t)| (name.clone(), t.dims.clone())).collect();
    let costs = sized::costs_at(graph, &shapes);
    let total = cost::total(graph, &costs);
    Macs {
        nodes: costs.iter().map(|c| c.macs).collect(),
        total: (total.macs > 0 && total.macs_unknown == 0).then_some(total.macs),
    }
}
