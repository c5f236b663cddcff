//! Thresholds of tensors, joined where operators only work when all their tensors have one scale.

use super::QuantMode;
use crate::graph::{Graph, TensorId, TensorInfo, TensorKind};
use std::collections::BTreeMap;

/// Threshold of each tensor of the top-level graph; `None` where nothing was measured.
pub(super) struct Scales {
    thresholds: Vec<Option<f32>>,
    /// The code that a threshold becomes.
    largest: f32,
}

impl Scales {
    /// The magnitude that becomes the largest code; `None` where nothing usable was measured.
    pub(super) fn threshold(&self, id: TensorId) -> Option<f32> {
        self.thresholds.get(id.0 as usize).copied().flatten()
    }

    /// What a code of 1 stands for.
    pub(super) fn scale(&self, id: TensorId) -> Option<f32> {
        let scale = self.threshold(id)? / self.largest;
        (scale.is_finite() && scale >= f32::MIN_POSITIVE).then_some(scale)
    }
}

/// Scales as if something was measured of every tensor.
pub(super) fn any(graph: &Graph, mode: QuantMode) -> Scales {
    Scales {
        thresholds: graph.tensors.iter().map(|t| (t.body == 0).then_some(1.0)).collect(),
        largest: mode.largest(),
    }
}

/// All inputs and the output of a Concat share the largest threshold among them, as do input and output of a MaxPool: both
/// only move values, so they can stay in 8 bits.
pub(super) fn join(graph: &Graph, mode: QuantMode, thresholds: &BTreeMap<String, f32>) -> Scales {
    let mut groups = Groups((0..graph.tensors.len() as u32).collect());
    for node in &graph.nodes {
        let joins = matches!(&*node.op_type, "Concat" | "MaxPool") && node.domain.is_empty() && node.body == 0;
        let output = node.outputs.first().copied().flatten();
        if let (true, Some(output)) = (joins, output) {
            let inputs = node.inputs.iter().flatten();
            for input in inputs.filter(|t| graph.tensor(**t).kind != TensorKind::Constant) {
                groups.join(input.0, output.0);
            }
        }
    }
    let known = known(graph, thresholds);
    let own = |i: usize| known.get(i).copied().flatten();
    let mut largest: Vec<Option<f32>> = vec![None; graph.tensors.len()];
    for i in 0..graph.tensors.len() {
        let root = groups.root(i as u32) as usize;
        if let Some(threshold) = own(i) {
            largest[root] = Some(largest[root].map_or(threshold, |t: f32| t.max(threshold)));
        }
    }
    Scales {
        thresholds: (0..graph.tensors.len())
            // What was never measured gets no scale from its neighbours.
            .map(|i| own(i).and_then(|_| largest[groups.root(i as u32) as usize]))
            .collect(),
        largest: mode.largest(),
    }
}

/// Operators that only move their first input's values: what is known of it holds for what they make.
const MOVES: [&str; 12] = [
    "Transpose",
    "Reshape",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Identity",
    "Slice",
    "Split",
    "Gather",
    "Expand",
    "DepthToSpace",
    "SpaceToDepth",
];

/// Thresholds as measured; where nothing was, those of what the values come from, and of constants what they hold.
fn known(graph: &Graph, thresholds: &BTreeMap<String, f32>) -> Vec<Option<f32>> {
    let of = |t: &TensorInfo| (t.body == 0).then(|| thresholds.get(&*t.name).copied()).flatten();
    let mut known: Vec<Option<f32>> = graph.tensors.iter().map(of).collect();
    // Without a calibration nothing has a scale, whatever is constant.
    if thresholds.is_empty() {
        return known;
    }
    for id in graph.body_order(0) {
        let node = graph.node(*id);
        let moves = node.domain.is_empty() && MOVES.contains(&&*node.op_type);
        let source = node.inputs.first().copied().flatten();
        let (true, Some(source)) = (moves, source) else {
            continue;
        };
        let at = source.0 as usize;
        if known[at].is_none() && graph.tensor(source).kind == TensorKind::Constant {
            let value = graph.constant(source).and_then(Result::ok).and_then(|v| v.to_f32());
            known[at] = value
                .map(|v| v.iter().fold(0f32, |m, v| m.max(v.abs())))
                .filter(|m| m.is_finite());
        }
        for output in node.outputs.iter().flatten() {
            let to = output.0 as usize;
            known[to] = known[to].or(known[at]);
        }
    }
    known
}

/// Disjoint sets.
struct Groups(Vec<u32>);

impl Groups {
    fn root(&mut self, of: u32) -> u32 {
        let mut at = of;
        while self.0[at as usize] != at {
            // Halving the path keeps later look-ups short.
            let next = self.0[self.0[at as usize] as usize];
            self.0[at as usize] = next;
            at = next;
        }
        at
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a as usize] = b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{graph, model, node, proto};
    use crate::model::Tensor;

    #[test]
    fn what_moves_values_has_the_threshold_of_what_it_reads() {
        let c = Tensor::from_f32(&[1], &[-3.0]).unwrap().to_proto("c");
        let nodes = vec![
            node("Identity", &["x"], &["a"]),
            node("Transpose", &["a"], &["b"]),
            node("Identity", &["c"], &["d"]),
            node("Relu", &["b"], &["y"]),
        ];
        let graph = Graph::new(model(&proto(graph(&["x"], &["y"], vec![c], nodes), vec![])));
        let known = known(&graph, &[("x".to_owned(), 2.0)].into());
        let of = |name: &str| known[graph.tensors.iter().position(|t| &*t.name == name).unwrap()];
        assert_eq!(
            [of("a"), of("b"), of("d"), of("y")],
            [Some(2.0), Some(2.0), Some(3.0), None]
        );
    }
}
