//! Nodes and tensors with their producers and consumers, from a model.

use super::{NodePath, PathStep, Scope, ScopeId, TensorType, assemble, infer};
use crate::model::Model;
use crate::model::onnx::{FunctionProto, GraphProto, NodeProto, TensorAnnotation, TensorProto};
use buffa::DefaultInstance;
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
#[derive(Clone)]
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
    pub problems: Vec<Problem>,
    /// Where each tensor's stored data and annotation are; as long as `tensors`.
    pub(super) stored: Vec<Stored>,
    /// Nodes of each body in an order in which producers come before consumers; as long as `bodies`.
    pub(super) orders: Vec<Vec<NodeId>>,
    /// For each body with an owner: index of the attribute, and of the graph in it where it lists several.
    pub(super) places: Vec<(u32, Option<u32>)>,
}

/// Indices into the messages of a tensor's body, and what they make of it.
#[derive(Clone, Copy, Default)]
pub(super) struct Stored {
    /// In `GraphProto.initializer`.
    pub(super) initializer: Option<u32>,
    /// In `GraphProto.sparse_initializer`.
    pub(super) sparse: Option<u32>,
    /// In `GraphProto.quantization_annotation`.
    pub(super) annotation: Option<u32>,
    /// It is an input too, and this value what it has where nobody gives another.
    pub(super) is_default: bool,
}

/// A graph, a body or a function definition.
#[derive(Clone, Debug)]
pub struct Body {
    /// The node whose attribute holds this body; `None` for the top level and for functions.
    pub owner: Option<NodeId>,
    /// Attribute name (`branches[1]` for an attribute that lists graphs), `domain::name` of a function
    /// (`domain::name::overload` where it has an overload), or the graph's own name for the top level.
    pub name: Arc<str>,
    /// Nodes in file order.
    pub nodes: Vec<NodeId>,
    /// Inputs in order, without initializers that are listed as inputs too (old IR versions do that; in newer ones such
    /// an input has a default, and counts as constant here).
    pub inputs: Vec<TensorId>,
    /// Outputs in order.
    pub outputs: Vec<TensorId>,
    /// True when this is a model-local function's definition.
    pub is_function: bool,
    /// Index of the enclosing body in [`Graph::bodies`]; `None` for the top level and for functions.
    pub parent: Option<u32>,
    /// Index in `ModelProto.functions` when this is a function or a body inside one.
    pub function: Option<u32>,
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
    /// Index in [`Graph::bodies`] of the model-local function that this node calls.
    pub function: Option<u32>,
}

impl Node {
    /// The tensor at this input; `None` where it is left out or there are fewer.
    pub fn input(&self, index: usize) -> Option<TensorId> {
        self.inputs.get(index).copied().flatten()
    }
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
    /// Who reads it: node and input index. A reader inside a body is listed with its own index, and each node around it
    /// up to this tensor's body with index `u32::MAX`.
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
    /// An operator domain that the model does not import.
    MissingOpset,
}

impl Graph {
    /// Builds the graph of a model: names resolved, bodies and functions included, types and shapes inferred.
    pub fn new(model: Arc<Model>) -> Self {
        let mut graph = assemble::assemble(model);
        infer::infer(&mut graph);
        graph
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
        let mut body = &self.bodies[0];
        let mut at: Option<NodeId> = None;
        for step in &path.0 {
            match step {
                PathStep::Node(index) => {
                    if at.is_some() {
                        return None;
                    }
                    at = Some(*body.nodes.get(*index as usize)?);
                }
                PathStep::Body(name) => {
                    let of_node = at
                        .take()
                        .map(|id| self.node(id).owned_bodies.iter().map(|b| &self.bodies[*b as usize]));
                    body = match of_node {
                        Some(mut owned) => owned.find(|b| *b.name == **name)?,
                        None => self.bodies.iter().find(|b| b.is_function && *b.name == **name)?,
                    };
                }
            }
        }
        at
    }

    /// The node's protobuf message (attributes, metadata).
    pub fn proto(&self, id: NodeId) -> &NodeProto {
        let node = self.node(id);
        let index = match node.path.0.last() {
            Some(PathStep::Node(index)) => *index as usize,
            _ => usize::MAX,
        };
        self.body_nodes(node.body)
            .get(index)
            .unwrap_or_else(|| NodeProto::default_instance())
    }

    /// The message of a body; `None` for functions, whose message is a [`FunctionProto`].
    pub fn body_proto(&self, at: u32) -> Option<&GraphProto> {
        let body = self.bodies.get(at as usize)?;
        match body.owner {
            None if body.is_function => None,
            None => Some(self.model.graph()),
            Some(owner) => {
                let (attribute, index) = self.places.get(at as usize)?;
                let attribute = self.proto(owner).attribute.get(*attribute as usize)?;
                match index {
                    None => attribute.g.as_option(),
                    Some(index) => attribute.graphs.get(*index as usize),
                }
            }
        }
    }

    /// The message of the function that this body is, or is inside of.
    pub fn function_proto(&self, body: u32) -> Option<&FunctionProto> {
        let index = self.bodies.get(body as usize)?.function?;
        self.model.proto().functions.get(index as usize)
    }

    /// Where the message of an owned body is in its owner's: index of the attribute, and of the graph in it where it lists
    /// several.
    pub(crate) fn body_place(&self, body: u32) -> Option<(usize, Option<usize>)> {
        self.bodies.get(body as usize)?.owner?;
        let (attribute, index) = self.places.get(body as usize)?;
        Some((*attribute as usize, index.map(|i| i as usize)))
    }

    /// For each body, the tensor of each of its initializers.
    pub(crate) fn initializers_by_body(&self) -> Vec<Vec<Option<TensorId>>> {
        let mut out: Vec<Vec<Option<TensorId>>> = vec![Vec::new(); self.bodies.len()];
        for (i, (stored, tensor)) in self.stored.iter().zip(&self.tensors).enumerate() {
            if let Some(index) = stored.initializer {
                let of_body = &mut out[tensor.body as usize];
                of_body.resize(of_body.len().max(index as usize + 1), None);
                of_body[index as usize] = Some(TensorId(i as u32));
            }
        }
        out
    }

    fn body_nodes(&self, body: u32) -> &[NodeProto] {
        match self.body_proto(body) {
            Some(graph) => &graph.node,
            None => self.function_proto(body).map_or(&[], |f| &f.node),
        }
    }

    /// Version of the operator set imported for `domain` (`""` is ONNX's own); for nodes in functions the function's own.
    pub fn opset(&self, body: u32, domain: &str) -> Option<i64> {
        let model = self.model.proto();
        let imports = match self.function_proto(body) {
            Some(function) => &function.opset_import,
            None => &model.opset_import,
        };
        let wanted = assemble::normalised(domain);
        let found = imports
            .iter()
            .find(|import| assemble::normalised(import.domain.as_deref().unwrap_or_default()) == wanted)
            .and_then(|import| import.version);
        // Before IR version 3 nothing was imported and version 1 was meant.
        found.or_else(|| (wanted.is_empty() && model.ir_version.is_some_and(|v| v < 3)).then_some(1))
    }

    /// True for a stored tensor that is an input as well: from IR version 4 on its value is a default, which whoever runs
    /// the model may replace.
    pub fn is_default(&self, id: TensorId) -> bool {
        self.stored.get(id.0 as usize).is_some_and(|s| s.is_default)
    }

    /// The message of a stored tensor (initializer of its body); `None` for everything else.
    pub fn initializer(&self, id: TensorId) -> Option<&TensorProto> {
        let index = self.stored.get(id.0 as usize)?.initializer?;
        self.body_proto(self.tensor(id).body)?.initializer.get(index as usize)
    }

    /// The quantization annotation of a tensor (names of its scale and zero point), when the model gives one.
    pub fn quantization(&self, id: TensorId) -> Option<&TensorAnnotation> {
        let index = self.stored.get(id.0 as usize)?.annotation?;
        self.body_proto(self.tensor(id).body)?
            .quantization_annotation
            .get(index as usize)
    }

    /// The nodes of a body so that producers come before consumers, a reader inside a body counting as its owner; file
    /// order where it is that already. Nodes of a cycle come last, in file order.
    pub fn body_order(&self, body: u32) -> &[NodeId] {
        self.orders.get(body as usize).map_or(&[], Vec::as_slice)
    }

    /// All nodes so that producers come before consumers: each body's nodes stand right before the node that owns it;
    /// functions come first.
    pub fn topological_order(&self) -> Vec<NodeId> {
        let mut out = Vec::with_capacity(self.nodes.len());
        let functions = self
            .bodies
            .iter()
            .enumerate()
            .filter(|(_, b)| b.is_function)
            .map(|(i, _)| i as u32);
        for root in functions.chain([0]) {
            // A stack of (body, position), because bodies nest.
            let mut stack: Vec<(u32, usize, usize)> = vec![(root, 0, 0)];
            while let Some((body, at, owned)) = stack.pop() {
                let Some(id) = self.body_order(body).get(at) else {
                    continue;
                };
                match self.node(*id).owned_bodies.get(owned) {
                    Some(inner) => stack.extend([(body, at, owned + 1), (*inner, 0, 0)]),
                    None => {
                        out.push(*id);
                        stack.push((body, at + 1, 0));
                    }
                }
            }
        }
        out
    }
}
