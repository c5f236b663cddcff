//! What is written on boxes and lines of a [`GraphView`].

use super::GraphView;
use crate::{
    graph::{Dim, Graph, NodeId, TensorType},
    model::Attributes,
    studio::canvas::{Describe, Family, GraphMarks, Item, Label, Marks, NodeKind},
};

/// Kernel and stride where there are some, and the type and shape of the first output.
pub(super) fn detail(graph: &Graph, id: NodeId) -> String {
    let node = graph.node(id);
    let proto = graph.proto(id);
    let joined = |values: &[i64]| values.iter().take(4).map(i64::to_string).collect::<Vec<_>>().join("x");
    let mut parts = Vec::new();
    if let Some(kernel) = proto.ints("kernel_shape").filter(|k| !k.is_empty()) {
        let stride = proto.ints("strides").filter(|s| s.iter().any(|&n| n != 1));
        let stride = stride.map_or(String::new(), |s| format!(" /{}", joined(s)));
        parts.push(format!("{}{stride}", joined(kernel)));
    }
    let output = node
        .outputs
        .iter()
        .flatten()
        .next()
        .map(|&t| short_type(&graph.tensor(t).ty));
    parts.extend(output.filter(|t| t != "?"));
    parts.join("  ")
}

/// A type for a box: sizes that are long expressions stand as `?`; the inspector and the hint have them.
pub(super) fn short_type(ty: &TensorType) -> String {
    const LONGEST: usize = 12;
    if *ty == TensorType::default() {
        return "?".into();
    }
    let mut ty = ty.clone();
    for dim in ty.shape.iter_mut().flat_map(|s| &mut s.0) {
        if let Dim::Symbol(name) = dim
            && name.chars().count() > LONGEST
        {
            *dim = Dim::Unknown;
        }
    }
    ty.notation(LONGEST)
}

/// Characters of a size's expression in a hint.
const FOLDED: usize = 40;

/// The words and marks of one scene.
pub(super) struct Words<'a> {
    pub view: &'a GraphView,
    pub marks: &'a GraphMarks,
}

impl Describe for Words<'_> {
    fn label(&self, item: Item, around: u32) -> Label {
        match item {
            Item::Node(i) => self.view.entry_label(self.view.entries[i as usize], around),
            Item::Scope(i) => {
                let scope = &self.view.scopes[i as usize];
                let outer = self.view.scopes.get(around as usize).map_or("", |s| s.path.as_str());
                let real = self.view.hierarchy.scopes[i as usize].real;
                // Scopes in between that hold nothing else are not shown; their names belong to this one.
                let relative = if real { None } else { scope.path.strip_prefix(outer) };
                let relative = relative
                    .map(|r| r.trim_start_matches(['/', '.']))
                    .filter(|r| !r.is_empty());
                Label {
                    kind: NodeKind::Scope { nodes: scope.nodes },
                    title: relative.unwrap_or(&scope.title).to_owned(),
                    name: String::new(),
                    detail: String::new(),
                    family: Family::Other,
                }
            }
        }
    }

    fn tensor(&self, tensor: u32) -> (String, String) {
        match self.view.tensor_id(tensor) {
            Some(id) => {
                let tensor = self.view.graph.tensor(id);
                (tensor.name.to_string(), tensor.ty.notation(FOLDED))
            }
            None => (String::new(), String::new()),
        }
    }

    fn marks(&self, item: Item) -> Marks {
        self.marks.of(item)
    }
}
