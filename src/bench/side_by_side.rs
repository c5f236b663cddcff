//! Layer times of two engines of one model side by side, however each of them fused it.
//!
//! Every node of the model belongs to the layer that computes it: its own, or the next one downstream that was fused from
//! it. A node that is in layer `p` on one side and in layer `q` on the other ties `p` and `q` together; what is tied
//! makes a group. A group's borders are tensors that both engines write, so its times on both sides are those of the same
//! work. Layers that lead to no node of the model (casts that a precision added, a runtime's own reordering) are listed apart.

use super::layer::{LayerProfile, LayerTime};
use crate::graph::{Graph, NodeId, Producer};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// The same work on both sides.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Group {
    /// Nodes of the model, in topological order: their names, their first outputs where they have none.
    pub nodes: Vec<String>,
    /// Their operators, in the same order.
    pub ops: Vec<String>,
    /// Indices of the layers on the first side.
    pub layers: Vec<usize>,
    /// Indices of the layers on the other side.
    pub against_layers: Vec<usize>,
    /// Median milliseconds of those layers on the first side.
    pub ms: f64,
    /// The same on the other side.
    pub against_ms: f64,
}

impl Group {
    /// How much more the first side takes, in milliseconds; negative where it is faster.
    pub fn difference_ms(&self) -> f64 {
        self.ms - self.against_ms
    }
}

/// Two profiles of one model.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SideBySide {
    /// Groups, the largest difference first.
    pub groups: Vec<Group>,
    /// Layers of the first side that lead to no node of the model.
    pub unmatched: Vec<usize>,
    /// Layers of the other side that lead to none.
    pub against_unmatched: Vec<usize>,
    /// Milliseconds of the first side's unmatched layers.
    pub unmatched_ms: f64,
    /// Milliseconds of the other side's.
    pub against_unmatched_ms: f64,
}

impl SideBySide {
    /// Sets the layers of two profiles side by side on the nodes of `graph`, the model before patches.
    pub fn of(graph: &Graph, first: &LayerProfile, other: &LayerProfile) -> Self {
        let sides = [Side::of(graph, first), Side::of(graph, other)];
        let mut sets = Sets::new(sides[0].ends.len() + sides[1].ends.len());
        let shift = sides[0].ends.len();
        for id in graph.body_order(0) {
            if let (Some(a), Some(b)) = (sides[0].owner(*id), sides[1].owner(*id)) {
                sets.join(a, shift + b);
            }
        }
        let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
        for id in graph.body_order(0) {
            let slot = sides[0].owner(*id).or(sides[1].owner(*id).map(|b| shift + b));
            let Some(slot) = slot else { continue };
            let group = groups.entry(sets.root(slot)).or_default();
            let node = graph.node(*id);
            let output = node
                .outputs
                .iter()
                .flatten()
                .next()
                .map(|t| graph.tensor(*t).name.to_string());
            let name = Some(node.name.to_string()).filter(|n| !n.is_empty());
            group.nodes.push(name.or(output).unwrap_or_default());
            group.ops.push(node.op_type.to_string());
        }
        for (i, layers) in sides[0].ends.iter().enumerate() {
            let group = groups.entry(sets.root(i)).or_default();
            group.layers.extend(layers);
            group.ms += time(first, layers);
        }
        for (i, layers) in sides[1].ends.iter().enumerate() {
            let group = groups.entry(sets.root(shift + i)).or_default();
            group.against_layers.extend(layers);
            group.against_ms += time(other, layers);
        }
        let mut groups: Vec<Group> = groups.into_values().collect();
        groups.sort_by(|a, b| b.difference_ms().abs().total_cmp(&a.difference_ms().abs()));
        let [a, b] = sides;
        Self {
            groups,
            unmatched_ms: time(first, &a.lost),
            against_unmatched_ms: time(other, &b.lost),
            unmatched: a.lost,
            against_unmatched: b.lost,
        }
    }
}

fn time(profile: &LayerProfile, layers: &[usize]) -> f64 {
    let layers = layers.iter().filter_map(|i| profile.profile.layers.get(*i));
    layers.map(|l| l.median_ms).sum()
}

/// One profile on the model's nodes.
struct Side {
    /// Layers by the node that they end with: usually one.
    ends: Vec<Vec<usize>>,
    /// The index in `ends` of the layer that computes each node of the top level.
    owners: HashMap<NodeId, usize>,
    /// Layers without a node.
    lost: Vec<usize>,
}

impl Side {
    fn of(graph: &Graph, profile: &LayerProfile) -> Self {
        let (mut ends, mut lost): (Vec<Vec<usize>>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut owners: HashMap<NodeId, usize> = HashMap::new();
        let places = Places::of(graph);
        for (i, layer) in profile.profile.layers.iter().enumerate() {
            let Some(node) = places.of_layer(layer) else {
                lost.push(i);
                continue;
            };
            let at = *owners.entry(node).or_insert_with(|| {
                ends.push(Vec::new());
                ends.len() - 1
            });
            if let Some(layers) = ends.get_mut(at) {
                layers.push(i);
            }
        }
        // Backwards: what has no layer of its own was fused into one that reads it.
        for id in graph.body_order(0).iter().rev() {
            if owners.contains_key(id) {
                continue;
            }
            let outputs = graph.node(*id).outputs.iter().flatten();
            let readers = outputs
                .flat_map(|t| &graph.tensor(*t).consumers)
                .map(|(reader, _)| *reader);
            let reader = readers.into_iter().find_map(|reader| owners.get(&reader).copied());
            if let Some(at) = reader {
                owners.insert(*id, at);
            }
        }
        Self { ends, owners, lost }
    }

    fn owner(&self, node: NodeId) -> Option<usize> {
        self.owners.get(&node).copied()
    }
}

/// Nodes of the top level by what layers know of them; none where two share it.
struct Places<'a> {
    by_output: HashMap<&'a str, NodeId>,
    by_name: HashMap<&'a str, Option<NodeId>>,
}

impl<'a> Places<'a> {
    fn of(graph: &'a Graph) -> Self {
        let mut by_output = HashMap::new();
        for tensor in graph.tensors.iter().filter(|t| t.body == 0) {
            if let Producer::Node { node, .. } = tensor.producer {
                by_output.insert(&*tensor.name, node);
            }
        }
        let mut by_name: HashMap<&str, Option<NodeId>> = HashMap::new();
        for id in graph.body_order(0) {
            let name = &*graph.node(*id).name;
            if !name.is_empty() {
                by_name.entry(name).and_modify(|n| *n = None).or_insert(Some(*id));
            }
        }
        Self { by_output, by_name }
    }

    fn of_layer(&self, layer: &LayerTime) -> Option<NodeId> {
        let by_output = layer.output.as_deref().and_then(|o| self.by_output.get(o).copied());
        let named = |name: &str| self.by_name.get(name).copied().flatten();
        by_output
            .or_else(|| layer.node.as_deref().and_then(named))
            .or_else(|| named(&layer.name))
    }
}

/// Sets that are joined (union-find).
struct Sets(Vec<usize>);

impl Sets {
    fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    fn root(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample;

    fn profile(layers: &[(&str, f64)]) -> LayerProfile {
        let layer = |(output, ms): &(&str, f64)| LayerTime {
            output: Some((*output).into()),
            ..LayerTime::of(format!("layer {output}"), &[*ms])
        };
        let mut out = LayerProfile::default();
        out.profile.layers = layers.iter().map(layer).collect();
        out
    }

    /// a -> b -> c -> d -> e, a chain.
    fn chain() -> Graph {
        let names = ["x", "a", "b", "c", "d", "e"];
        let nodes = names
            .windows(2)
            .map(|w| sample::node("Relu", &[w[0]], &[w[1]]))
            .collect();
        let graph = sample::graph(&["x"], &["e"], vec![], nodes);
        Graph::new(sample::model(&sample::proto(graph, vec![])))
    }

    #[test]
    fn groups_end_where_both_sides_write_a_tensor() {
        // One side fused a+b and c+d, the other b+c: only a .. d together are the same work; e is.
        let first = profile(&[("b", 2.0), ("d", 3.0), ("e", 1.0)]);
        let other = profile(&[("a", 1.0), ("c", 4.0), ("d", 2.5), ("e", 1.5), ("cast of e", 0.25)]);
        let both = SideBySide::of(&chain(), &first, &other);
        assert_eq!(both.groups.len(), 2, "{both:?}");
        let [large, small] = both.groups.as_slice() else {
            panic!()
        };
        assert_eq!(large.nodes, ["a_Relu", "b_Relu", "c_Relu", "d_Relu"]);
        assert_eq!((large.ms, large.against_ms), (5.0, 7.5));
        assert_eq!(
            (large.layers.as_slice(), large.against_layers.as_slice()),
            (&[0, 1][..], &[0, 1, 2][..])
        );
        assert_eq!(
            (small.nodes.as_slice(), small.difference_ms()),
            (&["e_Relu".to_string()][..], -0.5)
        );
        assert_eq!(
            (both.against_unmatched.as_slice(), both.against_unmatched_ms),
            (&[4][..], 0.25)
        );
        // Nothing is lost: groups and what is unmatched are all layers' times.
        let sum: f64 = both.groups.iter().map(|g| g.against_ms).sum::<f64>() + both.against_unmatched_ms;
        assert!((sum - 9.25).abs() < 1e-12);
    }
}
