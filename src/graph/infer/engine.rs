//! Walks the bodies: rules for ordinary nodes, recursion for If, Loop, Scan and functions.

use super::call::{Call, axis};
use super::demand::{self, Demand};
use super::fact::{Fact, Item};
use super::rules;
use super::size::Size;
use crate::graph::{Dim, Graph, NodeId, Problem, ProblemKind, TensorId, TensorKind};
use crate::model::onnx::NodeProto;
use crate::model::{DataType, quoted};
use std::collections::{BTreeMap, HashSet};

/// Bodies and functions deeper than this are left uninferred; nobody exports that.
const MAX_DEPTH: usize = 24;
/// A body is walked again where a loop's shapes change, and once per call of a function: hostile nesting would multiply
/// that, so the work is limited to this many nodes per node of the graph.
const WORK_PER_NODE: usize = 16;
const WORK_AT_LEAST: usize = 100_000;
/// Walks of a loop's body in which shapes may still change; one more finds what holds when none of them is known.
const ROUNDS: usize = 8;

/// What inference found.
pub(super) struct Found {
    /// By tensor.
    pub facts: Vec<Fact>,
    pub problems: Vec<Problem>,
    /// What nodes that certainly run demand of sizes and what does not hold for certain, in the order of the walk; only
    /// where inputs were given. The walk ends at the first demand that fails, which is the last one then.
    pub demands: Vec<(NodeId, Demand)>,
}

/// What is inferred from the model's own declarations.
pub(super) fn run(graph: &Graph) -> Found {
    let declared: Vec<Fact> = graph.tensors.iter().map(|t| Fact::declared(&t.ty)).collect();
    walk(graph, declared.clone(), declared, None)
}

/// What is inferred where these inputs of the top level are as given. Declared shapes of inner tensors say nothing then
/// (they may be left over from an export), except where an operator's own rule gives nothing.
pub(super) fn run_at(graph: &Graph, inputs: &BTreeMap<TensorId, Fact>) -> Found {
    let mut symbols: BTreeMap<&str, &Size> = BTreeMap::new();
    for (id, fact) in inputs {
        let dims = graph.tensors.get(id.0 as usize).and_then(|t| t.ty.shape.as_ref());
        for (dim, size) in dims.iter().flat_map(|s| &s.0).zip(fact.shape.iter().flatten()) {
            if let Dim::Symbol(name) = dim {
                symbols.entry(name).or_insert(size);
            }
        }
    }
    let bind = |name: &str| symbols.get(name).and_then(|size| size.known());
    let at_point = |size: Size| match size.eval(&bind) {
        Some(n) => Size::Known(n),
        // A symbol that stays one is itself.
        None if symbols.values().any(|s| s.known().is_none()) => size,
        None => Size::Unknown,
    };
    let mut declared = Vec::with_capacity(graph.tensors.len());
    let mut fallback = Vec::with_capacity(graph.tensors.len());
    for (id, tensor) in (0u32..).map(TensorId).zip(&graph.tensors) {
        let own = Fact::declared(&tensor.ty);
        match (inputs.get(&id), tensor.kind) {
            (Some(given), _) => {
                declared.push(Fact {
                    dtype: own.dtype.or(given.dtype),
                    container: own.container,
                    ..given.clone()
                });
                fallback.push(None);
            }
            (None, TensorKind::Constant) => {
                declared.push(own);
                fallback.push(None);
            }
            (None, _) => {
                let shape = own.shape.map(|s| s.into_iter().map(at_point).collect());
                let is_left_out = tensor.kind == TensorKind::Input && tensor.body == 0;
                declared.push(Fact {
                    shape: shape.clone().filter(|_| is_left_out),
                    value: None,
                    dtype: own.dtype,
                    container: own.container,
                });
                fallback.push(shape);
            }
        }
    }
    walk(graph, declared.clone(), declared, Some(fallback))
}

fn walk(graph: &Graph, facts: Vec<Fact>, declared: Vec<Fact>, fallback: Option<Vec<Option<Vec<Size>>>>) -> Found {
    let mut engine = Engine {
        graph,
        facts,
        declared,
        fallback,
        demands: Vec::new(),
        has_failed: false,
        maybe: 0,
        over_calls: vec![None; graph.tensors.len()],
        problems: Vec::new(),
        callers: Vec::new(),
        depth: 0,
        work: graph.nodes.len().saturating_mul(WORK_PER_NODE).max(WORK_AT_LEAST),
        function_of: function_tensors(graph),
        reported: graph
            .problems
            .iter()
            .filter(|p| p.kind == ProblemKind::Contradiction)
            .filter_map(|p| p.tensor.as_deref())
            .collect(),
    };
    engine.body(0);
    // Functions that nothing calls still have whatever their definition alone tells.
    engine.maybe += 1;
    for (index, body) in (0u32..).zip(&graph.bodies) {
        if body.is_function && !engine.was_called(index) {
            engine.body(index);
        }
    }
    for (fact, over) in engine.facts.iter_mut().zip(engine.over_calls) {
        if let Some(over) = over {
            *fact = over;
        }
    }
    if engine.work == 0 {
        // What was not reached is as declared; in bodies this may be the guess of a walk that others were to follow.
        let of_bodies = engine.facts.iter_mut().zip(engine.declared).zip(&graph.tensors);
        for ((fact, declared), _) in of_bodies.filter(|(_, tensor)| tensor.body != 0) {
            *fact = declared;
        }
    }
    Found {
        facts: engine.facts,
        problems: engine.problems,
        demands: engine.demands,
    }
}

/// For each function, the tensors of its definition and of the bodies inside it.
fn function_tensors(graph: &Graph) -> Vec<Vec<TensorId>> {
    let mut root: Vec<u32> = Vec::with_capacity(graph.bodies.len());
    for (index, body) in (0u32..).zip(&graph.bodies) {
        // Parents stand before their children.
        let parent = body
            .owner
            .and_then(|owner| graph.nodes.get(owner.0 as usize))
            .map(|n| n.body);
        root.push(parent.and_then(|p| root.get(p as usize).copied()).unwrap_or(index));
    }
    let mut tensors = vec![Vec::new(); graph.bodies.len()];
    for (id, tensor) in (0u32..).map(TensorId).zip(&graph.tensors) {
        let Some(top) = root.get(tensor.body as usize) else {
            continue;
        };
        if graph.bodies.get(*top as usize).is_some_and(|b| b.is_function)
            && let Some(list) = tensors.get_mut(*top as usize)
        {
            list.push(id);
        }
    }
    tensors
}

struct Engine<'g> {
    graph: &'g Graph,
    declared: Vec<Fact>,
    facts: Vec<Fact>,
    /// By tensor, the shape to take where no rule gives one; there when inputs were given, and demands are collected then.
    fallback: Option<Vec<Option<Vec<Size>>>>,
    demands: Vec<(NodeId, Demand)>,
    /// A demand fails: there is no walking on.
    has_failed: bool,
    /// Above 0 inside a body that may not run, or not with these sizes.
    maybe: usize,
    /// Tensors inside functions: what holds for all calls.
    over_calls: Vec<Option<Fact>>,
    problems: Vec<Problem>,
    /// Nodes that call the functions we are in, with the function's body, outermost first.
    callers: Vec<(&'g NodeProto, u32)>,
    depth: usize,
    work: usize,
    function_of: Vec<Vec<TensorId>>,
    /// Tensors whose declarations already contradict each other: one message is enough.
    reported: HashSet<&'g str>,
}

impl<'g> Engine<'g> {
    fn was_called(&self, function: u32) -> bool {
        let tensors = self.function_of.get(function as usize);
        tensors.is_some_and(|t| {
            t.iter()
                .any(|id| self.over_calls.get(id.0 as usize).is_some_and(Option::is_some))
        })
    }

    fn fact(&self, id: TensorId) -> Fact {
        self.facts.get(id.0 as usize).cloned().unwrap_or_default()
    }

    /// Sets what was inferred, under what is declared.
    fn set(&mut self, id: TensorId, inferred: Fact, node: Option<NodeId>) {
        let Some(declared) = self.declared.get(id.0 as usize) else {
            return;
        };
        let tensor = self.graph.tensors.get(id.0 as usize);
        let silent = tensor.is_some_and(|t| t.kind == TensorKind::Constant || self.reported.contains(&*t.name));
        let (mut fact, contradiction) = declared.refine(inferred);
        let fallback = self.fallback.as_ref().and_then(|all| all.get(id.0 as usize));
        if let Some(Some(fallback)) = fallback {
            fact.fill(fallback);
        }
        if let (Some(what), Some(node), false) = (contradiction, node, silent) {
            self.problems.push(self.contradiction(id, node, &what));
        }
        if let Some(slot) = self.facts.get_mut(id.0 as usize) {
            *slot = fact;
        }
    }

    fn contradiction(&self, id: TensorId, node: NodeId, what: &str) -> Problem {
        let name = self.graph.tensors.get(id.0 as usize).map(|t| t.name.clone());
        let of = self.graph.nodes.get(node.0 as usize).map_or_else(String::new, |n| {
            if n.name.is_empty() {
                format!("{} {}", n.op_type, n.path)
            } else {
                format!("{} {}", n.op_type, quoted(&n.name))
            }
        });
        let message = format!("{of}: output {} is {what}", quoted(name.as_deref().unwrap_or_default()));
        Problem {
            node: Some(node),
            tensor: name,
            kind: ProblemKind::Contradiction,
            message,
        }
    }

    /// Walks a body; `None` where it is too deep, or the work is used up: its facts are not to be relied on then.
    fn body(&mut self, body: u32) -> Option<()> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let graph = self.graph;
        let mut is_whole = true;
        for id in graph.body_order(body) {
            is_whole = self.work > 0 && !self.has_failed;
            if !is_whole {
                break;
            }
            self.work -= 1;
            self.node(*id);
        }
        self.depth -= 1;
        is_whole.then_some(())
    }

    fn node(&mut self, id: NodeId) {
        let graph = self.graph;
        let Some(node) = graph.nodes.get(id.0 as usize) else {
            return;
        };
        let outputs = if let Some(function) = node.function {
            self.function(id, function)
        } else {
            let inputs = node.inputs.iter().map(|i| i.map(|i| self.fact(i))).collect();
            let callers: Vec<&NodeProto> = self.callers.iter().rev().map(|c| c.0).collect();
            let defaults = self
                .callers
                .last()
                .and_then(|(_, body)| graph.function_proto(*body))
                .map_or(&[][..], |f| f.attribute_proto.as_slice());
            let call = Call {
                graph,
                node,
                proto: graph.proto(id),
                callers: &callers,
                defaults,
                inputs,
                opset: graph.opset(node.body, "").unwrap_or(i64::MAX),
                is_asked: self.fallback.is_some(),
            };
            if self.fallback.is_some() && self.maybe == 0 {
                for demand in demand::of(&call) {
                    self.has_failed = demand.relation.state() == Some(false);
                    self.demands.push((id, demand));
                    if self.has_failed {
                        return;
                    }
                }
            }
            match (&*node.domain, &*node.op_type) {
                ("", "If") => self.branches(&call),
                ("", "Loop") => self.loop_(&call),
                ("", "Scan") => self.scan(&call),
                _ => rules::outputs(&call),
            }
        };
        let outputs = outputs.unwrap_or_default();
        for (i, output) in node.outputs.iter().enumerate() {
            if let Some(output) = output {
                let inferred = outputs.get(i).cloned().unwrap_or_default();
                self.set(*output, inferred, Some(id));
            }
        }
    }

    fn owned(&self, call: &Call<'_>, name: &str) -> Option<u32> {
        call.node
            .owned_bodies
            .iter()
            .copied()
            .find(|i| self.graph.bodies.get(*i as usize).is_some_and(|b| &*b.name == name))
    }

    fn outputs_of(&self, body: u32) -> Vec<Fact> {
        let outputs = self
            .graph
            .bodies
            .get(body as usize)
            .map_or(&[][..], |b| b.outputs.as_slice());
        outputs.iter().map(|id| self.with_value(*id)).collect()
    }

    /// The fact with its value read, when it is a small constant: its consumer is another tensor.
    fn with_value(&self, id: TensorId) -> Fact {
        let fact = self.fact(id);
        if fact.value.is_some() || fact.shape.as_deref().and_then(super::fact::elements).is_none() {
            return fact;
        }
        let Some(Ok(tensor)) = self.graph.constant(id) else {
            return fact;
        };
        let items = if tensor.dtype.is_float() {
            tensor.to_f64_iter().map(|v| v.map(Item::Float).collect())
        } else {
            tensor
                .to_i64()
                .map(|v| v.into_iter().map(|n| Item::Int(Size::Known(n))).collect())
        };
        fact.with_items(items)
    }

    fn branches(&mut self, call: &Call<'_>) -> Option<Vec<Fact>> {
        let (then, other) = (self.owned(call, "then_branch")?, self.owned(call, "else_branch")?);
        let condition = call.scalar(0).and_then(|c| c.known());
        for (body, runs) in [(then, condition.is_some_and(|c| c != 0)), (other, condition == Some(0))] {
            self.maybe += usize::from(!runs);
            let walked = self.body(body);
            self.maybe -= usize::from(!runs);
            walked?;
        }
        let (a, b) = (self.outputs_of(then), self.outputs_of(other));
        Some(match condition {
            Some(0) => b,
            Some(_) => a,
            None => a.iter().zip(&b).map(|(a, b)| a.join(b)).collect(),
        })
    }

    /// Binds a body's inputs; their own declarations stay on top.
    fn bind(&mut self, body: u32, facts: Vec<Fact>) {
        let graph = self.graph;
        let Some(body) = graph.bodies.get(body as usize) else {
            return;
        };
        for (id, fact) in body.inputs.iter().zip(facts) {
            self.set(*id, fact, None);
        }
    }

    /// Walks a body that feeds some of its outputs back, until the shapes it carries hold for every round: what one round
    /// changes may reach another carried tensor in the next. `None` as for [`Self::body`].
    fn rounds(
        &mut self,
        body: u32,
        before: Vec<Fact>,
        carried: Vec<Fact>,
        after: Vec<Fact>,
        skip: usize,
    ) -> Option<Vec<Fact>> {
        // The value of a carried tensor is another one in the next round.
        let mut carried: Vec<Fact> = carried.into_iter().map(|f| Fact { value: None, ..f }).collect();
        let problems = self.problems.len();
        for round in 0..=ROUNDS {
            // What an earlier walk contradicted was a guess.
            self.problems.truncate(problems);
            let mut inputs = before.clone();
            inputs.extend(carried.iter().cloned());
            inputs.extend(after.iter().cloned());
            self.bind(body, inputs);
            self.maybe += 1;
            let walked = self.body(body);
            self.maybe -= 1;
            walked?;
            let outputs = self.outputs_of(body);
            let joined: Vec<Fact> = carried
                .iter()
                .enumerate()
                .map(|(i, f)| {
                    f.join(&Fact {
                        value: None,
                        ..outputs.get(skip + i).cloned().unwrap_or_default()
                    })
                })
                .collect();
            if joined == carried {
                break;
            }
            carried = joined;
            if round + 1 == ROUNDS {
                // Still changing: only the element types are sure.
                carried = carried.into_iter().map(|f| Fact { shape: None, ..f }).collect();
            }
        }
        Some(carried)
    }

    fn loop_(&mut self, call: &Call<'_>) -> Option<Vec<Fact>> {
        let body = self.owned(call, "body")?;
        let before = vec![
            Fact::new(Some(DataType::Int64), Some(Vec::new())),
            Fact::new(Some(DataType::Bool), Some(Vec::new())),
        ];
        let carried: Vec<Fact> = call
            .inputs
            .iter()
            .skip(2)
            .map(|f| f.clone().unwrap_or_default())
            .collect();
        let count = carried.len();
        let mut outputs = self.rounds(body, before, carried, Vec::new(), 1)?;
        let inner = self.outputs_of(body);
        // Every round adds one row; how many rounds there are is known only if the condition is true before the first and
        // stays so (Loop-11: a condition that is left out is true), or is false from the start.
        let always = inner
            .first()
            .and_then(|f| f.value.clone())
            .is_some_and(|v| *v == [Item::Int(Size::Known(1))]);
        let begins = match call.has(1) {
            true => call.scalar(1).and_then(|c| c.known()),
            false => Some(1),
        };
        let rows = match begins {
            Some(0) => Size::Known(0),
            Some(_) if always => call.scalar(0).map_or(Size::Unknown, |n| n.at_least_zero()),
            _ => Size::Unknown,
        };
        for scanned in inner.into_iter().skip(1 + count) {
            let shape = scanned.shape.map(|s| std::iter::once(rows.clone()).chain(s).collect());
            outputs.push(Fact::new(scanned.dtype, shape));
        }
        Some(outputs)
    }

    fn scan(&mut self, call: &Call<'_>) -> Option<Vec<Fact>> {
        let body = self.owned(call, "body")?;
        if call.opset < 9 {
            return None;
        }
        let scanned = usize::try_from(call.int("num_scan_inputs")?).ok()?;
        let states = call.inputs.len().checked_sub(scanned)?;
        let axes = call.ints("scan_input_axes").unwrap_or_default();
        let mut length = Size::Unknown;
        let mut slices = Vec::new();
        for (i, fact) in call.inputs.iter().skip(states).enumerate() {
            let fact = fact.clone().unwrap_or_default();
            let shape = fact.shape.and_then(|mut shape| {
                let at = axis(axes.get(i).copied().unwrap_or(0), shape.len())?;
                length = length.equal(&shape.remove(at));
                Some(shape)
            });
            slices.push(Fact::new(fact.dtype, shape));
        }
        let carried: Vec<Fact> = call
            .inputs
            .iter()
            .take(states)
            .map(|f| f.clone().unwrap_or_default())
            .collect();
        let mut outputs = self.rounds(body, Vec::new(), carried, slices, 0)?;
        let axes = call.ints("scan_output_axes").unwrap_or_default();
        for (i, fact) in self.outputs_of(body).into_iter().skip(states).enumerate() {
            let shape = fact.shape.and_then(|mut shape| {
                let at = axis(axes.get(i).copied().unwrap_or(0), shape.len() + 1)?;
                shape.insert(at, length.clone());
                Some(shape)
            });
            outputs.push(Fact::new(fact.dtype, shape));
        }
        Some(outputs)
    }

    fn function(&mut self, id: NodeId, function: u32) -> Option<Vec<Fact>> {
        // Functions that call themselves are not ONNX.
        if self.callers.iter().any(|(_, body)| *body == function) || self.callers.len() >= MAX_DEPTH {
            return None;
        }
        let graph = self.graph;
        let node = graph.nodes.get(id.0 as usize)?;
        let inputs = node
            .inputs
            .iter()
            .map(|i| i.map(|i| self.with_value(i)).unwrap_or_default());
        let inputs = inputs.collect();
        self.callers.push((graph.proto(id), function));
        let problems = self.problems.len();
        self.bind(function, inputs);
        let is_whole = self.body(function);
        // A definition holds for all its calls, so no single call contradicts it.
        self.problems.truncate(problems);
        self.callers.pop();
        is_whole?;
        for tensor in self.function_of.get(function as usize).into_iter().flatten() {
            let index = tensor.0 as usize;
            if let (Some(fact), Some(over)) = (self.facts.get(index), self.over_calls.get_mut(index)) {
                let fact = Fact {
                    value: None,
                    ..fact.clone()
                };
                *over = Some(match over.take() {
                    Some(before) => before.join(&fact),
                    None => fact,
                });
            }
        }
        Some(self.outputs_of(function))
    }
}
