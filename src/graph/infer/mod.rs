//! Type and shape inference: declared types first, then rules; what stays unknown is shown as unknown.
//!
//! [`infer`] is called by [`Graph::new`] only. `engine` walks the bodies in topological order and knows If, Loop, Scan
//! and functions; `rules/` has one file per operator family; `size` is the arithmetic of symbolic sizes; `fact` is what is
//! known of one tensor, small integer values included, because exported transformers compute their shapes in the graph.
//!
//! The crate rten-shape-inference 0.27 was tried first. It has no element types, computes in `i32` with operators that
//! overflow, gives two dimensions for a 3D convolution, knows neither control flow nor functions nor operators of more
//! than its own engine, and follows values of rank 0 and 1 only; so the rules here are our own.

mod call;
pub(super) mod demand;
mod engine;
pub(super) mod fact;
mod rules;
pub(crate) mod size;
#[cfg(test)]
mod tests;

use super::{Graph, NodeId, TensorId, TensorType};
use demand::Demand;
use fact::Fact;
pub(super) use rules::equation as einsum_equation;
use std::collections::BTreeMap;

/// Fills in types and shapes that are not declared, and reports declarations that the operators contradict. O(graph).
pub(super) fn infer(graph: &mut Graph) {
    let found = engine::run(graph);
    for (tensor, fact) in graph.tensors.iter_mut().zip(found.facts) {
        tensor.ty = fact.into_type();
    }
    graph.problems.extend(found.problems);
}

/// What holds where inputs of the top level are as given.
pub(super) struct At {
    /// By tensor; as far as the walk came.
    pub types: Vec<TensorType>,
    /// What nodes that certainly run demand of sizes and what does not hold for certain. One that fails is the last.
    pub demands: Vec<(NodeId, Demand)>,
}

/// Types, and what operators demand of them, where these inputs are as given: at numbers, or at symbols. O(graph).
pub(super) fn infer_at(graph: &Graph, inputs: &BTreeMap<TensorId, Fact>) -> At {
    let found = engine::run_at(graph, inputs);
    At {
        types: found.facts.into_iter().map(Fact::into_type).collect(),
        demands: found.demands,
    }
}
