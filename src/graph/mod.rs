//! The model as nodes, tensors and scopes, with inferred types and shapes.
//!
//! May be called by everything but `model`. Built once per model (O(graph)), immutable afterwards; a patched model
//! gets a graph of its own.

mod assemble;
pub mod build;
mod constant;
pub mod cost;
mod declared;
pub mod eval;
pub mod infer;
mod invariants;
pub mod memory;
mod order;
pub mod place;
pub mod ranges;
pub mod sample;
pub mod scope;
pub mod shape;
pub mod shape_tensors;
pub mod sized;
pub mod sizes;
pub mod summary;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;

pub use build::{Body, Graph, Node, NodeId, Problem, ProblemKind, Producer, TensorId, TensorInfo, TensorKind};
pub(crate) use declared::of_value as declared_type;
pub use place::{NodePath, PathStep};
pub use scope::{Scope, ScopeId};
pub use shape::{Dim, Shape, TensorType};
pub use summary::GraphSummary;
