//! What stands next to a quantized node and goes with it: residual additions, pools, and what engines fuse.

use super::QuantMode;
use super::place::Placer;
use crate::graph::{Node, NodeId, Producer, TensorId};

/// What passes a convolution's result on within its group, so that an Add behind it fuses with the convolution.
const IN_GROUP: [&str; 5] = ["BatchNormalization", "Relu", "Clip", "LeakyRelu", "Identity"];
/// What else engines fuse into the weighted node before it.
const FUSES: [&str; 11] = [
    "Add",
    "Sub",
    "Mul",
    "Sigmoid",
    "Tanh",
    "HardSigmoid",
    "HardSwish",
    "Elu",
    "Selu",
    "Softplus",
    "PRelu",
];

/// True for operators that engines fuse into the weighted node before them.
pub(in crate::rewrite) fn fuses(node: &Node) -> bool {
    node.domain.is_empty() && (IN_GROUP.contains(&&*node.op_type) || FUSES.contains(&&*node.op_type))
}

impl Placer<'_> {
    /// Residual additions and pools; `None` for other operators.
    pub(super) fn neighbour(&mut self, id: NodeId) -> Option<Result<String, String>> {
        let graph = self.graph;
        let node = graph.node(id);
        let is_outside = graph.bodies[node.body as usize].function.is_none();
        if !node.domain.is_empty() || !is_outside || !self.mode().has_activations() {
            return None;
        }
        let (index, head) = match &*node.op_type {
            "Add" => match self.skip_input(node)? {
                Ok(found) => found,
                Err(why) => return Some(Err(why)),
            },
            "MaxPool" | "AveragePool" | "GlobalAveragePool" if self.mode() == QuantMode::Int8 => {
                match self.beside_quantized(node) {
                    Some(head) => (0, head),
                    None => return Some(Err("nothing next to it is quantized".into())),
                }
            }
            _ => return None,
        };
        if self.cores.contains(&head) {
            return Some(Err("it is part of an attention, which engines fuse".into()));
        }
        let tensor = node.inputs.get(index).copied().flatten()?;
        let outcome = self.asked(node).and_then(|is_asked| {
            let is_output = node.outputs.iter().flatten().any(|t| graph.tensor(*t).is_output);
            if is_output && !is_asked {
                return Err("it makes an output of the model".into());
            }
            self.has_scale(tensor)
        });
        Some(outcome.map(|()| {
            self.placed.activations.insert((id, index), tensor);
            self.ties.insert(id, head);
            let scale = self.scales.scale(tensor).unwrap_or_default();
            let what = if index == 0 && &*node.op_type != "Add" {
                ""
            } else {
                "the skipping input "
            };
            format!("{what}{} with scale {scale:.3e}", graph.tensor(tensor).name)
        }))
    }

    /// Of an Add behind a quantized convolution: the input that skips it, which is quantized; the other one fuses with the
    /// convolution, which is given beside it, and stays float. `None` when a constant is added.
    fn skip_input(&self, node: &Node) -> Option<Result<(usize, NodeId), String>> {
        let [Some(a), Some(b)] = node.inputs[..] else {
            return None;
        };
        if self.is_constant(a) || self.is_constant(b) {
            return None;
        }
        Some(match (self.group_head(a), self.group_head(b)) {
            (None, None) => Err("neither input comes from a quantized convolution".into()),
            (Some(head), None) => Ok((1, head)),
            (None, Some(head)) => Ok((0, head)),
            // Both do, as where the skipping branch changes the size: that one has the smaller kernel.
            (Some(a), Some(b)) if self.kernel(a) >= self.kernel(b) => Ok((1, a)),
            (Some(_), Some(b)) => Ok((0, b)),
        })
    }

    fn kernel(&self, id: NodeId) -> u64 {
        let weight = self.graph.node(id).inputs.get(1).copied().flatten();
        let dims = weight.and_then(|w| self.graph.tensor(w).ty.shape.as_ref()?.as_known());
        dims.map_or(0, |d| d.iter().skip(2).product())
    }

    /// The quantized node that a pointwise one is computed together with: it alone reads that one's result, maybe with a
    /// constant.
    pub(super) fn fused(&self, id: NodeId) -> Option<NodeId> {
        let node = self.graph.node(id);
        if !self.mode().has_activations() || !fuses(node) || self.groups.contains_key(&id) {
            return None;
        }
        let mut data = node.inputs.iter().flatten().filter(|t| !self.is_constant(**t));
        let (first, second) = (data.next()?, data.next());
        if second.is_some() || self.asked(node).is_err() {
            return None;
        }
        self.behind(*first, true)
    }

    /// The quantized node whose group makes the tensor, which nothing else reads.
    fn group_head(&self, tensor: TensorId) -> Option<NodeId> {
        self.behind(tensor, false)
    }

    /// The same; with `through_all`, through anything pointwise that takes constants besides.
    pub(super) fn behind(&self, mut tensor: TensorId, through_all: bool) -> Option<NodeId> {
        for _ in 0..=IN_GROUP.len() {
            let info = self.graph.tensor(tensor);
            let Producer::Node { node, .. } = info.producer else {
                return None;
            };
            if info.consumers.len() != 1 || info.is_output {
                return None;
            }
            if self.heads.contains(&node) {
                return Some(node);
            }
            let maker = self.graph.node(node);
            let in_group = maker.domain.is_empty() && IN_GROUP.contains(&&*maker.op_type);
            if !(in_group || through_all && fuses(maker)) {
                return None;
            }
            let mut data = maker.inputs.iter().flatten().filter(|t| !self.is_constant(**t));
            tensor = *data.next()?;
            if data.next().is_some() {
                return None;
            }
        }
        None
    }

    /// The quantized node before a pool, or else behind it.
    fn beside_quantized(&self, node: &Node) -> Option<NodeId> {
        let mut before = node.inputs.first().copied().flatten();
        for _ in 0..=IN_GROUP.len() {
            let Some(Producer::Node { node, .. }) = before.map(|t| self.graph.tensor(t).producer) else {
                break;
            };
            if self.heads.contains(&node) {
                return Some(node);
            }
            let maker = self.graph.node(node);
            let passes = maker.domain.is_empty()
                && (IN_GROUP.contains(&&*maker.op_type) || matches!(&*maker.op_type, "Add" | "Concat"));
            if !passes {
                break;
            }
            before = maker.inputs.first().copied().flatten();
        }
        let outputs = node.outputs.iter().flatten();
        let readers = outputs.flat_map(|t| &self.graph.tensor(*t).consumers);
        let mut readers = readers.map(|(reader, _)| *reader);
        readers.find(|r| self.heads.contains(r))
    }
}
