//! What differs between two graphs: added, removed and changed nodes.

use crate::graph::{Graph, NodePath};
use serde::{Deserialize, Serialize};

/// How a node changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NodeChange {
    /// Path in the graph before.
    pub before: NodePath,
    /// Path in the graph after.
    pub after: NodePath,
    /// What changed, in words: `input 1: "w" -> "w_fp16"`, `attribute axis: 0 -> 1`.
    pub what: Vec<String>,
}

/// Difference of two graphs.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct GraphDiff {
    /// Paths in the graph after.
    pub added: Vec<NodePath>,
    /// Paths in the graph before.
    pub removed: Vec<NodePath>,
    /// Nodes that stand in both, changed.
    pub changed: Vec<NodeChange>,
}

/// Compares two graphs. Nodes are matched by their outputs' names, then by name and operator.
pub fn diff(before: &Graph, after: &Graph) -> GraphDiff {
    let _ = (before, after);
    todo!("owner: rewrite")
}
