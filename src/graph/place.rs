//! Where a node is: indices through bodies of If, Loop and Scan and through functions.

use serde::{Deserialize, Serialize};

/// One step of a [`NodePath`].
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PathStep {
    /// Index of a node in its graph, as in `GraphProto.node`.
    Node(u32),
    /// Name of the attribute that holds the body (`then_branch`, `body`), or `domain::name` of a model-local function
    /// whose definition contains the following index.
    Body(String),
}

/// Path of a node from the top-level graph: `[12]`, or `[12, "then_branch", 3]`. A node inside a model-local function's
/// definition starts with the function: `["my.domain::gelu", 3]`. Serialises as that JSON array.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct NodePath(pub Vec<PathStep>);

impl NodePath {
    /// Path of the top-level node with this index.
    pub fn top(index: u32) -> Self {
        Self(vec![PathStep::Node(index)])
    }

    /// Path of node `index` in the body `body` of the node (or function) at `self`.
    #[must_use]
    pub fn child(&self, body: &str, index: u32) -> Self {
        let mut steps = self.0.clone();
        steps.extend([PathStep::Body(body.into()), PathStep::Node(index)]);
        Self(steps)
    }

    /// The index in the top-level graph of the node, or of the node whose body contains it; `None` inside functions.
    pub fn top_index(&self) -> Option<u32> {
        match self.0.first() {
            Some(PathStep::Node(index)) => Some(*index),
            _ => None,
        }
    }
}

impl std::fmt::Display for NodePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Node(index) if i == 0 => write!(f, "#{index}")?,
                PathStep::Node(index) => write!(f, "/#{index}")?,
                PathStep::Body(body) if i == 0 => write!(f, "{body}")?,
                PathStep::Body(body) => write!(f, "/{body}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_an_array_of_indices_and_bodies() {
        let path = NodePath::top(12).child("then_branch", 3);
        assert_eq!(serde_json::to_string(&path).unwrap(), r#"[12,"then_branch",3]"#);
        assert_eq!(
            serde_json::from_str::<NodePath>(r#"[12,"then_branch",3]"#).unwrap(),
            path
        );
        assert_eq!(path.to_string(), "#12/then_branch/#3");
        assert_eq!(path.top_index(), Some(12));
    }
}
