//! Building the arrays of a graph from its messages. Linear in the size of the messages; recursion-free.
//! Here are bodies and nodes, in `tensors` what they read and make.

mod tensors;

use super::build::Stored;
use super::constant::node_constant;
use super::{
    Body, Graph, Node, NodeId, NodePath, PathStep, Problem, ProblemKind, Producer, Shape, TensorId, TensorKind,
    TensorType, order, scope,
};
use crate::model::onnx::{FunctionProto, GraphProto, NodeProto, SparseTensorProto, TensorProto};
use crate::model::{DataType, Model, quoted};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// ONNX's own domain has two spellings; the empty one is used here.
pub(super) fn normalised(domain: &str) -> &str {
    if domain == "ai.onnx" { "" } else { domain }
}

/// Everything but scopes and inferred types.
pub(super) fn assemble(model: Arc<Model>) -> Graph {
    let source = model.clone();
    let proto = source.proto();
    let mut a = Assembler {
        graph: Graph {
            model,
            nodes: Vec::with_capacity(proto.graph.node.len()),
            tensors: Vec::with_capacity(proto.graph.node.len() + proto.graph.initializer.len()),
            bodies: Vec::new(),
            scopes: Vec::new(),
            problems: Vec::new(),
            stored: Vec::new(),
            orders: Vec::new(),
            places: Vec::new(),
        },
        names: Vec::new(),
        atoms: HashMap::new(),
        captured: HashSet::new(),
        queue: VecDeque::new(),
        domains: HashSet::new(),
    };
    let name = proto.graph.name.as_deref().unwrap_or_default();
    a.body(name.into(), None, None, Source::Graph(&proto.graph));
    a.graph.places.push((0, None));
    a.run();
    for (i, function) in proto.functions.iter().enumerate() {
        a.body(
            function_name(function),
            None,
            Some(i as u32),
            Source::Function(function),
        );
    }
    a.run();
    let mut graph = a.graph;
    link_functions(&mut graph);
    order::order(&mut graph);
    let named = graph.nodes.iter().map(|node| (&*node.name, &*node.op_type));
    let (scopes, of_nodes) = scope::scopes(named);
    graph.scopes = scopes;
    for (node, scope) in graph.nodes.iter_mut().zip(of_nodes) {
        node.scope = scope;
    }
    graph
}

fn function_name(function: &FunctionProto) -> String {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    let name = format!("{}::{}", part(&function.domain), part(&function.name));
    match function.overload.as_deref() {
        None | Some("") => name,
        Some(overload) => format!("{name}::{overload}"),
    }
}

/// Resolves calls of model-local functions by domain, name and overload.
fn link_functions(graph: &mut Graph) {
    let model = graph.model.clone();
    let functions = &model.proto().functions;
    if functions.is_empty() {
        return;
    }
    let mut known: HashMap<(&str, &str, &str), u32> = HashMap::new();
    for (i, body) in graph.bodies.iter().enumerate().filter(|(_, b)| b.is_function) {
        let Some(f) = body.function.and_then(|f| functions.get(f as usize)) else {
            continue;
        };
        let domain = normalised(f.domain.as_deref().unwrap_or_default());
        let key = (
            domain,
            f.name.as_deref().unwrap_or_default(),
            f.overload.as_deref().unwrap_or_default(),
        );
        if known.insert(key, i as u32).is_some() {
            graph.problems.push(Problem {
                node: None,
                tensor: None,
                kind: ProblemKind::DuplicateName,
                message: format!("two functions are called {}", quoted(&body.name)),
            });
        }
    }
    let found: Vec<Option<u32>> = (0..graph.nodes.len() as u32)
        .map(|i| {
            let node = graph.node(NodeId(i));
            // The overload is in the message only; look there only where domain and name may match.
            let overload = graph.proto(NodeId(i)).overload.as_deref().unwrap_or_default();
            known.get(&(&*node.domain, &*node.op_type, overload)).copied()
        })
        .collect();
    for (node, function) in graph.nodes.iter_mut().zip(found) {
        node.function = function;
    }
}

#[derive(Clone, Copy)]
enum Source<'a> {
    Graph(&'a GraphProto),
    Function(&'a FunctionProto),
}

struct Assembler<'a> {
    graph: Graph,
    /// Names of each body's tensors.
    names: Vec<HashMap<&'a str, TensorId>>,
    /// Operators and domains, which repeat.
    atoms: HashMap<&'a str, Arc<str>>,
    captured: HashSet<(NodeId, TensorId)>,
    queue: VecDeque<(u32, Source<'a>)>,
    /// (function, domain) that nodes were seen to use.
    domains: HashSet<(Option<u32>, &'a str)>,
}

impl<'a> Assembler<'a> {
    /// Reserves a body and queues its content.
    fn body(&mut self, name: String, owner: Option<NodeId>, function: Option<u32>, source: Source<'a>) -> u32 {
        let index = self.graph.bodies.len() as u32;
        self.graph.bodies.push(Body {
            owner,
            name: name.into(),
            nodes: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            is_function: matches!(source, Source::Function(_)),
            parent: owner.map(|id| self.graph.node(id).body),
            function,
        });
        self.names.push(HashMap::new());
        self.queue.push_back((index, source));
        index
    }

    fn run(&mut self) {
        while let Some((body, source)) = self.queue.pop_front() {
            match source {
                Source::Graph(graph) => self.fill_graph(body, graph),
                Source::Function(function) => self.fill_function(body, function),
            }
        }
    }

    fn fill_graph(&mut self, body: u32, graph: &'a GraphProto) {
        let declared = self.declarations(body, graph.value_info.iter().chain(&graph.output));
        self.names[body as usize].reserve(graph.initializer.len() + graph.node.len() + graph.input.len());
        for (i, tensor) in graph.initializer.iter().enumerate() {
            let stored = Stored {
                initializer: Some(i as u32),
                ..Default::default()
            };
            let bytes = self.graph.model.tensor_bytes(tensor).unwrap_or(0);
            self.initializer(
                body,
                tensor.name.as_deref().unwrap_or_default(),
                data_type(tensor),
                bytes,
                stored,
            );
        }
        for (i, sparse) in graph.sparse_initializer.iter().enumerate() {
            let stored = Stored {
                sparse: Some(i as u32),
                ..Default::default()
            };
            let name = sparse.values.name.as_deref().unwrap_or_default();
            let parts = [&sparse.values, &sparse.indices].map(|part| self.graph.model.tensor_bytes(part).unwrap_or(0));
            self.initializer(body, name, sparse_type(sparse), parts.iter().sum(), stored);
        }
        for input in &graph.input {
            self.input(
                body,
                input.name.as_deref().unwrap_or_default(),
                input.r#type.as_option(),
            );
        }
        self.declare(body, &declared);
        self.nodes(body, &graph.node, &declared);
        for output in &graph.output {
            self.output(body, output.name.as_deref().unwrap_or_default());
        }
        for (i, annotation) in graph.quantization_annotation.iter().enumerate() {
            let name = annotation.tensor_name.as_deref().unwrap_or_default();
            if let Some(id) = self.names[body as usize].get(name) {
                self.graph.stored[id.0 as usize].annotation = Some(i as u32);
            }
        }
    }

    fn fill_function(&mut self, body: u32, function: &'a FunctionProto) {
        let declared = self.declarations(body, function.value_info.iter());
        for input in &function.input {
            self.input(body, input, None);
        }
        self.declare(body, &declared);
        self.nodes(body, &function.node, &declared);
        for output in &function.output {
            self.output(body, output);
        }
    }

    fn nodes(&mut self, body: u32, nodes: &'a [NodeProto], declared: &HashMap<&'a str, TensorType>) {
        let first = self.graph.nodes.len() as u32;
        let mut named: HashMap<&str, (NodeId, usize)> = HashMap::new();
        for (index, proto) in nodes.iter().enumerate() {
            let id = NodeId(first + index as u32);
            let name = proto.name.as_deref().unwrap_or_default();
            if !name.is_empty() {
                named
                    .entry(name)
                    .and_modify(|(repeat, n)| (*repeat, *n) = (id, *n + 1))
                    .or_insert((id, 1));
            }
            let node = self.node(body, index as u32, proto);
            self.graph.nodes.push(node);
            self.graph.bodies[body as usize].nodes.push(id);
            self.outputs(body, id, proto, declared);
        }
        let mut repeated: Vec<_> = named.into_iter().filter(|(_, (_, n))| *n > 1).collect();
        repeated.sort_by_key(|(_, (id, _))| *id);
        for (name, (id, n)) in repeated {
            let message = format!("{n} nodes{} are called {}", self.inside(body), quoted(name));
            self.problem(ProblemKind::DuplicateName, Some(id), None, message);
        }
        // Inputs after all outputs, so that nodes in the wrong order still find each other.
        for (index, proto) in nodes.iter().enumerate() {
            self.inputs(body, NodeId(first + index as u32), proto);
        }
        for (index, proto) in nodes.iter().enumerate() {
            self.owned_bodies(body, NodeId(first + index as u32), proto);
        }
    }

    fn node(&mut self, body: u32, index: u32, proto: &'a NodeProto) -> Node {
        let of = &self.graph.bodies[body as usize];
        let path = match (of.owner, of.is_function) {
            (Some(owner), _) => self.graph.node(owner).path.child(&of.name, index),
            (None, true) => NodePath(vec![PathStep::Body(of.name.to_string()), PathStep::Node(index)]),
            (None, false) => NodePath::top(index),
        };
        let function = of.function;
        let domain = normalised(proto.domain.as_deref().unwrap_or_default());
        if self.domains.insert((function, domain)) && self.graph.opset(body, domain).is_none() {
            let of_onnx = if domain.is_empty() { " (ONNX's own)" } else { "" };
            let message = format!(
                "operator domain {}{of_onnx} is not imported, so the version of {} is unknown",
                quoted(domain),
                quoted(proto.op_type.as_deref().unwrap_or_default())
            );
            let id = NodeId(self.graph.nodes.len() as u32);
            self.problem(ProblemKind::MissingOpset, Some(id), None, message);
        }
        Node {
            path,
            body,
            name: proto.name.as_deref().unwrap_or_default().into(),
            op_type: self.atom(proto.op_type.as_deref().unwrap_or_default()),
            domain: self.atom(domain),
            inputs: Vec::with_capacity(proto.input.len()),
            outputs: Vec::with_capacity(proto.output.len()),
            captures: Vec::new(),
            scope: super::ScopeId(0),
            owned_bodies: Vec::new(),
            function: None,
        }
    }

    fn atom(&mut self, text: &'a str) -> Arc<str> {
        self.atoms.entry(text).or_insert_with(|| text.into()).clone()
    }

    fn outputs(&mut self, body: u32, id: NodeId, proto: &'a NodeProto, declared: &HashMap<&'a str, TensorType>) {
        let constant = node_constant(&self.graph.model, self.graph.node(id), proto);
        for (i, name) in proto.output.iter().enumerate() {
            if name.is_empty() {
                self.graph.nodes[id.0 as usize].outputs.push(None);
                continue;
            }
            let producer = Producer::Node {
                node: id,
                output: i as u32,
            };
            let kind = if constant.is_some() {
                TensorKind::Constant
            } else {
                TensorKind::Activation
            };
            let own = constant.as_ref().map(|(ty, _)| ty.clone()).unwrap_or_default();
            let tensor = self.tensor(body, name, own, producer, kind);
            self.graph.tensors[tensor.0 as usize].stored_bytes = constant.as_ref().map_or(0, |(_, bytes)| *bytes);
            if let Some(ty) = declared.get(name.as_str()) {
                self.join(tensor, ty);
            }
            self.name(body, name, tensor, Some(id));
            self.graph.nodes[id.0 as usize].outputs.push(Some(tensor));
        }
    }

    fn inputs(&mut self, body: u32, id: NodeId, proto: &'a NodeProto) {
        for (i, name) in proto.input.iter().enumerate() {
            if name.is_empty() {
                self.graph.nodes[id.0 as usize].inputs.push(None);
                continue;
            }
            let found = self.resolve(body, name);
            let tensor = match found {
                Some(tensor) => tensor,
                None => self.missing(body, name),
            };
            if self.graph.tensor(tensor).producer == Producer::Missing {
                let message = format!(
                    "input {i} of {}, {}, is produced by nothing",
                    order::label(&self.graph, id),
                    quoted(name)
                );
                self.problem(ProblemKind::MissingInput, Some(id), Some(name), message);
            }
            self.capture(body, tensor);
            self.graph.nodes[id.0 as usize].inputs.push(Some(tensor));
            self.graph.tensors[tensor.0 as usize].consumers.push((id, i as u32));
        }
    }

    fn owned_bodies(&mut self, body: u32, id: NodeId, proto: &'a NodeProto) {
        let function = self.graph.bodies[body as usize].function;
        let mut owned: Vec<u32> = Vec::new();
        let mut seen: HashSet<&str> = HashSet::new();
        for (at, attribute) in proto.attribute.iter().enumerate() {
            let name = attribute.name.as_deref().unwrap_or_default();
            // A node has each attribute once; of repeated ones the first counts.
            if !attribute.g.is_set() && attribute.graphs.is_empty() || !seen.insert(name) {
                continue;
            }
            if let Some(graph) = attribute.g.as_option() {
                owned.push(self.body(name.into(), Some(id), function, Source::Graph(graph)));
                self.graph.places.push((at as u32, None));
            }
            for (i, graph) in attribute.graphs.iter().enumerate() {
                owned.push(self.body(format!("{name}[{i}]"), Some(id), function, Source::Graph(graph)));
                self.graph.places.push((at as u32, Some(i as u32)));
            }
        }
        self.graph.nodes[id.0 as usize].owned_bodies = owned;
    }

    /// ` in then_branch of node "x"` for messages; nothing for the top level.
    fn inside(&self, body: u32) -> String {
        let body = &self.graph.bodies[body as usize];
        match body.owner {
            Some(owner) => format!(" in {} of {}", quoted(&body.name), order::label(&self.graph, owner)),
            None if body.is_function => format!(" in function {}", quoted(&body.name)),
            None => String::new(),
        }
    }

    fn problem(&mut self, kind: ProblemKind, node: Option<NodeId>, tensor: Option<&str>, message: String) {
        self.graph.problems.push(Problem {
            node,
            tensor: tensor.map(Into::into),
            kind,
            message,
        });
    }
}

/// Type and shape of a stored tensor.
pub(super) fn data_type(tensor: &TensorProto) -> TensorType {
    let dims: Option<Vec<u64>> = tensor.dims.iter().map(|d| u64::try_from(*d).ok()).collect();
    TensorType {
        dtype: tensor.data_type.and_then(DataType::from_onnx),
        shape: dims.map(|dims| Shape::known(&dims)),
        container: None,
    }
}

/// Type and shape of a stored sparse tensor, which nodes read as if it were dense.
pub(super) fn sparse_type(sparse: &SparseTensorProto) -> TensorType {
    let dims: Option<Vec<u64>> = sparse.dims.iter().map(|d| u64::try_from(*d).ok()).collect();
    TensorType {
        dtype: sparse.values.data_type.and_then(DataType::from_onnx),
        shape: dims.map(|dims| Shape::known(&dims)),
        container: None,
    }
}
