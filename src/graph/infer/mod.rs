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
mod engine;
mod fact;
mod rules;
pub(crate) mod size;
#[cfg(test)]
mod tests;

use super::Graph;
pub(super) use rules::equation as einsum_equation;

/// Fills in types and shapes that are not declared, and reports declarations that the operators contradict. O(graph).
pub(super) fn infer(graph: &mut Graph) {
    let found = engine::run(graph);
    for (tensor, fact) in graph.tensors.iter_mut().zip(found.facts) {
        tensor.ty = fact.into_type();
    }
    graph.problems.extend(found.problems);
}
