//! From a model's [`Graph`] to what the canvas shows: boxes for operators, inputs and outputs; scopes from names; the
//! bodies of If, Loop and Scan as scopes of their own.
//!
//! `Constant` nodes are not shown: like initializers they are part of the nodes that read them. A node with bodies
//! stands in a scope together with them, so that opening that scope shows what it runs.

mod words;

use super::{
    Family, Item, Label, NodeKind, Scene, compose,
    layout::{
        Cancelled, LayoutOptions, NONE,
        hierarchy::{Grouping, Hierarchy, HierarchyEdge, HierarchyNode, HierarchyScope, LayoutCache, opening_level},
    },
    marking::GraphMarks,
    metrics,
};
use crate::graph::{Graph, Node, NodeId, Producer, ScopeId, TensorId};
use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicBool},
};
use words::{Words, detail, short_type};

/// What a box without scope stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// An operator.
    Node(NodeId),
    /// An input of the graph or of a body.
    Input(TensorId),
    /// An output of the graph or of a body.
    Output(TensorId),
}

/// A scope of the view: from names, or around a node with bodies, or a body.
#[derive(Debug, Clone)]
pub(super) struct ViewScope {
    title: String,
    /// What the names of the nodes inside begin with; empty for bodies.
    path: String,
    nodes: u32,
}

/// A graph prepared for the canvas. Made once for a graph; scenes for what is open are made from it.
pub struct GraphView {
    graph: Arc<Graph>,
    hierarchy: Hierarchy,
    entries: Vec<Entry>,
    scopes: Vec<ViewScope>,
    /// Index of the box of each node; of a reader for constants; [`NONE`] for nodes of function definitions.
    shown_at: Vec<u32>,
    /// Tensor of each made-up edge (from a node to an input of its body); their numbers follow the graph's.
    passed: Vec<TensorId>,
}

impl GraphView {
    /// Prepares a graph: O(nodes + tensors).
    pub fn new(graph: Arc<Graph>) -> Self {
        let mut view = Self {
            hierarchy: Hierarchy::default(),
            entries: Vec::new(),
            scopes: Vec::new(),
            shown_at: vec![NONE; graph.nodes.len()],
            passed: Vec::new(),
            graph,
        };
        view.add_scope(
            0,
            ViewScope {
                title: String::new(),
                path: String::new(),
                nodes: 0,
            },
            false,
        );
        let graph = view.graph.clone();
        let mut scopes = Scopes {
            names: HashMap::new(),
            owners: HashMap::new(),
        };
        for (index, body) in graph.bodies.iter().enumerate() {
            let base = match body.owner {
                None if index == 0 => 0,
                // A function's definition is no part of the graph that runs.
                None => continue,
                Some(owner) => match scopes.owners.get(&owner) {
                    Some(&around) => {
                        let title = body.name.to_string();
                        view.add_scope(
                            around,
                            ViewScope {
                                title,
                                path: String::new(),
                                nodes: 0,
                            },
                            true,
                        )
                    }
                    None => continue,
                },
            };
            view.add_body(&graph, index as u32, base, &mut scopes);
        }
        view.connect(&graph);
        view.count();
        view
    }

    fn add_scope(&mut self, parent: u32, scope: ViewScope, real: bool) -> u32 {
        self.hierarchy.scopes.push(HierarchyScope {
            parent,
            size: metrics::scope_size(&scope.title),
            real,
        });
        self.scopes.push(scope);
        self.scopes.len() as u32 - 1
    }

    /// Adds inputs, operators and outputs of a body whose scope is `base`.
    fn add_body(&mut self, graph: &Graph, body: u32, base: u32, scopes: &mut Scopes) {
        let contents = &graph.bodies[body as usize];
        for &input in &contents.inputs {
            self.add_entry(Entry::Input(input), base);
        }
        for &id in &contents.nodes {
            let node = graph.node(id);
            if is_folded(graph, node) {
                continue;
            }
            let mut scope = self.name_scope(graph, body, node.scope, base, scopes);
            if !node.owned_bodies.is_empty() {
                let name = if node.name.is_empty() {
                    String::new()
                } else {
                    format!(" {}", last_part(&node.name))
                };
                let path = self.scopes[scope as usize].path.clone();
                let around = ViewScope {
                    title: format!("{}{name}", node.op_type),
                    path,
                    nodes: 0,
                };
                scope = self.add_scope(scope, around, true);
                scopes.owners.insert(id, scope);
            }
            self.shown_at[id.0 as usize] = self.add_entry(Entry::Node(id), scope);
        }
        for &output in &contents.outputs {
            self.add_entry(Entry::Output(output), base);
        }
    }

    /// The scope for a name scope within a body; its ancestors are made where new.
    fn name_scope(&mut self, graph: &Graph, body: u32, scope: ScopeId, base: u32, scopes: &mut Scopes) -> u32 {
        let mut missing = Vec::new();
        let mut at = Some(scope);
        let mut found = base;
        while let Some(id) = at.filter(|id| id.0 != 0 && missing.len() <= graph.scopes.len()) {
            if let Some(&known) = scopes.names.get(&(body, id)) {
                found = known;
                break;
            }
            missing.push(id);
            at = graph.scopes.get(id.0 as usize).and_then(|s| s.parent);
        }
        for id in missing.into_iter().rev() {
            let Some(named) = graph.scopes.get(id.0 as usize) else {
                continue;
            };
            let scope = ViewScope {
                title: named.name.to_string(),
                path: named.path.to_string(),
                nodes: 0,
            };
            found = self.add_scope(found, scope, false);
            scopes.names.insert((body, id), found);
        }
        found
    }

    fn add_entry(&mut self, entry: Entry, scope: u32) -> u32 {
        let Label {
            kind,
            title,
            name,
            detail,
            ..
        } = self.entry_label(entry, 0);
        let size = metrics::node_size(kind, &title, &name, &detail);
        self.hierarchy.nodes.push(HierarchyNode { size, scope });
        self.entries.push(entry);
        self.entries.len() as u32 - 1
    }

    /// Adds an edge for every tensor from who makes it to who reads it.
    fn connect(&mut self, graph: &Graph) {
        let mut inputs: HashMap<TensorId, u32> = HashMap::new();
        for (i, entry) in self.entries.iter().enumerate() {
            if let Entry::Input(tensor) = entry {
                inputs.insert(*tensor, i as u32);
            }
        }
        let mut edges = Vec::new();
        let mut add = |view: &Self, tensor: TensorId, target: u32| {
            let source = match graph.tensor(tensor).producer {
                Producer::Node { node, .. } if !is_folded(graph, graph.node(node)) => view.shown_at[node.0 as usize],
                Producer::Input => inputs.get(&tensor).copied().unwrap_or(NONE),
                _ => NONE,
            };
            if source != NONE {
                edges.push(HierarchyEdge {
                    source,
                    tensor: tensor.0,
                    target,
                });
            }
        };
        for (i, entry) in self.entries.iter().enumerate() {
            match entry {
                Entry::Node(id) => graph
                    .node(*id)
                    .inputs
                    .iter()
                    .flatten()
                    .for_each(|&t| add(self, t, i as u32)),
                Entry::Output(tensor) => add(self, *tensor, i as u32),
                Entry::Input(_) => {}
            }
        }
        // What a node hands to its bodies.
        for (tensor, &target) in &inputs {
            let body = &graph.bodies[graph.tensor(*tensor).body as usize];
            let owner = body.owner.map_or(NONE, |o| self.shown_at[o.0 as usize]);
            if owner != NONE {
                let number = (graph.tensors.len() + self.passed.len()) as u32;
                edges.push(HierarchyEdge {
                    source: owner,
                    tensor: number,
                    target,
                });
                self.passed.push(*tensor);
            }
        }
        edges.sort_by_key(|e| (e.target, e.source, e.tensor));
        self.hierarchy.edges = edges;
        self.place_constants(graph);
    }

    /// Constants are found at one of the nodes that read them.
    fn place_constants(&mut self, graph: &Graph) {
        for (i, node) in graph.nodes.iter().enumerate() {
            if self.shown_at[i] == NONE && is_folded(graph, node) {
                let readers = node.outputs.iter().flatten().flat_map(|&t| &graph.tensor(t).consumers);
                let shown = readers
                    .map(|(reader, _)| self.shown_at[reader.0 as usize])
                    .find(|&s| s != NONE);
                self.shown_at[i] = shown.unwrap_or(NONE);
            }
        }
    }

    /// Counts the operators in each scope.
    fn count(&mut self) {
        for (node, entry) in self.hierarchy.nodes.iter().zip(&self.entries) {
            if matches!(entry, Entry::Node(_)) {
                self.scopes[node.scope as usize].nodes += 1;
            }
        }
        for scope in (1..self.scopes.len()).rev() {
            let parent = self.hierarchy.scopes[scope].parent as usize;
            self.scopes[parent].nodes += self.scopes[scope].nodes;
        }
    }

    /// The graph.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// Its boxes and scopes.
    pub fn hierarchy(&self) -> &Hierarchy {
        &self.hierarchy
    }

    /// What the graph opens with.
    pub fn opening(&self) -> Grouping {
        opening_level(&self.hierarchy)
    }

    /// As `grouping` of another view: scopes of the same name are open in both; what is new is as the graph opens with.
    pub fn grouping_like(&self, other: &Self, grouping: &Grouping) -> Grouping {
        let mut like = Grouping {
            by_name: grouping.by_name,
            ..self.opening()
        };
        let opened = (0..other.scopes.len() as u32).filter_map(|s| {
            let open = grouping.open.get(s as usize).copied().unwrap_or(false);
            Some((other.scope_name(s)?, open))
        });
        let opened: HashMap<&str, bool> = opened.collect();
        like.open.resize(self.scopes.len(), false);
        for (scope, open) in like.open.iter_mut().enumerate() {
            let name = self.scope_name(scope as u32);
            *open = name.and_then(|n| opened.get(n).copied()).unwrap_or(*open);
        }
        like
    }

    /// For boxes of this view, the box of `other` that stands for the same thing: a node that gives a tensor of the same
    /// name, or has the same name; a scope of the same name.
    pub fn twins<'a>(&'a self, other: &'a Self) -> impl Fn(Item) -> Option<Item> + 'a {
        let mut giving: HashMap<&str, NodeId> = HashMap::new();
        let mut named: HashMap<&str, NodeId> = HashMap::new();
        for (i, node) in other.graph.nodes.iter().enumerate() {
            let id = NodeId(i as u32);
            for tensor in node.outputs.iter().flatten() {
                giving.entry(&other.graph.tensor(*tensor).name).or_insert(id);
            }
            if !node.name.is_empty() {
                named.entry(&node.name).or_insert(id);
            }
        }
        let scopes: HashMap<&str, u32> = (1..other.scopes.len() as u32)
            .filter_map(|s| Some((other.scope_name(s)?, s)))
            .collect();
        move |item| match (item, self.entry(item)) {
            (Item::Scope(scope), _) => scopes.get(self.scope_name(scope)?).map(|s| Item::Scope(*s)),
            (_, Some(Entry::Node(id))) => {
                let node = self.graph.node(id);
                let tensor = node
                    .outputs
                    .iter()
                    .flatten()
                    .next()
                    .map(|t| &*self.graph.tensor(*t).name);
                let found = tensor.and_then(|t| giving.get(t)).or_else(|| named.get(&*node.name));
                other.item(*found?)
            }
            _ => None,
        }
    }

    /// The box of a node; for a constant, of a node that reads it; `None` for nodes of function definitions.
    pub fn item(&self, node: NodeId) -> Option<Item> {
        self.shown_at
            .get(node.0 as usize)
            .filter(|&&i| i != NONE)
            .map(|&i| Item::Node(i))
    }

    /// What a box stands for; `None` for scopes.
    pub fn entry(&self, item: Item) -> Option<Entry> {
        match item {
            Item::Node(i) => self.entries.get(i as usize).copied(),
            Item::Scope(_) => None,
        }
    }

    /// Full name of a scope, as the nodes' names begin; the title for a body.
    pub fn scope_name(&self, scope: u32) -> Option<&str> {
        self.scopes
            .get(scope as usize)
            .map(|s| if s.path.is_empty() { &s.title } else { &s.path }.as_str())
    }

    /// The tensor of a line in a scene, by the number that [`Scene`] was composed with.
    pub fn tensor_id(&self, number: u32) -> Option<TensorId> {
        match self
            .passed
            .get((number as usize).wrapping_sub(self.graph.tensors.len()))
        {
            Some(&tensor) => Some(tensor),
            None => ((number as usize) < self.graph.tensors.len()).then_some(TensorId(number)),
        }
    }

    /// Opens the scopes around a node and returns its box.
    pub fn reveal(&self, node: NodeId, grouping: &mut Grouping) -> Option<Item> {
        let item = self.item(node)?;
        if let Item::Node(i) = item {
            self.hierarchy.reveal(i, grouping);
        }
        Some(item)
    }

    /// Lays out and describes what `grouping` shows. Keep `cache` for the next call: scopes that are open in both
    /// are not laid out again.
    pub fn scene(
        &self,
        grouping: &Grouping,
        marks: &GraphMarks,
        cache: &mut LayoutCache,
        cancel: &AtomicBool,
    ) -> Result<Scene, Cancelled> {
        let picture = self
            .hierarchy
            .place(grouping, &LayoutOptions::default(), cache, cancel)?;
        Ok(compose(&picture, &self.hierarchy, &Words { view: self, marks }))
    }

    fn entry_label(&self, entry: Entry, around: u32) -> Label {
        let graph = &self.graph;
        let terminal = |kind, tensor: TensorId| {
            let tensor = graph.tensor(tensor);
            Label {
                kind,
                title: tensor.name.to_string(),
                name: String::new(),
                detail: short_type(&tensor.ty),
                family: Family::Other,
            }
        };
        match entry {
            Entry::Input(tensor) => terminal(NodeKind::Input, tensor),
            Entry::Output(tensor) => terminal(NodeKind::Output, tensor),
            Entry::Node(id) => {
                let node = graph.node(id);
                let path = self.scopes.get(around as usize).map_or("", |s| s.path.as_str());
                let name = node.name.strip_prefix(path).unwrap_or(&node.name);
                Label {
                    kind: NodeKind::Operator,
                    title: node.op_type.to_string(),
                    name: if path.is_empty() {
                        name
                    } else {
                        name.trim_start_matches(['/', '.'])
                    }
                    .to_owned(),
                    detail: detail(graph, id),
                    family: Family::of(&node.op_type),
                }
            }
        }
    }
}

/// Scopes while a view is made.
struct Scopes {
    /// By body and name scope.
    names: HashMap<(u32, ScopeId), u32>,
    /// Around nodes that have bodies.
    owners: HashMap<NodeId, u32>,
}

/// Constants whose value is shown at their readers instead of as a box.
fn is_folded(graph: &Graph, node: &Node) -> bool {
    &*node.op_type == "Constant"
        && node.domain.is_empty()
        && node
            .outputs
            .iter()
            .flatten()
            .all(|&t| !graph.tensor(t).is_output && !graph.tensor(t).consumers.is_empty())
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests;
