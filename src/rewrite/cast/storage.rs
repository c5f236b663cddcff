//! The type in which every tensor is stored once nodes are lowered, through If, Loop and Scan: what a body gives must have
//! the type that its node's output has, in every branch, and what a loop carries must keep its type from turn to turn.

use super::CastSpec;
use super::decide::{Verdict, is_float32, takes_any};
use super::op_types::OpTypes;
use crate::graph::{Graph, NodeId, Producer, TensorId, TensorKind};
use crate::model::Attributes;
use crate::rewrite::edit::defaults;
use std::collections::HashMap;

/// The type of a tensor that was float32.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(super) enum Ty {
    /// The lower type.
    Low,
    /// Float32.
    High,
}

/// Types of tensors and of the places that read them.
pub(super) struct Storage {
    /// Per tensor; `None` when it was not float32, or is a constant whose readers decide.
    pub(super) of: Vec<Option<Ty>>,
    /// Per tensor: a float32 constant that is converted for its readers.
    pub(super) is_weight: Vec<bool>,
    /// Per body: the type that each of its outputs must have; `None` when it is not float32.
    pub(super) outputs: Vec<Vec<Option<Ty>>>,
    /// What nodes with bodies read.
    reads: HashMap<(NodeId, usize), Ty>,
}

impl Storage {
    /// The type in which a node reads its input; `None` when it is not float32, or taken as it comes.
    pub(super) fn read(&self, graph: &Graph, verdicts: &[Verdict], id: NodeId, index: usize) -> Option<Ty> {
        let node = graph.node(id);
        let tensor = node.inputs.get(index).copied().flatten()?;
        if !is_float32(graph, tensor) {
            return None;
        }
        match &verdicts[id.0 as usize] {
            Verdict::Control => Some(self.reads.get(&(id, index)).copied().unwrap_or(Ty::High)),
            _ if takes_any(node) => None,
            Verdict::Lowered { variables } => {
                let types = OpTypes::find(&node.op_type, graph.opset(node.body, "")?)?;
                Some(lowered(types.input(index), *variables))
            }
            Verdict::Kept(_) | Verdict::Untouched | Verdict::Constant => Some(Ty::High),
        }
    }
}

fn lowered(variable: Option<u8>, variables: u32) -> Ty {
    match variable {
        Some(v) if variables & 1 << v != 0 => Ty::Low,
        _ => Ty::High,
    }
}

/// Types of all tensors outside of functions.
pub(super) fn storage(graph: &Graph, spec: &CastSpec, verdicts: &[Verdict]) -> Storage {
    let defaults = defaults(graph);
    let mut of = vec![None; graph.tensors.len()];
    let mut is_weight = vec![false; graph.tensors.len()];
    for i in 0..graph.tensors.len() {
        let id = TensorId(i as u32);
        let tensor = graph.tensor(id);
        if !is_float32(graph, id) || graph.bodies[tensor.body as usize].function.is_some() {
            continue;
        }
        let is_constant = match tensor.producer {
            Producer::Initializer => graph.initializer(id).is_some(),
            Producer::Node { node, .. } => verdicts[node.0 as usize] == Verdict::Constant,
            _ => false,
        };
        is_weight[i] =
            is_constant && tensor.kind == TensorKind::Constant && !tensor.is_output && !defaults.contains(&id);
        let is_input = tensor.body == 0 && tensor.producer == Producer::Input;
        of[i] = match is_weight[i] {
            true => None,
            false if is_input && !spec.keep_io_types && fits(spec, &tensor.name) => Some(Ty::Low),
            false => Some(Ty::High),
        };
    }
    let mut made = Storage {
        of,
        is_weight,
        outputs: graph.bodies.iter().map(|b| vec![None; b.outputs.len()]).collect(),
        reads: HashMap::new(),
    };
    for id in graph.topological_order() {
        made.node(graph, verdicts, id);
    }
    let top = graph.bodies.first().map(|b| b.outputs.clone()).unwrap_or_default();
    for (k, id) in top.into_iter().enumerate() {
        let tensor = graph.tensor(id);
        let Some(stored) = made.of[id.0 as usize] else { continue };
        // What no node makes cannot be given another type on its way out.
        let is_made = matches!(tensor.producer, Producer::Node { .. });
        made.outputs[0][k] = Some(match spec.keep_io_types {
            _ if !is_made => stored,
            false if fits(spec, &tensor.name) => Ty::Low,
            _ => Ty::High,
        });
    }
    made
}

/// False when the tensor is known to take values beyond the lower type's range, or none that it has all digits of.
fn fits(spec: &CastSpec, name: &str) -> bool {
    let range = spec.ranges.as_ref().and_then(|r| r.tensors.get(name));
    range.is_none_or(|r| {
        let reached = r.absmax();
        reached <= spec.to.largest() && (reached == 0.0 || reached >= spec.to.smallest_normal())
    })
}

impl Storage {
    fn node(&mut self, graph: &Graph, verdicts: &[Verdict], id: NodeId) {
        let node = graph.node(id);
        match &verdicts[id.0 as usize] {
            Verdict::Lowered { variables } => {
                let types = OpTypes::find(&node.op_type, graph.opset(node.body, "").unwrap_or(0));
                for (k, output) in node.outputs.iter().enumerate() {
                    let variable = types.and_then(|t| t.output(k));
                    self.set(*output, lowered(variable, *variables));
                }
            }
            Verdict::Control => match &*node.op_type {
                "If" => self.branches(graph, id),
                "Loop" => self.turns(graph, id, 2, 1, node.inputs.len().saturating_sub(2)),
                "Scan" => self.scan(graph, id),
                _ => {}
            },
            _ => {}
        }
        // Other operators with bodies (SequenceMap) stay float32, so their bodies give that too.
        if verdicts[id.0 as usize] != Verdict::Control {
            for body in &node.owned_bodies {
                for k in 0..graph.bodies[*body as usize].outputs.len() {
                    self.require(graph, *body, k, Ty::High);
                }
            }
        }
    }

    fn set(&mut self, tensor: Option<TensorId>, ty: Ty) {
        if let Some(slot) = tensor.and_then(|t| self.of.get_mut(t.0 as usize))
            && slot.is_some()
        {
            *slot = Some(ty);
        }
    }

    fn is_low(&self, tensor: Option<TensorId>) -> bool {
        tensor.is_some_and(|t| self.of[t.0 as usize] == Some(Ty::Low))
    }

    /// Notes the type that a body's output must have.
    fn require(&mut self, graph: &Graph, body: u32, index: usize, ty: Ty) {
        let tensor = graph.bodies[body as usize].outputs.get(index).copied();
        if let (Some(tensor), Some(slot)) = (tensor, self.outputs[body as usize].get_mut(index)) {
            *slot = is_float32(graph, tensor).then_some(ty);
        }
    }

    fn branches(&mut self, graph: &Graph, id: NodeId) {
        let node = graph.node(id);
        for (k, output) in node.outputs.iter().enumerate() {
            let of_branch = |b: &u32| graph.bodies[*b as usize].outputs.get(k).copied();
            let low = !node.owned_bodies.is_empty() && node.owned_bodies.iter().all(|b| self.is_low(of_branch(b)));
            let ty = if low { Ty::Low } else { Ty::High };
            for body in &node.owned_bodies {
                self.require(graph, *body, k, ty);
            }
            self.set(*output, ty);
        }
    }

    /// `carried` values: inputs of node and body from `first_in` on, outputs of the body from `first_out` on, outputs of
    /// the node from 0 on; the outputs after them are collected, one value a turn.
    fn turns(&mut self, graph: &Graph, id: NodeId, first_in: usize, first_out: usize, carried: usize) {
        let node = graph.node(id);
        let Some(at) = node.owned_bodies.first().copied() else {
            return;
        };
        let body = &graph.bodies[at as usize];
        // Loop's inputs match its body's one to one; Scan has no offset either.
        for (k, output) in node.outputs.iter().enumerate() {
            let inner = body.outputs.get(first_out + k).copied();
            let ty = if self.is_low(inner) { Ty::Low } else { Ty::High };
            self.require(graph, at, first_out + k, ty);
            self.set(*output, ty);
            if k < carried {
                self.reads.insert((id, first_in + k), ty);
                self.set(body.inputs.get(first_in + k).copied(), ty);
            }
        }
        for k in 0..first_out {
            self.require(graph, at, k, Ty::High);
        }
    }

    fn scan(&mut self, graph: &Graph, id: NodeId) {
        let node = graph.node(id);
        let scanned = graph
            .proto(id)
            .int("num_scan_inputs")
            .and_then(|n| usize::try_from(n).ok());
        let states = scanned.and_then(|n| node.inputs.len().checked_sub(n));
        let (Some(states), Some(at)) = (states, node.owned_bodies.first().copied()) else {
            return;
        };
        if graph.opset(node.body, "").unwrap_or(0) < 9 {
            // Scan-8 has another input in front; its types stay what they are.
            for k in 0..node.outputs.len() {
                self.require(graph, at, k, Ty::High);
            }
            return;
        }
        self.turns(graph, id, 0, 0, states);
        for (k, input) in node.inputs.iter().enumerate().skip(states) {
            let ty = if self.is_low(*input) { Ty::Low } else { Ty::High };
            self.reads.insert((id, k), ty);
            self.set(graph.bodies[at as usize].inputs.get(k).copied(), ty);
        }
    }
}
