//! Which node is the first bad one, from the errors of tensors.
//!
//! The rule. A tensor is *bad* when its error is beyond the limit. A node is *bad* when it makes a bad tensor and
//! everything that it reads is within the limit: constants and inputs of the model always are; a tensor that cannot be
//! compared is looked through, to what its own producer reads. Of the bad nodes only those count from which bad tensors
//! lead on to a bad output of the model: an error that heals (a ReLU cuts it off, a Softmax levels it) harms nobody. The
//! first of these in topological order is named. There is one whenever an output is bad: walking from that output to
//! bad inputs must end.
//!
//! Errors also grow without any node being wrong: rounding adds up, and a node that subtracts or divides nearly equal
//! numbers amplifies what arrives. Such a node too is the first to cross the limit. So whoever names a node here runs it
//! alone on the reference's values: if it is bad then too, the fault is its own ([`super::differences::Alone`]).
//!
//! [`first_bad`] wants all errors. [`Search`] asks for few of them, for engines that must be built anew for every tensor:
//! a binary search along the topological order of what a bad tensor depends on, which takes errors to grow along it. Where
//! that does not hold it still ends at a bad node by the rule, since what the node reads is asked for at the end; it may
//! then not be the first.

use crate::graph::{Graph, NodeId, Producer, TensorId, TensorKind};
use std::collections::{BTreeSet, HashMap, HashSet};

/// A bad node whose inputs are within the limit.
#[derive(Clone, PartialEq, Debug)]
pub struct Bad {
    /// The node, of the top level.
    pub node: NodeId,
    /// Its worst output.
    pub tensor: TensorId,
    /// Error of that; infinite for NaN and infinities.
    pub after: f64,
    /// What it reads, with errors.
    pub reads: Vec<(TensorId, f64)>,
    /// Nodes that were looked through on the way to what it reads.
    pub unseen: Vec<NodeId>,
}

impl Bad {
    /// Largest error of what it reads.
    pub fn before(&self) -> f64 {
        self.reads.iter().map(|(_, e)| *e).fold(0.0, f64::max)
    }
}

/// The first bad node, by the rule above, from the errors of all tensors that can be compared; none when no output of the
/// model is bad.
pub fn first_bad(graph: &Graph, errors: &HashMap<TensorId, f64>, limit: f64) -> Option<Bad> {
    let is_bad = |t: &TensorId| errors.get(t).is_some_and(|e| *e > limit);
    let may_be_bad = |t: &TensorId| errors.get(t).is_none_or(|e| *e > limit);
    // Everything from which bad (or unknown) tensors lead to a bad output.
    let outputs = graph.bodies.first().map(|b| b.outputs.as_slice()).unwrap_or_default();
    let mut todo: Vec<TensorId> = outputs.iter().copied().filter(is_bad).collect();
    let mut leads: HashSet<TensorId> = todo.iter().copied().collect();
    while let Some(tensor) = todo.pop() {
        let Some(node) = producer(graph, tensor) else { continue };
        for read in reads(graph, node).filter(|t| may_be_bad(t)) {
            if leads.insert(read) {
                todo.push(read);
            }
        }
    }
    for node in graph.body_order(0) {
        let made = graph.node(*node).outputs.iter().flatten();
        let bad = made.copied().filter(|t| leads.contains(t) && is_bad(t));
        if let Some(tensor) = worst(bad, errors) {
            let found = judge(graph, *node, tensor, errors);
            if found.reads.iter().all(|(t, _)| !is_bad(t)) {
                return Some(found);
            }
        }
    }
    None
}

/// The tensor with the largest error, the first of equals.
fn worst(tensors: impl Iterator<Item = TensorId>, errors: &HashMap<TensorId, f64>) -> Option<TensorId> {
    tensors.fold(None, |best: Option<TensorId>, t| match best {
        Some(b) if errors.get(&b) >= errors.get(&t) => Some(b),
        _ => Some(t),
    })
}

/// What is known of a node that makes this tensor.
fn judge(graph: &Graph, node: NodeId, tensor: TensorId, errors: &HashMap<TensorId, f64>) -> Bad {
    let (seen, unseen) = look_through(graph, node, |t| errors.contains_key(&t));
    Bad {
        node,
        tensor,
        after: errors.get(&tensor).copied().unwrap_or(0.0),
        reads: seen.into_iter().filter_map(|t| Some((t, *errors.get(&t)?))).collect(),
        unseen,
    }
}

/// What a node reads, looking through tensors that are not `known`: these stop the walk; and the nodes looked through.
fn look_through(graph: &Graph, node: NodeId, known: impl Fn(TensorId) -> bool) -> (Vec<TensorId>, Vec<NodeId>) {
    let (mut seen, mut unseen) = (BTreeSet::new(), BTreeSet::new());
    let mut todo = vec![node];
    while let Some(at) = todo.pop() {
        for read in reads(graph, at) {
            if known(read) {
                seen.insert(read);
            } else if let Some(behind) = producer(graph, read)
                && behind != node
                && unseen.insert(behind)
            {
                todo.push(behind);
            }
        }
    }
    (seen.into_iter().collect(), unseen.into_iter().collect())
}

/// Computed tensors of the top level that a node reads, its bodies included.
fn reads(graph: &Graph, node: NodeId) -> impl Iterator<Item = TensorId> + '_ {
    let node = graph.node(node);
    let all = node.inputs.iter().flatten().chain(&node.captures).copied();
    all.filter(|t| {
        let tensor = graph.tensor(*t);
        tensor.body == 0 && tensor.kind == TensorKind::Activation
    })
}

/// The node of the top level that makes a tensor.
fn producer(graph: &Graph, tensor: TensorId) -> Option<NodeId> {
    match graph.tensor(tensor).producer {
        Producer::Node { node, .. } if graph.node(node).body == 0 => Some(node),
        _ => None,
    }
}

/// Computed tensors that a tensor depends on, itself not among them.
fn ancestors(graph: &Graph, tensor: TensorId) -> HashSet<TensorId> {
    let mut found = HashSet::new();
    let mut todo = vec![tensor];
    while let Some(at) = todo.pop() {
        let Some(node) = producer(graph, at) else { continue };
        for read in reads(graph, node) {
            if read != tensor && found.insert(read) {
                todo.push(read);
            }
        }
    }
    found
}

/// What a search does next.
#[derive(Clone, PartialEq, Debug)]
pub enum Next {
    /// Ask for the errors of these tensors.
    Probe(Vec<TensorId>),
    /// The end.
    Found(Bad),
}

/// Where a tensor stands.
#[derive(Clone, Copy)]
struct Spot {
    /// Position in topological order.
    at: usize,
    /// Who makes it.
    node: NodeId,
}

/// A binary search for a bad node.
pub struct Search<'a> {
    graph: &'a Graph,
    limit: f64,
    /// Every tensor that can be asked for.
    spots: HashMap<TensorId, Spot>,
    errors: HashMap<TensorId, f64>,
    /// The earliest bad tensor so far, and who makes it.
    bad: (TensorId, Spot),
    /// What may be between that and the good ones, in order.
    between: Vec<TensorId>,
}

impl<'a> Search<'a> {
    /// A search among `comparable` tensors (in any order), with the errors of the model's outputs; none when no output is
    /// bad.
    pub fn new(
        graph: &'a Graph,
        comparable: &[TensorId],
        outputs: &HashMap<TensorId, f64>,
        limit: f64,
    ) -> Option<Self> {
        let allowed: HashSet<TensorId> = comparable.iter().chain(outputs.keys()).copied().collect();
        let made = graph.body_order(0).iter().flat_map(|node| {
            let outputs = graph.node(*node).outputs.iter().flatten();
            outputs.map(|t| (*t, *node))
        });
        let spots: HashMap<TensorId, Spot> = made
            .filter(|(t, _)| allowed.contains(t))
            .enumerate()
            .map(|(at, (t, node))| (t, Spot { at, node }))
            .collect();
        let bad = outputs.iter().filter(|(_, e)| **e > limit);
        let bad = bad.filter_map(|(t, _)| Some((*t, *spots.get(t)?)));
        let bad = bad.min_by_key(|(_, spot)| spot.at)?;
        let mut search = Self {
            graph,
            limit,
            spots,
            errors: outputs.clone(),
            bad,
            between: Vec::new(),
        };
        search.between = search.open_before(bad.0);
        Some(search)
    }

    /// What a tensor depends on and is not known yet, in order.
    fn open_before(&self, tensor: TensorId) -> Vec<TensorId> {
        let before = ancestors(self.graph, tensor).into_iter();
        let open = before.filter(|t| !self.errors.contains_key(t));
        let mut open: Vec<(usize, TensorId)> = open.filter_map(|t| Some((self.spots.get(&t)?.at, t))).collect();
        open.sort_unstable();
        open.into_iter().map(|(_, t)| t).collect()
    }

    /// What to do next. Ask as long as it says [`Next::Probe`], and [`Self::tell`] what came of it.
    pub fn step(&self) -> Next {
        if let Some(middle) = self.between.get(self.between.len() / 2) {
            return Next::Probe(vec![*middle]);
        }
        // Everything in between is taken to be good; what the node reads must be shown to be.
        let node = self.bad.1.node;
        let (reads, _) = look_through(self.graph, node, |t| self.spots.contains_key(&t));
        let open: Vec<TensorId> = reads.into_iter().filter(|t| !self.errors.contains_key(t)).collect();
        if !open.is_empty() {
            return Next::Probe(open);
        }
        let made = self.graph.node(node).outputs.iter().flatten().copied();
        let tensor = worst(made.filter(|t| self.errors.contains_key(t)), &self.errors);
        Next::Found(judge(self.graph, node, tensor.unwrap_or(self.bad.0), &self.errors))
    }

    /// The error of a tensor that was asked for; none when it cannot be had after all.
    pub fn tell(&mut self, tensor: TensorId, error: Option<f64>) {
        let spot = self.spots.get(&tensor).copied();
        let (Some(spot), Some(error)) = (spot, error) else {
            self.spots.remove(&tensor);
            self.between.retain(|t| *t != tensor);
            return;
        };
        self.errors.insert(tensor, error);
        let was_between = self.between.contains(&tensor);
        if error <= self.limit {
            let at = |t: &TensorId| self.spots.get(t).map(|s| s.at);
            self.between.retain(|t| at(t) > Some(spot.at));
        } else if spot.at < self.bad.1.at {
            self.bad = (tensor, spot);
            if was_between {
                let before = ancestors(self.graph, tensor);
                self.between.retain(|t| before.contains(t));
            } else {
                self.between = self.open_before(tensor);
            }
        }
    }
}

#[cfg(test)]
mod tests;
