//! What tests and benchmarks of the canvas share: colours of both themes and scenes of generated graphs.
#![allow(dead_code, missing_docs, reason = "each of them uses a part")]

use enginesmith::studio::canvas::{
    Describe, Family, Item, Label, Marks, NodeKind, Scene, Style, compose,
    layout::{
        LayoutOptions,
        generate::GeneratedGraph,
        hierarchy::{Grouping, Hierarchy, HierarchyEdge, HierarchyNode, HierarchyScope, LayoutCache},
    },
    node_size, scope_size,
};
use enginesmith::studio::theme::{
    self,
    tokens::{DARK, LIGHT},
};
use std::{collections::HashMap, sync::atomic::AtomicBool};

/// The studio's light colours.
pub fn light() -> Style {
    theme::canvas::style(&LIGHT, false)
}

/// The studio's dark colours.
pub fn dark() -> Style {
    theme::canvas::style(&DARK, false)
}

/// A generated graph as the canvas sees it.
pub struct Generated {
    graph: GeneratedGraph,
    hierarchy: Hierarchy,
    scopes: Vec<String>,
    sizes: Vec<u32>,
    findings: HashMap<u32, Marks>,
}

impl Generated {
    pub fn new(graph: GeneratedGraph) -> Self {
        let mut scopes = vec![String::new()];
        let mut index = HashMap::from([(String::new(), 0u32)]);
        let root = HierarchyScope {
            parent: 0,
            size: (160.0, 48.0),
            real: false,
        };
        let mut hierarchy = Hierarchy {
            scopes: vec![root],
            ..Hierarchy::default()
        };
        for node in &graph.nodes {
            let mut scope = 0;
            let mut path = String::new();
            for part in node.scope.split('/').filter(|p| !p.is_empty()) {
                path = format!("{path}/{part}");
                scope = *index.entry(path.clone()).or_insert_with(|| {
                    scopes.push(path.clone());
                    hierarchy.scopes.push(HierarchyScope {
                        parent: scope,
                        size: scope_size(part),
                        real: false,
                    });
                    scopes.len() as u32 - 1
                });
            }
            let (kind, name, detail) = words(node.op);
            hierarchy.nodes.push(HierarchyNode {
                size: node_size(kind, node.op, name, detail),
                scope,
            });
        }
        let edge = |e: &enginesmith::studio::canvas::layout::LayoutEdge| HierarchyEdge {
            source: e.source,
            tensor: e.tensor,
            target: e.target,
        };
        let mut sizes = vec![0; scopes.len()];
        hierarchy.nodes.iter().for_each(|n| sizes[n.scope as usize] += 1);
        for scope in (1..scopes.len()).rev() {
            sizes[hierarchy.scopes[scope].parent as usize] += sizes[scope];
        }
        hierarchy.edges = graph.edges.iter().map(edge).collect();
        Self {
            graph,
            hierarchy,
            scopes,
            sizes,
            findings: HashMap::new(),
        }
    }

    /// Marks a node.
    pub fn with(mut self, node: u32, marks: Marks) -> Self {
        self.findings.insert(node, marks);
        self
    }

    pub fn hierarchy(&self) -> &Hierarchy {
        &self.hierarchy
    }

    pub fn scope(&self, path: &str) -> u32 {
        self.scopes
            .iter()
            .position(|s| s == path)
            .expect("a scope of the generated graph") as u32
    }

    pub fn scene(&self, grouping: &Grouping) -> Scene {
        let never = AtomicBool::new(false);
        let options = LayoutOptions::default();
        let picture = self
            .hierarchy
            .place(grouping, &options, &mut LayoutCache::default(), &never);
        compose(&picture.expect("nobody cancels"), &self.hierarchy, self)
    }
}

/// Kind, name (the node's path follows it) and shape line.
fn words(op: &str) -> (NodeKind, &'static str, &'static str) {
    match op {
        "Input" | "input_ids" | "attention_mask" | "position_ids" | "past_key" | "past_value" => {
            (NodeKind::Input, "", "f32 1x3x224x224")
        }
        "Output" | "logits" | "present_key" | "present_value" => (NodeKind::Output, "", "f32 1x1000"),
        "Relu" | "Neg" | "Sqrt" | "Softmax" | "Erf" => (NodeKind::Operator, "", ""),
        "Conv" | "MatMul" | "Gemm" | "Reshape" | "Transpose" | "Concat" => {
            (NodeKind::Operator, "name", "f32 1x64x56x56")
        }
        _ => (NodeKind::Operator, "name", ""),
    }
}

impl Describe for Generated {
    fn label(&self, item: Item, around: u32) -> Label {
        match item {
            Item::Node(node) => {
                let generated = &self.graph.nodes[node as usize];
                let (kind, name, detail) = words(generated.op);
                Label {
                    kind,
                    title: generated.op.to_owned(),
                    name: if name.is_empty() {
                        String::new()
                    } else {
                        format!("/{}/{}_{node}", generated.scope, generated.op)
                    },
                    detail: detail.to_owned(),
                    family: Family::of(generated.op),
                }
            }
            Item::Scope(scope) => {
                let path = self.scopes[scope as usize].as_str();
                let title = path.strip_prefix(self.scopes[around as usize].as_str()).unwrap_or(path);
                Label {
                    kind: NodeKind::Scope {
                        nodes: self.sizes[scope as usize],
                    },
                    title: title.trim_start_matches('/').to_owned(),
                    name: String::new(),
                    detail: String::new(),
                    family: Family::Other,
                }
            }
        }
    }

    fn tensor(&self, tensor: u32) -> (String, String) {
        let node = &self.graph.nodes[tensor as usize];
        (format!("{}_{tensor}", node.op), "f32 1x64x56x56".to_owned())
    }

    fn marks(&self, item: Item) -> Marks {
        match item {
            Item::Node(node) => self.findings.get(&node).copied().unwrap_or_default(),
            Item::Scope(scope) => {
                let path = format!("{}/", self.scopes[scope as usize]);
                let inside = |n: &u32| format!("/{}/", self.graph.nodes[*n as usize].scope).starts_with(&path);
                let worst = self
                    .findings
                    .iter()
                    .filter(|(n, _)| inside(n))
                    .filter_map(|(_, m)| m.finding)
                    .max();
                Marks {
                    finding: worst,
                    diff: None,
                }
            }
        }
    }
}
