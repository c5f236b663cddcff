//! The canvas's paint layer of what the recipe's target takes, and what layers share.

use crate::check::{Place, Report, Severity};
use crate::graph::{Graph, NodeId, NodePath};
use crate::studio::canvas::{Entry, GraphView, Item, Legend, NodeKind, PaintBy, Scene, SceneNode, Style};
use eframe::egui::Color32;
use std::collections::{HashMap, HashSet};

/// A value for every box of a view: that of its node, or of all nodes in a scope merged.
pub fn by_item<T: Copy>(
    view: &GraphView,
    value: impl Fn(NodeId) -> Option<T>,
    merge: impl Fn(T, T) -> T,
) -> HashMap<Item, T> {
    let hierarchy = view.hierarchy();
    let mut items: HashMap<Item, T> = HashMap::new();
    for i in 0..hierarchy.nodes.len() as u32 {
        let Some(Entry::Node(id)) = view.entry(Item::Node(i)) else {
            continue;
        };
        let Some(value) = value(id) else { continue };
        items.insert(Item::Node(i), value);
        let mut scope = hierarchy.nodes.get(i as usize).map_or(0, |n| n.scope);
        while scope != 0 {
            let place = items.entry(Item::Scope(scope));
            place.and_modify(|v| *v = merge(*v, value)).or_insert(value);
            scope = hierarchy
                .scopes
                .get(scope as usize)
                .map_or(0, |s| s.parent.min(scope - 1));
        }
    }
    items
}

/// What a target says of a node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Answer {
    /// Its parser takes the node.
    Taken,
    /// Nobody objects, by the table of rules; the parser was not asked.
    NoObjection,
    /// It does not take the node.
    NotTaken,
    /// The parser did not come to it.
    NotAsked,
}

impl Answer {
    const ALL: [Self; 4] = [Self::Taken, Self::NoObjection, Self::NotTaken, Self::NotAsked];

    fn words(self) -> &'static str {
        match self {
            Self::Taken => "Taken",
            Self::NoObjection => "No objection by the rules",
            Self::NotTaken => "Not taken",
            Self::NotAsked => "Not asked",
        }
    }

    fn color(self, style: &Style) -> Color32 {
        match self {
            Self::Taken => style.added.fill,
            Self::NoObjection => style.info.fill,
            Self::NotTaken => style.error.fill,
            Self::NotAsked => style.scope.strong,
        }
    }
}

/// Colours by what the target says.
#[derive(Default)]
pub struct TargetAnswers {
    answers: HashMap<Item, Answer>,
    counts: HashMap<Answer, usize>,
    target: String,
}

impl TargetAnswers {
    /// The layer of a report about the graph that `view` shows.
    pub fn of(view: &GraphView, report: &Report) -> Self {
        let by_node = answers(view.graph(), report);
        let mut layer = Self {
            target: report.target.clone(),
            ..Self::default()
        };
        // A scope has a colour where all in it agree; what is not taken shows in any case.
        let merge = |a: Option<Answer>, b: Option<Answer>| match (a, b) {
            (Some(Answer::NotTaken), _) | (_, Some(Answer::NotTaken)) => Some(Answer::NotTaken),
            (a, b) if a == b => a,
            _ => None,
        };
        let items = by_item(view, |id| by_node.get(id.0 as usize).copied().map(Some), merge);
        for (item, answer) in items.into_iter().filter_map(|(item, a)| Some((item, a?))) {
            layer.answers.insert(item, answer);
            if let Item::Node(_) = item {
                *layer.counts.entry(answer).or_default() += 1;
            }
        }
        layer
    }
}

/// What the report says of every node, in the graph's order. Nodes in bodies share their top-level node's group.
fn answers(graph: &Graph, report: &Report) -> Vec<Answer> {
    let refused: HashSet<&NodePath> = report
        .findings
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .filter_map(|f| match &f.place {
            Place::Node { path, .. } => Some(path),
            Place::Model | Place::Tensor { .. } => None,
        })
        .collect();
    let groups = report.supported_subgraphs.iter().flatten();
    let taken: HashSet<u32> = groups.filter_map(NodePath::top_index).collect();
    let answer = |path: &NodePath| {
        if refused.contains(path) {
            Answer::NotTaken
        } else if !report.parser_asked {
            Answer::NoObjection
        } else if path.top_index().is_some_and(|i| taken.contains(&i)) || (taken.is_empty() && report.supported) {
            Answer::Taken
        } else {
            Answer::NotAsked
        }
    };
    graph.nodes.iter().map(|n| answer(&n.path)).collect()
}

impl PaintBy for TargetAnswers {
    fn color(&self, node: &SceneNode, style: &Style) -> Option<Color32> {
        if matches!(node.kind, NodeKind::Input | NodeKind::Output) {
            return None;
        }
        self.answers.get(&node.key).map(|a| a.color(style))
    }

    fn legend(&self, _: &Scene, style: &Style) -> Legend {
        let entry = |a: Answer| {
            let n = *self.counts.get(&a)?;
            Some((a.color(style), format!("{} ({n})", a.words())))
        };
        Legend {
            title: self.target.clone(),
            entries: Answer::ALL.into_iter().filter_map(entry).collect(),
            ramp: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Evidence, Finding};
    use crate::model::Model;
    use std::sync::Arc;

    #[test]
    fn groups_errors_and_the_rest_are_told_apart() {
        let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/digits/digits.onnx");
        let graph = Graph::new(Arc::new(Model::open(demo.as_ref()).unwrap()));
        let refused = graph.nodes[3].path.clone();
        let mut report = Report {
            target: "tensorrt-rtx@1.7".into(),
            supported: false,
            findings: vec![Finding {
                rule: "r".into(),
                severity: Severity::Error,
                place: Place::Node {
                    path: refused,
                    name: String::new(),
                    op_type: String::new(),
                    domain: String::new(),
                },
                reason: String::new(),
                evidence: Evidence::Parser,
                detail: None,
                fixes: vec![],
            }],
            parser_asked: true,
            notes: vec![],
            supported_subgraphs: vec![(0..3).map(NodePath::top).collect()],
            corners: vec![],
            device_bytes: None,
        };
        let all = answers(&graph, &report);
        assert_eq!(all[..3], [Answer::Taken; 3]);
        assert_eq!(all[3], Answer::NotTaken);
        assert!(all[4..].iter().all(|a| *a == Answer::NotAsked));
        report.parser_asked = false;
        assert_eq!(answers(&graph, &report)[0], Answer::NoObjection);
    }
}
