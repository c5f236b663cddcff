//! Parameters, weight bytes and multiply-accumulates per node, where they are defined.

use super::{Graph, NodeId};
use serde::{Deserialize, Serialize};

/// What a node costs.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Cost {
    /// Elements of constant floating-point or quantized inputs that are weights (not shapes, axes or scales).
    pub parameters: u64,
    /// Bytes of all constant inputs.
    pub weight_bytes: u64,
    /// Multiply-accumulates; `None` when the operator has no such count or a shape is unknown.
    pub macs: Option<u64>,
}

/// Cost of every node, by [`NodeId`]; a symbolic dimension counts as in `bind` (name, value), else leaves `macs` unknown.
pub fn costs(graph: &Graph, bind: &[(&str, u64)]) -> Vec<Cost> {
    let _ = (graph, bind, NodeId(0));
    todo!("owner: graph/infer")
}
