//! Building the arrays of a graph from its messages. Linear in the size of the messages; recursion-free.

use super::build::Stored;
use super::constant::node_constant;
use super::declared::tensor_type;
use super::{
    Body, Graph, Node, NodeId, NodePath, PathStep, Problem, ProblemKind, Producer, Shape, TensorId, TensorInfo,
    TensorKind, TensorType, order, scope,
};
use crate::model::onnx::{
    FunctionProto, GraphProto, NodeProto, SparseTensorProto, TensorProto, TypeProto, ValueInfoProto,
};
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

    /// Declared types by name; two declarations of one tensor are joined.
    fn declarations(
        &mut self,
        body: u32,
        infos: impl Iterator<Item = &'a ValueInfoProto>,
    ) -> HashMap<&'a str, TensorType> {
        let mut declared: HashMap<&str, TensorType> = HashMap::new();
        for info in infos {
            let name = info.name.as_deref().unwrap_or_default();
            let Some(ty) = info.r#type.as_option().map(tensor_type) else {
                continue;
            };
            match declared.get(name).map(|before| before.unify(&ty)) {
                Some(Err(reason)) => self.contradiction(body, name, &reason),
                Some(Ok(joined)) => {
                    declared.insert(name, joined);
                }
                None => {
                    declared.insert(name, ty);
                }
            }
        }
        declared
    }

    /// Gives inputs and initializers the types that value_info and outputs declare besides their own.
    fn declare(&mut self, body: u32, declared: &HashMap<&'a str, TensorType>) {
        if declared.is_empty() {
            return;
        }
        // Only names of inputs and initializers are known yet.
        let known: Vec<(&str, TensorId)> = self.names[body as usize]
            .iter()
            .map(|(name, id)| (*name, *id))
            .collect();
        for (name, id) in known {
            if let Some(ty) = declared.get(name) {
                self.join(id, ty);
            }
        }
    }

    fn join(&mut self, id: TensorId, ty: &TensorType) {
        let tensor = self.graph.tensor(id);
        match tensor.ty.unify(ty) {
            Ok(joined) => self.graph.tensors[id.0 as usize].ty = joined,
            Err(reason) => {
                let name = tensor.name.clone();
                self.contradiction(tensor.body, &name, &reason);
            }
        }
    }

    fn contradiction(&mut self, body: u32, name: &str, reason: &str) {
        let place = self.inside(body);
        self.problem(
            ProblemKind::Contradiction,
            None,
            Some(name),
            format!("tensor {}{place} is declared in two ways: {reason}", quoted(name)),
        );
    }

    fn tensor(&mut self, body: u32, name: &str, ty: TensorType, producer: Producer, kind: TensorKind) -> TensorId {
        let id = TensorId(self.graph.tensors.len() as u32);
        self.graph.tensors.push(TensorInfo {
            name: name.into(),
            body,
            ty,
            producer,
            consumers: Vec::new(),
            kind,
            is_output: false,
            stored_bytes: 0,
        });
        self.graph.stored.push(Stored::default());
        id
    }

    /// Makes the tensor known by its name; a second one of that name stays, but nothing can refer to it.
    fn name(&mut self, body: u32, name: &'a str, id: TensorId, node: Option<NodeId>) {
        use std::collections::hash_map::Entry;
        match self.names[body as usize].entry(name) {
            Entry::Vacant(free) => {
                free.insert(id);
            }
            Entry::Occupied(_) => {
                let place = self.inside(body);
                let message = format!("tensor {}{place} is produced more than once", quoted(name));
                self.problem(ProblemKind::DuplicateName, node, Some(name), message);
            }
        }
    }

    fn initializer(&mut self, body: u32, name: &'a str, ty: TensorType, bytes: u64, stored: Stored) {
        let id = self.tensor(body, name, ty, Producer::Initializer, TensorKind::Constant);
        self.graph.tensors[id.0 as usize].stored_bytes = bytes;
        self.graph.stored[id.0 as usize] = stored;
        self.name(body, name, id, None);
    }

    fn input(&mut self, body: u32, name: &'a str, ty: Option<&TypeProto>) {
        let ty = ty.map(tensor_type).unwrap_or_default();
        if let Some(id) = self.names[body as usize].get(name).copied()
            && self.graph.tensor(id).producer == Producer::Initializer
        {
            self.join(id, &ty);
            // Before IR version 4 every initializer had to be an input.
            if self.graph.model.proto().ir_version.unwrap_or(0) >= 4 {
                self.graph.stored[id.0 as usize].is_default = true;
                // Another value may have any shape that the input may have.
                self.graph.tensors[id.0 as usize].ty.shape = ty.shape;
            }
            return;
        }
        let id = self.tensor(body, name, ty, Producer::Input, TensorKind::Input);
        self.graph.bodies[body as usize].inputs.push(id);
        self.name(body, name, id, None);
    }

    fn output(&mut self, body: u32, name: &'a str) {
        let id = match self.resolve(body, name) {
            Some(id) => {
                self.capture(body, id);
                id
            }
            None => {
                let place = self.inside(body);
                let message = format!("output {}{place} is produced by no node", quoted(name));
                self.problem(ProblemKind::MissingOutput, None, Some(name), message);
                self.missing(body, name)
            }
        };
        let tensor = &mut self.graph.tensors[id.0 as usize];
        tensor.is_output |= tensor.body == body;
        self.graph.bodies[body as usize].outputs.push(id);
    }

    fn missing(&mut self, body: u32, name: &'a str) -> TensorId {
        let id = self.tensor(
            body,
            name,
            TensorType::default(),
            Producer::Missing,
            TensorKind::Activation,
        );
        self.names[body as usize].insert(name, id);
        id
    }

    /// The tensor of this name in the body or around it.
    fn resolve(&self, body: u32, name: &str) -> Option<TensorId> {
        let mut at = Some(body);
        while let Some(body) = at {
            if let Some(id) = self.names[body as usize].get(name) {
                return Some(*id);
            }
            at = self.graph.bodies[body as usize].parent;
        }
        None
    }

    /// Notes on every node around `body`, up to the tensor's own body, that it reads the tensor.
    fn capture(&mut self, body: u32, id: TensorId) {
        let home = self.graph.tensor(id).body;
        let mut at = body;
        while at != home {
            let Some(owner) = self.graph.bodies[at as usize].owner else {
                return;
            };
            if !self.captured.insert((owner, id)) {
                return;
            }
            self.graph.nodes[owner.0 as usize].captures.push(id);
            self.graph.tensors[id.0 as usize].consumers.push((owner, u32::MAX));
            at = self.graph.node(owner).body;
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
