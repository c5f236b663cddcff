//! What inlining would make, counted beforehand: a dozen functions that each call the next one ten times are 10^12 nodes.

use super::{Functions, domain};
use crate::model::onnx::{GraphProto, ModelProto, NodeProto};
use buffa::Message;
use std::collections::{BTreeSet, HashMap};

/// Nodes that come of inlining, at most.
pub(super) const NODES: u64 = 500_000;
/// Bytes of the messages of those nodes, at most.
const BYTES: u64 = 512 << 20;
/// Functions that call one another in a row, at most.
const CALLS: u64 = 64;
/// Bodies in bodies, at most: what the decoder reads again (three messages a body).
const BODIES: u64 = 30;

/// What inlining will do.
#[derive(Debug)]
pub(super) struct Plan {
    /// Functions that are called, by number.
    pub(super) called: BTreeSet<usize>,
}

/// What a list of nodes has, what it calls included.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: u64,
    bytes: u64,
    calls: u64,
    bodies: u64,
}

/// A list of nodes, without what it calls.
#[derive(Default)]
struct Own {
    size: Size,
    /// Functions called, with the number of bodies around the deepest call, and the number of calls.
    calls: HashMap<usize, (u64, u64)>,
    /// Operator domains of nodes that call no function.
    domains: BTreeSet<String>,
}

/// Visits nodes and those of their bodies.
pub(super) fn each_node<'n>(nodes: &'n [NodeProto], visit: &mut dyn FnMut(&'n NodeProto)) {
    for node in nodes {
        visit(node);
        for graph in graphs(node) {
            each_node(&graph.node, visit);
        }
    }
}

/// The bodies of a node.
fn graphs(node: &NodeProto) -> impl Iterator<Item = &GraphProto> {
    node.attribute
        .iter()
        .flat_map(|a| a.g.as_option().into_iter().chain(&a.graphs))
}

/// The size of a message in a file; as good as infinite where no file holds it.
pub(super) fn bytes(message: &impl Message) -> u64 {
    message.try_encoded_len().map_or(u64::MAX, u64::from)
}

fn own(nodes: &[NodeProto], functions: &Functions<'_>, depth: u64, out: &mut Own) {
    out.size.bodies = out.size.bodies.max(depth);
    for node in nodes {
        out.size.nodes += 1;
        match functions.called(node) {
            Some(called) => {
                let entry = out.calls.entry(called).or_default();
                *entry = (entry.0.max(depth), entry.1 + 1);
            }
            None => {
                let of = domain(node.domain.as_deref());
                if !out.domains.contains(of) {
                    out.domains.insert(of.to_owned());
                }
            }
        }
        for graph in graphs(node) {
            own(&graph.node, functions, depth + 1, out);
        }
    }
}

/// Counts what would come of inlining.
///
/// # Errors
/// More than the limits; an operator set that a function and the model import in two versions, where that is not ONNX's own.
pub(super) fn plan(model: &ModelProto, functions: &Functions<'_>) -> Result<Plan, String> {
    let mut all: Vec<Own> = Vec::with_capacity(functions.all.len() + 1);
    for f in functions.all {
        let mut one = Own::default();
        own(&f.node, functions, 0, &mut one);
        let nodes = f.node.iter().map(bytes).fold(0, u64::saturating_add);
        one.size.bytes = f.value_info.iter().map(bytes).fold(nodes, u64::saturating_add);
        all.push(one);
    }
    let mut top = Own::default();
    if let Some(graph) = model.graph.as_option() {
        own(&graph.node, functions, 0, &mut top);
    }
    all.push(top);
    let root = all.len() - 1;
    let mut done: Vec<Option<Size>> = vec![None; all.len()];
    let mut called = BTreeSet::new();
    // Callees before callers; recursion was refused before.
    let mut stack = vec![(root, false)];
    while let Some((at, is_ready)) = stack.pop() {
        if done[at].is_some() {
            continue;
        }
        if !is_ready {
            stack.push((at, true));
            stack.extend(
                all[at]
                    .calls
                    .keys()
                    .filter(|to| done[**to].is_none())
                    .map(|to| (*to, false)),
            );
            called.extend(all[at].calls.keys().copied());
            continue;
        }
        let mut size = all[at].size;
        for (to, (depth, times)) in &all[at].calls {
            let inner = done[*to].unwrap_or_default();
            size.nodes = size.nodes.saturating_add(inner.nodes.saturating_mul(*times));
            size.bytes = size.bytes.saturating_add(inner.bytes.saturating_mul(*times));
            size.calls = size.calls.max(inner.calls + 1);
            size.bodies = size.bodies.max(depth.saturating_add(inner.bodies));
        }
        let who = || match at == root {
            true => "the model".to_owned(),
            false => format!("function {}", functions.name(at)),
        };
        for (number, limit, what) in [
            (size.nodes, NODES, "nodes"),
            (size.bytes, BYTES, "bytes of nodes"),
            (size.calls, CALLS, "functions that call one another in a row"),
            (size.bodies, BODIES, "bodies in bodies"),
        ] {
            if number > limit {
                return Err(format!(
                    "inlined, {} would have {} {what}; the limit is {}",
                    who(),
                    match number {
                        u64::MAX => "countless".to_owned(),
                        n => crate::format::count(n),
                    },
                    crate::format::count(limit)
                ));
            }
        }
        done[at] = Some(size);
    }
    versions(model, functions, &all, &called)?;
    Ok(Plan { called })
}

/// Refuses an operator set in two versions; ONNX's own can be raised.
fn versions(
    model: &ModelProto,
    functions: &Functions<'_>,
    all: &[Own],
    called: &BTreeSet<usize>,
) -> Result<(), String> {
    let mut known: HashMap<&str, (i64, String)> = HashMap::new();
    for import in &model.opset_import {
        let version = import.version.unwrap_or(0);
        known.insert(domain(import.domain.as_deref()), (version, "the model".to_owned()));
    }
    for at in called {
        for import in &functions.all[*at].opset_import {
            let of = domain(import.domain.as_deref());
            if of.is_empty() || !all[*at].domains.contains(of) {
                continue;
            }
            let version = import.version.unwrap_or(0);
            let name = functions.name(*at);
            match known.get(of) {
                Some((other, who)) if *other != version => {
                    return Err(format!(
                        "{who} imports version {other} of {of}, function {name} imports version {version}"
                    ));
                }
                Some(_) => {}
                None => {
                    known.insert(of, (version, format!("function {name}")));
                }
            }
        }
    }
    Ok(())
}
