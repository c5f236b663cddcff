//! What tests and benchmarks of the canvas share: colours of both themes and scenes of generated graphs.
#![allow(dead_code, missing_docs, reason = "each of them uses a part")]

use eframe::egui::{Color32, FontFamily};
use enginesmith::studio::canvas::{
    Describe, Family, FamilyColors, Item, Label, Marks, NodeKind, Pair, Scene, Style, compose,
    layout::{
        LayoutOptions,
        generate::GeneratedGraph,
        hierarchy::{Grouping, Hierarchy, HierarchyEdge, HierarchyNode, HierarchyScope, LayoutCache},
    },
    node_size, scope_size,
};
use std::{collections::HashMap, sync::atomic::AtomicBool};

fn hex(rgb: u32) -> Color32 {
    let [_, r, g, b] = rgb.to_be_bytes();
    Color32::from_rgb(r, g, b)
}

fn pair(fill: u32, text: u32) -> Pair {
    Pair {
        fill: hex(fill),
        text: hex(text),
    }
}

/// (header, text on it, strong) in the order of [`Family::ALL`].
fn families(colors: [(u32, u32, u32); 10]) -> [FamilyColors; 10] {
    colors.map(|(fill, text, strong)| FamilyColors {
        header: pair(fill, text),
        strong: hex(strong),
    })
}

/// Light colours.
pub fn light() -> Style {
    Style {
        background: hex(0xf6f7f9),
        grid: hex(0xe3e6eb),
        shadow: Color32::from_black_alpha(28),
        node: pair(0xffffff, 0x1f2630),
        node_weak_text: hex(0x586273),
        node_stroke: hex(0xb9c1cd),
        families: families([
            (0xcfe2fb, 0x0b3a75, 0x3b82d6),
            (0xdcd6fb, 0x3a2a86, 0x7a66d9),
            (0xfbdcd3, 0x7a2a12, 0xd9694a),
            (0xcdeee0, 0x0d4f38, 0x2fa57c),
            (0xd3eef5, 0x0b4a5c, 0x35a3bf),
            (0xe4e8ee, 0x323b49, 0x8592a6),
            (0xf3e8cf, 0x5c430a, 0xb8923a),
            (0xf9d6ea, 0x7a1450, 0xcc4f98),
            (0xe5f0c6, 0x3f5208, 0x86a62b),
            (0xdadde3, 0x2b323d, 0x6b7686),
        ]),
        terminal: FamilyColors {
            header: pair(0x2f3b4d, 0xf4f6f9),
            strong: hex(0x2f3b4d),
        },
        scope: FamilyColors {
            header: pair(0xe9edf4, 0x1f2b3d),
            strong: hex(0x93a1b8),
        },
        frames: [pair(0xeef1f6, 0x2d3949), pair(0xe6eaf1, 0x2d3949)],
        frame_stroke: hex(0xaeb8c7),
        edge: hex(0x8a95a6),
        edge_strong: hex(0x1667d9),
        edge_cycle: hex(0xc62828),
        stub: pair(0xffffff, 0x3b4656),
        selection: hex(0x1667d9),
        hover: hex(0x6f9fe6),
        error: pair(0xc62828, 0xffffff),
        warning: pair(0xf2a60c, 0x2b1d00),
        info: pair(0x1e6fb8, 0xffffff),
        added: pair(0x1f7a3d, 0xffffff),
        removed: pair(0xb3261e, 0xffffff),
        changed: pair(0x7a4fc4, 0xffffff),
        types: [0x8e9bb0, 0x56b4e9, 0x0072b2, 0x009e73, 0xe69f00, 0xcc79a7, 0xd55e00].map(hex),
        ramp: [0xe9ecf1, 0xf7dcbf, 0xf2b06a, 0xdf7a22, 0xb34a05].map(hex),
        overlay: pair(0xffffff, 0x2d3748),
        overlay_stroke: hex(0xcfd6e0),
        text_on_dark: hex(0xffffff),
        text_on_light: hex(0x10151d),
        title_font: FontFamily::Proportional,
        title_size: 13.0,
        title_weight: 0.6,
        text_font: FontFamily::Proportional,
        mono_font: FontFamily::Monospace,
        text_size: 11.0,
        reduced_motion: false,
    }
}

/// Dark colours.
pub fn dark() -> Style {
    Style {
        background: hex(0x14171c),
        grid: hex(0x232830),
        shadow: Color32::from_black_alpha(110),
        node: pair(0x232932, 0xe3e8ef),
        node_weak_text: hex(0xa0abbb),
        node_stroke: hex(0x414b59),
        families: families([
            (0x1f4a80, 0xdceaff, 0x4a90e2),
            (0x473a94, 0xe6e1ff, 0x8f7df0),
            (0x82392a, 0xffe4dc, 0xe07a5c),
            (0x1c5c46, 0xd3f5e7, 0x3bb78c),
            (0x1c5464, 0xd3f1fa, 0x45b3cf),
            (0x3d4756, 0xe3e9f2, 0x8e9bb0),
            (0x5c4a1e, 0xf8ecd0, 0xc7a24d),
            (0x7a2a5c, 0xffe0f2, 0xdb66ab),
            (0x465418, 0xeef7d0, 0x9aba3f),
            (0x363d48, 0xdde3ec, 0x78849a),
        ]),
        terminal: FamilyColors {
            header: pair(0xd5dce6, 0x161c25),
            strong: hex(0xd5dce6),
        },
        scope: FamilyColors {
            header: pair(0x2d3643, 0xe6ecf5),
            strong: hex(0x66758c),
        },
        frames: [pair(0x1a1f26, 0xc6d0dd), pair(0x20262f, 0xc6d0dd)],
        frame_stroke: hex(0x3f4a5a),
        edge: hex(0x69758a),
        edge_strong: hex(0x63a4ff),
        edge_cycle: hex(0xff6b6b),
        stub: pair(0x232932, 0xc2ccd9),
        selection: hex(0x63a4ff),
        hover: hex(0x4673b0),
        error: pair(0xe5484d, 0x1a0506),
        warning: pair(0xf5b83d, 0x2b1d00),
        info: pair(0x4aa3ea, 0x04182b),
        added: pair(0x3fae68, 0x04190c),
        removed: pair(0xe5686b, 0x1f0506),
        changed: pair(0xa98bee, 0x150a2b),
        overlay: pair(0x1d222a, 0xcdd6e2),
        overlay_stroke: hex(0x363f4c),
        text_on_dark: hex(0xffffff),
        text_on_light: hex(0x10151d),
        ..light()
    }
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
