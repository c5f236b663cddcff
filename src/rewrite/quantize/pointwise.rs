//! Operators without weights that stand alone, read as codes where the user asks for it ([`QuantizeSpec::pointwise`]).
//!
//! ModelOpt quantizes them by default. An engine then moves a quarter of the bytes through them, but each reads rounded values
//! where the rule otherwise reads exact ones, and a tensor that only float operators read is converted for them alone.

use super::QuantMode;
use super::patterns::feeds_softmax;
use super::place::Placer;
use super::reasons::POINTWISE;
use crate::graph::{Node, NodeId, TensorId};
use crate::model::DataType;

/// Operators of two tensors that compute on codes.
const OF_TWO: [&str; 2] = ["Add", "Mul"];
/// Operators of one tensor that compute on codes; what else they read are constants.
const OF_ONE: [&str; 5] = [
    "BatchNormalization",
    "MaxPool",
    "AveragePool",
    "GlobalAveragePool",
    "Resize",
];

impl Placer<'_> {
    /// The inputs of a standing-alone operator, read as codes; `None` where it is none, or goes with a quantized node.
    pub(super) fn pointwise(&mut self, id: NodeId) -> Option<Result<String, String>> {
        let node = self.graph.node(id);
        let op = &*node.op_type;
        let (is_of_two, is_of_one) = (OF_TWO.contains(&op), OF_ONE.contains(&op));
        if !(is_of_two || is_of_one) || !self.may_read_codes(id, node) {
            return None;
        }
        let data: Vec<(usize, TensorId)> = match is_of_one {
            true => vec![(0, node.inputs.first().copied().flatten()?)],
            false => self.computed(node).collect(),
        };
        if data.iter().any(|(_, t)| self.is_constant(*t)) || is_of_two && data.len() < 2 {
            return None;
        }
        if let Some(why) = self.kept(node) {
            return Some(Err(why));
        }
        // As in a variance or a power: the error counts twice, and variances subtract what is nearly the same.
        if matches!(data[..], [(_, a), (_, b)] if a == b) {
            return Some(Err(
                "it squares its input or doubles it, where each rounding counts twice".into(),
            ));
        }
        // The branch that a quantized node makes fuses with that node, as an Add behind a convolution does.
        let heads: Vec<Option<NodeId>> = data.iter().map(|(_, t)| self.behind(*t, true)).collect();
        let fuses = heads.iter().position(Option::is_some).filter(|_| op == "Add");
        let read = data.into_iter().enumerate().filter(|(at, _)| Some(*at) != fuses);
        let read: Vec<(usize, TensorId)> = read.map(|(_, input)| input).collect();
        if let Some(why) = read.iter().find_map(|(_, t)| self.has_scale(*t).err()) {
            return Some(Err(why));
        }
        if let Some(head) = fuses.and_then(|at| heads.get(at).copied().flatten()) {
            self.ties.insert(id, head);
        }
        Some(Ok(self.read(id, &read)))
    }

    /// A pointwise operator with a constant, whose other input is read as codes next to it anyway: then the float values need not
    /// be kept for it. `None` for all others.
    pub(super) fn shared(&mut self, id: NodeId) -> Option<String> {
        let node = self.graph.node(id);
        if !POINTWISE.contains(&&*node.op_type) || !self.may_read_codes(id, node) || self.kept(node).is_some() {
            return None;
        }
        let data: Vec<(usize, TensorId)> = self.computed(node).collect();
        let [(index, tensor)] = data[..] else {
            return None;
        };
        let is_coded = |(reader, at): &(NodeId, u32)| {
            *reader != id && self.placed.activations.contains_key(&(*reader, *at as usize))
        };
        let is_read = self.placed.activations.contains_key(&(id, index));
        let is_shared =
            node.inputs.iter().flatten().count() > 1 && self.graph.tensor(tensor).consumers.iter().any(is_coded);
        (is_shared && !is_read)
            .then(|| format!("{}, which others read as codes too", self.read(id, &[(index, tensor)])))
    }

    /// Inputs that are computed, not constant.
    fn computed(&self, node: &Node) -> impl Iterator<Item = (usize, TensorId)> {
        let inputs = node.inputs.iter().enumerate();
        inputs.filter_map(|(at, t)| t.filter(|t| !self.is_constant(*t)).map(|t| (at, t)))
    }

    fn may_read_codes(&self, id: NodeId, node: &Node) -> bool {
        let graph = self.graph;
        let is_outside = node.body == 0 && graph.bodies[node.body as usize].function.is_none();
        let first = node.inputs.iter().flatten().next();
        let is_float = first.is_some_and(|t| graph.tensor(*t).ty.dtype == Some(DataType::Float32));
        let is_part = self.groups.contains_key(&id) || feeds_softmax(graph, id);
        node.domain.is_empty()
            && is_outside
            && is_float
            && !is_part
            && self.mode() == QuantMode::Int8
            && self.fused(id).is_none()
    }

    /// Why the node stays float all the same.
    fn kept(&self, node: &Node) -> Option<String> {
        match self.asked(node) {
            Err(why) => Some(why),
            Ok(true) => None,
            Ok(false) => {
                let mut outputs = node.outputs.iter().flatten();
                let is_output = outputs.any(|t| self.graph.tensor(*t).is_output);
                is_output.then(|| "it makes an output of the model".into())
            }
        }
    }

    /// Notes down these inputs as codes; in words.
    fn read(&mut self, id: NodeId, inputs: &[(usize, TensorId)]) -> String {
        let mut words = Vec::new();
        for (index, tensor) in inputs {
            self.placed.activations.insert((id, *index), *tensor);
            let scale = self.scales.scale(*tensor).unwrap_or_default();
            words.push(format!("{} with scale {scale:.3e}", self.graph.tensor(*tensor).name));
        }
        words.join(" and ")
    }
}
