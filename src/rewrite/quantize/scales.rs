//! Thresholds of tensors, joined where operators only work when all their tensors have one scale.

use super::QuantMode;
use crate::graph::{Graph, TensorId, TensorKind};
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
    let own = |i: usize| {
        let tensor = &graph.tensors[i];
        (tensor.body == 0)
            .then(|| thresholds.get(&*tensor.name).copied())
            .flatten()
    };
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
