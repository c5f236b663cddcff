//! The layers of an engine, or of a profile of one, as a table and as nodes of the graph that is shown.

use super::nodes::LayerNodes;
use crate::graph::{Graph, NodeId};
use crate::studio::widgets::rows::Rows;
use std::sync::Arc;

/// A table of layers.
#[derive(Default)]
pub struct LayerTable {
    /// Its rows.
    pub rows: Rows,
    /// The layers in the graph that is shown.
    pub nodes: Option<LayerNodes>,
    /// Counts up with every change of layers, graph or choice, for those who draw them.
    pub version: u64,
}

impl LayerTable {
    /// Shows other layers.
    pub fn set(&mut self, rows: Rows) {
        self.rows = rows;
        self.nodes = None;
        self.version += 1;
    }

    /// Follows the graph that is shown; `find` looks for the layers in another one.
    pub fn follow(&mut self, graph: Option<&Arc<Graph>>, find: impl FnOnce(&Arc<Graph>) -> Option<LayerNodes>) {
        if graph.is_some_and(|graph| self.nodes.as_ref().is_some_and(|n| n.is_of(graph))) {
            return;
        }
        let found = graph.and_then(find);
        self.version += u64::from(found.is_some() || self.nodes.is_some());
        self.nodes = found;
    }

    /// Chooses a layer.
    pub fn choose(&mut self, layer: Option<usize>, reveal: bool) {
        self.version += u64::from(self.rows.chosen() != layer);
        self.rows.choose(layer, reveal);
    }

    /// Chooses the first layer that computes a node; one that does and is chosen stays.
    pub fn choose_layer_of(&mut self, node: NodeId) {
        let layers = self.nodes.as_ref().map(|n| n.layers(node)).unwrap_or_default();
        let stays = self.rows.chosen().is_some_and(|chosen| layers.contains(&chosen));
        let first = layers.first().copied().filter(|_| !stays);
        if first.is_some() {
            self.choose(first, true);
        }
    }
}
