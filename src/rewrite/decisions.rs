//! Why each node computes in what it does: the notes of the patches that lower precision, found again in the graphs before and
//! after them; and what was measured of its tensors.

use super::bodies::{labels, place, value_name};
use super::clean::label;
use super::lowered::{Computes, computes};
use crate::graph::{Graph, Node, NodeId, Producer, TensorId};
use std::collections::HashMap;

/// What was decided about one node, and why.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    /// What it computes in now.
    pub computes: Computes,
    /// Why, as the patch noted it: `FP32: output y reached 1.3e5`.
    pub why: String,
}

/// What stands in front of the names of each body.
fn places(graph: &Graph) -> Vec<String> {
    (0..graph.bodies.len() as u32).map(|at| place(graph, at)).collect()
}

/// A node by its place, its name or that of something that it makes, and its operator; the same in the graphs before and after
/// a patch.
fn key(places: &[String], node: &Node, name: &str) -> (String, String) {
    let place = places.get(node.body as usize).map_or("", String::as_str);
    (format!("{place}{name}"), node.op_type.to_string())
}

/// The notes that a patch took about nodes, found again in graphs before and after it.
#[derive(Default)]
pub struct Notes {
    by_output: HashMap<String, String>,
    by_name: HashMap<(String, String), String>,
}

impl Notes {
    /// Adds the notes of a patch that was applied to `graph`; a later patch's word counts.
    pub fn add(&mut self, graph: &Graph, notes: &[(String, String)]) {
        let by_label: HashMap<&str, &str> = notes.iter().map(|(l, n)| (l.as_str(), n.as_str())).collect();
        let places = places(graph);
        for (node, own) in graph.nodes.iter().zip(labels(graph)) {
            let note = by_label
                .get(own.as_str())
                .or_else(|| by_label.get(label(node).as_str()));
            let Some(note) = note else { continue };
            for output in node.outputs.iter().flatten() {
                self.by_output
                    .insert(value_name(graph, *output).into_owned(), (*note).to_owned());
            }
            if !node.name.is_empty() {
                self.by_name.insert(key(&places, node, &node.name), (*note).to_owned());
            }
        }
    }

    /// The decision about every node of a graph; `computes` as [`computes`] made them for it.
    pub fn decisions(&self, graph: &Graph, computes: &[Computes]) -> Vec<Decision> {
        let places = places(graph);
        let of = |(node, computes): (&Node, &Computes)| Decision {
            computes: *computes,
            why: match self.of(graph, &places, node) {
                None => why(*computes).into(),
                // That it is lowered says what it computes in, not why.
                Some(note) if note == computes.name() => "no rule keeps it in FP32".into(),
                Some(note) => note.to_owned(),
            },
        };
        graph.nodes.iter().zip(computes).map(of).collect()
    }

    fn of(&self, graph: &Graph, places: &[String], node: &Node) -> Option<&str> {
        let named = || self.by_name.get(&key(places, node, &node.name));
        // Conversions take over names of outputs.
        if matches!(&*node.op_type, "Cast" | "QuantizeLinear" | "DequantizeLinear") {
            return named().map(String::as_str);
        }
        let mut outputs = node.outputs.iter().flatten();
        named()
            .or_else(|| outputs.find_map(|o| self.by_output.get(&*value_name(graph, *o))))
            .map(String::as_str)
    }
}

/// Why a node that no patch decided about computes in what it does.
fn why(computes: Computes) -> &'static str {
    match computes {
        Computes::Converts => "converts between types",
        Computes::Integers => "has no floating-point values to lower",
        Computes::Other => "runs other nodes, is a constant, or its types are not known",
        _ => "as the model has it",
    }
}

/// What becomes of the nodes of `before`: the decisions about them in `after`, where they are `decided`.
pub fn carried(before: &Graph, after: &Graph, decided: &[Decision]) -> Vec<Decision> {
    let mut by_name: HashMap<(String, String), &Decision> = HashMap::new();
    let mut by_output: HashMap<(String, String), &Decision> = HashMap::new();
    let (old, new) = (places(before), places(after));
    for (node, decision) in after.nodes.iter().zip(decided) {
        if !node.name.is_empty() {
            by_name.entry(key(&new, node, &node.name)).or_insert(decision);
        }
        for output in node.outputs.iter().flatten() {
            by_output.insert(key(&new, node, &after.tensor(*output).name), decision);
        }
    }
    let of = |(node, computes): (&Node, Computes)| {
        let named = by_name.get(&key(&old, node, &node.name));
        let made = || {
            let mut outputs = node.outputs.iter().flatten();
            outputs.find_map(|o| by_output.get(&key(&old, node, &before.tensor(*o).name)))
        };
        named.or_else(made).map_or_else(
            || Decision {
                computes,
                why: "taken out by the patches".into(),
            },
            |decision| (*decision).clone(),
        )
    };
    before.nodes.iter().zip(computes(before)).map(of).collect()
}

/// What was measured of a tensor under a name that it or a conversion of it has ([`value_name`]): patches put casts and
/// quantizations between.
pub fn measured<T>(graph: &Graph, id: TensorId, of: impl Fn(&str) -> Option<T>) -> Option<T> {
    let is_conversion = |node: NodeId| {
        matches!(
            &*graph.node(node).op_type,
            "Cast" | "QuantizeLinear" | "DequantizeLinear"
        )
    };
    let mut at = Some(id);
    // A cast, a QuantizeLinear and a DequantizeLinear at most stand in a row.
    for _ in 0..4 {
        let Some(id) = at else { break };
        let tensor = graph.tensor(id);
        if let Some(found) = of(&value_name(graph, id)) {
            return Some(found);
        }
        at = match tensor.producer {
            Producer::Node { node, .. } if is_conversion(node) => graph.node(node).inputs.first().copied().flatten(),
            _ => None,
        };
    }
    let readers = graph
        .tensor(id)
        .consumers
        .iter()
        .filter(|(node, _)| is_conversion(*node));
    let mut outputs = readers.flat_map(|(node, _)| graph.node(*node).outputs.iter().flatten());
    outputs.find_map(|o| of(&value_name(graph, *o)))
}

/// The largest magnitude that the outputs of a node reached; `of` knows it by tensor.
pub fn reached(graph: &Graph, node: NodeId, of: impl Fn(&str) -> Option<f32> + Copy) -> Option<f32> {
    let outputs = graph.node(node).outputs.iter().flatten();
    outputs.filter_map(|t| measured(graph, *t, of)).reduce(f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{body, graph, model, node, proto, value, with};
    use crate::model::DataType;
    use crate::rewrite::{CastSpec, LowType, PatchSpec, Range, Ranges, apply};

    #[test]
    fn nodes_of_one_name_in_two_branches_keep_their_own_reasons() {
        let branch = || graph(&[], &["i"], vec![], vec![node("Exp", &["x"], &["i"])]);
        let mut g = graph(
            &["x"],
            &["y"],
            vec![],
            vec![with(
                with(node("If", &["c"], &["y"]), body("then_branch", branch())),
                body("else_branch", branch()),
            )],
        );
        g.input.push(value("c", DataType::Bool, &[]));
        let before = model(&proto(g, vec![]));
        let range = |max: f32| Range { min: 0.0, max };
        let spec = CastSpec {
            ranges: Some(Ranges {
                source: "a test".into(),
                samples: 1,
                tensors: [
                    ("y_If/then_branch/i".into(), range(2.0)),
                    ("y_If/else_branch/i".into(), range(2e3)),
                ]
                .into(),
            }),
            ..CastSpec::new(LowType::Fp16)
        };
        let done = apply(&before, &PatchSpec::Cast(Box::new(spec))).unwrap();
        let (before, after) = (Graph::new(before), Graph::new(done.model));
        let mut notes = Notes::default();
        notes.add(&before, &done.notes);
        let decided = notes.decisions(&after, &computes(&after));
        let carried = carried(&before, &after, &decided);
        for (graph, decisions) in [(&after, &decided), (&before, &carried)] {
            let of = |place: &str| {
                let mut all = graph.nodes.iter().zip(decisions);
                let found = all.find(|(n, _)| &*n.op_type == "Exp" && n.path.to_string().contains(place));
                let (_, decision) = found.unwrap();
                (decision.computes, decision.why.as_str())
            };
            assert_eq!(of("then_branch"), (Computes::Fp16, "no rule keeps it in FP32"));
            assert_eq!(of("else_branch"), (Computes::Fp32, "FP32: output i reached 2,000"));
        }
        let seen = |name: &str| (name == "y_If/else_branch/i").then_some(2e3f32);
        let made: Vec<_> = (0..before.nodes.len() as u32)
            .filter_map(|at| reached(&before, NodeId(at), seen))
            .collect();
        assert_eq!(made, [2e3]);
    }
}
