//! The model as nodes, tensors and scopes, with inferred types and shapes.
//!
//! May be called by everything but `model`. Built once per model (O(graph)), immutable afterwards; a patched model
//! gets a graph of its own.

pub mod build;
pub mod cost;
pub mod infer;
pub mod place;
pub mod scope;
pub mod shape;

pub use build::{Body, Graph, Node, NodeId, Producer, TensorId, TensorInfo, TensorKind};
pub use place::{NodePath, PathStep};
pub use scope::{Scope, ScopeId};
pub use shape::{Dim, Shape, TensorType};
