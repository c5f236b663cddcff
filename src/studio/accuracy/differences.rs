//! Where a variant differs from the reference: the run that finds out, and the result as a table and by node.

use crate::bench::{Differences, TensorDifference};
use crate::format;
use crate::graph::{Graph, NodeId, Producer, TensorId};
use crate::studio::jobs::{Ending, Job};
use crate::studio::widgets::rows::{Cell, Heading, Rows};
use crate::worker::{ServiceEvent, TaskOutput};
use std::collections::HashMap;
use std::sync::Arc;

static HEADINGS: [Heading; 9] = [
    Heading::number("#", 40.0),
    Heading::number("error", 80.0),
    Heading::words("tensor", 220.0),
    Heading::words("made by", 200.0),
    Heading::number("max abs", 80.0),
    Heading::number("mean abs", 80.0),
    Heading::number("cosine", 76.0),
    Heading::number("NaN", 48.0),
    Heading::number("infinite", 60.0),
];

/// A comparison tensor by tensor, running or ended.
pub struct DifferenceRun {
    /// Its job.
    pub job: Job,
    /// The variant's name.
    pub variant: String,
    /// The result.
    pub result: Option<Box<Differences>>,
    /// Its tensors and outputs as a table, in the order of the reference's graph.
    pub rows: Rows,
    /// Counts up with every new result or graph, for those who draw them.
    pub version: u64,
    nodes: Option<Nodes>,
}

/// Where the result's tensors are in a graph.
struct Nodes {
    graph: Arc<Graph>,
    /// By row: who makes the tensor.
    made_by: Vec<Option<NodeId>>,
    /// By node: rows of what it makes.
    of_node: HashMap<NodeId, Vec<usize>>,
    first_bad: Option<NodeId>,
}

impl DifferenceRun {
    /// Follows a task that was just started.
    pub fn new(job: Job, variant: String) -> Self {
        Self {
            job,
            variant,
            result: None,
            rows: Rows::default(),
            version: 0,
            nodes: None,
        }
    }

    /// Takes in what the task told; every event but the end is given to `see`.
    pub fn poll(&mut self, see: &mut dyn FnMut(&ServiceEvent)) {
        self.job.poll(see);
        if let Some(Ending::Done(output)) = &self.job.ending
            && let TaskOutput::Accuracy(found) = &**output
        {
            self.rows = Rows::new(&HEADINGS, tensors(found).enumerate().map(|(i, t)| row(i, t)).collect());
            self.result = Some(found.clone());
            self.version += 1;
        }
    }

    /// Follows the graph that is shown.
    pub fn follow(&mut self, graph: &Arc<Graph>) {
        let Some(found) = &self.result else { return };
        if self.nodes.as_ref().is_none_or(|n| !Arc::ptr_eq(&n.graph, graph)) {
            self.nodes = Some(Nodes::of(graph, found));
            self.version += 1;
        }
    }

    /// The node of the shown graph that makes the tensor of a row.
    pub fn node(&self, row: usize) -> Option<NodeId> {
        self.nodes.as_ref()?.made_by.get(row).copied().flatten()
    }

    /// The first bad node in the shown graph.
    pub fn first_bad(&self) -> Option<NodeId> {
        self.nodes.as_ref()?.first_bad
    }

    /// What a node makes, as rows.
    pub fn rows_of(&self, node: NodeId) -> &[usize] {
        let rows = self.nodes.as_ref().and_then(|n| n.of_node.get(&node));
        rows.map(Vec::as_slice).unwrap_or_default()
    }

    /// The tensor of a row.
    pub fn tensor(&self, row: usize) -> Option<&TensorDifference> {
        tensors(self.result.as_deref()?).nth(row)
    }

    /// The largest error of what a node makes; infinite for NaN and infinities.
    pub fn error(&self, node: NodeId) -> Option<f64> {
        let errors = self.rows_of(node).iter().filter_map(|r| self.tensor(*r));
        errors.map(TensorDifference::size).reduce(f64::max)
    }

    /// Smallest error that is not 0, and largest that is a number: the ends of a scale.
    pub fn range(&self) -> Option<(f64, f64)> {
        let sizes = tensors(self.result.as_deref()?).map(TensorDifference::size);
        let sizes = sizes.filter(|e| e.is_finite() && *e > 0.0);
        sizes.fold(None, |range: Option<(f64, f64)>, e| match range {
            Some((low, high)) => Some((low.min(e), high.max(e))),
            None => Some((e, e)),
        })
    }

    /// Chooses a row.
    pub fn choose(&mut self, row: Option<usize>, reveal: bool) {
        self.rows.choose(row, reveal);
    }
}

/// Inner tensors, then outputs.
fn tensors(found: &Differences) -> impl Iterator<Item = &TensorDifference> {
    found.tensors.iter().chain(&found.outputs)
}

impl Nodes {
    fn of(graph: &Arc<Graph>, found: &Differences) -> Self {
        let top = graph.tensors.iter().enumerate().filter(|(_, t)| t.body == 0);
        let by_name: HashMap<&str, TensorId> = top.map(|(i, t)| (&*t.name, TensorId(i as u32))).collect();
        let maker = |name: &str| match graph.tensor(*by_name.get(name)?).producer {
            Producer::Node { node, .. } => Some(node),
            _ => None,
        };
        let made_by: Vec<Option<NodeId>> = tensors(found).map(|t| maker(&t.tensor)).collect();
        let mut of_node: HashMap<NodeId, Vec<usize>> = HashMap::new();
        for (row, node) in made_by.iter().enumerate() {
            if let Some(node) = node {
                of_node.entry(*node).or_default().push(row);
            }
        }
        Self {
            first_bad: found.first_bad.as_ref().and_then(|b| maker(&b.tensor)),
            graph: Arc::clone(graph),
            made_by,
            of_node,
        }
    }
}

/// An error in words.
pub fn words(error: Option<f64>) -> String {
    error.map_or_else(|| "NaN or inf".into(), format::significant)
}

fn row(index: usize, d: &TensorDifference) -> Vec<Cell> {
    let number = |value: f64| Cell::Number(value, format::significant(value));
    let count = |n: u64| match n {
        0 => Cell::Number(0.0, String::new()),
        n => Cell::Number(n as f64, format::count(n)),
    };
    let a = &d.accuracy;
    vec![
        Cell::Number(-(index as f64), index.to_string()),
        Cell::Number(d.size(), words(d.error)),
        Cell::Name(d.tensor.clone()),
        Cell::Name(d.node.label()),
        number(a.max_abs),
        number(a.mean_abs),
        Cell::Number(-a.cosine, format!("{:.6}", a.cosine)),
        count(a.nan),
        count(a.inf),
    ]
}
