//! Findings and differences as marks of boxes and scopes.

use super::{DiffMark, Item, Marks, build::GraphView};
use crate::{
    check::{Finding, Place, Severity},
    graph::{NodeId, NodePath},
    rewrite::GraphDiff,
};
use std::collections::HashMap;

/// Which of the two graphs of a comparison is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one before: nodes that are gone are marked.
    Before,
    /// The one after: nodes that are new are marked.
    After,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Before => Self::After,
            Self::After => Self::Before,
        }
    }
}

/// The marks of all items of a [`GraphView`]; a scope has the worst mark of what is in it.
#[derive(Debug, Clone, Default)]
pub struct GraphMarks(HashMap<Item, Marks>);

impl GraphMarks {
    /// The marks of an item.
    pub fn of(&self, item: Item) -> Marks {
        self.0.get(&item).copied().unwrap_or_default()
    }

    /// Marks findings at their nodes, at inputs and outputs of that name, and at the scopes around them.
    pub fn add_findings(&mut self, view: &GraphView, findings: &[Finding]) {
        let mut tensors: HashMap<&str, Vec<Item>> = HashMap::new();
        let graph = view.graph();
        for i in 0..view.hierarchy().nodes.len() as u32 {
            if let Some(super::Entry::Input(t) | super::Entry::Output(t)) = view.entry(Item::Node(i)) {
                tensors.entry(&graph.tensor(t).name).or_default().push(Item::Node(i));
            }
        }
        for finding in findings {
            match &finding.place {
                Place::Model => {}
                Place::Node { path, .. } => {
                    let item = graph.find(path).and_then(|node| view.item(node));
                    item.into_iter()
                        .for_each(|i| self.add(view, i, Some(finding.severity), None));
                }
                Place::Tensor { name } => {
                    for &item in tensors.get(name.as_str()).into_iter().flatten() {
                        self.add(view, item, Some(finding.severity), None);
                    }
                }
            }
        }
    }

    /// Marks what differs between two graphs, of which `view` shows the one on `side`.
    pub fn add_diff(&mut self, view: &GraphView, diff: &GraphDiff, side: Side) {
        let find = |path: &NodePath| view.graph().find(path).and_then(|node: NodeId| view.item(node));
        let (own, mark) = match side {
            Side::Before => (&diff.removed, DiffMark::Removed),
            Side::After => (&diff.added, DiffMark::Added),
        };
        for item in own.iter().filter_map(find) {
            self.add(view, item, None, Some(mark));
        }
        for change in &diff.changed {
            let path = if side == Side::Before {
                &change.before
            } else {
                &change.after
            };
            if let Some(item) = find(path) {
                self.add(view, item, None, Some(DiffMark::Changed));
            }
        }
    }

    fn add(&mut self, view: &GraphView, item: Item, finding: Option<Severity>, diff: Option<DiffMark>) {
        let hierarchy = view.hierarchy();
        let own = self.0.entry(item).or_default();
        own.finding = own.finding.max(finding);
        own.diff = own.diff.or(diff);
        let Item::Node(node) = item else { return };
        let mut scope = hierarchy.nodes.get(node as usize).map_or(0, |n| n.scope);
        while scope != 0 {
            let marks = self.0.entry(Item::Scope(scope)).or_default();
            marks.finding = marks.finding.max(finding);
            // Of a scope with any difference in it nothing more can be said than that it changed.
            marks.diff = marks.diff.or(diff.map(|_| DiffMark::Changed));
            scope = hierarchy
                .scopes
                .get(scope as usize)
                .map_or(0, |s| s.parent.min(scope - 1));
        }
    }
}
