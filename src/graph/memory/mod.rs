//! Memory that a model needs while it runs, from its shapes alone: what is known before anything is built or measured.
//!
//! The nodes of a graph run one after another, each right after the last one that it waits for (`run_order`). A computed tensor takes its packed size from the node that
//! makes it to the last node that reads it, an output of the model until the end, an input of the model all the time (whoever
//! runs it holds it). Three things that runtimes do are counted as done: what only renames its input (Reshape, Squeeze,
//! Identity) shares its memory; what computes element by element writes over an input of the same size that nobody reads
//! afterwards, unless it makes a result of the model, which has memory of its own that whoever runs the model gives; and what
//! is computed from constants alone is computed once and kept. Not counted, because it belongs to a runtime and not to the
//! model: scratch memory of most kernels, weights packed for them, copies in another layout, padding of a memory pool; and
//! that a runtime which fuses nodes never makes the values between them. So the figure is what the model's values need one
//! node at a time, and not what a process occupies; docs/benchmarks/memory.md sets it beside what ONNX Runtime allocates.
//!
//! Bodies: an If takes the larger of its branches; a Loop or Scan one round of its body, its inputs and results included, beside
//! the results as a whole; a call of a local function what the function takes.

mod alias;
mod folded;
mod run_order;
#[cfg(test)]
mod tests;

use super::cost::dims_at;
use super::{Graph, Node, NodeId, TensorId, TensorKind};
use crate::format;
use crate::model::{Attributes, DataType};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Functions and bodies deeper than this are not followed; shapes are not inferred there either.
const MAX_DEPTH: usize = 24;

/// Memory of one inference in a few numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Needs {
    /// Bytes of stored constants.
    pub weight_bytes: u64,
    /// Bytes of what is computed from constants alone.
    pub folded_bytes: u64,
    /// Most that inputs and computed tensors take at once, in bytes.
    pub activation_bytes: u64,
    /// All three together.
    pub total_bytes: u64,
    /// False where a size is not known, so that the figures are lower bounds.
    pub is_complete: bool,
}

impl Needs {
    /// `102 MiB (weights 97.5 MiB, activations 4.59 MiB)`.
    pub fn words(&self) -> String {
        let least = if self.is_complete { "" } else { "at least " };
        let folded = match self.folded_bytes {
            0 => String::new(),
            n => format!("computed from them {}, ", format::bytes(n)),
        };
        format!(
            "{least}{} (weights {}, {folded}activations {})",
            format::bytes(self.total_bytes),
            format::bytes(self.weight_bytes),
            format::bytes(self.activation_bytes)
        )
    }
}

/// Memory of one inference at certain sizes.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Memory {
    /// Bytes of stored constants, each once.
    pub weight_bytes: u64,
    /// Bytes of what is computed from constants alone, once, and read in every run.
    pub folded_bytes: u64,
    /// Largest sum of bytes of inputs and computed tensors that are alive at once.
    pub activation_bytes: u64,
    /// The node during which it is reached: the first of the top level, or of a body inside it; none without nodes.
    pub peak: Option<NodeId>,
    /// The nodes of the top level as they run.
    pub order: Arc<[NodeId]>,
    /// Bytes alive while each node runs, by [`NodeId`]. In a body: with what is alive around it. 0 in functions never called.
    pub alive: Vec<u64>,
    /// Tensors whose size is not known, counted as nothing. Where there are any, all figures are lower bounds.
    pub unknown: Vec<TensorId>,
}

impl Memory {
    /// Memory of this graph; a symbolic size counts as in `bind` (name, value), else its tensor is unknown.
    pub fn of(graph: &Graph, bind: &[(&str, u64)]) -> Self {
        let mut planner = Planner::new(graph, bind);
        let top = planner.body(0, 0);
        let mut alive = vec![0u64; graph.nodes.len()];
        planner.place(0, 0, &mut alive, 0);
        let order = top.order;
        let peak = order.iter().copied().find(|id| alive[id.0 as usize] == top.peak);
        Self {
            weight_bytes: graph
                .tensors
                .iter()
                .map(|t| t.stored_bytes)
                .fold(0, u64::saturating_add),
            folded_bytes: planner.folded_bytes,
            activation_bytes: top.peak,
            peak: peak.map(|id| planner.innermost(id, &alive)),
            order,
            alive,
            unknown: planner.unknown(),
        }
    }

    /// Weights, what is computed from them once, and activations together.
    pub fn total_bytes(&self) -> u64 {
        self.weight_bytes
            .saturating_add(self.folded_bytes)
            .saturating_add(self.activation_bytes)
    }

    /// The same in a few numbers.
    pub fn needs(&self) -> Needs {
        Needs {
            weight_bytes: self.weight_bytes,
            folded_bytes: self.folded_bytes,
            activation_bytes: self.activation_bytes,
            total_bytes: self.total_bytes(),
            is_complete: self.is_complete(),
        }
    }

    /// False where sizes are not known, so that the figures are lower bounds.
    pub fn is_complete(&self) -> bool {
        self.unknown.is_empty()
    }

    /// Bytes alive while each node of the top level runs, in the order in which they run.
    pub fn curve(&self) -> impl Iterator<Item = (NodeId, u64)> + '_ {
        let alive = |id: &NodeId| self.alive.get(id.0 as usize).copied().unwrap_or_default();
        self.order.iter().map(move |id| (*id, alive(id)))
    }
}

/// What a body needs by itself.
#[derive(Clone, Default)]
struct BodyPlan {
    /// Its nodes as they run.
    order: Arc<[NodeId]>,
    /// Largest sum of what is alive at once.
    peak: u64,
    /// Bytes alive at each node of its order, without what happens inside a node's own bodies.
    at: Vec<u64>,
    /// The same with that.
    whole: Vec<u64>,
}

struct Planner<'g> {
    graph: &'g Graph,
    /// Bytes of each tensor at these sizes; none where not known. Constants take nothing here.
    bytes: Vec<Option<u64>>,
    folded_bytes: u64,
    plans: HashMap<u32, BodyPlan>,
    open: Vec<u32>,
}

impl<'g> Planner<'g> {
    fn new(graph: &'g Graph, bind: &[(&str, u64)]) -> Self {
        let ids = 0..u32::try_from(graph.tensors.len()).unwrap_or(u32::MAX);
        let mut bytes: Vec<Option<u64>> = ids.map(|id| tensor_bytes(graph, TensorId(id), bind)).collect();
        let folded = folded::folded(graph);
        let held = folded::held(graph, &folded).filter_map(|id| bytes.get(id.0 as usize).copied().flatten());
        let folded_bytes = held.fold(0, u64::saturating_add);
        // Like other constants they take nothing while the model runs.
        for (slot, _) in bytes.iter_mut().zip(&folded).filter(|(_, is_folded)| **is_folded) {
            *slot = Some(0);
        }
        Self {
            graph,
            bytes,
            folded_bytes,
            plans: HashMap::new(),
            open: Vec::new(),
        }
    }

    fn bytes(&self, id: TensorId) -> u64 {
        self.bytes.get(id.0 as usize).copied().flatten().unwrap_or(0)
    }

    /// Tensors of bodies that were planned whose size is not known; what an operator leaves out or nobody reads counts too.
    fn unknown(&self) -> Vec<TensorId> {
        let ids = (0u32..).zip(&self.bytes);
        let of_plan = |id: &u32| self.plans.contains_key(&self.graph.tensors[*id as usize].body);
        let found = ids.filter(|(_, bytes)| bytes.is_none()).map(|(id, _)| id);
        found.filter(of_plan).map(TensorId).collect()
    }

    /// Plans a body and all inside it; the plan is made once.
    fn body(&mut self, body: u32, depth: usize) -> BodyPlan {
        if let Some(plan) = self.plans.get(&body) {
            return plan.clone();
        }
        // A function that calls itself has no end; its call is reported as a problem of the model.
        if depth > MAX_DEPTH || self.open.contains(&body) {
            return BodyPlan::default();
        }
        self.open.push(body);
        let plan = self.plan(body, depth);
        self.open.pop();
        self.plans.insert(body, plan.clone());
        plan
    }

    /// Nodes of a cycle run last here; a runtime refuses them.
    fn order(&self, body: u32) -> Vec<NodeId> {
        let mut order = run_order::run_order(self.graph, body);
        let all = self.graph.body_order(body);
        if order.len() < all.len() {
            let had: HashSet<NodeId> = order.iter().copied().collect();
            order.extend(all.iter().filter(|id| !had.contains(id)));
        }
        order
    }

    fn plan(&mut self, body: u32, depth: usize) -> BodyPlan {
        let graph = self.graph;
        let order = self.order(body);
        let position: HashMap<NodeId, usize> = order.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        let roots = alias::Roots::of(graph, &order, &position, &self.bytes);
        let info = &graph.bodies[body as usize];
        // A function's inputs are the caller's tensors; a branch has none.
        let held = if info.is_function { &[][..] } else { &info.inputs };
        let mut live: u64 = held.iter().map(|id| self.bytes(*id)).fold(0, u64::saturating_add);
        let mut plan = BodyPlan {
            order: Arc::from(order.as_slice()),
            ..BodyPlan::default()
        };
        for (at, id) in order.iter().enumerate() {
            let node = graph.node(*id);
            let made = node.outputs.iter().flatten().filter(|t| roots.is_new(**t));
            let new = made.map(|t| self.bytes(*t)).fold(0, u64::saturating_add);
            let kept = live.saturating_add(new);
            let during = kept.saturating_add(self.scratch(*id));
            let inner = self.inner(node, depth);
            let whole = match &*node.op_type {
                // The results of a body that runs once are the node's own.
                "Loop" | "Scan" => during.saturating_add(inner),
                _ => during.max(live.saturating_add(inner)),
            };
            plan.peak = plan.peak.max(whole);
            plan.at.push(during);
            plan.whole.push(whole);
            let freed = roots
                .freed(at)
                .iter()
                .map(|t| self.bytes(*t))
                .fold(0, u64::saturating_add);
            live = kept.saturating_sub(freed);
        }
        // A model without nodes still holds its inputs.
        plan.peak = plan.peak.max(live);
        plan
    }

    /// What a kernel needs beside inputs and outputs where no way to compute without it is in use: LRN holds the squares of an
    /// image, with `size - 1` channels of padding, and their sums for all (onnxruntime/core/providers/cpu/nn/lrn.cc).
    fn scratch(&self, id: NodeId) -> u64 {
        let node = self.graph.node(id);
        let output = node.outputs.first().copied().flatten();
        let Some(output) = output.filter(|_| &*node.op_type == "LRN" && node.domain.is_empty()) else {
            return 0;
        };
        let sums = self.bytes(output);
        let dim = |axis: usize| {
            self.graph
                .tensor(output)
                .ty
                .shape
                .as_ref()?
                .as_known()?
                .get(axis)
                .copied()
        };
        let (images, channels) = (dim(0).unwrap_or(1).max(1), dim(1).unwrap_or(1).max(1));
        let size = self.graph.proto(id).int("size").unwrap_or(1);
        let padded = channels.saturating_add(u64::try_from(size - 1).unwrap_or(0));
        let squares = (sums / images / channels).saturating_mul(padded);
        sums.saturating_add(squares)
    }

    /// The most that a body of this node takes.
    fn inner(&mut self, node: &Node, depth: usize) -> u64 {
        let bodies = node.owned_bodies.iter().chain(&node.function);
        bodies.map(|b| self.body(*b, depth + 1).peak).max().unwrap_or(0)
    }

    /// Writes what is alive at every node of a body, on top of `around`.
    fn place(&self, body: u32, around: u64, alive: &mut [u64], depth: usize) {
        let Some(plan) = self.plans.get(&body).filter(|_| depth <= MAX_DEPTH) else {
            return;
        };
        for (i, id) in plan.order.iter().enumerate() {
            let node = self.graph.node(*id);
            let whole = around.saturating_add(plan.whole.get(i).copied().unwrap_or(0));
            let slot = &mut alive[id.0 as usize];
            // A function is called from several places.
            *slot = whole.max(*slot);
            let own: u64 = match &*node.op_type {
                "Loop" | "Scan" => 0,
                _ => node
                    .outputs
                    .iter()
                    .flatten()
                    .map(|t| self.bytes(*t))
                    .fold(0, u64::saturating_add),
            };
            let base = plan.at.get(i).copied().unwrap_or(0).saturating_sub(own);
            for inner in node.owned_bodies.iter().chain(&node.function) {
                self.place(*inner, around.saturating_add(base), alive, depth + 1);
            }
        }
    }

    /// The node inside this one's bodies that reaches as much, or this one.
    fn innermost(&self, id: NodeId, alive: &[u64]) -> NodeId {
        let mut at = id;
        for _ in 0..MAX_DEPTH {
            let node = self.graph.node(at);
            let bodies = node.owned_bodies.iter().chain(&node.function);
            let mut inside = bodies.flat_map(|b| self.graph.body_order(*b));
            match inside.find(|n| alive[n.0 as usize] >= alive[at.0 as usize]) {
                Some(inner) => at = *inner,
                None => break,
            }
        }
        at
    }
}

/// Bytes of a tensor that is no constant; none where type or size is not known.
fn tensor_bytes(graph: &Graph, id: TensorId, bind: &[(&str, u64)]) -> Option<u64> {
    let info = graph.tensor(id);
    if info.kind == TensorKind::Constant {
        return Some(0);
    }
    if info.ty.container.is_some() || info.ty.dtype == Some(DataType::String) {
        return None;
    }
    let elements = dims_at(graph, id, bind)?
        .into_iter()
        .try_fold(1u64, |n, d| n.checked_mul(d))?;
    info.ty.dtype?.packed_bytes(elements)
}
