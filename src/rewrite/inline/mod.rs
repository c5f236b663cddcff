//! Inlining: an `If` whose condition is constant is replaced by the branch that runs.

#[cfg(test)]
mod tests;

use super::bodies::body_mut;
use super::clean::{Done, count, label};
use super::edit::{defaults, holder, stored_node};
use super::fold::refuse_broken;
use super::names::Fresh;
use crate::graph::{Graph, NodeId, TensorId, TensorKind};
use crate::model::onnx::{
    FunctionProto, GraphProto, NodeProto, SparseTensorProto, TensorAnnotation, TensorProto, ValueInfoProto,
};
use crate::model::{Model, attribute};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Rounds: branches inside branches come one after the other.
const ROUNDS: usize = 32;

/// Inlines until no condition is constant.
///
/// # Errors
/// Structural problems that must be settled first.
pub(super) fn inline_constant_ifs(model: &Arc<Model>) -> Result<Done, String> {
    let mut model = model.clone();
    let mut notes = Vec::new();
    for _ in 0..ROUNDS {
        let graph = Graph::new(model.clone());
        refuse_broken(&graph)?;
        let taken = taken(&graph);
        if taken.is_empty() {
            break;
        }
        for (id, body) in &taken {
            let branch = &graph.bodies[*body as usize].name;
            notes.push((label(graph.node(*id)), format!("If replaced by its {branch}")));
        }
        let mut inliner = Inliner::new(&graph, taken.into_iter().collect());
        let mut proto = model.proto().clone();
        if let Some(top) = proto.graph.as_option_mut() {
            inliner.graph(0, top);
        }
        let functions = graph.bodies.iter().enumerate().filter(|(_, b)| b.is_function);
        for (at, body) in functions {
            if let Some(function) = body.function.and_then(|f| proto.functions.get_mut(f as usize)) {
                inliner.function(at as u32, function);
            }
        }
        model = Arc::new(model.with_proto(proto));
    }
    let summary = match notes.len() {
        0 => "No If has a constant condition".to_owned(),
        n => format!("Replaced {} by the branch that runs", count(n, "If")),
    };
    Ok(Done { model, summary, notes })
}

/// Outermost `If`s with a constant condition, and the body that runs.
fn taken(graph: &Graph) -> Vec<(NodeId, u32)> {
    let defaults = defaults(graph);
    let mut out: Vec<(NodeId, u32)> = Vec::new();
    let mut chosen = HashSet::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        let id = NodeId(at as u32);
        if &*node.op_type != "If" || !node.domain.is_empty() || is_inside(graph, node.body, &chosen) {
            continue;
        }
        let runs = |condition: TensorId| {
            let info = graph.tensor(condition);
            if info.kind != TensorKind::Constant || defaults.contains(&condition) {
                return None;
            }
            match graph.constant(condition)?.ok()?.to_i64()?[..] {
                [value] => Some(if value != 0 { "then_branch" } else { "else_branch" }),
                _ => None,
            }
        };
        let Some(wanted) = node.inputs.first().copied().flatten().and_then(runs) else {
            continue;
        };
        let branch = node
            .owned_bodies
            .iter()
            .find(|b| *graph.bodies[**b as usize].name == *wanted);
        // A branch that is no branch stays for the checker to tell.
        if let Some(branch) = branch
            && graph.bodies[*branch as usize].inputs.is_empty()
            && graph.bodies[*branch as usize].outputs.len() == node.outputs.len()
        {
            chosen.insert(id);
            out.push((id, *branch));
        }
    }
    out
}

/// True when the body is one of these nodes', at any depth.
fn is_inside(graph: &Graph, mut body: u32, nodes: &HashSet<NodeId>) -> bool {
    while let Some(owner) = graph.bodies[body as usize].owner {
        if nodes.contains(&owner) {
            return true;
        }
        body = graph.node(owner).body;
    }
    false
}

/// What a branch brings besides nodes.
#[derive(Default)]
struct Brought {
    initializers: Vec<TensorProto>,
    sparse: Vec<SparseTensorProto>,
    infos: Vec<ValueInfoProto>,
    annotations: Vec<TensorAnnotation>,
}

struct Inliner<'a> {
    graph: &'a Graph,
    taken: HashMap<NodeId, u32>,
    fresh: Fresh,
    /// Names that more than one tensor, or more than one node, has.
    shared: HashSet<&'a str>,
    /// Constants become nodes: in functions, and before IR version 4.
    is_old: bool,
}

impl<'a> Inliner<'a> {
    fn new(graph: &'a Graph, taken: HashMap<NodeId, u32>) -> Self {
        let mut shared = HashSet::new();
        for names in [
            graph.tensors.iter().map(|t| &*t.name).collect::<Vec<_>>(),
            graph.nodes.iter().map(|n| &*n.name).collect(),
        ] {
            let mut seen = HashSet::new();
            shared.extend(names.into_iter().filter(|name| !seen.insert(*name)));
        }
        Self {
            graph,
            taken,
            fresh: Fresh::new(graph),
            shared,
            is_old: graph.model.proto().ir_version.unwrap_or(0) < 4,
        }
    }

    fn function(&mut self, body: u32, function: &mut FunctionProto) {
        let (nodes, brought) = self.nodes(body, std::mem::take(&mut function.node), true);
        function.node = nodes;
        function.value_info.extend(brought.infos);
    }

    fn graph(&mut self, body: u32, graph: &mut GraphProto) {
        let (nodes, brought) = self.nodes(body, std::mem::take(&mut graph.node), self.is_old);
        graph.node = nodes;
        graph.initializer.extend(brought.initializers);
        graph.sparse_initializer.extend(brought.sparse);
        graph.value_info.extend(brought.infos);
        graph.quantization_annotation.extend(brought.annotations);
    }

    fn nodes(&mut self, body: u32, nodes: Vec<NodeProto>, to_nodes: bool) -> (Vec<NodeProto>, Brought) {
        let graph = self.graph;
        let mut out = Vec::with_capacity(nodes.len());
        let mut brought = Brought::default();
        for (mut proto, id) in nodes.into_iter().zip(&graph.bodies[body as usize].nodes) {
            if let Some(branch) = self.taken.get(id).copied()
                && let Some(mut content) = take_body(graph, &mut proto, branch)
            {
                self.branch(*id, branch, &mut content, to_nodes, &mut out, &mut brought);
                continue;
            }
            for owned in &graph.node(*id).owned_bodies {
                if let Some(inner) = body_mut(graph, &mut proto, *owned) {
                    self.graph(*owned, inner);
                }
            }
            out.push(proto);
        }
        (out, brought)
    }

    /// Puts the content of a branch in the place of its `If`.
    fn branch(
        &mut self,
        id: NodeId,
        branch: u32,
        content: &mut GraphProto,
        to_nodes: bool,
        out: &mut Vec<NodeProto>,
        brought: &mut Brought,
    ) {
        let graph = self.graph;
        let outputs = &graph.proto(id).output;
        let made: HashSet<&str> = content
            .node
            .iter()
            .flat_map(|n| &n.output)
            .map(String::as_str)
            .collect();
        let mut names: HashMap<String, String> = HashMap::new();
        let mut passed: Vec<(TensorId, String)> = Vec::new();
        for (tensor, wanted) in graph.bodies[branch as usize].outputs.iter().zip(outputs) {
            if wanted.is_empty() {
                continue;
            }
            let name = &*graph.tensor(*tensor).name;
            let is_own = graph.tensor(*tensor).body == branch && made.contains(name);
            // Under a name that another tensor has too, readers inside bodies might find that one.
            if is_own && !names.contains_key(name) && !self.shared.contains(wanted.as_str()) {
                names.insert(name.to_owned(), wanted.clone());
            } else {
                passed.push((*tensor, wanted.clone()));
            }
        }
        let stored = content.initializer.iter().filter_map(|t| t.name.as_deref());
        let sparse = content
            .sparse_initializer
            .iter()
            .filter_map(|t| t.values.name.as_deref());
        let own: Vec<&str> = stored.chain(sparse).chain(made.iter().copied()).collect();
        for name in own {
            if !name.is_empty() && !names.contains_key(name) && self.shared.contains(name) {
                let new = self.fresh.name(name.to_owned());
                names.insert(name.to_owned(), new);
            }
        }
        rename_graph(content, &names);
        for node in &mut content.node {
            if let Some(name) = node.name.as_mut().filter(|name| self.shared.contains(name.as_str())) {
                *name = self.fresh.name(name.clone());
            }
        }
        for tensor in std::mem::take(&mut content.initializer) {
            match to_nodes {
                true => out.push(stored_node(tensor)),
                false => brought.initializers.push(tensor),
            }
        }
        for tensor in std::mem::take(&mut content.sparse_initializer) {
            match to_nodes {
                true => out.push(sparse_node(tensor)),
                false => brought.sparse.push(tensor),
            }
        }
        brought.infos.append(&mut content.value_info);
        brought.annotations.append(&mut content.quantization_annotation);
        out.append(&mut content.node);
        for (tensor, wanted) in passed {
            let info = graph.tensor(tensor);
            let name = match names.get(&*info.name) {
                Some(new) if info.body == branch => new.clone(),
                _ => info.name.to_string(),
            };
            out.push(NodeProto {
                op_type: Some("Identity".into()),
                name: Some(self.fresh.name(format!("{wanted}_Identity"))),
                input: vec![name],
                output: vec![wanted],
                ..Default::default()
            });
        }
    }
}

fn take_body(graph: &Graph, proto: &mut NodeProto, body: u32) -> Option<GraphProto> {
    body_mut(graph, proto, body).map(std::mem::take)
}

/// A stored sparse tensor as a node.
fn sparse_node(mut tensor: SparseTensorProto) -> NodeProto {
    let name = tensor.values.as_option_mut().and_then(|values| values.name.take());
    holder(
        name.unwrap_or_default(),
        attribute::sparse_tensor("sparse_value", tensor),
    )
}

/// Gives tensors of a graph other names, in its bodies too where they are not defined anew.
fn rename_graph(graph: &mut GraphProto, names: &HashMap<String, String>) {
    let rename = |name: &mut String| {
        if let Some(new) = names.get(name) {
            name.clone_from(new);
        }
    };
    let maybe = |name: &mut Option<String>| {
        if let Some(name) = name {
            rename(name);
        }
    };
    graph.initializer.iter_mut().for_each(|t| maybe(&mut t.name));
    for sparse in &mut graph.sparse_initializer {
        if let Some(values) = sparse.values.as_option_mut() {
            maybe(&mut values.name);
        }
    }
    graph.value_info.iter_mut().for_each(|v| maybe(&mut v.name));
    graph.output.iter_mut().for_each(|v| maybe(&mut v.name));
    for annotation in &mut graph.quantization_annotation {
        maybe(&mut annotation.tensor_name);
        for entry in &mut annotation.quant_parameter_tensor_names {
            maybe(&mut entry.value);
        }
    }
    for node in &mut graph.node {
        node.input.iter_mut().chain(&mut node.output).for_each(rename);
        for attribute in &mut node.attribute {
            for inner in attribute.g.as_option_mut().into_iter().chain(&mut attribute.graphs) {
                rename_captures(inner, names);
            }
        }
    }
}

/// Renames what a body reads of those around it.
fn rename_captures(inner: &mut GraphProto, names: &HashMap<String, String>) {
    let inputs = inner.input.iter().filter_map(|v| v.name.as_ref());
    let stored = inner.initializer.iter().filter_map(|t| t.name.as_ref());
    let made = inner.node.iter().flat_map(|n| &n.output);
    let defined: HashSet<&String> = inputs
        .chain(stored)
        .chain(made)
        .filter(|name| names.contains_key(*name))
        .collect();
    if defined.is_empty() {
        return rename_graph(inner, names);
    }
    let left = names.iter().filter(|(name, _)| !defined.contains(name));
    let left: HashMap<String, String> = left.map(|(a, b)| (a.clone(), b.clone())).collect();
    rename_graph(inner, &left);
}
