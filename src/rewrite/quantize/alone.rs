//! Weights stored as codes for nodes that compute in float: recurrent ones, those inside bodies, for which no activation is
//! quantized, and tables that rows are looked up in.

use super::place::Placer;
use super::weighted::{LEAST_SIZE, is_weighted};
use super::weights::Grain;
use super::{BLOCK, QuantMode};
use crate::graph::{Node, NodeId, TensorId};
use crate::model::{Attributes, DataType};

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
            () if self.is_table(id, node) => &[0],
            () if self.mode() == QuantMode::Int4 => return None,
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
            let Some(weight) = node.input(*index) else {
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
                Grain::Blocks { axis, size } => {
                    format!("{} (in blocks of {size} along axis {axis})", graph.tensor(weight).name)
                }
                Grain::Tensor => graph.tensor(weight).name.to_string(),
            });
        }
        self.placed.alone.insert(id);
        Some(Ok(format!(
            "weight-only {} of {}; it computes on dequantized values",
            self.mode(),
            words.join(" and ")
        )))
    }

    /// True for a Gather of whole rows of a stored matrix: an embedding.
    fn is_table(&self, id: NodeId, node: &Node) -> bool {
        let is_gather = node.domain.is_empty() && &*node.op_type == "Gather";
        let table = node.input(0).filter(|t| is_gather && self.is_constant(*t));
        let is_float = |t: TensorId| self.graph.tensor(t).ty.dtype == Some(DataType::Float32);
        table.is_some_and(|t| is_float(t) && self.sizes(t).is_some_and(|s| s.len() == 2))
            && self.graph.proto(id).int("axis").unwrap_or(0) == 0
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
        let least = match node.op_type.starts_with("Conv") {
            // A kernel's taps count for nothing here.
            true => sizes.iter().take(2).max(),
            false => sizes.iter().rev().take(2).min(),
        };
        if let Some(least) = least.filter(|n| **n < LEAST_SIZE && !is_asked) {
            return Err(format!(
                "its weight {name} has a side of {least}; storing less than {LEAST_SIZE} in {} gains nothing",
                self.mode()
            ));
        }
        // Each row of a table has scales of its own: they are looked up one by one.
        if self.is_table(id, node) {
            return match (self.mode(), &sizes[..]) {
                (QuantMode::Int4, [rows, columns]) => {
                    if !rows.saturating_mul(*columns).is_multiple_of(2) {
                        return Err(format!(
                            "its table {name} has an odd number of values; two go into a byte"
                        ));
                    }
                    let size = u64::from(self.spec.block.unwrap_or(BLOCK)).min(*columns);
                    let size = usize::try_from(size).unwrap_or(usize::MAX);
                    Ok(Grain::Blocks { axis: 1, size })
                }
                _ => Ok(Grain::Channel(0)),
            };
        }
        let axis = match is_recurrent(node) {
            true => Some(1).filter(|_| sizes.len() == 3),
            false => self.channel_axis(id, node, &sizes),
        };
        Ok(axis.map_or(Grain::Tensor, Grain::Channel))
    }
}
