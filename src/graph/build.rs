//! Nodes and tensors with their producers and consumers, from a model.

use super::{NodePath, Scope, ScopeId, TensorType};
use crate::model::{Model, onnx::NodeProto};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Index into [`Graph::nodes`], which lists the nodes of the top level, then those of bodies and functions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(pub u32);

/// Index into [`Graph::tensors`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TensorId(pub u32);

/// A model as a graph. All bodies (If, Loop, Scan) and model-local functions are in the same arrays; [`Body`] says what
/// belongs where.
pub struct Graph {
    /// The model this graph shows.
    pub model: Arc<Model>,
    /// All nodes; top level first, in file order.
    pub nodes: Vec<Node>,
    /// All tensors.
    pub tensors: Vec<TensorInfo>,
    /// `bodies[0]` is the top-level graph; then every If/Loop/Scan body and every function, parents before children.
    pub bodies: Vec<Body>,
    /// Scopes from node names; `scopes[0]` is the root.
    pub scopes: Vec<Scope>,
    /// What is wrong with the structure though it decodes: cycles, duplicate names, inputs nothing produces.
    pub problems: Vec<super::build::Problem>,
}

/// A graph, a body or a function definition.
#[derive(Clone, Debug)]
pub struct Body {
    /// The node whose attribute holds this body; `None` for the top level and for functions.
    pub owner: Option<NodeId>,
    /// Attribute name, `domain::name` of a function, or the graph's own name for the top level.
    pub name: Arc<str>,
    /// Nodes in file order.
    pub nodes: Vec<NodeId>,
    /// Inputs in order, without initializers that are listed as inputs too (old IR versions do that).
    pub inputs: Vec<TensorId>,
    /// Outputs in order.
    pub outputs: Vec<TensorId>,
    /// True when this is a model-local function's definition.
    pub is_function: bool,
    /// Index of the enclosing body in [`Graph::bodies`]; `None` for the top level and for functions.
    pub parent: Option<u32>,
}

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it is in the file.
    pub path: NodePath,
    /// Index of its body in [`Graph::bodies`].
    pub body: u32,
    /// Its name; may be empty.
    pub name: Arc<str>,
    /// Operator (`Conv`).
    pub op_type: Arc<str>,
    /// Operator domain; empty for ONNX's own (`ai.onnx` is normalised to empty).
    pub domain: Arc<str>,
    /// Inputs in order; `None` where an optional input is left out.
    pub inputs: Vec<Option<TensorId>>,
    /// Outputs in order; `None` where an optional output is left out.
    pub outputs: Vec<Option<TensorId>>,
    /// Tensors of enclosing graphs that bodies of this node read (implicit inputs).
    pub captures: Vec<TensorId>,
    /// Scope from its name.
    pub scope: ScopeId,
    /// Index in [`Graph::bodies`] of the bodies this node owns, in attribute order.
    pub owned_bodies: Vec<u32>,
}

/// Who makes a tensor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Producer {
    /// Output number `output` of a node.
    Node {
        /// The node.
        node: NodeId,
        /// Index among its outputs.
        output: u32,
    },
    /// An input of its body.
    Input,
    /// A constant stored in the model.
    Initializer,
    /// Nothing: the model is broken at this name.
    Missing,
}

/// What a tensor is to the model.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TensorKind {
    /// Input of its body.
    Input,
    /// Stored constant (initializer, or output of a `Constant` node).
    Constant,
    /// Computed.
    Activation,
}

/// A tensor.
#[derive(Clone, Debug)]
pub struct TensorInfo {
    /// Name, unique in its body.
    pub name: Arc<str>,
    /// Index of its body in [`Graph::bodies`].
    pub body: u32,
    /// Type and shape: declared, or inferred.
    pub ty: TensorType,
    /// Who makes it.
    pub producer: Producer,
    /// Who reads it: node and input index; a node that reads it through one of its bodies has index `u32::MAX`.
    pub consumers: Vec<(NodeId, u32)>,
    /// What it is to the model.
    pub kind: TensorKind,
    /// True when it is an output of its body.
    pub is_output: bool,
    /// Bytes of its stored data; 0 when it is not constant.
    pub stored_bytes: u64,
}

/// Something structurally wrong that still lets the model open.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The node, when one is to blame.
    pub node: Option<NodeId>,
    /// The tensor's name, when one is to blame.
    pub tensor: Option<Arc<str>>,
    /// What kind.
    pub kind: ProblemKind,
    /// In words, with names.
    pub message: String,
}

/// Kinds of structural trouble.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// Nodes that feed themselves.
    Cycle,
    /// Two producers or two nodes with one name.
    DuplicateName,
    /// An input that nothing produces.
    MissingInput,
    /// Nodes not in topological order (legal to repair, not legal ONNX).
    Order,
    /// A graph output that nothing produces.
    MissingOutput,
    /// A declared type or shape that contradicts the data or another declaration.
    Contradiction,
}

impl Graph {
    /// Builds the graph of a model: names resolved, bodies and functions included, types and shapes inferred.
    pub fn new(model: Arc<Model>) -> Self {
        let _ = model;
        todo!("owner: model/graph")
    }

    /// The node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The tensor.
    pub fn tensor(&self, id: TensorId) -> &TensorInfo {
        &self.tensors[id.0 as usize]
    }

    /// The node at this path, if there is one.
    pub fn find(&self, path: &NodePath) -> Option<NodeId> {
        let _ = path;
        todo!("owner: model/graph")
    }

    /// The node's protobuf message (attributes, metadata).
    pub fn proto(&self, id: NodeId) -> &NodeProto {
        let _ = id;
        todo!("owner: model/graph")
    }

    /// Version of the operator set imported for `domain` (`""` is ONNX's own); for nodes in functions the function's own.
    pub fn opset(&self, body: u32, domain: &str) -> Option<i64> {
        let _ = (body, domain);
        todo!("owner: model/graph")
    }
}
