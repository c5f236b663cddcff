//! Scopes: the hierarchy that node names such as `/layer.3/attn/MatMul` spell out.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Index into [`super::Graph::scopes`]; 0 is the root.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScopeId(pub u32);

/// One scope.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Last part of the name (`attn`); empty for the root.
    pub name: Arc<str>,
    /// Full name (`/layer.3/attn`).
    pub path: Arc<str>,
    /// Enclosing scope; `None` for the root.
    pub parent: Option<ScopeId>,
    /// Nodes inside, nested scopes included.
    pub node_count: u32,
}
