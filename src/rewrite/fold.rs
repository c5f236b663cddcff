//! Constant folding: nodes whose inputs are all known are replaced by their values.
//!
//! Also folded: `Shape` and `Size` of tensors whose shape is known, and picks (`Gather`, `Slice`) of known sizes out of a
//! shape that is not known as a whole. `Constant` nodes become initializers. Never folded: anything random, operators of
//! other domains, nodes with bodies, dequantization (its constant is what makes a weight a quantized one).

use super::clean::{Done, count, label};
use super::edit::{Edit, defaults};
use crate::graph::eval::{self, Operation, Refusal};
use crate::graph::{Dim, Graph, Node, NodeId, ProblemKind, Producer, TensorId, TensorKind};
use crate::model::onnx::NodeProto;
use crate::model::{Model, Tensor};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Rounds of folding, each with types and shapes inferred anew; real models need two or three.
const ROUNDS: usize = 10;
/// Data read and made in all, in multiples of the size limit of one result; ends the work on hostile models.
const WORK: u64 = 256;

/// A value is written out when it takes at most this many bytes, or at most this many times the bytes it is made from.
const GROWTH_FLOOR: u64 = 16 << 10;
const GROWTH: u64 = 4;

/// Folds until nothing more can be.
///
/// # Errors
/// Structural problems that must be settled first; data that cannot be read.
pub(super) fn fold(model: &Arc<Model>, max_bytes: u64, copies: bool) -> Result<Done, String> {
    let mut model = model.clone();
    let (mut folded, mut moved, mut constants, mut cleared) = (0, 0, 0, 0);
    let mut notes = Vec::new();
    let mut work = max_bytes.saturating_mul(WORK);
    for _ in 0..ROUNDS {
        let graph = Graph::new(model.clone());
        refuse_broken(&graph)?;
        let mut round = Round {
            graph: &graph,
            edit: Edit::new(&graph),
            known: HashMap::new(),
            defaults: defaults(&graph),
            max_bytes,
            copies,
            shared: HashSet::new(),
            work,
            notes: Vec::new(),
        };
        let (values, literals) = round.run();
        work = round.work;
        notes = round.notes;
        if values == 0 && literals == 0 {
            break;
        }
        let edited = round.edit.finish();
        model.check_intact().map_err(|e| e.to_string())?;
        folded += values;
        moved += literals;
        // Constants made in an earlier round may be folded away in this one; literals are no new constants.
        constants += edited.constants.saturating_sub(literals);
        cleared += edited.removed.saturating_sub(values + literals);
        model = Arc::new(model.with_proto(edited.proto));
    }
    let mut parts = Vec::new();
    if folded > 0 {
        parts.push(format!(
            "folded {} into {}",
            count(folded, "node"),
            count(constants, "constant")
        ));
    }
    if moved > 0 {
        parts.push(format!("moved {} to initializers", count(moved, "Constant node")));
    }
    if cleared > 0 {
        parts.push(format!(
            "removed {} that nothing reads any more",
            count(cleared, "node")
        ));
    }
    let summary = match parts.is_empty() {
        true => "Nothing to fold".to_owned(),
        false => {
            let mut text = parts.join(", ");
            // Each part begins with a word of ours.
            if let Some(first) = text.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            text
        }
    };
    Ok(Done { model, summary, notes })
}

/// A name that means two things, or a node that feeds itself, has no value to fold.
pub(super) fn refuse_broken(graph: &Graph) -> Result<(), String> {
    let is_broken = |kind: ProblemKind, has_tensor: bool| match kind {
        ProblemKind::Cycle => true,
        ProblemKind::DuplicateName => has_tensor,
        _ => false,
    };
    match graph.problems.iter().find(|p| is_broken(p.kind, p.tensor.is_some())) {
        Some(problem) => Err(format!("the model is broken: {}", problem.message)),
        None => Ok(()),
    }
}

/// True when what is declared of the tensor is not what its operator gives: it may be either.
pub(super) fn is_contradicted(graph: &Graph, tensor: TensorId) -> bool {
    let name = &*graph.tensor(tensor).name;
    let mut problems = graph.problems.iter();
    problems.any(|p| p.kind == ProblemKind::Contradiction && p.tensor.as_deref() == Some(name))
}

struct Round<'a> {
    graph: &'a Graph,
    edit: Edit<'a>,
    known: HashMap<TensorId, Tensor>,
    defaults: HashSet<TensorId>,
    max_bytes: u64,
    /// Values made from weights that stay in the file are written out too.
    copies: bool,
    /// Those values.
    shared: HashSet<TensorId>,
    /// Bytes that may still be read and made.
    work: u64,
    notes: Vec<(String, String)>,
}

impl Round<'_> {
    /// Nodes folded, and `Constant` nodes turned to initializers.
    fn run(&mut self) -> (usize, usize) {
        let graph = self.graph;
        let (mut folded, mut literals) = (Vec::new(), Vec::new());
        for id in graph.topological_order() {
            let node = graph.node(id);
            if !node.domain.is_empty()
                || !node.owned_bodies.is_empty()
                || node.function.is_some()
                || node.outputs.is_empty()
            {
                continue;
            }
            if &*node.op_type == "Constant" {
                literals.push(id);
                continue;
            }
            match self.evaluate(id, node) {
                None => {}
                Some(Ok(values)) => {
                    for (tensor, value) in node.outputs.iter().zip(values) {
                        if let Some(tensor) = tensor {
                            self.known.insert(*tensor, value);
                        }
                    }
                    folded.push(id);
                }
                Some(Err(refusal)) => self.note(node, &refusal.to_string()),
            }
        }
        self.shared = self.shared(&folded);
        // Backwards, so that a value which only feeds other folded nodes is not written out.
        let mut done = 0;
        for id in folded.iter().rev() {
            let node = graph.node(*id);
            if let Some(bytes) = self.growth(node) {
                let is_copy = node.outputs.iter().flatten().any(|t| self.shared.contains(t));
                let why = if is_copy {
                    ", where what it is made from stays for other readers"
                } else {
                    ""
                };
                self.note(node, &format!("its value would take {bytes} bytes in the file{why}"));
                continue;
            }
            done += 1;
            self.edit.remove(*id);
            for tensor in node.outputs.iter().flatten() {
                if let Some(value) = self.known.get(tensor) {
                    self.edit.set_constant(*tensor, value.clone());
                }
            }
        }
        (done, self.move_literals(&literals))
    }

    fn note(&mut self, node: &Node, reason: &str) {
        self.notes
            .push((label(node), format!("{} kept: {reason}", node.op_type)));
    }

    /// What folded nodes make from large weights that other nodes read as they are: written out, it would be stored twice.
    fn shared(&self, folded: &[NodeId]) -> HashSet<TensorId> {
        let mut shared = HashSet::new();
        if self.copies {
            return shared;
        }
        let done: HashSet<NodeId> = folded.iter().copied().collect();
        for id in folded {
            let node = self.graph.node(*id);
            let stays = |t: &TensorId| {
                let info = self.graph.tensor(*t);
                let is_read = || info.is_output || info.consumers.iter().any(|(reader, _)| !done.contains(reader));
                shared.contains(t) || !self.known.contains_key(t) && info.stored_bytes > GROWTH_FLOOR && is_read()
            };
            if node.inputs.iter().flatten().any(stays) {
                shared.extend(node.outputs.iter().flatten());
            }
        }
        shared
    }

    /// Bytes that the values of a node would add to the file, when they are many and far more than those it is made from:
    /// a node that only repeats or fills is better than what it makes.
    fn growth(&self, node: &Node) -> Option<u64> {
        let outputs = node.outputs.iter().flatten().filter(|t| self.edit.uses(**t) > 0);
        let made: u64 = outputs
            .filter_map(|t| self.known.get(t))
            .map(|value| value.bytes.len() as u64)
            .sum();
        let bytes = |t: &TensorId| match self.known.get(t) {
            Some(value) => value.bytes.len() as u64,
            None => self.graph.tensor(*t).stored_bytes,
        };
        let given: u64 = node.inputs.iter().flatten().map(bytes).sum();
        let is_copy = node.outputs.iter().flatten().any(|t| self.shared.contains(t));
        (made > GROWTH_FLOOR && (is_copy || made / GROWTH > given)).then_some(made)
    }

    /// Turns `Constant` nodes into initializers where the file allows it and the name is no output.
    fn move_literals(&mut self, literals: &[NodeId]) -> usize {
        let graph = self.graph;
        if graph.model.proto().ir_version.unwrap_or(0) < 4 {
            return 0;
        }
        let mut moved = 0;
        for id in literals {
            let node = graph.node(*id);
            let [Some(tensor)] = node.outputs[..] else { continue };
            let in_function = graph.bodies[node.body as usize].is_function;
            if self.edit.is_removed(*id) || in_function || graph.tensor(tensor).is_output || self.edit.uses(tensor) == 0
            {
                continue;
            }
            // Strings stay nodes.
            if let Some(Ok(value)) = graph.constant(tensor) {
                self.edit.remove(*id);
                self.edit.set_constant(tensor, value);
                moved += 1;
            }
        }
        moved
    }

    fn value(&self, tensor: TensorId) -> Option<Tensor> {
        if let Some(known) = self.known.get(&tensor) {
            return Some(known.clone());
        }
        if self.graph.tensor(tensor).kind != TensorKind::Constant || self.defaults.contains(&tensor) {
            return None;
        }
        self.graph.constant(tensor)?.ok()
    }

    /// The node's outputs; `None` when it is not constant.
    fn evaluate(&mut self, id: NodeId, node: &Node) -> Option<Result<Vec<Tensor>, Refusal>> {
        // Operators without inputs are literals, or random.
        let first = node.inputs.first().copied().flatten()?;
        let proto = self.graph.proto(id);
        let operation = Operation {
            model: &self.graph.model,
            node: proto,
            opset: self.graph.opset(node.body, "")?,
            limit: self.max_bytes,
        };
        if has_references(proto) {
            return None;
        }
        if let Some(known) = self.known_sizes(operation, node, first) {
            return Some(Ok(vec![known]));
        }
        // CastLike reads the type of its second input, not the values.
        let is_type = |at: usize| at == 1 && &*node.op_type == "CastLike";
        let read = || node.inputs.iter().enumerate();
        if read().any(|(at, t)| !is_type(at) && t.is_some_and(|t| !self.is_constant(t))) {
            return None;
        }
        let value = |at: usize, tensor: TensorId| match self.graph.tensor(tensor).ty.dtype {
            Some(dtype) if is_type(at) => Tensor::new(dtype, &[0], bytes::Bytes::new()),
            _ => self.value(tensor),
        };
        let inputs: Vec<Option<Tensor>> = read().map(|(at, t)| t.and_then(|t| value(at, t))).collect();
        if inputs
            .iter()
            .zip(&node.inputs)
            .any(|(value, read)| value.is_none() && read.is_some())
        {
            return None;
        }
        let cost = inputs.iter().flatten().map(|t| t.bytes.len() as u64 + 1).sum::<u64>();
        let Some(left) = self.work.checked_sub(cost) else {
            return Some(Err(Refusal::Case(
                "the constants of this model are too much work".into(),
            )));
        };
        self.work = left;
        let references: Vec<Option<&Tensor>> = inputs.iter().map(Option::as_ref).collect();
        let values = eval::evaluate(operation, &references);
        if let Ok(values) = &values {
            let made = values.iter().map(|t| t.bytes.len() as u64).sum();
            self.work = self.work.saturating_sub(made);
            if values.len() < node.outputs.len() {
                return Some(Err(Refusal::Case("not all its outputs are evaluated".into())));
            }
        }
        Some(values)
    }

    fn is_constant(&self, tensor: TensorId) -> bool {
        let is_stored = self.graph.tensor(tensor).kind == TensorKind::Constant && !self.defaults.contains(&tensor);
        is_stored || self.known.contains_key(&tensor)
    }

    /// Sizes that types already tell: all of a shape, their product, or the part of a shape that a node picks.
    fn known_sizes(&self, operation: Operation<'_>, node: &Node, first: TensorId) -> Option<Tensor> {
        match &*node.op_type {
            "Shape" => {
                let sizes = self.sizes(operation, first)?;
                let known: Option<Vec<i64>> = sizes.into_iter().collect();
                let known = known?;
                Tensor::from_i64(&[known.len() as u64], &known)
            }
            "Size" => {
                let count = self.shape(first)?.elements()?;
                Tensor::from_i64(&[], &[i64::try_from(count).ok()?])
            }
            "Gather" | "Slice" => {
                let Producer::Node { node: maker, .. } = self.graph.tensor(first).producer else {
                    return None;
                };
                let shape = self.graph.node(maker);
                let is_shape = &*shape.op_type == "Shape" && shape.domain.is_empty();
                if !is_shape || has_references(self.graph.proto(maker)) {
                    return None;
                }
                let maker = Operation {
                    node: self.graph.proto(maker),
                    ..operation
                };
                let sizes = self.sizes(maker, shape.inputs.first().copied().flatten()?)?;
                // The node run on positions says which sizes it picks.
                let positions: Vec<i64> = (0..sizes.len() as i64).collect();
                let positions = Tensor::from_i64(&[sizes.len() as u64], &positions)?;
                let rest: Option<Vec<Option<Tensor>>> = node.inputs[1..]
                    .iter()
                    .map(|read| match read {
                        None => Some(None),
                        Some(read) => self.value(*read).map(Some),
                    })
                    .collect();
                let rest = rest?;
                let mut inputs = vec![Some(&positions)];
                inputs.extend(rest.iter().map(Option::as_ref));
                let picked = eval::evaluate(operation, &inputs).ok()?.into_iter().next()?;
                let values: Option<Vec<i64>> = picked
                    .to_i64()?
                    .into_iter()
                    .map(|at| sizes.get(usize::try_from(at).ok()?).copied().flatten())
                    .collect();
                Tensor::from_i64(&picked.dims, &values?)
            }
            _ => None,
        }
    }

    fn shape(&self, tensor: TensorId) -> Option<&crate::graph::Shape> {
        let ty = &self.graph.tensor(tensor).ty;
        if ty.container.is_some() || is_contradicted(self.graph, tensor) {
            None
        } else {
            ty.shape.as_ref()
        }
    }

    /// What a Shape node gives of a tensor whose rank is known; `None` for the sizes that are not.
    fn sizes(&self, shape: Operation<'_>, of: TensorId) -> Option<Vec<Option<i64>>> {
        let dims = &self.shape(of)?.0;
        let range = eval::shape_range(shape, dims.len());
        let size = |dim: &Dim| match dim {
            Dim::Known(n) => i64::try_from(*n).ok(),
            _ => None,
        };
        Some(dims.get(range)?.iter().map(size).collect())
    }
}

/// True when an attribute takes its value from the call of the function that the node stands in.
pub(super) fn has_references(node: &NodeProto) -> bool {
    node.attribute
        .iter()
        .any(|a| a.ref_attr_name.as_deref().is_some_and(|name| !name.is_empty()))
}
