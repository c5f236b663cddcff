//! Which nodes of the graph that is shown the layers of an engine or of a profile compute.

use crate::bench::Profile;
use crate::engine::plan::EngineView;
use crate::graph::{Graph, NodeId};
use std::collections::HashMap;
use std::sync::Arc;

/// Layers and nodes, both ways.
pub struct LayerNodes {
    graph: Arc<Graph>,
    of_layer: Vec<Vec<NodeId>>,
    of_node: HashMap<NodeId, Vec<usize>>,
}

impl LayerNodes {
    /// The layers of an engine, by the names of nodes that they tell.
    pub fn of_engine(graph: &Arc<Graph>, view: &EngineView) -> Self {
        let paths = view.nodes_of(graph);
        let ids = paths.iter().map(|p| p.iter().filter_map(|p| graph.find(p)).collect());
        Self::new(graph, ids.collect())
    }

    /// The layers of a profile. A variant may have patches of its own, so what counts is the node's name; a path alone
    /// counts for nodes without one.
    pub fn of_profile(graph: &Arc<Graph>, profile: &Profile) -> Self {
        let mut named: HashMap<&str, Option<NodeId>> = HashMap::new();
        for (i, node) in graph.nodes.iter().enumerate().filter(|(_, n)| !n.name.is_empty()) {
            let seen = named.entry(&node.name);
            seen.and_modify(|id| *id = None).or_insert(Some(NodeId(i as u32)));
        }
        let find = |layer: &crate::bench::LayerTime| match &layer.node {
            Some(name) => named.get(name.as_str()).copied().flatten(),
            None => {
                let id = graph.find(layer.path.as_ref()?)?;
                graph.node(id).name.is_empty().then_some(id)
            }
        };
        Self::new(
            graph,
            profile.layers.iter().map(|l| find(l).into_iter().collect()).collect(),
        )
    }

    fn new(graph: &Arc<Graph>, of_layer: Vec<Vec<NodeId>>) -> Self {
        let mut of_node: HashMap<NodeId, Vec<usize>> = HashMap::new();
        for (layer, nodes) in of_layer.iter().enumerate() {
            for node in nodes {
                of_node.entry(*node).or_default().push(layer);
            }
        }
        Self {
            graph: Arc::clone(graph),
            of_layer,
            of_node,
        }
    }

    /// True when this is about that graph.
    pub fn is_of(&self, graph: &Arc<Graph>) -> bool {
        Arc::ptr_eq(&self.graph, graph)
    }

    /// Nodes of a layer.
    pub fn nodes(&self, layer: usize) -> &[NodeId] {
        self.of_layer.get(layer).map(Vec::as_slice).unwrap_or_default()
    }

    /// Layers that compute a node.
    pub fn layers(&self, node: NodeId) -> &[usize] {
        self.of_node.get(&node).map(Vec::as_slice).unwrap_or_default()
    }

    /// How many layers have a node in the graph.
    pub fn mapped(&self) -> usize {
        self.of_layer.iter().filter(|nodes| !nodes.is_empty()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::LayerTime;
    use crate::engine::plan::EngineLayer;
    use crate::model::Model;

    #[test]
    fn layers_are_found_by_names_both_ways() {
        let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/digits/digits.onnx");
        let graph = Arc::new(Graph::new(Arc::new(Model::open(demo.as_ref()).unwrap())));
        let name = |i: u32| graph.node(NodeId(i)).name.to_string();
        let layer = |nodes: Vec<String>| EngineLayer {
            nodes,
            ..EngineLayer::default()
        };
        let view = EngineView {
            layers: vec![layer(vec![name(0), name(1)]), layer(vec!["nobody".into()])],
            ..EngineView::default()
        };
        let nodes = LayerNodes::of_engine(&graph, &view);
        assert_eq!((nodes.nodes(0), nodes.nodes(1)), (&[NodeId(0), NodeId(1)][..], &[][..]));
        assert_eq!((nodes.layers(NodeId(1)), nodes.mapped()), (&[0][..], 1));
        // The path is of another graph, with another node there: the name decides.
        let time = LayerTime {
            node: Some(name(2)),
            path: Some(graph.node(NodeId(0)).path.clone()),
            ..LayerTime::default()
        };
        let lost = LayerTime {
            path: time.path.clone(),
            ..LayerTime::default()
        };
        let profile = Profile {
            layers: vec![time, lost],
            ..Profile::default()
        };
        let nodes = LayerNodes::of_profile(&graph, &profile);
        assert_eq!((nodes.nodes(0), nodes.nodes(1)), (&[NodeId(2)][..], &[][..]));
    }
}
