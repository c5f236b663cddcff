//! Time per layer, as an engine's own profiler tells it. A profile is always a run of its own: profiling slows an engine
//! down, and the sum of the layers is not its latency.

use super::lint::LayerFinding;
use super::sample::Environment;
use super::stats;
use crate::graph::{Graph, NodePath, Producer};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Most runs that are profiled when nobody says how many.
pub const RUNS: u32 = 50;

/// Times of one layer: a node, or what a runtime fused into one.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct LayerTime {
    /// The runtime's name of it.
    pub name: String,
    /// Operator or layer type, where the runtime says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<String>,
    /// What computed it (`CPUExecutionProvider`), where the runtime says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Milliseconds over all runs.
    pub total_ms: f64,
    /// Mean milliseconds in a run.
    pub mean_ms: f64,
    /// Median milliseconds in a run.
    pub median_ms: f64,
    /// Part of the time of all layers, 0..=1.
    pub share: f64,
    /// The node of the model that it computes, or the last one of those fused; none where that cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<NodePath>,
    /// That node's name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// A tensor that the layer writes, where the runtime says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

/// A profile.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Profile {
    /// Runs that were profiled, warm-up not counted.
    pub runs: u64,
    /// Layers, in the order in which they ran first.
    pub layers: Vec<LayerTime>,
    /// Median milliseconds of a profiled run as a whole.
    pub run_ms: f64,
    /// What a reader must know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A profile with what it is of.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct LayerProfile {
    /// File name of the model.
    pub model: String,
    /// SHA-256 of the model file.
    pub model_sha256: String,
    /// Target with its version.
    pub target: String,
    /// Precision as the recipe names it.
    pub precision: String,
    /// Shapes of the inputs, `name:1x3x224x224`.
    pub shapes: Vec<String>,
    /// What inputs were generated as.
    pub inputs: Vec<String>,
    /// Where and with what.
    pub environment: Environment,
    /// The times.
    pub profile: Profile,
    /// What they say.
    pub findings: Vec<LayerFinding>,
}

impl LayerTime {
    /// A layer that took these milliseconds, one number a run; `share` is set by [`Profile::share`].
    pub fn of(name: String, runs: &[f64]) -> Self {
        let total_ms: f64 = runs.iter().sum();
        let mut sorted = runs.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self {
            name,
            total_ms,
            mean_ms: if runs.is_empty() {
                0.0
            } else {
                total_ms / runs.len() as f64
            },
            median_ms: stats::median(&sorted).unwrap_or(0.0),
            ..Self::default()
        }
    }
}

impl Profile {
    /// Sets every layer's share of the time of all.
    pub fn share(&mut self) {
        let all: f64 = self.layers.iter().map(|l| l.total_ms).sum();
        for layer in &mut self.layers {
            layer.share = if all > 0.0 { layer.total_ms / all } else { 0.0 };
        }
    }

    /// Mean milliseconds of all layers together: not the engine's latency, which has no profiler in its way and lets layers
    /// overlap.
    pub fn sum_ms(&self) -> f64 {
        self.layers.iter().map(|l| l.mean_ms).sum()
    }

    /// Leads layers that have no node yet back to `graph`: by a tensor that they write, else by a name that one node alone
    /// has. Then notes the names of all layers' nodes.
    pub fn lead_back(&mut self, graph: &Graph) {
        let mut named: HashMap<&str, Option<&NodePath>> = HashMap::new();
        for node in graph.nodes.iter().filter(|n| !n.name.is_empty()) {
            let seen = named.entry(&node.name);
            seen.and_modify(|p| *p = None).or_insert(Some(&node.path));
        }
        let mut written: HashMap<&str, Option<&NodePath>> = HashMap::new();
        for tensor in &graph.tensors {
            if let Producer::Node { node, .. } = tensor.producer {
                let seen = written.entry(&tensor.name);
                seen.and_modify(|p| *p = None).or_insert(Some(&graph.node(node).path));
            }
        }
        for layer in &mut self.layers {
            if layer.path.is_none() {
                let by_tensor = layer.output.as_deref().and_then(|t| written.get(t).copied().flatten());
                let by_name = || named.get(layer.name.as_str()).copied().flatten();
                layer.path = by_tensor.or_else(by_name).cloned();
            }
            let node = layer
                .path
                .as_ref()
                .and_then(|p| graph.find(p))
                .map(|id| &graph.node(id).name);
            layer.node = node.filter(|n| !n.is_empty()).map(ToString::to_string);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_median_and_share_are_those_of_the_runs() {
        let mut profile = Profile {
            layers: vec![
                LayerTime::of("a".into(), &[3.0, 1.0, 8.0]),
                LayerTime::of("b".into(), &[1.0, 1.0, 2.0]),
                LayerTime::of("c".into(), &[]),
            ],
            ..Profile::default()
        };
        profile.share();
        let a = &profile.layers[0];
        assert_eq!((a.total_ms, a.mean_ms, a.median_ms, a.share), (12.0, 4.0, 3.0, 0.75));
        assert_eq!(profile.layers[1].share, 0.25);
        assert_eq!((profile.layers[2].mean_ms, profile.layers[2].share), (0.0, 0.0));
    }
}
