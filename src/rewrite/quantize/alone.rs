//! Weights stored in INT8 for nodes that compute in float: recurrent ones, and those inside bodies, for which no activation
//! is quantized.

use super::place::Placer;
use super::weighted::{LEAST_SIZE, is_weighted};
use super::weights::Grain;
use crate::graph::{Node, NodeId, TensorId};
use crate::model::DataType;

/// LSTM, GRU and RNN: no engine computes them on codes, so their weights alone can be stored as such.
pub(super) fn is_recurrent(node: &Node) -> bool {
    node.domain.is_empty() && matches!(&*node.op_type, "LSTM" | "GRU" | "RNN")
}

impl Placer<'_> {
    /// What of a node's weights is stored as codes, or why nothing is; `None` for nodes whose activations could be quantized
    /// too, and for those without weights.
    pub(super) fn alone(&mut self, id: NodeId) -> Option<Result<String, String>> {
        let graph = self.graph;
        let node = graph.node(id);
        if graph.bodies[node.body as usize].function.is_some() {
            return None;
        }
        // W [directions, gates * hidden, input] and R [directions, gates * hidden, hidden] (operators LSTM, GRU, RNN).
        let indices: &[usize] = match () {
            () if is_recurrent(node) => &[1, 2],
            () if is_weighted(node) && node.body != 0 => &[1],
            () => return None,
        };
        let is_asked = match self.listed(node) {
            Ok(is_asked) => is_asked,
            Err(why) => return Some(Err(why)),
        };
        let mut stored: Vec<(usize, TensorId, Grain)> = Vec::new();
        let mut why = None;
        for index in indices {
            let Some(weight) = node.inputs.get(*index).copied().flatten() else {
                continue;
            };
            match self.grain_alone(id, node, weight, is_asked) {
                Ok(grain) => stored.push((*index, weight, grain)),
                Err(reason) => why = why.or(Some(reason)),
            }
        }
        if stored.is_empty() {
            return why.map(Err);
        }
        let mut words = Vec::new();
        for (index, weight, grain) in stored {
            self.placed.weights.insert((id, index), (weight, grain));
            words.push(match grain {
                Grain::Channel(axis) => format!("{} (per channel of axis {axis})", graph.tensor(weight).name),
                _ => graph.tensor(weight).name.to_string(),
            });
        }
        self.placed.alone.insert(id);
        Some(Ok(format!(
            "weight-only INT8 of {}; it computes on dequantized values",
            words.join(" and ")
        )))
    }

    fn grain_alone(&self, id: NodeId, node: &Node, weight: TensorId, is_asked: bool) -> Result<Grain, String> {
        let tensor = self.graph.tensor(weight);
        let name = &tensor.name;
        if !self.is_constant(weight) {
            return Err(format!("its weight {name} is not constant"));
        }
        if tensor.ty.dtype != Some(DataType::Float32) {
            return Err(format!("its weight {name} is not float32"));
        }
        let sizes = self.sizes(weight).unwrap_or_default();
        if sizes.contains(&0) {
            return Err(format!("its weight {name} is empty"));
        }
        let least = match is_recurrent(node) {
            true => sizes.iter().rev().take(2).min(),
            // A kernel's taps count for nothing here.
            false if node.op_type.starts_with("Conv") => sizes.iter().take(2).max(),
            false => sizes.iter().rev().take(2).min(),
        };
        if let Some(least) = least.filter(|n| **n < LEAST_SIZE && !is_asked) {
            return Err(format!(
                "its weight {name} has a side of {least}; storing less than {LEAST_SIZE} in INT8 gains nothing"
            ));
        }
        let axis = match is_recurrent(node) {
            true => Some(1).filter(|_| sizes.len() == 3),
            false => self.channel_axis(id, node, &sizes),
        };
        Ok(axis.map_or(Grain::Tensor, Grain::Channel))
    }
}
